// The forest in depth-first numbering: node 0 above all host bridges, ids 1 to `nodes`, parents before children.
//
// The least parent in (u, v] is the common upstream of u < v. `Minima` answers that from two minima per node and a
// sparse table over blocks of 2^shift nodes. Numbers that are compared are either ids or keys:
//
//   key   31                6 5     0
//        ┌───────────────────┬───────┐   for node 0: 0; once it is known whether the two nodes lie in one system,
//        │        id         │ depth │   ACROSS_SYSTEMS or ACROSS_HOSTS
//        └───────────────────┴───────┘
//
//   prefix   least from the start of the node's block to the node
//   suffix   least after the node to the end of its block; all ones for the last of it
#ifndef FOREST_H
#define FOREST_H

#include "plain.h"

typedef struct {
  u32 prefix, suffix;
} Minimum;

/** What `full` answers and requests read of a node: one quarter of a cache line. */
typedef struct {
  u32 prefix, suffix; // keys
  u32 state;          // depth, redirect << 6, unreadable << 12, DMA mask bits << 18
  u32 host;           // ordinal
} Record;

typedef struct {
  u32 *table;    // [row][block]: row 0 all ones, row r the minima over 2^(r-1) blocks, the last one all zeros
  size_t stride; // blocks per row
  u32 spans;     // rows of minima: as many as the largest tree needs; nodes further apart have node 0 in common
} Sparse;

typedef struct {
  Minimum *minima;
  Sparse sparse;
} Minima;

typedef struct {
  u32 nodes;
  u32 *parents; // ids; all ones beyond the last
  u32 *keys;    // keys of the parents
  u32 *ends;    // last id of the subtree
  Minima by4, by5, by6;
  Record *records; // blocks of 2^RECORD_SHIFT
  Sparse sparse;
  u32 *systems; // by ordinal of the host bridge
} Forest;

enum { DEPTH_BITS = 6, DEPTH_MASK = 63, RECORD_SHIFT = 5, ACROSS_SYSTEMS = 0, ACROSS_HOSTS = 1 };
enum { RELATION_SELF, RELATION_COMMON_BRIDGE, RELATION_SAME_HOST, RELATION_ACROSS_HOSTS, RELATION_ACROSS_SYSTEMS = 6 };
enum { PATH_DIRECT, PATH_REDIRECTED, PATH_MAYBE };

extern Forest forest;

void buildSparse(Sparse *sparse, const u32 *values, u32 nodes, u32 shift, u32 longest);
void buildRecords(Forest *into, u32 longest);

/** How many nodes the largest tree has; host bridges are where the value is below `least`. */
u32 longestTree(const u32 *values, u32 nodes, u32 least);

/** Where the two loads for the blocks strictly between those of u and v go. */
ALWAYS_INLINE void between(const Sparse *sparse, u32 blockU, u32 blockV, const u32 **left, const u32 **right) {
  const u32 span = blockV - blockU - 1;
  const u32 row = least(bitsOf(span), sparse->spans + 1);
  const u32 *at = sparse->table + row * sparse->stride;
  const u32 some = -(u32)(row - 1 < sparse->spans);
  *left = at + ((blockU + 1) & some);
  *right = at + ((blockV - ((1u << row) >> 1)) & some);
}

/** The least of values[i..v], both in one block of 2^shift; all ones where i is beyond v. */
ALWAYS_INLINE u32 leastWithin(const u32 *restrict values, u32 i, u32 v, u32 shift) {
#if WIDE
  const u32 start = v >> shift << shift;
  __m512i result = _mm512_set1_epi32(-1);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i first = _mm512_set1_epi32((int)i), last = _mm512_set1_epi32((int)v);
  for (u32 at = start; at < start + (1u << shift); at += 16) {
    const __m512i index = _mm512_add_epi32(_mm512_set1_epi32((int)at), lanes);
    const __mmask16 within = _mm512_cmpge_epu32_mask(index, first) & _mm512_cmple_epu32_mask(index, last);
    result = _mm512_mask_min_epu32(result, within, result, _mm512_load_si512(values + at));
  }
  return _mm512_reduce_min_epu32(result);
#else
  u32 result = NOTHING;
  for (u32 at = i; at <= v; at++) result = least(result, values[at]);
  return result;
#endif
}

#endif
