// Columns that need not be trusted: what was built passes, and one wrong number does not.

import {
  checkHosts,
  checkKeys,
  checkLeaves,
  checkOwners,
  checkRanges,
  checkRecords,
  checkSystems,
} from "../../assembly/check";
import { plantTree } from "../../assembly/leaves";
import { ancestors, recordBytes, walkMany } from "../../assembly/forest";
import {
  CLAIM_LEAVES,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_SHIFT,
  FIELD_OWN,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  HEADER_DEPTH_BITS,
  HEADER_HOSTS,
  HEADER_KEYS,
  HEADER_LEAF_COUNT,
  HEADER_RECORDS,
  HEADER_TERMS,
  HOST_BYTES,
  HOST_PLACE,
  HOST_SEGMENT,
  HOST_SYSTEM,
  IOMMU_TRANSLATING,
  KIND_BAR,
  KIND_MASK,
  KIND_PLATFORM,
  KIND_WINDOW,
  LAST_KEY,
  LEAF_BASE,
  LEAF_BYTES,
  LEAF_VALUES,
  MARK_REDIRECT,
  NO_RANGE,
  OPEN_BLANK,
  OPEN_NOWHERE,
  OUTSIDE,
  PATHS,
  RANGE_BYTES,
  RANGE_COVER,
  RANGE_SIZE,
  RANGE_START,
  RANGE_TERMS,
  RANK_LIVE,
  RANK_PLATFORM,
  RECORD_DEPTH,
  RECORD_HOST,
  RECORD_PREFIX,
  RECORD_SUFFIX,
  RELATION_ACROSS_SYSTEMS,
  SEGMENTS_PER_LEAF,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_FIRST,
  SYSTEM_IOMMU,
  SYSTEM_OPEN,
  SYSTEM_SPAN,
  TERMS_BYTES,
  TERMS_META,
} from "../../assembly/layout";
import { plantMinima } from "../../assembly/number";
import { claimants, ownerOf } from "../../assembly/ranges";
import { Batch } from "./batch";
import { zeros } from "./forests";
import { Machine } from "./machine";
import { random } from "./random";

const machine = new Machine();
machine.system(OPEN_NOWHERE);
machine.system(OPEN_NOWHERE, IOMMU_TRANSLATING);
// Two trees in each system, beyond one block; below the first host bridge a chain.
for (let host: u32 = 0; host < 4; host++) {
  let above = machine.host(host >> 1, host, true);
  for (let node = 0; node < 40; node++) {
    above = machine.node(host == 0 ? above : machine.somewhere(), random(4) == 0 ? <u8>MARK_REDIRECT : 0, 32);
  }
}
// Twelve separate BARs in each system, and a range around the first two.
for (let bar: u64 = 0; bar < 24; bar++) {
  const owner = 2 + 41 * random(4) + random(40);
  machine.ranges.add(0x1000 + 0x400 * (bar % 12), 0x200, KIND_BAR, RANK_LIVE, owner);
  machine.ranges.inSystem(bar < 12 ? 0 : 1);
}
machine.ranges.add(0x1000, 0x700, KIND_PLATFORM, RANK_PLATFORM, 7);
machine.finish();

const NODES = machine.count();
const HOSTS = machine.hostCount;
const RANGES = machine.ranges.count;
const KEYS: u32 = 0;
const RECORDS: u32 = 1;
const HOST_ROWS: u32 = 2;
const SYSTEM_ROWS: u32 = 3;
const RANGE_ROWS: u32 = 4;
const OWNERS: u32 = 5;
const LEAVES: u32 = 6;
const CHECKS: u32 = 7;

function passes(check: u32, base: usize): bool {
  if (check == KEYS) return checkKeys(base);
  if (check == RECORDS) return checkRecords(base, HOSTS);
  if (check == HOST_ROWS) return checkHosts(base, HOSTS, 2);
  if (check == SYSTEM_ROWS) return checkSystems(base, 2);
  if (check == RANGE_ROWS) return checkRanges(base, RANGES, RANGES);
  if (check == OWNERS) return checkOwners(base, RANGES);
  return checkLeaves(base, RANGES);
}

