import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { FileTree, MemoryFiles } from "../../src/readers/files/file-tree.js";
import { readSysfs } from "../../src/readers/sysfs/sysfs.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

const ABSENT = "0x0000000000000000 0x0000000000000000 0x0000000000000000";

/** A tree that a test fills name by name. */
class Machine {
  readonly files = new MemoryFiles();

  constructor(readonly top = "") {}

  /** A function at a place such as `pci0000:00/0000:00:01.0`, with the files given. */
  add(place: string, files: Record<string, string | Uint8Array> = {}): this {
    const bdf = place.slice(place.lastIndexOf("/") + 1);
    const directory = `${this.top}/sys/devices/${place}`;
    this.files.addLink(`${this.top}/sys/bus/pci/devices/${bdf}`, `../../../devices/${place}`);
    this.files.addDirectory(directory);
    for (const [name, body] of Object.entries(files)) this.file(`sys/devices/${place}/${name}`, body);
    return this;
  }

  file(path: string, body: string | Uint8Array): this {
    this.files.addFile(`${this.top}/${path}`, typeof body === "string" ? new TextEncoder().encode(body) : body);
    return this;
  }

  link(path: string, target: string): this {
    this.files.addLink(`${this.top}/${path}`, target);
    return this;
  }

  async read() {
    return readSysfs(new FileTree(this.files), "machine");
  }

  async function(bdf: string): Promise<FunctionDescription> {
    return (await this.read()).system.functions.find((description) => description.bdf === bdf)!;
  }
}

/** 64 or more bytes of configuration space with little-endian dwords at the places given. */
function config(dwords: Record<number, number>, length = 64): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const [at, value] of Object.entries(dwords)) new DataView(bytes.buffer).setUint32(Number(at), value, true);
  return bytes;
}

const ENDPOINT = { 0x00: 0x00101b36, 0x04: 0x6, 0x08: 0x01080202 };
const BRIDGE = { 0x00: 0x000c1b36, 0x04: 0x7, 0x08: 0x06040000, 0x0c: 0x00010000, 0x18: 0x00010100 };

/** `resource` with lines at the indices given: start, end, flags. */
function resource(lines: Record<number, readonly [bigint | number, bigint | number, number]>, count = 13): string {
  const hex = (value: bigint | number) => `0x${value.toString(16).padStart(16, "0")}`;
  return Array.from({ length: count }, (_, index) => lines[index]?.map(hex).join(" ") ?? ABSENT).join("\n") + "\n";
}

const MEM32 = 0x40200;
const MEM64 = 0x140204;

describe("the path of a function", () => {
  test("shows the bridge above, also below platform devices and VMD", async () => {
    const machine = new Machine()
      .add("pci0000:00/0000:00:01.0")
      .add("pci0000:00/0000:00:01.0/0000:01:00.0")
      .add("platform/4010000000.pcie/pci0001:00/0001:00:00.0")
      .add("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0");
    const { system } = await machine.read();
    expect(system.functions.map(({ bdf, parent }) => [bdf, parent])).toEqual([
      ["0000:00:01.0", null],
      ["0000:01:00.0", "0000:00:01.0"],
      ["0001:00:00.0", null],
      ["10000:e0:06.0", null],
    ]);
    expect(system.hostBridges?.map(({ root }) => root)).toEqual(["0000:00", "0001:00", "10000:e0"]);
    expect(system.complete).toBe(true);
  });

  test("that is no link leaves the parent open", async () => {
    const machine = new Machine().file("sys/bus/pci/devices/0000:00:01.0/vendor", "0x8086\n");
    expect(await machine.function("0000:00:01.0")).not.toHaveProperty("parent");
  });

  test("may begin below one directory, or in a copy of /sys alone", async () => {
    expect((await new Machine("/host-7").add("pci0000:00/0000:00:01.0").read()).system.functions.length).toBe(1);
    const alone = new MemoryFiles();
    alone.addLink("bus/pci/devices/0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0");
    expect((await readSysfs(new FileTree(alone), "sys")).system.functions).toEqual(
      [{ bdf: "0000:00:01.0", parent: null }].map((expected) => expect.objectContaining(expected)),
    );
  });

  test("of two machines in one tree is refused, and so is a tree without any", async () => {
    const files = new MemoryFiles();
    for (const host of ["a", "b"]) files.addLink(`${host}/sys/bus/pci/devices/0000:00:01.0`, "x");
    await expect(readSysfs(new FileTree(files), "two")).rejects.toThrow("two: holds several machines (a, b)");
    const empty = new FileTree(new MemoryFiles());
    await expect(readSysfs(empty, "none")).rejects.toThrow("none: expected sys/bus/pci/devices");
  });

  test("to something that is no function is a finding, and the list no longer complete", async () => {
    const { system, findings } = await new Machine()
      .add("pci0000:00/0000:00:01.0")
      .add("pci0000:00/0000:00:zz.0")
      .read();
    expect(system.functions.length).toBe(1);
    expect(system).not.toHaveProperty("complete");
    expect(findings.map(({ code }) => code)).toContain("MALFORMED_LINE");
  });
});

