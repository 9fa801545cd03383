// Matrices: in depth-first order the key of two nodes is the least of the keys of neighbours between them, so each row
// follows from the one beside it by one minimum per column.

#include "decide.h"

enum { CLASSES = 4, PATHS = 3, RELATIONS = 5, MOST = 8192 };

/** What a row needs of a column's node, in depth-first order. */
static u32 states[MOST], classes[MOST], positions[MOST], keys[MOST], neighbours[MOST];
/** By class of the provider: [relation][path][class of the client's], route and answer. */
static u8 routes[CLASSES][64], answers[CLASSES][64];
static u8 *classOfHost;

enum { ANSWER_NO = 1, SELF = RELATION_ACROSS_HOSTS + 1 };

/** (class of hosts u8, route and answer u8 [class of the provider's][relation][path][class of the client's]) */
static double loadMatrixPolicy(const Argument *arguments) {
  classOfHost = memcpy(renew(classOfHost, arguments[0].length), arguments[0].data, arguments[0].length);
  memcpy(routes, arguments[1].data, sizeof routes);
  memcpy(answers, arguments[2].data, sizeof answers);
  return 0;
}

typedef struct {
  int32_t *distances;
  u8 *routes, *answers;
} Columns;

/** Relations here: 0 across systems or oneself, 1 common bridge, 2 same host bridge, 3 across host bridges. */
ALWAYS_INLINE u32 axisOf(u32 key, u32 a, u32 b, u32 *distance) {
  const Decision decision = decide(a, b, key);
  const u32 relation = decision.relation == RELATION_ACROSS_SYSTEMS ? 0 : decision.relation;
  *distance = decision.distance;
  return (relation * PATHS + decision.path) * CLASSES;
}

/** Columns [from, to) of the row of `node`, whose keys stand in `keys`. */
ALWAYS_INLINE void decodeRow(u32 node, u32 from, u32 to, Columns out, const int ordered) {
  const u32 state = states[node], class = classes[node];
  u32 column = from;
#if WIDE && defined(__AVX512VBMI__)
  const __m512i one = _mm512_set1_epi32(1), three = _mm512_set1_epi32(3), mask = _mm512_set1_epi32(DEPTH_MASK);
  const __m512i zero = _mm512_setzero_si512(), low = _mm512_set1_epi32(0xff);
  const __m512i mine = _mm512_set1_epi32((int)state);
  const __m512i routeTable = _mm512_loadu_si512(routes[class]), answerTable = _mm512_loadu_si512(answers[class]);
  for (; ordered && column + 16 <= to; column += 16) {
    const __m512i key = _mm512_loadu_si512(keys + column), theirs = _mm512_loadu_si512(states + column);
    const __m512i field = _mm512_and_si512(key, mask);
    const __mmask16 met = _mm512_cmpge_epu32_mask(key, _mm512_set1_epi32(1 << DEPTH_BITS));
    const __m512i depth = _mm512_maskz_mov_epi32(met, field);
    const __mmask16 bridge = _mm512_cmpneq_epi32_mask(depth, zero);
    // 0 across systems, 3 across host bridges; 2 same host bridge, 1 common bridge
    __m512i relation = _mm512_maskz_mov_epi32(_mm512_cmpeq_epi32_mask(field, one), three);
    relation = _mm512_mask_mov_epi32(relation, met, _mm512_set1_epi32(2));
    relation = _mm512_mask_mov_epi32(relation, bridge, one);
#define FIELD(word, index) _mm512_and_si512(_mm512_srli_epi32(word, (index) * DEPTH_BITS), mask)
    const __m512i redirect = _mm512_max_epu32(FIELD(mine, 1), FIELD(theirs, 1));
    const __m512i unreadable = _mm512_max_epu32(FIELD(mine, 2), FIELD(theirs, 2));
    __m512i path = _mm512_maskz_mov_epi32(_mm512_mask_cmpge_epu32_mask(bridge, unreadable, depth), _mm512_set1_epi32(2));
    path = _mm512_mask_mov_epi32(path, _mm512_mask_cmpge_epu32_mask(bridge, redirect, depth), one);
    const __m512i axis = _mm512_add_epi32(_mm512_mullo_epi32(relation, three), path);
    const __m512i index = _mm512_add_epi32(_mm512_slli_epi32(axis, 2), _mm512_loadu_si512(classes + column));
    const __m512i route = _mm512_and_si512(_mm512_permutexvar_epi8(index, routeTable), low);
    const __m512i answer = _mm512_and_si512(_mm512_permutexvar_epi8(index, answerTable), low);
    __m512i distance = _mm512_add_epi32(FIELD(mine, 0), FIELD(theirs, 0));
    distance = _mm512_sub_epi32(distance, _mm512_slli_epi32(depth, 1));
    distance = _mm512_mask_mov_epi32(distance, _mm512_cmpeq_epi32_mask(answer, one), _mm512_set1_epi32(-1));
    _mm512_storeu_si512(out.distances + column, distance);
    _mm_storeu_si128((__m128i *)(out.routes + column), _mm512_cvtepi32_epi8(route));
    _mm_storeu_si128((__m128i *)(out.answers + column), _mm512_cvtepi32_epi8(answer));
  }
#endif
  for (; column < to; column++) {
    u32 distance;
    const u32 index = axisOf(keys[column], state, states[column], &distance) + classes[column];
    const u32 at = ordered ? column : positions[column];
    out.distances[at] = answers[class][index] == ANSWER_NO ? -1 : (int32_t)distance;
    out.routes[at] = routes[class][index];
    out.answers[at] = answers[class][index];
  }
}

