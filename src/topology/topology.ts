import { Core, numberForest, type Build, type Forest, type Open } from "../core.js";
import { collectClaims, findOverlaps, type Claim, type Node } from "./claims.js";
import type { FunctionDescription, MachineDescription, SystemDescription } from "./description.js";
import { TopologyError, type Problem } from "./errors.js";
import type { Finding } from "./finding.js";
import { Names } from "./names.js";
import { place, type Placement, type Root } from "./placement.js";
import { redirects } from "./register.js";

/**
 * A node by number (its id) or by name: `[system/]dddd:bb:dd.f`, `[system/]dddd:bb` for a host bridge, or a name such
 * as `nvme0`.
 */
export type Ref = number | string;

/** What two functions share. */
export interface Common {
  /**
   * Id of the nearest bridge that is above both, or one of them; null: none; `"unknown"`: the description does not show
   * it.
   */
  readonly bridge: number | null | "unknown";
  /** Whether both hang below one host bridge. */
  readonly sameHostBridge: boolean | "unknown";
  /** Hops as Linux counts them (docs/semantics.md, Distance); null: unknown, or in different systems. */
  readonly distance: number | null;
}

/** Who an address belongs to. */
export interface Owner {
  readonly kind: Exclude<Claim["kind"], "window">;
  /** Id of the function; null for owners outside PCI. */
  readonly id: number | null;
  /** `dddd:bb:dd.f`, or what the source calls it. */
  readonly name: string;
  /** Index of the BAR; null: not shown, or no BAR. */
  readonly bar: number | null;
  /** CPU physical. */
  readonly start: bigint;
  /** Bytes; null: a BAR of unknown size or place, of which `start` is the least. */
  readonly size: bigint | null;
  /** Of the address in it. */
  readonly offset: bigint;
}

/** What the description says of one address. */
export interface Ownership {
  /** `one`: owned. `none`: nobody's. `several`: ambiguous. `unknown`: the description does not show enough. */
  readonly answer: "one" | "none" | "several" | "unknown";
  /** The owner, the claimants, or who may own it. */
  readonly owners: readonly Owner[];
  /** The innermost window that forwards the address, where no owner is nearer: of a bridge or of a host bridge. */
  readonly window: { readonly id: number; readonly kind: "mem" | "pref" } | null;
}

export interface TopologyOptions {
  /** Which of the core's builds to run: to compare them, or to find out which of them is at fault. */
  readonly build?: Build;
}

/**
 * The index of a description: immutable, packed, structure only. Ids number the nodes depth first, host bridges
 * included; they are good for one topology only.
 */
export class Topology {
  /** What was odd about the description and could be lived with. */
  readonly findings: readonly Finding[];
  readonly systems: readonly SystemDescription[];
  /** How many nodes there are: host bridges, unknown roots and functions. Ids run from 1 to this. */
  readonly size: number;
  #core: Core | null;
  readonly #nodes: readonly Node[];
  readonly #roots: readonly { readonly id: number; readonly root: Root }[];
  readonly #claims: readonly Claim[];
  readonly #open: readonly Open[];
  readonly #names: Names;

  /**
   * Checks and packs a description.
   *
   * @throws TypeError for what is no description; TopologyError with every problem of one that cannot be true.
   * @throws RangeError where it does not fit into the core or no memory is to be had.
   */
  static of(machine: MachineDescription, options: TopologyOptions = {}): Topology {
    checkShape(machine);
    return new Topology(machine, options);
  }

