// The joined decision: relation and path state of two functions, looked up in the policy's table; and the same for an
// initiator and an address, whose owner is the provider.

import { commonUpstream, distanceOver, pathState, recordOf, unplacedPathState } from "./forest";
import { segmentAt, segmentEnd } from "./ranges";
import {
  CLAIM_AMBIGUOUS,
  CLAIM_MAYBE,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  CLAIM_HOLE,
  DECISION_BYTES,
  DECISION_COMMON,
  DECISION_DISTANCE,
  DECISION_OUTCOMES,
  DECISION_PATH,
  DECISION_RELATION,
  DECISION_STATUS,
  DIRECTIONS,
  HEADER_CLASSES,
  HEADER_CLASS_COUNT,
  HEADER_HOSTS,
  HEADER_RANGES,
  HEADER_SYSTEMS,
  HEADER_TABLE,
  HEADER_VALUES,
  HOST_BYTES,
  HOST_KNOWN,
  HOST_SEGMENT,
  HOST_SYSTEM,
  KIND_BAR,
  KIND_MASK,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  NO_RANGE,
  OPEN_EVERYWHERE,
  OPEN_NOWHERE,
  OUTCOMES_ALLOWED,
  OUTCOME_BUS_ADDRESS,
  OUTCOME_SYSTEMS_REFUSED,
  OUTCOME_THROUGH_HOST,
  PATHS,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RANGE_BUS_OFFSET,
  RANGE_BYTES,
  RANGE_META,
  RANGE_OFF_FROM,
  RANGE_OWNER,
  RANGE_START,
  RANGE_UNKNOWN_FROM,
  RECORD_DEPTH,
  RECORD_HOST,
  RELATION_ACROSS_HOSTS,
  RELATION_ACROSS_SYSTEMS,
  RELATION_ACROSS_UNKNOWN,
  RELATION_COMMON_BRIDGE,
  RELATION_SAME_HOST,
  RELATION_SAME_UNKNOWN,
  RELATION_SELF,
  REQUEST_BUS,
  REQUEST_BYTES,
  REQUEST_OFFSET,
  REQUEST_RANGE,
  STATUS_AMBIGUOUS,
  STATUS_DECIDED,
  STATUS_HOLE,
  STATUS_LEAVES_OWNER,
  STATUS_MAYBE,
  STATUS_MEMORY_OFF,
  STATUS_MEMORY_UNKNOWN,
  STATUS_NOBODY,
  STATUS_NOT_PEER,
  STATUS_OPEN,
  STATUS_PLATFORM,
  STATUS_SYSTEM_RAM,
  SYSTEM_BYTES,
  SYSTEM_DISPLACEMENT,
  SYSTEM_OPEN,
  SYSTEM_SPAN,
} from "./layout";

const WORD: usize = 4;

/** Writes the decision for one pair of functions to `out`. */
export function decide(base: usize, provider: u32, client: u32, direction: u32, out: usize): void {
  const common = commonUpstream(base, provider, client);
  const commonDepth = load<u32>(recordOf(base, common), RECORD_DEPTH);
  const providerHost = load<u32>(recordOf(base, provider), RECORD_HOST);
  const clientHost = load<u32>(recordOf(base, client), RECORD_HOST);
  const relation = relationOf(base, provider, client, common, commonDepth, providerHost, clientHost);
  let path = PATH_DIRECT;
  if (relation == RELATION_SELF || relation == RELATION_COMMON_BRIDGE) {
    path = pathState(base, provider, client, commonDepth);
  } else if (relation == RELATION_SAME_UNKNOWN) {
    // Should they meet at a bridge that the description lacks, its ACS is unknown and all of both chains counts.
    path = pathState(base, provider, client, 1) == PATH_REDIRECTED ? PATH_REDIRECTED : PATH_MAYBE;
  } else if (relation == RELATION_ACROSS_UNKNOWN) {
    path = unplacedPathState(base, provider, client, isKnown(base, providerHost), isKnown(base, clientHost));
  }
  const outcomes =
    relation == RELATION_ACROSS_SYSTEMS
      ? OUTCOME_SYSTEMS_REFUSED
      : outcomesOf(base, relation, path, direction, providerHost, clientHost);
  store<u32>(out, common, DECISION_COMMON);
  store<u32>(out, distanceOver(base, provider, client, common), DECISION_DISTANCE);
  store<u8>(out, <u8>outcomes, DECISION_OUTCOMES);
  store<u8>(out, <u8>relation, DECISION_RELATION);
  store<u8>(out, <u8>path, DECISION_PATH);
  store<u8>(out, <u8>STATUS_DECIDED, DECISION_STATUS);
}

