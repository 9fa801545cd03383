// Sorting, displacing, packing and flattening ranges.

import { displace, packRanges } from "../../assembly/arrange";
import {
  ALWAYS,
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_OWNED,
  KIND_BAR,
  KIND_OTHER,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  KIND_WINDOW,
  LAST_KEY,
  NO_RANGE,
  RANGE_BYTES,
  RANGE_COVER,
  RANGE_SIZE,
  RANGE_START,
  RANGE_TERMS,
  RANKS,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SILENT,
  RANK_SURROUNDING,
  RANK_UNSIZED,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_FIRST,
  SYSTEM_SPAN,
} from "../../assembly/layout";
import { sortRows } from "../../assembly/sort";
import { zeros } from "./forests";
import { random, random64 } from "./random";
import { Ranges } from "./ranges";
import { claim, NOBODY, scan } from "./scan";

/** Rows to sort: keys, and as payload the place of each before. */
class Rows {
  keys: usize;
  rows: usize;
  expected: usize;
  private spareKeys: usize;
  private spareRows: usize;

  constructor(public count: u32) {
    this.keys = zeros(<usize>count * 8);
    this.rows = zeros(<usize>count * 4);
    this.expected = zeros(<usize>count * 8);
    this.spareKeys = zeros(<usize>count * 8);
    this.spareRows = zeros(<usize>count * 4);
  }

  set(row: u32, key: u64): void {
    store<u64>(this.keys + <usize>row * 8, key);
    store<u64>(this.expected + <usize>row * 8, key);
    store<u32>(this.rows + <usize>row * 4, row);
  }

  /** Rows that are not in their order, that of equal keys included, or not what they were. */
  wrong(): i32 {
    sortRows(this.count, this.keys, this.rows, this.spareKeys, this.spareRows);
    let wrong = 0;
    for (let row: u32 = 0; row < this.count; row++) {
      const key = load<u64>(this.keys + <usize>row * 8);
      const source = load<u32>(this.rows + <usize>row * 4);
      wrong += i32(source >= this.count || load<u64>(this.expected + <usize>source * 8) != key);
      if (row == 0) continue;
      const before = load<u64>(this.keys + <usize>(row - 1) * 8);
      wrong += i32(before > key);
      wrong += i32(before == key && load<u32>(this.rows + <usize>(row - 1) * 4) >= source);
    }
    heap.free(this.keys);
    heap.free(this.rows);
    heap.free(this.expected);
    heap.free(this.spareKeys);
    heap.free(this.spareRows);
    return wrong;
  }
}

// Few rows are sorted by insertion, more by digits: 48 is the last of the few.
const COUNTS: StaticArray<u32> = [0, 1, 2, 3, 47, 48, 49, 50, 1000, 5000];

describe("sorting", () => {
  it("sorts keys of any width, equal ones in the order of the source", () => {
    let wrong = 0;
    for (let index = 0; index < COUNTS.length; index++) {
      for (let bits: u64 = 0; bits <= 64; bits += 4) {
        const rows = new Rows(COUNTS[index]);
        for (let row: u32 = 0; row < rows.count; row++) rows.set(row, random64(bits));
        wrong += rows.wrong();
      }
    }
    expect(wrong).toBe(0);
  });

  it("sorts keys of which one digit differs, wherever it is", () => {
    let wrong = 0;
    for (let index = 0; index < COUNTS.length; index++) {
      for (let shift: u64 = 0; shift < 64; shift += 5) {
        const rows = new Rows(COUNTS[index]);
        const common = random64(64) & ~((<u64>7) << shift);
        for (let row: u32 = 0; row < rows.count; row++) rows.set(row, common | (random64(3) << shift));
        wrong += rows.wrong();
      }
    }
    expect(wrong).toBe(0);
  });

  it("sorts what is sorted, what is sorted backwards, and all but one that are", () => {
    let wrong = 0;
    for (let index = 0; index < COUNTS.length; index++) {
      const ascending = new Rows(COUNTS[index]);
      const descending = new Rows(COUNTS[index]);
      const alike = new Rows(COUNTS[index]);
      const late = new Rows(COUNTS[index]);
      for (let row: u32 = 0; row < COUNTS[index]; row++) {
        ascending.set(row, (<u64>row) << 30);
        descending.set(row, LAST_KEY - <u64>row);
        alike.set(row, 7);
        late.set(row, row + 1 < COUNTS[index] ? <u64>row + 1 : 0);
      }
      wrong += ascending.wrong() + descending.wrong() + alike.wrong() + late.wrong();
    }
    expect(wrong).toBe(0);
  });

  it("sorts keys around 2^63 as unsigned ones", () => {
    let wrong = 0;
    for (let index = 0; index < COUNTS.length; index++) {
      const rows = new Rows(COUNTS[index]);
      for (let row: u32 = 0; row < rows.count; row++) rows.set(row, LAST_KEY - 2 + random64(2));
      wrong += rows.wrong();
    }
    expect(wrong).toBe(0);
  });
});

