import type { Topology } from "../topology/topology.js";

/** Candidates that answer alike to all that is asked, and one of each group to ask. */
export interface Alike {
  /** Row in `asked` of each candidate. */
  readonly group: Uint32Array;
  /** Id of one candidate of each group. */
  readonly asked: Uint32Array;
}

/**
 * Groups candidates that all clients reach alike. What decides on a pair is where the two chains meet, how far away that
 * is, and what redirects below. So of those where nothing redirects below the first node that is also above a client,
 * that node and the depth decide; of the others what is above them and their own ACS. Candidates of systems without
 * clients are all out of reach. On their own are
 *
 * - those that redirect themselves: which bits they have may matter to a policy;
 * - clients and the bridges above them: the chains meet in the candidate;
 * - the functions of systems with side links, which are between single functions.
 *
 * @param linked ordinals of the systems with side links.
 * @param byPort whether the policy looks at the ports just below the bridge at which two chains meet: then only siblings
 *   that share theirs answer alike.
 */
export function groupAlike(
  topology: Topology,
  candidates: Uint32Array,
  clients: Iterable<number>,
  linked: ReadonlySet<number>,
  byPort: boolean,
): Alike {
  const grouping = new Grouping(topology, clients, linked, byPort);
  const parents = parentsOf(topology, candidates);
  const group = candidates.map((id, row) => grouping.of(id, parents[row]!));
  return { group, asked: Uint32Array.from(grouping.asked) };
}

/** Depth first, what two neighbours share is above the later one. */
function parentsOf({ core }: Topology, ids: Uint32Array): Uint32Array {
  const common = new Uint32Array(ids.length);
  const before = ids.map((id) => id - 1);
  core.commonMany(before, ids, { common });
  return common;
}

/** What is the same for all children of a bridge. */
interface Below {
  readonly parent: number;
  /** Whether a client is in the system. */
  readonly near: boolean;
  readonly linked: boolean;
  /** The first node from the bridge upwards that is also above a client, or else the host bridge; and its depth. */
  readonly meeting: number;
  readonly depth: number;
}

class Grouping {
  readonly asked: number[] = [];
  readonly #topology: Topology;
  /** Clients and all that is above them. */
  readonly #shared = new Set<number>();
  readonly #systems = new Set<number>();
  readonly #linked: ReadonlySet<number>;
  readonly #byPort: boolean;
  /** By node, those that have been walked over. */
  readonly #meetings = new Map<number, number>();
  #below: Below | null = null;
  // Groups by what decides.
  #far: number | null = null;
  readonly #alone = new Map<number, number>();
  readonly #siblings = [new Map<number, number>(), new Map<number, number>()] as const;
  readonly #direct = new Map<number, Map<number, number>>();

  constructor(topology: Topology, clients: Iterable<number>, linked: ReadonlySet<number>, byPort: boolean) {
    this.#topology = topology;
    this.#linked = linked;
    this.#byPort = byPort;
    for (const client of clients) {
      this.#systems.add(topology.systemOf(client));
      for (const id of topology.path(client)) this.#shared.add(id);
    }
  }

  of(id: number, parent: number): number {
    const { core } = this.#topology;
    // As a rule the one before has the same parent.
    if (this.#below?.parent !== parent) this.#below = this.#look(parent);
    const { near, linked, meeting, depth: least } = this.#below;
    if (!near) return (this.#far ??= this.#ask(id));
    const depth = core.depth(id);
    const redirect = core.redirectDepth(id);
    const isPort = this.#byPort && parent === meeting;
    if (linked || isPort || redirect === depth || this.#shared.has(id)) return this.#in(this.#alone, id, id);
    const unreadable = core.unreadableDepth(id);
    if (this.#byPort || redirect > least || unreadable > least) {
      return this.#in(this.#siblings[unreadable === depth ? 1 : 0], parent, id);
    }
    let depths = this.#direct.get(meeting);
    if (depths === undefined) this.#direct.set(meeting, (depths = new Map()));
    return this.#in(depths, depth, id);
  }

  #in(groups: Map<number, number>, key: number, id: number): number {
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = this.#ask(id)));
    return group;
  }

  #ask(id: number): number {
    return this.asked.push(id) - 1;
  }

  #look(parent: number): Below {
    const system = this.#topology.systemOf(parent);
    const meeting = this.#meetingAbove(parent);
    const depth = this.#topology.core.depth(meeting);
    return { parent, near: this.#systems.has(system), linked: this.#linked.has(system), meeting, depth };
  }

  #meetingAbove(node: number): number {
    const { core } = this.#topology;
    const walked: number[] = [];
    let at = node;
    while (!this.#meetings.has(at) && !this.#shared.has(at) && core.depth(at) > 0) {
      walked.push(at);
      at = core.common(at - 1, at);
    }
    const meeting = this.#meetings.get(at) ?? at;
    for (const each of walked) this.#meetings.set(each, meeting);
    return meeting;
  }
}
