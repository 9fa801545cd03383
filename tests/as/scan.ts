// Who claims an address, by looking at every range.

import {
  ALWAYS,
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_SHIFT,
  KIND_WINDOW,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SILENT,
  RANK_SURROUNDING,
  RANK_UNSIZED,
} from "../../assembly/layout";
import { Ranges } from "./ranges";

export function claim(kind: u32, range: u32): u32 {
  return (kind << CLAIM_SHIFT) | range;
}

export const NOBODY: u32 = CLAIM_NOBODY << CLAIM_SHIFT;

export function holds(ranges: Ranges, range: u32, system: u32, address: u64): bool {
  return ranges.systemOf(range) == system && ranges.start(range) <= address && address < ranges.end(range);
}

/** How many ranges of a rank hold an address. */
function holding(ranges: Ranges, rank: u32, system: u32, address: u64): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < ranges.count; index++) {
    if (ranges.rank(index) == rank && holds(ranges, index, system, address)) count++;
  }
  return count;
}

/** The one of a rank that starts last; of those the shortest; of those the last in the source. */
function innermost(ranges: Ranges, rank: u32, system: u32, address: u64): u32 {
  let found: u32 = ALWAYS;
  for (let index: u32 = 0; index < ranges.count; index++) {
    if (ranges.rank(index) != rank || !holds(ranges, index, system, address)) continue;
    const further = found == ALWAYS || ranges.start(index) > ranges.start(found);
    if (further || (ranges.start(index) == ranges.start(found) && ranges.end(index) <= ranges.end(found)))
      found = index;
  }
  return found;
}

/** Whether every other of its rank that holds the address holds all of `range`, and more. */
function surrounded(ranges: Ranges, range: u32, system: u32, address: u64): bool {
  for (let index: u32 = 0; index < ranges.count; index++) {
    if (index == range || ranges.rank(index) != ranges.rank(range) || !holds(ranges, index, system, address)) continue;
    const all = ranges.start(index) <= ranges.start(range) && ranges.end(range) <= ranges.end(index);
    if (!all || ranges.size(index) == ranges.size(range)) return false;
  }
  return true;
}

/** What a linear scan says of an address of a system: claim and number of the range. */
export function scan(ranges: Ranges, system: u32, address: u64): u32 {
  const live = holding(ranges, RANK_LIVE, system, address);
  if (holding(ranges, RANK_UNSIZED, system, address) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, live > 0 ? RANK_LIVE : RANK_UNSIZED, system, address));
  }
  const platform = holding(ranges, RANK_PLATFORM, system, address);
  const silent = holding(ranges, RANK_SILENT, system, address);
  if (live > 0) {
    const range = innermost(ranges, RANK_LIVE, system, address);
    const unsure = silent > 0 && ranges.unknownFrom(range) == ALWAYS;
    return claim(live > 1 || platform > 0 || unsure ? CLAIM_AMBIGUOUS : CLAIM_OWNED, range);
  }
  if (platform > 0) {
    const range = innermost(ranges, RANK_PLATFORM, system, address);
    return claim(surrounded(ranges, range, system, address) ? CLAIM_OWNED : CLAIM_AMBIGUOUS, range);
  }
  if (silent > 0)
    return claim(silent > 1 ? CLAIM_AMBIGUOUS : CLAIM_OWNED, innermost(ranges, RANK_SILENT, system, address));
  if (holding(ranges, RANK_APERTURE, system, address) > 0) {
    const range = innermost(ranges, RANK_APERTURE, system, address);
    return claim(ranges.unknownFrom(range) == ALWAYS ? CLAIM_MAYBE : CLAIM_OWNED, range);
  }
  if (holding(ranges, RANK_MAYBE, system, address) > 0)
    return claim(CLAIM_MAYBE, innermost(ranges, RANK_MAYBE, system, address));
  if (holding(ranges, RANK_SURROUNDING, system, address) == 0) return NOBODY;
  const range = innermost(ranges, RANK_SURROUNDING, system, address);
  return claim(ranges.kind(range) == KIND_WINDOW ? CLAIM_HOLE : CLAIM_OWNED, range);
}
