import simd from "../build/core.simd.wasm";
import scalar from "../build/core.wasm";

/** The exports of `assembly/index.ts`. Addresses and counts cross as i32: they are below 2^31 or widened here. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  numberForest(count: number, parents: number, firstChild: number, nextSibling: number, order: number): number;
  packForest(
    count: number,
    sourceParents: number,
    marks: number,
    order: number,
    ids: number,
    parents: number,
    records: number,
  ): void;
  commonUpstream(base: number, a: number, b: number): number;
  ancestors(base: number, node: number, out: number): number;
  flatten(
    count: number,
    ranges: number,
    byStart: number,
    byEnd: number,
    below: number,
    sweep: number,
    starts: number,
    values: number,
  ): number;
  treeLevels(keys: number): number;
  treeBytes(keys: number): number;
  plantTree(count: number, keys: number, tree: number): void;
  claimIn(base: number, system: number, address: bigint): number;
  decide(base: number, provider: number, client: number, direction: number, out: number): void;
  decideMany(base: number, count: number, providers: number, clients: number, direction: number, out: number): void;
  request(base: number, initiator: number, address: bigint, size: bigint, direction: number, out: number): void;
}

/** The layout's constants, which the core exports so that no copy of them can go stale. */
type Layout = Record<
  | "HEADER_BYTES"
  | "HEADER_PARENTS"
  | "HEADER_RECORDS"
  | "HEADER_HOSTS"
  | "HEADER_SYSTEMS"
  | "HEADER_CLASSES"
  | "HEADER_TABLE"
  | "HEADER_CLASS_COUNT"
  | "HEADER_TREE"
  | "HEADER_LEVELS"
  | "HEADER_KEYS"
  | "HEADER_VALUES"
  | "HEADER_RANGES"
  | "HEADER_SEGMENTS"
  | "RECORD_BYTES"
  | "RECORD_DEPTH"
  | "RECORD_REDIRECT"
  | "RECORD_UNREADABLE"
  | "RECORD_HOST"
  | "HOST_BYTES"
  | "HOST_SYSTEM"
  | "HOST_SEGMENT"
  | "HOST_KNOWN"
  | "SYSTEM_BYTES"
  | "SYSTEM_DISPLACEMENT"
  | "SYSTEM_SPAN"
  | "SYSTEM_OPEN"
  | "RANGE_BYTES"
  | "RANGE_START"
  | "RANGE_SIZE"
  | "RANGE_BUS_OFFSET"
  | "RANGE_OWNER"
  | "RANGE_META"
  | "RANGE_OFF_FROM"
  | "RANGE_UNKNOWN_FROM"
  | "RANK_SHIFT"
  | "META_BUS_KNOWN"
  | "CLAIM_SHIFT"
  | "CLAIM_RANGE"
  | "NODE_BYTES"
  | "KEYS_PER_NODE"
  | "SWEEP_BYTES"
  | "DECISION_BYTES"
  | "DECISION_COMMON"
  | "DECISION_DISTANCE"
  | "DECISION_OUTCOMES"
  | "DECISION_RELATION"
  | "DECISION_PATH"
  | "DECISION_STATUS"
  | "REQUEST_BYTES"
  | "REQUEST_RANGE"
  | "REQUEST_OFFSET"
  | "REQUEST_BUS",
  number
>;

/** The wasm builds. Every engine this package supports has SIMD; the scalar build is the one to compare it with. */
const builds = { simd, scalar } as const;
export type Build = keyof typeof builds;

const modules = new Map<Build, WebAssembly.Module>();

