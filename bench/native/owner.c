// Address to owner: the structures over the sorted segments, and the searches.

#include "ranges.h"

Ranges ranges;

/** Node i of a level has nine children: the keys in a node are the least of its second to ninth. */
void plantTree(Tree *tree, const void *keys, size_t stride, size_t count) {
  size_t nodes[MOST_LEVELS];
  u32 levels = 0;
  for (size_t wanted = (count + KEYS - 1) / KEYS;; wanted = (wanted + FANOUT - 1) / FANOUT) {
    nodes[levels++] = wanted;
    if (wanted <= 1) break;
  }
  size_t total = 0;
  for (u32 level = 0; level < levels; level++) {
    tree->starts[level] = total;
    total += nodes[levels - 1 - level] * KEYS;
  }
  tree->levels = levels;
  tree->keys = renew(tree->keys, total * sizeof(u64));
  memset(tree->keys, 0xff, total * sizeof(u64));
  u64 *leaves = tree->keys + tree->starts[levels - 1];
  for (size_t index = 0; index < count; index++) {
    leaves[index] = *(const u64 *)((const char *)keys + index * stride);
  }
  size_t width = 1; // leaves under a child of the level
  for (u32 level = levels - 1; level-- > 0; width *= FANOUT) {
    u64 *here = tree->keys + tree->starts[level];
    const size_t count = nodes[levels - 1 - level];
    for (size_t node = 0; node < count; node++) {
      for (size_t key = 0; key < KEYS; key++) {
        const size_t leaf = (node * FANOUT + key + 1) * width;
        if (leaf < nodes[0]) here[node * KEYS + key] = leaves[leaf * KEYS];
      }
    }
  }
}

void packLines(Ranges *into) {
  u64 low = 0;
  for (size_t index = 0; index < into->count; index++) low |= into->starts[index];
  const u32 zeros = low == 0 ? 12 : (u32)__builtin_ctzll(low);
  into->unit = zeros < 12 ? zeros : 12;
  into->lines = renew(into->lines, (into->count + 1) * sizeof(Line));
  size_t lines = 0;
  for (size_t at = 0; at < into->count;) {
    Line *line = &into->lines[lines++];
    line->base = into->starts[at];
    memset(line->deltas, 0xff, sizeof line->deltas);
    u32 taken = 0;
    while (taken < SEGMENTS_PER_LINE && at < into->count) {
      const u64 delta = (into->starts[at] - line->base) >> into->unit;
      if (delta >= NOTHING) break;
      if (taken > 0) line->deltas[taken - 1] = (u32)delta;
      line->values[taken++] = into->values[at++];
    }
    for (u32 rest = taken; rest < SEGMENTS_PER_LINE; rest++) line->values[rest] = line->values[taken - 1];
    const u64 end = at < into->count ? (into->starts[at] - line->base) >> into->unit : NOTHING;
    if (end < NOTHING) line->deltas[taken - 1] = (u32)end;
  }
  into->lineCount = lines;
  plantTree(&into->lineTree, into->lines, sizeof(Line), lines);
}

/** (starts u64, values u32, displacements u64, spans u64) */
static double loadRanges(const Argument *arguments) {
  ranges.count = arguments[0].length;
  ranges.starts = memcpy(renew(ranges.starts, ranges.count * 8), arguments[0].data, ranges.count * 8);
  ranges.values = memcpy(renew(ranges.values, ranges.count * 4), arguments[1].data, ranges.count * 4);
  ranges.systems = arguments[2].length;
  ranges.displacements = memcpy(renew(ranges.displacements, ranges.systems * 8), arguments[2].data, ranges.systems * 8);
  ranges.spans = memcpy(renew(ranges.spans, ranges.systems * 8), arguments[3].data, ranges.systems * 8);
  plantTree(&ranges.tree, ranges.starts, sizeof(u64), ranges.count);
  packLines(&ranges);
  return (double)(ranges.lineCount * sizeof(Line));
}

#define COLUMNS                                                                                                        \
  const u64 *restrict addresses = arguments[0].data;                                                                   \
  const u32 *restrict systems = arguments[1].data;                                                                     \
  u32 *restrict out = arguments[2].data;                                                                               \
  const size_t count = (size_t)arguments[3].number

