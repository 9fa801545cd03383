import { isBridge } from "../topology/class-code.js";
import type { Topology } from "../topology/topology.js";
import { ACS_EGRESS, ACS_REQUEST } from "../topology/register.js";
import type { ControlChange } from "./change.js";
import { iommuGroups, type GroupBounds, type Groups } from "./iommu-groups.js";

/** What devices lose when ACS bits are cleared. */
export interface IsolationCost {
  /** Per function that no longer redirects requests: who then reaches whom without the IOMMU between them. */
  readonly exposed: readonly Exposure[];
  /** IOMMU groups that become one, each as the endpoints in it, by name; null: not known, or there are none. */
  readonly merged: readonly MergedGroup[] | null;
  /** Why nothing is said of groups; null: something is. */
  readonly noGroups: string | null;
}

/** Names of functions, in the order of the topology. */
export interface Exposure {
  readonly by: string;
  /** Whose requests it lets turn around. */
  readonly initiators: readonly string[];
  /** Whose memory they then reach. */
  readonly reach: readonly string[];
}

/** Groups that are apart now and one group afterwards. */
export interface MergedGroup {
  /** The endpoints of each of them, by name; bridges are left out. */
  readonly parts: readonly (readonly string[])[];
  /** Null: whether they merge depends on what the description does not show. */
  readonly certain: true | null;
}

/** Who loses the isolation from whom by a change. */
export function exposures(topology: Topology, changes: readonly ControlChange[]): Exposure[] {
  return changes
    .filter(({ clear }) => (clear & (ACS_REQUEST | ACS_EGRESS)) !== 0)
    .map(({ id }) => {
      const parent = topology.path(id)[1];
      const own = endpointsBelow(topology, id);
      const around = parent === undefined ? [] : endpointsBelow(topology, parent);
      const inside = new Set(own);
      return {
        by: topology.name(id),
        initiators: own.map((each) => topology.name(each)),
        reach: around.filter((each) => !inside.has(each)).map((each) => topology.name(each)),
      };
    })
    .filter(({ initiators, reach }) => initiators.length > 0 && reach.length > 0);
}

/** The endpoints below a node, which may be one itself; ids number nodes depth first. */
function endpointsBelow(topology: Topology, top: number): number[] {
  const found: number[] = [];
  const depth = topology.core.depth(top);
  for (let id = top; id === top || (id <= topology.size && topology.core.depth(id) > depth); id++) {
    if (topology.isFunction(id) && !isBridge(topology.registers(id)!)) found.push(id);
  }
  return found;
}

/**
 * What a change costs.
 *
 * @param after the machine with the change made; its functions have the names that they have before.
 */
export function isolationCost(
  before: Topology,
  after: Topology,
  system: number,
  changes: readonly ControlChange[],
): IsolationCost {
  const exposed = exposures(before, changes);
  const noGroups = withoutGroups(before, system);
  if (noGroups !== null) return { exposed, merged: null, noGroups };
  return { exposed, merged: mergedGroups(before, after, system), noGroups: null };
}

/** Why there are no groups to tell of. */
function withoutGroups(topology: Topology, system: number): string | null {
  const { iommu, cpu } = topology.systems[system]!;
  if (iommu === "off") return "no IOMMU is on: nothing isolates devices now either";
  const ids = topology.functions(system);
  if (ids.length > 0 && ids.every((id) => topology.registers(id)!.iommuGroup === null)) {
    return "no function is in an IOMMU group: nothing isolates devices now either";
  }
  const architecture = cpu?.architecture;
  if (architecture === undefined || architecture === "x86") return null;
  return `how Linux on ${architecture} groups devices depends on more than ACS`;
}

function mergedGroups(before: Topology, after: Topology, system: number): MergedGroup[] {
  const then = iommuGroups(before, system);
  const later = byNamesOf(before, after, system);
  const certain = merges(before, then.coarsest, later.finest);
  const possible = merges(before, then.finest, later.coarsest);
  const told = new Set(certain.map(keyOf));
  return [
    ...certain.map((parts) => ({ parts, certain: true as const })),
    ...possible.filter((parts) => !told.has(keyOf(parts))).map((parts) => ({ parts, certain: null })),
  ];
}

const keyOf = (parts: readonly (readonly string[])[]): string => JSON.stringify(parts);

/** The groups of an edited machine by the ids of the one before. */
function byNamesOf(before: Topology, after: Topology, system: number): GroupBounds {
  const ids = new Map([...before.functions(system)].map((id) => [before.registers(id)!.bdf, id]));
  const translated = (groups: Groups): Groups =>
    new Map([...groups].map(([id, founder]) => [idThere(id), idThere(founder)]));
  const idThere = (id: number): number => ids.get(after.registers(id)!.bdf)!;
  const { finest, coarsest } = iommuGroups(after, 0);
  return { finest: translated(finest), coarsest: translated(coarsest) };
}

/** The groups afterwards that hold endpoints of several groups before. */
function merges(topology: Topology, before: Groups, after: Groups): string[][][] {
  const whole = new Map<number, Map<number, string[]>>();
  for (const [id, founder] of [...after].sort(([a], [b]) => a - b)) {
    if (isBridge(topology.registers(id)!)) continue;
    const parts = whole.get(founder) ?? new Map<number, string[]>();
    const own = before.get(id)!;
    parts.set(own, [...(parts.get(own) ?? []), topology.name(id)]);
    whole.set(founder, parts);
  }
  return [...whole.values()].filter((parts) => parts.size > 1).map((parts) => [...parts.values()]);
}
