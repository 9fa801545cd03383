// CPU physical address to owner: a static search tree over leaves of seven segments.

import {
  CLAIM_AMBIGUOUS,
  CLAIM_LEAVES,
  CLAIM_OWNED,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  END_BIAS,
  HEADER_LEAF_COUNT,
  HEADER_LEAVES,
  HEADER_LEVEL,
  HEADER_LEVELS,
  HEADER_OWNERS,
  HEADER_RANGES,
  HEADER_SYSTEMS,
  HEADER_TOUCHED,
  HEADER_UNIT,
  KEYS_PER_NODE,
  LAST_KEY,
  LEAF_BASE,
  LEAF_BYTES,
  LEAF_ENDS,
  LEAF_VALUES,
  NODE_BYTES,
  NO_END,
  NO_RANGE,
  OUTSIDE,
  RANGE_BYTES,
  RANGE_COVER,
  RANGE_SIZE,
  RANGE_START,
  SEGMENTS_PER_LEAF,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_FIRST,
  SYSTEM_SPAN,
} from "./layout";

const WORD: usize = 4;
const KEY: usize = 8;

/** How many lookups are in flight: each level is searched for all of them before the next, so that misses overlap. */
const FLIGHT: usize = 128;

export function systemAt(base: usize, system: u32): usize {
  return <usize>load<u32>(base, HEADER_SYSTEMS) + <usize>system * SYSTEM_BYTES;
}

/** An address of a system in the space of all; what is outside the system's span is where nobody is. */
export function displaced(system: usize, address: u64): u64 {
  const inside = address - load<u64>(system, SYSTEM_FIRST) < load<u64>(system, SYSTEM_SPAN);
  return inside ? address + load<u64>(system, SYSTEM_DISPLACEMENT) : LAST_KEY - 1;
}

/**
 * Displaces `count` addresses in place.
 *
 *   systems  u32 per row, or 0: all in the system `system`
 */
export function displaceMany(base: usize, count: u32, addresses: usize, systems: usize, system: u32): void {
  const all = systemAt(base, system);
  for (let row: usize = 0; row < <usize>count; row++) {
    const record = systems == 0 ? all : systemAt(base, load<u32>(systems + row * WORD));
    store<u64>(addresses + row * KEY, displaced(record, load<u64>(addresses + row * KEY)));
  }
}

/**
 * Turns doubles into u64 in place. Returns the first row that holds no whole number from 0 to 2^53 - 1, or `count`.
 */
export function convertMany(count: u32, column: usize): u32 {
  let bad = count;
  for (let row = count; row > 0; row--) {
    const at = column + <usize>(row - 1) * KEY;
    const number = load<f64>(at);
    // Adding 2^52 leaves the number in the low bits of the sum; only whole numbers come back from there.
    const sum = number + 4503599627370496.0;
    if (number >= 0 && number < 4503599627370496.0 && sum - 4503599627370496.0 == number) {
      store<u64>(at, reinterpret<u64>(sum) ^ 0x4330000000000000);
    } else if (number >= 0 && number < 9007199254740992.0 && floor(number) == number) {
      store<u64>(at, <u64>number);
    } else {
      bad = row - 1;
    }
  }
  return bad;
}

/**
 * Finds the segments that hold `count` displaced addresses below LAST_KEY.
 *
 *   values  result, u32 per row
 *   ends    result, u64 per row: one past the segment's last address; or 0
 */