describe("displacing", () => {
  it("lays the systems side by side from their lowest addresses, those without addresses too", () => {
    const systems: StaticArray<u32> = [2, 0, 2, 0, 3];
    const starts: StaticArray<u64> = [0x1000, 0x40, 0, 0x20, 8];
    const sizes: StaticArray<u64> = [0x500, 0x10, 0x2000, 4, 1];
    const records = zeros(4 * SYSTEM_BYTES);
    expect(
      displace(5, changetype<usize>(systems), changetype<usize>(starts), changetype<usize>(sizes), 4, records),
    ).toBe(0x2031);
    const firsts: u64[] = [];
    const spans: u64[] = [];
    const places: u64[] = [];
    for (let system: usize = 0; system < 4; system++) {
      const record = records + system * SYSTEM_BYTES;
      firsts.push(load<u64>(record, SYSTEM_FIRST));
      spans.push(load<u64>(record, SYSTEM_SPAN));
      places.push(load<u64>(record, SYSTEM_FIRST) + load<u64>(record, SYSTEM_DISPLACEMENT));
    }
    expect(firsts).toStrictEqual([0x20, 0, 0, 8]);
    expect(spans).toStrictEqual([0x30, 0, 0x2000, 1]);
    expect(places).toStrictEqual([0, 0x30, 0x30, 0x2030]);
    const displaced: u64[] = [starts[0], starts[1], starts[2], starts[3], starts[4]];
    expect(displaced).toStrictEqual([0x1030, 0x20, 0x30, 0, 0x2030]);
  });

  it("says how much is too much, and then moves nothing", () => {
    for (let over: u64 = 0; over < 2; over++) {
      const systems: StaticArray<u32> = [0, 1];
      const starts: StaticArray<u64> = [0, 5];
      const sizes: StaticArray<u64> = [(<u64>1) << 62, ((<u64>1) << 62) - 2 + over];
      const records = zeros(2 * SYSTEM_BYTES);
      const space = displace(
        2,
        changetype<usize>(systems),
        changetype<usize>(starts),
        changetype<usize>(sizes),
        2,
        records,
      );
      expect(space).toBe(LAST_KEY - 1 + over);
      expect(starts[1]).toBe(over == 0 ? (<u64>1) << 62 : 5);
    }
  });

  it("sees three spans of which the sum would wrap", () => {
    const systems: StaticArray<u32> = [0, 1, 2];
    const starts: StaticArray<u64> = [1, 1, 1];
    const sizes: StaticArray<u64> = [LAST_KEY - 1, LAST_KEY - 1, LAST_KEY - 1];
    const records = zeros(3 * SYSTEM_BYTES);
    expect(
      displace(3, changetype<usize>(systems), changetype<usize>(starts), changetype<usize>(sizes), 3, records),
    ).toBeGreaterThanOrEqual(LAST_KEY);
    expect(starts[2]).toBe(1);
  });
});

