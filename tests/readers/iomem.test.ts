import { describe, expect, test } from "vitest";
import { looksLikeIomem, readIomem } from "../../src/readers/iomem.js";
import { linux, PeerDma, Topology } from "../../src/index.js";
import { REAL, realFile } from "./fixtures.js";

const read = (text: string) => readIomem(text, "iomem").system;

const MACHINE = `00001000-0009fbff : System RAM
  00002000-00003fff : Kernel code
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]
  b0000000-bfffffff : Reserved
    b0000000-bfffffff : pnp 00:05
c0000000-febfffff : PCI Bus 0000:00
  fde00000-fdffffff : PCI Bus 0000:03
    fde00000-fde03fff : 0000:03:00.0
      fde00000-fde03fff : nvme
    fde04000-fde13fff : 0000:03:00.0
      fde04000-fde07fff : 0000:03:00.1
        fde04000-fde07fff : nvme
      fde08000-fde0bfff : 0000:03:00.2
fec00000-fec003ff : IOAPIC 0
fed00000-fed003ff : HPET 0
  fed00000-fed003ff : PNP0103:00
100000000-8ffffffff : PCI Bus 0000:00
`;

describe("/proc/iomem", () => {
  test("shows BARs without an index, and virtual functions inside the aperture of theirs", () => {
    expect(read(MACHINE).functions).toEqual([
      {
        bdf: "0000:03:00.0",
        bars: [
          { start: "0xfde00000", size: 0x4000 },
          { start: "0xfde04000", size: 0x10000 },
        ],
      },
      { bdf: "0000:03:00.1", physicalFunction: "0000:03:00.0", bars: [{ start: "0xfde04000", size: 0x4000 }] },
      { bdf: "0000:03:00.2", physicalFunction: "0000:03:00.0", bars: [{ start: "0xfde08000", size: 0x4000 }] },
    ]);
  });

  test("shows whose a virtual function's address is, and that nothing shows whose the rest of the aperture is", () => {
    const topology = Topology.of({ peerlane: 1, systems: [read(MACHINE)] });
    const at = (address: bigint) => {
      const { answer, owners } = topology.owners(address);
      return [answer, ...owners.map(({ name }) => name)].join(" ");
    };
    expect(at(0xfde00000n)).toBe("one 0000:03:00.0");
    expect(at(0xfde04000n)).toBe("one 0000:03:00.1");
    expect(at(0xfde0bfffn)).toBe("one 0000:03:00.2");
    expect(at(0xfde0c000n)).toBe("unknown 0000:03:00.0");
    const map = new PeerDma(topology, linux("6.12.0")).map("0000:03:00.2", 0xfde0c000n, 1);
    expect(map).toMatchObject({ ok: false, code: "OWNER_UNKNOWN" });
  });

  test("shows every window of a host bridge and no bridge's", () => {
    expect(read(MACHINE).hostBridges).toEqual([
      {
        root: "0000:00",
        windows: [
          { kind: "mem", start: "0xc0000000", end: "0xfebfffff" },
          { kind: "mem", start: "0x100000000", end: "0x8ffffffff" },
        ],
      },
    ]);
  });

  test("shows what is not PCI's, each range once", () => {
    expect(read(MACHINE).ranges).toEqual([
      { kind: "system-ram", name: "System RAM", start: "0x1000", size: 0x9ec00 },
      { kind: "reserved", name: "Reserved", start: "0xf0000", size: 0x10000 },
      { kind: "other", name: "System ROM", start: "0xf0000", size: 0x10000 },
      { kind: "config-space", name: "PCI ECAM 0000 [bus 00-ff]", start: "0xb0000000", size: 0x10000000 },
    ]);
    expect(read(MACHINE).platformDevices).toEqual([
      { name: "IOAPIC 0", regions: [{ start: "0xfec00000", size: 0x400 }] },
      { name: "HPET 0", regions: [{ start: "0xfed00000", size: 0x400 }] },
    ]);
  });

  test.each([
    ["no indents", MACHINE.replaceAll(/^ +/gm, "")],
    ["three blanks to a level", MACHINE.replaceAll(/^( +)/gm, (blanks) => " ".repeat((blanks.length / 2) * 3))],
    ["quotes", MACHINE.replaceAll(/^/gm, "> ")],
    ["line ends of Windows", MACHINE.replaceAll("\n", "\r\n")],
    ["a prompt and a title", `IOMEM\n$ sudo cat /proc/iomem\n${MACHINE}$ exit\n`],
    ["upper case", MACHINE.replaceAll(/^ *[0-9a-f-]+/gm, (range) => range.toUpperCase())],
  ])("is read the same with %s", (_, text) => {
    expect(looksLikeIomem(text)).toBe(true);
    expect(read(text)).toEqual(read(MACHINE));
  });

  test("a BAR that its driver claims in parts under the function's name is one BAR", () => {
    const text =
      "10000000-1fffffff : PCI Bus 0000:00\n  10000000-1003ffff : 0000:10:00.0\n    10000000-1000ffff : 0000:10:00.0\n    10020000-1003ffff : 0000:10:00.0\n";
    expect(read(text).functions).toEqual([{ bdf: "0000:10:00.0", bars: [{ start: "0x10000000", size: 0x40000 }] }]);
  });

  test("behind a VMD the bus inside a function's BAR is a root bus, and what is on it no virtual function", () => {
    const text = `80000000-bfffffff : PCI Bus 0000:00
  80000000-81ffffff : 0000:00:0e.0
    80000000-81ffffff : VMD MEMBAR1
      80000000-81ffffff : PCI Bus 10000:e0
        80000000-800fffff : PCI Bus 10000:e1
          80000000-80003fff : 10000:e1:00.0
`;
    const { functions, hostBridges } = read(text);
    expect(functions.map(({ bdf, physicalFunction }) => [bdf, physicalFunction])).toEqual([
      ["0000:00:0e.0", undefined],
      ["10000:e1:00.0", undefined],
    ]);
    expect(hostBridges?.map(({ root }) => root)).toEqual(["0000:00", "10000:e0"]);
  });

  test("a host bridge named after its device tree node needs a function on its root bus, or to be told", () => {
    const behind =
      "10000000-3efeffff : pcie@10000000\n  10000000-107fffff : PCI Bus 0000:01\n    10000000-10003fff : 0000:01:00.0\n";
    expect(read(behind).hostBridges).toEqual([]);
    const told = readIomem(behind, "iomem", new Map([["pcie@10000000", "0000:00"]])).system;
    expect(told.hostBridges?.map(({ root }) => root)).toEqual(["0000:00"]);
    const beside = `${behind}  10c00000-10c00fff : 0000:00:01.0\n`;
    expect(read(beside).hostBridges).toEqual([
      { root: "0000:00", windows: [{ kind: "mem", start: "0x10000000", end: "0x3efeffff" }] },
    ]);
  });

  test("platform names with colons and dots are not functions", () => {
    const text =
      "09000000-09000fff : ARMH0011:00\n  09000000-09000fff : ARMH0011:00 ARMH0011:00\n0a000000-0a0001ff : 9000000.pl011 pl011@9000000\n";
    expect(read(text).functions).toEqual([]);
    expect(read(text).platformDevices?.map(({ name }) => name)).toEqual(["ARMH0011:00", "9000000.pl011 pl011@9000000"]);
  });

  test("RAM inside another range is RAM", () => {
    const text =
      "100000000-1ffffffff : CXL Window 0\n  100000000-1ffffffff : region0\n    100000000-1ffffffff : System RAM (kmem)\n200000000-2ffffffff : Reserved\n";
    expect(read(text).ranges?.map(({ kind }) => kind)).toEqual(["other", "system-ram", "reserved"]);
    expect(read(text).platformDevices).toEqual([]);
  });

  test("read without privilege it shows no addresses, and says so", () => {
    const masked = MACHINE.replaceAll(/^( *)[0-9a-f]+-[0-9a-f]+/gm, "$100000000-00000000");
    const { system, findings } = readIomem(masked, "iomem");
    expect(system).toEqual({ functions: [] });
    expect(findings.map(({ code, source }) => [code, source])).toEqual([["MASKED_ADDRESSES", "iomem"]]);
  });

  test("a range that ends before it starts is a finding with its line, and nothing else", () => {
    const { system, findings } = readIomem(MACHINE.replace("fec00000-fec003ff", "fec003ff-fec00000"), "iomem");
    expect(findings.map(({ code, line }) => [code, line])).toEqual([["MALFORMED_LINE", 16]]);
    expect(system.platformDevices?.map(({ name }) => name)).toEqual(["HPET 0"]);
  });

  test("says that it shows all addresses there are", () => {
    expect(read(MACHINE).allAddresses).toBe(true);
  });

  test("is told from /proc/ioports, whose numbers are ports", () => {
    expect(looksLikeIomem("0000-0cf7 : PCI Bus 0000:00\n  0000-001f : dma1\n  0020-0021 : pic1\n")).toBe(false);
  });
});