describe("a bridge that only the paths of others show", () => {
  const PORT = "pci0000:00/0000:00:01.0";
  const machine = () =>
    new Machine()
      .add(`${PORT}/0000:01:00.0/0000:02:00.0`)
      .file(`sys/devices/${PORT}/class`, "0x060400\n")
      .file(`sys/devices/${PORT}/vendor`, "0x1b36\n");

  test("is read from its directory, or is there with its parent alone", async () => {
    const { system, findings } = await machine().read();
    expect(system.functions.slice(0, 2)).toEqual([
      { bdf: "0000:00:01.0", class: "060400", vendor: "1b36", parent: null },
      { bdf: "0000:01:00.0", parent: "0000:00:01.0" },
    ]);
    expect(findings[0]).toMatchObject({ code: "MISSING_FILE", functions: ["0000:01:00.0", "0000:00:01.0"] });
  });

  test("says that the list lost entries, perhaps others too", async () => {
    expect((await machine().read()).system).not.toHaveProperty("complete");
  });
});

describe("a bridge whose config contradicts the path", () => {
  const read = (registers: Uint8Array) =>
    new Machine()
      .add("pci0000:00/0000:00:01.0", { class: "0x060400\n", config: registers })
      .add("pci0000:00/0000:00:01.0/0000:01:00.0")
      .read();

  test.each([
    ["has other buses behind it", config({ ...BRIDGE, 0x18: 0x00090900 }), "SOURCES_DISAGREE"],
    ["is a device", config(ENDPOINT), "SOURCES_DISAGREE"],
    ["is all zero", config({}), "UNREADABLE_FUNCTION"],
  ])("because it %s keeps its place, and nothing of that config", async (_, registers, code) => {
    const { system, findings } = await read(registers);
    expect(system.functions).toEqual([
      { bdf: "0000:00:01.0", class: "060400", parent: null },
      { bdf: "0000:01:00.0", parent: "0000:00:01.0" },
    ]);
    expect(findings.filter(({ code }) => code !== "MISSING_FILE").map((finding) => finding.code)).toEqual([code]);
    const topology = Topology.of({ peerlane: 1, systems: [system] });
    expect(topology.parent("0000:01:00.0")).toBe(topology.id("0000:00:01.0"));
  });

  test("not where the path and the buses agree", async () => {
    const { system, findings } = await read(config(BRIDGE));
    expect(system.functions[0]).toMatchObject({ vendor: "1b36", bus: { secondary: 1 } });
    expect(findings.map(({ code }) => code)).not.toContain("SOURCES_DISAGREE");
  });
});