/** Whether a check passes with another number in place of one of 32 bits. */
function with32(check: u32, base: usize, at: usize, value: u32): bool {
  const before = load<u32>(at);
  store<u32>(at, value);
  const passed = passes(check, base);
  store<u32>(at, before);
  return passed;
}

/** The same for 64 bits. */
function with64(check: u32, at: usize, value: u64): bool {
  const before = load<u64>(at);
  store<u64>(at, value);
  const passed = passes(check, machine.narrow);
  store<u64>(at, before);
  return passed;
}

function column(base: usize, header: usize): usize {
  return <usize>load<u32>(base + header);
}

/** Address of a field behind the depth, in the record of a node. */
function fieldAt<R>(base: usize, node: usize, field: usize): usize {
  return column(base, HEADER_RECORDS) + node * recordBytes<R>() + RECORD_DEPTH + field * sizeof<R>();
}

/** Whether the records pass with another number in a field. */
function withField(wide: bool, node: usize, field: usize, value: u32): bool {
  if (wide) return with32(RECORDS, machine.wide, fieldAt<u32>(machine.wide, node, field), value);
  const at = fieldAt<u8>(machine.narrow, node, field);
  const before = load<u8>(at);
  store<u8>(at, <u8>value);
  const passed = checkRecords(machine.narrow, HOSTS);
  store<u8>(at, before);
  return passed;
}

