// The forest of functions: ancestor walk, common upstream, distance, path state.
//
// A record's fields have the width of R: u8, or u32 where a topology is wide (layout.ts). The kernels exist for both.

import {
  BLOCK_SHIFT,
  FIELDS,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  HEADER_BLOCKS,
  HEADER_DEPTH_BITS,
  HEADER_HOSTS,
  HEADER_KEYS,
  HEADER_MINIMA,
  HEADER_PAIR,
  HEADER_RECORDS,
  HEADER_SPANS,
  HEADER_WIDE,
  HOST_BYTES,
  NO_KEY,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RECORD_DEPTH,
  RECORD_PREFIX,
  RECORD_SUFFIX,
} from "./layout";

const WORD: usize = 4;

/** Bytes of as many pairs as are in flight together. */
const FLIGHT: usize = 128 * WORD;

export function isWide(base: usize): bool {
  return load<u32>(base, HEADER_WIDE) != 0;
}

export function recordBytes<R>(): usize {
  return RECORD_DEPTH + FIELDS * sizeof<R>();
}

export function recordOf<R>(base: usize, node: u32): usize {
  return <usize>load<u32>(base, HEADER_RECORDS) + <usize>node * recordBytes<R>();
}

export function depthOf<R>(record: usize): u32 {
  return <u32>load<R>(record, RECORD_DEPTH);
}

export function fieldOf<R>(record: usize, field: usize): u32 {
  return <u32>load<R>(record + field * sizeof<R>(), RECORD_DEPTH);
}

export function hostAt(base: usize, host: u32): usize {
  return <usize>load<u32>(base, HEADER_HOSTS) + <usize>host * HOST_BYTES;
}

// The walk ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The node above; 0 for a host bridge. */
export function parentOf(base: usize, node: u32): u32 {
  return load<u32>(<usize>load<u32>(base, HEADER_KEYS) + <usize>node * WORD) >> load<u32>(base, HEADER_DEPTH_BITS);
}

/** Writes the ids from `node` up to its host bridge, both included; returns how many. */
export function ancestors(base: usize, node: u32, out: usize): u32 {
  let count: u32 = 0;
  while (node != 0) {
    store<u32>(out + <usize>count * WORD, node);
    count++;
    node = parentOf(base, node);
  }
  return count;
}

/**
 * The common upstream of `count` pairs, step by step: as quick as the trees are flat. Parents precede their children,
 * so whichever number is greater cannot be the answer and steps up.
 */
