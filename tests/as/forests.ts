// A forest by hand, on pieces of the heap: its source columns, and what they pack into, narrow or wide.

import { recordBytes } from "../../assembly/forest";
import {
  HEADER_BYTES,
  HEADER_DEPTH_BITS,
  HEADER_HOSTS,
  HEADER_KEYS,
  HEADER_MINIMA,
  HEADER_NODES,
  HEADER_RECORDS,
  HEADER_WIDE,
  HOST_BYTES,
  HOST_PLACE,
  RECORD_DEPTH,
} from "../../assembly/layout";
import { minimaBytes, numberForest, packForest, placeNodes, plantMinima } from "../../assembly/number";
import { random } from "./random";

const WORD: usize = 4;

/** Zeroed. */
export function zeros(bytes: usize): usize {
  const at = heap.alloc(bytes + 16);
  memory.fill(at, 0, bytes + 16);
  return at;
}

/** Source nodes are numbered from 1, as their parents say; 0 is above the host bridges. */
export class Source {
  /** Nodes that hang below a host bridge. */
  reached: u32 = 0;
  deepest: u32 = 0;
  parents: usize;
  marks: usize;
  dmaBits: usize;
  order: usize;
  depths: usize;
  private ids: usize;

  constructor(public count: u32) {
    const words = (<usize>count + 1) * WORD;
    this.parents = zeros(words);
    this.marks = zeros(count);
    this.dmaBits = zeros(count);
    this.order = zeros(words);
    this.depths = zeros(words);
    this.ids = zeros(words);
  }

  hang(node: u32, parent: u32): void {
    store<u32>(this.parents + <usize>(node - 1) * WORD, parent);
  }

  mark(node: u32, mark: u8): void {
    store<u8>(this.marks + node - 1, mark);
  }

  drive(node: u32, bits: u8): void {
    store<u8>(this.dmaBits + node - 1, bits);
  }

  number(): void {
    this.reached = numberForest(this.count, this.parents, this.ids, this.depths, this.order);
  }

  /** Writes the parents by id. */
  place(parents: usize): void {
    this.deepest = placeNodes(this.count, this.parents, this.order, this.ids, parents, this.depths);
  }

  /** Number of the source node that has an id. */
  at(id: u32): u32 {
    return load<u32>(this.order + <usize>id * WORD);
  }

  free(): void {
    heap.free(this.parents);
    heap.free(this.marks);
    heap.free(this.dmaBits);
    heap.free(this.order);
    heap.free(this.depths);
    heap.free(this.ids);
  }
}

/** A numbered source under a header of its own. Its host bridges are known and of system 0. */
export class Packed {
  base: usize = zeros(HEADER_BYTES);
  count: u32;
  bits: u32;
  keys: usize;
  records: usize;
  minima: usize = 0;
  /** Nodes of the greatest tree. */
  longest: u32 = 0;
  hosts: usize = 0;

  constructor(
    public source: Source,
    public wide: bool,
  ) {
    const count = source.count;
    this.count = count;
    this.keys = zeros((<usize>count + 1) * WORD);
    this.records = zeros((<usize>count + 1) * this.recordBytes());
    source.place(this.keys);
    this.bits = wide ? 0 : max(1, 32 - <u32>clz(source.deepest));
    packForest(
      count,
      wide,
      this.bits,
      source.marks,
      source.dmaBits,
      source.order,
      source.depths,
      this.keys,
      this.records,
    );
    let trees: usize = 0;
    let root: u32 = 1;
    let longest: u32 = 0;
    for (let id: u32 = 1; id <= count; id++) {
      if (this.parent(id) != 0) continue;
      trees++;
      longest = max(longest, id - root);
      root = id;
    }
    this.longest = max(longest, count + 1 - root);
    this.minima = zeros(minimaBytes(count, this.longest));
    this.hosts = zeros(trees * HOST_BYTES);
    for (let host: usize = 0; host < trees; host++) store<u32>(this.hosts + host * HOST_BYTES, 1, HOST_PLACE);
    store<u32>(this.base, count, HEADER_NODES);
    store<u32>(this.base, u32(wide), HEADER_WIDE);
    store<u32>(this.base, this.bits, HEADER_DEPTH_BITS);
    store<u32>(this.base, <u32>this.keys, HEADER_KEYS);
    store<u32>(this.base, <u32>this.records, HEADER_RECORDS);
    store<u32>(this.base, <u32>this.minima, HEADER_MINIMA);
    store<u32>(this.base, <u32>this.hosts, HEADER_HOSTS);
    plantMinima(this.base, this.longest);
  }

  private recordBytes(): usize {
    return this.wide ? recordBytes<u32>() : recordBytes<u8>();
  }

  key(id: u32): u32 {
    return load<u32>(this.keys + <usize>id * WORD);
  }

  parent(id: u32): u32 {
    return this.key(id) >> this.bits;
  }

  record(id: u32): usize {
    return this.records + <usize>id * this.recordBytes();
  }

  /** One of the words before the depth. */
  word(id: u32, offset: usize): u32 {
    return load<u32>(this.record(id) + offset);
  }

  /** One of the fields behind the depth; 0: the depth. */
  field(id: u32, field: usize): u32 {
    return this.wide
      ? load<u32>(this.record(id) + field * 4, RECORD_DEPTH)
      : <u32>load<u8>(this.record(id) + field, RECORD_DEPTH);
  }

  free(): void {
    heap.free(this.base);
    heap.free(this.keys);
    heap.free(this.records);
    heap.free(this.minima);
    heap.free(this.hosts);
  }
}

export function sourceOf(parents: StaticArray<u32>, marks: StaticArray<u8>): Source {
  const source = new Source(parents.length);
  for (let node = 0; node < parents.length; node++) {
    source.hang(node + 1, parents[node]);
    source.mark(node + 1, marks[node]);
  }
  source.number();
  return source;
}

export function plain(parents: StaticArray<u32>): Source {
  return sourceOf(parents, new StaticArray<u8>(parents.length));
}

export const CHAIN: u32 = 0;
export const STAR: u32 = 1;
/** A chain with a leaf at each node. */
export const CATERPILLAR: u32 = 2;
/** Two below each. */
export const BUSH: u32 = 3;
/** Anything below one root. */
export const TREE: u32 = 4;
export const MANY_ROOTS: u32 = 5;
export const ALL_ROOTS: u32 = 6;
export const SHAPES: u32 = 7;

export function shaped(shape: u32, count: u32): Source {
  const source = new Source(count);
  for (let node: u32 = 1; node <= count; node++) source.hang(node, parentIn(shape, node));
  source.number();
  return source;
}

function parentIn(shape: u32, node: u32): u32 {
  if (node == 1 || shape == ALL_ROOTS) return 0;
  if (shape == CHAIN) return node - 1;
  if (shape == STAR) return 1;
  if (shape == CATERPILLAR) return node - 1 - (node & 1);
  if (shape == BUSH) return node >> 1;
  return shape == MANY_ROOTS && random(4) == 0 ? 0 : 1 + random(node - 1);
}
