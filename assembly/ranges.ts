// CPU physical address to owner: nested and overlapping ranges become disjoint segments under a static search tree.

import {
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_SHIFT,
  HEADER_KEYS,
  HEADER_LEVELS,
  HEADER_SEGMENTS,
  HEADER_TREE,
  KEYS_PER_NODE,
  KIND_MASK,
  KIND_WINDOW,
  LAST_KEY,
  NODE_BYTES,
  RANGE_BYTES,
  RANGE_META,
  RANGE_SIZE,
  RANGE_START,
  RANGE_UNKNOWN_FROM,
  ALWAYS,
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
} from "./layout";

const WORD: usize = 4;
const KEY: usize = 8;
const NONE: u32 = 0xffffffff;

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
 * Flattens `count` ranges into segments.
 *
 *   ranges    source
 *   byStart   source, u32 per range: indices by start, the longer first, then in the order of the source
 *   byEnd     source, u32 per range: indices by end
 *   below     scratch, u32 per range: the range below it on its rank's stack
 *   sweep     scratch, SWEEP_BYTES
 *   starts    result, u64 per segment, room for 2 * count + 1
 *   values    result, u32 per segment
 *
 * Returns the number of segments. The first starts at 0.
 */
export function flatten(
  count: u32,
  ranges: usize,
  byStart: usize,
  byEnd: usize,
  below: usize,
  sweep: usize,
  starts: usize,
  values: usize,
): u32 {
  for (let rank: u32 = 0; rank < RANKS; rank++) {
    store<u64>(sweep + <usize>rank * RANK_STATE_BYTES, (<u64>NONE) << 32);
  }
  store<u64>(starts, 0);
  store<u32>(values, CLAIM_NOBODY << CLAIM_SHIFT);
  let segments: u32 = 1;
  let opened: u32 = 0;
  let closed: u32 = 0;
  while (closed < count) {
    let at = endOf(ranges, load<u32>(byEnd + <usize>closed * WORD));
    if (opened < count) {
      const start = startOf(ranges, load<u32>(byStart + <usize>opened * WORD));
      if (start < at) at = start;
    }
    while (closed < count) {
      const range = load<u32>(byEnd + <usize>closed * WORD);
      if (endOf(ranges, range) != at) break;
      const state = sweep + <usize>rankOf(ranges, range) * RANK_STATE_BYTES;
      store<u32>(state, load<u32>(state) - 1);
      closed++;
    }
    while (opened < count) {
      const range = load<u32>(byStart + <usize>opened * WORD);
      if (startOf(ranges, range) != at) break;
      const state = sweep + <usize>rankOf(ranges, range) * RANK_STATE_BYTES;
      store<u32>(below + <usize>range * WORD, load<u32>(state, 4));
      store<u32>(state, load<u32>(state) + 1);
      store<u32>(state, range, 4);
      opened++;
    }
    const value = claimAt(ranges, sweep, below, at);
    if (value == load<u32>(values + <usize>(segments - 1) * WORD)) continue;
    if (load<u64>(starts + <usize>(segments - 1) * KEY) == at) segments--;
    store<u64>(starts + <usize>segments * KEY, at);
    store<u32>(values + <usize>segments * WORD, value);
    segments++;
  }
  return segments;
}