export function claimMany(base: usize, count: u32, addresses: usize, values: usize, ends: usize): void {
  const leaves = <usize>load<u32>(base, HEADER_LEAVES);
  const leafCount = load<u32>(base, HEADER_LEAF_COUNT);
  const unit = <u64>load<u32>(base, HEADER_UNIT);
  const levels = load<u32>(base, HEADER_LEVELS);
  for (let first: usize = 0; first < <usize>count; first += FLIGHT) {
    const after = min(first + FLIGHT, <usize>count);
    // Until the leaf is found, `values` holds the node to be searched next.
    for (let row = first; row < after; row++) store<u32>(values + row * WORD, 0);
    for (let level: u32 = 0; level < levels; level++) {
      const nodes = <usize>load<u32>(base + <usize>level * WORD, HEADER_LEVEL);
      const fan = level + 1 < levels ? KEYS_PER_NODE + 1 : KEYS_PER_NODE;
      for (let row = first; row < after; row++) {
        const node = load<u32>(values + row * WORD);
        const key = load<u64>(addresses + row * KEY);
        store<u32>(values + row * WORD, node * fan + keysNotAbove(nodes + <usize>node * NODE_BYTES, key));
      }
    }
    // Nothing but a load for each leaf, so that many miss the caches together; the sum is kept lest they be left out.
    let touched: u32 = 0;
    for (let row = first; row < after; row++) {
      touched ^= load<u32>(leaves + <usize>(load<u32>(values + row * WORD) - 1) * LEAF_BYTES);
    }
    store<u32>(base, touched, HEADER_TOUCHED);
    for (let row = first; row < after; row++) {
      const leaf = leaves + <usize>(load<u32>(values + row * WORD) - 1) * LEAF_BYTES;
      const from = (load<u64>(addresses + row * KEY) - load<u64>(leaf, LEAF_BASE)) >> unit;
      const slot = <usize>slotOf(leaf, <u32>min(from, <u64>NO_END - 1));
      store<u32>(values + row * WORD, load<u32>(leaf + slot * WORD, LEAF_VALUES));
      if (ends == 0) continue;
      const end = load<u32>(leaf + slot * WORD, LEAF_ENDS) ^ END_BIAS;
      store<u64>(
        ends + row * KEY,
        end != NO_END ? load<u64>(leaf, LEAF_BASE) + ((<u64>end) << unit) : nextBase(leaf, leaves, leafCount),
      );
    }
  }
}

function nextBase(leaf: usize, leaves: usize, leafCount: u32): u64 {
  return leaf + LEAF_BYTES < leaves + <usize>leafCount * LEAF_BYTES
    ? load<u64>(leaf + LEAF_BYTES, LEAF_BASE)
    : LAST_KEY;
}

/** How many of the eight keys of a node are less than or equal to `address`; all are below 2^63. */
function keysNotAbove(node: usize, address: u64): u32 {
  if (ASC_FEATURE_SIMD) {
    const key = i64x2.splat(<i64>address);
    const left = i64x2.add(i64x2.gt_s(v128.load(node), key), i64x2.gt_s(v128.load(node, 16), key));
    const right = i64x2.add(i64x2.gt_s(v128.load(node, 32), key), i64x2.gt_s(v128.load(node, 48), key));
    const above = i64x2.add(left, right);
    return KEYS_PER_NODE + <u32>(i64x2.extract_lane(above, 0) + i64x2.extract_lane(above, 1));
  } else {
    let count: u32 = 0;
    for (let slot: usize = 0; slot < NODE_BYTES; slot += KEY) count += u32(load<u64>(node + slot) <= address);
    return count;
  }
}

/** The first segment of a leaf that ends above `from`, in units from its base. */
function slotOf(leaf: usize, from: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const key = i32x4.splat(<i32>(from ^ END_BIAS));
    const low = i32x4.bitmask(i32x4.gt_s(v128.load(leaf, LEAF_ENDS), key));
    // The last lane is the first value and no end.
    const high = i32x4.bitmask(i32x4.gt_s(v128.load(leaf, LEAF_ENDS + 16), key));
    return ctz((<u32>(low | (high << 4))) | (1 << (SEGMENTS_PER_LEAF - 1)));
  } else {
    const key = <i32>(from ^ END_BIAS);
    let slot: u32 = 0;
    while (slot < SEGMENTS_PER_LEAF - 1 && load<i32>(leaf + <usize>slot * WORD, LEAF_ENDS) <= key) slot++;
    return slot;
  }
}

/**
 * Owners of `count` displaced addresses, or ranges of addresses.
 *
 *   sizes    u64 per row, or 0: one byte each
 *   owners   result, u32 per row: the node; 0: none, or none alone
 *   values   result, u32 per row: claim and range
 *   offsets  result, u64 per row: of the address in its owner's range; or 0
 *   ends     scratch, u64 per row, where there are sizes
 */
