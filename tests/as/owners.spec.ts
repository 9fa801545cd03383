// Address to owner: leaves, the tree over them, single and batched lookups, ranges of addresses, all claimants; and the
// checks and conversions of what comes in.

import { packLeaves, plantTree, treeBytes } from "../../assembly/flatten";
import {
  ALWAYS,
  CLAIM_AMBIGUOUS,
  CLAIM_LEAVES,
  CLAIM_OWNED,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  HEADER_BYTES,
  HEADER_LEAF_COUNT,
  HEADER_LEAVES,
  HEADER_LEVELS,
  HEADER_RANGES,
  HEADER_SYSTEMS,
  HEADER_UNIT,
  KIND_BAR,
  KIND_OTHER,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  KIND_WINDOW,
  LAST_KEY,
  LEAF_BYTES,
  NODE_BYTES,
  RANGE_BYTES,
  RANGE_SIZE,
  RANGE_START,
  RANKS,
  SEGMENTS_PER_LEAF,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_SPAN,
} from "../../assembly/layout";
import {
  claimants,
  claimedAlike,
  claimIn,
  claimMany,
  claimOver,
  convertMany,
  displaceMany,
  firstBadId,
  firstBadSize,
  ownerMany,
  ownerOf,
} from "../../assembly/ranges";
import { zeros } from "./forests";
import { random, random64 } from "./random";
import { Ranges } from "./ranges";
import { claim, holds, NOBODY, scan } from "./scan";

/** Addresses, and what the batched lookups say of them. */
class Lookups {
  count: u32 = 0;
  addresses: usize;
  sizes: usize;
  systems: usize;
  owners: usize;
  values: usize;
  offsets: usize;
  ends: usize;

  constructor(public room: u32) {
    this.addresses = zeros(<usize>room * 8);
    this.sizes = zeros(<usize>room * 8);
    this.systems = zeros(<usize>room * 4);
    this.owners = zeros(<usize>room * 4);
    this.values = zeros(<usize>room * 4);
    this.offsets = zeros(<usize>room * 8);
    this.ends = zeros(<usize>room * 8);
  }

  add(address: u64, system: u32 = 0, size: u64 = 1): void {
    store<u64>(this.addresses + <usize>this.count * 8, address);
    store<u64>(this.sizes + <usize>this.count * 8, size);
    store<u32>(this.systems + <usize>this.count * 4, system);
    this.count++;
  }

  value(row: u32): u32 {
    return load<u32>(this.values + <usize>row * 4);
  }

  end(row: u32): u64 {
    return load<u64>(this.ends + <usize>row * 8);
  }

  free(): void {
    heap.free(this.addresses);
    heap.free(this.sizes);
    heap.free(this.systems);
    heap.free(this.owners);
    heap.free(this.values);
    heap.free(this.offsets);
    heap.free(this.ends);
  }
}

/** Segments that begin at given addresses, each claimed by a range of its own number, in leaves under a tree. */
class Segments {
  base: usize = zeros(HEADER_BYTES);
  leafCount: u32;
  private starts: usize;
  private values: usize;
  private leaves: usize;
  private tree: usize;
  private system: usize = zeros(SYSTEM_BYTES);

  constructor(
    public segments: u64[],
    unit: u32,
  ) {
    const count = segments.length;
    this.starts = segments.dataStart;
    this.values = zeros(count * 4);
    for (let index = 0; index < count; index++)
      store<u32>(this.values + index * 4, (CLAIM_OWNED << CLAIM_SHIFT) | index);
    this.leafCount = packLeaves(count, this.starts, this.values, unit, 0);
    this.leaves = zeros(<usize>this.leafCount * LEAF_BYTES);
    packLeaves(count, this.starts, this.values, unit, this.leaves);
    store<u32>(this.base, <u32>this.leaves, HEADER_LEAVES);
    store<u32>(this.base, this.leafCount, HEADER_LEAF_COUNT);
    store<u32>(this.base, unit, HEADER_UNIT);
    store<u32>(this.base, <u32>this.system, HEADER_SYSTEMS);
    store<u64>(this.system, 0, SYSTEM_DISPLACEMENT);
    store<u64>(this.system, LAST_KEY - 1, SYSTEM_SPAN);
    this.tree = zeros(treeBytes(this.leafCount));
    plantTree(this.base, this.tree);
  }

