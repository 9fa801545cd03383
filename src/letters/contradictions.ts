import type { Finding } from "../topology/finding.js";
import type { Topology } from "../topology/topology.js";
import type { ViewDescription } from "../topology/views.js";
import type { Claims } from "./claims.js";
import { compareClaims } from "./compare.js";
import { ncclClaims } from "./nccl.js";
import { nvidiaClaims } from "./nvidia.js";
import { dialectOf, viewClaims } from "./views.js";

/** Pairs that are named one by one; of the others it is said how many there are. */
const NAMED = 20;

/**
 * Where another tool, of which the description of a machine holds what it says (`views`), contradicts what the functions
 * show: for each pair of devices a finding `SOURCES_DISAGREE`. None for a topology of several systems, nor where nothing
 * shows what functions hang below.
 */
export function contradictions(topology: Topology): readonly Finding[] {
  const [system] = topology.systems;
  if (topology.systems.length !== 1 || system!.views === undefined) return [];
  if (topology.roots.every(({ root }) => !root.known)) return [];
  const ends = [...topology.functions()].filter((id) => {
    const { bus, class: code } = topology.describe(id)!;
    return bus === undefined && code?.startsWith("06") !== true;
  });
  return system!.views.flatMap((view) => contradictionsOf(view, topology, ends));
}

function contradictionsOf(view: ViewDescription, topology: Topology, ends: readonly number[]): Finding[] {
  const ours = dialectOf(view) === "nccl" ? ncclClaims(topology, ends) : nvidiaClaims(topology, ends);
  const { different, nearElsewhere, matches, theirs, assumptions } = compareClaims(viewClaims(view), ours);
  const assumed = assumptions.length === 0 ? "" : ` (assumed: ${assumptions.join("; ")})`;
  const found = different.slice(0, NAMED).map(({ row, column, theirs: claim, ours: letter, reason }): Finding => {
    const [one, other] = [matches[row]!, matches[column]!];
    const pair = `${called(theirs, one.theirs)} to ${called(theirs, other.theirs)}`;
    return {
      code: "SOURCES_DISAGREE",
      message: `${pair}: ${theirs.origin} says ${claim}, the functions ${letter}: ${reason}${assumed}`,
      functions: [one, other].map((match) => topology.name(ours.devices[match.ours]!.id!)),
    };
  });
  for (const { device, what, theirs: claim, ours: fact } of nearElsewhere.slice(0, NAMED)) {
    const { theirs: place, ours: own } = matches[device]!;
    const name = { numaNodes: "NUMA node", cpus: "CPUs" }[what];
    found.push({
      code: "SOURCES_DISAGREE",
      message: `${called(theirs, place)}: near ${name} ${claim} as ${theirs.origin} says, ${fact} as the functions say${assumed}`,
      functions: [topology.name(ours.devices[own]!.id!)],
    });
  }
  const left = different.length - Math.min(different.length, NAMED);
  if (left > 0) {
    const message = `${theirs.origin} and the functions differ in ${left} more pairs: matrix --compare lists them all`;
    found.push({ code: "SOURCES_DISAGREE", message, functions: [] });
  }
  return found;
}

function called({ devices }: Claims, place: number): string {
  const { name, bdf } = devices[place]!;
  return bdf === null || bdf === name ? name : `${name} (${bdf})`;
}
