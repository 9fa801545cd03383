// What keeps columns from elsewhere from leading a kernel astray: every number in them that is used as a place is one,
// and every walk ends. Each check returns whether its column passes.

import { depthOf, fieldOf, hostAt, isWide, recordBytes } from "./forest";
import {
  BLOCK_SHIFT,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  FIELD_REDIRECT,
  FIELD_UNREADABLE,
  HEADER_DEPTH_BITS,
  HEADER_KEYS,
  HEADER_LEAF_COUNT,
  HEADER_LEAVES,
  HEADER_NODES,
  HEADER_OWNERS,
  HEADER_RANGES,
  HEADER_RECORDS,
  HEADER_TERMS,
  HOST_SYSTEM,
  IOMMU_TRANSLATING,
  KIND_MASK,
  KIND_SYSTEM_RAM,
  KIND_WINDOW,
  LAST_KEY,
  LEAF_BASE,
  LEAF_BYTES,
  LEAF_VALUES,
  NO_KEY,
  NO_RANGE,
  OPEN_BLANK,
  OUTSIDE,
  RANGE_BYTES,
  RANGE_COVER,
  RANGE_SIZE,
  RANGE_START,
  RANGE_TERMS,
  RECORD_HOST,
  RECORD_PREFIX,
  RECORD_SUFFIX,
  SEGMENTS_PER_LEAF,
  SYSTEM_DISPLACEMENT,
  SYSTEM_FIRST,
  SYSTEM_IOMMU,
  SYSTEM_OPEN,
  SYSTEM_SPAN,
  TERMS_BYTES,
  TERMS_META,
} from "./layout";
import { systemAt } from "./ranges";

const WORD: usize = 4;

/** Keys name nodes that come before, with their depths. */
export function checkKeys(base: usize): bool {
  return isWide(base) ? keysPass<u32>(base) : keysPass<u8>(base);
}

function keysPass<R>(base: usize): bool {
  const keys = <usize>load<u32>(base, HEADER_KEYS);
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  const nodes = load<u32>(base, HEADER_NODES);
  if (load<u32>(keys) != 0) return false;
  for (let id: u32 = 1; id <= nodes; id++) {
    const key = load<u32>(keys + <usize>id * WORD);
    const parent = key >> bits;
    if (parent >= id) return false;
    const depth = depthOf<R>(records + <usize>parent * recordBytes<R>());
    if (bits > 0 && (key & ((1 << bits) - 1)) != depth) return false;
  }
  return true;
}

/** Records agree with the keys. */
export function checkRecords(base: usize, hosts: u32): bool {
  return isWide(base) ? recordsPass<u32>(base, hosts) : recordsPass<u8>(base, hosts);
}

function recordsPass<R>(base: usize, hosts: u32): bool {
  const keys = <usize>load<u32>(base, HEADER_KEYS);
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const bits = load<u32>(base, HEADER_DEPTH_BITS);
  const nodes = load<u32>(base, HEADER_NODES);
  const within = (1 << BLOCK_SHIFT) - 1;
  let least = NO_KEY;
  let nextHost: u32 = 0;
  for (let id: u32 = 0; id <= nodes; id++) {
    const record = records + <usize>id * recordBytes<R>();
    const key = load<u32>(keys + <usize>id * WORD);
    const above = records + <usize>(key >> bits) * recordBytes<R>();
    least = (id & within) == 0 ? key : min(least, key);
    if (load<u32>(record, RECORD_PREFIX) != least) return false;
    const depth = depthOf<R>(record);
    const isRoot = key >> bits == 0;
    if (depth != (isRoot ? 0 : depthOf<R>(above) + 1)) return false;
    if (fieldOf<R>(record, FIELD_REDIRECT) > depth || fieldOf<R>(record, FIELD_UNREADABLE) > depth) return false;
    const host = id == 0 ? 0 : isRoot ? nextHost++ : load<u32>(above, RECORD_HOST);
    if (load<u32>(record, RECORD_HOST) != host) return false;
  }
  least = NO_KEY;
  for (let id = nodes + 1; id > 0; id--) {
    const node = id - 1;
    if ((node & within) == within) least = NO_KEY;
    if (load<u32>(records + <usize>node * recordBytes<R>(), RECORD_SUFFIX) != least) return false;
    least = min(least, load<u32>(keys + <usize>node * WORD));
  }
  return nextHost == hosts;
}