export function walkMany(base: usize, count: u32, left: usize, right: usize, common: usize): void {
  const keys = <usize>load<u32>(base, HEADER_KEYS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  for (let row: usize = 0, end = <usize>count * WORD; row < end; row += WORD) {
    let a = load<u32>(left + row);
    let b = load<u32>(right + row);
    while (a != b) {
      if (a > b) a = load<u32>(keys + <usize>a * WORD) >> bits;
      else b = load<u32>(keys + <usize>b * WORD) >> bits;
    }
    store<u32>(common + row, a);
  }
}

// The range minimum ──────────────────────────────────────────────────────────────────────────────────────────────
//
// Depth first, everything between a and b > a hangs below their common upstream, and one of the nodes after a up to b
// hangs directly below it: the least key among (a, b] is the answer. Three pieces, whatever the depth:
//
//   block of a            blocks between          block of b
//   ──── a │ suffix of a │ minima │ minima │ prefix of b ▪ b ────

/** The least key among (a, b], both in one block. */
function leastWithin(keys: usize, a: u32, b: u32): u32 {
  let at = keys + <usize>a * WORD + WORD;
  const end = keys + <usize>b * WORD;
  let least = NO_KEY;
  if (ASC_FEATURE_SIMD) {
    if (at + 12 <= end) {
      let lanes = v128.load(at);
      for (at += 16; at + 12 <= end; at += 16) lanes = i32x4.min_u(lanes, v128.load(at));
      // The last four, some of them for the second time.
      lanes = i32x4.min_u(lanes, v128.load(end - 12));
      lanes = i32x4.min_u(lanes, i8x16.shuffle(lanes, lanes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
      lanes = i32x4.min_u(lanes, i8x16.shuffle(lanes, lanes, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
      return <u32>i32x4.extract_lane(lanes, 0);
    }
  }
  for (; at <= end; at += WORD) least = min(least, load<u32>(at));
  return least;
}

/** The common upstream of `count` pairs. */
export function commonMany(base: usize, count: u32, left: usize, right: usize, common: usize): void {
  keyMany(base, count, left, right, common);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  for (let row: usize = 0, end = <usize>count * WORD; row < end; row += WORD) {
    store<u32>(common + row, load<u32>(common + row) >> bits);
  }
}

/** The common upstream of one pair, which goes through the header. */
export function commonOf(base: usize, a: u32, b: u32): u32 {
  store<u32>(base, a, HEADER_PAIR);
  store<u32>(base, b, HEADER_PAIR + WORD);
  const common = base + HEADER_PAIR + 2 * WORD;
  commonMany(base, 1, base + HEADER_PAIR, base + HEADER_PAIR + WORD, common);
  return load<u32>(common);
}

/** The keys of the same: id and depth. */
export function keyMany(base: usize, count: u32, left: usize, right: usize, out: usize): void {
  if (isWide(base)) keyRows<u32>(base, count, left, right, out);
  else keyRows<u8>(base, count, left, right, out);
}

function keyRows<R>(base: usize, count: u32, left: usize, right: usize, out: usize): void {
  const keys = <usize>load<u32>(base, HEADER_KEYS);
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const minima = <usize>load<u32>(base, HEADER_MINIMA);
  const blocks = load<u32>(base, HEADER_BLOCKS);
  const spans = load<u32>(base, HEADER_SPANS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  const all = <usize>count * WORD;
  for (let start: usize = 0; start < all; start += FLIGHT) {
    const end = min(start + FLIGHT, all);
    // Two loads for each pair and nothing else: while they miss the caches, those of the next pairs are under way.
    for (let row = start; row < end; row += WORD) {
      const a = load<u32>(left + row);
      const b = load<u32>(right + row);
      const suffix = load<u32>(records + <usize>min(a, b) * recordBytes<R>(), RECORD_SUFFIX);
      const prefix = load<u32>(records + <usize>max(a, b) * recordBytes<R>(), RECORD_PREFIX);
      store<u32>(out + row, min(suffix, prefix));
    }
    for (let row = start; row < end; row += WORD) {
      const a = load<u32>(left + row);
      const b = load<u32>(right + row);
      const first = (min(a, b) >> BLOCK_SHIFT) + 1;
      const last = max(a, b) >> BLOCK_SHIFT;
      if (first < last) {
        const span: u32 = 31 - clz(last - first);
        let between: u32 = 0;
        if (span < spans) {
          const line = minima + <usize>(span * blocks) * WORD;
          between = min(load<u32>(line + <usize>first * WORD), load<u32>(line + <usize>(last - (1 << span)) * WORD));
        }
        store<u32>(out + row, min(load<u32>(out + row), between));
      } else if (first > last) {
        store<u32>(out + row, a == b ? ownKey<R>(records, bits, a) : leastWithin(keys, min(a, b), max(a, b)));
      }
    }
  }
}

/** The key that a node's children have. */
export function ownKey<R>(records: usize, bits: u32, node: u32): u32 {
  if (sizeof<R>() == 1) return (node << bits) | depthOf<R>(records + <usize>node * recordBytes<R>());
  return node;
}

// The path ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Whether something redirects at depth `from` or deeper, above either of two nodes. With the depth of the common
 * bridge this tests both legs and the common bridge itself, once, as the kernel does (B2).
 */
export function pathState<R>(left: usize, right: usize, from: u32): u32 {
  if (max(fieldOf<R>(left, FIELD_REDIRECT), fieldOf<R>(right, FIELD_REDIRECT)) >= from) return PATH_REDIRECTED;
  if (max(fieldOf<R>(left, FIELD_UNREADABLE), fieldOf<R>(right, FIELD_UNREADABLE)) >= from) return PATH_MAYBE;
  return PATH_DIRECT;
}

/**
 * The same where the description lacks what one of two roots hangs below, or both do. A chain counts as a whole unless
 * the other hangs below one of its bridges, which a known root rules out; both cannot hang below each other. What
 * redirects itself always counts.
 */
export function unplacedPathState<R>(left: usize, right: usize, leftKnown: bool, rightKnown: bool): u32 {
  const leftFrom = fieldOf<R>(left, FIELD_REDIRECT);
  const rightFrom = fieldOf<R>(right, FIELD_REDIRECT);
  const leftCounts = rightKnown || rightFrom != 0 || leftFrom == depthOf<R>(left);
  const rightCounts = leftKnown || leftFrom != 0 || rightFrom == depthOf<R>(right);
  return (leftFrom != 0 && leftCounts) || (rightFrom != 0 && rightCounts) ? PATH_REDIRECTED : PATH_MAYBE;
}