  /** Wrong answers at the first and the last address of some segments and between, alone and in one batch. */
  wrong(asked: u32[]): i32 {
    const lookups = new Lookups(asked.length * 3);
    for (let at = 0; at < asked.length; at++) {
      const start = this.segments[asked[at]];
      lookups.add(start);
      lookups.add(start + (this.end(asked[at]) - start) / 2);
      lookups.add(this.end(asked[at]) - 1);
    }
    claimMany(this.base, lookups.count, lookups.addresses, lookups.values, lookups.ends);
    let wrong = 0;
    for (let row: u32 = 0; row < lookups.count; row++) {
      const segment = asked[row / 3];
      const address = load<u64>(lookups.addresses + <usize>row * 8);
      const expected = (CLAIM_OWNED << CLAIM_SHIFT) | segment;
      wrong += i32(lookups.value(row) != expected) + i32(lookups.end(row) != this.end(segment));
      if (address >= LAST_KEY - 1) continue;
      wrong += i32(claimIn(this.base, 0, address) != expected);
      wrong += i32(claimedAlike(this.base, 0, address) != this.end(segment) - address);
    }
    lookups.free();
    return wrong;
  }

  private end(segment: u32): u64 {
    return <i32>segment + 1 < this.segments.length ? this.segments[segment + 1] : LAST_KEY;
  }

  free(): void {
    heap.free(this.base);
    heap.free(this.values);
    heap.free(this.leaves);
    heap.free(this.tree);
    heap.free(this.system);
  }
}

function evenly(count: u32, step: u64): u64[] {
  const starts: u64[] = [];
  for (let index: u32 = 0; index < count; index++) starts.push(<u64>index * step);
  return starts;
}

function everyone(count: u32): u32[] {
  const all: u32[] = [];
  for (let index: u32 = 0; index < count; index++) all.push(index);
  return all;
}

describe("search tree", () => {
  it("has as many levels and nodes as the drawing says", () => {
    const levels: u32[] = [];
    const nodes: usize[] = [];
    const counts: u32[] = [1, 8, 9, 72, 73, 648, 649];
    for (let index = 0; index < counts.length; index++) {
      const segments = new Segments(evenly(counts[index] * SEGMENTS_PER_LEAF, 4), 0);
      expect(segments.leafCount).toBe(counts[index]);
      levels.push(load<u32>(segments.base, HEADER_LEVELS));
      nodes.push(treeBytes(counts[index]) / NODE_BYTES);
      segments.free();
    }
    expect(levels).toStrictEqual([1, 1, 2, 2, 3, 3, 4]);
    expect(nodes).toStrictEqual([1, 1, 3, 10, 13, 91, 95]);
  });

  it("finds every segment of 1 to 200, at both ends and in the middle", () => {
    let wrong = 0;
    for (let count: u32 = 1; count <= 200; count++) {
      const segments = new Segments(evenly(count, 3), 0);
      wrong += segments.wrong(everyone(count));
      segments.free();
    }
    expect(wrong).toBe(0);
  });

  it("finds every segment where leaves, nodes and levels begin and end", () => {
    const edges: u32[] = [56, 504, 4536, 40824];
    let wrong = 0;
    for (let edge = 0; edge < edges.length; edge++) {
      for (let count = edges[edge] - 8; count <= edges[edge] + 8; count += edges[edge] > 5000 ? 8 : 1) {
        const segments = new Segments(evenly(count, 0x1000), 12);
        const some: u32[] = [];
        for (let index: u32 = 0; index < count; index++) {
          const within = index % (8 * SEGMENTS_PER_LEAF);
          if (count < 600 || within < 2 || within > 8 * SEGMENTS_PER_LEAF - 3 || index + 70 > count) some.push(index);
        }
        wrong += segments.wrong(some);
        segments.free();
      }
    }
    expect(wrong).toBe(0);
  });

  it("finds the last segment for the greatest address", () => {
    const segments = new Segments(evenly(100, 1 << 50), 31);
    expect(segments.wrong([0, 99])).toBe(0);
    expect(claimIn(segments.base, 0, LAST_KEY - 2) & CLAIM_RANGE).toBe(99);
    expect(claimIn(segments.base, 0, 0) & CLAIM_RANGE).toBe(0);
  });
});