/** Where an address lies in the one space; the greatest place, which nobody owns, for one beyond its system. */
ALWAYS_INLINE u64 displaced(u64 address, u32 system) {
  return address < ranges.spans[system] ? ranges.displacements[system] + address : ~(u64)0 >> 1;
}

static double ownerUpperBound(const Argument *arguments) {
  COLUMNS;
  const u64 *restrict starts = ranges.starts;
  for (size_t row = 0; row < count; row++) {
    const u64 key = displaced(addresses[row], systems[row]);
    size_t low = 0, high = ranges.count;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (starts[middle] <= key) low = middle + 1;
      else high = middle;
    }
    out[row] = ranges.values[low - 1];
  }
  return 0;
}

/** Sixteen searches in step, none of which branches on what it finds. */
static double ownerBinary(const Argument *arguments) {
  enum { TOGETHER = 16 };
  COLUMNS;
  const u64 *restrict starts = ranges.starts;
  for (size_t from = 0; from < count; from += TOGETHER) {
    const int some = count - from < TOGETHER ? (int)(count - from) : TOGETHER;
    u64 keys[TOGETHER];
    const u64 *at[TOGETHER];
    for (int query = 0; query < some; query++) {
      keys[query] = displaced(addresses[from + query], systems[from + query]);
      at[query] = starts;
    }
    for (size_t length = ranges.count; length > 1;) {
      const size_t half = length / 2;
      length -= half;
      for (int query = 0; query < some; query++) {
        at[query] += at[query][half] <= keys[query] ? half : 0;
        PREFETCH(at[query] + length / 2);
      }
    }
    for (int query = 0; query < some; query++) out[from + query] = ranges.values[at[query] - starts];
  }
  return 0;
}

ALWAYS_INLINE double treeSearch(const Argument *arguments, const int together) {
  COLUMNS;
  const Tree tree = ranges.tree;
  for (size_t from = 0; from < count; from += together) {
    const int some = count - from < (size_t)together ? (int)(count - from) : together;
    u64 keys[32];
    size_t at[32];
    for (int query = 0; query < some; query++) {
      keys[query] = displaced(addresses[from + query], systems[from + query]);
    }
    if (some == together) descend(&tree, keys, at, together);
    else descend(&tree, keys, at, some);
    for (int query = 0; query < some; query++) PREFETCH(&ranges.values[at[query]]);
    for (int query = 0; query < some; query++) out[from + query] = ranges.values[at[query]];
  }
  return 0;
}

ALWAYS_INLINE double lineSearch(const Argument *arguments, const int together) {
  COLUMNS;
  const Tree tree = ranges.lineTree;
  const Line *restrict lines = ranges.lines;
  const u32 unit = ranges.unit;
  for (size_t from = 0; from < count; from += together) {
    const int some = count - from < (size_t)together ? (int)(count - from) : together;
    u64 keys[32];
    size_t at[32];
    for (int query = 0; query < some; query++) {
      keys[query] = displaced(addresses[from + query], systems[from + query]);
    }
    if (some == together) descend(&tree, keys, at, together);
    else descend(&tree, keys, at, some);
    for (int query = 0; query < some; query++) PREFETCH(&lines[at[query]]);
    for (int query = 0; query < some; query++) {
      const Line *line = &lines[at[query]];
      out[from + query] = line->values[place(line, deltaOf(line, keys[query], unit))];
    }
  }
  return 0;
}

static double ownerTree16(const Argument *arguments) { return treeSearch(arguments, 16); }
static double ownerLines1(const Argument *arguments) { return lineSearch(arguments, 1); }
static double ownerLines16(const Argument *arguments) { return lineSearch(arguments, 16); }
static double ownerLines32(const Argument *arguments) { return lineSearch(arguments, 32); }

const Export ownerExports[] = {
    {"loadRanges", 4, loadRanges},     {"ownerUpperBound", 4, ownerUpperBound},
    {"ownerBinary", 4, ownerBinary},   {"ownerTree16", 4, ownerTree16},
    {"ownerLines1", 4, ownerLines1},   {"ownerLines16", 4, ownerLines16},
    {"ownerLines32", 4, ownerLines32}, {NULL, 0, NULL},
};
