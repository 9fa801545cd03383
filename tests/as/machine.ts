// A topology by hand, on pieces of the heap: what the specs of ranges and of the joined decision ask.

import { numberForest, packForest } from "../../assembly/forest";
import {
  DIRECTIONS,
  HEADER_BYTES,
  HEADER_CLASSES,
  HEADER_CLASS_COUNT,
  HEADER_HOSTS,
  HEADER_KEYS,
  HEADER_LEVELS,
  HEADER_PARENTS,
  HEADER_RANGES,
  HEADER_RECORDS,
  HEADER_SEGMENTS,
  HEADER_SYSTEMS,
  HEADER_TABLE,
  HEADER_TREE,
  HEADER_VALUES,
  HOST_BYTES,
  HOST_KNOWN,
  HOST_SEGMENT,
  HOST_SYSTEM,
  KEYS_PER_NODE,
  META_BUS_KNOWN,
  NODE_BYTES,
  PATHS,
  RANGE_BUS_OFFSET,
  RANGE_BYTES,
  RANGE_META,
  RANGE_OFF_FROM,
  RANGE_OWNER,
  RANGE_SIZE,
  RANGE_START,
  RANGE_UNKNOWN_FROM,
  RANK_SHIFT,
  RECORD_BYTES,
  RELATIONS,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_OPEN,
  SYSTEM_SPAN,
} from "../../assembly/layout";
import { flatten, plantTree, SWEEP_BYTES, treeBytes, treeLevels } from "../../assembly/ranges";

const ROOM: usize = 256;

/** Ranges and the segments that they flatten into. */
export class Ranges {
  count: u32 = 0;
  at: usize = heap.alloc(ROOM * RANGE_BYTES);
  segments: u32 = 0;
  starts: usize = heap.alloc((2 * ROOM + 1) * 8);
  values: usize = heap.alloc((2 * ROOM + 1) * 4);

  /** Returns the index of the range. */
  add(start: u64, size: u64, kind: u32, rank: u32, owner: u32 = 0, offFrom: u32 = 0, unknownFrom: u32 = 0): u32 {
    const record = this.at + <usize>this.count * RANGE_BYTES;
    memory.fill(record, 0, RANGE_BYTES);
    store<u64>(record, start, RANGE_START);
    store<u64>(record, size, RANGE_SIZE);
    store<u32>(record, owner, RANGE_OWNER);
    store<u32>(record, kind | (rank << RANK_SHIFT), RANGE_META);
    store<u32>(record, offFrom, RANGE_OFF_FROM);
    store<u32>(record, unknownFrom, RANGE_UNKNOWN_FROM);
    return this.count++;
  }

  /** Gives the last range added a bus address. */
  onBus(offset: i64): void {
    const record = this.at + <usize>(this.count - 1) * RANGE_BYTES;
    store<i64>(record, offset, RANGE_BUS_OFFSET);
    store<u32>(record, load<u32>(record, RANGE_META) | META_BUS_KNOWN, RANGE_META);
  }

  start(index: u32): u64 {
    return load<u64>(this.at + <usize>index * RANGE_BYTES, RANGE_START);
  }

  end(index: u32): u64 {
    return this.start(index) + load<u64>(this.at + <usize>index * RANGE_BYTES, RANGE_SIZE);
  }

  rank(index: u32): u32 {
    return (load<u32>(this.at + <usize>index * RANGE_BYTES, RANGE_META) >> RANK_SHIFT) & 7;
  }

  unknownFrom(index: u32): u32 {
    return load<u32>(this.at + <usize>index * RANGE_BYTES, RANGE_UNKNOWN_FROM);
  }

  kind(index: u32): u32 {
    return load<u32>(this.at + <usize>index * RANGE_BYTES, RANGE_META) & 0xff;
  }

  flatten(): void {
    const byStart = heap.alloc(<usize>this.count * 4 + 4);
    const byEnd = heap.alloc(<usize>this.count * 4 + 4);
    const below = heap.alloc(<usize>this.count * 4 + 4);
    const sweep = heap.alloc(SWEEP_BYTES);
    for (let index: u32 = 0; index < this.count; index++) {
      let place = index;
      for (; place > 0 && this.startsBefore(index, load<u32>(byStart + <usize>(place - 1) * 4)); place--) {
        store<u32>(byStart + <usize>place * 4, load<u32>(byStart + <usize>(place - 1) * 4));
      }
      store<u32>(byStart + <usize>place * 4, index);
      place = index;
      for (; place > 0 && this.end(index) < this.end(load<u32>(byEnd + <usize>(place - 1) * 4)); place--) {
        store<u32>(byEnd + <usize>place * 4, load<u32>(byEnd + <usize>(place - 1) * 4));
      }
      store<u32>(byEnd + <usize>place * 4, index);
    }
    this.segments = flatten(this.count, this.at, byStart, byEnd, below, sweep, this.starts, this.values);
    heap.free(byStart);
    heap.free(byEnd);
    heap.free(below);
    heap.free(sweep);
  }

  /** By start, the longer first, then in the order of the source. */
  private startsBefore(a: u32, b: u32): bool {
    return this.start(a) < this.start(b) || (this.start(a) == this.start(b) && this.end(a) > this.end(b));
  }

  /** The claim that the segments hold for an address. */
  claim(address: u64): u32 {
    let segment: u32 = 0;
    while (segment + 1 < this.segments && load<u64>(this.starts + <usize>(segment + 1) * 8) <= address) segment++;
    return load<u32>(this.values + <usize>segment * 4);
  }