describe("packing", () => {
  it("sorts by start, the longer first, then in the order of the source, and names what surrounds", () => {
    let wrong = 0;
    for (let round = 0; round < 200; round++) {
      const ranges = new Ranges();
      const count: u32 = 1 + random(round < 190 ? 40 : 300);
      for (let index: u32 = 0; index < count; index++) {
        ranges.add(random(30), 1 + random(12), KIND_BAR, RANK_LIVE, index + 1);
      }
      ranges.build(false);
      for (let at: u32 = 0; at < count; at++) wrong += wrongAt(ranges, at);
      ranges.free();
    }
    expect(wrong).toBe(0);
  });

  it("finds the low bits that no boundary uses, 31 at most", () => {
    const units: u32[] = [];
    for (let shift: u64 = 0; shift <= 40; shift += 10) {
      const ranges = new Ranges();
      ranges.add((<u64>6) << shift, (<u64>4) << shift, KIND_BAR, RANK_LIVE);
      ranges.add((<u64>8) << shift, (<u64>8) << shift, KIND_BAR, RANK_LIVE);
      ranges.build(false);
      units.push(ranges.unit);
    }
    expect(units).toStrictEqual([1, 11, 21, 31, 31]);
    const none = new Ranges();
    none.build(false);
    expect(none.unit).toBe(31);
    const odd = new Ranges();
    odd.add(0x1000, 1, KIND_BAR, RANK_LIVE);
    odd.build(false);
    expect(odd.unit).toBe(0, "a size counts as well");
  });

  it("packs no ranges into nothing", () => {
    expect(packRanges(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)).toBe(31);
  });
});

/** Whether a packed range is out of order, not what was added, or covered by another than it says. */
function wrongAt(ranges: Ranges, at: u32): i32 {
  const record = ranges.ranges + <usize>at * RANGE_BYTES;
  const source = ranges.source(at);
  const start = ranges.start(source);
  let wrong = i32(load<u64>(record, RANGE_START) != start || load<u64>(record, RANGE_SIZE) != ranges.size(source));
  wrong += i32(load<u32>(record, RANGE_TERMS) != source);
  wrong += i32(load<u32>(ranges.packedOwners + <usize>at * 4) != source + 1);
  let cover = NO_RANGE;
  for (let before: u32 = 0; before < at; before++) {
    if (ranges.end(ranges.source(before)) > ranges.end(source)) cover = before;
  }
  wrong += i32(load<u32>(record, RANGE_COVER) != cover);
  if (at == 0) return wrong;
  const before = ranges.source(at - 1);
  if (ranges.start(before) != start) return wrong + i32(ranges.start(before) > start);
  if (ranges.size(before) != ranges.size(source)) return wrong + i32(ranges.size(before) < ranges.size(source));
  return wrong + i32(before > source);
}

function window(ranges: Ranges, start: u64, size: u64): u32 {
  return ranges.add(start, size, KIND_WINDOW, RANK_SURROUNDING);
}

function bar(ranges: Ranges, start: u64, size: u64, rank: u32 = RANK_LIVE, unknownFrom: u32 = 0): u32 {
  return ranges.add(start, size, KIND_BAR, rank, 1, 0, unknownFrom);
}

/** Claims at each address, in a row. */
function row(ranges: Ranges, from: u64, to: u64): u32[] {
  ranges.build(false);
  const claims: u32[] = [];
  for (let address = from; address < to; address++) claims.push(ranges.claim(address));
  return claims;
}