export function ownerMany(
  base: usize,
  count: u32,
  addresses: usize,
  sizes: usize,
  owners: usize,
  values: usize,
  offsets: usize,
  ends: usize,
): void {
  claimMany(base, count, addresses, values, sizes == 0 ? 0 : ends);
  const column = <usize>load<u32>(base, HEADER_OWNERS);
  const ranges = <usize>load<u32>(base, HEADER_RANGES);
  for (let row: usize = 0; row < <usize>count; row++) {
    const value = load<u32>(values + row * WORD);
    const range = <usize>(value & CLAIM_RANGE);
    let owner: u32 = 0;
    if (value >> CLAIM_SHIFT == CLAIM_OWNED) {
      owner = load<u32>(column + range * WORD);
      if ((owner & OUTSIDE) != 0) owner = 0;
      if (sizes != 0) {
        const end = load<u64>(ends + row * KEY);
        if (load<u64>(sizes + row * KEY) > end - load<u64>(addresses + row * KEY)) {
          store<u32>(values + row * WORD, beyondSegment(ranges, value, end));
          owner = 0;
        }
      }
    }
    store<u32>(owners + row * WORD, owner);
    if (offsets == 0) continue;
    const known = value >> CLAIM_SHIFT == CLAIM_OWNED;
    const start = known ? load<u64>(ranges + range * RANGE_BYTES, RANGE_START) : load<u64>(addresses + row * KEY);
    store<u64>(offsets + row * KEY, load<u64>(addresses + row * KEY) - start);
  }
}

/**
 * The claim of a range of addresses that begins in an owned segment and outlasts it: where the segment ends before its
 * owner's range does, others claim what comes next; else what comes next is no longer the owner's.
 */
function beyondSegment(ranges: usize, owned: u32, end: u64): u32 {
  const range = owned & CLAIM_RANGE;
  const record = ranges + <usize>range * RANGE_BYTES;
  const ownersEnd = load<u64>(record, RANGE_START) + load<u64>(record, RANGE_SIZE);
  return ((end < ownersEnd ? CLAIM_AMBIGUOUS : CLAIM_LEAVES) << CLAIM_SHIFT) | range;
}

/** The node that alone owns an address of a system; 0: none. */
export function ownerOf(base: usize, system: u32, address: u64): u32 {
  const value = claimIn(base, system, address);
  if (value >> CLAIM_SHIFT != CLAIM_OWNED) return 0;
  const owner = load<u32>(<usize>load<u32>(base, HEADER_OWNERS) + <usize>(value & CLAIM_RANGE) * WORD);
  return (owner & OUTSIDE) != 0 ? 0 : owner;
}

/** The same for a whole number below 2^53, which costs its caller less than a 64-bit one. */
export function ownerOfNumber(base: usize, system: u32, address: f64): u32 {
  return ownerOf(base, system, <u64>address);
}

/** What the segments say of an address of a system. */
export function claimIn(base: usize, system: u32, address: u64): u32 {
  const key = displaced(systemAt(base, system), address);
  const leaf = leafOf(base, key);
  return load<u32>(leaf + <usize>slotIn(base, leaf, key) * WORD, LEAF_VALUES);
}

/** The same of a range of at least 1 byte; an owned one is all one owner's. */
export function claimOver(base: usize, system: u32, address: u64, size: u64): u32 {
  const value = claimIn(base, system, address);
  if (value >> CLAIM_SHIFT != CLAIM_OWNED) return value;
  const alike = claimedAlike(base, system, address);
  if (size <= alike) return value;
  const end = displaced(systemAt(base, system), address) + alike;
  return beyondSegment(<usize>load<u32>(base, HEADER_RANGES), value, end);
}

