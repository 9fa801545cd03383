import { formatCpu } from "../topology/cpu.js";
import { openSource, readThisMachine } from "../readers/node-machine.js";
import { read, type Source } from "../readers/read.js";
import { ReadError } from "../readers/reading.js";
import { contradictions } from "../letters/contradictions.js";
import { PeerDma } from "../explain/peer-dma.js";
import { isPacked } from "../topology/buffer/buffer.js";
import type { CpuDescription, IommuMode, MachineDescription, SystemDescription } from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { BufferError } from "../topology/buffer/sections.js";
import { listed } from "../topology/listed.js";
import { Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";
import { nameDevices } from "./labels.js";
import type { SharedOptions } from "./options.js";
import { readCpu } from "./parse.js";
import { policyChoice } from "./policy.js";
import { restated } from "./restate.js";
import { ofOneLineEach } from "./unseen.js";

/** What the sources say, with what the options say put into it. */
export interface Machine {
  readonly topology: Topology;
  /** The readers'; the topology has its own. */
  readonly findings: readonly Finding[];
  /** Whose rules decide about some functions. */
  peerDma(ids: Iterable<number>): PeerDma;
}

/**
 * Reads the sources and applies `--system`, `--cpu` and `--iommu`.
 *
 * @param allSystems whether the other systems are kept; that there is one of that name is seen to nevertheless.
 * @param asDescribed whether what the sources say is all that is wanted, without names that they leave out.
 */
export async function openMachine(options: SharedOptions, allSystems = false, asDescribed = false): Promise<Machine> {
  // Wrong options are found before anything is read: standard input may be a person.
  const cpu = options.cpu === undefined ? undefined : readCpu(options.cpu, "--cpu");
  const choosePolicy = policyChoice(options);
  const forPeople = !asDescribed && options.json !== true;
  const { topology, findings } = await openTopology(options, allSystems, cpu, forPeople);
  if (!asDescribed) await nameDevices(topology);
  return {
    topology,
    findings: [...findings, ...contradictions(topology)],
    peerDma: (ids) => new PeerDma(topology, choosePolicy(systemsOf(topology, ids))),
  };
}

/** A topology that was packed is as it was read; any other is made of what the sources say. */
async function openTopology(
  { input, system, iommu }: SharedOptions,
  allSystems: boolean,
  cpu: CpuDescription | undefined,
  forPeople: boolean,
): Promise<Omit<Machine, "peerDma">> {
  const sources = openSources(input);
  const packed = sources?.find(({ bytes }) => bytes instanceof Uint8Array && isPacked(bytes));
  if (packed === undefined) {
    const { machine, findings } = sources === null ? await readThisMachine() : await read(sources);
    const only = chooseSystem(machine, system);
    const chosen = allSystems ? machine.systems : only;
    const stated = { ...(cpu === undefined ? {} : { cpu }), ...(iommu === undefined ? {} : { iommu }) };
    const systems = chosen.map((each) => ({ ...each, ...stated }));
    return { topology: Topology.of({ ...machine, systems: forPeople ? ofOneLineEach(systems) : systems }), findings };
  }
  if (sources!.length > 1) {
    throw new UsageError(`-i ${packed.name}: a packed topology is whole and cannot be combined with other sources`);
  }
  const whole = unpack(packed);
  const ordinal = system === undefined ? null : ordinalOf(whole, system);
  const chosen = ordinal === null || allSystems ? whole : Topology.of(onlySystem(whole, ordinal));
  const ready = iommu === undefined ? chosen : restated(chosen, `--iommu ${iommu}`, withIommu(iommu));
  return { topology: cpu === undefined ? ready : onCpu(ready, cpu), findings: [] };
}

/** Another CPU leaves everything where it is, but for the DMA addresses of POWER. */
function onCpu(topology: Topology, cpu: CpuDescription): Topology {
  if (cpu.architecture?.startsWith("ppc") !== true) return topology.withCpu(cpu);
  return restated(topology, `--cpu ${formatCpu(cpu)}`, (machine) => ({
    ...machine,
    systems: machine.systems.map((each) => ({ ...each, cpu })),
  }));
}

function withIommu(iommu: IommuMode) {
  return (machine: MachineDescription): MachineDescription => ({
    ...machine,
    systems: machine.systems.map((each) => ({ ...each, iommu })),
  });
}

function unpack({ name, bytes }: Source): Topology {
  try {
    return Topology.from(bytes as Uint8Array);
  } catch (error) {
    if (error instanceof BufferError) throw new ReadError(error.message, name);
    throw error;
  }
}

function ordinalOf({ systems }: Topology, name: string): number {
  const ordinal = systems.findIndex((system) => system.name === name);
  if (ordinal === -1) throw noSystem(systems, name);
  return ordinal;
}

/** One system of many is small enough to be described. */
function onlySystem(topology: Topology, ordinal: number): MachineDescription {
  const system = topology.describeSystem(ordinal);
  topology.close();
  return { peerlane: 1, systems: [system] };
}

/** Null: this machine. */
function openSources(inputs: readonly string[]): readonly Source[] | null {
  if (inputs.filter((input) => input === "-").length > 1) {
    throw new UsageError("-i -: standard input can be read once only; give the other source as a file");
  }
  return inputs.length === 0 ? null : inputs.map(openSource);
}

function chooseSystem({ systems }: MachineDescription, name: string | undefined): readonly SystemDescription[] {
  if (name === undefined) return systems;
  const chosen = systems.filter((system) => system.name === name);
  if (chosen.length > 0) return chosen;
  throw noSystem(systems, name);
}

const SHOWN_SYSTEMS = 10;

function noSystem(systems: readonly { readonly name?: string }[], name: string): UsageError {
  const named = systems.flatMap((system) => (system.name === undefined ? [] : `"${system.name}"`));
  const shown =
    named.length === 0
      ? "the source names no system: leave --system out"
      : `the source has ${listed(named, SHOWN_SYSTEMS)}`;
  return new UsageError(`--system: no system is named "${name}"; ${shown}`);
}

function systemsOf(topology: Topology, ids: Iterable<number>): readonly SystemDescription[] {
  const ordinals = new Set(Array.from(ids, (id) => topology.systemOf(id)));
  return ordinals.size === 0 ? topology.systems : [...ordinals].map((ordinal) => topology.systems[ordinal]!);
}
