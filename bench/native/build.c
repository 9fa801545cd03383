// Building everything from columns: numbering, records, sorted and flattened segments, lines and their tree.

#include "forest.h"
#include "ranges.h"

static Forest built;
static Ranges builtRanges;
static u32 *subtrees, *indices[2], *below;
static u64 *sortKeys[2];

/** Ids of the rows, children right after their parent, siblings in the order of rows. Parents stand before children. */
static void number(const u32 *restrict parents, u32 hostCount, u32 count, u32 *restrict ids) {
  subtrees = renew(subtrees, ((size_t)count + 1) * sizeof(u32));
  for (u32 row = count; row-- > hostCount;) subtrees[parents[row - hostCount]] += subtrees[row] + 1;
  u32 next = 1;
  for (u32 row = 0; row < count; row++) {
    u32 *free = row < hostCount ? &next : &subtrees[parents[row - hostCount]];
    ids[row] = *free;
    *free += subtrees[row] + 1;
    subtrees[row] = ids[row] + 1; // from here on: where its next child goes
  }
}

/** Least significant digit first, eleven bits at a time, skipping digits that are all the same. */
static u32 sortByKey(size_t count) {
  enum { DIGIT = 11, DIGITS = 6, VALUES = 1 << DIGIT };
  static u32 counts[DIGITS][VALUES];
  memset(counts, 0, sizeof counts);
  for (size_t at = 0; at < count; at++) {
    for (u32 digit = 0; digit < DIGITS; digit++) counts[digit][sortKeys[0][at] >> digit * DIGIT & (VALUES - 1)]++;
  }
  u32 from = 0;
  for (u32 digit = 0; digit < DIGITS; digit++) {
    u32 *sums = counts[digit], sum = 0;
    if (sums[sortKeys[0][0] >> digit * DIGIT & (VALUES - 1)] == count) continue;
    for (u32 value = 0; value < VALUES; value++) {
      const u32 here = sums[value];
      sums[value] = sum;
      sum += here;
    }
    const u64 *restrict keys = sortKeys[from];
    const u32 *restrict order = indices[from];
    u64 *restrict keysOut = sortKeys[1 - from];
    u32 *restrict orderOut = indices[1 - from];
    for (size_t at = 0; at < count; at++) {
      const u32 to = sums[keys[at] >> digit * DIGIT & (VALUES - 1)]++;
      keysOut[to] = keys[at];
      orderOut[to] = order[at];
    }
    from = 1 - from;
  }
  return from;
}

/** Ranges that nest or lie apart: the innermost owns. Adds gaps and what ranges hold around those within them. */
static void flatten(const u32 *functions, const u64 *sizes, const u32 *ids, u32 hostCount, u32 side, size_t count) {
  struct {
    u64 end;
    u32 value;
  } open[64] = {{~(u64)0 >> 1, 0}};
  u32 depth = 0;
  size_t out = 0;
  builtRanges.starts = renew(builtRanges.starts, (2 * count + 2) * sizeof(u64));
  builtRanges.values = renew(builtRanges.values, (2 * count + 2) * sizeof(u32));
  u64 *restrict starts = builtRanges.starts;
  u32 *restrict values = builtRanges.values;
  starts[out++] = 0;
  for (size_t at = 0; at < count; at++) {
    const u64 start = sortKeys[side][at];
    const u32 row = indices[side][at];
    while (open[depth].end <= start) {
      const u64 end = open[depth--].end;
      out -= starts[out - 1] == end;
      starts[out] = end;
      values[out++] = open[depth].value;
    }
    if (depth == 63) abort();
    open[++depth].end = start + sizes[row];
    open[depth].value = ids[hostCount + functions[row]];
    out -= starts[out - 1] == start;
    starts[out] = start;
    values[out++] = open[depth].value;
  }
  while (depth > 0) {
    const u64 end = open[depth--].end;
    out -= starts[out - 1] == end;
    starts[out] = end;
    values[out++] = open[depth].value;
  }
  builtRanges.count = out;
}

/**
 * (parents u32: node rows, host count, redirects, unreadable and mask bits u8 by function, function of ranges u32,
 * start u64, size u64, system of host bridges u32, displacements u64, ids u32: result)
 */
static double build(const Argument *arguments) {
  const u32 *parents = arguments[0].data, *functions = arguments[5].data, *systems = arguments[8].data;
  const u32 hostCount = (u32)arguments[1].number, count = hostCount + (u32)arguments[0].length;
  const u8 *redirects = arguments[2].data, *unreadable = arguments[3].data, *maskBits = arguments[4].data;
  const u64 *bases = arguments[6].data, *sizes = arguments[7].data, *displacements = arguments[9].data;
  const size_t rangeCount = arguments[5].length;
  u32 *ids = arguments[10].data;

  number(parents, hostCount, count, ids);
  built.nodes = count;
  built.keys = renew(built.keys, ((size_t)count + 65) * sizeof(u32));
  built.records = renew(built.records, ((size_t)count + 1) * sizeof(Record));
  below = renew(below, ((size_t)count + 1) * sizeof(u32));
  for (u32 row = 0; row < count; row++) {
    const u32 id = ids[row];
    if (row < hostCount) {
      below[row] = row;
      built.records[id].host = row;
      continue;
    }
    const u32 function = row - hostCount, parent = ids[parents[function]];
    const Record above = built.records[parent];
    const u32 depth = (above.state & DEPTH_MASK) + 1;
    u32 state = (above.state & 0x3ffc0) | depth | (u32)maskBits[function] << 3 * DEPTH_BITS;
    if (redirects[function]) state = (state & ~(DEPTH_MASK << DEPTH_BITS)) | depth << DEPTH_BITS;
    if (unreadable[function]) state = (state & ~(DEPTH_MASK << 2 * DEPTH_BITS)) | depth << 2 * DEPTH_BITS;
    below[row] = below[parents[function]];
    built.keys[id] = parent << DEPTH_BITS | (depth - 1);
    built.records[id].state = state;
    built.records[id].host = above.host;
  }
  const size_t systemBytes = hostCount * sizeof(u32);
  built.systems = memcpy(renew(built.systems, systemBytes), systems, systemBytes);
  buildRecords(&built, longestTree(built.keys, count, 1u << DEPTH_BITS));

  for (int side = 0; side < 2; side++) {
    sortKeys[side] = renew(sortKeys[side], rangeCount * sizeof(u64));
    indices[side] = renew(indices[side], rangeCount * sizeof(u32));
  }
  for (size_t row = 0; row < rangeCount; row++) {
    sortKeys[0][row] = displacements[systems[below[hostCount + functions[row]]]] + bases[row];
    indices[0][row] = (u32)row;
  }
  const u32 side = sortByKey(rangeCount);
  flatten(functions, sizes, ids, hostCount, side, rangeCount);
  packLines(&builtRanges);
  return (double)builtRanges.count;
}

/** (starts u64, values u32): the first segments as built, for a check; returns how many there are */
static double builtSegments(const Argument *arguments) {
  const size_t wanted = arguments[0].length < builtRanges.count ? arguments[0].length : builtRanges.count;
  memcpy(arguments[0].data, builtRanges.starts, wanted * sizeof(u64));
  memcpy(arguments[1].data, builtRanges.values, wanted * sizeof(u32));
  return (double)builtRanges.count;
}

const Export buildExports[] = {
    {"build", 11, build},
    {"builtSegments", 2, builtSegments},
    {NULL, 0, NULL},
};
