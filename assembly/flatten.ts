// Building the ranges: displaced into one space, sorted, flattened into disjoint segments, packed into leaves.

import {
  ALWAYS,
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_SHIFT,
  END_BIAS,
  HEADER_LEAF_COUNT,
  HEADER_LEAVES,
  HEADER_LEVEL,
  HEADER_LEVELS,
  KEYS_PER_NODE,
  KIND_MASK,
  KIND_WINDOW,
  LAST_KEY,
  LEAF_BASE,
  LEAF_BYTES,
  LEAF_ENDS,
  LEAF_VALUES,
  NODE_BYTES,
  NO_END,
  NO_RANGE,
  RANGE_BYTES,
  RANGE_COVER,
  RANGE_SIZE,
  RANGE_START,
  RANGE_TERMS,
  RANKS,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MASK,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SHIFT,
  RANK_SILENT,
  RANK_SURROUNDING,
  RANK_UNSIZED,
  SEGMENTS_PER_LEAF,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_FIRST,
  SYSTEM_SPAN,
  TERMS_BYTES,
  TERMS_META,
  TERMS_UNKNOWN_FROM,
} from "./layout";
import { sortRows } from "./sort";

const WORD: usize = 4;
const KEY: usize = 8;

// Ranges as they come: five columns.
//
//   systems  u32, ordinal       starts  u64, CPU physical       sizes  u64, at least 1
//   owners   u32                terms   u32, row of the terms

/**
 * Lays the systems' address spaces side by side, each from the lowest address that is claimed to the end of the
 * highest, and makes the starts displaced ones.
 *
 *   systemRecords  result, zeroed
 *
 * Returns the sum of the spans; LAST_KEY or more: they do not fit, and nothing has been displaced.
 */
export function displace(
  count: u32,
  systems: usize,
  starts: usize,
  sizes: usize,
  systemCount: u32,
  systemRecords: usize,
): u64 {
  for (let row: usize = 0; row < <usize>count; row++) {
    const record = systemRecords + <usize>load<u32>(systems + row * WORD) * SYSTEM_BYTES;
    const start = load<u64>(starts + row * KEY);
    const end = start + load<u64>(sizes + row * KEY);
    // Until all ends are known, the span is measured from 0.
    const reach = load<u64>(record, SYSTEM_SPAN);
    store<u64>(record, reach == 0 ? start : min(start, load<u64>(record, SYSTEM_FIRST)), SYSTEM_FIRST);
    store<u64>(record, max(end, reach), SYSTEM_SPAN);
  }
  let next: u64 = 0;
  for (let system: usize = 0; system < <usize>systemCount; system++) {
    const record = systemRecords + system * SYSTEM_BYTES;
    const first = load<u64>(record, SYSTEM_FIRST);
    const span = load<u64>(record, SYSTEM_SPAN) - first;
    store<u64>(record, next - first, SYSTEM_DISPLACEMENT);
    store<u64>(record, span, SYSTEM_SPAN);
    // Each span is below 2^63: the sum cannot wrap before it is seen to be too great.
    next += span;
    if (next >= LAST_KEY) return next;
  }
  for (let row: usize = 0; row < <usize>count; row++) {
    const record = systemRecords + <usize>load<u32>(systems + row * WORD) * SYSTEM_BYTES;
    store<u64>(starts + row * KEY, load<u64>(starts + row * KEY) + load<u64>(record, SYSTEM_DISPLACEMENT));
  }
  return next;
}

/**
 * Sorts displaced ranges by start, the longer first, then in the order of the source, and packs them.
 *
 *   keys, spareKeys    scratch, u64 per range
 *   order, spareOrder  scratch, u32 per range; `order` then holds the source row of each range
 *   ranges, packed     results, a record and an owner (u32) per range
 *
 * Returns how many low bits no boundary uses.
 */
