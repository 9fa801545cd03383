// Arranging the ranges: displaced into one space, sorted, packed into records.

import {
  LAST_KEY,
  NO_RANGE,
  RANGE_BYTES,
  RANGE_COVER,
  RANGE_SIZE,
  RANGE_START,
  RANGE_TERMS,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_FIRST,
  SYSTEM_SPAN,
} from "./layout";
import { sortRows } from "./sort";

const WORD: usize = 4;
const KEY: usize = 8;

// Ranges as they come: five columns.
//
//   systems  u32, ordinal       starts  u64, CPU physical       sizes  u64, at least 1
//   owners   u32                terms   u32, row of the terms

/**
 * Lays the systems' address spaces side by side, each from the lowest address that is claimed to the end of the
 * highest, and makes the starts displaced ones.
 *
 *   systemRecords  result, zeroed
 *
 * Returns the sum of the spans; LAST_KEY or more: they do not fit, and nothing has been displaced.
 */
export function displace(
  count: u32,
  systems: usize,
  starts: usize,
  sizes: usize,
  systemCount: u32,
  systemRecords: usize,
): u64 {
  for (let row: usize = 0; row < <usize>count; row++) {
    const record = systemRecords + <usize>load<u32>(systems + row * WORD) * SYSTEM_BYTES;
    const start = load<u64>(starts + row * KEY);
    const end = start + load<u64>(sizes + row * KEY);
    // Until all ends are known, the span is measured from 0.
    const reach = load<u64>(record, SYSTEM_SPAN);
    store<u64>(record, reach == 0 ? start : min(start, load<u64>(record, SYSTEM_FIRST)), SYSTEM_FIRST);
    store<u64>(record, max(end, reach), SYSTEM_SPAN);
  }
  let next: u64 = 0;
  for (let system: usize = 0; system < <usize>systemCount; system++) {
    const record = systemRecords + system * SYSTEM_BYTES;
    const first = load<u64>(record, SYSTEM_FIRST);
    const span = load<u64>(record, SYSTEM_SPAN) - first;
    store<u64>(record, next - first, SYSTEM_DISPLACEMENT);
    store<u64>(record, span, SYSTEM_SPAN);
    // Each span is below 2^63: the sum cannot wrap before it is seen to be too great.
    next += span;
    if (next >= LAST_KEY) return next;
  }
  for (let row: usize = 0; row < <usize>count; row++) {
    const record = systemRecords + <usize>load<u32>(systems + row * WORD) * SYSTEM_BYTES;
    store<u64>(starts + row * KEY, load<u64>(starts + row * KEY) + load<u64>(record, SYSTEM_DISPLACEMENT));
  }
  return next;
}

/**
 * Sorts displaced ranges by start, the longer first, then in the order of the source, and packs them.
 *
 *   keys, spareKeys    scratch, u64 per range
 *   order, spareOrder  scratch, u32 per range; `order` then holds the source row of each range
 *   ranges, packed     results, a record and an owner (u32) per range
 *
 * Returns how many low bits no boundary uses.
 */
export function packRanges(
  count: u32,
  starts: usize,
  sizes: usize,
  owners: usize,
  terms: usize,
  keys: usize,
  order: usize,
  spareKeys: usize,
  spareOrder: usize,
  ranges: usize,
  packed: usize,
): u32 {
  for (let row: usize = 0; row < <usize>count; row++) {
    store<u64>(keys + row * KEY, load<u64>(starts + row * KEY));
    store<u32>(order + row * WORD, <u32>row);
  }
  sortRows(count, keys, order, spareKeys, spareOrder);
  // Where several start together, the longer surrounds the shorter.
  for (let first: usize = 0; first < <usize>count;) {
    let after = first + 1;
    while (after < <usize>count && load<u64>(keys + after * KEY) == load<u64>(keys + first * KEY)) after++;
    if (after - first > 1) {
      for (let row = first; row < after; row++) {
        store<u64>(keys + row * KEY, ~load<u64>(sizes + <usize>load<u32>(order + row * WORD) * KEY));
      }
      sortRows(<u32>(after - first), keys + first * KEY, order + first * WORD, spareKeys, spareOrder);
    }
    first = after;
  }
  let bits = (<u64>1) << 31;
  for (let row: usize = 0; row < <usize>count; row++) {
    const source = <usize>load<u32>(order + row * WORD);
    const record = ranges + row * RANGE_BYTES;
    const start = load<u64>(starts + source * KEY);
    const size = load<u64>(sizes + source * KEY);
    store<u64>(record, start, RANGE_START);
    store<u64>(record, size, RANGE_SIZE);
    store<u32>(record, load<u32>(terms + source * WORD), RANGE_TERMS);
    store<u32>(packed + row * WORD, load<u32>(owners + source * WORD));
    bits |= start | size;
    let cover = row == 0 ? NO_RANGE : <u32>row - 1;
    while (cover != NO_RANGE && endOf(ranges, cover) <= start + size) {
      cover = load<u32>(ranges + <usize>cover * RANGE_BYTES, RANGE_COVER);
    }
    store<u32>(record, cover, RANGE_COVER);
  }
  return <u32>ctz(bits);
}

export function startOf(ranges: usize, range: u32): u64 {
  return load<u64>(ranges + <usize>range * RANGE_BYTES, RANGE_START);
}

export function endOf(ranges: usize, range: u32): u64 {
  const record = ranges + <usize>range * RANGE_BYTES;
  return load<u64>(record, RANGE_START) + load<u64>(record, RANGE_SIZE);
}
