// The joined decision: an initiator and an address, whose owner is the provider.

import { depthOf, fieldOf, hostAt, isWide, parentOf, recordBytes, recordOf } from "./forest";
import {
  BAR_MASK,
  BAR_SHIFT,
  CLAIM_AMBIGUOUS,
  CLAIM_HOLE,
  CLAIM_MAYBE,
  CLAIM_OWNED,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  EXPORTED_MASK,
  EXPORTED_NONE,
  EXPORTED_SHIFT,
  FIELD_OWN,
  FIRST_APERTURE,
  HEADER_OWNERS,
  HEADER_RANGES,
  HEADER_RECORDS,
  HEADER_TERMS,
  HEADER_TOUCHED,
  HOST_SYSTEM,
  KIND_BAR,
  KIND_MASK,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  META_BUS_KNOWN,
  NO_ADDRESS,
  NO_DISTANCE,
  OPEN_BLANK,
  OPEN_EVERYWHERE,
  OPEN_NOWHERE,
  OUTCOMES_ALLOWED,
  OUTCOME_BUS_ADDRESS,
  OUTCOME_THROUGH_HOST,
  OUTSIDE,
  OWN_DMA_BITS,
  PATH_SLOTS,
  RANGE_BYTES,
  RANGE_SIZE,
  RANGE_START,
  RANGE_TERMS,
  RECORD_DEPTH,
  RECORD_HOST,
  RELATION_ACROSS_UNKNOWN,
  RELATION_SLOTS,
  RULING_BYTES,
  RULING_CODE,
  RULING_ROUTE,
  STATUS_AMBIGUOUS,
  STATUS_APERTURE,
  STATUS_BLANK,
  STATUS_CONTESTED,
  STATUS_DECIDED,
  STATUS_DMA_MASK,
  STATUS_DMA_MASK_UNKNOWN,
  STATUS_HOLE,
  STATUS_LEAVES_OWNER,
  STATUS_MAYBE,
  STATUS_MEMORY_OFF,
  STATUS_MEMORY_UNKNOWN,
  STATUS_NOBODY,
  STATUS_NOT_PEER,
  STATUS_OPEN,
  STATUS_PLATFORM,
  STATUS_SLOTS,
  STATUS_SYSTEM_RAM,
  STATUS_WITHHELD,
  SYSTEM_DISPLACEMENT,
  SYSTEM_IOMMU,
  SYSTEM_OPEN,
  TERMS_BUS_OFFSET,
  TERMS_BYTES,
  TERMS_META,
  TERMS_OFF_FROM,
  TERMS_UNKNOWN_FROM,
  TRANSLATION_BUS_OFFSET,
  TRANSLATION_IOMMU,
  TRANSLATION_NONE,
  TRANSLATION_UNKNOWN,
} from "./layout";
import { decideMany } from "./pairs";
import { claimMany, displaced, systemAt } from "./ranges";

const WORD: usize = 4;
const KEY: usize = 8;

/**
 * Answers `count` requests, each for [address, address + size) of the initiator's own system, with sizes of at least 1
 * and sums that do not wrap.
 *
 *   initiators   u32 per row
 *   addresses    u64 per row; displaced afterwards
 *   sizes        u64 per row
 *   directions   u8 per row, or 0: all in `direction`
 *   ends         scratch, u64 per row
 *   providers    scratch, u32 per row
 *   systems      scratch, u32 per row
 *   values       result, u32 per row: claim and range
 *   owners       result, u32 per row: the node; 0: none, none alone, or none of PCI
 *   offsets      result, u64 per row: of the address in the owner's range
 *   dma          result, u64 per row: what the initiator has to put on the bus, or NO_ADDRESS
 *   translation  result, u8 per row: how that comes about
 *   status       result, u8 per row
 *   common …     results as of `decideMany`; where nothing is decided 0, NO_DISTANCE, 0, 0, 0
 *   rulings      ruling records (layout.ts), or 0
 *   route, code  results, u8 per row: of the rulings
 *
 * Returns `count`, or the first row whose initiator is a host bridge, and nothing is answered then.
 */
