// Packing the segments: into leaves of one cache line, and a search tree over them.

import {
  END_BIAS,
  HEADER_LEAF_COUNT,
  HEADER_LEAVES,
  HEADER_LEVEL,
  HEADER_LEVELS,
  KEYS_PER_NODE,
  LAST_KEY,
  LEAF_BASE,
  LEAF_BYTES,
  LEAF_ENDS,
  LEAF_VALUES,
  NODE_BYTES,
  NO_END,
  SEGMENTS_PER_LEAF,
} from "./layout";

const WORD: usize = 4;
const KEY: usize = 8;

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
