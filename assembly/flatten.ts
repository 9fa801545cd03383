// Flattening the ranges into disjoint segments, by a sweep over all their starts and ends.

import { endOf, startOf } from "./arrange";
import {
  ALWAYS,
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_SHIFT,
  KIND_MASK,
  KIND_WINDOW,
  LAST_KEY,
  NO_RANGE,
  RANGE_BYTES,
  RANGE_TERMS,
  RANKS,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MASK,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SHIFT,
  RANK_SILENT,
  RANK_SURROUNDING,
  RANK_UNSIZED,
  TERMS_BYTES,
  TERMS_META,
  TERMS_UNKNOWN_FROM,
} from "./layout";

const WORD: usize = 4;
const KEY: usize = 8;

// Sweep state, one per rank: how many ranges of the rank hold the current address, and the stack of those that
// started, innermost on top. Ranges that have ended leave the stack when they come to its top.
//
//    0       4
//   ┌───────┬───────┐
//   │ count │  top  │
//   └───────┴───────┘

const RANK_STATE_BYTES: usize = 8;
export const SWEEP_BYTES: usize = <usize>RANKS * RANK_STATE_BYTES;

/**
 * Flattens `count` sorted ranges into segments.
 *
 *   below     scratch, u32 per range: the range below it on its rank's stack
 *   open      scratch, u32 per range: heap of those that have started and not ended, the one that ends first on top
 *   sweep     scratch, SWEEP_BYTES
 *   starts    result, u64 per segment, room for 2 * count + 1
 *   values    result, u32 per segment
 *
 * Returns the number of segments. The first starts at 0.
 */
export function flatten(
  count: u32,
  ranges: usize,
  terms: usize,
  below: usize,
  open: usize,
  sweep: usize,
  starts: usize,
  values: usize,
): u32 {
  for (let rank: u32 = 0; rank < RANKS; rank++) {
    store<u64>(sweep + <usize>rank * RANK_STATE_BYTES, (<u64>NO_RANGE) << 32);
  }
  store<u64>(starts, 0);
  store<u32>(values, CLAIM_NOBODY << CLAIM_SHIFT);
  let segments: u32 = 1;
  let opened: u32 = 0;
  let holding: u32 = 0;
  while (opened < count || holding > 0) {
    let at = holding > 0 ? endOf(ranges, load<u32>(open)) : LAST_KEY;
    if (opened < count) at = min(at, startOf(ranges, opened));
    while (holding > 0 && endOf(ranges, load<u32>(open)) == at) {
      const state = sweep + <usize>rankOf(ranges, terms, load<u32>(open)) * RANK_STATE_BYTES;
      store<u32>(state, load<u32>(state) - 1);
      holding = dropFirst(ranges, open, holding);
    }
    while (opened < count && startOf(ranges, opened) == at) {
      const state = sweep + <usize>rankOf(ranges, terms, opened) * RANK_STATE_BYTES;
      store<u32>(below + <usize>opened * WORD, load<u32>(state, 4));
      store<u32>(state, load<u32>(state) + 1);
      store<u32>(state, opened, 4);
      holding = insert(ranges, open, holding, opened);
      opened++;
    }
    const value = claimAt(ranges, terms, sweep, below, at);
    if (value == load<u32>(values + <usize>(segments - 1) * WORD)) continue;
    if (load<u64>(starts + <usize>(segments - 1) * KEY) == at) segments--;
    store<u64>(starts + <usize>segments * KEY, at);
    store<u32>(values + <usize>segments * WORD, value);
    segments++;
  }
  return segments;
}

/** Puts a range into the heap; returns its new size. Ranges nest as a rule: the newest ends first. */
function insert(ranges: usize, open: usize, holding: u32, range: u32): u32 {
  const end = endOf(ranges, range);
  let at = holding;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const other = load<u32>(open + <usize>above * WORD);
    if (endOf(ranges, other) <= end) break;
    store<u32>(open + <usize>at * WORD, other);
    at = above;
  }
  store<u32>(open + <usize>at * WORD, range);
  return holding + 1;
}

/** Takes the range that ends first out of the heap; returns its new size. */
function dropFirst(ranges: usize, open: usize, holding: u32): u32 {
  const left = holding - 1;
  const range = load<u32>(open + <usize>left * WORD);
  const end = endOf(ranges, range);
  let at: u32 = 0;
  for (let next: u32 = 1; next < left; next = 2 * at + 1) {
    let other = load<u32>(open + <usize>next * WORD);
    if (next + 1 < left) {
      const sibling = load<u32>(open + <usize>(next + 1) * WORD);
      if (endOf(ranges, sibling) < endOf(ranges, other)) {
        other = sibling;
        next++;
      }
    }
    if (endOf(ranges, other) >= end) break;
    store<u32>(open + <usize>at * WORD, other);
    at = next;
  }
  store<u32>(open + <usize>at * WORD, range);
  return left;
}