describe("256 bytes of config of a PCIe function", () => {
  const EXPRESS = { 0x04: 0x00100006, 0x34: 0x40 };
  const port = { ...BRIDGE, ...EXPRESS, 0x04: 0x00100007, 0x40: 0x00420010 };
  const endpoint = { ...ENDPOINT, ...EXPRESS, 0x40: 0x00020010 };
  const PORT = "pci0000:00/0000:00:01.0";
  const acs = async (portLength: number, ownLength: number, siblingLength: number) => {
    const { system, findings } = await new Machine()
      .add(PORT, { config: config(port, portLength), resource: resource({}) })
      .add(`${PORT}/0000:01:00.0`, { config: config(endpoint, ownLength), resource: resource({}) })
      .add(`${PORT}/0000:01:00.1`, { config: config(endpoint, siblingLength), resource: resource({}) })
      .read();
    return [system.functions.map((own) => own.acs), findings.flatMap(({ functions }) => functions)];
  };

  test("are all that Linux shows where no function, or none below a root port, has more", async () => {
    expect(await acs(256, 256, 256)).toEqual([[null, null, null], []]);
    expect(await acs(4096, 256, 256)).toEqual([[null, null, null], []]);
  });

  test("are a copy that was cut beside functions that have more, and leave ACS open", async () => {
    expect(await acs(4096, 256, 4096)).toEqual([[null, undefined, null], ["0000:01:00.0"]]);
    expect(await acs(256, 4096, 4096)).toEqual([[undefined, null, null], ["0000:00:01.0"]]);
  });

  test("are all there is behind a conventional bus", async () => {
    const machine = new Machine()
      .add(PORT, { config: config(port, 4096) })
      .add(`${PORT}/0000:01:00.0`, { config: config(endpoint, 4096) })
      .add("pci0000:00/0000:00:02.0", { config: config({ ...BRIDGE, 0x18: 0x00020200 }, 256) })
      .add("pci0000:00/0000:00:02.0/0000:02:00.0", { config: config(endpoint, 256) });
    expect((await machine.function("0000:02:00.0")).acs).toBeNull();
  });
});

describe("the addresses of a function", () => {
  const nvme = (bars: string, registers: Record<number, number> = {}) =>
    new Machine()
      .add("pci0000:00/0000:00:03.0", { config: config({ ...ENDPOINT, ...registers }), resource: bars })
      .function("0000:00:03.0");

  test("are CPU addresses in resource and bus addresses in the registers", async () => {
    const { bars } = await nvme(resource({ 0: [0x20008000_0000n, 0x20008000_3fffn, MEM64] }), { 0x10: 0x80000004 });
    expect(bars).toEqual([
      { index: 0, type: "mem64", prefetchable: false, size: 0x4000, start: "0x200080000000", bus: "0x80000000" },
    ]);
  });

  test("that the kernel assigned none of leave what the register holds unsaid", async () => {
    const { bars } = await nvme(resource({}), { 0x10: 0xfe000004 });
    expect(bars).toEqual([{ index: 0, type: "mem64", prefetchable: false, start: null, bus: null }]);
  });

  test.each([
    ["marked unset", [0, 0x3fff, MEM32 | 0x20000000], { start: null, bus: null, size: 0x4000 }],
    ["at zero", [0, 0x3fff, MEM32], { start: null, bus: null, size: 0x4000 }],
    ["at zero of no size", [0, 0, MEM32], { start: null, bus: null }],
  ] as const)("%s are none, whatever size they keep", async (_, line, expected) => {
    const { bars } = await nvme(resource({ 0: line }), { 0x10: 0xfe000000 });
    expect(bars).toEqual([{ index: 0, type: "mem32", prefetchable: false, ...expected }]);
  });

  test("without flags are absent even where an end is printed", async () => {
    expect((await nvme(resource({ 0: [0, 0x3fff, 0], 6: [0, 0, 2] }))).bars).toEqual([]);
  });

  test("take the width from the register where POWER leaves the flag out", async () => {
    const { bars } = await nvme(resource({ 0: [0x20008000_0000n, 0x20008000_3fffn, 0x40200] }), { 0x10: 0x80000004 });
    expect(bars?.[0]?.type).toBe("mem64");
  });

  test("of a ROM that is off are the kernel's, for the register may be stale", async () => {
    const rom = (register: number) => nvme(resource({ 6: [0xfeb00000, 0xfeb0ffff, 0x46200] }), { 0x30: register });
    expect((await rom(0xfe000000)).bars).toEqual([
      { index: 6, type: "rom", prefetchable: true, size: 0x10000, romEnabled: false, start: "0xfeb00000" },
    ]);
    expect((await rom(0xfeb00000)).bars?.[0]?.bus).toBe("0xfeb00000");
    expect((await rom(0xfe000001)).bars?.[0]).toMatchObject({ romEnabled: true, bus: "0xfe000000" });
  });

  test("that are no resource file at all are what the registers say", async () => {
    const { bars } = await nvme("not a resource\n", { 0x10: 0xfe000000 });
    expect(bars).toEqual([{ index: 0, type: "mem32", prefetchable: false, bus: "0xfe000000" }]);
  });
});

