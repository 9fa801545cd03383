// The direction-aware model of ACS, alone and in batches and matrices, against a walk over whole chains. Everything is
// asked of the narrow form and of the wide one.

import { parentOf } from "../../assembly/forest";
import {
  DIRECTIONS,
  DIRECTION_WRITE,
  EGRESS,
  HEADER_UNSETTLED,
  MARK_COMPLETION,
  MARK_REDIRECT,
  MARK_REQUEST,
  MARK_UNREADABLE,
  OPEN_NOWHERE,
  PATHS,
  PATH_ANY,
  PATH_BLOCKED,
  PATH_DIRECT,
  PATH_MAYBE,
  PATH_REDIRECTED,
  PHRASE_ANSWER,
  PHRASE_BYTES,
  PRECISE_FOUND,
  PRECISE_GIVEN,
  PRECISE_OFF,
  RELATION_ACROSS_UNKNOWN,
  RELATION_COMMON_BRIDGE,
  RELATION_SAME_UNKNOWN,
  RELATION_SLOTS,
  WAYS_ALL,
  WAY_BLOCKED,
  WAY_DIRECT,
  WAY_REDIRECTED,
} from "../../assembly/layout";
import { matrixRow, sortedKeys } from "../../assembly/matrix";
import { childBelow } from "../../assembly/precise";
import { Batch } from "./batch";
import { zeros } from "./forests";
import { Machine } from "./machine";
import { random } from "./random";

const U = <u8>MARK_UNREADABLE;
/** Request redirect, completion redirect, egress control without and with request redirect. */
const RR = <u8>(MARK_REDIRECT | MARK_REQUEST);
const CR = <u8>(MARK_REDIRECT | MARK_COMPLETION);
const EC = <u8>(MARK_REDIRECT | MARK_UNREADABLE);
const ECRR = <u8>(EC | MARK_REQUEST);
const MARKS: u8[] = [0, 0, 0, U, RR, CR, RR | CR, EC, ECRR, EC | CR, ECRR | CR];

const READ: u32 = 0;
const WRITE: u32 = 1;
const BOTH: u32 = 2;
const DIRECT_OR_BLOCKED: u32 = (WAY_DIRECT | WAY_BLOCKED) - 1;

const requests = zeros(4096);
const one = new Batch(1);
const again = new Batch(1);

function path(machine: Machine, provider: u32, client: u32, direction: u32 = BOTH): u32 {
  one.count = 0;
  one.pair(provider, client, direction);
  one.decide(machine.narrow);
  again.count = 0;
  again.pair(provider, client, direction);
  again.decide(machine.wide);
  if (!again.decidedAs(0, one, 0)) expect("wide").toBe("as narrow");
  return load<u8>(one.path);
}

/**
 *   1 ── 2 ─┬─ 3 ── 4 ── 5       9 ── 10
 *           └─ 6 ── 7
 *              └─── 8
 */
function twoLegs(marked: u32, mark: u8, other: u32 = 0, otherMark: u8 = 0): Machine {
  const machine = new Machine();
  machine.system(OPEN_NOWHERE);
  const parents: u32[] = [0, 1, 2, 3, 4, 2, 6, 6, 0, 9];
  for (let node = 1; node <= parents.length; node++) {
    const own: u8 = node == marked ? mark : node == other ? otherMark : 0;
    if (parents[node - 1] == 0) machine.host(0, 0, true);
    else machine.node(parents[node - 1], own);
  }
  machine.finish();
  machine.judgedBy(PRECISE_FOUND, requests);
  return machine;
}

describe("the child below a common bridge", () => {
  it("is on the way up, and none where the node is the bridge", () => {
    const machine = twoLegs(0, 0);
    for (let wide = 0; wide < 2; wide++) {
      const base = wide == 1 ? machine.wide : machine.narrow;
      expect(childBelow(base, 5, 2)).toBe(3);
      expect(childBelow(base, 5, 4)).toBe(5);
      expect(childBelow(base, 2, 2)).toBe(0);
      expect(childBelow(base, 7, 1)).toBe(2);
    }
  });
});

