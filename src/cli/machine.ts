import { linux, NEWEST_KERNEL } from "../policy/linux.js";
import { parseCpu } from "../policy/cpu.js";
import type { Policy } from "../policy/policy.js";
import { parseRelease } from "../policy/release.js";
import { openSource, readThisMachine } from "../readers/node-machine.js";
import { read } from "../readers/read.js";
import { PeerDma } from "../explain/peer-dma.js";
import type { MachineDescription, SystemDescription } from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";
import type { SharedOptions } from "./options.js";

/** What the sources say, with what the options say put into it. */
export interface Machine {
  readonly description: MachineDescription;
  readonly topology: Topology;
  /** The readers'; the topology has its own. */
  readonly findings: readonly Finding[];
  /** Whose rules decide about some functions. */
  peerDma(ids: Iterable<number>): PeerDma;
}

/** Reads the sources and applies `--system` and `--cpu`. */
export async function openMachine(options: SharedOptions): Promise<Machine> {
  // Wrong options are found before anything is read: standard input may be a person.
  const cpu = options.cpu === undefined ? undefined : readCpu(options.cpu);
  const policy = options.kernel === undefined ? undefined : readKernel(options.kernel);
  const { machine, findings } = await readSources(options.input);
  const chosen = chooseSystem(machine, options.system);
  const systems = cpu === undefined ? chosen : chosen.map((system) => ({ ...system, cpu }));
  const description: MachineDescription = { ...machine, systems };
  const topology = Topology.of(description);
  return {
    description,
    topology,
    findings,
    peerDma: (ids) => new PeerDma(topology, policy ?? policyOf(systemsOf(topology, ids))),
  };
}

function readSources(inputs: readonly string[]) {
  if (inputs.length === 0) return readThisMachine();
  if (inputs.filter((input) => input === "-").length > 1) {
    throw new UsageError("-i -: standard input can be read once only; give the other source as a file");
  }
  return read(inputs.map(openSource));
}

function readKernel(text: string): Policy {
  if (parseRelease(text) !== null) return linux(text);
  throw new UsageError(`--kernel: expected a release of Linux such as 6.1 or 6.12.117, got "${text}"`);
}

function readCpu(text: string) {
  const cpu = parseCpu(text);
  if (cpu !== null) return cpu;
  throw new UsageError(
    "--cpu: expected VENDOR:FAMILY as in /proc/cpuinfo, such as AuthenticAMD:25, GenuineIntel:6, HygonGenuine:24, " +
      `or ppc64:POWER9, arm64:0x41, got "${text}"`,
  );
}

function chooseSystem({ systems }: MachineDescription, name: string | undefined): readonly SystemDescription[] {
  if (name === undefined) return systems;
  const chosen = systems.filter((system) => system.name === name);
  if (chosen.length > 0) return chosen;
  const named = systems.flatMap((system) => (system.name === undefined ? [] : `"${system.name}"`));
  const shown =
    named.length === 0 ? "the source names no system: leave --system out" : `the source has ${named.join(", ")}`;
  throw new UsageError(`--system: no system is named "${name}"; ${shown}`);
}

function systemsOf(topology: Topology, ids: Iterable<number>): readonly SystemDescription[] {
  const ordinals = new Set(Array.from(ids, (id) => topology.systemOf(id)));
  return ordinals.size === 0 ? topology.systems : [...ordinals].map((ordinal) => topology.systems[ordinal]!);
}

/** The rules of the sources' own kernel, else the newest. */
function policyOf(systems: readonly SystemDescription[]): Policy {
  const releases = [...new Set(systems.flatMap(({ kernel }) => kernel?.release ?? []))];
  if (releases.length > 1) {
    throw new UsageError(
      `the systems run different kernels (${releases.join(", ")}): choose one with --kernel, or one machine with --system`,
    );
  }
  const [release] = releases;
  if (release !== undefined && parseRelease(release) !== null) return linux(release);
  const cause = release === undefined ? "the source shows no kernel release" : `"${release}" is no release of Linux`;
  return { ...linux(), inferred: [`kernel ${NEWEST_KERNEL}, the newest whose rules are known: ${cause}`] };
}
