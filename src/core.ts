import {
  CLAIMS,
  DIRECTIONS,
  OPEN,
  PATHS,
  RELATIONS,
  STATUSES,
  type Claim,
  type Open,
  type Path,
  type Relation,
  type Status,
} from "./core/axes.js";
import type { Forest } from "./core/forest.js";
import { buildSegments, type RangeRow } from "./core/segments.js";
import { Arena, defaultBuild, instantiate, layout, view, type Build, type Exports } from "./core/wasm.js";

export * from "./core/axes.js";
export { depthIn, numberForest, type Forest } from "./core/forest.js";
export type { RangeRow } from "./core/segments.js";
export type { Build } from "./core/wasm.js";

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

export interface HostRow {
  readonly system: number;
  readonly segment: number;
  readonly known: boolean;
}

export interface SystemRow {
  readonly open: Open;
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
      this.#memory.setUint32(at + layout.SYSTEM_OPEN, OPEN.indexOf(system.open), true);
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

  /** How many bytes from an owned address on are claimed alike. */
  claimedAlike(system: number, address: bigint): bigint {
    return BigInt.asUintN(64, this.#core.claimedAlike(this.#base, system, address));
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
      throw new RangeError(
        `a policy may tell ${MAX_CLASSES} kinds of host bridges apart, this one has ${policy.classCount}`,
      );
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
    const meta =
      range === 0xffffffff ? 0 : memory.getUint32(this.#ranges + range * layout.RANGE_BYTES + layout.RANGE_META, true);
    return {
      ...this.#decision(),
      status: STATUSES[memory.getUint8(at + layout.DECISION_STATUS)]!,
      range: range === 0xffffffff ? null : range,
      offset: memory.getBigUint64(at + layout.REQUEST_OFFSET, true),
      busAddress: (meta & layout.META_BUS_KNOWN) === 0 ? null : memory.getBigUint64(at + layout.REQUEST_BUS, true),
    };
  }
}
