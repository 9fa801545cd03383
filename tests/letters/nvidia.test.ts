import { describe, expect, test } from "vitest";
import { bridge, cascaded, gpu, lettersOf, nic, switched } from "./machines.js";

describe("the letters of nvidia-smi", () => {
  test("a switch with its ports is one bridge: PIX; a function of the same device too", () => {
    const { letter, why } = lettersOf([...switched(2), gpu("03:00.0"), nic("04:00.0"), nic("04:00.1")], "nvidia");
    expect(letter("03:00.0", "04:00.0")).toBe("PIX");
    expect(letter("04:00.0", "04:00.1")).toBe("PIX");
    expect(letter("03:00.0", "03:00.0")).toBe("X");
    expect(why("03:00.0", "04:00.0")).toBe("they meet at 0000:01:00.0");
    expect(why("04:00.0", "04:00.1")).toBe("they are both below port 0000:02:01.0");
  });

  test.each([true, false])("a cascade of switches is PXB, whether kinds are shown: %s", (kinds) => {
    const functions = [...cascaded({}, {}, kinds), gpu("05:00.0"), gpu("06:00.0"), nic("10:00.0")];
    const { letter, why } = lettersOf(functions, "nvidia");
    expect(letter("05:00.0", "06:00.0")).toBe("PIX");
    expect(letter("05:00.0", "10:00.0")).toBe("PXB");
    expect(why("05:00.0", "10:00.0")).toBe("they meet at 0000:01:00.0, with 0000:03:00.0 on the way");
  });

  test("a bridge to conventional PCI counts", () => {
    const functions = [
      bridge("00:01.0", "root-port", 1, 0x2f),
      bridge("01:00.0", "upstream-port", 2, 0x2f),
      bridge("02:00.0", "downstream-port", 3, 9),
      bridge("02:01.0", "downstream-port", 0x10, 0x10),
      bridge("03:00.0", "pcie-to-pci-bridge", 9, 9),
      gpu("09:00.0", { kind: "conventional" }),
      gpu("09:01.0", { kind: "conventional" }),
      nic("10:00.0"),
    ];
    const { letter } = lettersOf(functions, "nvidia");
    expect(letter("09:00.0", "09:01.0")).toBe("PIX");
    expect(letter("09:00.0", "10:00.0")).toBe("PXB");
  });

  const roots = (first: number | null | undefined, second: number | null | undefined) => [
    bridge("00:01.0", "root-port", 1, 1, { parent: null }),
    bridge("00:02.0", "root-port", 2, 2, { parent: null }),
    bridge("80:01.0", "root-port", 0x81, 0x81, { parent: null }),
    gpu("01:00.0", first === undefined ? {} : { numaNode: first }),
    gpu("02:00.0"),
    gpu("81:00.0", second === undefined ? {} : { numaNode: second }),
  ];

  test("two root ports of one host bridge are PHB", () => {
    expect(lettersOf(roots(0, 1), "nvidia").letter("01:00.0", "02:00.0")).toBe("PHB");
  });

  test.each([
    [0, 0, "NODE"],
    [0, 1, "SYS"],
    [0, undefined, "?"],
    [null, 0, "?"],
    [null, null, "?"],
    [undefined, undefined, "?"],
  ])("host bridges near the nodes %s and %s are %s", (first, second, expected) => {
    const { letter, why } = lettersOf(roots(first, second), "nvidia");
    expect(letter("01:00.0", "81:00.0")).toBe(expected);
    // What one function says of its node holds for all below its host bridge.
    expect(letter("02:00.0", "81:00.0")).toBe(expected);
    expect(why("02:00.0", "81:00.0")).toContain("different host bridges, 0000:00 and 0000:80");
    if (first === undefined)
      expect(why("02:00.0", "81:00.0")).toContain("the NUMA node near 0000:02:00.0 is not shown");
    if (first === null) expect(why("02:00.0", "81:00.0")).toContain("Linux knows no NUMA node near 0000:02:00.0");
  });

  test("where there is one NUMA node, everything is near it", () => {
    expect(lettersOf(roots(null, undefined), "nvidia", { numaNodes: [{ node: 0 }] }).letter("01:00.0", "81:00.0")).toBe(
      "NODE",
    );
    const two = { numaNodes: [{ node: 0 }, { node: 1 }] };
    expect(lettersOf(roots(null, undefined), "nvidia", two).letter("01:00.0", "81:00.0")).toBe("?");
  });

  test("a host bridge's own node holds for what is below it", () => {
    const hostBridges = [
      { root: "0000:00", numaNode: 1 },
      { root: "0000:80", numaNode: 1 },
    ];
    expect(lettersOf(roots(undefined, undefined), "nvidia", { hostBridges }).letter("02:00.0", "81:00.0")).toBe("NODE");
  });

  test("functions that contradict each other leave the node of the others open", () => {
    const functions = [...roots(0, 0), bridge("00:03.0", "root-port", 3, 3, { parent: null, numaNode: 1 })];
    expect(lettersOf(functions, "nvidia").letter("02:00.0", "81:00.0")).toBe("?");
    expect(lettersOf(functions, "nvidia").letter("01:00.0", "81:00.0")).toBe("NODE");
  });

  test("where nothing shows what functions hang below it is open, and so is which bridges are ports", () => {
    const { letter, why } = lettersOf([gpu("41:00.0", { numaNode: 0 }), gpu("61:00.0", { numaNode: 1 })], "nvidia");
    expect(letter("41:00.0", "61:00.0")).toBe("?");
    expect(why("41:00.0", "61:00.0")).toBe("nothing shows what 0000:41:00.0 and 0000:61:00.0 hang below");
    const shapeless = [
      bridge("41:00.0", undefined, 0x42, 0x44),
      bridge("42:00.0", undefined, 0x43, 0x43),
      bridge("42:01.0", undefined, 0x44, 0x44),
    ];
    expect(lettersOf([...shapeless, gpu("43:00.0"), gpu("44:00.0")], "nvidia").letter("43:00.0", "44:00.0")).toBe("?");
    const kinds = ["upstream-port", "downstream-port", "downstream-port"] as const;
    const shaped = shapeless.map((each, at) => ({ ...each, kind: kinds[at]! }));
    expect(lettersOf([...shaped, gpu("43:00.0"), gpu("44:00.0")], "nvidia").letter("43:00.0", "44:00.0")).toBe("PIX");
  });

  test("NVLinks are counted, straight and through switches, and PCIe is told beside them", () => {
    const functions = [
      ...switched(4),
      gpu("03:00.0"),
      gpu("04:00.0"),
      gpu("05:00.0"),
      gpu("06:00.0", { class: "0680" }),
    ];
    const link = (from: string, to: string) => ({ kind: "nvlink", from: `0000:${from}`, to: `0000:${to}` });
    const straight = link("03:00.0", "04:00.0");
    const toSwitch = [link("03:00.0", "06:00.0"), link("05:00.0", "06:00.0"), link("05:00.0", "06:00.0")];
    const sideLinks = [straight, straight, ...toSwitch, { ...straight, kind: "xgmi", to: "0000:05:00.0" }];
    const { letter, onPcie, why, claims } = lettersOf(functions, "nvidia", { sideLinks });
    expect(claims.showsLinks).toBe(true);
    expect(letter("03:00.0", "04:00.0")).toBe("NV2");
    expect(letter("04:00.0", "03:00.0")).toBe("NV2");
    expect(why("04:00.0", "03:00.0")).toBe("2 NVLinks join them");
    expect(why("04:00.0", "05:00.0")).toBe("no NVLink joins them, and they meet at 0000:01:00.0");
    expect(letter("03:00.0", "05:00.0")).toBe("NV1");
    expect(letter("04:00.0", "05:00.0")).toBe("PIX");
    expect(onPcie("03:00.0", "04:00.0")).toBe("PIX");
  });
});
