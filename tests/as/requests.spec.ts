// The joined decision, alone and in batches, and the status of every kind of request. Everything is asked of the narrow
// form and of the wide one, which must agree.

import { parentOf } from "../../assembly/forest";
import {
  ALWAYS,
  CLAIM_NOBODY,
  CLAIM_OWNED,
  CLAIM_RANGE,
  CLAIM_SHIFT,
  DIRECTIONS,
  EXPORTED_MASK,
  EXPORTED_NONE,
  FIRST_APERTURE,
  IOMMU_IDENTITY,
  IOMMU_TRANSLATING,
  IOMMU_UNKNOWN,
  KIND_BAR,
  KIND_NOT_PEER,
  KIND_OTHER,
  KIND_PLATFORM,
  KIND_SYSTEM_RAM,
  KIND_WINDOW,
  LAST_KEY,
  MARK_REDIRECT,
  MARK_UNREADABLE,
  NO_ADDRESS,
  NO_BAR,
  NO_DISTANCE,
  OPEN_BLANK,
  OPEN_EVERYWHERE,
  OPEN_NOWHERE,
  OUTCOME_BUS_ADDRESS,
  OUTCOME_HOST_REFUSED,
  OUTCOME_REDIRECT_REFUSED,
  OUTCOME_SYSTEMS_REFUSED,
  OUTCOME_THROUGH_HOST,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  PHRASE_ADD,
  PHRASE_ANSWER,
  PHRASE_BYTES,
  PHRASE_MASK,
  PHRASE_ROUTE,
  PHRASE_UNKNOWN,
  RANKS,
  RANK_APERTURE,
  RANK_LIVE,
  RANK_MAYBE,
  RANK_PLATFORM,
  RANK_SILENT,
  RANK_SURROUNDING,
  RELATIONS,
  RELATION_ACROSS_HOSTS,
  RELATION_ACROSS_SYSTEMS,
  RELATION_ACROSS_UNKNOWN,
  RELATION_COMMON_BRIDGE,
  RELATION_SAME_HOST,
  RELATION_SAME_UNKNOWN,
  RELATION_SELF,
  RELATION_SLOTS,
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
  STATUS_SYSTEM_RAM,
  STATUS_WITHHELD,
  TRANSLATION_BUS_OFFSET,
  TRANSLATION_IOMMU,
  TRANSLATION_NONE,
  TRANSLATION_UNKNOWN,
} from "../../assembly/layout";
import { matrixRow, sortedKeys } from "../../assembly/matrix";
import { claimIn } from "../../assembly/ranges";
import { decideMany } from "../../assembly/pairs";
import { Batch } from "./batch";
import { zeros } from "./forests";
import { Machine } from "./machine";
import { random } from "./random";
import { claim } from "./scan";

const R = <u8>MARK_REDIRECT;
const U = <u8>MARK_UNREADABLE;
const READ: u32 = 0;
const WRITE: u32 = 1;
const BOTH: u32 = 2;

const one = new Batch(1);
const again = new Batch(1);

function decide(machine: Machine, provider: u32, client: u32, direction: u32): void {
  one.count = 0;
  one.pair(provider, client, direction);
  one.decide(machine.narrow);
  again.count = 0;
  again.copy(one, 0);
  again.decide(machine.wide);
  if (!again.decidedAs(0, one, 0)) expect("wide").toBe("as narrow");
}

function request(machine: Machine, initiator: u32, address: u64, size: u64, direction: u32): void {
  one.count = 0;
  one.request(initiator, address, size, direction);
  one.ask(machine.narrow);
  again.count = 0;
  again.copy(one, 0);
  again.ask(machine.wide);
  if (!again.answeredAs(0, one, 0)) expect("wide").toBe("as narrow");
}

/** Number of the range that the last request concerns. */
function rangeIn(machine: Machine): u32 {
  return machine.ranges.source(load<u32>(one.values) & CLAIM_RANGE);
}

function relation(machine: Machine, a: u32, b: u32): u32 {
  decide(machine, a, b, BOTH);
  return load<u8>(one.relation);
}

function path(machine: Machine, a: u32, b: u32): u32 {
  decide(machine, a, b, BOTH);
  return load<u8>(one.path);
}

function outcomes(machine: Machine, a: u32, b: u32, direction: u32 = BOTH): u32 {
  decide(machine, a, b, direction);
  return load<u8>(one.outcomes);
}

