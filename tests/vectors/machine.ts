import type { FunctionDescription, MachineDescription, SystemDescription } from "../../src/topology/description.js";

/**
 * The machine T of linux-p2pdma.md, section H. ACS is present on root ports and downstream ports, control 0.
 *
 *   H0 ─┬─ RP1 ── US ─┬─ DSP0 ─┬─ A              H1 ── RP3 ── D
 *       │             │        └─ A1
 *       │             └─ DSP1 ─┬─ B
 *       │                      └─ US2 ── DSP2 ── E
 *       ├─ RP2 ─┬─ C, C1
 *       │       └─ V, V2 (virtual functions of C)
 *       ├─ I1, I2
 *       └─ PCI ─┬─ P
 *               └─ Q
 */
export const BDF = {
  H0: "0000:00:00.0",
  RP1: "0000:00:01.0",
  RP2: "0000:00:02.0",
  I1: "0000:00:14.0",
  PCI: "0000:00:1e.0",
  I2: "0000:00:1f.0",
  US: "0000:01:00.0",
  DSP0: "0000:02:00.0",
  DSP1: "0000:02:01.0",
  A: "0000:03:00.0",
  A1: "0000:03:00.1",
  B: "0000:04:00.0",
  US2: "0000:04:01.0",
  C: "0000:05:00.0",
  C1: "0000:05:00.1",
  V: "0000:06:00.0",
  V2: "0000:06:00.1",
  DSP2: "0000:07:00.0",
  E: "0000:08:00.0",
  P: "0000:09:01.0",
  Q: "0000:09:02.0",
  H1: "0000:80:00.0",
  RP3: "0000:80:01.0",
  D: "0000:81:00.0",
} as const;
export type Letter = keyof typeof BDF;

/** What a row changes: fields of functions, by letter. */
export type Change = Partial<Record<Letter, Partial<FunctionDescription>>>;

/** The kinds of host bridge that the rows tell apart. */
export const HOST_KINDS = {
  N: { id: "8086:1234", cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 } },
  S: { id: "8086:2f00", cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 } },
  L: { id: "8086:2030", cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 } },
  Z: { id: "8086:1234", cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 } },
} as const;
export type HostKind = keyof typeof HOST_KINDS;

/** T below host bridges of one kind, with changed fields of its functions and of the system. */
export function machineT(
  kind: HostKind = "N",
  change: Change = {},
  system: Partial<SystemDescription> = {},
): MachineDescription {
  const { id, cpu } = HOST_KINDS[kind];
  const [vendor, device] = id.split(":") as [string, string];
  const bridge = { vendor, device, class: "060000", kind: "host-bridge-function", parent: null, bars: [] } as const;
  const port = { acs: { capability: 0x5f, control: 0 }, command: 0x6 };
  const plain = { physicalFunction: null, acs: null, command: 0x6, bars: [] };
  const endpoint = { ...plain, kind: "endpoint" } as const;
  const functions: FunctionDescription[] = [
    { bdf: BDF.H0, ...plain, ...bridge },
    { bdf: BDF.RP1, ...plain, ...port, kind: "root-port", parent: null, bus: { secondary: 1, subordinate: 4 } },
    { bdf: BDF.RP2, ...plain, ...port, kind: "root-port", parent: null, bus: { secondary: 5, subordinate: 6 } },
    { bdf: BDF.I1, ...plain, kind: "rc-integrated-endpoint", parent: null },
    { bdf: BDF.PCI, ...plain, kind: "pcie-to-pci-bridge", parent: null, bus: { secondary: 9, subordinate: 9 } },
    { bdf: BDF.I2, ...plain, kind: "rc-integrated-endpoint", parent: null },
    { bdf: BDF.US, ...plain, kind: "upstream-port", parent: BDF.RP1, bus: { secondary: 2, subordinate: 4 } },
    {
      bdf: BDF.DSP0,
      ...plain,
      ...port,
      kind: "downstream-port",
      parent: BDF.US,
      bus: { secondary: 3, subordinate: 3 },
    },
    {
      bdf: BDF.DSP1,
      ...plain,
      ...port,
      kind: "downstream-port",
      parent: BDF.US,
      bus: { secondary: 4, subordinate: 4 },
    },
    { bdf: BDF.A, ...endpoint, parent: BDF.DSP0, bars: [bar("0xf8000000", 0x100_0000)] },
    { bdf: BDF.A1, ...endpoint, parent: BDF.DSP0 },
    { bdf: BDF.B, ...endpoint, parent: BDF.DSP1, bars: [{ ...bar("0xf9000000", 0x100_0000), index: 2 }] },
    { bdf: BDF.US2, ...plain, kind: "upstream-port", parent: BDF.DSP1 },
    {
      bdf: BDF.C,
      ...endpoint,
      parent: BDF.RP2,
      bars: [
        { ...bar("0xfe404000", 0x1_0000), index: 7 },
        bar("0xfe500000", 0x10_0000),
        { index: 1, type: "io", start: "0xc000", size: 0x100 },
        { index: 6, type: "rom", start: "0xfe600000", size: 0x1_0000, romEnabled: true },
      ],
      sriov: { control: 0x9, totalVfs: 4, numVfs: 2, firstOffset: 0x100, stride: 1 },
    },
    { bdf: BDF.C1, ...endpoint, parent: BDF.RP2 },
    { bdf: BDF.V, ...endpoint, command: 0x4, physicalFunction: BDF.C, bars: [bar("0xfe404000", 0x4000)] },
    { bdf: BDF.V2, ...endpoint, command: 0x4, physicalFunction: BDF.C, bars: [bar("0xfe408000", 0x4000)] },
    { bdf: BDF.DSP2, ...plain, ...port, kind: "downstream-port", parent: BDF.US2 },
    { bdf: BDF.E, ...endpoint, parent: BDF.DSP2 },
    { bdf: BDF.P, ...plain, kind: "conventional", parent: BDF.PCI },
    { bdf: BDF.Q, ...plain, kind: "conventional", parent: BDF.PCI },
    { bdf: BDF.H1, ...plain, ...bridge },
    { bdf: BDF.RP3, ...plain, ...port, kind: "root-port", parent: null, bus: { secondary: 0x81, subordinate: 0x81 } },
    { bdf: BDF.D, ...endpoint, parent: BDF.RP3 },
  ];
  const changes = new Map(Object.entries(change).map(([letter, fields]) => [BDF[letter as Letter] as string, fields]));
  const changed = functions.map((each) => ({ ...each, ...changes.get(each.bdf) }));
  const hostBridges = [
    { root: "0000:00", windows: [{ kind: "mem", start: "0xe0000000", end: "0xfebfffff", bus: "0xe0000000" }] },
  ] as const;
  const ranges = [{ kind: "system-ram", name: "System RAM", start: "0x100000", size: 0x7ff0_0000 }] as const;
  return {
    peerlane: 1,
    systems: [
      { complete: true, allAddresses: true, iommu: "off", cpu, functions: changed, hostBridges, ranges, ...system },
    ],
  };
}

export function bar(start: `0x${string}`, size: number) {
  return { index: 0, type: "mem32", start, size } as const;
}

/** The control word `control` on a function that has ACS. */
export function acs(control: number): Partial<FunctionDescription> {
  return { acs: { capability: 0x5f, control } };
}

export function without(machine: MachineDescription, letters: readonly Letter[]): MachineDescription {
  const names: readonly string[] = letters.map((letter) => BDF[letter]);
  const systems = machine.systems.map((system) => ({
    ...system,
    functions: system.functions.filter(({ bdf }) => !names.includes(bdf)),
  }));
  return { ...machine, systems };
}
