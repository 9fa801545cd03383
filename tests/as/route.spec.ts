// The joined decision, one at a time and in batches, and the status of every kind of request.

import {
  ALWAYS,
  DECISION_BYTES,
  DECISION_COMMON,
  DECISION_DISTANCE,
  DECISION_OUTCOMES,
  DECISION_PATH,
  DECISION_RELATION,
  DECISION_STATUS,
  KIND_BAR,
  KIND_NOT_PEER,
  KIND_OTHER,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  KIND_WINDOW,
  MARK_REDIRECT,
  MARK_UNREADABLE,
  OPEN_EVERYWHERE,
  OPEN_NOWHERE,
  NO_RANGE,
  OUTCOME_BUS_ADDRESS,
  OUTCOME_HOST_REFUSED,
  OUTCOME_REDIRECT_REFUSED,
  OUTCOME_SYSTEMS_REFUSED,
  OUTCOME_THROUGH_HOST,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SILENT,
  RANK_SURROUNDING,
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
} from "../../assembly/layout";
import { claimIn, decide, decideMany, request } from "../../assembly/route";
import { Machine, random } from "./machine";

const R = <u8>MARK_REDIRECT;
const U = <u8>MARK_UNREADABLE;
const READ: u32 = 0;
const WRITE: u32 = 1;
const BOTH: u32 = 2;

const out: usize = heap.alloc(REQUEST_BYTES);

function relation(machine: Machine, a: u32, b: u32): u32 {
  decide(machine.base, a, b, BOTH, out);
  return load<u8>(out, DECISION_RELATION);
}

function path(machine: Machine, a: u32, b: u32): u32 {
  decide(machine.base, a, b, BOTH, out);
  return load<u8>(out, DECISION_PATH);
}

function outcomes(machine: Machine, a: u32, b: u32, direction: u32 = BOTH): u32 {
  decide(machine.base, a, b, direction, out);
  return load<u8>(out, DECISION_OUTCOMES);
}

describe("relation", () => {
  it("tells a function itself from a pair below a bridge, a host bridge, or two", () => {
    const machine = new Machine();
    machine.system(0, 0, OPEN_NOWHERE);
    machine.host(0, 0, true); // 1
    machine.node(1, 0); // 2 ─┬─ 3
    machine.node(2, 0); //    └─ 4
    machine.node(2, 0);
    machine.node(1, 0); // 5
    machine.host(0, 0, true); // 6 ── 7
    machine.node(6, 0);
    machine.finish();
    expect(relation(machine, 3, 3)).toBe(RELATION_SELF);
    expect(relation(machine, 3, 4)).toBe(RELATION_COMMON_BRIDGE);
    expect(relation(machine, 3, 2)).toBe(RELATION_COMMON_BRIDGE);
    expect(relation(machine, 2, 3)).toBe(RELATION_COMMON_BRIDGE);
    expect(relation(machine, 3, 5)).toBe(RELATION_SAME_HOST);
    expect(relation(machine, 3, 7)).toBe(RELATION_ACROSS_HOSTS);
  });

  it("is unknown across unknown roots of one segment, known across segments and systems", () => {
    const machine = new Machine();
    machine.system(0, 0, OPEN_NOWHERE);
    machine.system(0, 0, OPEN_NOWHERE);
    machine.host(0, 0, true); // 1 ── 2
    machine.node(1, 0);
    machine.host(0, 0, false); // 3 ─┬─ 4
    machine.node(3, 0); //           └─ 5
    machine.node(3, 0);
    machine.host(0, 1, false); // 6 ── 7
    machine.node(6, 0);
    machine.host(1, 0, false); // 8 ── 9
    machine.node(8, 0);
    machine.host(0, 0, false); // 10 ── 11
    machine.node(10, 0);
    machine.finish();
    expect(relation(machine, 4, 5)).toBe(RELATION_SAME_UNKNOWN);
    expect(relation(machine, 2, 4)).toBe(RELATION_ACROSS_UNKNOWN);
    expect(relation(machine, 4, 11)).toBe(RELATION_ACROSS_UNKNOWN);
    expect(relation(machine, 4, 7)).toBe(RELATION_ACROSS_HOSTS, "another segment");
    expect(relation(machine, 4, 9)).toBe(RELATION_ACROSS_SYSTEMS);
    expect(outcomes(machine, 4, 9)).toBe(OUTCOME_SYSTEMS_REFUSED);
    expect(relation(machine, 9, 9)).toBe(RELATION_SELF);
  });
});