describe("leaves", () => {
  it("hold seven segments, whatever the unit", () => {
    for (let unit: u32 = 0; unit <= 31; unit++) {
      const segments = new Segments(evenly(100, (<u64>3) << unit), unit);
      expect(segments.leafCount).toBe(15);
      expect(segments.wrong(everyone(100))).toBe(0);
    }
  });

  it("end early where the next segment begins 2^32 - 1 units or more from the first", () => {
    const units: u32[] = [0, 1, 12, 30];
    for (let index = 0; index < units.length; index++) {
      const unit = units[index];
      for (let units: u64 = 0xfffffffd; units <= 0x100000001; units++) {
        const near = new Segments([0, units << unit], unit);
        expect(near.leafCount).toBe(units < 0xffffffff ? 1 : 2);
        expect(near.wrong([0, 1])).toBe(0);
        const more = new Segments([0, 5 << unit, units << unit, (units + 1) << unit], unit);
        expect(more.leafCount).toBe(units + 1 < 0xffffffff ? 1 : 2);
        expect(more.wrong([0, 1, 2, 3])).toBe(0);
      }
    }
  });

  it("hold one segment each where all are far apart, and any number between", () => {
    const alone = new Segments(evenly(500, (<u64>1) << 40), 0);
    expect(alone.leafCount).toBe(500);
    expect(alone.wrong(everyone(500))).toBe(0);
    const four = new Segments(evenly(500, (<u64>1) << 30), 0);
    expect(four.leafCount).toBe(125);
    expect(four.wrong(everyone(500))).toBe(0);
  });

  it("find everything among gaps of any length", () => {
    let wrong = 0;
    for (let round = 0; round < 100; round++) {
      const unit = random(20);
      const starts: u64[] = [0];
      let at: u64 = 0;
      while (starts.length < 90) {
        at += (1 + random64(1 + random(36))) << unit;
        if (at >= LAST_KEY) break;
        starts.push(at);
      }
      const segments = new Segments(starts, unit);
      wrong += segments.wrong(everyone(starts.length));
      segments.free();
    }
    expect(wrong).toBe(0);
  });
});

const KINDS: StaticArray<u32> = [KIND_BAR, KIND_WINDOW, KIND_SYSTEM_RAM, KIND_PLATFORM, KIND_OTHER];

/** Random ranges of all ranks in some systems, all boundaries multiples of a unit. */
function jumble(count: u32, systems: u32, space: u32, longest: u32, unit: u32): Ranges {
  const ranges = new Ranges();
  for (let system: u32 = 0; system < systems; system++) ranges.system(0);
  for (let index: u32 = 0; index < count; index++) {
    const start = (<u64>(7 + random(space))) << unit;
    const size = (<u64>(1 + random(longest))) << unit;
    const unknownFrom: u32 = random(4) == 0 ? ALWAYS : 0;
    ranges.add(start, size, KINDS[random(5)], random(RANKS), 1 + random(100), 0, unknownFrom);
    ranges.inSystem(random(systems));
  }
  ranges.build();
  return ranges;
}

