// Ranges by hand, on pieces of the heap: source columns, and the segments, leaves and tree that they become.

import { displace, flatten, packLeaves, packRanges, plantTree, SWEEP_BYTES, treeBytes } from "../../assembly/flatten";
import {
  BAR_SHIFT,
  CLAIM_NOBODY,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  HEADER_LEAF_COUNT,
  HEADER_LEAVES,
  HEADER_OWNERS,
  HEADER_RANGES,
  HEADER_SYSTEMS,
  HEADER_TERMS,
  HEADER_UNIT,
  KIND_MASK,
  KIND_OTHER,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  LEAF_BYTES,
  META_BUS_KNOWN,
  NO_BAR,
  OUTSIDE,
  RANGE_BYTES,
  RANK_MASK,
  RANK_SHIFT,
  SOLE_OWNERS_BYTES,
  SYSTEM_BYTES,
  SYSTEM_IOMMU,
  SYSTEM_OPEN,
  TERMS_BYTES,
  TERMS_META,
  TERMS_OFF_FROM,
  TERMS_UNKNOWN_FROM,
} from "../../assembly/layout";
import { plantSoleOwners } from "../../assembly/ranges";
import { zeros } from "./forests";

const WORD: usize = 4;
const KEY: usize = 8;

/** Asked in the order of `add`, whatever order the core keeps. */
export class Ranges {
  count: u32 = 0;
  /** How many low bits no boundary uses. */
  unit: u32 = 0;
  segments: u32 = 0;
  leafCount: u32 = 0;
  /** The sum of the systems' spans. */
  space: u64 = 0;
  systemRecords: usize = 0;
  order: usize = 0;
  ranges: usize = 0;
  packedOwners: usize = 0;
  segmentStarts: usize = 0;
  segmentValues: usize = 0;
  leaves: usize = 0;
  tree: usize = 0;
  soleOwners: usize = 0;
  systemCount: u32 = 0;
  private opens: u32[] = [];
  private iommus: u32[] = [];
  private systems: u32[] = [];
  private starts: u64[] = [];
  private sizes: u64[] = [];
  private owners: u32[] = [];
  private rows: u32[] = [];
  /** Three words of 64 bits each, as the drawing has them. */
  terms: u64[] = [];

  /** Returns its ordinal. */
  system(open: u32, iommu: u32 = 0): u32 {
    this.opens.push(open);
    this.iommus.push(iommu);
    return this.systemCount++;
  }

  /** Returns the number of the range. */
  add(start: u64, size: u64, kind: u32, rank: u32, owner: u32 = 0, offFrom: u32 = 0, unknownFrom: u32 = 0): u32 {
    const outside = kind == KIND_SYSTEM_RAM || kind == KIND_PLATFORM || kind == KIND_OTHER;
    this.systems.push(0);
    this.starts.push(start);
    this.sizes.push(size);
    this.owners.push(outside ? owner | OUTSIDE : owner);
    this.rows.push(this.count);
    this.terms.push(0);
    this.terms.push(((<u64>unknownFrom) << 32) | offFrom);
    this.terms.push(kind | (rank << RANK_SHIFT) | (NO_BAR << BAR_SHIFT));
    return this.count++;
  }

  /** Gives the last range added a bus address. */
  onBus(offset: i64): void {
    const at = this.terms.length - 3;
    this.terms[at] = <u64>offset;
    this.terms[at + 2] |= META_BUS_KNOWN;
  }

  /** Makes the last range added that of a BAR. */
  asBar(bar: u32): void {
    const at = this.terms.length - 1;
    this.terms[at] = (this.terms[at] & ~((<u64>NO_BAR) << BAR_SHIFT)) | (bar << BAR_SHIFT);
  }

  /** Moves the last range added to a system. */
  inSystem(system: u32): void {
    this.systems[this.count - 1] = system;
  }

  start(range: u32): u64 {
    return this.starts[range];
  }

  size(range: u32): u64 {
    return this.sizes[range];
  }

  end(range: u32): u64 {
    return this.starts[range] + this.sizes[range];
  }

  systemOf(range: u32): u32 {
    return this.systems[range];
  }

  kind(range: u32): u32 {
    return this.meta(range) & KIND_MASK;
  }

  rank(range: u32): u32 {
    return (this.meta(range) >> RANK_SHIFT) & RANK_MASK;
  }

  unknownFrom(range: u32): u32 {
    return load<u32>(this.terms.dataStart + <usize>range * TERMS_BYTES, TERMS_UNKNOWN_FROM);
  }

  offFrom(range: u32): u32 {
    return load<u32>(this.terms.dataStart + <usize>range * TERMS_BYTES, TERMS_OFF_FROM);
  }

  private meta(range: u32): u32 {
    return load<u32>(this.terms.dataStart + <usize>range * TERMS_BYTES, TERMS_META);
  }

