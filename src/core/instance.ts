import { DIRECTIONS, PATHS, RELATIONS } from "./axes.js";
import { PHRASES_BYTES, RULINGS_BYTES } from "./phrases.js";
import type { Places, Sections } from "./sections.js";
import { Arena, instantiate, layout, view, type Build, type Exports } from "./wasm.js";
import { reserve, type Columns } from "./window.js";

/** How many kinds of host bridges a policy may tell apart. */
export const MAX_CLASSES = 16;
const MAX_TABLE = RELATIONS.length * PATHS.length * DIRECTIONS.length * MAX_CLASSES ** 2;

/** Rows per crossing into the core in the batch calls. */
export const CHUNK = 1024;

/** 8192: the most functions of one matrix. */
export const MATRIX_LIMIT = 8192;

const STAGING = {
  address: BigUint64Array,
  size: BigUint64Array,
  end: BigUint64Array,
  offset: BigUint64Array,
  dma: BigUint64Array,
  left: Uint32Array,
  right: Uint32Array,
  owner: Uint32Array,
  value: Uint32Array,
  common: Uint32Array,
  distance: Uint32Array,
  relation: Uint8Array,
  path: Uint8Array,
  outcomes: Uint8Array,
  status: Uint8Array,
  translation: Uint8Array,
  direction: Uint8Array,
  system: Uint32Array,
  route: Uint8Array,
  code: Uint8Array,
} as const;

const MATRIX = {
  sorted: Uint32Array,
  least: Uint32Array,
  columns: Uint32Array,
  keys: Uint32Array,
  distance: Int32Array,
  route: Uint8Array,
  answer: Uint8Array,
} as const;

/** By row of a batch or column of a matrix. */
const PRECISE = { requests: Uint8Array } as const;

/** A topology in the linear memory of an instance of its own, which never grows again. */
export interface Instance {
  readonly exports: Exports;
  readonly memory: DataView;
  readonly sections: Sections;
  /** Where the header stands. */
  readonly base: number;
  readonly places: Places;
  readonly classes: number;
  readonly table: number;
  readonly phrases: number;
  readonly rulings: number;
  readonly staging: Columns<typeof STAGING>;
  readonly matrix: Columns<typeof MATRIX>;
  readonly precise: Columns<typeof PRECISE>;
}

/** Copies sections into an instance of exactly the size that they need, and plants what is derived from them. */
export function settle(sections: Sections, build: Build): Instance {
  const exports = instantiate(build);
  const longest = sections.longestTree();
  const arena = new Arena(exports);
  const base = arena.take(layout.HEADER_BYTES);
  const classes = arena.take(sections.hosts);
  const table = arena.take(MAX_TABLE);
  const phrases = arena.take(PHRASES_BYTES);
  const rulings = arena.take(RULINGS_BYTES);
  const staging = reserve(arena, CHUNK, STAGING);
  const matrix = reserve(arena, MATRIX_LIMIT, MATRIX);
  const precise = reserve(arena, Math.max(CHUNK, MATRIX_LIMIT), PRECISE);
  const minima = arena.take(exports.minimaBytes(sections.nodes, longest) >>> 0);
  const tree = arena.take(exports.treeBytes(sections.leaves) >>> 0, layout.NODE_BYTES);
  sections.place((bytes) => arena.take(bytes, layout.LEAF_BYTES));
  arena.commit();
  const { buffer } = exports.memory;
  sections.move(buffer);
  const places = sections.places();
  const memory = view(new Uint8Array(buffer));
  const header = (offset: number, value: number) => memory.setUint32(base + offset, value, true);
  header(layout.HEADER_NODES, sections.nodes);
  header(layout.HEADER_WIDE, sections.wide ? 1 : 0);
  header(layout.HEADER_DEPTH_BITS, sections.depthBits);
  header(layout.HEADER_KEYS, places.keys);
  header(layout.HEADER_RECORDS, places.records);
  header(layout.HEADER_MINIMA, minima);
  header(layout.HEADER_HOSTS, places.hosts);
  header(layout.HEADER_SYSTEMS, places.systems);
  header(layout.HEADER_CLASSES, classes);
  header(layout.HEADER_CLASS_COUNT, 1);
  header(layout.HEADER_TABLE, table);
  header(layout.HEADER_LEAVES, places.leaves);
  header(layout.HEADER_LEAF_COUNT, sections.leaves);
  header(layout.HEADER_UNIT, sections.unit);
  header(layout.HEADER_RANGES, places.ranges);
  header(layout.HEADER_OWNERS, places.owners);
  header(layout.HEADER_TERMS, places.terms);
  const columns = precise(buffer);
  header(layout.HEADER_REQUESTS, columns.requests.at);
  exports.plantMinima(base, longest);
  exports.plantTree(base, tree);
  return {
    exports,
    memory,
    sections,
    base,
    places,
    classes,
    table,
    phrases,
    rulings,
    staging: staging(buffer),
    matrix: matrix(buffer),
    precise: columns,
  };
}

/**
 * Checks that nothing in the sections leads the kernels astray.
 *
 * @throws SectionError naming the first section that does.
 */
export function inspect({ exports, base, sections }: Instance): void {
  const { hosts, systems, ranges, terms } = sections;
  sections.expect("keys", exports.checkKeys(base));
  sections.expect("records", exports.checkRecords(base, hosts));
  sections.expect("hosts", exports.checkHosts(base, hosts, systems));
  sections.expect("systems", exports.checkSystems(base, systems));
  sections.expect("ranges", exports.checkRanges(base, ranges, terms));
  sections.expect("owners", exports.checkOwners(base, ranges));
  sections.expect("leaves", exports.checkLeaves(base, ranges));
}
