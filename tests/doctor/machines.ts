import { PeerDma } from "../../src/explain/peer-dma.js";
import { examine, type Examination, type ExamineOptions } from "../../src/doctor/examine.js";
import { defaultPolicy } from "../../src/policy/named.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

/** What redirects, and what does not. */
export const REDIRECTS = { capability: 0x5f, control: 0x1d };
export const DIRECT = { capability: 0x5f, control: 0x11 };

/** An Intel machine whose host bridge no kernel lists. */
export const DESKTOP: Omit<SystemDescription, "functions"> = {
  kernel: { release: "6.12.117", p2pdma: true },
  cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
  iommu: "off",
  complete: true,
};

export const ZEN = { architecture: "x86", vendor: "AuthenticAMD", family: 25 };

export function hostBridge(device = "29c0", vendor = "8086"): FunctionDescription {
  return {
    bdf: "0000:00:00.0",
    kind: "host-bridge-function",
    class: "0600",
    vendor,
    device,
    parent: null,
    acs: null,
    command: 6,
  };
}

type Facts = Partial<FunctionDescription>;

export function port(
  bdf: string,
  parent: string | null,
  secondary: number,
  subordinate: number,
  facts: Facts = {},
): FunctionDescription {
  const kind = parent === null ? "root-port" : "downstream-port";
  const bus = { primary: parseInt(bdf.slice(5, 7), 16), secondary, subordinate };
  return { bdf, kind, class: "0604", parent, bus, acs: DIRECT, command: 6, bars: [], ...facts };
}

const BAR = { index: 0, type: "mem64", prefetchable: true, size: 0x10000000 } as const;

export function device(bdf: string, parent: string | null, code: string, facts: Facts = {}): FunctionDescription {
  return { bdf, kind: "endpoint", class: code, parent, acs: null, command: 6, physicalFunction: null, ...facts };
}

export function gpu(bdf: string, parent: string | null, facts: Facts = {}): FunctionDescription {
  return device(bdf, parent, "0302", { bars: [{ ...BAR, start: null, bus: null }], ...facts });
}

/** A GPU and a NIC below one switch of which both ports have this ACS, and a second GPU below another root port. */
export function gpuServer(
  acs: FunctionDescription["acs"],
  second: readonly FunctionDescription[] = [],
): FunctionDescription[] {
  const shown = acs === undefined ? {} : { acs };
  const ports = { ...shown, kind: "downstream-port" } as const;
  const without = (description: FunctionDescription): FunctionDescription => {
    if (acs !== undefined) return description;
    const { acs: _, ...rest } = description;
    return rest;
  };
  return [
    hostBridge(),
    port("0000:00:01.0", null, 1, 4),
    port("0000:01:00.0", "0000:00:01.0", 2, 4, { kind: "upstream-port", acs: null }),
    without(port("0000:02:00.0", "0000:01:00.0", 3, 3, ports)),
    without(port("0000:02:01.0", "0000:01:00.0", 4, 4, ports)),
    gpu("0000:03:00.0", "0000:02:00.0"),
    device("0000:04:00.0", "0000:02:01.0", "0207"),
    ...second,
  ];
}

/** A second GPU, below a root port of its own. */
export const SECOND_GPU: readonly FunctionDescription[] = [
  port("0000:00:02.0", null, 5, 5),
  gpu("0000:05:00.0", "0000:00:02.0"),
];

export function examined(
  functions: readonly FunctionDescription[],
  facts: Partial<SystemDescription> = {},
  options: ExamineOptions = {},
): Examination {
  const system = { ...DESKTOP, ...facts, functions };
  const topology = Topology.of({ peerlane: 1, systems: [system] });
  return examine(new PeerDma(topology, defaultPolicy(system)), options);
}

export function ids({ diagnoses }: Pick<Examination, "diagnoses">): string[] {
  return diagnoses.map(({ severity, id }) => `${severity} ${id}`);
}