export function packRanges(
  count: u32,
  starts: usize,
  sizes: usize,
  owners: usize,
  terms: usize,
  keys: usize,
  order: usize,
  spareKeys: usize,
  spareOrder: usize,
  ranges: usize,
  packed: usize,
): u32 {
  for (let row: usize = 0; row < <usize>count; row++) {
    store<u64>(keys + row * KEY, load<u64>(starts + row * KEY));
    store<u32>(order + row * WORD, <u32>row);
  }
  sortRows(count, keys, order, spareKeys, spareOrder);
  // Where several start together, the longer surrounds the shorter.
  for (let first: usize = 0; first < <usize>count;) {
    let after = first + 1;
    while (after < <usize>count && load<u64>(keys + after * KEY) == load<u64>(keys + first * KEY)) after++;
    if (after - first > 1) {
      for (let row = first; row < after; row++) {
        store<u64>(keys + row * KEY, ~load<u64>(sizes + <usize>load<u32>(order + row * WORD) * KEY));
      }
      sortRows(<u32>(after - first), keys + first * KEY, order + first * WORD, spareKeys, spareOrder);
    }
    first = after;
  }
  let bits = (<u64>1) << 31;
  for (let row: usize = 0; row < <usize>count; row++) {
    const source = <usize>load<u32>(order + row * WORD);
    const record = ranges + row * RANGE_BYTES;
    const start = load<u64>(starts + source * KEY);
    const size = load<u64>(sizes + source * KEY);
    store<u64>(record, start, RANGE_START);
    store<u64>(record, size, RANGE_SIZE);
    store<u32>(record, load<u32>(terms + source * WORD), RANGE_TERMS);
    store<u32>(packed + row * WORD, load<u32>(owners + source * WORD));
    bits |= start | size;
    let cover = row == 0 ? NO_RANGE : <u32>row - 1;
    while (cover != NO_RANGE && endOf(ranges, cover) <= start + size) {
      cover = load<u32>(ranges + <usize>cover * RANGE_BYTES, RANGE_COVER);
    }
    store<u32>(record, cover, RANGE_COVER);
  }
  return <u32>ctz(bits);
}

// Sweep state, one per rank: how many ranges of the rank hold the current address, and the stack of those that
// started, innermost on top. Ranges that have ended leave the stack when they come to its top.
//
//    0       4
//   ┌───────┬───────┐
//   │ count │  top  │
//   └───────┴───────┘

const RANK_STATE_BYTES: usize = 8;
export const SWEEP_BYTES: usize = <usize>RANKS * RANK_STATE_BYTES;

/**
 * Flattens `count` sorted ranges into segments.
 *
 *   below     scratch, u32 per range: the range below it on its rank's stack
 *   open      scratch, u32 per range: heap of those that have started and not ended, the one that ends first on top
 *   sweep     scratch, SWEEP_BYTES
 *   starts    result, u64 per segment, room for 2 * count + 1
 *   values    result, u32 per segment
 *
 * Returns the number of segments. The first starts at 0.
 */
export function flatten(
  count: u32,
  ranges: usize,
  terms: usize,
  below: usize,
  open: usize,
  sweep: usize,
  starts: usize,
  values: usize,
): u32 {
  for (let rank: u32 = 0; rank < RANKS; rank++) {
    store<u64>(sweep + <usize>rank * RANK_STATE_BYTES, (<u64>NO_RANGE) << 32);
  }
  store<u64>(starts, 0);
  store<u32>(values, CLAIM_NOBODY << CLAIM_SHIFT);
  let segments: u32 = 1;
  let opened: u32 = 0;
  let holding: u32 = 0;
  while (opened < count || holding > 0) {
    let at = holding > 0 ? endOf(ranges, load<u32>(open)) : LAST_KEY;
    if (opened < count) at = min(at, startOf(ranges, opened));
    while (holding > 0 && endOf(ranges, load<u32>(open)) == at) {
      const state = sweep + <usize>rankOf(ranges, terms, load<u32>(open)) * RANK_STATE_BYTES;
      store<u32>(state, load<u32>(state) - 1);
      holding = dropFirst(ranges, open, holding);
    }
    while (opened < count && startOf(ranges, opened) == at) {
      const state = sweep + <usize>rankOf(ranges, terms, opened) * RANK_STATE_BYTES;
      store<u32>(below + <usize>opened * WORD, load<u32>(state, 4));
      store<u32>(state, load<u32>(state) + 1);
      store<u32>(state, opened, 4);
      holding = insert(ranges, open, holding, opened);
      opened++;
    }
    const value = claimAt(ranges, terms, sweep, below, at);
    if (value == load<u32>(values + <usize>(segments - 1) * WORD)) continue;
    if (load<u64>(starts + <usize>(segments - 1) * KEY) == at) segments--;
    store<u64>(starts + <usize>segments * KEY, at);
    store<u32>(values + <usize>segments * WORD, value);
    segments++;
  }
  return segments;
}