describe("the windows of a bridge", () => {
  const port = (text: string, registers: Record<number, number>) =>
    new Machine()
      .add("pci0000:00/0000:00:01.0", { config: config({ ...BRIDGE, ...registers }), resource: text })
      .function("0000:00:01.0");

  test("stand at 13 with SR-IOV in the kernel and at 7 without", async () => {
    const registers = { 0x20: 0xfdf0fda0 };
    const window = [0xfda00000, 0xfdffffff, 0x200] as const;
    const expected = [{ kind: "mem", start: "0xfda00000", end: "0xfdffffff", bus: "0xfda00000" }];
    expect((await port(resource({ 14: window }, 17), registers)).windows).toEqual(expected);
    expect((await port(resource({ 8: window }, 11), registers)).windows).toEqual(expected);
  });

  test("have bus addresses of their own, and an end that the register rounds up", async () => {
    const { windows } = await port(resource({ 14: [0x600c080000000n, 0x600c080ffefffn, 0x200] }, 17), {
      0x20: 0x80f08000,
    });
    expect(windows).toEqual([{ kind: "mem", start: "0x600c080000000", end: "0x600c080ffefff", bus: "0x80000000" }]);
  });

  test("that the kernel closed are closed, whatever the register kept", async () => {
    expect((await port(resource({}, 17), { 0x20: 0xfdf0fda0 })).windows).toEqual([]);
  });

  test("give bus addresses to the BARs below whose registers show none", async () => {
    const machine = new Machine()
      .add("pci0000:00/0000:00:01.0", {
        config: config({ ...BRIDGE, 0x20: 0x80f08000 }),
        resource: resource({ 14: [0x20080000000n, 0x20080ffffffn, 0x200] }, 17),
      })
      .add("pci0000:00/0000:00:01.0/0000:01:00.0", {
        config: config(ENDPOINT),
        resource: resource({ 6: [0x20080800000n, 0x2008080ffffn, 0x46200] }),
      });
    expect((await machine.function("0000:01:00.0")).bars?.[0]?.bus).toBe("0x80800000");
  });
});

describe("a virtual function", () => {
  const PF = "pci0000:00/0000:00:03.0";
  const VF = "pci0000:00/0000:00:03.1";
  const sriov = {
    ...ENDPOINT,
    0x04: 0x00100006,
    0x34: 0x40,
    0x40: 0x00020010,
    0x100: 0x00010010,
    0x108: 0x9,
    0x10c: 0x00040004,
    0x110: 0x2,
    0x114: 0x00010001,
    0x124: 0x90000004,
  };
  const machine = () =>
    new Machine()
      .add(PF, { config: config(sriov, 4096), resource: resource({ 7: [0x5_9000_0000n, 0x5_9000_ffffn, MEM64] }) })
      .add(VF, {
        config: config({ 0x00: 0xffffffff, 0x08: 0x01080202 }, 4096),
        resource: resource({ 0: [0x5_9000_4000n, 0x5_9000_7fffn, MEM64] }),
        vendor: "0x1b36\n",
        device: "0x0010\n",
      })
      .link(`sys/devices/${VF}/physfn`, "../0000:00:03.0");

  test("knows its physical function, has the kernel's ids, and its address in the aperture", async () => {
    expect(await machine().function("0000:00:03.1")).toMatchObject({
      physicalFunction: "0000:00:03.0",
      parent: null,
      vendor: "1b36",
      device: "0010",
      bars: [{ index: 0, start: "0x590004000", bus: "0x90004000", size: 0x4000 }],
    });
    expect((await machine().function("0000:00:03.0")).bars).toEqual([
      { index: 7, type: "mem64", prefetchable: false, size: 0x10000, start: "0x590000000", bus: "0x90000000" },
    ]);
  });
});