describe("checks", () => {
  it("pass what was built", () => {
    for (let check: u32 = 0; check < CHECKS; check++) {
      expect(passes(check, machine.narrow)).toBe(true);
      expect(passes(check, machine.wide)).toBe(true);
    }
  });

  it("find a key that names no node before its own, or another depth than that node's", () => {
    for (let wide = 0; wide < 2; wide++) {
      const base = wide == 1 ? machine.wide : machine.narrow;
      const keys = column(base, HEADER_KEYS);
      const bits = load<u32>(base, HEADER_DEPTH_BITS);
      expect(with32(KEYS, base, keys, 1)).toBe(false, "of node 0");
      for (let node: u32 = 1; node <= NODES; node++) {
        const at = keys + <usize>node * 4;
        const depth = load<u32>(at) & ((1 << bits) - 1);
        expect(with32(KEYS, base, at, (node << bits) | depth)).toBe(false, "itself");
        expect(with32(KEYS, base, at, 0xffffffff)).toBe(false);
        if (node < NODES)
          expect(with32(KEYS, base, at, ((node + 1) << bits) | depth)).toBe(false, "one that comes later");
        if (wide == 0) expect(with32(KEYS, base, at, load<u32>(at) ^ 1)).toBe(false, "another depth");
      }
    }
  });

  it("find a record that disagrees with the keys", () => {
    for (let wide = 0; wide < 2; wide++) {
      const base = wide == 1 ? machine.wide : machine.narrow;
      const bytes = wide == 1 ? recordBytes<u32>() : recordBytes<u8>();
      for (let node: usize = 0; node <= <usize>NODES; node++) {
        const record = column(base, HEADER_RECORDS) + node * bytes;
        const words: usize[] = [RECORD_PREFIX, RECORD_SUFFIX, RECORD_HOST];
        for (let word = 0; word < words.length; word++) {
          const at = record + words[word];
          expect(with32(RECORDS, base, at, load<u32>(at) ^ 1)).toBe(false);
        }
        const depth: u32 = wide == 1 ? load<u32>(record + RECORD_DEPTH) : <u32>load<u8>(record + RECORD_DEPTH);
        expect(withField(wide == 1, node, 0, depth + 1)).toBe(false);
        expect(withField(wide == 1, node, FIELD_REDIRECT, depth + 1)).toBe(false);
        expect(withField(wide == 1, node, FIELD_UNREADABLE, depth + 1)).toBe(false);
        expect(withField(wide == 1, node, FIELD_REDIRECT, depth)).toBe(true, "it may redirect itself");
        expect(withField(wide == 1, node, FIELD_OWN, 255)).toBe(true, "any number means something");
      }
      expect(checkRecords(base, HOSTS + 1)).toBe(false, "a host bridge without a tree");
      expect(checkRecords(base, HOSTS - 1)).toBe(false, "a tree without a host bridge");
    }
  });

  it("find a host bridge of a system that there is not", () => {
    for (let host: usize = 0; host < <usize>HOSTS; host++) {
      const row = column(machine.narrow, HEADER_HOSTS) + host * HOST_BYTES;
      expect(with32(HOST_ROWS, machine.narrow, row + HOST_SYSTEM, 2)).toBe(false);
      expect(with32(HOST_ROWS, machine.narrow, row + HOST_SYSTEM, 0xffffffff)).toBe(false);
      expect(with32(HOST_ROWS, machine.narrow, row + HOST_SEGMENT, 0xffffffff)).toBe(true);
      expect(with32(HOST_ROWS, machine.narrow, row + HOST_PLACE, 0)).toBe(true);
    }
  });

  it("find a system that is not within the space, or of a kind that there is not", () => {
    for (let system: usize = 0; system < 2; system++) {
      const row = machine.ranges.systemRecords + system * SYSTEM_BYTES;
      expect(with64(SYSTEM_ROWS, row + SYSTEM_SPAN, LAST_KEY)).toBe(false);
      expect(with64(SYSTEM_ROWS, row + SYSTEM_SPAN, u64.MAX_VALUE)).toBe(false);
      expect(with64(SYSTEM_ROWS, row + SYSTEM_DISPLACEMENT, LAST_KEY - 1)).toBe(false);
      expect(with64(SYSTEM_ROWS, row + SYSTEM_DISPLACEMENT, LAST_KEY - 0x1000)).toBe(false);
      expect(with64(SYSTEM_ROWS, row + SYSTEM_FIRST, LAST_KEY)).toBe(false);
      expect(with64(SYSTEM_ROWS, row + SYSTEM_FIRST, u64.MAX_VALUE)).toBe(false);
      expect(with32(SYSTEM_ROWS, machine.narrow, row + SYSTEM_OPEN, OPEN_BLANK)).toBe(true);
      expect(with32(SYSTEM_ROWS, machine.narrow, row + SYSTEM_OPEN, OPEN_BLANK + 1)).toBe(false);
      expect(with32(SYSTEM_ROWS, machine.narrow, row + SYSTEM_IOMMU, IOMMU_TRANSLATING + 1)).toBe(false);
    }
  });

  it("find a range that is out of order, nowhere, or leads nowhere", () => {
    for (let range: u32 = 0; range < RANGES; range++) {
      const row = machine.ranges.ranges + <usize>range * RANGE_BYTES;
      expect(with64(RANGE_ROWS, row + RANGE_START, LAST_KEY)).toBe(false);
      // The first two begin where the space does.
      if (range > 2) expect(with64(RANGE_ROWS, row + RANGE_START, 0)).toBe(false, "before the one before");
      expect(with64(RANGE_ROWS, row + RANGE_SIZE, 0)).toBe(false);
      expect(with64(RANGE_ROWS, row + RANGE_SIZE, LAST_KEY - load<u64>(row + RANGE_START))).toBe(true);
      expect(with64(RANGE_ROWS, row + RANGE_SIZE, LAST_KEY - load<u64>(row + RANGE_START) + 1)).toBe(false);
      expect(with64(RANGE_ROWS, row + RANGE_SIZE, u64.MAX_VALUE)).toBe(false);
      expect(with32(RANGE_ROWS, machine.narrow, row + RANGE_TERMS, RANGES)).toBe(false);
      expect(with32(RANGE_ROWS, machine.narrow, row + RANGE_COVER, range)).toBe(false, "itself");
      expect(with32(RANGE_ROWS, machine.narrow, row + RANGE_COVER, range + 1)).toBe(false);
      expect(with32(RANGE_ROWS, machine.narrow, row + RANGE_COVER, NO_RANGE - 1)).toBe(false);
      expect(with32(RANGE_ROWS, machine.narrow, row + RANGE_COVER, NO_RANGE)).toBe(true);
    }
  });

  it("find an owner that there is not, but take any number outside PCI", () => {
    let outside = 0;
    for (let range: u32 = 0; range < RANGES; range++) {
      const at = machine.ranges.packedOwners + <usize>range * 4;
      const isOutside = (load<u32>(at) & OUTSIDE) != 0;
      outside += i32(isOutside);
      expect(with32(OWNERS, machine.narrow, at, NODES)).toBe(!isOutside);
      expect(with32(OWNERS, machine.wide, at, NODES)).toBe(!isOutside);
      expect(with32(OWNERS, machine.narrow, at, 0)).toBe(false);
      expect(with32(OWNERS, machine.narrow, at, NODES + 1)).toBe(false);
      expect(with32(OWNERS, machine.narrow, at, OUTSIDE - 1)).toBe(false);
      expect(with32(OWNERS, machine.narrow, at, OUTSIDE | 0x7fffffff)).toBe(isOutside);
    }
    expect(outside).toBe(1);
  });

  it("find a host bridge that has anything but windows", () => {
    for (let range: u32 = 0; range < RANGES; range++) {
      const at = machine.ranges.packedOwners + <usize>range * 4;
      if ((load<u32>(at) & OUTSIDE) != 0) continue;
      const row = load<u32>(machine.ranges.ranges + <usize>range * RANGE_BYTES + RANGE_TERMS);
      const meta = <usize>load<u32>(machine.narrow, HEADER_TERMS) + <usize>row * TERMS_BYTES + TERMS_META;
      const before = load<u32>(meta);
      expect(with32(OWNERS, machine.narrow, at, 42)).toBe(false);
      expect(with32(OWNERS, machine.wide, at, 42)).toBe(false);
      store<u32>(meta, (before & ~KIND_MASK) | KIND_WINDOW);
      expect(with32(OWNERS, machine.narrow, at, 42)).toBe(true);
      store<u32>(meta, (before & ~KIND_MASK) | KIND_PLATFORM);
      expect(with32(OWNERS, machine.narrow, at, 42)).toBe(false);
      store<u32>(meta, before);
    }
  });

  it("find a leaf out of order, a claim that there is not, a range that there is not", () => {
    const count = machine.ranges.leafCount;
    expect(count).toBeGreaterThan(4);
    for (let index: u32 = 0; index < count; index++) {
      const leaf = machine.ranges.leaves + <usize>index * LEAF_BYTES;
      const base = load<u64>(leaf + LEAF_BASE);
      if (index == 0) expect(with64(LEAVES, leaf + LEAF_BASE, 1)).toBe(false, "the first begins at 0");
      else {
        expect(with64(LEAVES, leaf + LEAF_BASE, load<u64>(leaf - LEAF_BYTES + LEAF_BASE))).toBe(false);
        expect(with64(LEAVES, leaf + LEAF_BASE, 0)).toBe(false);
      }
      expect(with64(LEAVES, leaf + LEAF_BASE, LAST_KEY)).toBe(false);
      expect(with64(LEAVES, leaf + LEAF_BASE, base)).toBe(true);
      for (let slot: usize = 0; slot < <usize>SEGMENTS_PER_LEAF; slot++) {
        const at = leaf + LEAF_VALUES + slot * 4;
        expect(with32(LEAVES, machine.narrow, at, (CLAIM_OWNED << CLAIM_SHIFT) | RANGES)).toBe(false);
        expect(with32(LEAVES, machine.narrow, at, (CLAIM_MAYBE << CLAIM_SHIFT) | (RANGES - 1))).toBe(true);
        expect(with32(LEAVES, machine.narrow, at, CLAIM_LEAVES << CLAIM_SHIFT)).toBe(false);
        expect(with32(LEAVES, machine.narrow, at, 0xffffffff)).toBe(false);
        expect(with32(LEAVES, machine.narrow, at, CLAIM_NOBODY << CLAIM_SHIFT)).toBe(true);
      }
    }
    expect(with32(LEAVES, machine.narrow, machine.narrow + HEADER_LEAF_COUNT, 0)).toBe(false);
  });
});