/** The same whole ranges in whole ranges, as windows and BARs are. */
function nest(depth: u32, unit: u32): Ranges {
  const ranges = new Ranges();
  ranges.system(0);
  for (let at: u32 = 0; at < depth; at++) {
    const size = (<u64>(4 * (depth - at) + 1)) << unit;
    ranges.add((<u64>at + 1) << unit, size, KIND_WINDOW, 0);
    ranges.add((<u64>at + 1) << unit, (<u64>1) << unit, KIND_BAR, RANKS - 2, at + 1);
  }
  ranges.build();
  return ranges;
}

/** Every boundary, and the addresses beside it, in every system. */
function boundaries(ranges: Ranges): Lookups {
  const lookups = new Lookups(ranges.count * 6 * ranges.systemCount + 3 * ranges.systemCount);
  for (let system: u32 = 0; system < ranges.systemCount; system++) {
    for (let index: u32 = 0; index < ranges.count; index++) {
      for (let beside: u64 = 0; beside < 3; beside++) {
        lookups.add(ranges.start(index) - 1 + beside, system);
        lookups.add(ranges.end(index) - 1 + beside, system);
      }
    }
    lookups.add(0, system);
    lookups.add(LAST_KEY, system);
    lookups.add(u64.MAX_VALUE, system);
  }
  return lookups;
}

/** Lookups in ranges that differ from a linear scan, alone and in batches of any length. */
function wrongClaims(ranges: Ranges): i32 {
  const base = zeros(HEADER_BYTES);
  ranges.enter(base);
  const lookups = boundaries(ranges);
  let wrong = 0;
  for (let row: u32 = 0; row < lookups.count; row++) {
    const system = load<u32>(lookups.systems + <usize>row * 4);
    const address = load<u64>(lookups.addresses + <usize>row * 8);
    const expected = scan(ranges, system, address);
    const found = ranges.sourceClaim(claimIn(base, system, address));
    wrong += i32(found != expected);
    const isOwned = expected >> CLAIM_SHIFT == CLAIM_OWNED;
    const range = expected & CLAIM_RANGE;
    const kind = isOwned ? ranges.kind(range) : 0;
    const isNode = isOwned && kind != KIND_SYSTEM_RAM && kind != KIND_PLATFORM && kind != KIND_OTHER;
    const owner = ownerOf(base, system, address);
    wrong += i32(isNode ? owner == 0 || owner > 100 : owner != 0);
    if (!isOwned) continue;
    const alike = claimedAlike(base, system, address);
    // All alike up to there, and no further.
    wrong += i32(scan(ranges, system, address + alike - 1) != expected);
    wrong += i32(scan(ranges, system, address + alike) == expected);
  }
  const lengths: u32[] = [1, 31, 32, 33, 100];
  for (let index = 0; index < lengths.length; index++) wrong += wrongInBatches(ranges, base, lookups, lengths[index]);
  lookups.free();
  heap.free(base);
  return wrong;
}

function wrongInBatches(ranges: Ranges, base: usize, lookups: Lookups, length: u32): i32 {
  let wrong = 0;
  const batch = new Lookups(length);
  for (let first: u32 = 0; first < lookups.count; first += length) {
    batch.count = 0;
    for (let row = first; row < min(lookups.count, first + length); row++) {
      const system = load<u32>(lookups.systems + <usize>row * 4);
      const address = load<u64>(lookups.addresses + <usize>row * 8);
      const alike = claimedAlike(base, system, address);
      batch.add(address, system, random(2) == 0 ? alike + random(2) : 1 + random64(random(64)));
    }
    displaceMany(base, batch.count, batch.addresses, batch.systems, 99);
    ownerMany(base, batch.count, batch.addresses, 0, batch.owners, batch.values, batch.offsets, 0);
    for (let row: u32 = 0; row < batch.count; row++) wrong += wrongOwner(base, lookups, first + row, batch, row, false);
    memory.fill(batch.values, 0xff, <usize>length * 4);
    ownerMany(base, batch.count, batch.addresses, batch.sizes, batch.owners, batch.values, batch.offsets, batch.ends);
    for (let row: u32 = 0; row < batch.count; row++) wrong += wrongOwner(base, lookups, first + row, batch, row, true);
    memory.fill(batch.values, 0xff, <usize>length * 4);
    ownerMany(base, batch.count, batch.addresses, 0, batch.owners, batch.values, 0, 0);
    for (let row: u32 = 0; row < batch.count; row++) wrong += wrongOwner(base, lookups, first + row, batch, row, false);
  }
  batch.free();
  return wrong;
}