describe("the precise path", () => {
  it("is redirected by RR and by nothing else of the client's child, in both directions", () => {
    for (let node: u32 = 2; node <= 8; node++) {
      const machine = twoLegs(node, RR);
      for (let direction: u32 = 0; direction < DIRECTIONS; direction++) {
        expect(path(machine, 5, 7, direction)).toBe(node == 6 ? PATH_REDIRECTED : PATH_DIRECT);
        expect(path(machine, 7, 5, direction)).toBe(node == 3 ? PATH_REDIRECTED : PATH_DIRECT);
        expect(path(machine, 8, 7, direction)).toBe(node == 7 ? PATH_REDIRECTED : PATH_DIRECT);
      }
    }
  });

  it("is redirected by CR of the provider's child, where there are completions", () => {
    for (let node: u32 = 2; node <= 8; node++) {
      const machine = twoLegs(node, CR);
      const expected: u32 = node == 3 ? PATH_REDIRECTED : PATH_DIRECT;
      expect(path(machine, 5, 7, READ)).toBe(expected);
      expect(path(machine, 5, 7, BOTH)).toBe(expected);
      expect(path(machine, 5, 7, WRITE)).toBe(PATH_DIRECT);
    }
  });

  it("is direct to itself, and where an end is the bridge on that side", () => {
    const machine = twoLegs(2, RR | CR, 5, RR | CR);
    expect(path(machine, 5, 5)).toBe(PATH_DIRECT);
    expect(path(machine, 2, 7)).toBe(PATH_DIRECT);
    expect(path(machine, 7, 2)).toBe(PATH_DIRECT);
    expect(path(machine, 4, 5)).toBe(PATH_REDIRECTED, "the client's child is the client");
    expect(path(machine, 5, 4, WRITE)).toBe(PATH_DIRECT);
  });

  it("is not consulted without a common bridge", () => {
    expect(path(twoLegs(2, RR | CR), 5, 10)).toBe(PATH_DIRECT);
  });

  it("is anything where the client's child cannot be read, and maybe where the provider's cannot", () => {
    expect(path(twoLegs(6, U), 5, 7)).toBe(PATH_ANY);
    expect(path(twoLegs(3, U), 5, 7)).toBe(PATH_MAYBE);
    expect(path(twoLegs(3, U), 5, 7, WRITE)).toBe(PATH_DIRECT);
    expect(path(twoLegs(3, U, 6, RR), 5, 7)).toBe(PATH_REDIRECTED, "certainly");
    for (let node: u32 = 2; node <= 8; node++) {
      if (node != 3 && node != 6) expect(path(twoLegs(node, U), 5, 7)).toBe(PATH_DIRECT);
    }
  });

  it("leaves open what egress control does, and counts it", () => {
    expect(path(twoLegs(6, EC), 5, 7)).toBe(DIRECT_OR_BLOCKED);
    const machine = twoLegs(6, ECRR, 3, CR);
    expect(path(machine, 5, 7)).toBe(PATH_REDIRECTED, "by whichever of the two");
    expect(path(machine, 5, 7, WRITE)).toBe(PATH_MAYBE);
    expect(load<u32>(machine.narrow, HEADER_UNSETTLED)).toBe(1);
    expect(load<u8>(requests)).toBe(<u8>(EGRESS | WAY_DIRECT | WAY_REDIRECTED));
    expect(path(machine, 7, 5)).toBe(PATH_DIRECT, "completions pass egress control");
    expect(load<u32>(machine.narrow, HEADER_UNSETTLED)).toBe(0);
  });

  it("goes by the ways of requests that are given", () => {
    const machine = twoLegs(6, EC, 3, CR);
    machine.judgedBy(PRECISE_GIVEN, requests);
    store<u8>(requests, <u8>WAY_BLOCKED);
    expect(path(machine, 5, 7)).toBe(PATH_BLOCKED);
    store<u8>(requests, <u8>WAY_DIRECT);
    expect(path(machine, 5, 7)).toBe(PATH_REDIRECTED, "its completions");
    expect(path(machine, 5, 7, WRITE)).toBe(PATH_DIRECT);
    store<u8>(requests, <u8>WAY_REDIRECTED);
    expect(path(machine, 5, 7, WRITE)).toBe(PATH_REDIRECTED);
  });

  it("looks at the children below an unknown root, which may stand for a bridge", () => {
    const machine = new Machine();
    machine.system(OPEN_NOWHERE);
    machine.host(0, 0, false);
    machine.node(1, RR); // 2 ── 3
    machine.node(2, 0);
    machine.node(1, CR); // 4
    machine.host(0, 0, true);
    machine.node(5, 0); // 6
    machine.finish();
    machine.judgedBy(PRECISE_FOUND, requests);
    expect(path(machine, 3, 4)).toBe(PATH_DIRECT);
    expect(path(machine, 4, 3, WRITE)).toBe(PATH_REDIRECTED);
    expect(path(machine, 3, 6)).toBe(PATH_ANY, "perhaps below a bridge that nobody describes");
  });
});

