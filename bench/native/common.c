// Common upstream: the forest's structures, and every way to answer that is worth timing.

#include "forest.h"

Forest forest;

u32 longestTree(const u32 *values, u32 nodes, u32 least) {
  u32 longest = 0, start = 1;
  for (u32 node = 2; node <= nodes; node++) {
    if (values[node] >= least) continue;
    longest = greatest(longest, node - start);
    start = node;
  }
  return greatest(longest, nodes + 1 - start);
}

void buildSparse(Sparse *sparse, const u32 *values, u32 nodes, u32 shift, u32 longest) {
  const u32 blocks = (nodes >> shift) + 1;
  // A tree touches at most two blocks more than it fills.
  const u32 spans = least(bitsOf((longest >> shift) + 2), bitsOf(blocks));
  const u32 rows = spans + 1;
  sparse->spans = spans;
  sparse->stride = ((size_t)blocks + 2 + 15) & ~(size_t)15;
  sparse->table = renew(sparse->table, (sparse->stride * rows + 1) * sizeof(u32));
  memset(sparse->table, 0xff, sparse->stride * rows * sizeof(u32));
  u32 *row = sparse->table + sparse->stride;
  for (u32 block = 0; block < blocks; block++) {
    u32 minimum = NOTHING;
    const u32 end = least(nodes, (block << shift) + (1u << shift) - 1);
    for (u32 node = block << shift; node <= end; node++) minimum = least(minimum, values[node]);
    row[block] = minimum;
  }
  for (u32 level = 2; level < rows; level++, row += sparse->stride) {
    const u32 half = 1u << (level - 2);
    for (u32 block = 0; block + 2 * half <= blocks; block++) {
      row[sparse->stride + block] = least(row[block], row[block + half]);
    }
  }
}

static void buildMinima(Minima *into, const u32 *values, u32 nodes, u32 shift, u32 longest) {
  into->minima = renew(into->minima, ((size_t)nodes + 1) * sizeof(Minimum));
  u32 running = NOTHING;
  for (u32 node = 0; node <= nodes; node++) {
    running = (node & ((1u << shift) - 1)) == 0 ? values[node] : least(running, values[node]);
    into->minima[node].prefix = running;
  }
  running = NOTHING;
  for (u32 node = nodes + 1; node-- > 0;) {
    if (((node + 1) & ((1u << shift) - 1)) == 0) running = NOTHING;
    into->minima[node].suffix = running;
    running = least(running, values[node]);
  }
  buildSparse(&into->sparse, values, nodes, shift, longest);
}

/** Prefix and suffix minima of the keys; state and host are in place. */
void buildRecords(Forest *into, u32 longest) {
  const u32 nodes = into->nodes, mask = (1u << RECORD_SHIFT) - 1;
  u32 running = NOTHING;
  for (u32 node = 0; node <= nodes; node++) {
    running = (node & mask) == 0 ? into->keys[node] : least(running, into->keys[node]);
    into->records[node].prefix = running;
  }
  running = NOTHING;
  for (u32 node = nodes + 1; node-- > 0;) {
    if (((node + 1) & mask) == 0) running = NOTHING;
    into->records[node].suffix = running;
    running = least(running, into->keys[node]);
  }
  buildSparse(&into->sparse, into->keys, nodes, RECORD_SHIFT, longest);
}

