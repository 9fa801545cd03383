import simd from "../../build/core.simd.wasm";
import scalar from "../../build/core.wasm";

/** The exports of `assembly/index.ts`. Addresses and counts cross as i32: they are below 2^31 or widened here. */
export interface Exports {
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
  claimedAlike(base: number, system: number, address: bigint): bigint;
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

export function instantiate(build: Build): Exports {
  let module = modules.get(build);
  if (module === undefined) modules.set(build, (module = new WebAssembly.Module(builds[build])));
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

/** The build in use unless a caller names one: SIMD wherever the engine has it. */
export const defaultBuild: Build = WebAssembly.validate(simd) ? "simd" : "scalar";

export const layout: Layout = (() => {
  const exports = instantiate(defaultBuild) as unknown as Record<string, WebAssembly.Global | unknown>;
  const constants = Object.entries(exports).filter(([, value]) => value instanceof WebAssembly.Global);
  return Object.fromEntries(constants.map(([name, value]) => [name, Number((value as WebAssembly.Global).value)]));
})() as Layout;

/** Hands out consecutive pieces of an instance's memory, then makes the memory large enough for all of them. */
export class Arena {
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

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