/** Trees of any shape and marks below known and unknown roots. */
function anything(nodes: u32): Machine {
  const machine = new Machine();
  machine.system(OPEN_NOWHERE);
  machine.system(OPEN_NOWHERE);
  while (machine.count() < nodes) {
    machine.host(random(8) == 0 ? 1 : 0, random(2), random(3) > 0);
    for (let left = random(30); left > 0; left--) machine.node(machine.somewhere(), MARKS[random(MARKS.length)]);
  }
  // Which cell was looked up is all that a matrix shows of a path.
  for (let relation: u32 = 0; relation < 6; relation++) {
    for (let path: u32 = 0; path < PATHS; path++) machine.always(relation, path, path + 1);
  }
  machine.finish();
  machine.judgedBy(PRECISE_FOUND, requests);
  return machine;
}

function chainOf(base: usize, node: u32): u32[] {
  const chain: u32[] = [];
  for (; node != 0; node = parentOf(base, node)) chain.push(node);
  return chain;
}

/** The node before the first that both chains have. */
function slowChild(base: usize, node: u32, other: u32): u32 {
  const own = chainOf(base, node);
  const others = chainOf(base, other);
  for (let at = 0; at < own.length; at++) if (others.includes(own[at])) return at == 0 ? 0 : own[at - 1];
  return 0;
}

function slowPath(machine: Machine, provider: u32, client: u32, direction: u32, relation: u32): u32 {
  if (relation == RELATION_ACROSS_UNKNOWN) return PATH_ANY;
  if (relation != RELATION_COMMON_BRIDGE && relation != RELATION_SAME_UNKNOWN) return PATH_DIRECT;
  const there = machine.markOf(slowChild(machine.narrow, client, provider));
  const back = machine.markOf(slowChild(machine.narrow, provider, client));
  let request: u32 = (there & MARK_REQUEST) != 0 ? WAY_REDIRECTED : WAY_DIRECT;
  if (there == U) request = WAYS_ALL;
  else if ((there & EC) == EC) request = WAY_DIRECT | ((there & MARK_REQUEST) != 0 ? WAY_REDIRECTED : WAY_BLOCKED);
  let completion: u32 = (back & MARK_COMPLETION) != 0 ? WAY_REDIRECTED : WAY_DIRECT;
  if (back == U) completion = WAY_DIRECT | WAY_REDIRECTED;
  if (direction == DIRECTION_WRITE) completion = WAY_DIRECT;
  return ((request & ~WAY_DIRECT) | ((request & WAY_DIRECT) != 0 ? completion : 0)) - 1;
}