/** (parents u32, states u32, hosts u32: all by id, node 0 included; systems u32: by ordinal of the host bridge) */
static double loadForest(const Argument *arguments) {
  const u32 *parents = arguments[0].data, *states = arguments[1].data, *hosts = arguments[2].data;
  const u32 nodes = (u32)arguments[0].length - 1;
  const size_t bytes = ((size_t)nodes + 1 + 64) * sizeof(u32);
  forest.nodes = nodes;
  forest.parents = memset(renew(forest.parents, bytes), 0xff, bytes);
  forest.keys = memset(renew(forest.keys, bytes), 0xff, bytes);
  forest.ends = renew(forest.ends, bytes);
  forest.records = renew(forest.records, ((size_t)nodes + 1) * sizeof(Record));
  memcpy(forest.parents, parents, ((size_t)nodes + 1) * sizeof(u32));
  for (u32 node = 0; node <= nodes; node++) {
    const u32 parent = parents[node];
    forest.keys[node] = parent << DEPTH_BITS | (states[parent] & DEPTH_MASK);
    forest.records[node].state = states[node];
    forest.records[node].host = hosts[node];
    forest.ends[node] = node;
  }
  for (u32 node = nodes; node > 0; node--) {
    u32 *end = &forest.ends[parents[node]];
    *end = greatest(*end, forest.ends[node]);
  }
  const size_t systems = arguments[3].length * sizeof(u32);
  forest.systems = memcpy(renew(forest.systems, systems), arguments[3].data, systems);
  const u32 longest = longestTree(forest.parents, nodes, 1);
  buildMinima(&forest.by4, forest.parents, nodes, 4, longest);
  buildMinima(&forest.by5, forest.parents, nodes, 5, longest);
  buildMinima(&forest.by6, forest.parents, nodes, 6, longest);
  buildRecords(&forest, longest);
  return 0;
}

ALWAYS_INLINE double walk(const Argument *arguments, const u32 ahead) {
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict out = arguments[2].data;
  const u32 *restrict parents = forest.parents;
  const size_t count = (size_t)arguments[3].number;
  for (size_t row = 0; row < count; row++) {
    if (ahead != 0 && row + ahead < count) {
      PREFETCH(&parents[as[row + ahead]]);
      PREFETCH(&parents[bs[row + ahead]]);
    }
    u32 a = as[row], b = bs[row];
    while (a != b) {
      if (a > b) a = parents[a];
      else b = parents[b];
    }
    out[row] = a;
  }
  return 0;
}

static double commonWalk(const Argument *arguments) { return walk(arguments, 0); }
static double commonWalkAhead(const Argument *arguments) { return walk(arguments, 32); }

/** Only the smaller id climbs, until its subtree holds the greater: as many climbs at once as a vector has lanes. */
static double commonClimb(const Argument *arguments) {
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict out = arguments[2].data;
  const u32 *restrict parents = forest.parents, *restrict ends = forest.ends;
  const size_t count = (size_t)arguments[3].number;
  size_t row = 0;
#if WIDE
  for (; row + 32 <= count; row += 32) {
    __m512i node[2], other[2];
    __mmask16 open[2] = {0xffff, 0xffff};
    for (int half = 0; half < 2; half++) {
      const __m512i a = _mm512_loadu_si512(as + row + 16 * half), b = _mm512_loadu_si512(bs + row + 16 * half);
      node[half] = _mm512_min_epu32(a, b);
      other[half] = _mm512_max_epu32(a, b);
    }
    while ((open[0] | open[1]) != 0) {
      for (int half = 0; half < 2; half++) {
        const __m512i end = _mm512_mask_i32gather_epi32(other[half], open[half], node[half], ends, 4);
        open[half] = _mm512_mask_cmplt_epu32_mask(open[half], end, other[half]);
        node[half] = _mm512_mask_i32gather_epi32(node[half], open[half], node[half], parents, 4);
      }
    }
    for (int half = 0; half < 2; half++) _mm512_storeu_si512(out + row + 16 * half, node[half]);
  }
#endif
  for (; row < count; row++) {
    u32 node = least(as[row], bs[row]);
    const u32 other = greatest(as[row], bs[row]);
    while (ends[node] < other) node = parents[node];
    out[row] = node;
  }
  return 0;
}

/**
 * Range minimum in groups: first what every pair needs from its two nodes, without a branch; then the pairs within one
 * block, collected on the way, from the block itself.
 */