describe("what is missing is unknown, what is known to be absent is null", () => {
  const place = "pci0000:00/0000:00:03.0";

  test("64 bytes of configuration space leave ACS open where there are capabilities", async () => {
    const part = new Machine().add(place, { config: config({ ...ENDPOINT, 0x04: 0x00100006, 0x34: 0x40 }) });
    expect(await part.function("0000:00:03.0")).not.toHaveProperty("acs");
    const whole = new Machine().add(place, {
      config: config({ ...ENDPOINT, 0x04: 0x00100006, 0x34: 0x40, 0x40: 0x10 }, 256),
    });
    expect((await whole.function("0000:00:03.0")).acs).toBeNull();
  });

  test("driver and IOMMU group are null only where links were kept", async () => {
    const files = { vendor: "0x8086\n", numa_node: "-1\n" };
    const without = await new Machine().add(place, files).function("0000:00:03.0");
    expect(without).toEqual({ bdf: "0000:00:03.0", vendor: "8086", parent: null, numaNode: null });
    const kept = await new Machine()
      .add(place, files)
      .link(`sys/devices/${place}/subsystem`, "../../../bus/pci")
      .function("0000:00:03.0");
    expect(kept).toMatchObject({ driver: null, iommuGroup: null, physicalFunction: null });
  });

  test("links, names, slot and states are read", async () => {
    const machine = new Machine()
      .add(place, {
        current_link_speed: "8.0 GT/s PCIe\n",
        current_link_width: "0\n",
        max_link_speed: "Unknown\n",
        max_link_width: "16\n",
        power_state: "D3cold\n",
        numa_node: "1\n",
        dma_mask_bits: "64\n",
        "nvme/nvme0/model": "x",
        "virtio0/net/eth0/mtu": "1500",
        "dma/dma0chan0/in_use": "0",
      })
      .link("sys/block/sda", `../devices/${place}/ata1/host0/target0:0:0/0:0:0:0/block/sda`)
      .link("sys/block/loop0", "../devices/virtual/block/loop0")
      .link("sys/class/net/eth0", `../../devices/${place}/virtio0/net/eth0`)
      .link(`sys/devices/${place}/driver`, "../../../bus/pci/drivers/nvme")
      .link(`sys/devices/${place}/iommu_group`, "../../../kernel/iommu_groups/7")
      .file("sys/bus/pci/slots/3-1/address", "0000:00:03\n");
    expect(await machine.function("0000:00:03.0")).toEqual({
      bdf: "0000:00:03.0",
      parent: null,
      slot: "3-1",
      link: { speed: 8, width: null, maxSpeed: null, maxWidth: 16 },
      powerState: "D3cold",
      numaNode: 1,
      dmaMaskBits: 64,
      driver: "nvme",
      iommuGroup: 7,
      names: ["nvme0", "dma0chan0", "eth0", "sda"],
    });
  });

  test.each([
    ["64\n", 64],
    ["0\n", undefined],
    ["-1\n", undefined],
  ])("a DMA mask of %o bits", async (bits, expected) => {
    const machine = new Machine()
      .add(place, { dma_mask_bits: bits })
      .link(`sys/devices/${place}/driver`, "../../../bus/pci/drivers/nvme");
    expect((await machine.function("0000:00:03.0")).dmaMaskBits).toBe(expected);
  });

  test.each([
    ["DMA in every group translates", { "0": "DMA\n", "1": "DMA-FQ\n" }, "translating"],
    ["identity in every group passes through", { "0": "identity\n", "1": "identity\n" }, "passthrough"],
    ["groups that differ leave it open", { "0": "identity\n", "1": "DMA\n" }, undefined],
    ["groups of a kernel that prints no type leave it open", { "0": "blocked\n" }, undefined],
  ])("IOMMU: %s", async (_, groups, expected) => {
    const machine = new Machine().add(place);
    for (const [group, type] of Object.entries(groups)) machine.file(`sys/kernel/iommu_groups/${group}/type`, type);
    expect((await machine.read()).system.iommu).toBe(expected);
  });

  test("IOMMU: empty lists of groups and of IOMMUs say that there is none; missing lists say nothing", async () => {
    const machine = new Machine().add(place);
    expect((await machine.read()).system).not.toHaveProperty("iommu");
    machine.files.addDirectory("sys/kernel/iommu_groups");
    expect((await machine.read()).system).not.toHaveProperty("iommu");
    machine.files.addDirectory("sys/class/iommu");
    expect((await machine.read()).system.iommu).toBe("off");
  });

  test("IOMMU: where every device kept its links and none has one to a group, there is none", async () => {
    const copy = ({
      release = "6.1.0",
      vendor = "vendor_id : GenuineIntel",
      links = ["subsystem", "driver", "firmware_node"],
    }) => {
      const machine = new Machine().add(place).file("proc/sys/kernel/osrelease", release).file("proc/cpuinfo", vendor);
      for (const link of links) machine.link(`sys/devices/${place}/${link}`, `../x/${link}`);
      return machine.read().then(({ system }) => system.iommu);
    };
    expect(await copy({})).toBe("off");
    // Before 3.6 there were no groups, and POWER translates without them.
    expect(await copy({ release: "3.5.0" })).toBeUndefined();
    expect(await copy({ release: "" })).toBeUndefined();
    expect(await copy({ vendor: "cpu : POWER9 (raw), altivec supported" })).toBeUndefined();
    // Somebody picked links by name, or kept none.
    expect(await copy({ links: ["subsystem", "driver"] })).toBeUndefined();
    expect(await copy({ links: ["driver", "firmware_node"] })).toBeUndefined();
    expect(await copy({ links: ["subsystem", "driver", "firmware_node", "iommu_group"] })).toBeUndefined();
  });

  test("the kernel's release, command line and configuration", async () => {
    const machine = new Machine()
      .add(place)
      .file("proc/version", "Linux version 6.1.0-13-amd64 (x) #1 SMP\n")
      .file("proc/cmdline", "quiet\n");
    expect((await machine.read()).system.kernel).toEqual({ release: "6.1.0-13-amd64", commandLine: "quiet" });
    machine.file("boot/config-6.1.0-13-amd64", "CONFIG_PCI=y\n# CONFIG_PCI_P2PDMA is not set\n");
    expect((await machine.read()).system.kernel?.p2pdma).toBe(false);
    machine.file("proc/config.gz", gzipSync("CONFIG_PCI=y\nCONFIG_PCI_P2PDMA=y\n"));
    expect((await machine.read()).system.kernel?.p2pdma).toBe(true);
  });

  test("a device that answers nothing keeps the ids that the kernel remembers", async () => {
    const machine = new Machine().add(place, {
      config: new Uint8Array(256).fill(0xff),
      vendor: "0x10de\n",
      device: "0x2330\n",
    });
    const { system, findings } = await machine.read();
    expect(system.functions).toEqual([expect.objectContaining({ vendor: "10de", device: "2330" })]);
    expect(system.functions[0]).not.toHaveProperty("acs");
    expect(findings.map(({ code }) => code)).toEqual(["UNREADABLE_FUNCTION", "MISSING_FILE"]);
  });
});

