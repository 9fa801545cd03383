import type { PeerDma } from "../explain/peer-dma.js";
import { cpuOf, formatCpu } from "../topology/cpu.js";
import type { Missing } from "../policy/policy.js";
import type { SystemDescription } from "../topology/description.js";

/** By whose rules a question was answered, and how much of that had to be guessed. */
export interface PolicyDocument {
  readonly name: string;
  readonly kernel: string | null;
  /** As `--cpu` takes it; null: unknown, or not the same in all systems. */
  readonly cpu: string | null;
  readonly inferred: readonly string[];
  readonly assumed: readonly string[];
}

/**
 * By whose rules questions about some functions are answered.
 *
 * @param ids the functions concerned, for the CPU of their systems; none: all.
 */
export function policyDocument(peer: PeerDma, ids: Iterable<number>): PolicyDocument {
  const { policy, topology } = peer;
  const named = [...ids];
  const concerned = named.length > 0 ? named : [...topology.functions()];
  const systems = [...new Set(concerned.map((id) => topology.systemOf(id)))];
  const roots = [...new Set(concerned.map((id) => topology.rootOrdinal(id)))];
  const cpus = systems.map((system) => cpuIn(topology.systems[system]!));
  const names = [...new Set(cpus.map(({ name }) => name))];
  return {
    name: policy.name,
    kernel: policy.kernel ?? null,
    cpu: names.length === 1 ? names[0]! : null,
    inferred: [...(policy.inferred ?? []), ...new Set(cpus.flatMap(({ inferred }) => inferred ?? []))],
    assumed: [...new Set(roots.flatMap((root) => peer.judgement(root).assumed ?? []))],
  };
}

function cpuIn(system: SystemDescription): { readonly name: string | null; readonly inferred?: string } {
  const known = cpuOf(system);
  const name = formatCpu(known?.cpu);
  return known?.inferredFrom === undefined ? { name } : { name, inferred: `CPU ${name}, from ${known.inferredFrom}` };
}

/** `Linux 6.12.117, CPU GenuineIntel:6`. */
export function policyText({ name, kernel, cpu }: PolicyDocument): string {
  const rules = kernel !== null && /^linux-[\d.]+$/.test(name) ? `Linux ${kernel}` : name;
  return `${rules}, CPU ${cpu ?? "unknown"}`;
}

/** What would have to be shown, and where it can be seen. */
export function missingText({ what, where }: Missing): string {
  return `${what} (${where})`;
}
