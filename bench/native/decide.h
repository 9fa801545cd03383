// From two records and the key of the common upstream to the answer: shared by batches, requests and matrices.
#ifndef DECIDE_H
#define DECIDE_H

#include "forest.h"

typedef struct {
  u32 common, distance, relation, path;
} Decision;

/** Whether two nodes lie in one block: then neither suffix nor prefix says anything. */
ALWAYS_INLINE u32 isNear(u32 u, u32 v) { return u >> RECORD_SHIFT == v >> RECORD_SHIFT; }

/** Key of the common upstream of u < v, right where they lie in different blocks. */
ALWAYS_INLINE u32 farKey(const Record *restrict records, const Sparse *sparse, u32 u, u32 v) {
  const u32 blockU = u >> RECORD_SHIFT, blockV = v >> RECORD_SHIFT;
  const u32 *left, *right;
  between(sparse, blockU < blockV ? blockU : blockV - 1, blockV, &left, &right);
  return least(least(records[u].suffix, records[v].prefix), least(*left, *right));
}

/** The same where it does not, or where u = v. */
ALWAYS_INLINE u32 nearKey(u32 u, u32 v) {
  if (u == v) return u << DEPTH_BITS | (forest.records[u].state & DEPTH_MASK);
  return leastWithin(forest.keys, u + 1, v, RECORD_SHIFT);
}

/** A key that tells nodes of one system from those of two. */
ALWAYS_INLINE u32 placed(u32 key, u32 hostA, u32 hostB) {
  const u32 apart = forest.systems[hostA] == forest.systems[hostB] ? ACROSS_HOSTS : ACROSS_SYSTEMS;
  return key >> DEPTH_BITS == 0 ? apart : key;
}

/** Of two different nodes: the caller knows when they are the same. */
ALWAYS_INLINE Decision decide(u32 a, u32 b, u32 key) {
  const u32 common = key >> DEPTH_BITS, low = key & DEPTH_MASK;
  const u32 depth = common == 0 ? 0 : low;
  const u32 redirect = greatest(a >> DEPTH_BITS & DEPTH_MASK, b >> DEPTH_BITS & DEPTH_MASK);
  const u32 unreadable = greatest(a >> 2 * DEPTH_BITS & DEPTH_MASK, b >> 2 * DEPTH_BITS & DEPTH_MASK);
  const u32 apart = low == ACROSS_HOSTS ? RELATION_ACROSS_HOSTS : RELATION_ACROSS_SYSTEMS;
  const u32 met = depth > 0 ? RELATION_COMMON_BRIDGE : RELATION_SAME_HOST;
  const u32 state = redirect >= depth ? PATH_REDIRECTED : unreadable >= depth ? PATH_MAYBE : PATH_DIRECT;
  const u32 hops = (a & DEPTH_MASK) + (b & DEPTH_MASK) - 2 * depth;
  return (Decision){
      .common = common,
      .distance = key == ACROSS_SYSTEMS ? NOTHING : hops,
      .relation = common == 0 ? apart : met,
      .path = depth == 0 ? PATH_DIRECT : state,
  };
}

#endif