describe("NUMA nodes", () => {
  const nodesOf = async (files: Record<string, string>) => {
    const machine = new Machine().add("pci0000:00/0000:00:01.0");
    for (const [name, text] of Object.entries(files)) machine.file(`sys/devices/system/node/${name}`, text);
    return (await machine.read()).system.numaNodes;
  };

  test("by number, with their CPUs as the kernel lists them; one of memory alone has none", async () => {
    const files = { "node10/cpulist": "4-7,12-15\n", "node2/cpulist": "\n", "node1/meminfo": "", online: "1-2,10\n" };
    expect(await nodesOf(files)).toEqual([{ node: 1 }, { node: 2, cpus: "" }, { node: 10, cpus: "4-7,12-15" }]);
  });

  test.each([
    ["f", "0-3"],
    ["80000001", "0,31"],
    ["ffff,00000000", "32-47"],
    ["00000001,ffffffff,80000000", "31-64"],
    ["00000000", ""],
  ])("a map of CPUs says the same: %s", async (map, cpus) => {
    expect(await nodesOf({ "node0/cpumap": `${map}\n` })).toEqual([{ node: 0, cpus }]);
  });

  test("the list counts, where there are both; what is neither is unknown", async () => {
    expect(await nodesOf({ "node0/cpulist": "0-1\n", "node0/cpumap": "f\n" })).toEqual([{ node: 0, cpus: "0-1" }]);
    expect(await nodesOf({ "node0/cpulist": "all of them\n" })).toEqual([{ node: 0 }]);
    expect(await nodesOf({ "node0/cpumap": "f,f\n" })).toEqual([{ node: 0 }]);
    expect(await nodesOf({ online: "0\n" })).toBeUndefined();
  });
});
