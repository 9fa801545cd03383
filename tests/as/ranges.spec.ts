// Flattening and the search tree.

import {
  ALWAYS,
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_SHIFT,
  HEADER_BYTES,
  KIND_BAR,
  KIND_OTHER,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  KIND_WINDOW,
  LAST_KEY,
  NODE_BYTES,
  RANKS,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SILENT,
  RANK_SURROUNDING,
  RANK_UNSIZED,
} from "../../assembly/layout";
import { segmentAt, segmentEnd, treeBytes, treeLevels } from "../../assembly/ranges";
import { plant, random, Ranges } from "./machine";

function claim(kind: u32, range: u32): u32 {
  return (kind << CLAIM_SHIFT) | range;
}

const NOBODY = claim(CLAIM_NOBODY, 0);

function window(ranges: Ranges, start: u64, size: u64): u32 {
  return ranges.add(start, size, KIND_WINDOW, RANK_SURROUNDING);
}

function bar(ranges: Ranges, start: u64, size: u64, rank: u32 = RANK_LIVE, unknownFrom: u32 = 0): u32 {
  return ranges.add(start, size, KIND_BAR, rank, 1, 0, unknownFrom);
}

/** Claims at each address, in a row. */
function row(ranges: Ranges, from: u64, to: u64): u32[] {
  ranges.flatten();
  const claims: u32[] = [];
  for (let address = from; address < to; address++) claims.push(ranges.claim(address));
  return claims;
}

describe("flattening", () => {
  it("of nothing leaves one segment, nobody's", () => {
    const ranges = new Ranges();
    ranges.flatten();
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
    ranges.flatten();
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
      ranges.flatten();
      for (let address: u64 = 0; address < 90; address++) {
        wrong += i32(ranges.claim(address) != scan(ranges, address));
        compared++;
      }
      wrong += i32(load<u64>(ranges.starts) != 0);
      for (let segment: u32 = 1; segment < ranges.segments; segment++) {
        const start = ranges.starts + <usize>segment * 8;
        wrong += i32(load<u64>(start) <= load<u64>(start - 8));
        const value = ranges.values + <usize>segment * 4;
        wrong += i32(load<u32>(value) == load<u32>(value - 4));
      }
      ranges.free();
    }
    expect(wrong).toBe(0);
    expect(compared).toBe(36000);
  });
});

/** How many ranges of a rank hold an address. */
function holding(ranges: Ranges, rank: u32, address: u64): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < ranges.count; index++) {
    if (ranges.rank(index) == rank && ranges.start(index) <= address && address < ranges.end(index)) count++;
  }
  return count;
}

/** The one of a rank that starts last; of those the shortest; of those the last in the source. */
function innermost(ranges: Ranges, rank: u32, address: u64): u32 {
  let found: u32 = ALWAYS;
  for (let index: u32 = 0; index < ranges.count; index++) {
    if (ranges.rank(index) != rank || ranges.start(index) > address || address >= ranges.end(index)) continue;
    const further = found == ALWAYS || ranges.start(index) > ranges.start(found);
    if (further || (ranges.start(index) == ranges.start(found) && ranges.end(index) <= ranges.end(found)))
      found = index;
  }
  return found;
}

function scan(ranges: Ranges, address: u64): u32 {
  const live = holding(ranges, RANK_LIVE, address);
  if (holding(ranges, RANK_UNSIZED, address) > 0) {
    return claim(CLAIM_MAYBE, innermost(ranges, live > 0 ? RANK_LIVE : RANK_UNSIZED, address));
  }
  const platform = holding(ranges, RANK_PLATFORM, address);
  const silent = holding(ranges, RANK_SILENT, address);
  if (live > 0) {
    const range = innermost(ranges, RANK_LIVE, address);
    const unsure = silent > 0 && ranges.unknownFrom(range) == ALWAYS;
    return claim(live > 1 || platform > 0 || unsure ? CLAIM_AMBIGUOUS : CLAIM_OWNED, range);
  }
  if (platform > 0) return claim(CLAIM_OWNED, innermost(ranges, RANK_PLATFORM, address));
  if (silent > 0) return claim(silent > 1 ? CLAIM_AMBIGUOUS : CLAIM_OWNED, innermost(ranges, RANK_SILENT, address));
  if (holding(ranges, RANK_APERTURE, address) > 0) {
    return claim(CLAIM_OWNED, innermost(ranges, RANK_APERTURE, address));
  }
  if (holding(ranges, RANK_MAYBE, address) > 0) return claim(CLAIM_MAYBE, innermost(ranges, RANK_MAYBE, address));
  if (holding(ranges, RANK_SURROUNDING, address) == 0) return NOBODY;
  const range = innermost(ranges, RANK_SURROUNDING, address);
  return claim(ranges.kind(range) == KIND_WINDOW ? CLAIM_HOLE : CLAIM_OWNED, range);
}