export function requestMany(
  base: usize,
  count: u32,
  initiators: usize,
  addresses: usize,
  sizes: usize,
  directions: usize,
  direction: u32,
  ends: usize,
  providers: usize,
  systems: usize,
  values: usize,
  owners: usize,
  offsets: usize,
  dma: usize,
  translation: usize,
  status: usize,
  common: usize,
  distance: usize,
  relation: usize,
  path: usize,
  outcomes: usize,
  rulings: usize,
  route: usize,
  code: usize,
): u32 {
  const ranges = <usize>load<u32>(base, HEADER_RANGES);
  const terms = <usize>load<u32>(base, HEADER_TERMS);
  const ownerColumn = <usize>load<u32>(base, HEADER_OWNERS);
  // Loops of little but loads, so that many miss the caches together.
  const records = <usize>load<u32>(base, HEADER_RECORDS);
  const bytes = isWide(base) ? recordBytes<u32>() : recordBytes<u8>();
  let hostBridges: u32 = 0;
  for (let row: usize = 0; row < <usize>count; row++) {
    const record = records + <usize>load<u32>(initiators + row * WORD) * bytes;
    store<u32>(systems + row * WORD, load<u32>(record, RECORD_HOST));
    hostBridges |= u32(load<u8>(record, RECORD_DEPTH) == 0);
  }
  if (hostBridges != 0) {
    const row = firstHostBridge(base, count, initiators);
    if (row != count) return row;
  }
  for (let row: usize = 0; row < <usize>count; row++) {
    const system = systemAt(base, load<u32>(hostAt(base, load<u32>(systems + row * WORD)), HOST_SYSTEM));
    store<u32>(systems + row * WORD, <u32>system);
    store<u64>(addresses + row * KEY, displaced(system, load<u64>(addresses + row * KEY)));
  }
  claimMany(base, count, addresses, values, ends);
  let touched: u32 = 0;
  for (let row: usize = 0; row < <usize>count; row++) {
    const value = load<u32>(values + row * WORD);
    const range = value >> CLAIM_SHIFT == CLAIM_OWNED ? <usize>(value & CLAIM_RANGE) : 0;
    // A record may lie across two lines.
    touched ^= load<u32>(ranges + range * RANGE_BYTES) ^ load<u32>(ranges + range * RANGE_BYTES, RANGE_TERMS);
    store<u32>(owners + row * WORD, load<u32>(ownerColumn + range * WORD));
  }
  store<u32>(base, touched, HEADER_TOUCHED);
  for (let row: usize = 0; row < <usize>count; row++) {
    const value = load<u32>(values + row * WORD);
    let owner: u32 = 0;
    let offset: u64 = 0;
    let state: u32;
    // Terms that nobody looks at, where nobody owns the address.
    let held = base;
    if (value >> CLAIM_SHIFT == CLAIM_OWNED) {
      const range = ranges + <usize>(value & CLAIM_RANGE) * RANGE_BYTES;
      const at = load<u64>(addresses + row * KEY);
      const size = load<u64>(sizes + row * KEY);
      held = terms + <usize>load<u32>(range, RANGE_TERMS) * TERMS_BYTES;
      owner = load<u32>(owners + row * WORD);
      offset = at - load<u64>(range, RANGE_START);
      if (size > load<u64>(ends + row * KEY) - at) {
        state = size <= load<u64>(range, RANGE_SIZE) - offset ? STATUS_CONTESTED : STATUS_LEAVES_OWNER;
      } else {
        const own = owner == load<u32>(initiators + row * WORD);
        state = statusOfKind(load<u32>(held, TERMS_META), own);
      }
      if ((owner & OUTSIDE) != 0) owner = 0;
    } else {
      state = statusOfClaim(value, load<u32>(<usize>load<u32>(systems + row * WORD), SYSTEM_OPEN));
    }
    store<u32>(owners + row * WORD, owner);
    store<u64>(offsets + row * KEY, offset);
    store<u8>(status + row, <u8>state);
    // Where the segment ends is known by now: the column goes on as that of the terms.
    store<u64>(ends + row * KEY, <u64>held);
    // Rows that need no decision get one on node 0, which is overwritten below: cheaper than leaving them out.
    store<u32>(providers + row * WORD, state == STATUS_DECIDED ? owner : 0);
  }
  decideMany(base, count, providers, initiators, directions, direction, common, distance, relation, path, outcomes);
  for (let row: usize = 0; row < <usize>count; row++) {
    let state = <u32>load<u8>(status + row);
    const held = <usize>load<u64>(ends + row * KEY);
    let way: u32 = 0;
    if (state == STATUS_DECIDED) {
      way = <u32>load<u8>(outcomes + row);
      if ((load<u32>(held, TERMS_OFF_FROM) | load<u32>(held, TERMS_UNKNOWN_FROM)) != 0) {
        const owner = load<u32>(owners + row * WORD);
        const turn = load<u32>(common + row * WORD);
        state = memoryStatus(base, held, owner, turn, way, <u32>load<u8>(relation + row));
        if (state != STATUS_DECIDED) way = 0;
      }
    } else {
      store<u32>(common + row * WORD, 0);
      store<u32>(distance + row * WORD, NO_DISTANCE);
      store<u8>(relation + row, 0);
      store<u8>(path + row, 0);
      store<u8>(outcomes + row, 0);
      if (state == STATUS_SYSTEM_RAM) way = OUTCOME_THROUGH_HOST;
    }
    // No branches, because routes come as they like: an address for each, and one of them is taken.
    const system = <usize>load<u32>(systems + row * WORD);
    const physical = load<u64>(addresses + row * KEY) - load<u64>(system, SYSTEM_DISPLACEMENT);
    const busOffset = load<u64>(held, TERMS_BUS_OFFSET);
    const busKnown = (load<u32>(held, TERMS_META) & META_BUS_KNOWN) != 0;
    const onBus: u32 = busKnown ? (busOffset == 0 ? TRANSLATION_NONE : TRANSLATION_BUS_OFFSET) : TRANSLATION_UNKNOWN;
    const throughHost = load<u32>(HOST_TRANSLATIONS + ((<usize>load<u32>(system, SYSTEM_IOMMU)) << 2));
    const translated =
      way == OUTCOME_BUS_ADDRESS ? onBus : way == OUTCOME_THROUGH_HOST ? throughHost : TRANSLATION_UNKNOWN;
    let address = translated <= TRANSLATION_BUS_OFFSET ? physical : NO_ADDRESS;
    address += translated == TRANSLATION_BUS_OFFSET ? busOffset : 0;
    const initiator = load<u32>(initiators + row * WORD);
    if (isLimited(base, initiator) && (way == OUTCOME_BUS_ADDRESS || way == OUTCOME_THROUGH_HOST)) {
      // Through the host bridge it is the CPU's address, should there be no IOMMU; on the bus it may be any. An IOVA is
      // within reach if there is room for it at all.
      const unknown = translated == TRANSLATION_UNKNOWN;
      const known = !unknown || way == OUTCOME_THROUGH_HOST;
      const first = translated == TRANSLATION_IOMMU ? 0 : unknown ? physical : address;
      const size = load<u64>(sizes + row * KEY);
      if (!drives(base, initiator, known, first, size)) {
        state = unknown && drives(base, initiator, true, 0, size) ? STATUS_DMA_MASK_UNKNOWN : STATUS_DMA_MASK;
        address = NO_ADDRESS;
      }
    }
    store<u64>(dma + row * KEY, address);
    store<u8>(translation + row, <u8>translated);
    store<u8>(status + row, <u8>state);
  }
  if (rulings != 0) ruleRows(count, rulings, status, outcomes, relation, path, route, code);
  return count;
}