function relationOf(
  base: usize,
  provider: u32,
  client: u32,
  common: u32,
  commonDepth: u32,
  providerHost: u32,
  clientHost: u32,
): u32 {
  if (provider == client) return RELATION_SELF;
  if (commonDepth > 0) return RELATION_COMMON_BRIDGE;
  const a = hostAt(base, providerHost);
  const b = hostAt(base, clientHost);
  const known = isKnown(base, providerHost) && isKnown(base, clientHost);
  if (common != 0) return known ? RELATION_SAME_HOST : RELATION_SAME_UNKNOWN;
  if (load<u32>(a, HOST_SYSTEM) != load<u32>(b, HOST_SYSTEM)) return RELATION_ACROSS_SYSTEMS;
  // A host bridge lies within one segment, and so does everything below it.
  if (known || load<u32>(a, HOST_SEGMENT) != load<u32>(b, HOST_SEGMENT)) return RELATION_ACROSS_HOSTS;
  return RELATION_ACROSS_UNKNOWN;
}

function hostAt(base: usize, host: u32): usize {
  return <usize>load<u32>(base, HEADER_HOSTS) + <usize>host * HOST_BYTES;
}

function isKnown(base: usize, host: u32): bool {
  return load<u32>(hostAt(base, host), HOST_KNOWN) != 0;
}

function outcomesOf(base: usize, relation: u32, path: u32, direction: u32, providerHost: u32, clientHost: u32): u32 {
  const classes = <usize>load<u32>(base, HEADER_CLASSES);
  const count = load<u32>(base, HEADER_CLASS_COUNT);
  const row = (relation * PATHS + path) * DIRECTIONS + direction;
  const providerClass = <u32>load<u8>(classes + <usize>providerHost);
  const clientClass = <u32>load<u8>(classes + <usize>clientHost);
  const index = (row * count + providerClass) * count + clientClass;
  return <u32>load<u8>(<usize>load<u32>(base, HEADER_TABLE) + <usize>index);
}

/** Decisions for `count` pairs: `providers` and `clients` are columns of u32, `out` of decisions. */
export function decideMany(
  base: usize,
  count: u32,
  providers: usize,
  clients: usize,
  direction: u32,
  out: usize,
): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const provider = load<u32>(providers + row * WORD);
    decide(base, provider, load<u32>(clients + row * WORD), direction, out + row * DECISION_BYTES);
  }
}

/**
 * Writes the request of `initiator` for [address, address + size) of its own system to `out`.
 * `size` is at least 1 and the sum does not wrap.
 */
export function request(base: usize, initiator: u32, address: u64, size: u64, direction: u32, out: usize): void {
  memory.fill(out, 0, REQUEST_BYTES);
  store<u32>(out, NO_RANGE, REQUEST_RANGE);
  const system = systemOf(base, initiator);
  const claim = claimOn(base, system, address);
  const kindOfClaim = claim >> CLAIM_SHIFT;
  const index = claim & CLAIM_RANGE;
  if (kindOfClaim != CLAIM_OWNED) {
    const open = load<u32>(system, SYSTEM_OPEN);
    if (kindOfClaim == CLAIM_AMBIGUOUS || kindOfClaim == CLAIM_MAYBE) store<u32>(out, index, REQUEST_RANGE);
    if (kindOfClaim == CLAIM_AMBIGUOUS) setStatus(out, STATUS_AMBIGUOUS);
    else if (kindOfClaim == CLAIM_MAYBE) setStatus(out, STATUS_MAYBE);
    else if (kindOfClaim == CLAIM_HOLE) setStatus(out, open == OPEN_EVERYWHERE ? STATUS_OPEN : STATUS_HOLE);
    else setStatus(out, open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN);
    return;
  }
  const displaced = load<u64>(system, SYSTEM_DISPLACEMENT) + address;
  store<u32>(out, index, REQUEST_RANGE);
  const range = <usize>load<u32>(base, HEADER_RANGES) + <usize>index * RANGE_BYTES;
  store<u64>(out, displaced - load<u64>(range, RANGE_START), REQUEST_OFFSET);
  store<u64>(out, address + load<u64>(range, RANGE_BUS_OFFSET), REQUEST_BUS);
  if (size > segmentEnd(base, segmentAt(base, displaced)) - displaced) {
    setStatus(out, STATUS_LEAVES_OWNER);
    return;
  }
  const kind = load<u32>(range, RANGE_META) & KIND_MASK;
  if (kind != KIND_BAR) {
    if (kind == KIND_SYSTEM_RAM) setStatus(out, STATUS_SYSTEM_RAM);
    else setStatus(out, kind == KIND_PLATFORM ? STATUS_PLATFORM : STATUS_NOT_PEER);
    return;
  }
  decide(base, load<u32>(range, RANGE_OWNER), initiator, direction, out);
  setStatus(out, memoryStatus(base, range, out));
}