describe("relation", () => {
  it("tells a function itself from a pair below a bridge, a host bridge, or two", () => {
    const machine = new Machine();
    machine.system(OPEN_NOWHERE);
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
    machine.system(OPEN_NOWHERE);
    machine.system(OPEN_NOWHERE);
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
  machine.system(OPEN_NOWHERE);
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
    decide(machine, 4, 6, BOTH);
    expect(load<u32>(one.common)).toBe(2);
    expect(load<u32>(one.distance)).toBe(4);
    expect(load<u8>(one.relation)).toBe(<u8>RELATION_COMMON_BRIDGE);
    expect(load<u8>(one.path)).toBe(<u8>PATH_REDIRECTED);
    decide(machine, 4, 8, BOTH);
    expect(load<u32>(one.common)).toBe(0);
    expect(load<u32>(one.distance)).toBe(4);
    expect(load<u8>(one.path)).toBe(<u8>PATH_DIRECT, "ACS is not consulted without a common bridge");
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
    machine.system(OPEN_NOWHERE);
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
      machine.system(OPEN_NOWHERE);
      machine.host(0, 0, false);
      machine.node(1, mark == 1 ? R : 0); // 2 ── 3
      machine.node(2, 0);
      machine.node(1, 0); // 4
      machine.finish();
      expect(relation(machine, 3, 4)).toBe(RELATION_SAME_UNKNOWN);
      expect(path(machine, 3, 4)).toBe(mark == 1 ? PATH_REDIRECTED : PATH_MAYBE);
    }
  });
});

/** Functions of several systems, known and unknown host bridges, marks and masks of all kinds; ranges of all kinds. */
function anything(functions: u32): Machine {
  const machine = new Machine();
  for (let system: u32 = 0; system < 4; system++) machine.system(system % (OPEN_BLANK + 1), random(3));
  while (machine.count() < functions) {
    machine.host(random(4), random(2), random(3) > 0, <u8>random(3));
    for (let left = random(12); left > 0; left--) {
      machine.node(machine.somewhere(), <u8>(random(3) == 0 ? random(4) : 0), random(3) == 0 ? <u8>random(20) : 0);
    }
  }
  machine.anyOutcomes();
  const kinds: u32[] = [KIND_BAR, KIND_BAR, KIND_BAR, KIND_NOT_PEER, KIND_WINDOW, KIND_SYSTEM_RAM, KIND_PLATFORM];
  for (let left = 6 * functions; left > 0; left--) {
    const kind = kinds[random(7)];
    const rank = kind == KIND_BAR ? RANK_APERTURE + random(5) : random(RANKS);
    const depth = random(3) == 0 ? ALWAYS : random(4);
    const from: u32 = random(3) == 0 ? depth : 0;
    const unknownFrom: u32 = random(3) == 0 ? random(4) : 0;
    machine.ranges.add(random(1 << 18), 1 + random(600), kind, rank, 1 + random(machine.count()), from, unknownFrom);
    if (random(2) == 0) machine.ranges.onBus(random(2) == 0 ? 0 : 0x10000);
    if (kind == KIND_NOT_PEER) machine.ranges.asBar(random(16));
    machine.ranges.inSystem(random(3));
  }
  machine.finish();
  return machine;
}

describe("pairs in batches", () => {
  it("are decided as they are alone, narrow or wide, each in its direction or all in one", () => {
    const machine = anything(300);
    const many = new Batch(1000);
    const wide = new Batch(1000);
    for (let row = 0; row < 1000; row++) {
      many.pair(1 + random(machine.count()), 1 + random(machine.count()), random(3));
      wide.copy(many, row);
    }
    many.decide(machine.narrow);
    wide.decide(machine.wide);
    const seen = new Set<u32>();
    let wrong = 0;
    for (let row: u32 = 0; row < 1000; row++) {
      const provider = load<u32>(many.providers + <usize>row * 4);
      decide(machine, provider, load<u32>(many.clients + <usize>row * 4), load<u8>(many.directions + row));
      wrong += i32(!one.decidedAs(0, many, row)) + i32(!one.decidedAs(0, wide, row));
      seen.add(<u32>load<u8>(many.relation + row));
    }
    for (let direction: u32 = 0; direction < DIRECTIONS; direction++) {
      many.decideAll(machine.narrow, direction);
      for (let row: u32 = 0; row < 1000; row++) {
        decide(
          machine,
          load<u32>(many.providers + <usize>row * 4),
          load<u32>(many.clients + <usize>row * 4),
          direction,
        );
        wrong += i32(!one.decidedAs(0, many, row));
      }
    }
    expect(wrong).toBe(0);
    expect(seen.size).toBe(RELATIONS + 1);
  });

  it("leave out the outcomes on request", () => {
    const machine = anything(20);
    decide(machine, 2, 5, READ);
    const common = load<u32>(one.common);
    const distance = load<u32>(one.distance);
    memory.fill(one.common, 0xee, 4);
    memory.fill(one.distance, 0xee, 4);
    store<u8>(one.outcomes, 77);
    decideMany(
      machine.narrow,
      1,
      one.providers,
      one.clients,
      0,
      READ,
      one.common,
      one.distance,
      one.relation,
      one.path,
      0,
    );
    expect(load<u8>(one.outcomes)).toBe(77);
    expect(load<u32>(one.common)).toBe(common);
    expect(load<u32>(one.distance)).toBe(distance);
  });
});