/** Puts a range into the heap; returns its new size. Ranges nest as a rule: the newest ends first. */
function insert(ranges: usize, open: usize, holding: u32, range: u32): u32 {
  const end = endOf(ranges, range);
  let at = holding;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const other = load<u32>(open + <usize>above * WORD);
    if (endOf(ranges, other) <= end) break;
    store<u32>(open + <usize>at * WORD, other);
    at = above;
  }
  store<u32>(open + <usize>at * WORD, range);
  return holding + 1;
}

/** Takes the range that ends first out of the heap; returns its new size. */
function dropFirst(ranges: usize, open: usize, holding: u32): u32 {
  const left = holding - 1;
  const range = load<u32>(open + <usize>left * WORD);
  const end = endOf(ranges, range);
  let at: u32 = 0;
  for (let next: u32 = 1; next < left; next = 2 * at + 1) {
    let other = load<u32>(open + <usize>next * WORD);
    if (next + 1 < left) {
      const sibling = load<u32>(open + <usize>(next + 1) * WORD);
      if (endOf(ranges, sibling) < endOf(ranges, other)) {
        other = sibling;
        next++;
      }
    }
    if (endOf(ranges, other) >= end) break;
    store<u32>(open + <usize>at * WORD, other);
    at = next;
  }
  store<u32>(open + <usize>at * WORD, range);
  return left;
}

function claimAt(ranges: usize, terms: usize, sweep: usize, below: usize, at: u64): u32 {
  const live = holders(sweep, RANK_LIVE);
  if (holders(sweep, RANK_UNSIZED) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, sweep, below, live > 0 ? RANK_LIVE : RANK_UNSIZED, at));
  }
  if (live > 0) {
    const range = innermost(ranges, sweep, below, RANK_LIVE, at);
    // A BAR that may be off does not silence one that is off: which of them answers is not known.
    const certain =
      load<u32>(termsOf(ranges, terms, range), TERMS_UNKNOWN_FROM) != ALWAYS || holders(sweep, RANK_SILENT) == 0;
    const alone = live == 1 && holders(sweep, RANK_PLATFORM) == 0 && certain;
    return claim(alone ? CLAIM_OWNED : CLAIM_AMBIGUOUS, range);
  }
  if (holders(sweep, RANK_PLATFORM) > 0) {
    return claim(CLAIM_OWNED, innermost(ranges, sweep, below, RANK_PLATFORM, at));
  }
  const silent = holders(sweep, RANK_SILENT);
  if (silent > 0) {
    return claim(silent == 1 ? CLAIM_OWNED : CLAIM_AMBIGUOUS, innermost(ranges, sweep, below, RANK_SILENT, at));
  }
  if (holders(sweep, RANK_APERTURE) > 0) {
    return claim(CLAIM_OWNED, innermost(ranges, sweep, below, RANK_APERTURE, at));
  }
  if (holders(sweep, RANK_MAYBE) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, sweep, below, RANK_MAYBE, at));
  }
  if (holders(sweep, RANK_SURROUNDING) > 0) {
    const range = innermost(ranges, sweep, below, RANK_SURROUNDING, at);
    const kind = load<u32>(termsOf(ranges, terms, range), TERMS_META) & KIND_MASK;
    return claim(kind == KIND_WINDOW ? CLAIM_HOLE : CLAIM_OWNED, range);
  }
  return claim(CLAIM_NOBODY, 0);
}

function claim(kind: u32, range: u32): u32 {
  return (kind << CLAIM_SHIFT) | range;
}

function holders(sweep: usize, rank: u32): u32 {
  return load<u32>(sweep + <usize>rank * RANK_STATE_BYTES);
}

/** The range of a rank that started last among those that still hold `at`. */
function innermost(ranges: usize, sweep: usize, below: usize, rank: u32, at: u64): u32 {
  const state = sweep + <usize>rank * RANK_STATE_BYTES;
  let range = load<u32>(state, 4);
  while (endOf(ranges, range) <= at) range = load<u32>(below + <usize>range * WORD);
  store<u32>(state, range, 4);
  return range;
}

export function startOf(ranges: usize, range: u32): u64 {
  return load<u64>(ranges + <usize>range * RANGE_BYTES, RANGE_START);
}

export function endOf(ranges: usize, range: u32): u64 {
  const record = ranges + <usize>range * RANGE_BYTES;
  return load<u64>(record, RANGE_START) + load<u64>(record, RANGE_SIZE);
}

function termsOf(ranges: usize, terms: usize, range: u32): usize {
  return terms + <usize>load<u32>(ranges + <usize>range * RANGE_BYTES, RANGE_TERMS) * TERMS_BYTES;
}

