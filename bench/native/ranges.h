// Disjoint segments in one space, in order: a sorted list of starts with a value each. Over it, a static tree of eight
// keys a node, and lines that pack seven segments and their values.
#ifndef RANGES_H
#define RANGES_H

#include "plain.h"

enum { KEYS = 8, FANOUT = 9, MOST_LEVELS = 12, DELTAS = 7, SEGMENTS_PER_LINE = 7 };

/** Levels of nodes of eight keys, the root's first; the last level is all keys. Padded with the greatest key. */
typedef struct {
  u64 *keys;
  u32 levels;
  size_t starts[MOST_LEVELS]; // in keys
} Tree;

/** Delta d is where segment d + 1 starts, the last one where the next line does; in units, all ones if beyond. */
typedef struct {
  u64 base;
  u32 deltas[DELTAS];
  u32 values[SEGMENTS_PER_LINE];
} Line;

typedef struct {
  size_t count;
  u64 *starts;
  u32 *values; // owner, 0: nobody
  Tree tree;   // of starts
  size_t lineCount;
  Line *lines;
  Tree lineTree; // of bases
  u32 unit;      // log2
  size_t systems;
  u64 *displacements, *spans;
} Ranges;

extern Ranges ranges;

void plantTree(Tree *tree, const void *keys, size_t stride, size_t count);
void packLines(Ranges *into);

/** How many of a node's keys are not greater. */
ALWAYS_INLINE u32 rank(const u64 *restrict node, u64 key) {
#if WIDE
  return (u32)__builtin_popcount(_mm512_cmple_epu64_mask(_mm512_load_si512(node), _mm512_set1_epi64((long long)key)));
#else
  u32 result = 0;
  for (int index = 0; index < KEYS; index++) result += node[index] <= key;
  return result;
#endif
}

/** The segment within a line. */
ALWAYS_INLINE u32 place(const Line *restrict line, u32 delta) {
#if WIDE
  const __m256i deltas = _mm256_maskz_loadu_epi32(0x3f, line->deltas);
  return (u32)__builtin_popcount(_mm256_mask_cmple_epu32_mask(0x3f, deltas, _mm256_set1_epi32((int)delta)));
#else
  u32 result = 0;
  for (int index = 0; index < DELTAS - 1; index++) result += line->deltas[index] <= delta;
  return result;
#endif
}

ALWAYS_INLINE u32 deltaOf(const Line *line, u64 key, u32 unit) {
  const u64 delta = (key - line->base) >> unit;
  return delta > 0xfffffffe ? 0xfffffffe : (u32)delta;
}

/** Sends `count` keys down together; `at` becomes the index of the last key that is not greater. */
ALWAYS_INLINE void descend(const Tree *tree, const u64 *restrict keys, size_t *restrict at, int count) {
  for (int query = 0; query < count; query++) at[query] = 0;
  for (u32 level = 0; level < tree->levels; level++) {
    const u64 *nodes = tree->keys + tree->starts[level];
    const u64 *next = tree->keys + tree->starts[level + 1];
    if (level + 1 < tree->levels) {
      for (int query = 0; query < count; query++) {
        at[query] = at[query] * FANOUT + rank(nodes + at[query] * KEYS, keys[query]);
        PREFETCH(next + at[query] * KEYS);
      }
    } else {
      for (int query = 0; query < count; query++) {
        at[query] = at[query] * KEYS + rank(nodes + at[query] * KEYS, keys[query]) - 1;
      }
    }
  }
}

#endif