static Columns rowOf(Columns out, size_t row, size_t count) {
  return (Columns){out.distances + row * count, out.routes + row * count, out.answers + row * count};
}

ALWAYS_INLINE void fill(u32 count, Columns out, const int ordered) {
  // Upward for what lies after a row's node, downward for what lies before it.
  for (u32 node = count; node-- > 0;) {
    const u32 neighbour = neighbours[node];
    if (node + 1 < count) keys[node + 1] = NOTHING;
    for (u32 column = node + 1; column < count; column++) keys[column] = least(keys[column], neighbour);
    decodeRow(node, node + 1, count, rowOf(out, ordered ? node : positions[node], count), ordered);
  }
  for (u32 node = 0; node < count; node++) {
    const Columns row = rowOf(out, ordered ? node : positions[node], count);
    if (node > 0) {
      const u32 neighbour = neighbours[node - 1];
      keys[node - 1] = NOTHING;
      for (u32 column = 0; column < node; column++) keys[column] = least(keys[column], neighbour);
      decodeRow(node, 0, node, row, ordered);
    }
    const u32 at = ordered ? node : positions[node];
    const u32 depth = states[node] & DEPTH_MASK;
    const u32 hops = states[node] >> DEPTH_BITS & DEPTH_MASK, unread = states[node] >> 2 * DEPTH_BITS & DEPTH_MASK;
    const u32 path = hops >= depth ? PATH_REDIRECTED : unread >= depth ? PATH_MAYBE : PATH_DIRECT;
    const u32 index = (SELF * PATHS + path) * CLASSES + classes[node];
    row.distances[at] = answers[classes[node]][index] == ANSWER_NO ? -1 : 0;
    row.routes[at] = routes[classes[node]][index];
    row.answers[at] = answers[classes[node]][index];
  }
}

static int byNumber(const void *a, const void *b) {
  const u64 x = *(const u64 *)a, y = *(const u64 *)b;
  return (x > y) - (x < y);
}

/** (ids u32, distances i32, routes u8, answers u8): at most MOST different ids */
static double matrix(const Argument *arguments) {
  static u64 order[MOST];
  const u32 *ids = arguments[0].data;
  const u32 count = (u32)arguments[0].length;
  const Columns out = {arguments[1].data, arguments[2].data, arguments[3].data};
  int ordered = 1;
  for (u32 index = 0; index < count; index++) {
    order[index] = (u64)ids[index] << 32 | index;
    ordered &= index == 0 || ids[index] > ids[index - 1];
  }
  if (!ordered) qsort(order, count, sizeof(u64), byNumber);
  for (u32 index = 0; index < count; index++) {
    const u32 node = (u32)(order[index] >> 32);
    positions[index] = (u32)order[index];
    states[index] = forest.records[node].state;
    const u32 host = forest.records[node].host;
    classes[index] = classOfHost[host];
    if (index == 0) continue;
    const u32 before = (u32)(order[index - 1] >> 32);
    const u32 key = isNear(before, node) ? nearKey(before, node) : farKey(forest.records, &forest.sparse, before, node);
    neighbours[index - 1] = placed(key, forest.records[before].host, host);
  }
  if (ordered) fill(count, out, 1);
  else fill(count, out, 0);
  return 0;
}

const Export matrixExports[] = {
    {"loadMatrixPolicy", 3, loadMatrixPolicy},
    {"matrix", 4, matrix},
    {NULL, 0, NULL},
};