ALWAYS_INLINE double rangeMinimum(const Argument *arguments, const Minima *of, u32 shift, const u32 ahead) {
  enum { GROUP = 64 };
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict out = arguments[2].data;
  const u32 *restrict parents = forest.parents;
  const Minimum *restrict minima = of->minima;
  const Sparse sparse = of->sparse;
  const size_t count = (size_t)arguments[3].number;
  u32 near[GROUP];
  for (size_t from = 0; from < count; from += GROUP) {
    const size_t to = from + GROUP < count ? from + GROUP : count;
    u32 nears = 0;
    for (size_t row = from; row < to; row++) {
      if (ahead != 0 && row + ahead < count) {
        PREFETCH(&minima[as[row + ahead]]);
        PREFETCH(&minima[bs[row + ahead]]);
      }
      const u32 u = least(as[row], bs[row]), v = greatest(as[row], bs[row]);
      const u32 blockU = u >> shift, blockV = v >> shift;
      const u32 far = blockU < blockV;
      near[nears] = (u32)row;
      nears += 1 - far;
      const u32 *left, *right;
      // Pairs within a block read a harmless place.
      between(&sparse, far ? blockU : blockV - 1, blockV, &left, &right);
      out[row] = least(least(minima[u].suffix, minima[v].prefix), least(*left, *right));
    }
    for (u32 index = 0; index < nears; index++) {
      const u32 row = near[index];
      const u32 u = least(as[row], bs[row]), v = greatest(as[row], bs[row]);
      const u32 within = leastWithin(parents, u + 1, v, shift);
      out[row] = u == v ? u : within;
    }
  }
  return 0;
}

static double commonMinimum4(const Argument *arguments) { return rangeMinimum(arguments, &forest.by4, 4, 0); }
static double commonMinimum5(const Argument *arguments) { return rangeMinimum(arguments, &forest.by5, 5, 0); }
static double commonMinimum6(const Argument *arguments) { return rangeMinimum(arguments, &forest.by6, 6, 0); }
static double commonMinimumAhead5(const Argument *arguments) { return rangeMinimum(arguments, &forest.by5, 5, 32); }


/** The same with a branch where a pair lies within one block: cheaper where the guess is mostly right. */
ALWAYS_INLINE double branchingMinimum(const Argument *arguments, const Minima *of, u32 shift, u32 ahead) {
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict out = arguments[2].data;
  const u32 *restrict parents = forest.parents;
  const Minimum *restrict minima = of->minima;
  const Sparse sparse = of->sparse;
  const size_t count = (size_t)arguments[3].number;
  for (size_t row = 0; row < count; row++) {
    if (ahead != 0 && row + ahead < count) {
      PREFETCH(&minima[as[row + ahead]]);
      PREFETCH(&minima[bs[row + ahead]]);
    }
    const u32 u = least(as[row], bs[row]), v = greatest(as[row], bs[row]);
    const u32 blockU = u >> shift, blockV = v >> shift;
    if (blockU < blockV) {
      u32 result = least(minima[u].suffix, minima[v].prefix);
      if (blockU + 1 < blockV) {
        const u32 *left, *right;
        between(&sparse, blockU, blockV, &left, &right);
        result = least(result, least(*left, *right));
      }
      out[row] = result;
    } else {
      out[row] = u == v ? u : leastWithin(parents, u + 1, v, shift);
    }
  }
  return 0;
}

static double commonBranching5(const Argument *arguments) { return branchingMinimum(arguments, &forest.by5, 5, 0); }
static double commonBranching6(const Argument *arguments) { return branchingMinimum(arguments, &forest.by6, 6, 0); }
static double commonAhead5(const Argument *arguments) { return branchingMinimum(arguments, &forest.by5, 5, 32); }
static double commonAhead6(const Argument *arguments) { return branchingMinimum(arguments, &forest.by6, 6, 32); }

const Export commonExports[] = {
    {"loadForest", 4, loadForest},
    {"commonWalk", 4, commonWalk},
    {"commonWalkAhead", 4, commonWalkAhead},
    {"commonClimb", 4, commonClimb},
    {"commonMinimum4", 4, commonMinimum4},
    {"commonMinimum5", 4, commonMinimum5},
    {"commonMinimum6", 4, commonMinimum6},
    {"commonBranching5", 4, commonBranching5},
    {"commonBranching6", 4, commonBranching6},
    {"commonMinimumAhead5", 4, commonMinimumAhead5},
    {"commonAhead5", 4, commonAhead5},
    {"commonAhead6", 4, commonAhead6},
    {NULL, 0, NULL},
};