/** The first row that is no function, or `count`; a low byte of 0 may be that of a depth of 256. */
function firstHostBridge(base: usize, count: u32, ids: usize): u32 {
  for (let row: u32 = 0; row < count; row++) {
    if (parentOf(base, load<u32>(ids + <usize>row * WORD)) == 0) return row;
  }
  return count;
}

/** Translation at the host bridge by IOMMU_…; an unknown one leaves it unknown. */
const HOST_TRANSLATIONS = memory.data<u32>([TRANSLATION_UNKNOWN, TRANSLATION_NONE, TRANSLATION_IOMMU]);

/** Puts requests into words. */
function ruleRows(
  count: u32,
  rulings: usize,
  status: usize,
  outcomes: usize,
  relation: usize,
  path: usize,
  route: usize,
  code: usize,
): void {
  const decided = rulings + <usize>STATUS_SLOTS * RULING_BYTES;
  for (let row: usize = 0; row < <usize>count; row++) {
    const state = <usize>load<u8>(status + row);
    const cell =
      (<usize>load<u8>(outcomes + row) * RELATION_SLOTS + <usize>load<u8>(relation + row)) * PATH_SLOTS +
      <usize>load<u8>(path + row);
    const ruling = state == STATUS_DECIDED ? decided + cell * RULING_BYTES : rulings + state * RULING_BYTES;
    store<u8>(route + row, load<u8>(ruling, RULING_ROUTE));
    store<u8>(code + row, load<u8>(ruling, RULING_CODE));
  }
}

