import type { MatchedFunction } from "./identity.js";
import type { Topology } from "../topology/topology.js";

/**
 * IOMMU groups that are divided otherwise than they were: those before and those after that hold the same functions.
 * One before and several after: it was split; several and one: they were merged.
 */
export interface GroupChange {
  readonly before: readonly IommuGroup[];
  readonly after: readonly IommuGroup[];
}

/** Functions that the IOMMU does not tell apart. */
export interface IommuGroup {
  /** Its number, which says nothing from one boot to the next. */
  readonly number: number;
  /** Ids of those of its functions that are on both sides. */
  readonly functions: readonly number[];
}

/**
 * How the groups of functions that are on both sides, and show theirs, are divided anew; groups that have another number
 * and the same functions are the same.
 */
export function groupChanges(before: Topology, after: Topology, matched: readonly MatchedFunction[]): GroupChange[] {
  const [old, now] = [new Map<number, number[]>(), new Map<number, number[]>()];
  /** Groups after that hold functions of one before, and the other way round. */
  const [into, outOf] = [new Map<number, Set<number>>(), new Map<number, Set<number>>()];
  for (const { before: was, after: is } of matched) {
    const [from, to] = [before.describe(was)!.iommuGroup, after.describe(is)!.iommuGroup];
    if (typeof from !== "number" || typeof to !== "number") continue;
    listed(old, from).push(was);
    listed(now, to).push(is);
    kept(into, from).add(to);
    kept(outOf, to).add(from);
  }
  const seen = new Set<number>();
  const changes: GroupChange[] = [];
  for (const first of old.keys()) {
    if (seen.has(first)) continue;
    const [were, are] = [new Set([first]), new Set<number>()];
    for (const group of were) {
      seen.add(group);
      for (const next of into.get(group)!) {
        if (are.has(next)) continue;
        are.add(next);
        for (const other of outOf.get(next)!) were.add(other);
      }
    }
    if (were.size === 1 && are.size === 1) continue;
    const groups = (numbers: Set<number>, functions: Map<number, number[]>) =>
      [...numbers].sort((a, b) => a - b).map((number) => ({ number, functions: functions.get(number)! }));
    changes.push({ before: groups(were, old), after: groups(are, now) });
  }
  return changes;
}

function listed(lists: Map<number, number[]>, key: number): number[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function kept(sets: Map<number, Set<number>>, key: number): Set<number> {
  const set = sets.get(key) ?? new Set<number>();
  sets.set(key, set);
  return set;
}