function instantiate(build: Build): Exports {
  let module = modules.get(build);
  if (module === undefined) modules.set(build, (module = new WebAssembly.Module(builds[build])));
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

/** The build in use unless a caller names one: SIMD wherever the engine has it. */
export const defaultBuild: Build = WebAssembly.validate(simd) ? "simd" : "scalar";

const layout: Layout = (() => {
  const exports = instantiate(defaultBuild) as unknown as Record<string, WebAssembly.Global | unknown>;
  const constants = Object.entries(exports).filter(([, value]) => value instanceof WebAssembly.Global);
  return Object.fromEntries(constants.map(([name, value]) => [name, Number((value as WebAssembly.Global).value)]));
})() as Layout;

// The axes of the decision table, in the order of assembly/layout.ts.
export const RELATIONS = [
  "self",
  "common-bridge",
  "same-host-bridge",
  "across-host-bridges",
  "same-unknown",
  "across-unknown",
] as const;
export const PATHS = ["direct", "redirected", "maybe"] as const;
export const DIRECTIONS = ["read", "write", "both"] as const;
export type Relation = (typeof RELATIONS)[number];
export type Path = (typeof PATHS)[number];

/** One bit per outcome; a decision holds those of every completion of the description. */
export const OUTCOME_BITS = {
  "bus-address": 1,
  "through-host-bridge": 2,
  "redirect-refused": 4,
  "host-refused": 8,
  "policy-refused": 16,
  "systems-refused": 32,
} as const;

export const STATUSES = [
  "decided",
  "nobody",
  "hole",
  "ambiguous",
  "maybe",
  "open",
  "leaves-owner",
  "memory-off",
  "memory-unknown",
  "system-ram",
  "platform",
  "not-peer",
] as const;
export type Status = (typeof STATUSES)[number];

export const CLAIMS = ["nobody", "owned", "hole", "ambiguous", "maybe"] as const;
export type Claim = (typeof CLAIMS)[number];

export const RANGE_KINDS = ["bar", "not-peer", "window", "system-ram", "platform", "other"] as const;
export type RangeKind = (typeof RANGE_KINDS)[number];

/** Who wins where ranges overlap, the weakest first. */
export const RANKS = ["surrounding", "maybe", "aperture", "silent", "platform", "live"] as const;
export type Rank = (typeof RANKS)[number];

/** In `offFrom` and `unknownFrom`: the owner itself, wherever the common bridge is. */
export const ALWAYS = 0xffffffff;

/** A policy as the kernels read it. */
export interface CompiledPolicy {
  /** One byte per host bridge, by ordinal. */
  readonly classes: Uint8Array;
  readonly classCount: number;
  /** Outcomes at [relation][path][direction][class of provider's host bridge][class of client's]. */
  readonly table: Uint8Array;
}

const MAX_CLASSES = 16;
const MAX_TABLE = RELATIONS.length * PATHS.length * DIRECTIONS.length * MAX_CLASSES ** 2;

/** Rows per crossing into the core in the batch calls. */
const CHUNK = 1024;

/** A forest in depth-first order. Index 0 of each column is the node above all host bridges. */
export interface Forest {
  /** How many nodes there are, node 0 not counted. */
  readonly count: number;
  /** Index in the source, by id. */
  readonly order: Uint32Array;
  /** Id of the node above, by id. */
  readonly parents: Uint32Array;
  readonly records: Uint8Array;
}

/**
 * Numbers nodes depth first in a throw-away instance.
 *
 * @param parents for each node 1 + the index of its parent, 0 for a host bridge.
 * @param redirects,unreadable for each node whether its ACS redirects, whether its ACS is unknown.
 * @returns null where there is a cycle.
 */
export function numberForest(
  parents: Uint32Array,
  redirects: (node: number) => boolean,
  unreadable: (node: number) => boolean,
  build: Build = defaultBuild,
): Forest | null {
  const core = instantiate(build);
  const count = parents.length;
  const arena = new Arena(core);
  const source = arena.take(count * 4);
  const marks = arena.take(count);
  const firstChild = arena.take((count + 1) * 4);
  const nextSibling = arena.take((count + 1) * 4);
  const order = arena.take((count + 1) * 4);
  const column = arena.take((count + 1) * 4);
  const records = arena.take((count + 1) * layout.RECORD_BYTES);
  arena.commit();
  new Uint32Array(core.memory.buffer, source, count).set(parents);
  const mark = new Uint8Array(core.memory.buffer, marks, count);
  for (let node = 0; node < count; node++) mark[node] = (redirects(node) ? 1 : 0) | (unreadable(node) ? 2 : 0);
  if (core.numberForest(count, source, firstChild, nextSibling, order) !== count) return null;
  core.packForest(count, source, marks, order, firstChild, column, records);
  return {
    count,
    order: new Uint32Array(core.memory.buffer, order, count + 1).map((node) => node - 1),
    parents: new Uint32Array(core.memory.buffer, column, count + 1).slice(),
    records: new Uint8Array(core.memory.buffer, records, (count + 1) * layout.RECORD_BYTES).slice(),
  };
}

export function depthIn(forest: Forest, id: number): number {
  return view(forest.records).getUint32(id * layout.RECORD_BYTES + layout.RECORD_DEPTH, true);
}

export interface HostRow {
  readonly system: number;
  readonly segment: number;
  readonly known: boolean;
}

/** Addresses without owner of an `open` system may have one that the description does not show. */
export interface SystemRow {
  readonly open: boolean;
}

export interface RangeRow {
  readonly system: number;
  /** CPU physical, below 2^63 with its size. */
  readonly start: bigint;
  /** At least 1. */
  readonly size: bigint;
  /** PCI bus address minus CPU physical address; null: unknown. */
  readonly busOffset: bigint | null;
  /** Id of the owner; 0: no function. */
  readonly owner: number;
  readonly kind: RangeKind;
  readonly rank: Rank;
  /** Depth of the deepest bridge above the owner with memory decode off, ALWAYS for the owner itself, 0 for none. */
  readonly offFrom: number;
  /** The same for decode that is not known. */
  readonly unknownFrom: number;
}

interface Segments {
  readonly count: number;
  readonly tree: Uint8Array;
  readonly levels: number;
  readonly values: Uint8Array;
  readonly ranges: Uint8Array;
  readonly displacements: readonly bigint[];
  readonly spans: readonly bigint[];
}

const SPACE = (1n << 63n) - 1n;

/** Lays the systems' address spaces side by side and flattens all ranges into segments, in a throw-away instance. */
function buildSegments(rows: readonly RangeRow[], systems: number, build: Build): Segments {
  const spans = new Array<bigint>(systems).fill(0n);
  for (const { system, start, size } of rows) {
    if (start + size > spans[system]!) spans[system] = start + size;
  }
  const displacements: bigint[] = [];
  let next = 0n;
  for (const span of spans) {
    displacements.push(next);
    next += span;
  }
  if (next > SPACE) {
    throw new RangeError(
      `the systems' address spaces add up to 0x${next.toString(16)} bytes, the core holds 0x${SPACE.toString(16)}: ` +
        "put fewer systems into one topology",
    );
  }
  if (rows.length > layout.CLAIM_RANGE) {
    throw new RangeError(`expected at most ${layout.CLAIM_RANGE} address ranges, got ${rows.length}`);
  }
  const core = instantiate(build);
  const arena = new Arena(core);
  const count = rows.length;
  const ranges = arena.take(count * layout.RANGE_BYTES);
  const byStart = arena.take(count * 4);
  const byEnd = arena.take(count * 4);
  const below = arena.take(count * 4);
  const sweep = arena.take(layout.SWEEP_BYTES);
  const starts = arena.take((2 * count + 1) * 8);
  const values = arena.take((2 * count + 1) * 4);
  const tree = arena.take(core.treeBytes(2 * count + 1));
  arena.commit();
  const memory = view(new Uint8Array(core.memory.buffer));
  rows.forEach((row, index) => {
    const at = ranges + index * layout.RANGE_BYTES;
    memory.setBigUint64(at + layout.RANGE_START, displacements[row.system]! + row.start, true);
    memory.setBigUint64(at + layout.RANGE_SIZE, row.size, true);
    memory.setBigInt64(at + layout.RANGE_BUS_OFFSET, row.busOffset ?? 0n, true);
    memory.setUint32(at + layout.RANGE_OWNER, row.owner, true);
    const meta = RANGE_KINDS.indexOf(row.kind) | (RANKS.indexOf(row.rank) << layout.RANK_SHIFT);
    memory.setUint32(at + layout.RANGE_META, row.busOffset === null ? meta : meta | layout.META_BUS_KNOWN, true);
    memory.setUint32(at + layout.RANGE_OFF_FROM, row.offFrom, true);
    memory.setUint32(at + layout.RANGE_UNKNOWN_FROM, row.unknownFrom, true);
  });
  const indices = Array.from(rows, (_, index) => index);
  const start = (index: number) => displacements[rows[index]!.system]! + rows[index]!.start;
  const end = (index: number) => start(index) + rows[index]!.size;
  const sorted = [...indices].sort((a, b) => compare(start(a), start(b)) || compare(end(b), end(a)) || a - b);
  new Uint32Array(core.memory.buffer, byStart, count).set(sorted);
  new Uint32Array(core.memory.buffer, byEnd, count).set(indices.sort((a, b) => compare(end(a), end(b))));
  const segments = core.flatten(count, ranges, byStart, byEnd, below, sweep, starts, values);
  core.plantTree(segments, starts, tree);
  const copy = (at: number, length: number) => new Uint8Array(core.memory.buffer, at, length).slice();
  return {
    count: segments,
    tree: copy(tree, core.treeBytes(segments)),
    levels: core.treeLevels(segments),
    values: copy(values, segments * 4),
    ranges: copy(ranges, count * layout.RANGE_BYTES),
    displacements,
    spans,
  };
}

/** A pair's answer: `outcomes` holds a bit (OUTCOME_BITS) for each outcome that some completion has. */
export interface Decision {
  /** Id of the common bridge, of the common host bridge, or 0. */
  readonly common: number;
  readonly distance: number;
  readonly outcomes: number;
  readonly relation: Relation | "across-systems";
  readonly path: Path;
}

export interface Request extends Decision {
  readonly status: Status;
  /** Index of the range that owns or may own the address; null: none. */
  readonly range: number | null;
  /** Of the address in its range. */
  readonly offset: bigint;
  /** PCI bus address; null: unknown. */
  readonly busAddress: bigint | null;
}

/** Decisions as columns, one row per pair. */
export interface DecisionColumns {
  readonly common: Uint32Array;
  readonly distance: Uint32Array;
  readonly outcomes: Uint8Array;
  /** Index in RELATIONS; RELATIONS.length: different systems. */
  readonly relation: Uint8Array;
}

/** One topology in linear memory: the only place that touches it. */
export class Core {
  readonly #core: Exports;
  readonly #memory: DataView;
  readonly #base: number;
  readonly #staging: number;
  readonly #classes: number;
  readonly #table: number;
  readonly #records: number;
  readonly #ranges: number;
  readonly #hostCount: number;
  #policy: CompiledPolicy | null = null;

  constructor(
    forest: Forest,
    hosts: readonly HostRow[],
    systems: readonly SystemRow[],
    ranges: readonly RangeRow[],
    build: Build = defaultBuild,
  ) {
    const segments = buildSegments(ranges, systems.length, build);
    this.#core = instantiate(build);
    this.#hostCount = hosts.length;
    const arena = new Arena(this.#core);
    this.#base = arena.take(layout.HEADER_BYTES);
    const parents = arena.take(forest.parents.byteLength);
    this.#records = arena.take(forest.records.byteLength);
    const hostRows = arena.take(hosts.length * layout.HOST_BYTES);
    const systemRows = arena.take(systems.length * layout.SYSTEM_BYTES);
    this.#classes = arena.take(hosts.length);
    this.#table = arena.take(MAX_TABLE);
    const tree = arena.take(segments.tree.byteLength, layout.NODE_BYTES);
    const values = arena.take(segments.values.byteLength);
    this.#ranges = arena.take(segments.ranges.byteLength);
    this.#staging = arena.take(CHUNK * (4 + 4 + layout.DECISION_BYTES));
    arena.commit();

    const bytes = new Uint8Array(this.#core.memory.buffer);
    this.#memory = view(bytes);
    bytes.set(new Uint8Array(forest.parents.buffer, forest.parents.byteOffset, forest.parents.byteLength), parents);
    bytes.set(forest.records, this.#records);
    bytes.set(segments.tree, tree);
    bytes.set(segments.values, values);
    bytes.set(segments.ranges, this.#ranges);
    hosts.forEach((host, index) => {
      const at = hostRows + index * layout.HOST_BYTES;
      this.#memory.setUint32(at + layout.HOST_SYSTEM, host.system, true);
      this.#memory.setUint32(at + layout.HOST_SEGMENT, host.segment, true);
      this.#memory.setUint32(at + layout.HOST_KNOWN, host.known ? 1 : 0, true);
    });
    systems.forEach((system, index) => {
      const at = systemRows + index * layout.SYSTEM_BYTES;
      this.#memory.setBigUint64(at + layout.SYSTEM_DISPLACEMENT, segments.displacements[index]!, true);
      this.#memory.setBigUint64(at + layout.SYSTEM_SPAN, segments.spans[index]!, true);
      this.#memory.setUint32(at + layout.SYSTEM_OPEN, system.open ? 1 : 0, true);
    });
    const header = (offset: number, value: number) => this.#memory.setUint32(this.#base + offset, value, true);
    header(layout.HEADER_PARENTS, parents);
    header(layout.HEADER_RECORDS, this.#records);
    header(layout.HEADER_HOSTS, hostRows);
    header(layout.HEADER_SYSTEMS, systemRows);
    header(layout.HEADER_CLASSES, this.#classes);
    header(layout.HEADER_TABLE, this.#table);
    header(layout.HEADER_TREE, tree);
    header(layout.HEADER_LEVELS, segments.levels);
    // The lowest level comes last in the tree.
    const lowest = Math.ceil(segments.count / layout.KEYS_PER_NODE) * layout.NODE_BYTES;
    header(layout.HEADER_KEYS, tree + segments.tree.byteLength - lowest);
    header(layout.HEADER_VALUES, values);
    header(layout.HEADER_RANGES, this.#ranges);
    header(layout.HEADER_SEGMENTS, segments.count);
  }

  /** The nearest node that is `a` or above it and also `b` or above it: a function, a host bridge, or 0. */
  common(a: number, b: number): number {
    return this.#core.commonUpstream(this.#base, a, b) >>> 0;
  }

  /** Ids from `node` up to its host bridge, both included. */
  ancestors(node: number): Uint32Array {
    const depth = this.depth(node);
    // A chain may be longer than the staging window; the walk needs no more than the columns.
    if (depth + 1 > CHUNK) return this.#longChain(node, depth);
    const count = this.#core.ancestors(this.#base, node, this.#staging);
    return new Uint32Array(this.#core.memory.buffer, this.#staging, count).slice();
  }

  #longChain(node: number, depth: number): Uint32Array {
    const chain = new Uint32Array(depth + 1);
    const parents = this.#memory.getUint32(this.#base + layout.HEADER_PARENTS, true);
    for (let at = 0; at <= depth; at++) {
      chain[at] = node;
      node = this.#memory.getUint32(parents + node * 4, true);
    }
    return chain;
  }

  /** 0 for a host bridge, 1 for a function on its root bus, … */
  depth(node: number): number {
    return this.#memory.getUint32(this.#records + node * layout.RECORD_BYTES + layout.RECORD_DEPTH, true);
  }

  /** Ordinal of the host bridge above a node. */
  host(node: number): number {
    return this.#memory.getUint32(this.#records + node * layout.RECORD_BYTES + layout.RECORD_HOST, true);
  }

  /** Who claims an address of a system, and the range it concerns. */
  claim(system: number, address: bigint): { claim: Claim; range: number } {
    const value = this.#core.claimIn(this.#base, system, address) >>> 0;
    return { claim: CLAIMS[value >>> layout.CLAIM_SHIFT]!, range: value & layout.CLAIM_RANGE };
  }

  decide(policy: CompiledPolicy, provider: number, client: number, direction: number): Decision {
    this.#use(policy);
    this.#core.decide(this.#base, provider, client, direction, this.#staging);
    return this.#decision();
  }

  /** Decides each pair (providers[i], clients[i]) into row i of `into`. */
  decideMany(
    policy: CompiledPolicy,
    providers: Uint32Array,
    clients: Uint32Array,
    direction: number,
    into: DecisionColumns,
  ): void {
    this.#use(policy);
    const left = this.#staging;
    const right = left + CHUNK * 4;
    const out = right + CHUNK * 4;
    const words = new Uint32Array(this.#core.memory.buffer);
    for (let first = 0; first < providers.length; first += CHUNK) {
      const rows = Math.min(CHUNK, providers.length - first);
      words.set(providers.subarray(first, first + rows), left / 4);
      words.set(clients.subarray(first, first + rows), right / 4);
      this.#core.decideMany(this.#base, rows, left, right, direction, out);
      for (let row = 0; row < rows; row++) {
        const at = out + row * layout.DECISION_BYTES;
        into.common[first + row] = this.#memory.getUint32(at + layout.DECISION_COMMON, true);
        into.distance[first + row] = this.#memory.getUint32(at + layout.DECISION_DISTANCE, true);
        into.outcomes[first + row] = this.#memory.getUint8(at + layout.DECISION_OUTCOMES);
        into.relation[first + row] = this.#memory.getUint8(at + layout.DECISION_RELATION);
      }
    }
  }

  /** `size` is at least 1 and `address + size` at most 2^64. */
  request(policy: CompiledPolicy, initiator: number, address: bigint, size: bigint, direction: number): Request {
    this.#use(policy);
    this.#core.request(this.#base, initiator, address, size, direction, this.#staging);
    return this.#request();
  }

  #use(policy: CompiledPolicy): void {
    if (this.#policy === policy) return;
    if (policy.classes.length !== this.#hostCount) {
      throw new RangeError(
        `the policy was compiled for ${policy.classes.length} host bridges, this topology has ${this.#hostCount}`,
      );
    }
    if (policy.classCount > MAX_CLASSES) {
      throw new RangeError(`a policy may tell ${MAX_CLASSES} kinds of host bridges apart, this one has ${policy.classCount}`);
    }
    const bytes = new Uint8Array(this.#core.memory.buffer);
    bytes.set(policy.classes, this.#classes);
    bytes.set(policy.table, this.#table);
    this.#memory.setUint32(this.#base + layout.HEADER_CLASS_COUNT, policy.classCount, true);
    this.#policy = policy;
  }

  #decision(): Decision {
    const [memory, at] = [this.#memory, this.#staging];
    return {
      common: memory.getUint32(at + layout.DECISION_COMMON, true),
      distance: memory.getUint32(at + layout.DECISION_DISTANCE, true),
      outcomes: memory.getUint8(at + layout.DECISION_OUTCOMES),
      relation: RELATIONS[memory.getUint8(at + layout.DECISION_RELATION)] ?? "across-systems",
      path: PATHS[memory.getUint8(at + layout.DECISION_PATH)]!,
    };
  }

  #request(): Request {
    const [memory, at] = [this.#memory, this.#staging];
    const range = memory.getUint32(at + layout.REQUEST_RANGE, true);
    const meta = range === 0xffffffff ? 0 : memory.getUint32(this.#ranges + range * layout.RANGE_BYTES + layout.RANGE_META, true);
    return {
      ...this.#decision(),
      status: STATUSES[memory.getUint8(at + layout.DECISION_STATUS)]!,
      range: range === 0xffffffff ? null : range,
      offset: memory.getBigUint64(at + layout.REQUEST_OFFSET, true),
      busAddress: (meta & layout.META_BUS_KNOWN) === 0 ? null : memory.getBigUint64(at + layout.REQUEST_BUS, true),
    };
  }
}

/** Hands out consecutive pieces of an instance's memory, then makes the memory large enough for all of them. */
class Arena {
  readonly #core: Exports;
  #next: number;

  constructor(core: Exports) {
    this.#core = core;
    this.#next = core.heapBase();
  }

  take(bytes: number, alignment = 8): number {
    const at = Math.ceil(this.#next / alignment) * alignment;
    this.#next = at + bytes;
    return at;
  }

  commit(): void {
    const { memory } = this.#core;
    const pages = Math.ceil(this.#next / PAGE) - memory.buffer.byteLength / PAGE;
    if (pages <= 0) return;
    try {
      memory.grow(pages);
    } catch {
      throw new RangeError(
        `${this.#next} bytes of WebAssembly memory are not to be had: close topologies that are no longer used, ` +
          "or put their machines as systems into one topology",
      );
    }
  }
}

const PAGE = 65536;

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
