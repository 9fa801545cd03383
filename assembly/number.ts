// Building the forest: numbering, keys and records, minima.

import { recordBytes } from "./forest";
import {
  BLOCK_SHIFT,
  FIELD_OWN,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  HEADER_BLOCKS,
  HEADER_KEYS,
  HEADER_MINIMA,
  HEADER_NODES,
  HEADER_SPANS,
  MARK_COMPLETION,
  MARK_REDIRECT,
  MARK_REQUEST,
  MARK_UNREADABLE,
  NO_KEY,
  OWN_DMA_BITS,
  RECORD_DEPTH,
  RECORD_HOST,
  RECORD_PREFIX,
  RECORD_SUFFIX,
} from "./layout";

const WORD: usize = 4;

/**
 * Numbers `count` nodes depth first, siblings in the order of the source.
 *
 *   parents       source, u32 per node: 1 + index of the parent, 0 for a host bridge
 *   firstChild    scratch, u32 per node and one for node 0
 *   nextSibling   scratch, the same
 *   order         result, u32 per id: 1 + index of the node in the source
 *
 * Returns how many nodes were reached from a host bridge; fewer than `count` when there is a cycle.
 */
export function numberForest(count: u32, parents: usize, firstChild: usize, nextSibling: usize, order: usize): u32 {
  memory.fill(firstChild, 0, (<usize>count + 1) * WORD);
  // Backwards, so that each list ends up in source order.
  for (let node = count; node > 0; node--) {
    const list = firstChild + <usize>load<u32>(parents + <usize>(node - 1) * WORD) * WORD;
    store<u32>(nextSibling + <usize>node * WORD, load<u32>(list));
    store<u32>(list, node);
  }
  store<u32>(order, 0);
  let reached: u32 = 0;
  let node = load<u32>(firstChild);
  while (node != 0) {
    reached++;
    store<u32>(order + <usize>reached * WORD, node);
    let next = load<u32>(firstChild + <usize>node * WORD);
    while (next == 0 && node != 0) {
      next = load<u32>(nextSibling + <usize>node * WORD);
      node = load<u32>(parents + <usize>(node - 1) * WORD);
    }
    node = next;
  }
  return reached;
}

/**
 * Finds each node's parent and depth, in the order of ids.
 *
 *   ids      scratch, u32 per source node and one for node 0: its id
 *   parents  result, u32 per id: id of the node above
 *   depths   result, u32 per id
 *
 * Returns the greatest depth.
 */
export function placeNodes(
  count: u32,
  sourceParents: usize,
  order: usize,
  ids: usize,
  parents: usize,
  depths: usize,
): u32 {
  store<u32>(ids, 0);
  store<u32>(parents, 0);
  store<u32>(depths, 0);
  let deepest: u32 = 0;
  for (let id: u32 = 1; id <= count; id++) {
    const source = load<u32>(order + <usize>id * WORD);
    store<u32>(ids + <usize>source * WORD, id);
    // A parent has a smaller id than its children: its own is known.
    const parent = load<u32>(ids + <usize>load<u32>(sourceParents + <usize>(source - 1) * WORD) * WORD);
    const depth = parent == 0 ? 0 : load<u32>(depths + <usize>parent * WORD) + 1;
    store<u32>(parents + <usize>id * WORD, parent);
    store<u32>(depths + <usize>id * WORD, depth);
    deepest = max(deepest, depth);
  }
  return deepest;
}

/**
 * Fills keys and records, in the order of ids.
 *
 *   wide, depthBits   as in the header
 *   marks             source, u8 per source node: MARK_…
 *   dmaBits           source, u8 per source node, 64 and more: no limit; or 0
 *   keys              the parents, which become keys in place
 */
export function packForest(
  count: u32,
  wide: bool,
  depthBits: u32,
  marks: usize,
  dmaBits: usize,
  order: usize,
  depths: usize,
  keys: usize,
  records: usize,
): void {
  if (wide) packRows<u32>(count, depthBits, marks, dmaBits, order, depths, keys, records);
  else packRows<u8>(count, depthBits, marks, dmaBits, order, depths, keys, records);
}