  /**
   * All steps of the build; without systems there is one that hides nothing.
   *
   *   displacing  false: ranges stay where they are, all in one space that begins at 0
   */
  build(displacing: bool = true): void {
    if (this.systemCount == 0) this.system(0);
    const count = <usize>this.count;
    const starts = zeros(count * KEY);
    memory.copy(starts, this.starts.dataStart, count * KEY);
    this.systemRecords = zeros(<usize>this.systemCount * SYSTEM_BYTES);
    for (let system: u32 = 0; system < this.systemCount; system++) {
      const record = this.systemRecords + <usize>system * SYSTEM_BYTES;
      store<u32>(record, this.opens[system], SYSTEM_OPEN);
      store<u32>(record, this.iommus[system], SYSTEM_IOMMU);
    }
    const sizes = this.sizes.dataStart;
    if (displacing) {
      this.space = displace(this.count, this.systems.dataStart, starts, sizes, this.systemCount, this.systemRecords);
    }
    const keys = zeros(count * KEY);
    const spareKeys = zeros(count * KEY);
    const spareOrder = zeros(count * WORD);
    this.order = zeros(count * WORD);
    this.ranges = zeros(count * RANGE_BYTES);
    this.packedOwners = zeros(count * WORD);
    this.unit = packRanges(
      this.count,
      starts,
      sizes,
      this.owners.dataStart,
      this.rows.dataStart,
      keys,
      this.order,
      spareKeys,
      spareOrder,
      this.ranges,
      this.packedOwners,
    );
    heap.free(starts);
    heap.free(keys);
    heap.free(spareKeys);
    heap.free(spareOrder);
    this.flatten();
  }

  private flatten(): void {
    const count = <usize>this.count;
    const below = zeros(count * WORD);
    const open = zeros(count * WORD);
    const sweep = zeros(SWEEP_BYTES);
    this.segmentStarts = zeros((2 * count + 1) * KEY);
    this.segmentValues = zeros((2 * count + 1) * WORD);
    const terms = this.terms.dataStart;
    this.segments = flatten(this.count, this.ranges, terms, below, open, sweep, this.segmentStarts, this.segmentValues);
    heap.free(below);
    heap.free(open);
    heap.free(sweep);
    this.leafCount = packLeaves(this.segments, this.segmentStarts, this.segmentValues, this.unit, 0);
    // At the start of a cache line, as the core has them.
    this.leaves = (zeros(<usize>this.leafCount * LEAF_BYTES + 64) + 63) & ~63;
    packLeaves(this.segments, this.segmentStarts, this.segmentValues, this.unit, this.leaves);
  }

  /** Enters everything into a header and plants the tree there. */
  enter(base: usize): void {
    store<u32>(base, <u32>this.leaves, HEADER_LEAVES);
    store<u32>(base, this.leafCount, HEADER_LEAF_COUNT);
    store<u32>(base, this.unit, HEADER_UNIT);
    store<u32>(base, <u32>this.ranges, HEADER_RANGES);
    store<u32>(base, <u32>this.packedOwners, HEADER_OWNERS);
    store<u32>(base, <u32>this.terms.dataStart, HEADER_TERMS);
    store<u32>(base, <u32>this.systemRecords, HEADER_SYSTEMS);
    if (this.tree == 0) this.tree = zeros(treeBytes(this.leafCount));
    plantTree(base, this.tree);
    if (this.soleOwners == 0) this.soleOwners = zeros(<usize>this.leafCount * SOLE_OWNERS_BYTES);
    plantSoleOwners(base, this.count, this.soleOwners);
  }

  /** Number, in the order of `add`, of one of the core's ranges. */
  source(range: u32): u32 {
    return load<u32>(this.order + <usize>range * WORD);
  }

  /** A claim of the core's with the number of its range in the order of `add`. */
  sourceClaim(value: u32): u32 {
    if (value >> CLAIM_SHIFT == CLAIM_NOBODY) return value;
    return (value & ~CLAIM_RANGE) | this.source(value & CLAIM_RANGE);
  }

  segmentStart(segment: u32): u64 {
    return load<u64>(this.segmentStarts + <usize>segment * KEY);
  }

  /** The claim that the segments hold for a displaced address. */
  claim(address: u64): u32 {
    let segment: u32 = 0;
    while (segment + 1 < this.segments && this.segmentStart(segment + 1) <= address) segment++;
    return this.sourceClaim(load<u32>(this.segmentValues + <usize>segment * WORD));
  }

  /** How many addresses from a displaced one on have one claim. */
  alike(address: u64, last: u64): u64 {
    for (let segment: u32 = 0; segment < this.segments; segment++) {
      if (this.segmentStart(segment) > address) return this.segmentStart(segment) - address;
    }
    return last - address;
  }

  free(): void {
    heap.free(this.systemRecords);
    heap.free(this.order);
    heap.free(this.ranges);
    heap.free(this.packedOwners);
    heap.free(this.segmentStarts);
    heap.free(this.segmentValues);
    if (this.tree != 0) heap.free(this.tree);
    if (this.soleOwners != 0) heap.free(this.soleOwners);
  }
}