describe("precise paths of any forest", () => {
  it("are those of the slow walk, alone and in batches, and Linux's where they are off", () => {
    let wrong = 0;
    const seen = new Set<u32>();
    for (let round = 0; round < 4; round++) {
      const machine = anything(40 + 100 * round);
      const many = new Batch(1000);
      for (let row = 0; row < 1000; row++) {
        many.pair(1 + random(machine.count()), 1 + random(machine.count()), random(3));
      }
      for (let wide = 0; wide < 2; wide++) {
        many.decide(wide == 1 ? machine.wide : machine.narrow);
        for (let row: u32 = 0; row < 1000; row++) {
          const provider = load<u32>(many.providers + <usize>row * 4);
          const client = load<u32>(many.clients + <usize>row * 4);
          const direction = <u32>load<u8>(many.directions + row);
          const relation = <u32>load<u8>(many.relation + row);
          const expected = slowPath(machine, provider, client, direction, relation);
          wrong += i32(load<u8>(many.path + row) != <u8>expected);
          seen.add(expected);
        }
      }
      for (let row: u32 = 0; row < 1000; row++) {
        const provider = load<u32>(many.providers + <usize>row * 4);
        path(machine, provider, load<u32>(many.clients + <usize>row * 4), <u32>load<u8>(many.directions + row));
        wrong += i32(!one.decidedAs(0, many, row));
      }
      machine.judgedBy(PRECISE_OFF, requests);
      many.decide(machine.narrow);
      for (let row: u32 = 0; row < 1000; row++) wrong += i32(<u32>load<u8>(many.path + row) > PATH_MAYBE);
    }
    expect(wrong).toBe(0);
    expect(seen.size).toBe(PATHS - 1, "blocked for certain is what only a vector says");
  });

  it("are the same in a matrix, as are the ways of requests and how many are open", () => {
    let wrong = 0;
    const phrases = zeros(<usize>(128 * RELATION_SLOTS) * PHRASE_BYTES);
    for (let slot: usize = 0; slot < 128 * <usize>RELATION_SLOTS; slot++) {
      store<u8>(phrases + slot * PHRASE_BYTES, <u8>(slot / RELATION_SLOTS), PHRASE_ANSWER);
    }
    for (let round = 0; round < 3; round++) {
      const machine = anything(200);
      const count: u32 = 120;
      const ids: u32[] = [];
      for (let at: u32 = 0; at < count; at++) ids.push(1 + random(machine.count()));
      ids.sort();
      const columns: u32[] = [];
      for (let at: u32 = 0; at < count; at++) columns.push(count - 1 - at);
      for (let wide = 0; wide < 2; wide++) {
        const base = wide == 1 ? machine.wide : machine.narrow;
        const least = zeros(<usize>count * 4);
        const keys = zeros(<usize>count * 4);
        const distance = zeros(<usize>count * 4);
        const route = zeros(count);
        const answer = zeros(count);
        const found = zeros(count);
        sortedKeys(base, count, ids.dataStart, least);
        for (let place: u32 = 0; place < count; place++) {
          machine.judgedBy(PRECISE_FOUND, found);
          matrixRow(
            base,
            count,
            place,
            ids.dataStart,
            least,
            columns.dataStart,
            place % 3,
            phrases,
            keys,
            distance,
            route,
            answer,
          );
          const open = load<u32>(base, HEADER_UNSETTLED);
          const many = new Batch(count);
          for (let at: u32 = 0; at < count; at++) many.pair(ids[place], ids[at], place % 3);
          machine.judgedBy(PRECISE_FOUND, requests);
          many.decide(base);
          wrong += i32(open != load<u32>(base, HEADER_UNSETTLED));
          for (let at: u32 = 0; at < count; at++) {
            const column = columns[at];
            wrong += i32(load<u8>(found + column) != load<u8>(requests + at));
            if (<u32>load<u8>(many.relation + at) >= 6) continue;
            wrong += i32(<u32>load<u8>(answer + column) != <u32>load<u8>(many.path + at) + 1);
          }
        }
      }
    }
    expect(wrong).toBe(0);
  });
});