export function checkHosts(base: usize, hosts: u32, systems: u32): bool {
  for (let host: u32 = 0; host < hosts; host++) {
    if (load<u32>(hostAt(base, host), HOST_SYSTEM) >= systems) return false;
  }
  return true;
}

export function checkSystems(base: usize, systems: u32): bool {
  for (let system: u32 = 0; system < systems; system++) {
    const record = systemAt(base, system);
    const span = load<u64>(record, SYSTEM_SPAN);
    const first = load<u64>(record, SYSTEM_FIRST);
    const place = load<u64>(record, SYSTEM_DISPLACEMENT) + first;
    if (span >= LAST_KEY || place >= LAST_KEY - span || first >= LAST_KEY - span) return false;
    if (load<u32>(record, SYSTEM_OPEN) > OPEN_BLANK || load<u32>(record, SYSTEM_IOMMU) > IOMMU_TRANSLATING)
      return false;
  }
  return true;
}

export function checkRanges(base: usize, ranges: u32, terms: u32): bool {
  const records = <usize>load<u32>(base, HEADER_RANGES);
  let before: u64 = 0;
  for (let range: u32 = 0; range < ranges; range++) {
    const record = records + <usize>range * RANGE_BYTES;
    const start = load<u64>(record, RANGE_START);
    const size = load<u64>(record, RANGE_SIZE);
    if (start < before || start >= LAST_KEY || size == 0 || size > LAST_KEY - start) return false;
    before = start;
    const cover = load<u32>(record, RANGE_COVER);
    if (load<u32>(record, RANGE_TERMS) >= terms || (cover != NO_RANGE && cover >= range)) return false;
  }
  return true;
}

/** What is outside PCI is no node's, every other range is one's, and only windows are those of host bridges. */
export function checkOwners(base: usize, ranges: u32): bool {
  return isWide(base) ? ownersPass<u32>(base, ranges) : ownersPass<u8>(base, ranges);
}

function ownersPass<R>(base: usize, ranges: u32): bool {
  const owners = <usize>load<u32>(base, HEADER_OWNERS);
  const rows = <usize>load<u32>(base, HEADER_RANGES);
  const terms = <usize>load<u32>(base, HEADER_TERMS);
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const nodes = load<u32>(base, HEADER_NODES);
  for (let range: usize = 0; range < <usize>ranges; range++) {
    const owner = load<u32>(owners + range * WORD);
    const row = <usize>load<u32>(rows + range * RANGE_BYTES, RANGE_TERMS);
    const kind = load<u32>(terms + row * TERMS_BYTES, TERMS_META) & KIND_MASK;
    if ((owner & OUTSIDE) != 0) {
      if (kind < KIND_SYSTEM_RAM) return false;
      continue;
    }
    if (kind >= KIND_SYSTEM_RAM || owner == 0 || owner > nodes) return false;
    if (kind != KIND_WINDOW && depthOf<R>(records + <usize>owner * recordBytes<R>()) == 0) return false;
  }
  return true;
}

export function checkLeaves(base: usize, ranges: u32): bool {
  const leaves = <usize>load<u32>(base, HEADER_LEAVES);
  const count = <usize>load<u32>(base, HEADER_LEAF_COUNT);
  if (count == 0 || load<u64>(leaves, LEAF_BASE) != 0) return false;
  let before: u64 = 0;
  for (let index: usize = 0; index < count; index++) {
    const leaf = leaves + index * LEAF_BYTES;
    const from = load<u64>(leaf, LEAF_BASE);
    if ((index > 0 && from <= before) || from >= LAST_KEY) return false;
    before = from;
    for (let slot: usize = 0; slot < <usize>SEGMENTS_PER_LEAF; slot++) {
      const value = load<u32>(leaf + slot * WORD, LEAF_VALUES);
      const claim = value >> CLAIM_SHIFT;
      if (claim > CLAIM_MAYBE || (claim != CLAIM_NOBODY && (value & CLAIM_RANGE) >= ranges)) return false;
    }
  }
  return true;
}