function statusOfClaim(value: u32, open: u32): u32 {
  const claim = value >> CLAIM_SHIFT;
  if (claim == CLAIM_AMBIGUOUS) return STATUS_AMBIGUOUS;
  if (claim == CLAIM_MAYBE) return STATUS_MAYBE;
  if (open == OPEN_BLANK) return STATUS_BLANK;
  if (claim == CLAIM_HOLE) return open == OPEN_EVERYWHERE ? STATUS_OPEN : STATUS_HOLE;
  return open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN;
}

/** What a range is to a request; the owner itself needs nobody's leave. */
function statusOfKind(meta: u32, own: bool): u32 {
  const kind = meta & KIND_MASK;
  if (((meta >> EXPORTED_SHIFT) & EXPORTED_MASK) == EXPORTED_NONE && !own) return STATUS_WITHHELD;
  if (kind == KIND_BAR) return STATUS_DECIDED;
  if (kind == KIND_SYSTEM_RAM) return STATUS_SYSTEM_RAM;
  if (kind == KIND_PLATFORM) return STATUS_PLATFORM;
  const bar = (meta >> BAR_SHIFT) & BAR_MASK;
  return bar >= FIRST_APERTURE && bar != BAR_MASK ? STATUS_APERTURE : STATUS_NOT_PEER;
}

/**
 * Does memory decode let the request arrive? On the bus address it passes the owner's bridges below the common one;
 * through the host bridge it passes all of them. Off only if every outcome still possible says so.
 */
function memoryStatus(base: usize, terms: usize, owner: u32, common: u32, outcomes: u32, relation: u32): u32 {
  const from: u32 =
    (outcomes & OUTCOMES_ALLOWED) == OUTCOME_THROUGH_HOST ? 0 : turningDepth(base, owner, common, outcomes, relation);
  if (load<u32>(terms, TERMS_OFF_FROM) > from) return STATUS_MEMORY_OFF;
  // A refusal, or a doubt about the route, stands whatever the registers hold.
  if (outcomes != OUTCOME_BUS_ADDRESS && outcomes != OUTCOME_THROUGH_HOST) return STATUS_DECIDED;
  return load<u32>(terms, TERMS_UNKNOWN_FROM) > from ? STATUS_MEMORY_UNKNOWN : STATUS_DECIDED;
}

/** Depth of the bridge at which a request on the bus address turns downward, as deep as it may be. */
function turningDepth(base: usize, owner: u32, common: u32, outcomes: u32, relation: u32): u32 {
  const arrives = (outcomes & OUTCOME_BUS_ADDRESS) != 0;
  // The initiator may hang below any bridge of the owner's chain, or below the owner.
  const turn = arrives && relation != RELATION_ACROSS_UNKNOWN ? common : owner;
  return isWide(base) ? depthOf<u32>(recordOf<u32>(base, turn)) : depthOf<u8>(recordOf<u8>(base, turn));
}

/** Whether there are addresses that the initiator is known not to drive. */
function isLimited(base: usize, initiator: u32): bool {
  return dmaBitsOf(base, initiator) != 0;
}

/** Whether an initiator with a limit can drive the last DMA address. */
function drives(base: usize, initiator: u32, known: bool, first: u64, size: u64): bool {
  const limit = (<u64>1) << dmaBitsOf(base, initiator);
  return known && size <= limit && first <= limit - size;
}

function dmaBitsOf(base: usize, node: u32): u32 {
  const own = isWide(base)
    ? fieldOf<u32>(recordOf<u32>(base, node), FIELD_OWN)
    : fieldOf<u8>(recordOf<u8>(base, node), FIELD_OWN);
  return own & OWN_DMA_BITS;
}