  free(): void {
    heap.free(this.at);
    heap.free(this.starts);
    heap.free(this.values);
  }
}

/** A forest, ranges and a decision table under one header. Source nodes are numbered from 1, as their parents say. */
export class Machine {
  base: usize = heap.alloc(HEADER_BYTES);
  ranges: Ranges = new Ranges();
  private parents: u32[] = [];
  private marks: u8[] = [];
  private hosts: u32[] = [];
  private systems: u64[] = [];
  private classOfHost: u8[] = [];
  private classes: u32 = 1;
  private table: usize = heap.alloc(<usize>(RELATIONS * PATHS * DIRECTIONS) * 16);

  constructor() {
    memory.fill(this.table, 0, <usize>(RELATIONS * PATHS * DIRECTIONS) * 16);
  }

  system(displacement: u64, span: u64, open: u32): void {
    this.systems.push(displacement);
    this.systems.push(span);
    this.systems.push(u64(open));
  }

  host(system: u32, segment: u32, known: bool, hostClass: u8 = 0): u32 {
    this.hosts.push(system);
    this.hosts.push(segment);
    this.hosts.push(u32(known));
    this.classOfHost.push(hostClass);
    if (<u32>hostClass + 1 > this.classes) this.classes = <u32>hostClass + 1;
    return this.node(0, 0);
  }

  /** Nodes come depth first, so that their numbers are their ids. */
  node(parent: u32, mark: u8): u32 {
    this.parents.push(parent);
    this.marks.push(mark);
    return this.parents.length;
  }

  /** The outcomes of one cell of the table; after all hosts. */
  outcome(relation: u32, path: u32, direction: u32, providerClass: u32, clientClass: u32, outcomes: u32): void {
    const row = (relation * PATHS + path) * DIRECTIONS + direction;
    store<u8>(this.table + <usize>((row * this.classes + providerClass) * this.classes + clientClass), <u8>outcomes);
  }

  /** The same outcomes in all directions, where there is one class. */
  always(relation: u32, path: u32, outcomes: u32): void {
    for (let direction: u32 = 0; direction < DIRECTIONS; direction++) {
      this.outcome(relation, path, direction, 0, 0, outcomes);
    }
  }

  finish(): void {
    const count = this.parents.length;
    const words = <usize>(count + 1) * 4;
    const firstChild = heap.alloc(words);
    const nextSibling = heap.alloc(words);
    const order = heap.alloc(words);
    const parents = heap.alloc(words);
    const records = heap.alloc(<usize>(count + 1) * RECORD_BYTES);
    numberForest(count, this.parents.dataStart, firstChild, nextSibling, order);
    packForest(count, this.parents.dataStart, this.marks.dataStart, order, firstChild, parents, records);
    heap.free(firstChild);
    heap.free(nextSibling);
    heap.free(order);
    const hosts = heap.alloc(<usize>(this.hosts.length / 3) * HOST_BYTES);
    for (let index = 0; index < this.hosts.length; index += 3) {
      const host = hosts + <usize>(index / 3) * HOST_BYTES;
      store<u32>(host, this.hosts[index], HOST_SYSTEM);
      store<u32>(host, this.hosts[index + 1], HOST_SEGMENT);
      store<u32>(host, this.hosts[index + 2], HOST_KNOWN);
    }
    const systems = heap.alloc(<usize>(this.systems.length / 3) * SYSTEM_BYTES);
    for (let index = 0; index < this.systems.length; index += 3) {
      const system = systems + <usize>(index / 3) * SYSTEM_BYTES;
      store<u64>(system, this.systems[index], SYSTEM_DISPLACEMENT);
      store<u64>(system, this.systems[index + 1], SYSTEM_SPAN);
      store<u32>(system, <u32>this.systems[index + 2], SYSTEM_OPEN);
    }
    this.ranges.flatten();
    this.header(HEADER_PARENTS, parents);
    this.header(HEADER_RECORDS, records);
    this.header(HEADER_HOSTS, hosts);
    this.header(HEADER_SYSTEMS, systems);
    this.header(HEADER_CLASSES, this.classOfHost.dataStart);
    this.header(HEADER_TABLE, this.table);
    this.header(HEADER_CLASS_COUNT, this.classes);
    this.header(HEADER_VALUES, this.ranges.values);
    this.header(HEADER_RANGES, this.ranges.at);
    plant(this.base, this.ranges.segments, this.ranges.starts);
  }

  private header(offset: usize, value: usize): void {
    store<u32>(this.base + offset, <u32>value);
  }
}

/** Plants a tree over sorted keys and enters it into a header; returns it. */
export function plant(base: usize, count: u32, keys: usize): usize {
  const bytes = treeBytes(count);
  const tree = heap.alloc(bytes);
  plantTree(count, keys, tree);
  const lowest = <usize>((count + KEYS_PER_NODE - 1) / KEYS_PER_NODE) * NODE_BYTES;
  store<u32>(base, <u32>tree, HEADER_TREE);
  store<u32>(base, treeLevels(count), HEADER_LEVELS);
  store<u32>(base, <u32>(tree + bytes - lowest), HEADER_KEYS);
  store<u32>(base, count, HEADER_SEGMENTS);
  return tree;
}

/** Numerical Recipes' linear congruence: the same numbers on every run. */
let state: u32 = 1;
export function random(below: u32): u32 {
  state = state * 1664525 + 1013904223;
  return (state >> 8) % below;
}
