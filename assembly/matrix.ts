// All ordered pairs of some functions. Sorted by id, the common upstream of any two is the least of those of the
// neighbours between them, so that one pass over the ids decides a row; neighbours in the tree take the same branches.

import { depthOf, fieldOf, isWide, keyMany, ownKey, recordBytes } from "./forest";
import {
  DIRECTIONS,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  HEADER_CLASSES,
  HEADER_CLASS_COUNT,
  HEADER_DEPTH_BITS,
  HEADER_PRECISE,
  HEADER_RECORDS,
  HEADER_REQUESTS,
  HEADER_TABLE,
  HEADER_UNSETTLED,
  NO_DISTANCE,
  OUTCOME_SYSTEMS_REFUSED,
  PATHS,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  PHRASE_ADD,
  PHRASE_ANSWER,
  PHRASE_BYTES,
  PHRASE_MASK,
  PHRASE_ROUTE,
  PHRASE_UNKNOWN,
  PRECISE_OFF,
  RECORD_HOST,
  RELATION_ACROSS_SYSTEMS,
  RELATION_COMMON_BRIDGE,
  RELATION_SELF,
  RELATION_SLOTS,
} from "./layout";
import { judgeApart, JUDGED_PATH, JUDGED_MASK, JUDGED_UNCOUNTED } from "./pairs";
import { precisePath } from "./precise";

const WORD: usize = 4;

/** Fills `least` for `count` ascending ids: the key of the common upstream of each and the one before. */
export function sortedKeys(base: usize, count: u32, sorted: usize, least: usize): void {
  if (count > 1) keyMany(base, count - 1, sorted, sorted + WORD, least + WORD);
}

/**
 * Decides one provider's row of a matrix and puts it into words.
 *
 *   place                    where the provider is among the sorted ids
 *   sorted, least            u32 per id, as of `sortedKeys`
 *   columns                  u32 per id: the column of its answer
 *   phrases                  phrase records (layout.ts)
 *   keys                     scratch, u32 per id
 *   distance, route, answer  results, i32 and u8 per column
 */
export function matrixRow(
  base: usize,
  count: u32,
  place: u32,
  sorted: usize,
  least: usize,
  columns: usize,
  direction: u32,
  phrases: usize,
  keys: usize,
  distance: usize,
  route: usize,
  answer: usize,
): void {
  if (load<u32>(base, HEADER_PRECISE) != PRECISE_OFF) {
    store<u32>(base, 0, HEADER_UNSETTLED);
    if (isWide(base)) {
      rowOf<u32, Precise>(
        base,
        count,
        place,
        sorted,
        least,
        columns,
        direction,
        phrases,
        keys,
        distance,
        route,
        answer,
      );
    } else {
      rowOf<u8, Precise>(base, count, place, sorted, least, columns, direction, phrases, keys, distance, route, answer);
    }
  } else if (isWide(base)) {
    rowOf<u32, Linux>(base, count, place, sorted, least, columns, direction, phrases, keys, distance, route, answer);
  } else {
    rowOf<u8, Linux>(base, count, place, sorted, least, columns, direction, phrases, keys, distance, route, answer);
  }
}

// Models of ACS. The kernel exists for both, as it does for both widths of records: no cell asks which one it is.
type Linux = void;
type Precise = bool;