/** Sorted keys 0, `step`, 2 * `step`, … as the segments of a header. */
class Keys {
  base: usize = heap.alloc(HEADER_BYTES);
  keys: usize;
  tree: usize;

  constructor(
    public count: u32,
    public step: u64,
  ) {
    this.keys = heap.alloc(<usize>count * 8);
    for (let index: u32 = 0; index < count; index++) store<u64>(this.keys + <usize>index * 8, <u64>index * step);
    this.tree = plant(this.base, count, this.keys);
  }

  /** Wrong answers at a key, just before it and just after it. */
  wrongAround(index: u32): i32 {
    const key = <u64>index * this.step;
    let wrong = i32(segmentAt(this.base, key) != index) + i32(segmentAt(this.base, key + 1) != index);
    if (index > 0) wrong += i32(segmentAt(this.base, key - 1) != index - 1);
    const end = index + 1 < this.count ? <u64>(index + 1) * this.step : LAST_KEY;
    return wrong + i32(segmentEnd(this.base, index) != end);
  }

  free(): void {
    heap.free(this.base);
    heap.free(this.keys);
    heap.free(this.tree);
  }
}

describe("search tree", () => {
  it("has as many levels and nodes as the drawing says", () => {
    const levels: u32[] = [];
    const nodes: usize[] = [];
    const counts: u32[] = [0, 1, 8, 9, 72, 73, 648, 649];
    for (let index = 0; index < counts.length; index++) {
      levels.push(treeLevels(counts[index]));
      nodes.push(treeBytes(counts[index]) / NODE_BYTES);
    }
    expect(levels).toStrictEqual([1, 1, 1, 2, 2, 3, 3, 4]);
    expect(nodes).toStrictEqual([0, 1, 1, 3, 10, 13, 91, 95]);
  });

  it("finds every key of trees of 1 to 200, and the addresses beside it", () => {
    let wrong = 0;
    for (let count: u32 = 1; count <= 200; count++) {
      const keys = new Keys(count, 3);
      for (let index: u32 = 0; index < count; index++) wrong += keys.wrongAround(index);
      keys.free();
    }
    expect(wrong).toBe(0);
  });

  it("finds the keys around every node's and level's edge of trees of 201 to 2000", () => {
    let wrong = 0;
    let asked = 0;
    for (let count: u32 = 201; count <= 2000; count++) {
      const keys = new Keys(count, 0x1000);
      for (let edge: u32 = 0; edge < count; edge += 8) {
        // All edges of the upper levels, the first and the last of the lowest.
        if (edge % 72 != 0 && edge > 8 && edge + 16 < count) continue;
        for (let index = edge > 0 ? edge - 1 : 0; index < count && index <= edge + 1; index++) {
          wrong += keys.wrongAround(index);
          asked++;
        }
      }
      wrong += keys.wrongAround(count - 1);
      keys.free();
    }
    expect(wrong).toBe(0);
    expect(asked).toBe(98175);
  });

  it("finds the last segment for the greatest address", () => {
    const keys = new Keys(100, 1 << 50);
    expect(segmentAt(keys.base, LAST_KEY - 1)).toBe(99);
    expect(segmentEnd(keys.base, 99)).toBe(LAST_KEY);
    expect(segmentAt(keys.base, 0)).toBe(0);
  });
});