/** How many bytes from an address on, within the system's span, are claimed alike. */
export function claimedAlike(base: usize, system: u32, address: u64): u64 {
  const key = displaced(systemAt(base, system), address);
  const leaf = leafOf(base, key);
  const end = load<u32>(leaf + <usize>slotIn(base, leaf, key) * WORD, LEAF_ENDS) ^ END_BIAS;
  if (end != NO_END) return load<u64>(leaf, LEAF_BASE) + ((<u64>end) << load<u32>(base, HEADER_UNIT)) - key;
  return nextBase(leaf, <usize>load<u32>(base, HEADER_LEAVES), load<u32>(base, HEADER_LEAF_COUNT)) - key;
}

function leafOf(base: usize, key: u64): usize {
  let node: u32 = 0;
  const last = load<u32>(base, HEADER_LEVELS) - 1;
  for (let level: u32 = 0; level < last; level++) {
    const nodes = <usize>load<u32>(base + <usize>level * WORD, HEADER_LEVEL);
    node = node * (KEYS_PER_NODE + 1) + keysNotAbove(nodes + <usize>node * NODE_BYTES, key);
  }
  const nodes = <usize>load<u32>(base + <usize>last * WORD, HEADER_LEVEL);
  node = node * KEYS_PER_NODE + keysNotAbove(nodes + <usize>node * NODE_BYTES, key);
  return <usize>load<u32>(base, HEADER_LEAVES) + <usize>(node - 1) * LEAF_BYTES;
}

function slotIn(base: usize, leaf: usize, key: u64): u32 {
  const from = (key - load<u64>(leaf, LEAF_BASE)) >> load<u32>(base, HEADER_UNIT);
  return slotOf(leaf, <u32>min(from, <u64>NO_END - 1));
}

/**
 * Writes the ranges that hold an address, the one that began last first, to `out` (u32 each), at most `room` of them.
 * Returns how many there are.
 */
export function claimants(base: usize, rangeCount: u32, system: u32, address: u64, out: usize, room: u32): u32 {
  const ranges = <usize>load<u32>(base, HEADER_RANGES);
  const key = displaced(systemAt(base, system), address);
  // The last range that begins at the address or before.
  let low: u32 = 0;
  let high = rangeCount;
  while (low < high) {
    const middle = low + ((high - low) >> 1);
    if (load<u64>(ranges + <usize>middle * RANGE_BYTES, RANGE_START) <= key) low = middle + 1;
    else high = middle;
  }
  let found: u32 = 0;
  let range = low - 1;
  while (range != NO_RANGE) {
    const record = ranges + <usize>range * RANGE_BYTES;
    if (load<u64>(record, RANGE_START) + load<u64>(record, RANGE_SIZE) > key) {
      if (found < room) store<u32>(out + <usize>found * WORD, range);
      found++;
      range--;
    } else {
      // All between a range and its cover end no later than it does.
      range = load<u32>(record, RANGE_COVER);
    }
  }
  return found;
}

// What rows must be before anything looks at them; each returns the first row that is not, or `count`.

/** Ids from 1 to `limit`. */
export function firstBadId(count: u32, ids: usize, limit: u32): u32 {
  let row: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    // 0 becomes the greatest of all.
    const one = i32x4.splat(1);
    let greatest = i32x4.splat(0);
    for (; row + 4 <= count; row += 4) {
      greatest = i32x4.max_u(greatest, i32x4.sub(v128.load(ids + <usize>row * WORD), one));
    }
    // Somewhere before: which row it is, the loop below finds out.
    if (v128.any_true(i32x4.ge_u(greatest, i32x4.splat(<i32>limit)))) row = 0;
  }
  for (; row < count; row++) {
    if (load<u32>(ids + <usize>row * WORD) - 1 >= limit) return row;
  }
  return count;
}

/** Sizes of at least 1 that end within 2^64. */
export function firstBadSize(count: u32, addresses: usize, sizes: usize): u32 {
  for (let row: u32 = 0; row < count; row++) {
    const size = load<u64>(sizes + <usize>row * KEY);
    // The last address, not the end, which may be 2^64.
    if (size == 0 || load<u64>(addresses + <usize>row * KEY) + (size - 1) < size - 1) return row;
  }
  return count;
}