/**
 *   1 ── 2 ─┬─ 3 ── 4       7 ── 8
 *           └─ 5 ── 6
 */
function twoLegs(marks: StaticArray<u8>): Machine {
  const machine = new Machine();
  machine.system(0, 0, OPEN_NOWHERE);
  machine.host(0, 0, true);
  machine.node(1, marks[2]);
  machine.node(2, marks[3]);
  machine.node(3, marks[4]);
  machine.node(2, marks[5]);
  machine.node(5, marks[6]);
  machine.host(0, 0, true);
  machine.node(7, marks[8]);
  return machine;
}

describe("decision", () => {
  it("holds common bridge, distance, relation and path", () => {
    const machine = twoLegs([0, 0, 0, R, 0, 0, 0, 0, 0]);
    machine.finish();
    decide(machine.base, 4, 6, BOTH, out);
    expect(load<u32>(out, DECISION_COMMON)).toBe(2);
    expect(load<u32>(out, DECISION_DISTANCE)).toBe(4);
    expect(load<u8>(out, DECISION_RELATION)).toBe(<u8>RELATION_COMMON_BRIDGE);
    expect(load<u8>(out, DECISION_PATH)).toBe(<u8>PATH_REDIRECTED);
    expect(load<u8>(out, DECISION_STATUS)).toBe(<u8>STATUS_DECIDED);
    decide(machine.base, 4, 8, BOTH, out);
    expect(load<u32>(out, DECISION_COMMON)).toBe(0);
    expect(load<u32>(out, DECISION_DISTANCE)).toBe(4);
    expect(load<u8>(out, DECISION_PATH)).toBe(<u8>PATH_DIRECT, "ACS is not consulted without a common bridge");
  });

  it("looks at both legs and the common bridge", () => {
    for (let at: i32 = 2; at <= 6; at++) {
      const marks = new StaticArray<u8>(9);
      marks[at] = U;
      const machine = twoLegs(marks);
      machine.finish();
      expect(path(machine, 4, 6)).toBe(PATH_MAYBE);
      expect(path(machine, 4, 3)).toBe(at == 3 || at == 4 ? PATH_MAYBE : PATH_DIRECT);
    }
  });

  it("finds its outcomes by relation, path, direction and the classes of both host bridges", () => {
    const machine = new Machine();
    machine.system(0, 0, OPEN_NOWHERE);
    machine.host(0, 0, true, 1);
    machine.node(1, R);
    machine.host(0, 0, true, 2);
    machine.node(3, 0);
    machine.outcome(RELATION_ACROSS_HOSTS, PATH_DIRECT, READ, 1, 2, 1);
    machine.outcome(RELATION_ACROSS_HOSTS, PATH_DIRECT, WRITE, 1, 2, 2);
    machine.outcome(RELATION_ACROSS_HOSTS, PATH_DIRECT, BOTH, 1, 2, 3);
    machine.outcome(RELATION_ACROSS_HOSTS, PATH_DIRECT, READ, 2, 1, 4);
    machine.outcome(RELATION_SELF, PATH_REDIRECTED, READ, 1, 1, 5);
    machine.outcome(RELATION_SELF, PATH_DIRECT, READ, 2, 2, 6);
    machine.finish();
    expect(outcomes(machine, 2, 4, READ)).toBe(1);
    expect(outcomes(machine, 2, 4, WRITE)).toBe(2);
    expect(outcomes(machine, 2, 4, BOTH)).toBe(3);
    expect(outcomes(machine, 4, 2, READ)).toBe(4);
    expect(outcomes(machine, 2, 2, READ)).toBe(5);
    expect(outcomes(machine, 4, 4, READ)).toBe(6);
  });

  it("is maybe or redirected on one unknown bus, over both whole chains", () => {
    for (let mark: u8 = 0; mark < 2; mark++) {
      const machine = new Machine();
      machine.system(0, 0, OPEN_NOWHERE);
      machine.host(0, 0, false);
      machine.node(1, mark == 1 ? R : 0); // 2 ── 3
      machine.node(2, 0);
      machine.node(1, 0); // 4
      machine.finish();
      expect(relation(machine, 3, 4)).toBe(RELATION_SAME_UNKNOWN);
      expect(path(machine, 3, 4)).toBe(mark == 1 ? PATH_REDIRECTED : PATH_MAYBE);
    }
  });

  it("is the same in batches", () => {
    const count: u32 = 1000;
    const machine = twoLegs([0, 0, R, 0, U, 0, 0, 0, 0]);
    machine.always(RELATION_SELF, PATH_DIRECT, 1);
    machine.always(RELATION_SELF, PATH_MAYBE, 3);
    machine.always(RELATION_COMMON_BRIDGE, PATH_REDIRECTED, 4);
    machine.always(RELATION_ACROSS_HOSTS, PATH_DIRECT, 8);
    machine.finish();
    const providers = heap.alloc(count * 4);
    const clients = heap.alloc(count * 4);
    const many = heap.alloc(<usize>count * DECISION_BYTES);
    for (let index: u32 = 0; index < count; index++) {
      store<u32>(providers + index * 4, 1 + random(8));
      store<u32>(clients + index * 4, 1 + random(8));
    }
    decideMany(machine.base, count, providers, clients, READ, many);
    let wrong = 0;
    for (let index: u32 = 0; index < count; index++) {
      decide(machine.base, load<u32>(providers + index * 4), load<u32>(clients + index * 4), READ, out);
      wrong += i32(memory.compare(out, many + <usize>index * DECISION_BYTES, DECISION_BYTES) != 0);
    }
    expect(wrong).toBe(0);
    heap.free(providers);
    heap.free(clients);
    heap.free(many);
  });
});

