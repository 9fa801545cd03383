import { describe, expect, test } from "vitest";
import { bridge, cascaded, gpu, lettersOf, nic, switched } from "./machines.js";

describe("the letters of NCCL for a machine", () => {
  test("ports of one network adapter are one place, other functions of one device are not", () => {
    const functions = [
      bridge("00:01.0", "root-port", 1, 1, { parent: null }),
      nic("01:00.0"),
      nic("01:00.1", { physicalFunction: null }),
      nic("01:01.0", { physicalFunction: "0000:01:00.1" }),
      gpu("01:00.2"),
    ];
    const { letter } = lettersOf(functions, "nccl");
    expect(letter("01:00.0", "01:00.1")).toBe("LOC");
    expect(letter("01:00.0", "01:01.0")).toBe("LOC");
    // NCCL leaves the root port out, so that they meet at the CPU.
    expect(letter("01:00.0", "01:00.2")).toBe("PHB");
  });

  test("of a device whose class is not shown it is open whether it is a port of the same adapter", () => {
    const { class: _, ...unclassed } = nic("01:00.1", { vendor: "8086" });
    const functions = [bridge("00:01.0", "root-port", 1, 1, { parent: null }), nic("01:00.0"), unclassed];
    expect(lettersOf(functions, "nccl").letter("01:00.0", "01:00.1")).toBe("?");
  });

  const ids = (device: string, subsystemDevice: string) => ({
    vendor: "1000",
    device,
    subsystemVendor: "1000",
    subsystemDevice,
  });

  test.each([
    ["others", { vendor: "10b5", device: "8748" }, { vendor: "10b5", device: "8748" }, "PXB"],
    ["of Broadcom's, fourth generation", ids("c010", "a024"), ids("c010", "a016"), "PIX"],
    ["of Broadcom's, fifth generation", ids("c030", "0144"), ids("c030", "1144"), "PIX"],
    ["of Broadcom's, fifth generation, but both of the upper kind", ids("c030", "0144"), ids("c030", "0144"), "PXB"],
    ["of two generations", ids("c010", "a024"), ids("c030", "1144"), "PXB"],
    ["of which the subsystem is not shown", { vendor: "1000", device: "c010" }, ids("c010", "a016"), "?"],
    ["of which nothing is shown", {}, {}, "?"],
    ["of which one is another's", {}, { vendor: "10b5", device: "8748" }, "PXB"],
  ])("two levels of switches, %s", (_, upper, lower, expected) => {
    const functions = [...cascaded(upper, lower), gpu("05:00.0"), gpu("06:00.0"), nic("10:00.0")];
    const { letter } = lettersOf(functions, "nccl");
    expect(letter("05:00.0", "10:00.0")).toBe(expected);
    expect(letter("10:00.0", "05:00.0")).toBe(expected);
    expect(letter("05:00.0", "06:00.0")).toBe("PIX");
  });

  test("there is no NODE: host bridges of one NUMA node are PHB, and so are those of none", () => {
    const roots = (first: number | null | undefined, second: number | null | undefined) =>
      lettersOf(
        [
          bridge("00:01.0", "root-port", 1, 1, { parent: null }),
          bridge("80:01.0", "root-port", 0x81, 0x81, { parent: null }),
          gpu("01:00.0", first === undefined ? {} : { numaNode: first }),
          gpu("81:00.0", second === undefined ? {} : { numaNode: second }),
        ],
        "nccl",
      ).letter("01:00.0", "81:00.0");
    expect(roots(0, 0)).toBe("PHB");
    expect(roots(0, 1)).toBe("SYS");
    expect(roots(null, null)).toBe("PHB");
    expect(roots(null, 1)).toBe("SYS");
    expect(roots(0, undefined)).toBe("?");
  });

  test("links: NVL, by a switch too; XGMI; NVB by way of one GPU; C2C", () => {
    const link = (kind: string, from: string, to: string) => ({ kind, from: `0000:${from}`, to: `0000:${to}` });
    const functions = [
      ...["1", "2", "3", "4", "5", "6"].flatMap((bus) => [
        bridge(`00:0${bus}.0`, "root-port", Number(bus), Number(bus), { parent: null }),
        gpu(`0${bus}:00.0`, bus === "6" ? { class: "0680" } : {}),
      ]),
    ];
    const sideLinks = [
      link("nvlink", "01:00.0", "02:00.0"),
      link("nvlink", "03:00.0", "02:00.0"),
      link("nvlink", "03:00.0", "06:00.0"),
      link("nvlink", "04:00.0", "06:00.0"),
      link("xgmi", "04:00.0", "05:00.0"),
    ];
    const hostAttachments = ["01:00.0", "05:00.0"].map((bdf) => ({ kind: "c2c", function: `0000:${bdf}` }));
    const { letter, onPcie } = lettersOf(functions, "nccl", { sideLinks, hostAttachments });
    expect(letter("01:00.0", "02:00.0")).toBe("NVL");
    expect(letter("03:00.0", "04:00.0")).toBe("NVL");
    expect(letter("04:00.0", "05:00.0")).toBe("XGMI");
    expect(letter("01:00.0", "03:00.0")).toBe("NVB");
    expect(letter("01:00.0", "05:00.0")).toBe("C2C");
    expect(letter("01:00.0", "04:00.0")).toBe("PHB");
    expect(onPcie("01:00.0", "02:00.0")).toBe("PHB");
  });

  test("a detour as long as the way through one switch is left open: NCCL asks which is faster", () => {
    const sideLinks = ["03:00.0", "04:00.0"].map((from) => ({
      kind: "nvlink",
      from: `0000:${from}`,
      to: "0000:05:00.0",
    }));
    const functions = [...switched(3), gpu("03:00.0"), gpu("04:00.0"), gpu("05:00.0")];
    const { letter } = lettersOf(functions, "nccl", { sideLinks });
    expect(letter("03:00.0", "04:00.0")).toBe("?");
    expect(letter("03:00.0", "05:00.0")).toBe("NVL");
  });
});