function rankOf(ranges: usize, terms: usize, range: u32): u32 {
  return (load<u32>(termsOf(ranges, terms, range), TERMS_META) >> RANK_SHIFT) & RANK_MASK;
}

/**
 * Packs segments into leaves; with `leaves` 0 it only counts them. A leaf ends early where the next segment begins
 * too far from its base.
 *
 *   unit   the low bits that no boundary uses
 */
export function packLeaves(segments: u32, starts: usize, values: usize, unit: u32, leaves: usize): u32 {
  let count: u32 = 0;
  for (let first: u32 = 0; first < segments; count++) {
    const base = load<u64>(starts + <usize>first * KEY);
    let after = first + 1;
    while (
      after < segments &&
      after - first < SEGMENTS_PER_LEAF &&
      (load<u64>(starts + <usize>after * KEY) - base) >> unit < <u64>NO_END
    ) {
      after++;
    }
    if (leaves != 0) writeLeaf(leaves + <usize>count * LEAF_BYTES, first, after, segments, starts, values, unit);
    first = after;
  }
  return count;
}

function writeLeaf(leaf: usize, first: u32, after: u32, segments: u32, starts: usize, values: usize, unit: u32): void {
  const base = load<u64>(starts + <usize>first * KEY);
  store<u64>(leaf, base, LEAF_BASE);
  for (let slot: u32 = 0; slot < SEGMENTS_PER_LEAF; slot++) {
    const segment = min(first + slot, after - 1);
    let end: u64 = NO_END;
    if (first + slot < after && segment + 1 < segments) {
      end = min(end, (load<u64>(starts + <usize>(segment + 1) * KEY) - base) >> unit);
    }
    store<u32>(leaf + <usize>slot * WORD, (<u32>end) ^ END_BIAS, LEAF_ENDS);
    store<u32>(leaf + <usize>slot * WORD, load<u32>(values + <usize>segment * WORD), LEAF_VALUES);
  }
}

// The search tree. Level 0 holds the bases of all leaves; level k + 1 holds, for every nine nodes of level k, the
// first keys of the last eight. In memory the highest level comes first. With n nodes at level 0 there are ceil(n / 9)
// at level 1, …
//
//   level 1                 │ k8 k16 k24 … k64 │
//                          ┌──────┬──────┬─────┴───────┐
//   level 0        │ k0 … k7 │ k8 … k15 │ … │ k64 … k71 │

/** Nodes on one level of a tree over `keys` keys. */
function nodesOn(level: u32, keys: u32): u32 {
  let nodes = (keys + KEYS_PER_NODE - 1) / KEYS_PER_NODE;
  for (; level > 0; level--) nodes = (nodes + KEYS_PER_NODE) / (KEYS_PER_NODE + 1);
  return nodes;
}

function levelsOf(keys: u32): u32 {
  let levels: u32 = 1;
  while (nodesOn(levels - 1, keys) > 1) levels++;
  return levels;
}

export function treeBytes(keys: u32): usize {
  let nodes: usize = 0;
  for (let level: u32 = 0, levels = levelsOf(keys); level < levels; level++) nodes += <usize>nodesOn(level, keys);
  return nodes * NODE_BYTES;
}

/** Writes the tree over a header's leaves to `tree` (`treeBytes` of their number). */
export function plantTree(base: usize, tree: usize): void {
  const leaves = <usize>load<u32>(base, HEADER_LEAVES);
  const count = load<u32>(base, HEADER_LEAF_COUNT);
  const levels = levelsOf(count);
  store<u32>(base, levels, HEADER_LEVELS);
  let at = tree;
  for (let level = levels; level > 0; level--) {
    store<u32>(base + <usize>(levels - level) * WORD, <u32>at, HEADER_LEVEL);
    const nodes = nodesOn(level - 1, count);
    // One key of this level stands for `stride` leaves, one node for `reach`.
    let reach: u64 = KEYS_PER_NODE;
    for (let below: u32 = 1; below < level; below++) reach *= KEYS_PER_NODE + 1;
    const stride = level == 1 ? 1 : reach / (KEYS_PER_NODE + 1);
    const first: u64 = level == 1 ? 0 : stride;
    for (let node: u32 = 0; node < nodes; node++) {
      for (let slot: u32 = 0; slot < KEYS_PER_NODE; slot++) {
        const source = <u64>node * reach + first + <u64>slot * stride;
        const key = source < <u64>count ? load<u64>(leaves + <usize>source * LEAF_BYTES, LEAF_BASE) : LAST_KEY;
        store<u64>(at, key);
        at += KEY;
      }
    }
  }
}