/** Whether a row of a batch differs from the same lookup alone. */
function wrongOwner(base: usize, lookups: Lookups, at: u32, batch: Lookups, row: u32, sized: bool): i32 {
  const system = load<u32>(lookups.systems + <usize>at * 4);
  const address = load<u64>(lookups.addresses + <usize>at * 8);
  const alone = claimIn(base, system, address);
  const isOwned = alone >> CLAIM_SHIFT == CLAIM_OWNED;
  const size = load<u64>(batch.sizes + <usize>row * 8);
  const alike = claimedAlike(base, system, address);
  const outlasts = sized && isOwned && size > alike;
  const expected = outlasts ? beyond(base, alone, load<u64>(batch.addresses + <usize>row * 8) + alike) : alone;
  let wrong = i32(batch.value(row) != expected);
  if (sized) wrong += i32(claimOver(base, system, address, size) != expected);
  wrong += i32(load<u32>(batch.owners + <usize>row * 4) != (outlasts ? 0 : ownerOf(base, system, address)));
  let begin: u64 = 0;
  if (isOwned) begin = displacedStart(base, alone & CLAIM_RANGE);
  const offset = isOwned ? load<u64>(batch.addresses + <usize>row * 8) - begin : 0;
  return wrong + i32(load<u64>(batch.offsets + <usize>row * 8) != offset);
}

/** What is said of a range that outlasts the owned segment in which it begins. */
function beyond(base: usize, alone: u32, segmentEnd: u64): u32 {
  const range = alone & CLAIM_RANGE;
  const record = <usize>load<u32>(base, HEADER_RANGES) + <usize>range * RANGE_BYTES;
  const isPart = segmentEnd != load<u64>(record, RANGE_START) + load<u64>(record, RANGE_SIZE);
  return claim(isPart ? CLAIM_AMBIGUOUS : CLAIM_LEAVES, range);
}

function displacedStart(base: usize, range: u32): u64 {
  return load<u64>(<usize>load<u32>(base, HEADER_RANGES) + <usize>range * RANGE_BYTES, RANGE_START);
}

describe("owners", () => {
  it("agree with a linear scan around every boundary of ranges that overlap in any way, alone and in batches", () => {
    const units: u32[] = [0, 12, 31];
    let wrong = 0;
    for (let round = 0; round < 150; round++) {
      const ranges = jumble(1 + random(24), 1 + random(3), 1 + random(60), 20, units[round % 3]);
      wrong += wrongClaims(ranges);
      ranges.free();
    }
    expect(wrong).toBe(0);
  });

  it("agree for many ranges, and for boundaries anywhere", () => {
    const many = jumble(400, 2, 3000, 9, 12);
    expect(wrongClaims(many)).toBe(0);
    const ranges = new Ranges();
    ranges.system(0);
    for (let index = 0; index < 150; index++) {
      ranges.add(random64(61), 1 + random64(1 + random(60)), KIND_BAR, random(RANKS), 1);
    }
    ranges.build();
    expect(wrongClaims(ranges)).toBe(0);
  });

  it("agree for ranges nested as deep as one likes", () => {
    expect(wrongClaims(nest(1, 0))).toBe(0);
    expect(wrongClaims(nest(40, 12))).toBe(0);
  });

  it("are nobody where there are no ranges at all", () => {
    const ranges = new Ranges();
    ranges.build();
    const base = zeros(HEADER_BYTES);
    ranges.enter(base);
    expect(claimIn(base, 0, 0)).toBe(NOBODY);
    expect(claimIn(base, 0, u64.MAX_VALUE)).toBe(NOBODY);
    expect(ownerOf(base, 0, 5)).toBe(0);
    expect(claimants(base, 0, 0, 5, 0, 0)).toBe(0);
  });
});

