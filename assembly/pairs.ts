// The decision about two functions: their relation and path state, looked up in the policy's table.

import { depthOf, hostAt, isWide, keyMany, pathState, recordBytes, unplacedPathState } from "./forest";
import {
  DIRECTIONS,
  HEADER_CLASSES,
  HEADER_CLASS_COUNT,
  HEADER_DEPTH_BITS,
  HEADER_PRECISE,
  HEADER_RECORDS,
  HEADER_TABLE,
  HOST_PLACE,
  HOST_SEGMENT,
  PLACE_ANYWHERE,
  PLACE_KNOWN,
  HOST_SYSTEM,
  NO_DISTANCE,
  OUTCOME_SYSTEMS_REFUSED,
  PATHS,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RECORD_HOST,
  PRECISE_OFF,
  RELATION_ACROSS_HOSTS,
  RELATION_ACROSS_SYSTEMS,
  RELATION_ACROSS_UNKNOWN,
  RELATION_COMMON_BRIDGE,
  RELATION_SAME_HOST,
  RELATION_SAME_UNKNOWN,
  RELATION_SELF,
} from "./layout";
import { judgePrecisely } from "./precise";

const WORD: usize = 4;

/**
 * Decides `count` pairs.
 *
 *   providers, clients  u32 per row
 *   directions          u8 per row, or 0: all in `direction`
 *   common, distance    results, u32 per row
 *   relation, path      results, u8 per row
 *   outcomes            result, u8 per row: one bit for each outcome that some completion of the description has
 *                       under the policy in the header; or 0
 */
export function decideMany(
  base: usize,
  count: u32,
  providers: usize,
  clients: usize,
  directions: usize,
  direction: u32,
  common: usize,
  distance: usize,
  relation: usize,
  path: usize,
  outcomes: usize,
): void {
  keyMany(base, count, providers, clients, common);
  if (isWide(base)) judgeRows<u32>(base, count, providers, clients, common, distance, relation, path);
  else judgeRows<u8>(base, count, providers, clients, common, distance, relation, path);
  if (outcomes == 0) return;
  if (load<u32>(base, HEADER_PRECISE) != PRECISE_OFF) {
    judgePrecisely(base, count, providers, clients, directions, direction, common, relation, path);
  }
  lookUpRows(base, count, providers, clients, directions, direction, relation, path, outcomes);
}

/** Relation, path and distance of each pair whose common upstream's key is in `common`, which becomes its id. */
function judgeRows<R>(
  base: usize,
  count: u32,
  providers: usize,
  clients: usize,
  commonColumn: usize,
  distanceColumn: usize,
  relationColumn: usize,
  pathColumn: usize,
): void {
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  for (let row: usize = 0; row < <usize>count; row++) {
    const provider = load<u32>(providers + row * WORD);
    const client = load<u32>(clients + row * WORD);
    const key = load<u32>(commonColumn + row * WORD);
    const left = records + <usize>provider * recordBytes<R>();
    const right = records + <usize>client * recordBytes<R>();
    const common = key >> bits;
    // A key's low bits are the depth of the node it names.
    const depth = sizeof<R>() == 1 ? key & ((1 << bits) - 1) : depthOf<R>(records + <usize>common * recordBytes<R>());
    let distance = depthOf<R>(left) + depthOf<R>(right) - 2 * depth;
    let relation = provider == client ? RELATION_SELF : RELATION_COMMON_BRIDGE;
    let path = PATH_DIRECT;
    if (depth > 0) {
      path = pathState<R>(left, right, depth);
    } else if (provider != client) {
      const judged = judgeApart<R>(base, left, right, common);
      relation = judged & JUDGED_MASK;
      path = (judged >> JUDGED_PATH) & JUDGED_MASK;
      if (judged >> JUDGED_UNCOUNTED != 0) distance = NO_DISTANCE;
    }
    store<u32>(commonColumn + row * WORD, common);
    store<u32>(distanceColumn + row * WORD, distance);
    store<u8>(relationColumn + row, <u8>relation);
    store<u8>(pathColumn + row, <u8>path);
  }
}