function rowOf<R, Model>(
  base: usize,
  count: u32,
  place: u32,
  sorted: usize,
  least: usize,
  columns: usize,
  direction: u32,
  phrases: usize,
  keys: usize,
  distanceRow: usize,
  routeRow: usize,
  answerRow: usize,
): void {
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  const mask: u32 = (1 << bits) - 1;
  const classes = <usize>load<u32>(base, HEADER_CLASSES);
  const classCount = load<u32>(base, HEADER_CLASS_COUNT);
  const provider = load<u32>(sorted + <usize>place * WORD);
  const left = records + <usize>provider * recordBytes<R>();
  const ownDepth = depthOf<R>(left);
  const ownRedirect = fieldOf<R>(left, FIELD_REDIRECT);
  const ownUnreadable = fieldOf<R>(left, FIELD_UNREADABLE);
  const ownHost = load<u32>(left, RECORD_HOST);
  // The table's cells of this direction and of the provider's class.
  const table =
    <usize>load<u32>(base, HEADER_TABLE) +
    <usize>((direction * classCount + <u32>load<u8>(classes + <usize>ownHost)) * classCount);
  const stride = <usize>(DIRECTIONS * classCount * classCount);
  const requests = <usize>load<u32>(base, HEADER_REQUESTS);
  spreadKeys<R>(records, bits, count, place, sorted, least, keys);
  for (let at: usize = 0; at < <usize>count; at++) {
    const client = load<u32>(sorted + at * WORD);
    const key = load<u32>(keys + at * WORD);
    const right = records + <usize>client * recordBytes<R>();
    const depth = sizeof<R>() == 1 ? key & mask : depthOf<R>(records + <usize>key * recordBytes<R>());
    let relation = provider == client ? RELATION_SELF : RELATION_COMMON_BRIDGE;
    let path = PATH_DIRECT;
    let hops = ownDepth + depthOf<R>(right) - 2 * depth;
    if (depth > 0) {
      if (max(ownRedirect, fieldOf<R>(right, FIELD_REDIRECT)) >= depth) path = PATH_REDIRECTED;
      else if (max(ownUnreadable, fieldOf<R>(right, FIELD_UNREADABLE)) >= depth) path = PATH_MAYBE;
    } else if (provider != client) {
      const judged = judgeApart<R>(base, left, right, key >> bits);
      relation = judged & JUDGED_MASK;
      path = (judged >> JUDGED_PATH) & JUDGED_MASK;
      if (judged >> JUDGED_UNCOUNTED != 0) hops = NO_DISTANCE;
    }
    const column = <usize>load<u32>(columns + at * WORD);
    if (!isVoid<Model>()) {
      path = precisePath<R>(base, provider, client, key >> bits, relation, direction, requests + column);
    }
    let outcomes = OUTCOME_SYSTEMS_REFUSED;
    if (relation != RELATION_ACROSS_SYSTEMS) {
      const cell = table + <usize>(relation * PATHS + path) * stride;
      outcomes = <u32>load<u8>(cell + <usize>load<u8>(classes + <usize>load<u32>(right, RECORD_HOST)));
    }
    const phrase = phrases + <usize>(outcomes * RELATION_SLOTS + relation) * PHRASE_BYTES;
    // What is refused is so at any distance.
    const spoken = load<u32>(phrase, PHRASE_MASK);
    const said = (hops & spoken) + load<u32>(phrase, PHRASE_ADD);
    store<u32>(distanceRow + column * WORD, hops == NO_DISTANCE && spoken != 0 ? PHRASE_UNKNOWN : said);
    store<u8>(routeRow + column, load<u8>(phrase, PHRASE_ROUTE));
    store<u8>(answerRow + column, load<u8>(phrase, PHRASE_ANSWER));
  }
}

/** The keys of the common upstreams of the id at `place` and of each, in sorted order. */
function spreadKeys<R>(
  records: usize,
  bits: u32,
  count: u32,
  place: u32,
  sorted: usize,
  least: usize,
  keys: usize,
): void {
  const own = ownKey<R>(records, bits, load<u32>(sorted + <usize>place * WORD));
  let key = own;
  for (let at = place; ; at--) {
    store<u32>(keys + <usize>at * WORD, key);
    if (at == 0) break;
    key = min(key, load<u32>(least + <usize>at * WORD));
  }
  key = own;
  for (let at = place + 1; at < count; at++) {
    key = min(key, load<u32>(least + <usize>at * WORD));
    store<u32>(keys + <usize>at * WORD, key);
  }
}