/** A phrase for each set of outcomes and each relation. */
function anyPhrases(): usize {
  const phrases = zeros(<usize>(64 * RELATION_SLOTS) * PHRASE_BYTES);
  for (let outcomes: u32 = 0; outcomes < 64; outcomes++) {
    for (let relation: u32 = 0; relation < RELATION_SLOTS; relation++) {
      const phrase = phrases + <usize>(outcomes * RELATION_SLOTS + relation) * PHRASE_BYTES;
      // Of two systems there are no hops to tell.
      const tells = relation != RELATION_ACROSS_SYSTEMS && random(3) > 0;
      store<u32>(phrase, tells ? 0xffffffff : 0, PHRASE_MASK);
      store<u32>(phrase, random(9) - 4, PHRASE_ADD);
      store<u8>(phrase, <u8>random(7), PHRASE_ROUTE);
      store<u8>(phrase, <u8>random(3), PHRASE_ANSWER);
    }
  }
  return phrases;
}

/** Cells of a matrix that are not what the decision about their pair comes to. */
function wrongCells(machine: Machine, base: usize, count: u32, direction: u32): i32 {
  const ids: u32[] = [];
  const columns: u32[] = [];
  for (let at: u32 = 0; at < count; at++) {
    ids.push(at % 7 == 6 ? ids[random(at)] : 1 + random(machine.count()));
    const other = random(at + 1);
    columns.push(at);
    columns[at] = columns[other];
    columns[other] = at;
  }
  ids.sort();
  const least = zeros(<usize>count * 4);
  sortedKeys(base, count, ids.dataStart, least);
  const phrases = anyPhrases();
  const keys = zeros(<usize>count * 4);
  const distance = zeros(<usize>count * 4);
  const route = zeros(count);
  const answer = zeros(count);
  let wrong = 0;
  for (let place: u32 = 0; place < count; place++) {
    const many = new Batch(count);
    for (let at: u32 = 0; at < count; at++) many.pair(ids[place], ids[at], direction);
    many.decide(base);
    memory.fill(distance, 0xee, <usize>count * 4);
    memory.fill(route, 0xee, count);
    memory.fill(answer, 0xee, count);
    matrixRow(
      base,
      count,
      place,
      ids.dataStart,
      least,
      columns.dataStart,
      direction,
      phrases,
      keys,
      distance,
      route,
      answer,
    );
    for (let at: u32 = 0; at < count; at++) {
      const slot = <u32>load<u8>(many.outcomes + at) * RELATION_SLOTS + <u32>load<u8>(many.relation + at);
      const phrase = phrases + <usize>slot * PHRASE_BYTES;
      const hops = load<u32>(many.distance + <usize>at * 4);
      let expected = load<u32>(phrase, PHRASE_ADD);
      if (load<u32>(phrase, PHRASE_MASK) != 0) expected = hops == NO_DISTANCE ? PHRASE_UNKNOWN : hops + expected;
      const column = columns[at];
      wrong += i32(load<u32>(distance + <usize>column * 4) != expected);
      wrong += i32(load<u8>(route + column) != load<u8>(phrase, PHRASE_ROUTE));
      wrong += i32(load<u8>(answer + column) != load<u8>(phrase, PHRASE_ANSWER));
    }
  }
  return wrong;
}

