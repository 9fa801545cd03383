import simd from "../../build/core.simd.wasm";
import scalar from "../../build/core.wasm";

/**
 * The exports of `assembly/index.ts`, where their parameters are said. Addresses, counts and ids cross as i32, bit by
 * bit: results are widened with `>>> 0` where they are used.
 */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;

  numberForest(count: number, parents: number, firstChild: number, nextSibling: number, order: number): number;
  placeNodes(count: number, sourceParents: number, order: number, ids: number, parents: number, depths: number): number;
  packForest(
    count: number,
    wide: number,
    depthBits: number,
    marks: number,
    dmaBits: number,
    order: number,
    depths: number,
    keys: number,
    records: number,
  ): void;
  minimaBytes(count: number, longest: number): number;
  plantMinima(base: number, longest: number): void;

  displace(
    count: number,
    systems: number,
    starts: number,
    sizes: number,
    systemCount: number,
    systemRecords: number,
  ): bigint;
  packRanges(
    count: number,
    starts: number,
    sizes: number,
    owners: number,
    terms: number,
    keys: number,
    order: number,
    spareKeys: number,
    spareOrder: number,
    ranges: number,
    packed: number,
  ): number;
  flatten(
    count: number,
    ranges: number,
    terms: number,
    below: number,
    open: number,
    sweep: number,
    starts: number,
    values: number,
  ): number;
  packLeaves(segments: number, starts: number, values: number, unit: number, leaves: number): number;
  treeBytes(keys: number): number;
  plantTree(base: number, tree: number): void;

  commonMany(base: number, count: number, left: number, right: number, common: number): void;
  commonOf(base: number, a: number, b: number): number;
  walkMany(base: number, count: number, left: number, right: number, common: number): void;
  ancestors(base: number, node: number, out: number): number;
  sortedKeys(base: number, count: number, sorted: number, least: number): void;

  claimIn(base: number, system: number, address: bigint): number;
  claimOver(base: number, system: number, address: bigint, size: bigint): number;
  claimedAlike(base: number, system: number, address: bigint): bigint;
  claimants(base: number, rangeCount: number, system: number, address: bigint, out: number, room: number): number;
  ownerOf(base: number, system: number, address: bigint): number;
  ownerOfNumber(base: number, system: number, address: number): number;
  convertMany(count: number, column: number): number;
  firstBadId(count: number, ids: number, limit: number): number;
  firstBadSize(count: number, addresses: number, sizes: number): number;
  displaceMany(base: number, count: number, addresses: number, systems: number, system: number): void;
  ownerMany(
    base: number,
    count: number,
    addresses: number,
    sizes: number,
    owners: number,
    values: number,
    offsets: number,
    ends: number,
  ): void;

  decideMany(
    base: number,
    count: number,
    providers: number,
    clients: number,
    directions: number,
    direction: number,
    common: number,
    distance: number,
    relation: number,
    path: number,
    outcomes: number,
  ): void;
  matrixRow(
    base: number,
    count: number,
    place: number,
    sorted: number,
    least: number,
    columns: number,
    direction: number,
    phrases: number,
    keys: number,
    distance: number,
    route: number,
    answer: number,
  ): void;
  requestMany(
    base: number,
    count: number,
    initiators: number,
    addresses: number,
    sizes: number,
    directions: number,
    direction: number,
    ends: number,
    providers: number,
    systems: number,
    values: number,
    owners: number,
    offsets: number,
    dma: number,
    translation: number,
    status: number,
    common: number,
    distance: number,
    relation: number,
    path: number,
    outcomes: number,
    rulings: number,
    route: number,
    code: number,
  ): number;

  checkKeys(base: number): number;
  checkRecords(base: number, hosts: number): number;
  checkHosts(base: number, hosts: number, systems: number): number;
  checkSystems(base: number, systems: number): number;
  checkRanges(base: number, ranges: number, terms: number): number;
  checkOwners(base: number, ranges: number): number;
  checkLeaves(base: number, ranges: number): number;
}