function ask(machine: Machine, address: u64, size: u64 = 1): u32 {
  request(machine.base, 6, address, size, BOTH, out);
  return load<u8>(out, DECISION_STATUS);
}

/** Bridges 3 and 5 below 2; the owner is 4, the initiator 6. What claims addresses is up to the test. */
function withSystem(span: u64, open: u32, allowed: u32 = OUTCOME_BUS_ADDRESS): Machine {
  const machine = new Machine();
  machine.system(0, span, open);
  machine.host(0, 0, true);
  machine.node(1, 0);
  machine.node(2, 0);
  machine.node(3, 0);
  machine.node(2, 0);
  machine.node(5, 0);
  machine.always(RELATION_COMMON_BRIDGE, PATH_DIRECT, allowed);
  return machine;
}

describe("request", () => {
  it("holds owner, offset, bus address and the decision about owner and initiator", () => {
    const machine = withSystem(0x10000, OPEN_NOWHERE);
    machine.ranges.add(0x1000, 0x1000, KIND_WINDOW, RANK_SURROUNDING);
    const index = machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.onBus(-0x1000);
    machine.finish();
    expect(ask(machine, 0x2345, 0x10)).toBe(STATUS_DECIDED);
    expect(load<u32>(out, REQUEST_RANGE)).toBe(index);
    expect(load<u64>(out, REQUEST_OFFSET)).toBe(0x345);
    expect(load<u64>(out, REQUEST_BUS)).toBe(0x1345);
    expect(load<u32>(out, DECISION_COMMON)).toBe(2);
    expect(load<u32>(out, DECISION_DISTANCE)).toBe(4);
    expect(load<u8>(out, DECISION_OUTCOMES)).toBe(<u8>OUTCOME_BUS_ADDRESS);
  });

  it("leaves its owner one byte too far, not before", () => {
    const machine = withSystem(0x10000, OPEN_NOWHERE);
    machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.finish();
    expect(ask(machine, 0x2000, 0x1000)).toBe(STATUS_DECIDED);
    expect(ask(machine, 0x2000, 0x1001)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x2fff, 1)).toBe(STATUS_DECIDED);
    expect(ask(machine, 0x2fff, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x2001, u64.MAX_VALUE)).toBe(STATUS_LEAVES_OWNER);
  });

  it("leaves its owner where another begins right behind it, or inside it", () => {
    const machine = withSystem(0x10000, OPEN_NOWHERE);
    machine.ranges.add(0x2000, 0x3000, KIND_BAR, RANK_SILENT, 4);
    machine.ranges.add(0x3000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.add(0x5000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.finish();
    expect(ask(machine, 0x2fff, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x3fff, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x4fff, 2)).toBe(STATUS_LEAVES_OWNER);
  });

  it("tells nobody's address from a hole, and neither where the description is not whole", () => {
    for (let open = OPEN_NOWHERE; open <= OPEN_EVERYWHERE; open++) {
      const machine = withSystem(0x4000, open);
      machine.ranges.add(0x2000, 0x1000, KIND_WINDOW, RANK_SURROUNDING);
      machine.finish();
      expect(ask(machine, 0x1fff)).toBe(open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN);
      expect(ask(machine, 0x2000)).toBe(open == OPEN_EVERYWHERE ? STATUS_OPEN : STATUS_HOLE);
      expect(ask(machine, 0x4000)).toBe(open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN, "beyond the system's span");
      expect(ask(machine, 0xffff_ffff_ffff_ffff)).toBe(open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN);
      expect(load<u32>(out, REQUEST_RANGE)).toBe(NO_RANGE);
    }
  });

  it("is ambiguous or maybe where the claim is, and names a range", () => {
    const machine = withSystem(0x10000, OPEN_EVERYWHERE);
    machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    const second = machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 6);
    const maybe = machine.ranges.add(0x4000, 0x1000, KIND_BAR, RANK_MAYBE, 4);
    machine.finish();
    expect(ask(machine, 0x2000)).toBe(STATUS_AMBIGUOUS);
    expect(load<u32>(out, REQUEST_RANGE)).toBe(second);
    expect(ask(machine, 0x4000)).toBe(STATUS_MAYBE);
    expect(load<u32>(out, REQUEST_RANGE)).toBe(maybe);
  });

  it("names what is no BAR: RAM, a platform device, a ROM or an aperture, what is reserved", () => {
    const machine = withSystem(0x10000, OPEN_NOWHERE);
    machine.ranges.add(0x1000, 0x1000, KIND_SYSTEM_RAM, RANK_LIVE);
    machine.ranges.add(0x2000, 0x1000, KIND_PLATFORM, RANK_PLATFORM);
    machine.ranges.add(0x3000, 0x1000, KIND_NOT_PEER, RANK_APERTURE, 4);
    machine.ranges.add(0x4000, 0x1000, KIND_OTHER, RANK_SURROUNDING);
    machine.finish();
    expect(ask(machine, 0x1000)).toBe(STATUS_SYSTEM_RAM);
    expect(ask(machine, 0x2000)).toBe(STATUS_PLATFORM);
    expect(ask(machine, 0x3000)).toBe(STATUS_NOT_PEER);
    expect(ask(machine, 0x4000)).toBe(STATUS_NOT_PEER);
    expect(ask(machine, 0x1fff, 2)).toBe(STATUS_LEAVES_OWNER);
  });

  it("asks in the initiator's own address space, displaced", () => {
    const machine = new Machine();
    machine.system(0, 0x1000, OPEN_NOWHERE);
    machine.system(0x1000, 0x1000, OPEN_NOWHERE);
    machine.host(0, 0, true);
    machine.node(1, 0); // 2
    machine.host(1, 0, true);
    machine.node(3, 0); // 4
    machine.always(RELATION_SELF, PATH_DIRECT, OUTCOME_BUS_ADDRESS);
    const first = machine.ranges.add(0x800, 0x800, KIND_BAR, RANK_LIVE, 2);
    const second = machine.ranges.add(0x1800, 0x800, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.onBus(0x10);
    machine.finish();
    request(machine.base, 2, 0x900, 1, BOTH, out);
    expect(load<u32>(out, REQUEST_RANGE)).toBe(first);
    expect(load<u64>(out, REQUEST_OFFSET)).toBe(0x100);
    request(machine.base, 4, 0x900, 1, BOTH, out);
    expect(load<u32>(out, REQUEST_RANGE)).toBe(second);
    expect(load<u64>(out, REQUEST_OFFSET)).toBe(0x100);
    expect(load<u64>(out, REQUEST_BUS)).toBe(0x910, "the address that was asked, not the displaced one");
    request(machine.base, 2, 0x1800, 1, BOTH, out);
    expect(load<u8>(out, DECISION_STATUS)).toBe(<u8>STATUS_NOBODY, "another system's address");
    expect(claimIn(machine.base, 1, 0x900) & 0xff).toBe(second);
    request(machine.base, 2, 0xfff, 2, BOTH, out);
    expect(load<u8>(out, DECISION_STATUS)).toBe(<u8>STATUS_LEAVES_OWNER, "into the next system");
  });
});

/** The status where the owner's chain is off, or not known, from a depth on, for the given outcomes of the pair. */
function decode(pairOutcomes: u32, offFrom: u32, unknownFrom: u32): u32 {
  const machine = withSystem(0x10000, OPEN_NOWHERE, pairOutcomes);
  const rank = offFrom == ALWAYS ? RANK_SILENT : RANK_LIVE;
  machine.ranges.add(0x2000, 0x1000, KIND_BAR, rank, 4, offFrom, unknownFrom);
  machine.finish();
  return ask(machine, 0x2000);
}

describe("memory decode", () => {
  // The common bridge is at depth 1, the owner's own bridge at depth 2.
  const either = OUTCOME_BUS_ADDRESS | OUTCOME_THROUGH_HOST;

  it("matters below the common bridge for a request on the bus address", () => {
    expect(decode(OUTCOME_BUS_ADDRESS, 0, 0)).toBe(STATUS_DECIDED);
    expect(decode(OUTCOME_BUS_ADDRESS, 1, 0)).toBe(STATUS_DECIDED, "the common bridge itself is turned round at");
    expect(decode(OUTCOME_BUS_ADDRESS, 2, 0)).toBe(STATUS_MEMORY_OFF);
    expect(decode(OUTCOME_BUS_ADDRESS, ALWAYS, 0)).toBe(STATUS_MEMORY_OFF);
  });

  it("matters from the host bridge on for a request through it", () => {
    expect(decode(OUTCOME_THROUGH_HOST, 1, 0)).toBe(STATUS_MEMORY_OFF);
    expect(decode(OUTCOME_THROUGH_HOST, 0, 1)).toBe(STATUS_MEMORY_UNKNOWN);
    expect(decode(OUTCOME_BUS_ADDRESS, 0, 1)).toBe(STATUS_DECIDED);
    expect(decode(OUTCOME_BUS_ADDRESS, 0, 2)).toBe(STATUS_MEMORY_UNKNOWN);
    expect(decode(OUTCOME_BUS_ADDRESS, 0, ALWAYS)).toBe(STATUS_MEMORY_UNKNOWN);
  });

  it("is off only where every outcome says so", () => {
    expect(decode(either, 1, 0)).toBe(STATUS_DECIDED);
    expect(decode(either, 2, 0)).toBe(STATUS_MEMORY_OFF);
    expect(decode(OUTCOME_THROUGH_HOST | OUTCOME_REDIRECT_REFUSED, 1, 0)).toBe(STATUS_MEMORY_OFF);
    expect(decode(OUTCOME_BUS_ADDRESS | OUTCOME_HOST_REFUSED, 1, 0)).toBe(STATUS_DECIDED);
  });

  it("comes before off for certain, and after a refusal of the pair", () => {
    expect(decode(OUTCOME_BUS_ADDRESS, 2, ALWAYS)).toBe(STATUS_MEMORY_OFF);
    expect(decode(OUTCOME_REDIRECT_REFUSED, 2, ALWAYS)).toBe(STATUS_DECIDED);
    expect(decode(OUTCOME_REDIRECT_REFUSED, ALWAYS, 0)).toBe(STATUS_MEMORY_OFF, "the owner itself is off");
    expect(decode(either | OUTCOME_HOST_REFUSED, 0, ALWAYS)).toBe(STATUS_DECIDED, "the pair is in doubt already");
  });

  it("is not off for certain at a bridge that the initiator may hang below", () => {
    expect(unplaced(OUTCOME_BUS_ADDRESS)).toBe(STATUS_DECIDED);
    expect(unplaced(OUTCOME_THROUGH_HOST)).toBe(STATUS_MEMORY_OFF);
  });
});

/** The status where the bridge above the owner is off and nothing shows what the initiator hangs below. */
function unplaced(pairOutcomes: u32): u32 {
  const machine = new Machine();
  machine.system(0, 0x10000, OPEN_NOWHERE);
  machine.host(0, 0, true);
  machine.node(1, 0);
  const owner = machine.node(2, 0);
  const initiator = machine.node(machine.host(0, 0, false), 0);
  machine.always(RELATION_ACROSS_UNKNOWN, PATH_MAYBE, pairOutcomes);
  machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, owner, 1, 0);
  machine.finish();
  request(machine.base, initiator, 0x2000, 1, BOTH, out);
  return load<u8>(out, DECISION_STATUS);
}
