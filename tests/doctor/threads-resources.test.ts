import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/doctor/check.js";
import { examine } from "../../src/doctor/examine.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { formatHex } from "../../src/topology/address.js";
import type { BarDescription, FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

// Machines with the faults of public threads, written from what these describe (docs/doctor.md).

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/** What is found of the ids that are asked for, as the description of one system has it. */
function found(system: SystemDescription, ...ids: readonly string[]): Diagnosis[] {
  const topology = Topology.of({ peerlane: 1, systems: [system] });
  const { diagnoses } = examine(new PeerDma(topology, linux("6.12")));
  return diagnoses.filter(({ id }) => ids.includes(id));
}

/** Id, severity and functions, in a line each. */
const lines = (diagnoses: readonly Diagnosis[]) =>
  diagnoses.map(({ id, severity, functions }) => [id, severity, ...functions].join(" ")).sort();

const pref = (start: bigint, size: bigint) =>
  ({ kind: "pref", start: formatHex(start), end: formatHex(start + size - 1n) }) as const;
const mem = (start: bigint, size: bigint) => ({ ...pref(start, size), kind: "mem" }) as const;

function memory(index: number, start: bigint | null, size: bigint, more: Partial<BarDescription> = {}): BarDescription {
  return {
    index,
    type: "mem64",
    prefetchable: true,
    start: start === null ? null : formatHex(start),
    size: Number(size),
    ...more,
  };
}

const ON = { command: 0x6, acs: null, driver: "example" } as const;

function port(device: number, windows: FunctionDescription["windows"] = [], more: Partial<FunctionDescription> = {}) {
  const secondary = 16 * device;
  const bdf = `0000:00:${device.toString(16).padStart(2, "0")}.0`;
  return {
    ...ON,
    bdf,
    kind: "root-port",
    class: "0604",
    parent: null,
    bus: { primary: 0, secondary, subordinate: secondary + 15 },
    bars: [],
    windows,
    ...more,
  } satisfies FunctionDescription;
}

function below({ bdf, bus }: ReturnType<typeof port>, code: string, more: Partial<FunctionDescription> = {}) {
  return {
    ...ON,
    bdf: `0000:${bus.secondary.toString(16).padStart(2, "0")}:00.0`,
    kind: "endpoint",
    class: code,
    parent: bdf,
    physicalFunction: null,
    bars: [],
    ...more,
  } satisfies FunctionDescription;
}

const SIZES = [256n * MIB, 8n * GIB, 32n * GIB].map(Number);

describe("a BAR that cannot be as large as the memory behind it", () => {
  // Five of six GPUs have a large BAR; the port of the sixth has 12 GiB and would need 32 GiB and a bit.
  function sixGpus(window: bigint, host: bigint): SystemDescription {
    const ports = [1, 2, 3, 4, 5, 6].map((place) => {
      const start = 256n * GIB * BigInt(place);
      return port(place, [pref(start, place === 6 ? window : 48n * GIB)]);
    });
    const gpus = ports.map((above, place) => {
      const start = 256n * GIB * BigInt(place + 1);
      const bar = memory(1, start, place === 5 ? 256n * MIB : 32n * GIB, { sizes: SIZES });
      return below(above, "0300", {
        bars: [bar, memory(3, start + (place === 5 ? 256n * MIB : 32n * GIB), 32n * MIB)],
      });
    });
    const windows = [mem(256n * GIB, 6n * 256n * GIB - 256n * GIB + host)];
    return { complete: true, functions: [...ports, ...gpus], hostBridges: [{ root: "0000:00", windows }] };
  }

  test("is named with the first window that is too small, and by how much", () => {
    const [only, ...others] = found(sixGpus(12n * GIB, 256n * GIB), "BAR_BELOW_CAPABILITY");
    expect(others).toEqual([]);
    expect(only!.functions).toEqual(["0000:60:00.0", "0000:00:06.0"]);
    expect(only!.evidence).toEqual([
      "0000:60:00.0: BAR 1 of 256 MiB could have 32 GiB (Resizable BAR capability)",
      "0000:00:06.0: its prefetchable window has 12 GiB and needs 32800 MiB, 20512 MiB more",
    ]);
    expect(only!.consequence).toContain("the first 256 MiB of its memory at most");
    expect(only!.remedy).toContain("`echo 15 | sudo tee /sys/bus/pci/devices/0000:60:00.0/resource1_resize`");
  });

  test("is the host bridge's where that has too little, and then the firmware's to change", () => {
    const [only] = found(sixGpus(12n * GIB, 12n * GIB), "BAR_BELOW_CAPABILITY");
    expect(only!.evidence).toHaveLength(2);
    const small = {
      complete: true,
      functions: [
        port(1, [pref(64n * GIB, 12n * GIB)]),
        below(port(1), "0302", { bars: [memory(1, 64n * GIB, 256n * MIB, { sizes: SIZES })] }),
      ],
      hostBridges: [{ root: "0000:00", windows: [mem(64n * GIB, 16n * GIB)] }],
    };
    const [one] = found(small, "BAR_BELOW_CAPABILITY");
    expect(one!.evidence.slice(1)).toEqual([
      "0000:00:01.0: its prefetchable window has 12 GiB and needs 32 GiB, 20 GiB more",
      "0000:00: its memory window has 16 GiB and needs 32 GiB, 16 GiB more",
    ]);
    expect(one!.remedy).toContain("MMIO high size");
  });

  test("is no fault of a NIC, of a doorbell BAR, or where it is as large as it can be", () => {
    const above = port(1, [pref(64n * GIB, 64n * GIB)]);
    const small = memory(0, 64n * GIB, 256n * MIB, { sizes: SIZES });
    const whole = memory(0, 64n * GIB, 32n * GIB, { sizes: SIZES });
    const doorbell = memory(2, 96n * GIB, 2n * MIB, { sizes: [2, 256].map((size) => size * 2 ** 20) });
    expect(found({ functions: [above, below(above, "0200", { bars: [small] })] }, "BAR_BELOW_CAPABILITY")).toEqual([]);
    expect(
      found({ functions: [above, below(above, "0300", { bars: [whole, doorbell] })] }, "BAR_BELOW_CAPABILITY"),
    ).toEqual([]);
  });

  test("is told whatever the sizes are that a document claims", () => {
    const above = port(1, [pref(64n * GIB, 64n * GIB)]);
    const odd = memory(0, 64n * GIB, 256n * MIB, { sizes: [3 * 2 ** 30, 0, 7] });
    const gpu = below(above, "0300", { bars: [odd, memory(2, null, 0n)] });
    expect(lines(found({ functions: [above, gpu] }, "BAR_BELOW_CAPABILITY", "BAR_UNASSIGNED"))).toEqual([
      "BAR_BELOW_CAPABILITY warning 0000:10:00.0",
    ]);
  });

  test("is told of every GPU, and the window that is too small of the first sixteen", () => {
    const ports = Array.from({ length: 15 }, (_, place) => port(place + 1, [pref(BigInt(place + 1) * 64n * GIB, GIB)]));
    const gpus = ports.flatMap((above, place) =>
      [0, 1].map((number) => {
        const start = BigInt(place + 1) * 64n * GIB + BigInt(number) * 512n * MIB;
        const bars = [memory(1, start, 256n * MIB, { sizes: SIZES })];
        const gpu = below(above, "0300", { bars });
        return { ...gpu, bdf: gpu.bdf.replace("00.0", `0${number}.0`) };
      }),
    );
    const all = found({ complete: true, functions: [...ports, ...gpus] }, "BAR_BELOW_CAPABILITY");
    expect([all.length, all.filter(({ evidence }) => evidence.length > 1).length]).toEqual([30, 16]);
  });

  test("is an error where it has no address at all: `BAR 1: can't assign; no space`", () => {
    const above = port(1, [pref(64n * GIB, 16n * GIB)]);
    const gpu = below(above, "0300", { bars: [memory(0, 64n * GIB, 16n * MIB), memory(1, null, 32n * GIB)] });
    const hostBridges = [{ root: "0000:00", windows: [mem(64n * GIB, 16n * GIB)] }];
    const [only] = found({ complete: true, functions: [above, gpu], hostBridges }, "BAR_UNASSIGNED");
    expect(lines([only!])).toEqual(["BAR_UNASSIGNED error 0000:10:00.0"]);
    expect(only!.evidence).toEqual([
      "0000:10:00.0: BAR 1 of 32 GiB has no address",
      "0000:00:01.0: its prefetchable window has 16 GiB and needs 32784 MiB, 16400 MiB more",
      "0000:00: its memory window has 16 GiB and needs 32784 MiB, 16400 MiB more",
    ]);
  });
});

test("BARs above what a GPU drives make pairs that work one way", () => {
  const [one, two, three] = [port(1), port(2), port(3)];
  const functions = [
    one,
    two,
    three,
    below(one, "0300", { bars: [memory(0, 0x1000_0000_000n, 16n * GIB)], dmaMaskBits: 44 }),
    below(two, "0300", { bars: [memory(0, 0x3800_0000_0000n, 16n * GIB)], dmaMaskBits: 47 }),
    below(three, "0108", { bars: [memory(0, 0xf000_0000n, 16n * MIB)], dmaMaskBits: 64 }),
  ];
  const [only, ...others] = found({ functions }, "BAR_BEYOND_REACH");
  expect(others).toEqual([]);
  expect(only!.functions).toEqual(["0000:10:00.0", "0000:20:00.0"]);
  expect(only!.pairs).toBe(1);
  expect(only!.evidence).toEqual([
    "0000:10:00.0: 44 address bits, up to 0xfffffffffff (DMA mask)",
    "0000:20:00.0 BAR 0 ends at 0x3803ffffffff, which takes 46 bits",
    "the other way it works: 0000:20:00.0 drives 47 bits, and the BARs of 0000:10:00.0 end at 0x103ffffffff",
  ]);
  expect(found({ functions, iommu: "translating" }, "BAR_BEYOND_REACH")).toEqual([]);
});

describe("reads of an FPGA that vanish", () => {
  const IDS = ["MEMORY_DECODE_OFF", "BUS_MASTER_OFF", "DEVICE_ASLEEP"];
  const bars = [memory(0, 64n * GIB, 64n * MIB)];
  const [one, two] = [port(1), port(2)];
  const gpu = below(two, "0300", { bars: [memory(0, 128n * GIB, 16n * MIB)] });
  const fpga = (more: Partial<FunctionDescription>) => below(one, "1200", { bars, ...more });
  const say = (functions: FunctionDescription[]) => lines(found({ functions }, ...IDS));

  test("are found on the target by Mem-, on the initiator by BusMaster-", () => {
    expect(say([one, two, gpu, fpga({})])).toEqual([]);
    expect(say([one, two, gpu, fpga({ command: 0x4 })])).toEqual(["MEMORY_DECODE_OFF error 0000:10:00.0"]);
    expect(say([one, two, gpu, fpga({ command: 0x2 })])).toEqual(["BUS_MASTER_OFF error 0000:10:00.0"]);
  });

  test("are worth a note only where no driver has switched the device on, or it sleeps", () => {
    expect(say([one, two, gpu, fpga({ command: 0, driver: null })])).toEqual(["MEMORY_DECODE_OFF note 0000:10:00.0"]);
    expect(say([one, two, gpu, fpga({ command: 0x2, driver: "vfio-pci" })])).toEqual([
      "BUS_MASTER_OFF note 0000:10:00.0",
    ]);
    expect(say([one, two, gpu, fpga({ command: 0, powerState: "D3hot" })])).toEqual([
      "DEVICE_ASLEEP note 0000:10:00.0",
    ]);
  });

  test("are one note for all devices that are idle", () => {
    const idle = { command: 0x2, driver: null } as const;
    expect(say([one, two, { ...gpu, ...idle }, fpga(idle)])).toEqual(["BUS_MASTER_OFF note 0000:10:00.0 0000:20:00.0"]);
  });

  test("are unknown, and no fault, where the register is not shown", () => {
    const { command: _, ...hidden } = fpga({});
    expect(say([one, two, gpu, hidden])).toEqual([]);
  });

  test("may be a bridge's above them, which then has one diagnosis for all below it", () => {
    const deaf = port(1, [], { command: 0x4 });
    const mute = port(1, [], { command: 0x2 });
    expect(say([deaf, two, gpu, fpga({})])).toEqual(["MEMORY_DECODE_OFF error 0000:00:01.0 0000:10:00.0"]);
    expect(say([mute, two, gpu, fpga({})])).toEqual(["BUS_MASTER_OFF error 0000:00:01.0 0000:10:00.0"]);
    expect(say([deaf, two, gpu, fpga({ driver: null })])).toEqual(["MEMORY_DECODE_OFF note 0000:00:01.0 0000:10:00.0"]);
    // Nothing is below it that would miss anything.
    expect(say([mute, two, gpu, fpga({ command: 0x2, driver: null })])).toEqual(["BUS_MASTER_OFF note 0000:10:00.0"]);
  });
});

describe("all is well but slow", () => {
  const full = { speed: 16, width: 16, maxSpeed: 16, maxWidth: 16 };
  const above = port(1, [], { link: full });
  const say = (code: string, link: FunctionDescription["link"], upper: FunctionDescription = above) =>
    found({ functions: [upper, below(above, code, { link: link! })] }, "LINK_BELOW_CAPABILITY").map(
      ({ severity, consequence }) => `${severity}: ${consequence}`,
    );

  test("where lanes are lost, with what that costs", () => {
    expect(say("0300", { ...full, width: 4 })).toEqual([
      "warning: at most 7.9 GB/s each way pass it rather than 31.5 GB/s",
    ]);
  });

  test("where the speed is lower: a note for a GPU, which may be idle", () => {
    expect(say("0300", { ...full, speed: 2.5 })).toEqual([
      "note: at most 4.0 GB/s each way pass it rather than 31.5 GB/s",
    ]);
    expect(say("0108", { ...full, speed: 8 })).toEqual([
      "warning: at most 15.8 GB/s each way pass it rather than 31.5 GB/s",
    ]);
  });

  test("but not where the other end can do no better, or does not say", () => {
    const slow = port(1, [], { link: { speed: 8, width: 8, maxSpeed: 8, maxWidth: 8 } });
    expect(say("0300", { ...full, speed: 8, width: 8 }, slow)).toEqual([]);
    expect(say("0300", { ...full, speed: 8, width: 8 }, port(1))).toEqual([]);
  });

  test("a link that devices share is told once, and none is between the ports of a switch", () => {
    const bus = (secondary: number, subordinate: number) => ({ bus: { secondary, subordinate } });
    const switchPort = (bdf: string, parent: string, kind: "upstream-port" | "downstream-port", more: object) =>
      ({ ...ON, bdf, parent, kind, class: "0604", bars: [], windows: [], link: full, ...more }) as FunctionDescription;
    const functions = [
      above,
      switchPort("0000:10:00.0", above.bdf, "upstream-port", { ...bus(0x11, 0x13), link: { ...full, width: 8 } }),
      switchPort("0000:11:00.0", "0000:10:00.0", "downstream-port", {
        ...bus(0x12, 0x12),
        link: { ...full, speed: 8 },
      }),
      switchPort("0000:11:01.0", "0000:10:00.0", "downstream-port", bus(0x13, 0x13)),
      {
        ...below(above, "0108", { link: { ...full, maxSpeed: 8, speed: 8 } }),
        bdf: "0000:12:00.0",
        parent: "0000:11:00.0",
      },
      { ...below(above, "0300", { link: full }), bdf: "0000:13:00.0", parent: "0000:11:01.0" },
    ];
    expect(lines(found({ functions }, "LINK_BELOW_CAPABILITY"))).toEqual([
      "LINK_BELOW_CAPABILITY warning 0000:10:00.0 0000:00:01.0",
    ]);
  });
});

test("BARs that are contested or that no bridge forwards to are told where a device that talks has them", () => {
  const [one, two] = [port(1, [pref(64n * GIB, GIB)]), port(2, [pref(64n * GIB, GIB)])];
  const functions = [
    one,
    two,
    below(one, "0300", { bars: [memory(0, 64n * GIB, 16n * MIB)] }),
    below(two, "0108", { bars: [memory(0, 64n * GIB, 16n * MIB), memory(2, 96n * GIB, MIB)] }),
  ];
  expect(lines(found({ functions }, "BAR_CONTESTED", "BAR_NOT_FORWARDED"))).toEqual([
    "BAR_CONTESTED error 0000:10:00.0 0000:20:00.0",
    "BAR_NOT_FORWARDED error 0000:20:00.0 0000:00:02.0",
  ]);
});

test("virtual functions without addresses are a warning where they are enabled, else a note", () => {
  const above = port(1, [pref(64n * GIB, GIB)]);
  const sriov = { totalVfs: 8, numVfs: 2, firstOffset: 1, stride: 1 };
  const nic = (control: number) =>
    below(above, "0200", {
      bars: [memory(0, 64n * GIB, MIB), memory(7, null, 8n * MIB)],
      sriov: { ...sriov, control },
    });
  const say = (control: number) =>
    lines(found({ functions: [above, nic(control)] }, "VF_BARS_UNASSIGNED", "BAR_UNASSIGNED"));
  expect(say(1)).toEqual(["VF_BARS_UNASSIGNED warning 0000:10:00.0"]);
  expect(say(0)).toEqual(["VF_BARS_UNASSIGNED note 0000:10:00.0"]);
});