/** The columns that checks look at: address and bytes of each. */
function columnsOf(base: usize, wide: bool): usize[] {
  const bytes = wide ? recordBytes<u32>() : recordBytes<u8>();
  return [
    column(base, HEADER_KEYS),
    (<usize>NODES + 1) * 4,
    column(base, HEADER_RECORDS),
    (<usize>NODES + 1) * bytes,
    column(base, HEADER_HOSTS),
    <usize>HOSTS * HOST_BYTES,
    machine.ranges.systemRecords,
    2 * SYSTEM_BYTES,
    machine.ranges.ranges,
    <usize>RANGES * RANGE_BYTES,
    machine.ranges.packedOwners,
    <usize>RANGES * 4,
    machine.ranges.leaves,
    <usize>machine.ranges.leafCount * LEAF_BYTES,
  ];
}

/** Answers that name what there is not. */
function astray(base: usize, batch: Batch, chain: usize): i32 {
  batch.decide(base);
  let wrong = 0;
  for (let row: u32 = 0; row < batch.count; row++) wrong += strayed(batch, row);
  batch.ask(base);
  for (let row: u32 = 0; row < batch.count; row++) {
    wrong += strayed(batch, row);
    wrong += i32(load<u32>(batch.owners + <usize>row * 4) > NODES);
    const client = load<u32>(batch.clients + <usize>row * 4);
    wrong += i32(ancestors(base, client, chain) > NODES);
    const address = load<u64>(batch.addresses + <usize>row * 8);
    wrong += i32(claimants(base, RANGES, row & 1, address, chain, 9) > RANGES);
    wrong += i32(ownerOf(base, row & 1, address) > NODES);
  }
  walkMany(base, batch.count, batch.providers, batch.clients, batch.common);
  for (let row: u32 = 0; row < batch.count; row++) wrong += i32(load<u32>(batch.common + <usize>row * 4) > NODES);
  return wrong;
}