/** The layout's constants, which the core exports so that no copy of them can go stale. */
const LAYOUT = [
  "HEADER_BYTES",
  "HEADER_NODES",
  "HEADER_WIDE",
  "HEADER_DEPTH_BITS",
  "HEADER_KEYS",
  "HEADER_RECORDS",
  "HEADER_MINIMA",
  "HEADER_HOSTS",
  "HEADER_SYSTEMS",
  "HEADER_CLASSES",
  "HEADER_CLASS_COUNT",
  "HEADER_TABLE",
  "HEADER_LEAVES",
  "HEADER_LEAF_COUNT",
  "HEADER_UNIT",
  "HEADER_RANGES",
  "HEADER_OWNERS",
  "HEADER_TERMS",
  "HEADER_PRECISE",
  "HEADER_REQUESTS",
  "HEADER_UNSETTLED",
  "PRECISE_OFF",
  "PRECISE_FOUND",
  "PRECISE_GIVEN",
  "MARK_REQUEST",
  "MARK_COMPLETION",
  "EGRESS",
  "RECORD_HOST",
  "RECORD_DEPTH",
  "FIELD_REDIRECT",
  "FIELD_UNREADABLE",
  "FIELDS",
  "NARROW_DEPTH",
  "HOST_BYTES",
  "HOST_SYSTEM",
  "HOST_SEGMENT",
  "HOST_PLACE",
  "SYSTEM_BYTES",
  "SYSTEM_DISPLACEMENT",
  "SYSTEM_FIRST",
  "SYSTEM_SPAN",
  "SYSTEM_OPEN",
  "SYSTEM_IOMMU",
  "RANGE_BYTES",
  "RANGE_START",
  "RANGE_SIZE",
  "RANGE_TERMS",
  "OUTSIDE",
  "TERMS_BYTES",
  "TERMS_BUS_OFFSET",
  "TERMS_OFF_FROM",
  "TERMS_UNKNOWN_FROM",
  "TERMS_META",
  "KIND_MASK",
  "RANK_SHIFT",
  "RANK_MASK",
  "BAR_SHIFT",
  "BAR_MASK",
  "NO_BAR",
  "META_BUS_KNOWN",
  "EXPORTED_SHIFT",
  "FIELD_OWN",
  "OWN_DMA_BITS",
  "EXPORTED_MASK",
  "CLAIM_SHIFT",
  "CLAIM_RANGE",
  "LEAF_BYTES",
  "NODE_BYTES",
  "RELATION_SLOTS",
  "PHRASE_BYTES",
  "PHRASE_MASK",
  "PHRASE_ADD",
  "PHRASE_ROUTE",
  "PHRASE_ANSWER",
  "RULING_BYTES",
  "RULING_ROUTE",
  "RULING_CODE",
  "STATUS_SLOTS",
  "PATH_SLOTS",
  "SWEEP_BYTES",
] as const;
type Layout = Readonly<Record<(typeof LAYOUT)[number], number>>;

/** The wasm builds. Every engine this package supports has SIMD; the scalar build is the one to compare it with. */
const builds = { simd, scalar } as const;
export type Build = keyof typeof builds;

const modules = new Map<Build, WebAssembly.Module>();

export function instantiate(build: Build): Exports {
  let module = modules.get(build);
  if (module === undefined) modules.set(build, (module = new WebAssembly.Module(builds[build])));
  try {
    return new WebAssembly.Instance(module).exports as unknown as Exports;
  } catch (error) {
    throw error instanceof RangeError ? notToBeHad("memory for one more topology is") : error;
  }
}

function notToBeHad(what: string): RangeError {
  return new RangeError(
    `${what} not to be had: close topologies that are no longer used, or put their machines as systems into one topology`,
  );
}

/** The build in use unless a caller names one: SIMD wherever the engine has it. */
export const defaultBuild: Build = WebAssembly.validate(simd) ? "simd" : "scalar";

export const layout: Layout = (() => {
  const exports = instantiate(defaultBuild) as unknown as Readonly<Record<string, unknown>>;
  const valueOf = (name: string): number => {
    const constant = exports[name];
    // A name that is gone would be NaN wherever it is added to an address.
    if (!(constant instanceof WebAssembly.Global)) throw new Error(`the core has no constant ${name}`);
    return Number(constant.value);
  };
  return Object.fromEntries(LAYOUT.map((name) => [name, valueOf(name)])) as Layout;
})();

/** What an instance can address. */
export const MEMORY_BYTES = 2 ** 32;
const PAGE = 65536;

/** Hands out consecutive pieces of an instance's memory, then makes the memory large enough for all of them. */
export class Arena {
  readonly #core: Exports;
  #next: number;

  constructor(core: Exports) {
    this.#core = core;
    this.#next = core.heapBase() >>> 0;
  }

  take(bytes: number, alignment = 16): number {
    const at = Math.ceil(this.#next / alignment) * alignment;
    this.#next = at + bytes;
    return at;
  }

  /** Forgets all pieces from this address on. */
  backTo(address: number): void {
    this.#next = address;
  }

  commit(): void {
    const { memory } = this.#core;
    if (this.#next > MEMORY_BYTES) {
      throw new RangeError(
        `expected a topology that fits into ${MEMORY_BYTES} bytes of WebAssembly memory, this one needs ` +
          `${this.#next} or more: divide the systems among several topologies`,
      );
    }
    const pages = Math.ceil(this.#next / PAGE) - memory.buffer.byteLength / PAGE;
    if (pages <= 0) return;
    try {
      memory.grow(pages);
    } catch {
      throw notToBeHad(`${this.#next} bytes of WebAssembly memory are`);
    }
  }
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
