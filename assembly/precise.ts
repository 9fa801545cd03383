// The other model of ACS: what the hardware does, by direction (docs/semantics.md, Precise ACS). Below a common bridge
// two functions decide, those just below it:
//
//                    common bridge
//                   ┌──────┴──────┐
//    completions: CR ▪             ▪ requests: RR, egress control
//                   │             │
//               provider        client
//
// One that is not there, because an end is the common bridge, redirects nothing.

import { depthOf, fieldOf, isWide, recordOf } from "./forest";
import {
  DIRECTION_WRITE,
  EGRESS,
  FIELD_OWN,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  HEADER_DEPTH_BITS,
  HEADER_KEYS,
  HEADER_PRECISE,
  HEADER_REQUESTS,
  HEADER_UNSETTLED,
  OWN_COMPLETION,
  OWN_REQUEST,
  PATH_ANY,
  PATH_DIRECT,
  PRECISE_GIVEN,
  RELATION_ACROSS_UNKNOWN,
  RELATION_COMMON_BRIDGE,
  RELATION_SAME_UNKNOWN,
  WAYS_ALL,
  WAY_BLOCKED,
  WAY_DIRECT,
  WAY_REDIRECTED,
} from "./layout";

const WORD: usize = 4;

/**
 * The path of each of `count` pairs by this model in place of Linux's; columns as of `decideMany`. Counts in the header
 * those whose request has EGRESS.
 */
export function judgePrecisely(
  base: usize,
  count: u32,
  providers: usize,
  clients: usize,
  directions: usize,
  direction: u32,
  common: usize,
  relation: usize,
  path: usize,
): void {
  store<u32>(base, 0, HEADER_UNSETTLED);
  if (isWide(base)) judgeRows<u32>(base, count, providers, clients, directions, direction, common, relation, path);
  else judgeRows<u8>(base, count, providers, clients, directions, direction, common, relation, path);
}

function judgeRows<R>(
  base: usize,
  count: u32,
  providers: usize,
  clients: usize,
  directions: usize,
  direction: u32,
  common: usize,
  relation: usize,
  path: usize,
): void {
  const requests = <usize>load<u32>(base, HEADER_REQUESTS);
  for (let row: usize = 0; row < <usize>count; row++) {
    const found = precisePath<R>(
      base,
      load<u32>(providers + row * WORD),
      load<u32>(clients + row * WORD),
      load<u32>(common + row * WORD),
      <u32>load<u8>(relation + row),
      directions == 0 ? direction : <u32>load<u8>(directions + row),
      requests + row,
    );
    store<u8>(path + row, <u8>found);
  }
}

/**
 * The path of one pair.
 *
 *   common    what the pair has in common: a bridge, or an unknown root, which may stand for one
 *   request   where the ways of its request are, or are put: u8
 */
export function precisePath<R>(
  base: usize,
  provider: u32,
  client: u32,
  common: u32,
  relation: u32,
  direction: u32,
  request: usize,
): u32 {
  const given = load<u32>(base, HEADER_PRECISE) == PRECISE_GIVEN;
  if (relation != RELATION_COMMON_BRIDGE && relation != RELATION_SAME_UNKNOWN) {
    if (!given) store<u8>(request, <u8>WAY_DIRECT);
    // Wherever they meet, it may be above a bridge that the description lacks.
    return relation == RELATION_ACROSS_UNKNOWN ? PATH_ANY : PATH_DIRECT;
  }
  let ways: u32;
  if (given) {
    ways = <u32>load<u8>(request);
  } else {
    ways = requestWays<R>(base, childBelow(base, client, common));
    store<u8>(request, <u8>ways);
    if ((ways & EGRESS) != 0) store<u32>(base, load<u32>(base, HEADER_UNSETTLED) + 1, HEADER_UNSETTLED);
  }
  const back = direction == DIRECTION_WRITE ? WAY_DIRECT : completionWays<R>(base, childBelow(base, provider, common));
  // Only to a request that came directly do completions matter.
  return ((ways & (WAY_REDIRECTED | WAY_BLOCKED)) | ((ways & WAY_DIRECT) != 0 ? back : 0)) - 1;
}

/** The node just below `above` on the way up from `node`; 0 where `node` is `above`. */
export function childBelow(base: usize, node: u32, above: u32): u32 {
  const keys = <usize>load<u32>(base, HEADER_KEYS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  let child: u32 = 0;
  // Parents precede their children, so that this ends.
  while (node > above) {
    child = node;
    node = load<u32>(keys + <usize>node * WORD) >> bits;
  }
  return child;
}

/** What a node does with requests from below; 0: no node. */
function requestWays<R>(base: usize, node: u32): u32 {
  if (node == 0) return WAY_DIRECT;
  const record = recordOf<R>(base, node);
  const redirected = (fieldOf<R>(record, FIELD_OWN) & OWN_REQUEST) != 0;
  if (isReadable<R>(record)) return redirected ? WAY_REDIRECTED : WAY_DIRECT;
  if (!redirects<R>(record)) return WAYS_ALL;
  // What the vector does not let through is redirected, or else blocked.
  return EGRESS | WAY_DIRECT | (redirected ? WAY_REDIRECTED : WAY_BLOCKED);
}

/** What a node does with completions from below; 0: no node. Egress control is for requests. */
function completionWays<R>(base: usize, node: u32): u32 {
  if (node == 0) return WAY_DIRECT;
  const record = recordOf<R>(base, node);
  if (!isReadable<R>(record) && !redirects<R>(record)) return WAY_DIRECT | WAY_REDIRECTED;
  return (fieldOf<R>(record, FIELD_OWN) & OWN_COMPLETION) != 0 ? WAY_REDIRECTED : WAY_DIRECT;
}

function isReadable<R>(record: usize): bool {
  return fieldOf<R>(record, FIELD_UNREADABLE) != depthOf<R>(record);
}

/** Whether a function redirects by itself; of one that is not readable: whether it has egress control. */
function redirects<R>(record: usize): bool {
  return fieldOf<R>(record, FIELD_REDIRECT) == depthOf<R>(record);
}