describe("a matrix's row", () => {
  it("is what its pairs are alone, put into words, for any ids, some more than once, in columns of any order", () => {
    const counts: u32[] = [1, 2, 3, 64, 150];
    for (let round = 0; round < 3; round++) {
      const machine = anything(10 + 100 * round);
      for (let index = 0; index < counts.length; index++) {
        expect(wrongCells(machine, machine.narrow, counts[index], READ)).toBe(0);
        expect(wrongCells(machine, machine.wide, counts[index], <u32>index % DIRECTIONS)).toBe(0);
      }
    }
  });
});

function ask(machine: Machine, address: u64, size: u64 = 1, initiator: u32 = 6): u32 {
  request(machine, initiator, address, size, BOTH);
  return load<u8>(one.status);
}

/** Bridges 3 and 5 below 2; the owner is 4, the initiator 6. What claims addresses is up to the test. */
function withSystem(open: u32, allowed: u32 = OUTCOME_BUS_ADDRESS): Machine {
  const machine = new Machine();
  machine.system(open);
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
    const machine = withSystem(OPEN_NOWHERE);
    machine.ranges.add(0x1000, 0x1000, KIND_WINDOW, RANK_SURROUNDING);
    const index = machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.onBus(-0x1000);
    machine.finish();
    expect(ask(machine, 0x2345, 0x10)).toBe(STATUS_DECIDED);
    expect(rangeIn(machine)).toBe(index);
    expect(load<u32>(one.owners)).toBe(4);
    expect(load<u64>(one.offsets)).toBe(0x345);
    expect(load<u64>(one.dma)).toBe(0x1345);
    expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_BUS_OFFSET);
    expect(load<u32>(one.common)).toBe(2);
    expect(load<u32>(one.distance)).toBe(4);
    expect(load<u8>(one.outcomes)).toBe(<u8>OUTCOME_BUS_ADDRESS);
  });

  it("leaves its owner one byte too far, not before", () => {
    const machine = withSystem(OPEN_NOWHERE);
    machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.finish();
    expect(ask(machine, 0x2000, 0x1000)).toBe(STATUS_DECIDED);
    expect(ask(machine, 0x2000, 0x1001)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x2fff, 1)).toBe(STATUS_DECIDED);
    expect(ask(machine, 0x2fff, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x2001, u64.MAX_VALUE)).toBe(STATUS_LEAVES_OWNER);
  });

  it("leaves its owner where another begins right behind it, or inside it", () => {
    const machine = withSystem(OPEN_NOWHERE);
    machine.ranges.add(0x2000, 0x3000, KIND_BAR, RANK_SILENT, 4);
    machine.ranges.add(0x3000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.add(0x5000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.finish();
    expect(ask(machine, 0x2fff, 2)).toBe(STATUS_CONTESTED, "still in the outer one's range");
    expect(ask(machine, 0x2000, 0x3000)).toBe(STATUS_CONTESTED);
    expect(ask(machine, 0x2000, 0x3001)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x3fff, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, 0x4fff, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(load<u32>(one.owners)).toBe(4, "whose range it begins in");
  });

  it("tells nobody's address from a hole, and neither where the description is not whole", () => {
    for (let open = OPEN_NOWHERE; open <= OPEN_EVERYWHERE; open++) {
      const machine = withSystem(open);
      machine.ranges.add(0x2000, 0x1000, KIND_WINDOW, RANK_SURROUNDING);
      machine.finish();
      expect(ask(machine, 0x1fff)).toBe(open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN);
      expect(ask(machine, 0x2000)).toBe(open == OPEN_EVERYWHERE ? STATUS_OPEN : STATUS_HOLE);
      expect(ask(machine, 0x4000)).toBe(open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN, "beyond the system's span");
      expect(ask(machine, 0xffff_ffff_ffff_ffff)).toBe(open == OPEN_NOWHERE ? STATUS_NOBODY : STATUS_OPEN);
      expect(load<u32>(one.values) >> CLAIM_SHIFT).toBe(CLAIM_NOBODY);
      expect(load<u32>(one.owners)).toBe(0);
      expect(load<u32>(one.distance)).toBe(NO_DISTANCE);
      expect(load<u64>(one.dma)).toBe(NO_ADDRESS);
    }
  });

  it("is ambiguous or maybe where the claim is, and names a range", () => {
    const machine = withSystem(OPEN_EVERYWHERE);
    machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    const second = machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 6);
    const maybe = machine.ranges.add(0x4000, 0x1000, KIND_BAR, RANK_MAYBE, 4);
    machine.finish();
    expect(ask(machine, 0x2000)).toBe(STATUS_AMBIGUOUS);
    expect(rangeIn(machine)).toBe(second);
    expect(load<u32>(one.owners)).toBe(0);
    expect(ask(machine, 0x4000)).toBe(STATUS_MAYBE);
    expect(rangeIn(machine)).toBe(maybe);
  });

  it("names what is no BAR: RAM, a platform device, a ROM or an aperture, what is reserved", () => {
    const machine = withSystem(OPEN_NOWHERE);
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

  it("withholds what its exporter hands out to nobody, but from itself", () => {
    for (let stance: u32 = 0; stance <= EXPORTED_MASK; stance++) {
      const machine = withSystem(OPEN_NOWHERE);
      machine.ranges.add(0x1000, 0x1000, KIND_BAR, RANK_LIVE, 4, ALWAYS);
      machine.ranges.exportedAs(stance);
      machine.ranges.add(0x2000, 0x1000, KIND_PLATFORM, RANK_PLATFORM, 4);
      machine.ranges.exportedAs(stance);
      machine.finish();
      const none = stance == EXPORTED_NONE;
      expect(ask(machine, 0x1000, 1, 6)).toBe(none ? STATUS_WITHHELD : STATUS_MEMORY_OFF);
      expect(load<u32>(one.owners)).toBe(4, "whose it is");
      expect(ask(machine, 0x1000, 1, 4)).toBe(STATUS_MEMORY_OFF, "the owner itself");
      expect(ask(machine, 0x2000, 1, 4)).toBe(none ? STATUS_WITHHELD : STATUS_PLATFORM, "a number, not a node");
      expect(ask(machine, 0x1fff, 2, 6)).toBe(STATUS_LEAVES_OWNER);
    }
  });

  it("asks in the initiator's own address space, displaced", () => {
    const machine = new Machine();
    machine.system(OPEN_NOWHERE);
    machine.system(OPEN_NOWHERE);
    machine.host(0, 0, true);
    machine.node(1, 0); // 2
    machine.host(1, 0, true);
    machine.node(3, 0); // 4
    machine.always(RELATION_SELF, PATH_DIRECT, OUTCOME_BUS_ADDRESS);
    const second = machine.ranges.add(0x800, 0x800, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.onBus(0x10);
    machine.ranges.inSystem(1);
    const first = machine.ranges.add(0x800, 0x800, KIND_BAR, RANK_LIVE, 2);
    machine.finish();
    expect(ask(machine, 0x900, 1, 2)).toBe(STATUS_DECIDED);
    expect(rangeIn(machine)).toBe(first);
    expect(load<u64>(one.offsets)).toBe(0x100);
    expect(ask(machine, 0x900, 1, 4)).toBe(STATUS_DECIDED);
    expect(rangeIn(machine)).toBe(second);
    expect(load<u64>(one.offsets)).toBe(0x100);
    expect(load<u64>(one.dma)).toBe(0x910, "the address that was asked, not the displaced one");
    expect(ask(machine, 0x1000, 1, 2)).toBe(STATUS_NOBODY, "another system's, were they one space");
    expect(ask(machine, 0x7ff, 1, 4)).toBe(STATUS_NOBODY);
    expect(machine.ranges.sourceClaim(claimIn(machine.narrow, 1, 0x900))).toBe(claim(CLAIM_OWNED, second));
    expect(ask(machine, 0xfff, 2, 2)).toBe(STATUS_LEAVES_OWNER, "into the next system");
  });

  it("tells apertures from other ranges that are no peer memory by the BAR", () => {
    const bars: u32[] = [0, 6, FIRST_APERTURE, FIRST_APERTURE + 5, NO_BAR];
    const found: u32[] = [];
    for (let index = 0; index < bars.length; index++) {
      const machine = withSystem(OPEN_NOWHERE);
      machine.ranges.add(0x2000, 0x1000, KIND_NOT_PEER, RANK_APERTURE, 4);
      machine.ranges.asBar(bars[index]);
      machine.finish();
      found.push(ask(machine, 0x2000));
    }
    const aperture = STATUS_APERTURE;
    expect(found).toStrictEqual([STATUS_NOT_PEER, STATUS_NOT_PEER, aperture, aperture, STATUS_NOT_PEER]);
  });

  it("knows nothing of addresses where none are described, but what it does know", () => {
    const machine = withSystem(OPEN_BLANK);
    machine.ranges.add(0x2000, 0x1000, KIND_WINDOW, RANK_SURROUNDING);
    machine.ranges.add(0x3000, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.finish();
    expect(ask(machine, 0x1000)).toBe(STATUS_BLANK);
    expect(ask(machine, 0x2000)).toBe(STATUS_BLANK);
    expect(ask(machine, 0x3000)).toBe(STATUS_DECIDED);
  });

  it("reaches up to the end of the space", () => {
    const machine = withSystem(OPEN_NOWHERE);
    const last = LAST_KEY - 2;
    machine.ranges.add(0x1000, 0x1000, KIND_BAR, RANK_LIVE, 6);
    machine.ranges.add(last - 0xfff, 0x1000, KIND_BAR, RANK_LIVE, 4);
    machine.ranges.onBus(0);
    machine.finish();
    expect(ask(machine, last)).toBe(STATUS_DECIDED);
    expect(load<u64>(one.offsets)).toBe(0xfff);
    expect(load<u64>(one.dma)).toBe(last);
    expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_NONE);
    expect(ask(machine, last, 2)).toBe(STATUS_LEAVES_OWNER);
    expect(ask(machine, last + 1)).toBe(STATUS_NOBODY);
    expect(ask(machine, LAST_KEY)).toBe(STATUS_NOBODY);
    expect(ask(machine, LAST_KEY + 1)).toBe(STATUS_NOBODY);
    expect(ask(machine, last - 0x1000)).toBe(STATUS_NOBODY);
  });

  it("is the same in batches of a hundred, narrow or wide, whatever comes of it", () => {
    const statuses = new Set<u32>();
    const translations = new Set<u32>();
    let wrong = 0;
    for (let round = 0; round < 40; round++) {
      const machine = anything(60);
      const many = new Batch(100);
      for (let row: u32 = 0; row < 100; row++) {
        const near = random(machine.ranges.count);
        const address = row % 4 == 0 ? <u64>random(1 << 18) : machine.ranges.start(near) + random(9);
        let initiator = 1 + random(machine.count());
        while (parentOf(machine.narrow, initiator) == 0) initiator = 1 + random(machine.count());
        many.request(initiator, address, 1 + random(row % 3 == 0 ? 400 : 4), random(3));
      }
      many.ask(machine.narrow);
      for (let row: u32 = 0; row < 100; row++) {
        one.count = 0;
        one.copy(many, row);
        one.ask(machine.narrow);
        wrong += i32(!one.answeredAs(0, many, row));
        one.ask(machine.wide);
        wrong += i32(!one.answeredAs(0, many, row));
        const direction = load<u8>(many.directions + row);
        one.ask(machine.narrow, true, direction);
        wrong += i32(!one.answeredAs(0, many, row));
        statuses.add(<u32>load<u8>(many.status + row));
        translations.add(<u32>load<u8>(many.translation + row));
      }
    }
    expect(wrong).toBe(0);
    expect(statuses.size).toBe(STATUS_DMA_MASK_UNKNOWN + 1, "each status at least once");
    expect(translations.size).toBe(TRANSLATION_UNKNOWN + 1);
  });
});

/** The initiator drives `bits`; the owner's BAR covers [0, 2^62), or `size` bytes from `start`. */
function driving(
  bits: u8,
  outcomes: u32,
  iommu: u32,
  onBus: bool,
  start: u64 = 0,
  size: u64 = (<u64>1) << 62,
): Machine {
  const machine = new Machine();
  machine.system(OPEN_NOWHERE, iommu);
  machine.host(0, 0, true);
  machine.node(1, 0);
  machine.node(2, 0);
  machine.node(3, 0);
  machine.node(2, 0);
  machine.node(5, 0, bits);
  machine.always(RELATION_COMMON_BRIDGE, PATH_DIRECT, outcomes);
  machine.ranges.add(start, size, KIND_BAR, RANK_LIVE, 4);
  if (onBus) machine.ranges.onBus(0);
  machine.finish();
  return machine;
}

describe("DMA address", () => {
  it("is the bus address, without an offset or with one, or not known", () => {
    const offsets: i64[] = [0, 0x10, -0x10];
    for (let index = 0; index < offsets.length; index++) {
      const machine = withSystem(OPEN_NOWHERE);
      machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 4);
      machine.ranges.onBus(offsets[index]);
      machine.finish();
      expect(ask(machine, 0x2100)).toBe(STATUS_DECIDED);
      expect(load<u64>(one.dma)).toBe(0x2100 + offsets[index]);
      expect(load<u8>(one.translation)).toBe(<u8>(index == 0 ? TRANSLATION_NONE : TRANSLATION_BUS_OFFSET));
    }
    const machine = driving(0, OUTCOME_BUS_ADDRESS, IOMMU_TRANSLATING, false);
    expect(ask(machine, 0x2100)).toBe(STATUS_DECIDED);
    expect(load<u64>(one.dma)).toBe(NO_ADDRESS);
    expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_UNKNOWN);
  });

  it("through the host bridge is the CPU's, an IOVA, or not known, as the IOMMU is", () => {
    for (let ram = 0; ram < 2; ram++) {
      const addresses: u64[] = [];
      const translations: u8[] = [];
      for (let iommu = IOMMU_UNKNOWN; iommu <= IOMMU_TRANSLATING; iommu++) {
        const machine = new Machine();
        machine.system(OPEN_NOWHERE, iommu);
        machine.host(0, 0, true);
        machine.node(1, 0);
        machine.always(RELATION_SELF, PATH_DIRECT, OUTCOME_THROUGH_HOST);
        machine.ranges.add(0x2000, 0x1000, ram == 1 ? KIND_SYSTEM_RAM : KIND_BAR, RANK_LIVE, 2);
        machine.ranges.onBus(0x77);
        machine.finish();
        expect(ask(machine, 0x2100, 1, 2)).toBe(ram == 1 ? STATUS_SYSTEM_RAM : STATUS_DECIDED);
        addresses.push(load<u64>(one.dma));
        translations.push(load<u8>(one.translation));
      }
      const unknown = <u8>TRANSLATION_UNKNOWN;
      const iova = <u8>TRANSLATION_IOMMU;
      expect(addresses).toStrictEqual([NO_ADDRESS, 0x2100, NO_ADDRESS]);
      expect(translations).toStrictEqual([unknown, <u8>TRANSLATION_NONE, iova]);
    }
  });

  it("is none where the route is in doubt or refused", () => {
    const routes: u32[] = [
      OUTCOME_BUS_ADDRESS | OUTCOME_THROUGH_HOST,
      OUTCOME_REDIRECT_REFUSED,
      OUTCOME_HOST_REFUSED,
      OUTCOME_BUS_ADDRESS | OUTCOME_HOST_REFUSED,
      0,
    ];
    for (let index = 0; index < routes.length; index++) {
      const machine = driving(1, routes[index], IOMMU_IDENTITY, true);
      expect(ask(machine, 0x2100)).toBe(STATUS_DECIDED, "no mask matters either");
      expect(load<u64>(one.dma)).toBe(NO_ADDRESS);
      expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_UNKNOWN);
    }
  });

  it("ends where the initiator's bits do", () => {
    for (let route = OUTCOME_BUS_ADDRESS; route <= OUTCOME_THROUGH_HOST; route++) {
      const widths: u8[] = [1, 2, 12, 31, 32, 33, 52, 61];
      for (let index = 0; index < widths.length; index++) {
        const machine = driving(widths[index], route, IOMMU_IDENTITY, true);
        const end = (<u64>1) << widths[index];
        expect(ask(machine, end - 1)).toBe(STATUS_DECIDED);
        expect(load<u64>(one.dma)).toBe(end - 1);
        expect(ask(machine, 0, end)).toBe(STATUS_DECIDED);
        expect(ask(machine, end)).toBe(STATUS_DMA_MASK);
        expect(load<u64>(one.dma)).toBe(NO_ADDRESS);
        expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_NONE);
        expect(load<u8>(one.outcomes)).toBe(<u8>route);
        expect(ask(machine, end - 1, 2)).toBe(STATUS_DMA_MASK);
        expect(ask(machine, 0, end + 1)).toBe(STATUS_DMA_MASK);
      }
    }
  });

  it("has no end where no mask is known, or one of 64 bits; bits count on the bus, not on the CPU's side", () => {
    const widths: u8[] = [0, 64, 255];
    for (let index = 0; index < widths.length; index++) {
      const machine = driving(widths[index], OUTCOME_BUS_ADDRESS, IOMMU_IDENTITY, true);
      expect(ask(machine, 0, (<u64>1) << 62)).toBe(STATUS_DECIDED);
    }
    for (let bits: u8 = 62; bits < 66; bits++) {
      const machine = driving(bits, OUTCOME_BUS_ADDRESS, IOMMU_IDENTITY, false, 0x1000, 0x1000);
      expect(ask(machine, 0x1000)).toBe(bits < 64 ? STATUS_DMA_MASK_UNKNOWN : STATUS_DECIDED, "any bus address");
    }
    // Beyond 2^63 on the bus, wherever it is for the CPU.
    for (let bits: u8 = 62; bits < 66; bits++) {
      const machine = new Machine();
      machine.system(OPEN_NOWHERE);
      machine.host(0, 0, true);
      machine.node(1, 0, bits);
      machine.always(RELATION_SELF, PATH_DIRECT, OUTCOME_BUS_ADDRESS);
      machine.ranges.add(0x1000, 0x1000, KIND_BAR, RANK_LIVE, 2);
      machine.ranges.onBus(i64.MIN_VALUE - 0x1000);
      machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, 2);
      machine.ranges.onBus(i64.MIN_VALUE - 0x2001);
      machine.finish();
      expect(ask(machine, 0x1000, 1, 2)).toBe(bits < 64 ? STATUS_DMA_MASK : STATUS_DECIDED);
      expect(ask(machine, 0x2000, 1, 2)).toBe(bits < 63 ? STATUS_DMA_MASK : STATUS_DECIDED);
      expect(ask(machine, 0x2000, 2, 2)).toBe(bits < 64 ? STATUS_DMA_MASK : STATUS_DECIDED, "one byte beyond");
    }
  });

  it("of which nothing is known may be beyond them", () => {
    const bus = driving(32, OUTCOME_BUS_ADDRESS, IOMMU_IDENTITY, false);
    expect(ask(bus, 0x1000)).toBe(STATUS_DMA_MASK_UNKNOWN, "the bus address may be any");
    const host = driving(32, OUTCOME_THROUGH_HOST, IOMMU_UNKNOWN, false);
    expect(ask(host, 0xffffffff)).toBe(STATUS_DECIDED, "without an IOMMU it fits, with one as well");
    expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_UNKNOWN);
    expect(ask(host, 0x100000000)).toBe(STATUS_DMA_MASK_UNKNOWN);
    const iommu = driving(32, OUTCOME_THROUGH_HOST, IOMMU_TRANSLATING, false);
    expect(ask(iommu, 0x100000000)).toBe(STATUS_DECIDED, "the IOMMU finds an address that fits");
    expect(load<u8>(one.translation)).toBe(<u8>TRANSLATION_IOMMU);
  });

  it("of RAM has the same end", () => {
    const machine = new Machine();
    machine.system(OPEN_NOWHERE, IOMMU_IDENTITY);
    machine.host(0, 0, true);
    machine.node(1, 0, 32);
    machine.ranges.add(0xfffff000, 0x2000, KIND_SYSTEM_RAM, RANK_LIVE);
    machine.finish();
    expect(ask(machine, 0xfffff000, 0x1000, 2)).toBe(STATUS_SYSTEM_RAM);
    expect(load<u32>(one.owners)).toBe(0);
    expect(ask(machine, 0xfffff000, 0x1001, 2)).toBe(STATUS_DMA_MASK);
  });
});

/** The status where the owner's chain is off, or not known, from a depth on, for the given outcomes of the pair. */
function decode(pairOutcomes: u32, offFrom: u32, unknownFrom: u32): u32 {
  const machine = withSystem(OPEN_NOWHERE, pairOutcomes);
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
  machine.system(OPEN_NOWHERE);
  machine.host(0, 0, true);
  machine.node(1, 0);
  const owner = machine.node(2, 0);
  const initiator = machine.node(machine.host(0, 0, false), 0);
  machine.always(RELATION_ACROSS_UNKNOWN, PATH_MAYBE, pairOutcomes);
  machine.ranges.add(0x2000, 0x1000, KIND_BAR, RANK_LIVE, owner, 1, 0);
  machine.finish();
  return ask(machine, 0x2000, 1, initiator);
}
