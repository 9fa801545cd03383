import { RANGE_KINDS, RANKS, type RangeKind, type Rank } from "./axes.js";
import { Arena, instantiate, layout, view, type Build } from "./wasm.js";

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

export interface Segments {
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
export function buildSegments(rows: readonly RangeRow[], systems: number, build: Build): Segments {
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

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