function strayed(batch: Batch, row: u32): i32 {
  let wrong = i32(load<u32>(batch.common + <usize>row * 4) > NODES);
  wrong += i32(<u32>load<u8>(batch.relation + row) > RELATION_ACROSS_SYSTEMS);
  return wrong + i32(<u32>load<u8>(batch.path + row) >= PATHS);
}

describe("what passes the checks", () => {
  it("leads no kernel astray, whichever bit is wrong", () => {
    const chain = zeros((<usize>NODES + 1) * 4);
    const batch = new Batch(40);
    for (let row = 0; row < 40; row++) {
      batch.request(1 + random(NODES), 0xf00 + 0x80 * random(110), 1 + random(0x300), random(3));
      store<u32>(batch.providers + row * 4, 1 + random(NODES));
    }
    let wrong = 0;
    let passed = 0;
    let caught = 0;
    for (let round = 0; round < 4000; round++) {
      const isWide = round % 2 == 1;
      const base = isWide ? machine.wide : machine.narrow;
      const columns = columnsOf(base, isWide);
      const chosen = <i32>random(columns.length / 2) * 2;
      const at = columns[chosen] + random(<u32>columns[chosen + 1]);
      const before = load<u8>(at);
      store<u8>(at, before ^ (<u8>((<u32>1) << random(8))));
      let passing: bool = true;
      for (let check: u32 = 0; check < CHECKS; check++) passing = passing && passes(check, base);
      if (passing) {
        // As when they are read: what is planted over them is planted anew.
        plantMinima(base, machine.longest);
        plantTree(base, machine.ranges.tree);
        wrong += astray(base, batch, chain);
        passed++;
      } else caught++;
      store<u8>(at, before);
    }
    expect(wrong).toBe(0);
    expect(passed).toBeGreaterThan(400);
    expect(caught).toBeGreaterThan(400);
  });
});