describe("flattening", () => {
  it("of nothing leaves one segment, nobody's", () => {
    const ranges = new Ranges();
    ranges.build(false);
    expect(ranges.segments).toBe(1);
    expect(ranges.claim(0)).toBe(NOBODY);
  });

  it("keeps the edges of a single range, the end exclusive", () => {
    const ranges = new Ranges();
    const owned = claim(CLAIM_OWNED, bar(ranges, 2, 2));
    expect(row(ranges, 1, 5)).toStrictEqual([NOBODY, owned, owned, NOBODY]);
    expect(ranges.segments).toBe(3);
  });

  it("starts at once where a range starts at 0", () => {
    const ranges = new Ranges();
    const owned = claim(CLAIM_OWNED, bar(ranges, 0, 1));
    expect(row(ranges, 0, 2)).toStrictEqual([owned, NOBODY]);
    expect(ranges.segments).toBe(2);
  });

  it("lets the innermost window win, and the outer one again behind it", () => {
    const ranges = new Ranges();
    const outer = claim(CLAIM_HOLE, window(ranges, 1, 6));
    const inner = claim(CLAIM_HOLE, window(ranges, 2, 3));
    const owned = claim(CLAIM_OWNED, bar(ranges, 3, 1));
    expect(row(ranges, 0, 8)).toStrictEqual([NOBODY, outer, inner, owned, inner, outer, outer, NOBODY]);
  });

  it("takes the later of two equal windows for the inner one", () => {
    const ranges = new Ranges();
    window(ranges, 1, 2);
    const inner = claim(CLAIM_HOLE, window(ranges, 1, 2));
    expect(row(ranges, 0, 4)).toStrictEqual([NOBODY, inner, inner, NOBODY]);
  });

  it("takes the shorter of two windows with one start for the inner one, in either order", () => {
    for (let turn = 0; turn < 2; turn++) {
      const ranges = new Ranges();
      const first = window(ranges, 1, turn == 0 ? 1 : 3);
      const second = window(ranges, 1, turn == 0 ? 3 : 1);
      const inner = claim(CLAIM_HOLE, turn == 0 ? first : second);
      const outer = claim(CLAIM_HOLE, turn == 0 ? second : first);
      expect(row(ranges, 1, 4)).toStrictEqual([inner, outer, outer]);
    }
  });

  it("separates ranges that touch, and merges nothing", () => {
    const ranges = new Ranges();
    const left = claim(CLAIM_OWNED, bar(ranges, 1, 2));
    const right = claim(CLAIM_OWNED, bar(ranges, 3, 2));
    expect(row(ranges, 0, 6)).toStrictEqual([NOBODY, left, left, right, right, NOBODY]);
    expect(ranges.segments).toBe(4);
  });

  it("says ambiguous where two BARs overlap, and only there", () => {
    const ranges = new Ranges();
    const left = bar(ranges, 1, 3);
    const right = bar(ranges, 3, 3);
    const both = claim(CLAIM_AMBIGUOUS, right);
    const l = claim(CLAIM_OWNED, left);
    const r = claim(CLAIM_OWNED, right);
    expect(row(ranges, 0, 7)).toStrictEqual([NOBODY, l, l, both, r, r, NOBODY]);
  });

  it("says ambiguous for one BAR twice, even where it is the same", () => {
    const ranges = new Ranges();
    bar(ranges, 1, 1);
    const second = bar(ranges, 1, 1);
    expect(row(ranges, 0, 3)).toStrictEqual([NOBODY, claim(CLAIM_AMBIGUOUS, second), NOBODY]);
  });

  it("lets a BAR that decodes win over one that does not, which is back behind it", () => {
    const ranges = new Ranges();
    const silent = claim(CLAIM_OWNED, bar(ranges, 1, 5, RANK_SILENT));
    const live = claim(CLAIM_OWNED, bar(ranges, 2, 2));
    expect(row(ranges, 1, 6)).toStrictEqual([silent, live, live, silent, silent]);
  });

  it("does not let a BAR win of which it is not known whether it decodes", () => {
    const ranges = new Ranges();
    bar(ranges, 1, 2, RANK_SILENT);
    const unsure = bar(ranges, 1, 2, RANK_LIVE, ALWAYS);
    expect(row(ranges, 1, 3)).toStrictEqual([claim(CLAIM_AMBIGUOUS, unsure), claim(CLAIM_AMBIGUOUS, unsure)]);
  });

  it("says ambiguous for two silent BARs, and for a BAR over a platform device", () => {
    const silent = new Ranges();
    bar(silent, 1, 1, RANK_SILENT);
    const second = bar(silent, 1, 1, RANK_SILENT);
    expect(row(silent, 1, 2)).toStrictEqual([claim(CLAIM_AMBIGUOUS, second)]);
    const platform = new Ranges();
    platform.add(1, 1, KIND_PLATFORM, RANK_PLATFORM);
    const live = bar(platform, 1, 1);
    expect(row(platform, 1, 2)).toStrictEqual([claim(CLAIM_AMBIGUOUS, live)]);
  });

  it("takes a platform device inside another, and before a silent BAR", () => {
    const ranges = new Ranges();
    bar(ranges, 1, 4, RANK_SILENT);
    const outer = claim(CLAIM_OWNED, ranges.add(1, 4, KIND_PLATFORM, RANK_PLATFORM));
    const inner = claim(CLAIM_OWNED, ranges.add(2, 1, KIND_PLATFORM, RANK_PLATFORM));
    expect(row(ranges, 1, 5)).toStrictEqual([outer, inner, outer, outer]);
  });

  it("says ambiguous where two platform devices overlap in part or are equal, and only there", () => {
    const ranges = new Ranges();
    const left = claim(CLAIM_OWNED, ranges.add(1, 3, KIND_PLATFORM, RANK_PLATFORM));
    const right = ranges.add(3, 3, KIND_PLATFORM, RANK_PLATFORM);
    const r = claim(CLAIM_OWNED, right);
    expect(row(ranges, 1, 6)).toStrictEqual([left, left, claim(CLAIM_AMBIGUOUS, right), r, r]);
    const equal = new Ranges();
    equal.add(0, 4, KIND_PLATFORM, RANK_PLATFORM);
    equal.add(1, 1, KIND_PLATFORM, RANK_PLATFORM);
    const second = equal.add(1, 1, KIND_PLATFORM, RANK_PLATFORM);
    expect(row(equal, 1, 2)).toStrictEqual([claim(CLAIM_AMBIGUOUS, second)]);
  });

  it("takes a platform device that begins or ends with the one around it", () => {
    const ranges = new Ranges();
    const outer = claim(CLAIM_OWNED, ranges.add(1, 4, KIND_PLATFORM, RANK_PLATFORM));
    const first = claim(CLAIM_OWNED, ranges.add(1, 1, KIND_PLATFORM, RANK_PLATFORM));
    const last = claim(CLAIM_OWNED, ranges.add(4, 1, KIND_PLATFORM, RANK_PLATFORM));
    expect(row(ranges, 1, 5)).toStrictEqual([first, outer, outer, last]);
  });

  it("forgets platform devices that have ended below one that overlaps them", () => {
    const ranges = new Ranges();
    ranges.add(0, 9, KIND_PLATFORM, RANK_PLATFORM);
    ranges.add(1, 2, KIND_PLATFORM, RANK_PLATFORM);
    ranges.add(2, 3, KIND_PLATFORM, RANK_PLATFORM);
    const last = ranges.add(4, 3, KIND_PLATFORM, RANK_PLATFORM);
    const both = claim(CLAIM_AMBIGUOUS, last);
    const l = claim(CLAIM_OWNED, last);
    expect(row(ranges, 4, 7)).toStrictEqual([both, l, l]);
  });

  it("says maybe in the part of an aperture of which it is not known who is there", () => {
    const ranges = new Ranges();
    const aperture = claim(CLAIM_OWNED, ranges.add(1, 4, KIND_BAR, RANK_APERTURE));
    const unknown = claim(CLAIM_MAYBE, bar(ranges, 1, 2, RANK_APERTURE, ALWAYS));
    const first = claim(CLAIM_OWNED, bar(ranges, 1, 1));
    expect(row(ranges, 1, 5)).toStrictEqual([first, unknown, aperture, aperture]);
  });

  it("keeps an aperture behind the virtual functions inside it", () => {
    const ranges = new Ranges();
    const aperture = claim(CLAIM_OWNED, ranges.add(1, 4, KIND_BAR, RANK_APERTURE));
    const first = claim(CLAIM_OWNED, bar(ranges, 1, 1));
    const second = claim(CLAIM_OWNED, bar(ranges, 2, 1));
    expect(row(ranges, 1, 6)).toStrictEqual([first, second, aperture, aperture, NOBODY]);
  });

  it("says maybe where a BAR of unknown place may be, unless something is known to be", () => {
    const ranges = new Ranges();
    const hole = claim(CLAIM_HOLE, window(ranges, 0, 6));
    const maybe = claim(CLAIM_MAYBE, bar(ranges, 1, 4, RANK_MAYBE));
    const owned = claim(CLAIM_OWNED, bar(ranges, 2, 1));
    expect(row(ranges, 0, 6)).toStrictEqual([hole, maybe, owned, maybe, maybe, hole]);
  });

  it("says maybe over everything that a BAR of unknown size may reach, naming the BAR that is known", () => {
    const ranges = new Ranges();
    const unsized = claim(CLAIM_MAYBE, bar(ranges, 1, 4, RANK_UNSIZED));
    const over = claim(CLAIM_MAYBE, bar(ranges, 2, 1));
    expect(row(ranges, 1, 5)).toStrictEqual([unsized, over, unsized, unsized]);
  });

  it("takes what surrounds without forwarding for an owner", () => {
    const ranges = new Ranges();
    window(ranges, 0, 3);
    const reserved = claim(CLAIM_OWNED, ranges.add(1, 1, KIND_OTHER, RANK_SURROUNDING));
    expect(row(ranges, 1, 2)).toStrictEqual([reserved]);
  });

  it("holds addresses up to 2^63", () => {
    const ranges = new Ranges();
    const owned = claim(CLAIM_OWNED, bar(ranges, LAST_KEY - 1, 1));
    ranges.build(false);
    expect(ranges.claim(LAST_KEY - 2)).toBe(NOBODY);
    expect(ranges.claim(LAST_KEY - 1)).toBe(owned);
    expect(ranges.claim(LAST_KEY)).toBe(NOBODY);
  });

  it("agrees with a linear scan at and around every boundary of random ranges", () => {
    let wrong = 0;
    let compared = 0;
    for (let round = 0; round < 400; round++) {
      const ranges = new Ranges();
      const count: u32 = 1 + random(24);
      const space = 1 + random(60);
      for (let index: u32 = 0; index < count; index++) {
        const kinds: u32[] = [KIND_BAR, KIND_WINDOW, KIND_SYSTEM_RAM, KIND_PLATFORM, KIND_OTHER];
        const unknownFrom: u32 = random(4) == 0 ? ALWAYS : 0;
        ranges.add(random(space), 1 + random(20), kinds[random(5)], random(RANKS), 0, 0, unknownFrom);
      }
      ranges.build(false);
      for (let address: u64 = 0; address < 90; address++) {
        wrong += i32(ranges.claim(address) != scan(ranges, 0, address));
        compared++;
      }
      wrong += i32(ranges.segmentStart(0) != 0);
      for (let segment: u32 = 1; segment < ranges.segments; segment++) {
        wrong += i32(ranges.segmentStart(segment) <= ranges.segmentStart(segment - 1));
        const value = ranges.segmentValues + <usize>segment * 4;
        wrong += i32(load<u32>(value) == load<u32>(value - 4));
      }
      ranges.free();
    }
    expect(wrong).toBe(0);
    expect(compared).toBe(36000);
  });
});