function packRows<R>(
  count: u32,
  depthBits: u32,
  marks: usize,
  dmaBits: usize,
  order: usize,
  depths: usize,
  keys: usize,
  records: usize,
): void {
  const field: usize = sizeof<R>();
  memory.fill(records, 0, recordBytes<R>());
  store<u32>(records, NO_KEY, RECORD_SUFFIX);
  let hosts: u32 = 0;
  for (let id: u32 = 1; id <= count; id++) {
    const parent = load<u32>(keys + <usize>id * WORD);
    const source = <usize>load<u32>(order + <usize>id * WORD) - 1;
    const depth = load<u32>(depths + <usize>id * WORD);
    const record = records + <usize>id * recordBytes<R>();
    const above = records + <usize>parent * recordBytes<R>();
    const mark = <u32>load<u8>(marks + source);
    const redirect = (mark & MARK_REDIRECT) != 0 ? <R>depth : load<R>(above + FIELD_REDIRECT * field, RECORD_DEPTH);
    const unreadable =
      (mark & MARK_UNREADABLE) != 0 ? <R>depth : load<R>(above + FIELD_UNREADABLE * field, RECORD_DEPTH);
    store<u32>(record, parent == 0 ? hosts++ : load<u32>(above, RECORD_HOST), RECORD_HOST);
    store<R>(record, <R>depth, RECORD_DEPTH);
    store<R>(record + FIELD_REDIRECT * field, redirect, RECORD_DEPTH);
    store<R>(record + FIELD_UNREADABLE * field, unreadable, RECORD_DEPTH);
    const bits: u32 = dmaBits == 0 ? 0 : <u32>load<u8>(dmaBits + source);
    const own = (mark & (MARK_REQUEST | MARK_COMPLETION)) | (bits <= OWN_DMA_BITS ? bits : 0);
    store<R>(record + FIELD_OWN * field, <R>own, RECORD_DEPTH);
  }
  for (let id: u32 = 1; id <= count; id++) {
    const parent = load<u32>(keys + <usize>id * WORD);
    if (depthBits > 0) {
      store<u32>(keys + <usize>id * WORD, (parent << depthBits) | load<u32>(depths + <usize>parent * WORD));
    }
  }
  const within = (1 << BLOCK_SHIFT) - 1;
  let least = NO_KEY;
  for (let id: u32 = 0; id <= count; id++) {
    const key = load<u32>(keys + <usize>id * WORD);
    least = (id & within) == 0 ? key : min(least, key);
    store<u32>(records + <usize>id * recordBytes<R>(), least, RECORD_PREFIX);
  }
  least = NO_KEY;
  for (let id = count + 1; id > 0; id--) {
    const node = id - 1;
    if ((node & within) == within) least = NO_KEY;
    store<u32>(records + <usize>node * recordBytes<R>(), least, RECORD_SUFFIX);
    least = min(least, load<u32>(keys + <usize>node * WORD));
  }
}

export function blocksOf(count: u32): u32 {
  return (count >> BLOCK_SHIFT) + 1;
}

/** How many spans the minima need where no tree has more than `longest` nodes. */
function spansOf(longest: u32): u32 {
  // A tree of n nodes touches at most two blocks more than it fills.
  return 32 - clz((longest >> BLOCK_SHIFT) + 2);
}

export function minimaBytes(count: u32, longest: u32): usize {
  return <usize>blocksOf(count) * <usize>spansOf(longest) * WORD;
}

/** Fills the minima of a header's keys; no tree has more than `longest` nodes. */
export function plantMinima(base: usize, longest: u32): void {
  const count = load<u32>(base, HEADER_NODES);
  const keys = <usize>load<u32>(base, HEADER_KEYS);
  const minima = <usize>load<u32>(base, HEADER_MINIMA);
  const blocks = blocksOf(count);
  const spans = spansOf(longest);
  store<u32>(base, blocks, HEADER_BLOCKS);
  store<u32>(base, spans, HEADER_SPANS);
  for (let block: u32 = 0; block < blocks; block++) {
    let least = NO_KEY;
    const end = min(count + 1, (block + 1) << BLOCK_SHIFT);
    for (let id = block << BLOCK_SHIFT; id < end; id++) least = min(least, load<u32>(keys + <usize>id * WORD));
    store<u32>(minima + <usize>block * WORD, least);
  }
  for (let level: u32 = 1; level < spans && blocks >> level > 0; level++) {
    const below = minima + <usize>(level - 1) * <usize>blocks * WORD;
    const row = minima + <usize>level * <usize>blocks * WORD;
    const half = <usize>(1 << (level - 1)) * WORD;
    for (let at: usize = 0, end = <usize>(blocks - (1 << level) + 1) * WORD; at < end; at += WORD) {
      store<u32>(row + at, min(load<u32>(below + at), load<u32>(below + at + half)));
    }
  }
}
