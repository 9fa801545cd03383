// From two records and the key of the common upstream to the answer: shared by batches, requests and matrices.
#ifndef DECIDE_H
#define DECIDE_H

#include "forest.h"

typedef struct {
  u32 common, distance, relation, path;
} Decision;

/** Key of the common upstream, right where (u, v] leaves its block. */
ALWAYS_INLINE u32 farKey(const Record *restrict records, const Sparse *sparse, u32 u, u32 v) {
  const u32 blockI = (u + 1) >> RECORD_SHIFT, blockV = v >> RECORD_SHIFT;
  const u32 *left, *right;
  between(sparse, blockI < blockV ? blockI : blockV - 1, blockV, &left, &right);
  return least(least(records[u + 1].suffix, records[v].prefix), least(*left, *right));
}

/** The same where it does not, or where u = v. */
ALWAYS_INLINE u32 nearKey(u32 u, u32 v) {
  if (u == v) return u << DEPTH_BITS | (forest.records[u].state & DEPTH_MASK);
  return leastWithin(forest.keys, u + 1, v, RECORD_SHIFT);
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
