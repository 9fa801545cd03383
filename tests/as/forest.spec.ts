// Numbering, keys, records, common upstream, distance and path state, on pieces of the heap.

import { ancestors, commonMany, pathState, unplacedPathState, walkMany } from "../../assembly/forest";
import {
  BLOCK_SHIFT,
  FIELD_OWN,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  FIELDS,
  HEADER_MINIMA,
  MARK_COMPLETION,
  MARK_REDIRECT,
  MARK_REQUEST,
  MARK_UNREADABLE,
  NARROW_DEPTH,
  NO_KEY,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RECORD_HOST,
  RECORD_PREFIX,
  RECORD_SUFFIX,
} from "../../assembly/layout";
import { sortedKeys } from "../../assembly/matrix";
import { minimaBytes, plantMinima } from "../../assembly/number";
import { decideMany } from "../../assembly/pairs";
import { CHAIN, Packed, plain, shaped, SHAPES, Source, sourceOf, zeros } from "./forests";
import { random } from "./random";

const R = <u8>MARK_REDIRECT;
const U = <u8>MARK_UNREADABLE;
const Q = <u8>MARK_REQUEST;
const C = <u8>MARK_COMPLETION;
const DEPTH: usize = 0;

const pair = heap.alloc(32);

function commonUpstream(base: usize, a: u32, b: u32): u32 {
  store<u32>(pair, a);
  store<u32>(pair, b, 4);
  commonMany(base, 1, pair, pair + 4, pair + 8);
  return load<u32>(pair, 8);
}

function orderOf(source: Source): u32[] {
  const order: u32[] = [];
  for (let id: u32 = 1; id <= source.reached; id++) order.push(source.at(id));
  return order;
}

describe("numbering", () => {
  it("is depth first, siblings in the order of the source", () => {
    expect(orderOf(plain([0, 0, 2, 1, 2, 4]))).toStrictEqual([1, 4, 6, 2, 3, 5]);
  });

  it("does not mind children that come before their parents", () => {
    expect(orderOf(plain([3, 3, 0, 2, 1]))).toStrictEqual([3, 1, 5, 2, 4]);
  });

  it("reaches nothing of nothing", () => {
    expect(plain([]).reached).toBe(0);
  });

  it("reaches fewer nodes where there is a cycle", () => {
    expect(plain([0, 3, 2]).reached).toBe(1, "two below each other");
    expect(plain([0, 2]).reached).toBe(1, "one below itself");
    expect(plain([2, 3, 1]).reached).toBe(0, "no root at all");
    expect(plain([0, 1, 4, 5, 3, 5]).reached).toBe(2, "a cycle with a tail");
  });

  it("keeps a hundred thousand siblings in order", () => {
    const source = new Source(100001);
    for (let node: u32 = 2; node <= source.count; node++) source.hang(node, 1);
    source.number();
    expect(source.reached).toBe(100001);
    let wrong = 0;
    for (let id: u32 = 1; id <= source.count; id++) wrong += i32(source.at(id) != id);
    expect(wrong).toBe(0);
    source.free();
  });

  it("walks a chain of a million nodes", () => {
    const source = shaped(CHAIN, 1000000);
    source.mark(500001, R);
    const packed = new Packed(source, true);
    expect(source.reached).toBe(1000000);
    expect(source.deepest).toBe(999999);
    expect(packed.field(1000000, DEPTH)).toBe(999999);
    expect(packed.field(1000000, FIELD_REDIRECT)).toBe(500000);
    expect(packed.field(500000, FIELD_REDIRECT)).toBe(0);
    expect(commonUpstream(packed.base, 1000000, 3)).toBe(3);
    expect(commonUpstream(packed.base, 999999, 1000000)).toBe(999999);
    packed.free();
    source.free();
  });
});