function claimAt(ranges: usize, terms: usize, sweep: usize, below: usize, at: u64): u32 {
  const live = holders(sweep, RANK_LIVE);
  if (holders(sweep, RANK_UNSIZED) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, sweep, below, live > 0 ? RANK_LIVE : RANK_UNSIZED, at));
  }
  if (live > 0) {
    const range = innermost(ranges, sweep, below, RANK_LIVE, at);
    // A BAR that may be off does not silence one that is off: which of them answers is not known.
    const certain =
      load<u32>(termsOf(ranges, terms, range), TERMS_UNKNOWN_FROM) != ALWAYS || holders(sweep, RANK_SILENT) == 0;
    const alone = live == 1 && holders(sweep, RANK_PLATFORM) == 0 && certain;
    return claim(alone ? CLAIM_OWNED : CLAIM_AMBIGUOUS, range);
  }
  const platform = holders(sweep, RANK_PLATFORM);
  if (platform > 0) {
    const range = innermost(ranges, sweep, below, RANK_PLATFORM, at);
    return claim(isSurrounded(ranges, below, range, platform - 1, at) ? CLAIM_OWNED : CLAIM_AMBIGUOUS, range);
  }
  const silent = holders(sweep, RANK_SILENT);
  if (silent > 0) {
    return claim(silent == 1 ? CLAIM_OWNED : CLAIM_AMBIGUOUS, innermost(ranges, sweep, below, RANK_SILENT, at));
  }
  if (holders(sweep, RANK_APERTURE) > 0) {
    const range = innermost(ranges, sweep, below, RANK_APERTURE, at);
    // A part for virtual functions that may be enabled, and of which no BAR is shown.
    const unknown = load<u32>(termsOf(ranges, terms, range), TERMS_UNKNOWN_FROM) == ALWAYS;
    return claim(unknown ? CLAIM_MAYBE : CLAIM_OWNED, range);
  }
  if (holders(sweep, RANK_MAYBE) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, sweep, below, RANK_MAYBE, at));
  }
  if (holders(sweep, RANK_SURROUNDING) > 0) {
    const range = innermost(ranges, sweep, below, RANK_SURROUNDING, at);
    const kind = load<u32>(termsOf(ranges, terms, range), TERMS_META) & KIND_MASK;
    return claim(kind == KIND_WINDOW ? CLAIM_HOLE : CLAIM_OWNED, range);
  }
  return claim(CLAIM_NOBODY, 0);
}

function claim(kind: u32, range: u32): u32 {
  return (kind << CLAIM_SHIFT) | range;
}

function holders(sweep: usize, rank: u32): u32 {
  return load<u32>(sweep + <usize>rank * RANK_STATE_BYTES);
}

/** The range of a rank that started last among those that still hold `at`. */
function innermost(ranges: usize, sweep: usize, below: usize, rank: u32, at: u64): u32 {
  const state = sweep + <usize>rank * RANK_STATE_BYTES;
  let range = load<u32>(state, 4);
  while (endOf(ranges, range) <= at) range = load<u32>(below + <usize>range * WORD);
  store<u32>(state, range, 4);
  return range;
}

/**
 * Whether each of the `others` that hold `at` surrounds the innermost range of their rank: holds all of it, and more.
 * They started before it, or with it and are no shorter, so that their ends tell.
 */
function isSurrounded(ranges: usize, below: usize, range: u32, others: u32, at: u64): bool {
  const start = startOf(ranges, range);
  const end = endOf(ranges, range);
  let last = range;
  while (others > 0) {
    const other = load<u32>(below + <usize>last * WORD);
    const otherEnd = endOf(ranges, other);
    if (otherEnd <= at) {
      // It has ended for good: taken out, so that nobody passes it twice.
      store<u32>(below + <usize>last * WORD, load<u32>(below + <usize>other * WORD));
      continue;
    }
    if (otherEnd < end || (otherEnd == end && startOf(ranges, other) == start)) return false;
    last = other;
    others--;
  }
  return true;
}

function termsOf(ranges: usize, terms: usize, range: u32): usize {
  return terms + <usize>load<u32>(ranges + <usize>range * RANGE_BYTES, RANGE_TERMS) * TERMS_BYTES;
}

function rankOf(ranges: usize, terms: usize, range: u32): u32 {
  return (load<u32>(termsOf(ranges, terms, range), TERMS_META) >> RANK_SHIFT) & RANK_MASK;
}
