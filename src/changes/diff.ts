import type { PeerDma } from "../explain/peer-dma.js";
import type { Direction } from "../policy/policy.js";
import { formatBus, parseBdf } from "../topology/bdf.js";
import type { SystemDescription, WindowDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { ASPECTS, FactSheet, type FactChange, type NotShown } from "./facts.js";
import { groupChanges, type GroupChange } from "./groups.js";
import { matchFunctions, type Correspondence, type MatchedFunction, type Recognition } from "./identity.js";
import { verdictChanges, type VerdictChanges } from "./verdicts.js";

/** A function that hangs below another bridge, or is another device on its bus. */
export interface Move {
  /** Id in the topology before. */
  readonly before: number;
  /** Id in the topology after. */
  readonly after: number;
  readonly by: Recognition;
  /** Ids of what it hung below and hangs below now. */
  readonly below: readonly [before: number, after: number];
}

/** Functions that are where they were, below a bus that has another number. */
export interface Renumbering {
  /** `dddd:bb`. */
  readonly before: string;
  /** `dddd:bb`. */
  readonly after: string;
  readonly functions: number;
}

/** What is not as it was between two descriptions of one system. */
export interface SystemDiff {
  /** Which function is which. */
  readonly functions: Correspondence;
  /** Ids before of functions that are not there after. */
  readonly gone: readonly number[];
  /** Ids after of functions that were not there before. */
  readonly added: readonly number[];
  /** Ids after of functions that before does not list, and ids before that after does not, though they may be there. */
  readonly notListed: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Those that were moved themselves; what hangs below one goes with it and is left out. */
  readonly moved: readonly Move[];
  /** Bus by bus; what was moved, or hangs below what was moved, is counted, too. */
  readonly renumbered: readonly Renumbering[];
  /** Of the functions that are on both sides. */
  readonly verdicts: VerdictChanges;
  /** In the order of `ASPECTS`, then of the functions before. */
  readonly facts: readonly FactChange[];
  readonly groups: readonly GroupChange[];
  /** What cannot be compared, since one side alone shows it. */
  readonly notShown: readonly NotShown[];
}

/** About which functions and requests the verdicts are compared. */
export interface DiffOptions {
  /** Ids before of the functions whose pairs matter; missing: all. */
  readonly of?: Iterable<number>;
  /** As the client sees it. */
  readonly direction?: Direction;
  /** Which function is which, where that is known; missing: found out by {@link matchFunctions}. */
  readonly functions?: Correspondence;
}

/**
 * What differs between two systems, or one system at two times. Functions are matched by what identifies them, so that
 * another bus number alone makes no difference; each side is judged by its own policy.
 *
 * @param before asked about the system of that place in `topology.systems`; so with `after`.
 * @throws RangeError for a system that there is not, and for more functions than `MATRIX_LIMIT`: then say which `of`.
 */
export function diffSystems(
  before: readonly [PeerDma, system: number],
  after: readonly [PeerDma, system: number],
  { of, direction, functions: known }: DiffOptions = {},
): SystemDiff {
  const [old, now] = [before[0].topology, after[0].topology];
  const functions = known ?? matchFunctions([old, before[1]], [now, after[1]]);
  const { matched, gone, added } = functions;
  const same = matched.map(({ before, after }) => [before, after] as const);
  const sheet = new FactSheet();
  const above = new Map([...functions.roots, ...same]);
  const moved: Move[] = [];
  for (const match of matched) {
    sheet.compareFunctions([match.before, match.after], old.describe(match.before)!, now.describe(match.after)!);
    const move = moveOf(old, now, match, above);
    if (typeof move === "string") sheet.lack(move, "device", "place");
    else if (move !== null) moved.push(move);
  }
  const [was, is] = [old.describeSystem(before[1]), now.describeSystem(after[1])];
  const nameNow = new Map(same.map(([id, then]) => [old.describe(id)!.bdf, now.describe(then)!.bdf]));
  sheet.compareSystems(was, is, (bdf) => nameNow.get(bdf) ?? bdf);
  for (const [id, then] of functions.roots) {
    const bus = now.name(then);
    sheet.compareWindows(`host bridge ${bus} `, windowsOf(was, old, id), windowsOf(is, now, then));
  }
  const [lists, listed] = [is, was].map(({ complete }) => complete !== undefined && complete !== false);
  return {
    functions,
    gone: lists ? gone : [],
    added: listed ? added : [],
    notListed: { before: listed ? [] : added, after: lists ? [] : gone },
    moved,
    renumbered: renumbered(old, now, same),
    verdicts: verdictChanges(before[0], after[0], {
      same,
      ...(of === undefined ? {} : { of }),
      ...(direction === undefined ? {} : { direction }),
    }),
    facts: [...sheet.changes].sort((a, b) => ASPECTS.indexOf(a.aspect) - ASPECTS.indexOf(b.aspect)),
    groups: groupChanges(old, now, matched),
    notShown: sheet.notShown,
  };
}

/** Null: it is where it was; a side: that one does not show where it is. Virtual functions are where physical ones are. */
function moveOf(
  old: Topology,
  now: Topology,
  { before, after, by }: MatchedFunction,
  above: ReadonlyMap<number, number>,
): Move | null | NotShown["side"] {
  if (by === "physical-function") return null;
  const [was, is] = [old.parent(before), now.parent(after)];
  if (typeof was !== "number" || typeof is !== "number") {
    return was === is ? null : typeof was === "number" ? "after" : "before";
  }
  const [place, then] = [old.describe(before)!.bdf, now.describe(after)!.bdf].map((bdf) => bdf.slice(-4));
  return above.get(was) === is && place === then ? null : { before, after, by, below: [was, is] };
}

function renumbered(old: Topology, now: Topology, same: readonly (readonly [number, number])[]): Renumbering[] {
  const buses = new Map<string, { before: string; after: string; functions: number }>();
  for (const [before, after] of same) {
    const [was, is] = [busOf(old, before), busOf(now, after)];
    if (was === is) continue;
    const entry = buses.get(`${was} ${is}`);
    if (entry === undefined) buses.set(`${was} ${is}`, { before: was, after: is, functions: 1 });
    else entry.functions++;
  }
  return [...buses.values()].sort((a, b) => (a.before < b.before ? -1 : a.before > b.before ? 1 : 0));
}

function busOf(topology: Topology, id: number): string {
  const { segment, bus } = parseBdf(topology.describe(id)!.bdf)!;
  return formatBus(segment, bus);
}

/** Of a host bridge. */
function windowsOf(
  { hostBridges = [] }: SystemDescription,
  topology: Topology,
  id: number,
): readonly WindowDescription[] | undefined {
  const { root } = topology.roots[topology.rootOrdinal(id)]!;
  return root.known ? hostBridges.find((bridge) => bridge.root === root.bus)?.windows : undefined;
}
