// The forest of functions: numbering, ancestor walk, common upstream, distance, path state.

import {
  HEADER_PARENTS,
  HEADER_RECORDS,
  MARK_REDIRECT,
  MARK_UNREADABLE,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RECORD_BYTES,
  RECORD_DEPTH,
  RECORD_HOST,
  RECORD_REDIRECT,
  RECORD_UNREADABLE,
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
 * Fills the parent column and the records, in the order of ids.
 *
 *   ids     scratch, u32 per source node and one for node 0: its id
 *   marks   source, u8 per node: MARK_REDIRECT, MARK_UNREADABLE
 */
export function packForest(
  count: u32,
  sourceParents: usize,
  marks: usize,
  order: usize,
  ids: usize,
  parents: usize,
  records: usize,
): void {
  memory.fill(records, 0, RECORD_BYTES);
  store<u32>(parents, 0);
  store<u32>(ids, 0);
  let hosts: u32 = 0;
  for (let id: u32 = 1; id <= count; id++) {
    const source = load<u32>(order + <usize>id * WORD);
    store<u32>(ids + <usize>source * WORD, id);
    // A parent has a smaller id than its children: its record is complete.
    const parent = load<u32>(ids + <usize>load<u32>(sourceParents + <usize>(source - 1) * WORD) * WORD);
    store<u32>(parents + <usize>id * WORD, parent);
    const record = records + <usize>id * RECORD_BYTES;
    if (parent == 0) {
      memory.fill(record, 0, RECORD_BYTES);
      store<u32>(record, hosts++, RECORD_HOST);
      continue;
    }
    memory.copy(record, records + <usize>parent * RECORD_BYTES, RECORD_BYTES);
    const depth = load<u32>(record, RECORD_DEPTH) + 1;
    const mark = <u32>load<u8>(marks + <usize>(source - 1));
    store<u32>(record, depth, RECORD_DEPTH);
    if ((mark & MARK_REDIRECT) != 0) store<u32>(record, depth, RECORD_REDIRECT);
    if ((mark & MARK_UNREADABLE) != 0) store<u32>(record, depth, RECORD_UNREADABLE);
  }
}

/**
 * The nearest node that is `a` or above it and also `b` or above it; 0 for two different host bridges.
 * Parents precede their children, so whichever number is greater cannot be the answer and steps up.
 */
export function commonUpstream(base: usize, a: u32, b: u32): u32 {
  const parents = <usize>load<u32>(base, HEADER_PARENTS);
  while (a != b) {
    if (a > b) a = load<u32>(parents + <usize>a * WORD);
    else b = load<u32>(parents + <usize>b * WORD);
  }
  return a;
}

/** Writes the ids from `node` up to its host bridge, both included; returns how many. */
export function ancestors(base: usize, node: u32, out: usize): u32 {
  const parents = <usize>load<u32>(base, HEADER_PARENTS);
  let count: u32 = 0;
  while (node != 0) {
    store<u32>(out + <usize>count * WORD, node);
    count++;
    node = load<u32>(parents + <usize>node * WORD);
  }
  return count;
}

export function recordOf(base: usize, node: u32): usize {
  return <usize>load<u32>(base, HEADER_RECORDS) + <usize>node * RECORD_BYTES;
}

/**
 * Linux's distance (docs/semantics.md, Distance). A host bridge has depth 0 and so has node 0: where there is no common
 * bridge the formula counts both whole chains, which is what the kernel does.
 */
export function distanceOver(base: usize, a: u32, b: u32, common: u32): u32 {
  const depths = load<u32>(recordOf(base, a), RECORD_DEPTH) + load<u32>(recordOf(base, b), RECORD_DEPTH);
  return depths - 2 * load<u32>(recordOf(base, common), RECORD_DEPTH);
}

/**
 * Whether something redirects at depth `from` or deeper, above `a` or `b`. With the depth of the common bridge this
 * tests both legs and the common bridge itself, once, as the kernel does (B2).
 */
export function pathState(base: usize, a: u32, b: u32, from: u32): u32 {
  const left = recordOf(base, a);
  const right = recordOf(base, b);
  if (load<u32>(left, RECORD_REDIRECT) >= from || load<u32>(right, RECORD_REDIRECT) >= from) return PATH_REDIRECTED;
  if (load<u32>(left, RECORD_UNREADABLE) >= from || load<u32>(right, RECORD_UNREADABLE) >= from) return PATH_MAYBE;
  return PATH_DIRECT;
}

/**
 * The same where the description lacks what one of two roots hangs below, or both do. A chain counts as a whole unless
 * the other hangs below one of its bridges, which a known root rules out; both cannot hang below each other. What
 * redirects itself always counts.
 */
export function unplacedPathState(base: usize, a: u32, b: u32, aKnown: bool, bKnown: bool): u32 {
  const left = recordOf(base, a);
  const right = recordOf(base, b);
  const leftFrom = load<u32>(left, RECORD_REDIRECT);
  const rightFrom = load<u32>(right, RECORD_REDIRECT);
  const leftCounts = bKnown || rightFrom != 0 || leftFrom == load<u32>(left, RECORD_DEPTH);
  const rightCounts = aKnown || leftFrom != 0 || rightFrom == load<u32>(right, RECORD_DEPTH);
  return (leftFrom != 0 && leftCounts) || (rightFrom != 0 && rightCounts) ? PATH_REDIRECTED : PATH_MAYBE;
}
