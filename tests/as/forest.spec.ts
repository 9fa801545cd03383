// Numbering, records, common upstream, distance and path state, on pieces of the heap.

import {
  ancestors,
  commonUpstream,
  distanceOver,
  numberForest,
  packForest,
  pathState,
  unplacedPathState,
} from "../../assembly/forest";
import {
  HEADER_BYTES,
  HEADER_PARENTS,
  HEADER_RECORDS,
  MARK_REDIRECT,
  MARK_UNREADABLE,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RECORD_BYTES,
  RECORD_DEPTH,
  RECORD_HOST,
  RECORD_REDIRECT,
  RECORD_UNREADABLE,
} from "../../assembly/layout";
import { random } from "./machine";

const R = <u8>MARK_REDIRECT;
const U = <u8>MARK_UNREADABLE;

/** A forest from its source columns, numbered and packed. */
class Packed {
  count: u32;
  reached: u32;
  sourceParents: usize;
  order: usize;
  base: usize;
  parents: usize;
  records: usize;

  constructor(count: u32) {
    this.count = count;
    this.reached = 0;
    this.sourceParents = heap.alloc(<usize>count * 4 + 4);
    this.order = heap.alloc(<usize>count * 4 + 4);
    this.base = heap.alloc(HEADER_BYTES);
    this.parents = heap.alloc(<usize>count * 4 + 4);
    this.records = heap.alloc((<usize>count + 1) * RECORD_BYTES);
  }

  pack(marks: usize): void {
    const firstChild = heap.alloc(<usize>this.count * 4 + 4);
    const nextSibling = heap.alloc(<usize>this.count * 4 + 4);
    this.reached = numberForest(this.count, this.sourceParents, firstChild, nextSibling, this.order);
    if (this.reached == this.count) {
      packForest(this.count, this.sourceParents, marks, this.order, firstChild, this.parents, this.records);
    }
    store<u32>(this.base, <u32>this.parents, HEADER_PARENTS);
    store<u32>(this.base, <u32>this.records, HEADER_RECORDS);
    heap.free(firstChild);
    heap.free(nextSibling);
  }

  /** Number of the source node (from 1) that has an id. */
  at(id: u32): u32 {
    return load<u32>(this.order + <usize>id * 4);
  }

  parent(id: u32): u32 {
    return load<u32>(this.parents + <usize>id * 4);
  }

  field(id: u32, offset: usize): u32 {
    return load<u32>(this.records + <usize>id * RECORD_BYTES + offset);
  }

  free(): void {
    heap.free(this.sourceParents);
    heap.free(this.order);
    heap.free(this.base);
    heap.free(this.parents);
    heap.free(this.records);
  }
}

function pack(parents: StaticArray<u32>, marks: StaticArray<u8>): Packed {
  const packed = new Packed(parents.length);
  for (let node = 0; node < parents.length; node++) store<u32>(packed.sourceParents + <usize>node * 4, parents[node]);
  packed.pack(changetype<usize>(marks));
  return packed;
}

function plain(parents: StaticArray<u32>): Packed {
  return pack(parents, new StaticArray<u8>(parents.length));
}

function orderOf(packed: Packed): u32[] {
  const order: u32[] = [];
  for (let id: u32 = 1; id <= packed.reached; id++) order.push(packed.at(id));
  return order;
}

function column(packed: Packed, offset: usize): u32[] {
  const values: u32[] = [];
  for (let id: u32 = 0; id <= packed.count; id++) values.push(packed.field(id, offset));
  return values;
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
    const packed = new Packed(100001);
    store<u32>(packed.sourceParents, 0);
    for (let node: u32 = 1; node < packed.count; node++) store<u32>(packed.sourceParents + <usize>node * 4, 1);
    const marks = heap.alloc(packed.count);
    memory.fill(marks, 0, packed.count);
    packed.pack(marks);
    expect(packed.reached).toBe(100001);
    let wrong = 0;
    for (let id: u32 = 1; id <= packed.count; id++) wrong += i32(packed.at(id) != id);
    expect(wrong).toBe(0);
    heap.free(marks);
    packed.free();
  });

  it("walks a chain of a million nodes", () => {
    const packed = new Packed(1000000);
    for (let node: u32 = 0; node < packed.count; node++) store<u32>(packed.sourceParents + <usize>node * 4, node);
    const marks = heap.alloc(packed.count);
    memory.fill(marks, 0, packed.count);
    store<u8>(marks, R, 500000);
    packed.pack(marks);
    expect(packed.reached).toBe(1000000);
    expect(packed.field(1000000, RECORD_DEPTH)).toBe(999999);
    expect(packed.field(1000000, RECORD_REDIRECT)).toBe(500000);
    expect(packed.field(500000, RECORD_REDIRECT)).toBe(0);
    expect(commonUpstream(packed.base, 1000000, 3)).toBe(3);
    heap.free(marks);
    packed.free();
  });
});

