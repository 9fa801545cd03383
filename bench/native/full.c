// Common upstream from the records, in groups like ours: alone, and with everything that Topology.commonMany fills. And
// Schieber and Vishkin's way to the common upstream alone.

#include "decide.h"

/** (a, b, common u32, count) */
static double commonRecords(const Argument *arguments) {
  enum { GROUP = 128 };
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict commons = arguments[2].data;
  const size_t count = (size_t)arguments[3].number;
  const Record *restrict records = forest.records;
  const Sparse sparse = forest.sparse;
  for (size_t from = 0; from < count; from += GROUP) {
    const size_t to = from + GROUP < count ? from + GROUP : count;
    for (size_t row = from; row < to; row++) {
      const u32 u = least(as[row], bs[row]), v = greatest(as[row], bs[row]);
      commons[row] = least(records[u].suffix, records[v].prefix);
    }
    for (size_t row = from; row < to; row++) {
      const u32 u = least(as[row], bs[row]), v = greatest(as[row], bs[row]);
      const u32 blockU = u >> RECORD_SHIFT, blockV = v >> RECORD_SHIFT;
      if (blockU == blockV) {
        commons[row] = nearKey(u, v) >> DEPTH_BITS;
      } else if (blockU + 1 == blockV) {
        commons[row] >>= DEPTH_BITS;
      } else {
        const u32 *left, *right;
        between(&sparse, blockU, blockV, &left, &right);
        commons[row] = least(commons[row], least(*left, *right)) >> DEPTH_BITS;
      }
    }
  }
  return 0;
}

/** (a, b, common u32, distance u32, relation u8, path u8, count) */
static double commonFull(const Argument *arguments) {
  enum { GROUP = 64 };
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict commons = arguments[2].data, *restrict distances = arguments[3].data;
  u8 *restrict relations = arguments[4].data, *restrict paths = arguments[5].data;
  const size_t count = (size_t)arguments[6].number;
  const Record *restrict records = forest.records;
  const Sparse sparse = forest.sparse;
  u32 keys[GROUP], near[GROUP];
  for (size_t from = 0; from < count; from += GROUP) {
    const size_t to = from + GROUP < count ? from + GROUP : count;
    u32 nears = 0;
    for (size_t row = from; row < to; row++) {
      if (row + GROUP < count) {
        PREFETCH(&records[as[row + GROUP]]);
        PREFETCH(&records[bs[row + GROUP]]);
      }
      const u32 u = least(as[row], bs[row]), v = greatest(as[row], bs[row]);
      near[nears] = (u32)row;
      nears += isNear(u, v);
      keys[row - from] = farKey(records, &sparse, u, v);
    }
    for (u32 index = 0; index < nears; index++) {
      const u32 row = near[index];
      keys[row - from] = nearKey(least(as[row], bs[row]), greatest(as[row], bs[row]));
    }
    for (size_t row = from; row < to; row++) {
      const Record *a = &records[as[row]], *b = &records[bs[row]];
      const Decision decision = decide(a->state, b->state, placed(keys[row - from], a->host, b->host));
      const u32 relation = as[row] == bs[row] ? RELATION_SELF : decision.relation;
      commons[row] = decision.common;
      distances[row] = decision.distance;
      relations[row] = (u8)relation;
      paths[row] = (u8)decision.path;
    }
  }
  return 0;
}

typedef struct {
  u32 label, ascendants;
} Inlabel;

static Inlabel *inlabels; // by id + 1
static u32 *aboveHead;    // by label: id + 1 of the parent of the path's topmost node

static double loadInlabels(const Argument *arguments) {
  (void)arguments;
  const u32 nodes = forest.nodes + 1;
  inlabels = renew(inlabels, ((size_t)nodes + 1) * sizeof(Inlabel));
  aboveHead = renew(aboveHead, ((size_t)nodes * 2 + 2) * sizeof(u32));
  for (u32 number = 1; number <= nodes; number++) {
    const u32 end = forest.ends[number - 1] + 1;
    const u32 level = number == end ? 0 : bitsOf((number - 1) ^ end) - 1;
    const u32 label = number == end ? number : end >> level << level;
    const u32 parent = number == 1 ? 0 : forest.parents[number - 1] + 1;
    inlabels[number].label = label;
    inlabels[number].ascendants = inlabels[parent].ascendants | (label & -label);
    if (number == 1 || inlabels[parent].label != label) aboveHead[label] = parent;
  }
  return 0;
}

/** The node of the path with `label` that is `number` or above it. */
ALWAYS_INLINE u32 entry(u32 number, Inlabel of, u32 label, u32 level) {
  if (of.label == label) return number;
  const u32 below = bitsOf(of.ascendants & ((1u << level) - 1)) - 1;
  return aboveHead[(of.label >> below | 1) << below];
}

static double commonInlabel(const Argument *arguments) {
  const u32 *restrict as = arguments[0].data, *restrict bs = arguments[1].data;
  u32 *restrict out = arguments[2].data;
  const size_t count = (size_t)arguments[3].number;
  for (size_t row = 0; row < count; row++) {
    const u32 a = as[row] + 1, b = bs[row] + 1;
    const Inlabel ofA = inlabels[a], ofB = inlabels[b];
    if (ofA.label == ofB.label) {
      out[row] = least(a, b) - 1;
      continue;
    }
    // The lowest level that both pass and at which the labels agree from there on.
    const u32 differ = bitsOf(ofA.label ^ ofB.label) - 1;
    const u32 level = (u32)__builtin_ctz(ofA.ascendants & ofB.ascendants & (~0u << differ));
    const u32 label = (ofA.label >> level | 1) << level;
    out[row] = least(entry(a, ofA, label, level), entry(b, ofB, label, level)) - 1;
  }
  return 0;
}

const Export fullExports[] = {
    {"commonRecords", 4, commonRecords},
    {"commonFull", 7, commonFull},
    {"loadInlabels", 0, loadInlabels},
    {"commonInlabel", 4, commonInlabel},
    {NULL, 0, NULL},
};