describe.skipIf(REAL === null)("/proc/iomem of real machines", () => {
  test.each([
    [
      "ml-pex8748-crate/iomem.txt",
      { functions: 18, bars: 26, hostBridges: ["0000:00 3"], platformDevices: 9, ranges: 27 },
    ],
    [
      "ml-altra-amdgpu/iomem.txt",
      {
        functions: 8,
        bars: 13,
        hostBridges: ["0000:00 2", "0002:00 2", "0004:00 2", "0005:00 2", "000c:00 2", "000d:00 2"],
        platformDevices: 24,
        ranges: 51,
      },
    ],
    [
      "ml-qemu-cxl-switch/iomem-1.txt",
      { functions: 10, bars: 15, hostBridges: ["0000:00 2", "0000:0c 1"], platformDevices: 1, ranges: 1 },
    ],
    [
      "ml-qemu-cxl-switch/iomem-2.txt",
      { functions: 10, bars: 13, hostBridges: ["0000:00 1", "0000:0c 1"], platformDevices: 0, ranges: 0 },
    ],
  ])("%s", (path, expected) => {
    const { system, findings } = readIomem(new TextDecoder().decode(realFile(path)), path);
    expect({
      functions: system.functions.length,
      bars: system.functions.flatMap(({ bars = [] }) => bars).length,
      hostBridges: system.hostBridges?.map(({ root, windows }) => `${root} ${windows?.length}`).sort(),
      platformDevices: system.platformDevices?.length,
      ranges: system.ranges?.length,
    }).toEqual(expected);
    expect(findings).toEqual([]);
  });

  test.each(["ml-dell-vmd/iomem-masked.txt", "ml-pex8748-crate/iomem-masked-older-kernel.txt"])(
    "%s is masked",
    (path) => {
      const { system, findings } = readIomem(new TextDecoder().decode(realFile(path)), path);
      expect(system).toEqual({ functions: [] });
      expect(findings.map(({ code }) => code)).toEqual(["MASKED_ADDRESSES"]);
    },
  );
});