describe("keys", () => {
  it("name the node above and its depth, wide ones the node alone", () => {
    const source = plain([0, 0, 2, 1, 2, 4]);
    const narrow = new Packed(source, false);
    const wide = new Packed(source, true);
    expect(narrow.bits).toBe(2);
    const keys: u32[] = [];
    const parents: u32[] = [];
    for (let id: u32 = 0; id <= 6; id++) {
      keys.push(narrow.key(id));
      parents.push(wide.key(id));
    }
    expect(parents).toStrictEqual([0, 0, 1, 2, 0, 4, 4]);
    expect(keys).toStrictEqual([0, 0, 1 << 2, (2 << 2) | 1, 0, 4 << 2, 4 << 2]);
  });

  it("have room for the greatest depth of a narrow record", () => {
    const packed = new Packed(shaped(CHAIN, NARROW_DEPTH + 1), false);
    expect(packed.bits).toBe(8);
    expect(packed.field(NARROW_DEPTH + 1, DEPTH)).toBe(NARROW_DEPTH);
    expect(packed.key(NARROW_DEPTH + 1)).toBe((NARROW_DEPTH << 8) | (NARROW_DEPTH - 1));
    expect(distance(packed, NARROW_DEPTH + 1, 1)).toBe(NARROW_DEPTH);
  });
});

/** Field of all nodes, which must be the same in both forms. */
function column(source: Source, field: usize): u32[] {
  const narrow = new Packed(source, false);
  const wide = new Packed(source, true);
  const values: u32[] = [];
  for (let id: u32 = 0; id <= source.count; id++) {
    values.push(narrow.field(id, field));
    if (wide.field(id, field) != narrow.field(id, field)) return [];
  }
  return values;
}

