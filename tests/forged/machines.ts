import { EXPORTS } from "../../src/core.js";
import type { MachineDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { columnsOf, reduced } from "../topology/columns-of.js";
import { machineT } from "../vectors/machine.js";

// Small topologies that between them have every section of a buffer, and most fields of a description.

const bridge = { capability: 0x5f, control: 0x1d };

const server: SystemDescription = {
  name: "a",
  kernel: { release: "6.12.1", commandLine: "iommu=pt", p2pdma: true },
  cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
  iommu: "passthrough",
  complete: true,
  functions: [
    {
      bdf: "0000:00:00.0",
      kind: "host-bridge-function",
      vendor: "8086",
      device: "2030",
      class: "060000",
      parent: null,
    },
    {
      bdf: "0000:00:01.0",
      kind: "root-port",
      parent: null,
      command: 6,
      acs: bridge,
      bus: { secondary: 1, subordinate: 1 },
      windows: [{ kind: "mem", start: "0x4000", end: "0x8fff" }],
      link: { speed: 16, width: 8, port: 1 },
    },
    {
      bdf: "0000:01:00.0",
      kind: "endpoint",
      parent: "0000:00:01.0",
      physicalFunction: null,
      names: ["nvme0"],
      command: 6,
      acs: null,
      class: "010802",
      bars: [
        { index: 0, type: "mem64", start: "0x4000", bus: "0x4000", size: 0x1000, exported: "driver" },
        { index: 7, type: "mem64", start: "0x6000", bus: "0x6000", size: 0x2000 },
      ],
      sriov: { control: 9, totalVfs: 2, numVfs: 1, firstOffset: 1, stride: 1 },
      dmaMaskBits: 40,
    },
    {
      bdf: "0000:01:00.1",
      kind: "endpoint",
      parent: "0000:00:01.0",
      physicalFunction: "0000:01:00.0",
      command: { value: 4, mask: 4 },
      bars: [{ index: 0, type: "mem64", start: "0x6000", size: 0x1000 }],
      numaNode: 0,
      iommuGroup: 3,
      driver: "nvme",
    },
    { bdf: "0000:02:00.0", acs: { capability: 0x7f, control: 0x20, egressVector: [2] } },
  ],
  hostBridges: [
    {
      root: "0000:00",
      windows: [{ kind: "mem", start: "0x4000", end: "0xffff" }],
      inbound: [{ start: "0x30000", size: 0x1000 }],
    },
  ],
  platformDevices: [{ name: "uart", regions: [{ start: "0x30000", size: 0x1000, exported: "none" }], dmaMaskBits: 32 }],
  ranges: [{ kind: "system-ram", name: "System RAM", start: "0x10000", size: 0x10000 }],
  sideLinks: [{ kind: "nvlink", from: "0000:01:00.0", to: "0000:02:00.0", bandwidth: 2.5e10, read: true, write: true }],
  hostAttachments: [{ kind: "cxl", function: "0000:02:00.0" }],
};

/** A system of everything, and one of which next to nothing is known. */
const described: MachineDescription = {
  peerlane: 1,
  systems: [server, { name: "b", functions: [{ bdf: "0001:01:00.0", parent: null }] }],
};

/** A chain of 258 bridges: its records are of the wide form. */
function deepMachine(): MachineDescription {
  const name = (index: number) => `0000:${index.toString(16).padStart(2, "0")}:00.0`;
  const functions = Array.from({ length: 256 }, (_, index) => ({
    bdf: name(index),
    parent: index === 0 ? null : name(index - 1),
  }));
  functions.push({ bdf: "0000:ff:01.0", parent: name(254) }, { bdf: "0000:ff:02.0", parent: name(255) });
  return { peerlane: 1, systems: [{ functions }] };
}

function fabric(machine: MachineDescription): Topology {
  const columns = columnsOf(reduced(machine));
  const exported = columns.bars!.exported!.map((_, row) => row % EXPORTS.length);
  return Topology.fromColumns({ ...columns, bars: { ...columns.bars!, exported } }).topology;
}

/** By name, each made anew. */
export const TOPOLOGIES: Readonly<Record<string, () => Topology>> = {
  "of a description": () => Topology.of(described),
  "of columns": () => fabric(machineT("L")),
  "of columns of three systems": () =>
    fabric({
      peerlane: 1,
      systems: ["N", "Z", "S"].map((kind, at) => ({
        ...machineT(kind as "N").systems[0]!,
        name: `s${at}`,
        functions: machineT(kind as "N").systems[0]!.functions.slice(0, 5 + at),
      })),
    }),
  "of a chain of 258": () => Topology.of(deepMachine()),
  "of nothing": () => Topology.of({ peerlane: 1, systems: [{ functions: [] }] }),
};