// What `judgeApart` returns: relation in bits 0 to 3, path in 4 to 7; bit 8: nobody can count the hops.
export const JUDGED_MASK: u32 = 15;
export const JUDGED_PATH: u32 = 4;
export const JUDGED_UNCOUNTED: u32 = 8;

/** Relation and path of two different functions, whose records these are, that no bridge is above. */
export function judgeApart<R>(base: usize, left: usize, right: usize, common: u32): u32 {
  const leftHost = hostAt(base, load<u32>(left, RECORD_HOST));
  const rightHost = hostAt(base, load<u32>(right, RECORD_HOST));
  const leftPlace = load<u32>(leftHost, HOST_PLACE);
  const rightPlace = load<u32>(rightHost, HOST_PLACE);
  const leftKnown = leftPlace == PLACE_KNOWN;
  const rightKnown = rightPlace == PLACE_KNOWN;
  if (common != 0) {
    if (leftKnown) return RELATION_SAME_HOST | (PATH_DIRECT << JUDGED_PATH);
    // Should they meet at a bridge that the description lacks, its ACS is unknown and all of both chains counts.
    const path = pathState<R>(left, right, 1) == PATH_REDIRECTED ? PATH_REDIRECTED : PATH_MAYBE;
    return RELATION_SAME_UNKNOWN | (path << JUDGED_PATH);
  }
  const uncounted: u32 = leftKnown && rightKnown ? 0 : 1 << JUDGED_UNCOUNTED;
  if (load<u32>(leftHost, HOST_SYSTEM) != load<u32>(rightHost, HOST_SYSTEM)) {
    return RELATION_ACROSS_SYSTEMS | (1 << JUDGED_UNCOUNTED);
  }
  // A host bridge lies within one segment, and so does everything below it.
  const apart =
    load<u32>(leftHost, HOST_SEGMENT) != load<u32>(rightHost, HOST_SEGMENT) &&
    leftPlace != PLACE_ANYWHERE &&
    rightPlace != PLACE_ANYWHERE;
  if (uncounted == 0 || apart) {
    return RELATION_ACROSS_HOSTS | uncounted;
  }
  const path = unplacedPathState<R>(left, right, leftKnown, rightKnown);
  return RELATION_ACROSS_UNKNOWN | (path << JUDGED_PATH) | uncounted;
}

/** What the policy's table says of each pair. */
function lookUpRows(
  base: usize,
  count: u32,
  providers: usize,
  clients: usize,
  directions: usize,
  direction: u32,
  relationColumn: usize,
  pathColumn: usize,
  outcomes: usize,
): void {
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const bytes = isWide(base) ? recordBytes<u32>() : recordBytes<u8>();
  const classes = <usize>load<u32>(base, HEADER_CLASSES);
  const classCount = load<u32>(base, HEADER_CLASS_COUNT);
  const table = <usize>load<u32>(base, HEADER_TABLE);
  for (let row: usize = 0; row < <usize>count; row++) {
    const relation = <u32>load<u8>(relationColumn + row);
    let found = OUTCOME_SYSTEMS_REFUSED;
    if (relation != RELATION_ACROSS_SYSTEMS) {
      const way = directions == 0 ? direction : <u32>load<u8>(directions + row);
      const providerHost = load<u32>(records + <usize>load<u32>(providers + row * WORD) * bytes, RECORD_HOST);
      const clientHost = load<u32>(records + <usize>load<u32>(clients + row * WORD) * bytes, RECORD_HOST);
      const cell = (relation * PATHS + <u32>load<u8>(pathColumn + row)) * DIRECTIONS + way;
      const providerClass = <u32>load<u8>(classes + <usize>providerHost);
      const clientClass = <u32>load<u8>(classes + <usize>clientHost);
      found = <u32>load<u8>(table + <usize>((cell * classCount + providerClass) * classCount + clientClass));
    }
    store<u8>(outcomes + row, <u8>found);
  }
}