function claimAt(ranges: usize, sweep: usize, below: usize, at: u64): u32 {
  const live = holders(sweep, RANK_LIVE);
  if (holders(sweep, RANK_UNSIZED) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, sweep, below, live > 0 ? RANK_LIVE : RANK_UNSIZED, at));
  }
  if (live > 0) {
    const range = innermost(ranges, sweep, below, RANK_LIVE, at);
    // A BAR that may be off does not silence one that is off: which of them answers is not known.
    const certain =
      load<u32>(ranges + <usize>range * RANGE_BYTES, RANGE_UNKNOWN_FROM) != ALWAYS || holders(sweep, RANK_SILENT) == 0;
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
    const kind = load<u32>(ranges + <usize>range * RANGE_BYTES, RANGE_META) & KIND_MASK;
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

function startOf(ranges: usize, range: u32): u64 {
  return load<u64>(ranges + <usize>range * RANGE_BYTES, RANGE_START);
}

function endOf(ranges: usize, range: u32): u64 {
  const record = ranges + <usize>range * RANGE_BYTES;
  return load<u64>(record, RANGE_START) + load<u64>(record, RANGE_SIZE);
}

function rankOf(ranges: usize, range: u32): u32 {
  return (load<u32>(ranges + <usize>range * RANGE_BYTES, RANGE_META) >> RANK_SHIFT) & RANK_MASK;
}

// The search tree. Level 0 holds all keys; level k + 1 holds, for every nine nodes of level k, the first keys of the
// last eight. In memory the highest level comes first. With n nodes at level 0 there are ceil(n / 9) at level 1, …
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

export function treeLevels(keys: u32): u32 {
  let levels: u32 = 1;
  while (nodesOn(levels - 1, keys) > 1) levels++;
  return levels;
}

export function treeBytes(keys: u32): usize {
  let nodes: usize = 0;
  for (let level: u32 = 0, levels = treeLevels(keys); level < levels; level++) nodes += <usize>nodesOn(level, keys);
  return nodes * NODE_BYTES;
}

/** Writes the tree over `count` sorted keys to `tree` (`treeBytes(count)` bytes). */
export function plantTree(count: u32, keys: usize, tree: usize): void {
  const levels = treeLevels(count);
  let at = tree;
  for (let level = levels; level > 0; level--) {
    const nodes = nodesOn(level - 1, count);
    // One key of this level stands for `stride` keys of the source, one node for `reach`.
    let reach: u64 = KEYS_PER_NODE;
    for (let below: u32 = 1; below < level; below++) reach *= KEYS_PER_NODE + 1;
    const stride = level == 1 ? 1 : reach / (KEYS_PER_NODE + 1);
    const first: u64 = level == 1 ? 0 : stride;
    for (let node: u32 = 0; node < nodes; node++) {
      for (let slot: u32 = 0; slot < KEYS_PER_NODE; slot++) {
        const source = <u64>node * reach + first + <u64>slot * stride;
        store<u64>(at, source < <u64>count ? load<u64>(keys + <usize>source * KEY) : LAST_KEY);
        at += KEY;
      }
    }
  }
}

/** The segment that holds `address` (below LAST_KEY): the last whose start is not above it. */
export function segmentAt(base: usize, address: u64): u32 {
  const segments = load<u32>(base, HEADER_SEGMENTS);
  let level = <usize>load<u32>(base, HEADER_TREE);
  let node: u32 = 0;
  for (let remaining = load<u32>(base, HEADER_LEVELS); remaining > 1; remaining--) {
    node = node * (KEYS_PER_NODE + 1) + keysNotAbove(level + <usize>node * NODE_BYTES, address);
    level += <usize>nodesOn(remaining - 1, segments) * NODE_BYTES;
  }
  return node * KEYS_PER_NODE + keysNotAbove(level + <usize>node * NODE_BYTES, address) - 1;
}

/** One past the last address of a segment. */
export function segmentEnd(base: usize, segment: u32): u64 {
  if (segment + 1 >= load<u32>(base, HEADER_SEGMENTS)) return LAST_KEY;
  return load<u64>(<usize>load<u32>(base, HEADER_KEYS) + <usize>(segment + 1) * KEY);
}

/** How many of the eight keys of a node are less than or equal to `address`; all are below 2^63. */
function keysNotAbove(node: usize, address: u64): u32 {
  if (ASC_FEATURE_SIMD) {
    const key = i64x2.splat(<i64>address);
    const left = i64x2.add(i64x2.gt_s(v128.load(node), key), i64x2.gt_s(v128.load(node, 16), key));
    const right = i64x2.add(i64x2.gt_s(v128.load(node, 32), key), i64x2.gt_s(v128.load(node, 48), key));
    const above = i64x2.add(left, right);
    return KEYS_PER_NODE + <u32>(i64x2.extract_lane(above, 0) + i64x2.extract_lane(above, 1));
  } else {
    let count: u32 = 0;
    for (let slot: usize = 0; slot < NODE_BYTES; slot += KEY) count += u32(load<u64>(node + slot) <= address);
    return count;
  }
}
