import type { Topology } from "../topology/topology.js";
import type { Patient } from "./check.js";
import type { Member } from "./party.js";

/** What of each function on the paths between talkers is taken for a redirect. */
export type Redirecting = "certain" | "possible";

/** A function on a root bus with talkers below it, or that is one itself: what is below it has a bridge in common. */
export interface Tree {
  /** Id of the function on the root bus. */
  readonly top: number;
  /** The talkers below it. */
  readonly members: readonly Member[];
  /**
   * The same by what they reach without passing a redirect: pairs within a group are direct, pairs between groups are
   * not (docs/semantics.md, Redirect: the path, the common bridge and both ends count).
   */
  readonly groups: Readonly<Record<Redirecting, readonly (readonly Member[])[]>>;
  /** Ids of those that redirect, or may, with a pair of talkers whose path they are on. */
  readonly redirecting: Readonly<Record<Redirecting, readonly number[]>>;
}

/** The trees of a system, in one pass over its nodes. */
export function treesOf({ topology, roots }: Patient, members: readonly Member[]): Tree[] {
  const byId = new Map(members.map((member) => [member.id, member]));
  return roots.flatMap((place) => [...treesBelow(topology, place, byId)]);
}

/** Ids number the nodes depth first: a tree is a run of ids, and who was last one level up is above. */
function* treesBelow(topology: Topology, place: number, members: ReadonlyMap<number, Member>): Generator<Tree> {
  const { roots, core } = topology;
  const end = roots[place + 1]?.id ?? topology.size + 1;
  for (let id = roots[place]!.id + 1; id < end;) {
    const top = id;
    do id++;
    while (id < end && core.depth(id) > 1);
    const own = membersIn(top, id, members);
    if (own.length > 0) yield treeOf(topology, top, id, own);
  }
}

function membersIn(from: number, to: number, members: ReadonlyMap<number, Member>): Member[] {
  const found: Member[] = [];
  for (let id = from; id < to; id++) {
    const member = members.get(id);
    if (member !== undefined) found.push(member);
  }
  return found;
}

function treeOf(topology: Topology, top: number, end: number, members: readonly Member[]): Tree {
  const { core } = topology;
  const parents = new Uint32Array(end - top);
  const above: number[] = [];
  const redirects = new Set<number>();
  const unreadable = new Set<number>();
  for (let id = top; id < end; id++) {
    const depth = core.depth(id);
    above[depth] = id;
    if (id > top) parents[id - top] = above[depth - 1]!;
    if (core.redirectDepth(id) === depth) redirects.add(id);
    else if (core.unreadableDepth(id) === depth) unreadable.add(id);
  }
  const shape: Shape = { top, parents, members };
  const either = new Set([...redirects, ...unreadable]);
  const passed = passedBy(shape, either);
  return {
    top,
    members,
    groups: { certain: grouped(shape, redirects), possible: grouped(shape, either) },
    redirecting: {
      certain: [...redirects].filter((id) => passed.has(id)),
      possible: [...unreadable].filter((id) => passed.has(id)),
    },
  };
}

/** A tree as a column: the parent of each node, by its id from that of the top. */
interface Shape {
  readonly top: number;
  readonly parents: Uint32Array;
  readonly members: readonly Member[];
}

/** The members by the part of the tree that they are in once the nodes `without` are taken out of it. */
function grouped({ top, parents, members }: Shape, without: ReadonlySet<number>): Member[][] {
  const parts = new Uint32Array(parents.length);
  for (let at = 0; at < parents.length; at++) {
    const parent = parents[at]!;
    const joins = at > 0 && !without.has(parent) && !without.has(top + at);
    parts[at] = joins ? parts[parent - top]! : at;
  }
  const groups = new Map<number, Member[]>();
  for (const member of members) {
    const part = parts[member.id - top]!;
    const group = groups.get(part);
    if (group === undefined) groups.set(part, [member]);
    else group.push(member);
  }
  return [...groups.values()];
}

/**
 * Those of `nodes` that are on the path of some pair that talks, the common bridge and both ends included. The functions
 * of one device do not talk, so that one of each is enough.
 */
function passedBy({ top, parents, members }: Shape, nodes: ReadonlySet<number>): Set<number> {
  const devices = new Map<number, Member>();
  for (const member of members) if (devices.get(member.device)?.nic !== false) devices.set(member.device, member);
  const all = new Uint32Array(parents.length);
  const nics = new Uint32Array(parents.length);
  for (const { id, nic } of devices.values()) {
    all[id - top]!++;
    if (nic) nics[id - top]!++;
  }
  // How many pairs have their ends below different children of a node, once its children are done.
  const turning = new Float64Array(parents.length);
  const pairs = (at: number) => (all[at]! ** 2 - nics[at]! ** 2) / 2;
  for (let at = parents.length - 1; at > 0; at--) {
    const parent = parents[at]! - top;
    all[parent]! += all[at]!;
    nics[parent]! += nics[at]!;
    turning[parent]! -= pairs(at);
  }
  const own = new Map(members.map((member) => [member.id, member]));
  const isPassed = (id: number): boolean => {
    const at = id - top;
    const member = own.get(id);
    if (member !== undefined) {
      const device = devices.get(member.device)!;
      const others = all[0]! - 1;
      return (member.nic ? others - (nics[0]! - (device.nic ? 1 : 0)) : others) > 0;
    }
    const across = all[at]! * (all[0]! - all[at]!) - nics[at]! * (nics[0]! - nics[at]!);
    return across > 0 || pairs(at) + turning[at]! > 0;
  };
  return new Set([...nodes].filter(isPassed));
}