describe("records", () => {
  it("count depth from the host bridge, which has 0", () => {
    expect(column(plain([0, 0, 2, 1, 2, 4]), DEPTH)).toStrictEqual([0, 0, 1, 2, 0, 1, 1]);
  });

  it("number the host bridges in the order of ids", () => {
    for (let wide = 0; wide < 2; wide++) {
      const packed = new Packed(plain([0, 0, 2, 1, 0]), wide == 1);
      const hosts: u32[] = [];
      for (let id: u32 = 0; id <= 5; id++) hosts.push(packed.word(id, RECORD_HOST));
      expect(hosts).toStrictEqual([0, 0, 0, 1, 1, 2]);
    }
  });

  it("carry the depth of the deepest function that redirects, itself included", () => {
    const source = sourceOf([0, 1, 2, 3, 4, 3], [0, 0, R, 0, R, 0]);
    expect(column(source, FIELD_REDIRECT)).toStrictEqual([0, 0, 0, 2, 2, 4, 2]);
    expect(column(source, FIELD_UNREADABLE)).toStrictEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it("carry the same for what cannot be read, independently", () => {
    const source = sourceOf([0, 1, 2, 3, 4], [0, U, R, U, R | U]);
    expect(column(source, FIELD_UNREADABLE)).toStrictEqual([0, 0, 1, 1, 3, 4]);
    expect(column(source, FIELD_REDIRECT)).toStrictEqual([0, 0, 0, 2, 2, 4]);
  });

  it("take nothing over from one host bridge to the next, nor marks of host bridges", () => {
    const source = sourceOf([0, 1, 0, 3], [R | U, R | U, R | U, 0]);
    expect(column(source, FIELD_REDIRECT)).toStrictEqual([0, 0, 1, 0, 0]);
    expect(column(source, FIELD_UNREADABLE)).toStrictEqual([0, 0, 1, 0, 0]);
  });

  it("keep the DMA bits of each node, none where there is no column", () => {
    const source = plain([0, 0, 1]);
    source.drive(1, 32);
    source.drive(2, 64);
    source.drive(3, 63);
    expect(column(source, FIELD_OWN)).toStrictEqual([0, 32, 63, 0], "64 bits are no limit");
    source.dmaBits = 0;
    expect(column(source, FIELD_OWN)).toStrictEqual([0, 0, 0, 0]);
  });

  it("keep beside them whether a node redirects requests and completions itself", () => {
    const source = sourceOf([0, 1, 2, 3], [0, R | Q, R | C, R | Q | C]);
    source.drive(2, 32);
    source.drive(3, 64);
    expect(column(source, FIELD_OWN)).toStrictEqual([0, 0, 32 | Q, C, Q | C]);
  });

  it("are the same narrow and wide, and hold the least keys before and after in their block", () => {
    let wrong = 0;
    for (let round = 0; round < 40; round++) {
      const source = new Source(1 + random(200));
      for (let node: u32 = 1; node <= source.count; node++) {
        source.hang(node, random(node));
        source.mark(node, <u8>random(256));
        source.drive(node, <u8>random(65));
      }
      source.number();
      const narrow = new Packed(source, false);
      const wide = new Packed(source, true);
      for (let id: u32 = 0; id <= source.count; id++) {
        for (let field: usize = 0; field < FIELDS; field++)
          wrong += i32(narrow.field(id, field) != wide.field(id, field));
        wrong += i32(narrow.word(id, RECORD_HOST) != wide.word(id, RECORD_HOST));
        wrong += i32(narrow.parent(id) != wide.parent(id));
        wrong += wrongMinima(narrow, id) + wrongMinima(wide, id);
      }
      narrow.free();
      wide.free();
      source.free();
    }
    expect(wrong).toBe(0);
  });
});

function wrongMinima(packed: Packed, id: u32): i32 {
  let prefix = NO_KEY;
  let suffix = NO_KEY;
  for (let other: u32 = 0; other <= packed.count; other++) {
    if (other >> BLOCK_SHIFT != id >> BLOCK_SHIFT) continue;
    if (other <= id) prefix = min(prefix, packed.key(other));
    else suffix = min(suffix, packed.key(other));
  }
  return i32(packed.word(id, RECORD_PREFIX) != prefix) + i32(packed.word(id, RECORD_SUFFIX) != suffix);
}

//   1 ── 2 ─┬─ 3 ─┬─ 4        7 ── 8
//           │     └─ 5
//           └─ 6
const TREE: StaticArray<u32> = [0, 1, 2, 3, 3, 2, 0, 7];

function common(a: u32, b: u32): u32 {
  const narrow = new Packed(plain(TREE), false);
  const wide = new Packed(plain(TREE), true);
  const found = commonUpstream(narrow.base, a, b);
  return commonUpstream(wide.base, a, b) == found ? found : NO_KEY;
}

describe("common upstream", () => {
  it("is the function itself, the bridge above, or the nearest that both share", () => {
    expect(common(4, 4)).toBe(4);
    expect(common(4, 3)).toBe(3);
    expect(common(3, 4)).toBe(3);
    expect(common(4, 5)).toBe(3);
    expect(common(4, 6)).toBe(2);
    expect(common(6, 1)).toBe(1);
  });

  it("is 0 across host bridges", () => {
    expect(common(4, 8)).toBe(0);
    expect(common(7, 1)).toBe(0);
  });

  it("agrees with chains as arrays on random forests, and so does the distance", () => {
    let wrong = 0;
    let compared = 0;
    for (let round = 0; round < 60; round++) {
      const source = new Source(1 + random(40));
      for (let node: u32 = 2; node <= source.count; node++) source.hang(node, random(node));
      source.number();
      for (let wide = 0; wide < 2; wide++) {
        const packed = new Packed(source, wide == 1);
        for (let a: u32 = 1; a <= source.count; a++) {
          for (let b: u32 = 1; b <= source.count; b++) {
            wrong += i32(commonUpstream(packed.base, a, b) != bruteCommon(packed, a, b));
            wrong += i32(distance(packed, a, b) != bruteDistance(packed, a, b));
            compared++;
          }
        }
        packed.free();
      }
      source.free();
    }
    expect(wrong).toBe(0);
    expect(compared).toBeGreaterThan(40000);
  });

  it("is the same by the walk and by the range minimum, alone and in batches, for all pairs around the edges of blocks", () => {
    const counts: u32[] = [1, 2, 62, 63, 64, 65, 126, 127, 128, 129, 191, 192];
    let wrong = 0;
    let compared: u32 = 0;
    for (let shape: u32 = 0; shape < SHAPES; shape++) {
      for (let index = 0; index < counts.length; index++) {
        const count = counts[index];
        const source = shaped(shape, count);
        const pairs = new Pairs(count * count);
        for (let pair: u32 = 0; pair < count * count; pair++) pairs.set(pair, 1 + pair / count, 1 + (pair % count));
        wrong += pairs.wrongIn(source);
        compared += count * count;
        pairs.free();
        source.free();
      }
    }
    expect(wrong).toBe(0);
    expect(compared).toBe(1081598);
  });

  it("is the same in forests of many blocks, for pairs at their edges and anywhere", () => {
    const counts: u32[] = [4095, 4096, 4097, 12345];
    let wrong = 0;
    for (let shape: u32 = 0; shape < SHAPES; shape++) {
      for (let index = 0; index < counts.length; index++) {
        const count = counts[index];
        const source = shaped(shape, count);
        const pairs = new Pairs(2000);
        for (let pair: u32 = 0; pair < 1000; pair++) pairs.set(pair, 1 + random(count), 1 + random(count));
        for (let pair: u32 = 1000; pair < 2000; pair++) pairs.set(pair, edge(count), edge(count));
        wrong += pairs.wrongIn(source);
        pairs.free();
        source.free();
      }
    }
    expect(wrong).toBe(0);
  });

  it("is the same whether or not room was left for longer trees", () => {
    let wrong = 0;
    for (let shape: u32 = 0; shape < SHAPES; shape++) {
      const source = shaped(shape, 3000);
      const packed = new Packed(source, true);
      const roomy = new Packed(source, true);
      store<u32>(roomy.base, <u32>zeros(minimaBytes(3000, 1 << 20)), HEADER_MINIMA);
      plantMinima(roomy.base, 1 << 20);
      for (let round = 0; round < 3000; round++) {
        const a = edge(3000);
        const b = round % 2 == 0 ? edge(3000) : 1 + random(3000);
        wrong += i32(commonUpstream(packed.base, a, b) != commonUpstream(roomy.base, a, b));
      }
    }
    expect(wrong).toBe(0);
  });

  it("writes the chain from a node to its host bridge", () => {
    const out = heap.alloc(16);
    for (let wide = 0; wide < 2; wide++) {
      const packed = new Packed(plain(TREE), wide == 1);
      expect(ancestors(packed.base, 4, out)).toBe(4);
      const chain: u32[] = [load<u32>(out), load<u32>(out, 4), load<u32>(out, 8), load<u32>(out, 12)];
      expect(chain).toStrictEqual([4, 3, 2, 1]);
      expect(ancestors(packed.base, 1, out)).toBe(1);
      expect(ancestors(packed.base, 0, out)).toBe(0);
    }
    heap.free(out);
  });
});

/** A node beside an edge of a block. */
function edge(count: u32): u32 {
  const id = (random((count >> BLOCK_SHIFT) + 1) << BLOCK_SHIFT) + random(3);
  return max(1, min(count, id > 0 ? id - 1 : 1));
}

/** Pairs of ids, and their common upstream by each kernel. */
class Pairs {
  left: usize;
  right: usize;
  walked: usize;
  found: usize;

  constructor(public count: u32) {
    this.left = zeros(<usize>count * 4);
    this.right = zeros(<usize>count * 4);
    this.walked = zeros(<usize>count * 4);
    this.found = zeros(<usize>count * 4);
  }

  set(pair: u32, left: u32, right: u32): void {
    store<u32>(this.left + <usize>pair * 4, left);
    store<u32>(this.right + <usize>pair * 4, right);
  }

  /** Disagreements of the kernels with a climb by depth, in every form that holds the forest. */
  wrongIn(source: Source): i32 {
    let wrong = 0;
    for (let wide = 1; wide >= 0; wide--) {
      if (wide == 0 && source.deepest > NARROW_DEPTH) break;
      const packed = new Packed(source, wide == 1);
      walkMany(packed.base, this.count, this.left, this.right, this.walked);
      commonMany(packed.base, this.count, this.left, this.right, this.found);
      for (let pair: usize = 0; pair < <usize>this.count * 4; pair += 4) {
        const a = load<u32>(this.left + pair);
        const b = load<u32>(this.right + pair);
        const expected = climb(packed, a, b);
        wrong += i32(load<u32>(this.walked + pair) != expected) + i32(load<u32>(this.found + pair) != expected);
        wrong += i32(commonUpstream(packed.base, a, b) != expected);
      }
      packed.free();
    }
    return wrong;
  }

  free(): void {
    heap.free(this.left);
    heap.free(this.right);
    heap.free(this.walked);
    heap.free(this.found);
  }
}

/** The common upstream by depths: the deeper one climbs, then both. */
function climb(packed: Packed, a: u32, b: u32): u32 {
  let left = packed.field(a, DEPTH);
  let right = packed.field(b, DEPTH);
  for (; left > right; left--) a = packed.parent(a);
  for (; right > left; right--) b = packed.parent(b);
  while (a != b) {
    a = packed.parent(a);
    b = packed.parent(b);
  }
  return a;
}

function chainOf(packed: Packed, node: u32): u32[] {
  const chain: u32[] = [];
  for (; node != 0; node = packed.parent(node)) chain.push(node);
  return chain;
}

function bruteCommon(packed: Packed, a: u32, b: u32): u32 {
  const left = chainOf(packed, a);
  const right = chainOf(packed, b);
  for (let index = 0; index < left.length; index++) if (right.includes(left[index])) return left[index];
  return 0;
}

/** Edges to the common node; without one the nodes of both chains, the host bridges not counted. */
function bruteDistance(packed: Packed, a: u32, b: u32): u32 {
  const common = bruteCommon(packed, a, b);
  const left = chainOf(packed, a);
  const right = chainOf(packed, b);
  if (common != 0) return left.indexOf(common) + right.indexOf(common);
  return left.length + right.length - 2;
}

describe("keys of sorted ids", () => {
  it("are those of the common upstreams of neighbours, of one twice its own", () => {
    for (let wide = 0; wide < 2; wide++) {
      const packed = new Packed(plain(TREE), wide == 1);
      const sorted: StaticArray<u32> = [3, 4, 4, 5, 6, 8];
      const least = zeros(6 * 4);
      store<u32>(least, 99);
      sortedKeys(packed.base, 6, changetype<usize>(sorted), least);
      const found: u32[] = [];
      for (let at: usize = 0; at < 24; at += 4) found.push(load<u32>(least + at));
      const shift: u32 = wide == 1 ? 0 : packed.bits;
      const depth: u32 = wide == 1 ? 0 : 1;
      const three = (3 << shift) | (2 * depth);
      expect(found).toStrictEqual([99, three, (4 << shift) | (3 * depth), three, (2 << shift) | depth, 0]);
    }
  });

  it("of one id or none are none", () => {
    const packed = new Packed(plain(TREE), false);
    const least = zeros(8);
    store<u64>(least, 0x1234567812345678);
    sortedKeys(packed.base, 0, least, least);
    sortedKeys(packed.base, 1, least, least);
    expect(load<u64>(least)).toBe(0x1234567812345678);
  });
});

function distance(packed: Packed, a: u32, b: u32): u32 {
  store<u32>(pair, a);
  store<u32>(pair, b, 4);
  decideMany(packed.base, 1, pair, pair + 4, 0, 0, pair + 8, pair + 12, pair + 16, pair + 17, 0);
  return load<u32>(pair, 12);
}

describe("distance", () => {
  it("counts hops over the common bridge, or both chains", () => {
    for (let wide = 0; wide < 2; wide++) {
      const packed = new Packed(plain(TREE), wide == 1);
      expect(distance(packed, 4, 4)).toBe(0);
      expect(distance(packed, 4, 5)).toBe(2);
      expect(distance(packed, 4, 6)).toBe(3);
      expect(distance(packed, 4, 3)).toBe(1);
      expect(distance(packed, 4, 8)).toBe(4);
      expect(distance(packed, 2, 6)).toBe(1);
    }
  });

  it("counts chains of any length", () => {
    const packed = new Packed(shaped(CHAIN, 100000), true);
    expect(distance(packed, 100000, 1)).toBe(99999);
    expect(distance(packed, 256, 257)).toBe(1);
    packed.free();
  });
});

function pathOf(marks: StaticArray<u8>, a: u32, b: u32, from: u32): u32 {
  const source = sourceOf(TREE, marks);
  const narrow = new Packed(source, false);
  const wide = new Packed(source, true);
  const found = pathState<u8>(narrow.record(a), narrow.record(b), from);
  return pathState<u32>(wide.record(a), wide.record(b), from) == found ? found : NO_KEY;
}

describe("path state", () => {
  it("counts a redirect at the common bridge and below, not above", () => {
    // 4 and 5 meet at 3, which is at depth 2.
    expect(pathOf([0, 0, 0, 0, 0, 0, 0, 0], 4, 5, 2)).toBe(PATH_DIRECT);
    expect(pathOf([0, 0, R, 0, 0, 0, 0, 0], 4, 5, 2)).toBe(PATH_REDIRECTED, "the common bridge");
    expect(pathOf([0, R, 0, 0, 0, 0, 0, 0], 4, 5, 2)).toBe(PATH_DIRECT, "the bridge above it");
    expect(pathOf([0, 0, 0, R, 0, 0, 0, 0], 4, 5, 2)).toBe(PATH_REDIRECTED, "the provider");
    expect(pathOf([0, 0, 0, 0, R, 0, 0, 0], 4, 5, 2)).toBe(PATH_REDIRECTED, "the client");
    expect(pathOf([0, 0, 0, 0, 0, R, 0, 0], 4, 5, 2)).toBe(PATH_DIRECT, "somebody else");
  });

  it("is maybe where what cannot be read counts, unless something redirects for certain", () => {
    expect(pathOf([0, 0, U, 0, 0, 0, 0, 0], 4, 5, 2)).toBe(PATH_MAYBE, "the common bridge");
    expect(pathOf([0, U, 0, 0, 0, 0, 0, 0], 4, 5, 2)).toBe(PATH_DIRECT, "the bridge above it");
    expect(pathOf([0, 0, 0, 0, U, 0, 0, 0], 4, 5, 2)).toBe(PATH_MAYBE, "the client");
    expect(pathOf([0, 0, U, 0, R, 0, 0, 0], 4, 5, 2)).toBe(PATH_REDIRECTED, "the client for certain");
  });

  it("tests a function against itself once", () => {
    expect(pathOf([0, 0, R, 0, 0, 0, 0, 0], 4, 4, 3)).toBe(PATH_DIRECT);
    expect(pathOf([0, 0, 0, R, 0, 0, 0, 0], 4, 4, 3)).toBe(PATH_REDIRECTED);
    expect(pathOf([0, 0, 0, U, 0, 0, 0, 0], 4, 4, 3)).toBe(PATH_MAYBE);
  });
});

function unplacedIn(source: Source, a: u32, b: u32, leftKnown: bool, rightKnown: bool): u32 {
  const narrow = new Packed(source, false);
  const wide = new Packed(source, true);
  const found = unplacedPathState<u8>(narrow.record(a), narrow.record(b), leftKnown, rightKnown);
  const again = unplacedPathState<u32>(wide.record(a), wide.record(b), leftKnown, rightKnown);
  return again == found ? found : NO_KEY;
}

describe("path state where places are unknown", () => {
  // 4 is below 3, 2 and the root 1; 8 is below the root 7.
  const unplaced = (marks: StaticArray<u8>, leftKnown: bool, rightKnown: bool): u32 =>
    unplacedIn(sourceOf(TREE, marks), 4, 8, leftKnown, rightKnown);

  it("always counts the functions themselves", () => {
    for (let known = 0; known < 3; known++) {
      expect(unplaced([0, 0, 0, R, 0, 0, 0, 0], known == 1, known == 2)).toBe(PATH_REDIRECTED);
      expect(unplaced([0, 0, 0, 0, 0, 0, 0, R], known == 1, known == 2)).toBe(PATH_REDIRECTED);
    }
  });

  it("counts a bridge only where the other cannot hang below it", () => {
    expect(unplaced([0, R, 0, 0, 0, 0, 0, 0], true, false)).toBe(PATH_MAYBE, "8 may hang below 2 or 3");
    expect(unplaced([0, R, 0, 0, 0, 0, 0, 0], false, true)).toBe(PATH_REDIRECTED, "8 hangs below its host bridge");
    expect(unplaced([0, R, 0, 0, 0, 0, 0, 0], false, false)).toBe(PATH_MAYBE);
  });

  it("is redirected where both chains redirect: they cannot hang below each other", () => {
    const source = sourceOf([0, 1, 2, 0, 4, 5], [0, R, 0, 0, R, 0]);
    expect(unplacedIn(source, 3, 6, false, false)).toBe(PATH_REDIRECTED);
  });

  it("is never direct", () => {
    expect(unplaced([0, 0, 0, 0, 0, 0, 0, 0], false, false)).toBe(PATH_MAYBE);
  });
});