/**
 * Does memory decode let the request arrive? On the bus address it passes the owner's bridges below the common one;
 * through the host bridge it passes all of them. Off only if every outcome still possible says so.
 */
function memoryStatus(base: usize, range: usize, decision: usize): u32 {
  const outcomes = <u32>load<u8>(decision, DECISION_OUTCOMES);
  const from: u32 = (outcomes & OUTCOMES_ALLOWED) == OUTCOME_THROUGH_HOST ? 0 : turningDepth(base, range, decision);
  if (load<u32>(range, RANGE_OFF_FROM) > from) return STATUS_MEMORY_OFF;
  // A refusal, or a doubt about the route, stands whatever the registers hold.
  if (outcomes != OUTCOME_BUS_ADDRESS && outcomes != OUTCOME_THROUGH_HOST) return STATUS_DECIDED;
  return load<u32>(range, RANGE_UNKNOWN_FROM) > from ? STATUS_MEMORY_UNKNOWN : STATUS_DECIDED;
}

/** Depth of the bridge at which a request on the bus address turns downward, as deep as it may be. */
function turningDepth(base: usize, range: usize, decision: usize): u32 {
  const arrives = ((<u32>load<u8>(decision, DECISION_OUTCOMES)) & OUTCOME_BUS_ADDRESS) != 0;
  // The initiator may hang below any bridge of the owner's chain, or below the owner.
  const unplaced = <u32>load<u8>(decision, DECISION_RELATION) == RELATION_ACROSS_UNKNOWN;
  const turn = load<u32>(arrives && !unplaced ? decision + DECISION_COMMON : range + RANGE_OWNER);
  return load<u32>(recordOf(base, turn), RECORD_DEPTH);
}

function systemOf(base: usize, node: u32): usize {
  const host = hostAt(base, load<u32>(recordOf(base, node), RECORD_HOST));
  return <usize>load<u32>(base, HEADER_SYSTEMS) + <usize>load<u32>(host, HOST_SYSTEM) * SYSTEM_BYTES;
}

/** What the segments say of an address of a system. */
export function claimOn(base: usize, system: usize, address: u64): u32 {
  if (address >= load<u64>(system, SYSTEM_SPAN)) return CLAIM_NOBODY << CLAIM_SHIFT;
  const segment = segmentAt(base, load<u64>(system, SYSTEM_DISPLACEMENT) + address);
  return load<u32>(<usize>load<u32>(base, HEADER_VALUES) + <usize>segment * WORD);
}

/** The same for the system with a given ordinal. */
export function claimIn(base: usize, system: u32, address: u64): u32 {
  return claimOn(base, <usize>load<u32>(base, HEADER_SYSTEMS) + <usize>system * SYSTEM_BYTES, address);
}

/** How many bytes from an address on, in the system with a given ordinal, are claimed alike. */
export function claimedAlike(base: usize, system: u32, address: u64): u64 {
  const record = <usize>load<u32>(base, HEADER_SYSTEMS) + <usize>system * SYSTEM_BYTES;
  const displaced = load<u64>(record, SYSTEM_DISPLACEMENT) + address;
  return segmentEnd(base, segmentAt(base, displaced)) - displaced;
}

function setStatus(out: usize, status: u32): void {
  store<u8>(out, <u8>status, DECISION_STATUS);
}