  private constructor(machine: MachineDescription, options: TopologyOptions) {
    const problems: Problem[] = [];
    const findings: Finding[] = [];
    this.systems = machine.systems;
    checkSystemNames(machine.systems, problems);
    const placement = place(machine.systems, problems, findings);
    const forest = forestOf(placement, problems, options.build);
    this.size = forest.count;
    this.#nodes = nodesOf(placement, forest.order);
    this.#roots = rootsOf(placement, forest.order);
    this.#names = new Names(this.systems, this.#nodes, this.#roots);
    const claims = collectClaims(
      this.systems,
      this.#nodes,
      forest,
      (node) => this.#physical(node),
      (system, root) => this.#names.exact(system, root),
      problems,
      findings,
    );
    if (problems.length > 0) throw new TopologyError(problems);
    findOverlaps(claims, (id) => this.name(id), findings);
    this.#claims = claims.claims;
    this.#open = claims.open;
    this.findings = findings;
    this.#core = new Core(
      forest,
      this.#roots.map(({ root }) => root),
      claims.open.map((open) => ({ open })),
      claims.rows,
      options.build,
    );
  }

  /**
   * The id of a node.
   *
   * @throws RangeError for an id or name that this topology does not have, or a name that several have.
   */
  id(ref: Ref): number {
    if (typeof ref === "string") return this.#names.find(ref);
    if (Number.isInteger(ref) && ref >= 1 && ref <= this.size) return ref;
    throw new RangeError(`expected an id from 1 to ${this.size}, got ${String(ref)}`);
  }

  /** `dddd:bb:dd.f` for a function, `dddd:bb` for a host bridge; with `system/` in front where there are several. */
  name(id: number): string {
    return this.#names.of(this.#node(id));
  }

  /** What the description holds of a function; null for a host bridge. */
  describe(ref: Ref): FunctionDescription | null {
    return this.#node(this.id(ref)).description;
  }

  /** What the description holds of the physical function of a virtual one. */
  physicalFunction(ref: Ref): FunctionDescription | undefined {
    return this.#physical(this.#node(this.id(ref)));
  }

  /** Whether a name is that of a device outside PCI. */
  isPlatformDevice(ref: Ref): boolean {
    return this.systems.some(({ platformDevices }) => platformDevices?.some(({ name }) => name === ref));
  }

  /** Ids of all functions, or of one system's, by segment, bus, device, function. */
  functions(system?: string): Uint32Array {
    const ordinal = system === undefined ? null : this.#names.system(system);
    const ids = this.#names.functions.filter((id) => ordinal === null || this.#node(id).system === ordinal);
    return Uint32Array.from(ids);
  }

  /** Ordinal in `systems` of the system a node is part of. */
  systemOf(id: number): number {
    return this.#node(id).system;
  }

  /** The host bridges and unknown roots with the functions on their buses, in the order of ids. */
  get roots(): readonly { readonly id: number; readonly root: Root }[] {
    return this.#roots;
  }

  /** Ids from a node up to its host bridge, both included. */
  path(ref: Ref): Uint32Array {
    return this.core.ancestors(this.id(ref));
  }

  /** Id of the bridge or host bridge above; null for a host bridge itself; `"unknown"` where nothing shows it. */
  parent(ref: Ref): number | null | "unknown" {
    const [, parent] = this.path(ref);
    if (parent === undefined) return null;
    return this.isKnown(parent) ? parent : "unknown";
  }

  /** Whether a node is more than a stand-in for a bridge or host bridge that the description does not show. */
  isKnown(id: number): boolean {
    return this.#node(id).known;
  }

  /** The host bridge above a node; null where nothing shows it. */
  hostBridge(ref: Ref): number | null {
    const { id, root } = this.#roots[this.core.host(this.id(ref))]!;
    return root.known ? id : null;
  }

  /** Ordinal in `roots` of the root above a node. */
  rootOrdinal(id: number): number {
    return this.core.host(id);
  }

  /** What two functions share, and how far apart they are. */
  common(a: Ref, b: Ref): Common {
    const [left, right] = [this.id(a), this.id(b)];
    const common = this.core.common(left, right);
    const hops = this.core.depth(left) + this.core.depth(right);
    if (common !== 0 && this.#node(common).description !== null) {
      return { bridge: common, sameHostBridge: true, distance: hops - 2 * this.core.depth(common) };
    }
    if (common !== 0) {
      // On one bus, whether its bridge is a bridge or a host bridge, the chains are as long as shown.
      return this.isKnown(common)
        ? { bridge: null, sameHostBridge: true, distance: hops }
        : { bridge: "unknown", sameHostBridge: true, distance: hops };
    }
    const [one, other] = [this.#roots[this.core.host(left)]!.root, this.#roots[this.core.host(right)]!.root];
    const known = one.known && other.known && one.system === other.system;
    const apart = known || one.system !== other.system || one.segment !== other.segment;
    return {
      bridge: apart ? null : "unknown",
      sameHostBridge: apart ? false : "unknown",
      distance: known ? hops : null,
    };
  }

  /**
   * Who owns a CPU physical address, or the range that begins there.
   *
   * @param system needed where there are several.
   * @param size bytes. Where others claim a later part of the owner's range the answer is `several`; a range beyond
   *   the owner's end does not concern it.
   * @throws TypeError where the address is no bigint; RangeError for one outside [0, 2^64).
   */
  owners(address: bigint, system?: string, size = 1n): Ownership {
    if (typeof address !== "bigint") throw new TypeError(`expected the address as a bigint, got ${typeof address}`);
    if (address < 0n || address >= 1n << 64n) {
      throw new RangeError(`expected an address from 0 to 2^64 - 1, got ${address}`);
    }
    const ordinal = this.#names.system(system);
    const { claim, range } = this.core.claim(ordinal, address);
    const nearest = this.#claims[range];
    switch (claim) {
      case "owned": {
        const beyond = address + this.core.claimedAlike(ordinal, address);
        const contested = address + size > beyond && beyond < nearest!.start + nearest!.size;
        if (contested) return { answer: "several", owners: this.#claimants(ordinal, beyond), window: null };
        return { answer: "one", owners: [this.#owner(nearest!, address)], window: null };
      }
      case "ambiguous":
        return { answer: "several", owners: this.#claimants(ordinal, address), window: null };
      case "maybe": {
        const others = this.#claimants(ordinal, address).filter(({ id }) => id !== null && id !== nearest!.id);
        return { answer: "unknown", owners: [this.#owner(nearest!, address), ...others], window: null };
      }
      case "hole":
      case "nobody": {
        const window = claim === "hole" ? { id: nearest!.id!, kind: nearest!.window as "mem" | "pref" } : null;
        const open = this.#open[ordinal] === "everywhere" || (this.#open[ordinal] !== "nowhere" && window === null);
        return { answer: open ? "unknown" : "none", owners: [], window };
      }
    }
  }

  /** Whether the description holds any CPU physical address of a system. */
  hasAddresses(system?: string): boolean {
    const ordinal = this.#names.system(system);
    return this.#claims.some((claim) => claim.system === ordinal && claim.kind !== "window");
  }

  /** What a range of the core is to people. */
  claimOf(range: number): Claim {
    return this.#claims[range]!;
  }

  /**
   * The packed form, through which everything computes.
   *
   * @internal
   */
  get core(): Core {
    if (this.#core === null) throw new Error("this topology is closed: make another one from its description");
    return this.#core;
  }

  /** Lets go of the core's memory. The topology cannot be asked any more. */
  close(): void {
    this.#core = null;
  }

  #claimants(system: number, address: bigint): Owner[] {
    return this.#claims
      .filter(
        (claim) =>
          claim.system === system &&
          claim.kind !== "window" &&
          claim.start <= address &&
          address < claim.start + claim.size,
      )
      .map((claim) => this.#owner(claim, address));
  }

  #owner(claim: Claim, address: bigint): Owner {
    const { id, kind, name, bar, start, size, certain } = claim;
    return {
      kind: kind as Owner["kind"],
      id,
      name: id === null ? (name ?? kind) : this.name(id),
      bar,
      start,
      size: certain ? size : null,
      offset: address - start,
    };
  }

  #physical({ system, description }: Node): FunctionDescription | undefined {
    const name = description?.physicalFunction;
    const id = typeof name === "string" ? this.#names.exact(system, name) : undefined;
    return id === undefined ? undefined : (this.#nodes[id]!.description ?? undefined);
  }

  #node(id: number): Node {
    return this.#nodes[this.id(id)]!;
  }
}

/** For callers without types; `readJson` of the readers checks every field. */
function checkShape(machine: MachineDescription): void {
  const systems: unknown = (machine as MachineDescription | null | undefined)?.systems;
  if (Array.isArray(systems) && systems.every((system) => Array.isArray(system?.functions))) return;
  throw new TypeError("expected a machine description: an object with `systems`, each with an array of `functions`");
}

function checkSystemNames(systems: readonly SystemDescription[], problems: Problem[]): void {
  if (systems.length === 0) {
    problems.push({ code: "BAD_NUMBER", message: "expected at least one system, got none", functions: [] });
  }
  const seen = new Set<string>();
  for (const { name = "" } of systems) {
    if (seen.has(name)) {
      const shown = name === "" ? "two systems without a name" : `two systems named "${name}"`;
      problems.push({ code: "DUPLICATE", message: `${shown}: give each a name of its own`, functions: [] });
    }
    seen.add(name);
  }
}

/** @throws TopologyError at once for a cycle, since nothing further can be said about such a description. */
function forestOf({ roots, functions, parents }: Placement, problems: Problem[], build?: Build): Forest {
  const description = (node: number) => functions[node - roots.length]?.description;
  const acs = Array.from(parents, (_, node) => {
    const found = description(node);
    return found === undefined ? "off" : redirects(found);
  });
  const forest = numberForest(
    parents,
    (node) => acs[node] === "on",
    (node) => acs[node] === "unknown",
    build,
  );
  if (forest !== null) return forest;
  const names = cycle(parents).map((node) => description(node)!.bdf);
  const message = `${names.join(" below ")} below ${names[0]}: no function can be above itself`;
  throw new TopologyError([...problems, { code: "CYCLE", message, functions: names }]);
}

/** The nodes of one cycle, each below the next. */
function cycle(parents: Uint32Array): number[] {
  const walks = new Uint32Array(parents.length);
  for (let start = 0; ; start++) {
    let node = start;
    while (walks[node] === 0 && parents[node] !== 0) {
      walks[node] = start + 1;
      node = parents[node]! - 1;
    }
    if (parents[node] === 0 || walks[node] !== start + 1) continue;
    const nodes = [node];
    for (let next = parents[node]! - 1; next !== node; next = parents[next]! - 1) nodes.push(next);
    return nodes;
  }
}

/** Roots in the order of their ids, which is the order of the core's ordinals. */
function rootsOf({ roots }: Placement, order: Uint32Array): { id: number; root: Root }[] {
  const found: { id: number; root: Root }[] = [];
  order.forEach((source, id) => {
    if (source < roots.length) found.push({ id, root: roots[source]! });
  });
  return found;
}

function nodesOf({ roots, functions }: Placement, order: Uint32Array): Node[] {
  return Array.from(order, (source, id) => {
    const root = roots[source];
    if (root !== undefined) return { id, system: root.system, description: null, known: root.known };
    const found = functions[source - roots.length];
    return { id, system: found?.system ?? 0, description: found?.description ?? null, known: true };
  });
}
