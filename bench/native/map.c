// The joined request: initiator and address to route, owner, offset, common upstream and distance, in one pass.

#include "decide.h"
#include "ranges.h"

enum { CLASSES = 4, PATHS = 3, RELATIONS = 4 };

/** What the policy says, and of which system and class a host bridge is. */
typedef struct {
  u32 system, class;
} Host;

static Host *hosts;
/** [relation][path][class of the owner's][of the initiator's]: route | code << 8 */
static u16 verdicts[RELATIONS * PATHS * CLASSES * CLASSES];
static u16 noOwner, leavesOwner, beyondMask;

/** (system of hosts u32, class of hosts u8, verdicts u16, verdicts for no owner, for leaving it, for the DMA mask) */
static double loadPolicy(const Argument *arguments) {
  const size_t count = arguments[0].length;
  hosts = renew(hosts, count * sizeof(Host));
  for (size_t host = 0; host < count; host++) {
    hosts[host] = (Host){((const u32 *)arguments[0].data)[host], ((const u8 *)arguments[1].data)[host]};
  }
  memcpy(verdicts, arguments[2].data, sizeof verdicts);
  noOwner = (u16)arguments[3].number;
  leavesOwner = (u16)arguments[4].number;
  beyondMask = (u16)arguments[5].number;
  return 0;
}

/** (initiator, address, size u64, route u8, code u8, owner, offset u64, common, distance, dma address u64, count) */
ALWAYS_INLINE double joined(const Argument *arguments, const int together) {
  const u32 *restrict initiators = arguments[0].data;
  const u64 *restrict addresses = arguments[1].data, *restrict sizes = arguments[2].data;
  u8 *restrict routes = arguments[3].data, *restrict codes = arguments[4].data;
  u32 *restrict owners = arguments[5].data;
  u64 *restrict offsets = arguments[6].data;
  u32 *restrict commons = arguments[7].data, *restrict distances = arguments[8].data;
  u64 *restrict dmaAddresses = arguments[9].data;
  const size_t count = (size_t)arguments[10].number;

  const Record *restrict records = forest.records;
  const Sparse sparse = forest.sparse;
  const Tree tree = ranges.lineTree;
  const Line *restrict lines = ranges.lines;
  const u32 unit = ranges.unit;
  for (size_t from = 0; from < count; from += together) {
    const int some = count - from < (size_t)together ? (int)(count - from) : together;
    u64 keys[32], starts[32], rests[32];
    size_t at[32];
    u32 owner[32], found[32], near[32], nears = 0;
    for (int query = 0; query < some; query++) {
      if (from + query + together < count) PREFETCH(&records[initiators[from + query + together]]);
      const u32 system = hosts[records[initiators[from + query]].host].system;
      const u64 address = addresses[from + query];
      keys[query] = address < ranges.spans[system] ? ranges.displacements[system] + address : ~(u64)0 >> 1;
    }
    if (some == together) descend(&tree, keys, at, together);
    else descend(&tree, keys, at, some);
    for (int query = 0; query < some; query++) PREFETCH(&lines[at[query]]);
    for (int query = 0; query < some; query++) {
      const Line *line = &lines[at[query]];
      const u32 slot = place(line, deltaOf(line, keys[query], unit));
      owner[query] = line->values[slot];
      PREFETCH(&records[owner[query]]);
      starts[query] = line->base + ((u64)(slot == 0 ? 0 : line->deltas[slot - 1]) << unit);
      // Where the delta does not say it the next line does; this is rare.
      const u64 end = line->deltas[slot] == NOTHING ? line[1].base : line->base + ((u64)line->deltas[slot] << unit);
      rests[query] = end - keys[query];
    }
    for (int query = 0; query < some; query++) {
      const u32 u = least(owner[query], initiators[from + query]), v = greatest(owner[query], initiators[from + query]);
      if (!isNear(u, v)) {
        const u32 *left, *right;
        between(&sparse, u >> RECORD_SHIFT, v >> RECORD_SHIFT, &left, &right);
        PREFETCH(left);
        PREFETCH(right);
      } else {
        PREFETCH(&forest.keys[v]);
      }
    }
    for (int query = 0; query < some; query++) {
      const u32 u = least(owner[query], initiators[from + query]), v = greatest(owner[query], initiators[from + query]);
      near[nears] = (u32)query;
      nears += isNear(u, v);
      found[query] = farKey(records, &sparse, u, v);
    }
    for (u32 index = 0; index < nears; index++) {
      const u32 query = near[index], other = initiators[from + query];
      found[query] = nearKey(least(owner[query], other), greatest(owner[query], other));
    }
    for (int query = 0; query < some; query++) {
      const size_t row = from + query;
      const u32 initiator = initiators[row];
      const Record a = records[owner[query]], b = records[initiator];
      // An address is looked for in the initiator's system alone.
      const u32 key = found[query] >> DEPTH_BITS == 0 ? ACROSS_HOSTS : found[query];
      const Decision decision = decide(a.state, b.state, key);
      const u32 relation = owner[query] == initiator ? RELATION_SELF : decision.relation;
      const u32 axis = (relation * PATHS + decision.path) * CLASSES * CLASSES;
      const u32 owned = owner[query] != 0, stays = sizes[row] <= rests[query];
      const u32 index = owned ? axis + hosts[a.host].class * CLASSES + hosts[b.host].class : 0;
      const u32 decided = owned & stays;
      const u32 judged = decided ? verdicts[index] : owned ? leavesOwner : noOwner;
      // A mask of no bits is not known, and one of 64 holds every address.
      const u32 bits = b.state >> 3 * DEPTH_BITS;
      const u64 last = addresses[row] + sizes[row] - 1;
      const u32 within = (last >> (bits & 63)) == 0 || (bits & 63) == 0;
      const u32 passes = judged >> 8 == 0, allowed = passes & within;
      const u32 verdict = passes & !within ? beyondMask : judged;
      routes[row] = (u8)verdict;
      codes[row] = (u8)(verdict >> 8);
      owners[row] = owner[query];
      offsets[row] = owned ? keys[query] - starts[query] : 0;
      commons[row] = decided ? decision.common : 0;
      distances[row] = decided ? decision.distance : NOTHING;
      dmaAddresses[row] = allowed ? addresses[row] : ~(u64)0;
    }
  }
  return 0;
}

static double mapMany16(const Argument *arguments) { return joined(arguments, 16); }
static double mapMany32(const Argument *arguments) { return joined(arguments, 32); }

const Export mapExports[] = {
    {"loadPolicy", 6, loadPolicy},
    {"mapMany16", 11, mapMany16},
    {"mapMany32", 11, mapMany32},
    {NULL, 0, NULL},
};