/** Differences from all ranges that hold an address, the last in the core's order first. */
function wrongClaimants(ranges: Ranges, base: usize, system: u32, address: u64, out: usize): i32 {
  const found = claimants(base, ranges.count, system, address, out, ranges.count);
  let expected: u32 = 0;
  let wrong = 0;
  for (let at = ranges.count; at > 0; at--) {
    if (!holds(ranges, ranges.source(at - 1), system, address)) continue;
    wrong += i32(expected >= found || load<u32>(out + <usize>expected * 4) != at - 1);
    expected++;
  }
  return wrong + i32(found != expected);
}

describe("claimants", () => {
  it("are all ranges over an address, the one that begins last first", () => {
    const out = zeros(400 * 4);
    let wrong = 0;
    for (let round = 0; round < 100; round++) {
      const ranges = jumble(1 + random(60), 1 + random(3), 1 + random(40), 30, 0);
      const base = zeros(HEADER_BYTES);
      ranges.enter(base);
      for (let system: u32 = 0; system < ranges.systemCount; system++) {
        for (let address: u64 = 0; address < 80; address++) wrong += wrongClaimants(ranges, base, system, address, out);
      }
      ranges.free();
      heap.free(base);
    }
    expect(wrong).toBe(0);
  });

  it("are counted where there is no room for all of them", () => {
    const ranges = nest(10, 0);
    const base = zeros(HEADER_BYTES);
    ranges.enter(base);
    const all = zeros(80);
    expect(claimants(base, ranges.count, 0, 10, all, 20)).toBe(11);
    for (let room: u32 = 0; room <= 11; room++) {
      const some = zeros(80);
      memory.fill(some, 0xee, 80);
      expect(claimants(base, ranges.count, 0, 10, some, room)).toBe(11);
      expect(memory.compare(some, all, <usize>room * 4)).toBe(0);
      expect(load<u32>(some + <usize>room * 4)).toBe(0xeeeeeeee, "nothing behind the room");
    }
  });
});

describe("displacing addresses", () => {
  it("keeps what is within a system's span, and puts the rest where nobody is", () => {
    const ranges = new Ranges();
    ranges.system(0);
    ranges.system(0);
    ranges.add(0x1000, 0x100, KIND_BAR, RANKS - 2, 1);
    ranges.add(0x400, 0x40, KIND_BAR, RANKS - 2, 2);
    ranges.inSystem(1);
    ranges.build();
    const base = zeros(HEADER_BYTES);
    ranges.enter(base);
    const addresses: StaticArray<u64> = [0x1000, 0x10ff, 0x1100, 0xfff, 0x400, 0x43f, 0x440, 0x3ff, u64.MAX_VALUE];
    const systems: StaticArray<u32> = [0, 0, 0, 0, 1, 1, 1, 1, 1];
    displaceMany(base, 9, changetype<usize>(addresses), changetype<usize>(systems), 0);
    const rest = LAST_KEY - 1;
    for (let row = 0; row < 9; row++) {
      const inside = row % 4 < 2 && row < 8;
      if (!inside) expect(addresses[row]).toBe(rest);
    }
    expect(addresses[1] - addresses[0]).toBe(0xff);
    expect(addresses[4] - addresses[0]).toBe(0x100, "right behind the first system");
    expect(addresses[5] - addresses[4]).toBe(0x3f);
    const again: StaticArray<u64> = [0x400, 0x1000];
    displaceMany(base, 2, changetype<usize>(again), 0, 1);
    expect(again[0]).toBe(addresses[4], "all rows in one system");
    expect(again[1]).toBe(rest);
  });
});

function converted(number: f64): u64 {
  const column = zeros(8);
  store<f64>(column, number);
  return convertMany(1, column) == 1 ? load<u64>(column) : u64.MAX_VALUE;
}

