import { Arena, defaultBuild, instantiate, layout, type Build, type Exports } from "./wasm.js";

/** A forest in depth-first order. Index 0 of each column is the node above all host bridges. */
export interface Forest {
  /** How many nodes there are, node 0 not counted. */
  readonly count: number;
  /** Row in the source, by id; entry 0 is not used. */
  readonly order: Uint32Array;
  /** Id by row of the source. */
  readonly ids: Uint32Array;
  /** Whether records are of the wide form (assembly/layout.ts), for forests too deep or too large for the narrow. */
  readonly wide: boolean;
  readonly depthBits: number;
  readonly keys: Uint32Array;
  readonly records: Uint8Array;
}

/** What the source says of a node, in the column of marks. */
export const MARK_REDIRECTS = 1;
export const MARK_UNREADABLE = 2;
/** Beside MARK_REDIRECTS: requests that come from below, completions. */
export const MARK_REQUEST = layout.MARK_REQUEST;
export const MARK_COMPLETION = layout.MARK_COMPLETION;
/** Egress control: Linux takes it for a redirect, and what it does is in no mark. */
export const MARK_EGRESS = MARK_REDIRECTS | MARK_UNREADABLE;

/**
 * Numbers nodes depth first, siblings in the order of the source, in a throw-away instance.
 *
 * @param parents for each node 1 + the row of its parent, 0 for a host bridge.
 * @param marks for each node what its ACS does: MARK_….
 * @param dmaBits for each node how many address bits it drives, 0: not known, 64: all.
 * @returns null where there is a cycle.
 */
export function buildForest(
  parents: Uint32Array,
  marks: Uint8Array,
  dmaBits: Uint8Array | null = null,
  build: Build = defaultBuild,
): Forest | null {
  const core = instantiate(build);
  const count = parents.length;
  const words = (count + 1) * 4;
  const arena = new Arena(core);
  const source = arena.take(count * 4);
  const ids = arena.take(words);
  const depths = arena.take(words);
  const order = arena.take(words);
  arena.commit();
  new Uint32Array(core.memory.buffer, source, count).set(parents);
  if (core.numberForest(count, source, ids, depths, order) >>> 0 !== count) return null;
  const keys = arena.take(words);
  arena.commit();
  const deepest = core.placeNodes(count, source, order, ids, keys, depths) >>> 0;
  const { wide, depthBits } = shapeOf(count, deepest);
  const bytes = (count + 1) * recordBytes(wide);
  const markColumn = arena.take(count);
  const dmaColumn = dmaBits === null ? 0 : arena.take(count);
  const records = arena.take(bytes);
  arena.commit();
  new Uint8Array(core.memory.buffer, markColumn, count).set(marks);
  if (dmaBits !== null) new Uint8Array(core.memory.buffer, dmaColumn, count).set(dmaBits);
  core.packForest(count, wide ? 1 : 0, depthBits, markColumn, dmaColumn, order, depths, keys, records);
  return {
    count,
    order: sourceRows(core, order, count),
    ids: new Uint32Array(core.memory.buffer, ids + 4, count),
    wide,
    depthBits,
    keys: new Uint32Array(core.memory.buffer, keys, count + 1),
    records: new Uint8Array(core.memory.buffer, records, bytes),
  };
}

/** Ids and depths share the 32 bits of a key, and depths have a byte each in a record, as long as they fit. */
function shapeOf(count: number, deepest: number): { wide: boolean; depthBits: number } {
  const depthBits = Math.max(1, 32 - Math.clz32(deepest));
  const narrow = deepest <= layout.NARROW_DEPTH && count < 2 ** (32 - depthBits) - 1;
  return narrow ? { wide: false, depthBits } : { wide: true, depthBits: 0 };
}

export function recordBytes(wide: boolean): number {
  return layout.RECORD_DEPTH + layout.FIELDS * (wide ? 4 : 1);
}

function sourceRows(core: Exports, order: number, count: number): Uint32Array {
  const rows = new Uint32Array(core.memory.buffer, order, count + 1);
  for (let id = 1; id <= count; id++) rows[id]!--;
  return rows;
}

/** 0 for a host bridge, 1 for a function on its root bus, … */
export function depthIn({ wide, records }: Forest, id: number): number {
  const at = id * recordBytes(wide) + layout.RECORD_DEPTH;
  if (!wide) return records[at]!;
  return (records[at]! | (records[at + 1]! << 8) | (records[at + 2]! << 16) | (records[at + 3]! << 24)) >>> 0;
}

/** Id of the node above; 0 for a host bridge. */
export function parentIn({ keys, depthBits }: Forest, id: number): number {
  return keys[id]! >>> depthBits;
}