describe("records", () => {
  it("count depth from the host bridge, which has 0", () => {
    expect(column(plain([0, 0, 2, 1, 2, 4]), RECORD_DEPTH)).toStrictEqual([0, 0, 1, 2, 0, 1, 1]);
  });

  it("number the host bridges in the order of ids", () => {
    expect(column(plain([0, 0, 2, 1, 0]), RECORD_HOST)).toStrictEqual([0, 0, 0, 1, 1, 2]);
  });

  it("carry the depth of the deepest function that redirects, itself included", () => {
    const packed = pack([0, 1, 2, 3, 4, 3], [0, 0, R, 0, R, 0]);
    expect(column(packed, RECORD_REDIRECT)).toStrictEqual([0, 0, 0, 2, 2, 4, 2]);
    expect(column(packed, RECORD_UNREADABLE)).toStrictEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it("carry the same for what cannot be read, independently", () => {
    const packed = pack([0, 1, 2, 3, 4], [0, U, R, U, R | U]);
    expect(column(packed, RECORD_UNREADABLE)).toStrictEqual([0, 0, 1, 1, 3, 4]);
    expect(column(packed, RECORD_REDIRECT)).toStrictEqual([0, 0, 0, 2, 2, 4]);
  });

  it("take nothing over from one host bridge to the next, nor marks of host bridges", () => {
    const packed = pack([0, 1, 0, 3], [R | U, R | U, R | U, 0]);
    expect(column(packed, RECORD_REDIRECT)).toStrictEqual([0, 0, 1, 0, 0]);
    expect(column(packed, RECORD_UNREADABLE)).toStrictEqual([0, 0, 1, 0, 0]);
  });
});

//   1 ── 2 ─┬─ 3 ─┬─ 4        7 ── 8
//           │     └─ 5
//           └─ 6
const TREE: StaticArray<u32> = [0, 1, 2, 3, 3, 2, 0, 7];

describe("common upstream", () => {
  it("is the function itself, the bridge above, or the nearest that both share", () => {
    const base = plain(TREE).base;
    expect(commonUpstream(base, 4, 4)).toBe(4);
    expect(commonUpstream(base, 4, 3)).toBe(3);
    expect(commonUpstream(base, 3, 4)).toBe(3);
    expect(commonUpstream(base, 4, 5)).toBe(3);
    expect(commonUpstream(base, 4, 6)).toBe(2);
    expect(commonUpstream(base, 6, 1)).toBe(1);
  });

  it("is 0 across host bridges", () => {
    const base = plain(TREE).base;
    expect(commonUpstream(base, 4, 8)).toBe(0);
    expect(commonUpstream(base, 7, 1)).toBe(0);
  });

  it("agrees with chains as arrays on random forests", () => {
    let wrong = 0;
    let compared = 0;
    for (let round = 0; round < 60; round++) {
      const count: u32 = 1 + random(40);
      const parents = new StaticArray<u32>(count);
      for (let node: u32 = 1; node < count; node++) parents[node] = random(node + 1);
      const packed = plain(parents);
      for (let a: u32 = 1; a <= count; a++) {
        for (let b: u32 = 1; b <= count; b++) {
          const expected = bruteCommon(packed, a, b);
          wrong += i32(commonUpstream(packed.base, a, b) != expected);
          wrong += i32(distanceOver(packed.base, a, b, expected) != bruteDistance(packed, a, b));
          compared++;
        }
      }
      packed.free();
    }
    expect(wrong).toBe(0);
    expect(compared).toBeGreaterThan(20000);
  });

  it("writes the chain from a node to its host bridge", () => {
    const packed = plain(TREE);
    const out = heap.alloc(16);
    expect(ancestors(packed.base, 4, out)).toBe(4);
    const chain: u32[] = [load<u32>(out), load<u32>(out, 4), load<u32>(out, 8), load<u32>(out, 12)];
    expect(chain).toStrictEqual([4, 3, 2, 1]);
    expect(ancestors(packed.base, 1, out)).toBe(1);
    heap.free(out);
  });
});

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

describe("distance", () => {
  it("counts hops over the common bridge, or both chains", () => {
    const packed = plain(TREE);
    expect(distanceOver(packed.base, 4, 4, 4)).toBe(0);
    expect(distanceOver(packed.base, 4, 5, 3)).toBe(2);
    expect(distanceOver(packed.base, 4, 6, 2)).toBe(3);
    expect(distanceOver(packed.base, 4, 3, 3)).toBe(1);
    expect(distanceOver(packed.base, 4, 8, 0)).toBe(4);
    expect(distanceOver(packed.base, 2, 6, 2)).toBe(1);
  });
});

function pathOf(marks: StaticArray<u8>, a: u32, b: u32, from: u32): u32 {
  return pathState(pack(TREE, marks).base, a, b, from);
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

describe("path state where places are unknown", () => {
  // 4 is below 3, 2 and the root 1; 8 is below the root 7.
  const unplaced = (marks: StaticArray<u8>, leftKnown: bool, rightKnown: bool): u32 =>
    unplacedPathState(pack(TREE, marks).base, 4, 8, leftKnown, rightKnown);

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
    const deep: StaticArray<u32> = [0, 1, 2, 0, 4, 5];
    const base = pack(deep, [0, R, 0, 0, R, 0]).base;
    expect(unplacedPathState(base, 3, 6, false, false)).toBe(PATH_REDIRECTED);
  });

  it("is never direct", () => {
    expect(unplaced([0, 0, 0, 0, 0, 0, 0, 0], false, false)).toBe(PATH_MAYBE);
  });
});