describe("converting doubles", () => {
  it("takes whole numbers from 0 to 2^53 - 1", () => {
    const bits52: f64 = 4503599627370496.0;
    expect(converted(0)).toBe(0);
    expect(converted(-0.0)).toBe(0);
    expect(converted(1)).toBe(1);
    expect(converted(bits52 - 1)).toBe(((<u64>1) << 52) - 1);
    expect(converted(bits52)).toBe((<u64>1) << 52);
    expect(converted(bits52 + 1)).toBe(((<u64>1) << 52) + 1);
    expect(converted(2 * bits52 - 1)).toBe(((<u64>1) << 53) - 1);
    let wrong = 0;
    for (let round = 0; round < 10000; round++) {
      const number = random64(random(54));
      wrong += i32(converted(<f64>number) != number);
    }
    expect(wrong).toBe(0);
  });

  it("takes nothing else", () => {
    const bad: f64[] = [
      9007199254740992.0,
      1e300,
      Infinity,
      -Infinity,
      NaN,
      -1,
      -0.5,
      0.5,
      1.5,
      4503599627370495.5,
      2251799813685247.75,
      -4503599627370496.0,
      5e-324,
    ];
    for (let index = 0; index < bad.length; index++) expect(converted(bad[index])).toBe(u64.MAX_VALUE);
  });

  it("names the first row that is none", () => {
    const column: StaticArray<f64> = [3, 4, 0.5, 6, NaN, 7];
    expect(convertMany(6, changetype<usize>(column))).toBe(2);
    const good: StaticArray<f64> = [3, 4, 5];
    expect(convertMany(3, changetype<usize>(good))).toBe(3);
    expect(convertMany(0, 0)).toBe(0);
    const last: StaticArray<f64> = [3, 4, -1];
    expect(convertMany(3, changetype<usize>(last))).toBe(2);
  });
});

describe("rows that cannot be asked", () => {
  it("have an id that is 0 or too great", () => {
    const ids: StaticArray<u32> = [1, 5, 3, 6, 0];
    expect(firstBadId(5, changetype<usize>(ids), 5)).toBe(3);
    expect(firstBadId(3, changetype<usize>(ids), 5)).toBe(3, "none");
    expect(firstBadId(5, changetype<usize>(ids), 6)).toBe(4);
    expect(firstBadId(1, changetype<usize>(ids), 0)).toBe(0, "there are no ids");
    expect(firstBadId(0, 0, 0)).toBe(0);
    const greatest: StaticArray<u32> = [0xffffffff, 0];
    expect(firstBadId(2, changetype<usize>(greatest), 0xffffffff)).toBe(1);
  });

  it("have no bytes, or bytes beyond 2^64", () => {
    const first = u64.MAX_VALUE;
    expect(isBad(0, 0)).toBe(true);
    expect(isBad(5, 0)).toBe(true);
    expect(isBad(first, 0)).toBe(true);
    expect(isBad(0, 1)).toBe(false);
    expect(isBad(0, first)).toBe(false);
    expect(isBad(first, 1)).toBe(false, "the last byte of all");
    expect(isBad(first, 2)).toBe(true, "one beyond");
    expect(isBad(1, first)).toBe(false);
    expect(isBad(2, first)).toBe(true);
    expect(isBad(first - 9, 10)).toBe(false);
    expect(isBad(first - 9, 11)).toBe(true);
    const addresses: StaticArray<u64> = [0, first, first, 0];
    const sizes: StaticArray<u64> = [1, 1, 2, 0];
    expect(firstBadSize(4, changetype<usize>(addresses), changetype<usize>(sizes))).toBe(2);
    expect(firstBadSize(2, changetype<usize>(addresses), changetype<usize>(sizes))).toBe(2, "none");
  });
});

function isBad(address: u64, size: u64): bool {
  const pair = zeros(16);
  store<u64>(pair, address);
  store<u64>(pair, size, 8);
  return firstBadSize(1, pair, pair + 8) == 0;
}
