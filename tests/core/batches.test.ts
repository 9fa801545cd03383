import { describe, expect, test } from "vitest";
import {
  ACROSS_SYSTEMS,
  Answers,
  CLAIMS,
  Core,
  DIRECTIONS,
  MATRIX_LIMIT,
  NO_ADDRESS,
  NO_DISTANCE,
  PATHS,
  Phrases,
  RELATIONS,
  Rulings,
  STATUSES,
  TRANSLATIONS,
  UNKNOWN_DISTANCE,
  type Addresses,
  type AnswerColumns,
  type Build,
  type ClaimColumns,
  type Decision,
  type MatrixColumns,
  type Phrase,
  type RequestColumns,
  type Status,
} from "../../src/core.js";
import { anyEgress, anyPolicy, anything, BUILDS, chain, Random, REACH, SYSTEMS } from "./cores.js";

// Every batch call against the same rows one at a time. A crossing takes 1024 rows.

const COUNTS = [0, 1, 1023, 1024, 1025, 4097];
const CASES = BUILDS.flatMap((build) =>
  [0, 300].flatMap((deep) =>
    ["Linux's", "precise"].map((model) => [build, deep === 0 ? "narrow" : "wide", model, deep] as const),
  ),
);

function coreFor(build: Build, deep: number): Core {
  return Core.of(anything(20180402, 200, deep), build);
}

function idsOf(core: Core, count: number, seed: number): Uint32Array {
  const random = new Random(seed);
  return Uint32Array.from({ length: count }, () => 1 + random.below(core.count));
}

/** The same, of functions only. */
function functionsOf(core: Core, count: number, seed: number): Uint32Array {
  const functions = Array.from({ length: core.count }, (_, index) => index + 1).filter((id) => core.depth(id) > 0);
  const random = new Random(seed);
  return Uint32Array.from({ length: count }, () => random.of(functions));
}

type Kind = typeof BigUint64Array | typeof Float64Array;
const KINDS: readonly Kind[] = [BigUint64Array, Float64Array];

/** Whole numbers as either kind of column. */
function columnOf(kind: Kind, numbers: readonly number[]): Addresses {
  return kind === Float64Array ? Float64Array.from(numbers) : BigUint64Array.from(numbers, BigInt);
}

/** Addresses of ranges, near their ends and anywhere. */
function addressesOf(core: Core, count: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const { start, size } = core.range(random.below(core.rangeCount));
    return random.of([Number(start), Number(start + size) - 1, Number(start + size), random.below(REACH)]);
  });
}

function sizesOf(count: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.of([1, 2, 0x400, 1 + random.below(0x9000)]));
}

describe.each(CASES)("on the %s build, %s records, %s paths", (build, _, model, deep) => {
  const core = coreFor(build, deep);
  const linux = anyPolicy(core.hosts, 5);
  const policy = model === "precise" ? { ...linux, precise: anyEgress } : linux;

  test.each(COUNTS)("commonMany and walkMany of %i pairs equal the pairs one at a time", (count) => {
    const [a, b] = [idsOf(core, count, 1), idsOf(core, count, 2)];
    const into = {
      common: new Uint32Array(count),
      distance: new Uint32Array(count),
      relation: new Uint8Array(count),
      path: new Uint8Array(count),
    };
    core.commonMany(a, b, into);
    const expected = Array.from(a, (id, row) => core.decide(linux, id, b[row]!, 0));
    expect([...into.common]).toEqual(expected.map(({ common }) => common));
    expect([...into.common]).toEqual(Array.from(a, (id, row) => core.common(id, b[row]!)));
    expect([...into.distance]).toEqual(expected.map(({ distance }) => distance ?? NO_DISTANCE));
    expect([...into.relation].map(relationOf)).toEqual(expected.map(({ relation }) => relation));
    expect([...into.path].map((path) => PATHS[path])).toEqual(expected.map(({ path }) => path));
    const [alone, walked] = [new Uint32Array(count), new Uint32Array(count)];
    core.commonMany(a, b, { common: alone });
    core.walkMany(a, b, walked);
    expect(alone).toEqual(into.common);
    expect(walked).toEqual(into.common);
  });

  test.each(COUNTS)("decideMany of %i pairs equals the pairs one at a time, in each direction", (count) => {
    const [a, b] = [functionsOf(core, count, 3), functionsOf(core, count, 4)];
    DIRECTIONS.forEach((_, direction) => {
      const into = answerColumns(count);
      core.decideMany(policy, ANSWERS, a, b, direction, into);
      const expected = Array.from(a, (id, row) => core.decide(policy, id, b[row]!, direction));
      expect(differing(expected, (row) => decisionIn(into, row))).toEqual([]);
      const { answer, route, code } = answerColumns(count);
      core.decideMany(policy, ANSWERS, a, b, direction, { answer, route, code });
      expect([answer, route, code]).toEqual([into.answer, into.route, into.code]);
    });
  });

  describe.each(KINDS)("with addresses in a %o", (kind) => {
    test.each(COUNTS)("ownerMany of %i addresses equals them one at a time", (count) => {
      const addresses = addressesOf(core, count, 6);
      const random = new Random(8);
      const systems = Uint32Array.from({ length: count }, () => random.below(SYSTEMS));
      for (const given of [systems, 1]) {
        const into = claimColumns(count, kind);
        core.ownerMany(columnOf(kind, addresses), null, given, into);
        const expected = addresses.map((number, row) => {
          const system = typeof given === "number" ? given : given[row]!;
          const address = BigInt(number);
          const { claim, range } = core.claim(system, address);
          const offset = claim === "owned" ? address - core.range(range).start : 0n;
          return { claim, range: claim === "nobody" ? 0 : range, owner: core.owner(system, address), offset };
        });
        expect(differing(expected, (row) => claimIn(into, row))).toEqual([]);
        const bare = { owner: new Uint32Array(count) };
        core.ownerMany(columnOf(kind, addresses), null, given, bare);
        expect(bare.owner).toEqual(into.owner);
      }
    });

    test.each(COUNTS)("ownerMany of %i ranges tells those that leave their owner", (count) => {
      const addresses = addressesOf(core, count, 9);
      const sizes = sizesOf(count, 10);
      const into = claimColumns(count, kind);
      core.ownerMany(columnOf(kind, addresses), columnOf(kind, sizes), 2, into);
      const expected = addresses.map((number, row) => {
        const address = BigInt(number);
        const { claim, range } = core.claim(2, address);
        const outlasts = claim === "owned" && BigInt(sizes[row]!) > core.claimedAlike(2, address);
        if (!outlasts) return { claim, owner: core.owner(2, address) };
        const { start, size } = core.range(range);
        const contested = address + core.claimedAlike(2, address) < start + size;
        return { claim: contested ? "ambiguous" : "leaves", owner: 0 };
      });
      expect(addresses.map((each, row) => core.claim(2, BigInt(each), BigInt(sizes[row]!)).claim)).toEqual(
        expected.map(({ claim }) => claim),
      );
      const got = (row: number) => ({ claim: CLAIMS[into.claim![row]!], owner: into.owner[row] });
      expect(differing(expected, got)).toEqual([]);
      if (count > 1000) {
        for (const claim of ["leaves", "ambiguous"]) {
          const outlasting = addresses.filter((each, row) => {
            return expected[row]!.claim === claim && core.claim(2, BigInt(each)).claim === "owned";
          });
          expect(outlasting.length, claim).toBeGreaterThan(4);
        }
      }
      const bare = { owner: new Uint32Array(count), claim: new Uint8Array(count) };
      core.ownerMany(columnOf(kind, addresses), columnOf(kind, sizes), 2, bare);
      expect(bare).toEqual({ owner: into.owner, claim: into.claim });
    });

    test.each(COUNTS)("requestMany of %i requests equals them one at a time", (count) => {
      const initiator = functionsOf(core, count, 11);
      const addresses = addressesOf(core, count, 12);
      const sizes = sizesOf(count, 13);
      const random = new Random(14);
      const directions = Uint8Array.from({ length: count }, () => random.below(3));
      for (const [size, direction] of [[columnOf(kind, sizes), directions] as const, [7n, 1] as const]) {
        const into = requestColumns(count, kind);
        core.requestMany(policy, RULINGS, initiator, columnOf(kind, addresses), size, direction, into);
        const expected = addresses.map((address, row) => {
          const bytes = typeof size === "bigint" ? size : BigInt(sizes[row]!);
          const way = typeof direction === "number" ? direction : direction[row]!;
          const one = core.request(policy, initiator[row]!, BigInt(address), bytes, way);
          const { common, distance, offset, dmaAddress, translation } = one;
          const ruling = rulingNumber(one.status, one);
          return { common, distance, ruling, offset, dmaAddress, translation, owner: ownerOf(core, one) };
        });
        expect(differing(expected, (row) => requestIn(into, row))).toEqual([]);
        const { route, code } = requestColumns(count, kind);
        core.requestMany(policy, RULINGS, initiator, columnOf(kind, addresses), size, direction, { route, code });
        expect([route, code]).toEqual([into.route, into.code]);
      }
    });
  });

  test.each([0, 1, 2, 7, 150])("a matrix of %i ids, unsorted and some twice, equals its pairs", (count) => {
    const ids = idsOf(core, count, 15);
    for (let at = 3; at < count; at += 5) ids[at] = ids[at - 3]!;
    const into = matrixColumns(count);
    core.matrix(policy, PHRASES, ids, 1, into);
    const pairs = Array.from(ids, (provider) => Array.from(ids, (client) => [provider, client] as const)).flat();
    const expected = pairs.map(([provider, client]) => said(core.decide(policy, provider, client, 1)));
    expect(differing(expected, (cell) => cellIn(into, cell))).toEqual([]);
  });

  test("a matrix of more ids than a crossing has rows equals its pairs", () => {
    const count = 1300;
    const ids = idsOf(core, count, 19);
    const into = matrixColumns(count);
    core.matrix(policy, PHRASES, ids, 0, into);
    const cells = Array.from({ length: 3000 }, (_, step) => (step * 563_399) % count ** 2);
    const wrong = cells.filter((cell) => {
      const [provider, client] = [ids[Math.floor(cell / count)]!, ids[cell % count]!];
      return JSON.stringify(said(core.decide(policy, provider, client, 0))) !== JSON.stringify(cellIn(into, cell));
    });
    expect(wrong).toEqual([]);
  });

  test("a policy of as many classes as there may be has room beside what matrices ask by", () => {
    const random = new Random(21);
    const cells = RELATIONS.length * PATHS.length * DIRECTIONS.length * 16 ** 2;
    const large = {
      ...policy,
      classCount: 16,
      classes: Uint8Array.from({ length: core.hosts }, () => random.below(16)),
      table: Uint8Array.from({ length: cells }, () => 1 << random.below(4)),
    };
    const ids = idsOf(core, 60, 20);
    const pairs = Array.from(ids, (provider) => Array.from(ids, (client) => [provider, client] as const)).flat();
    const before = pairs.map(([provider, client]) => said(core.decide(large, provider, client, 2)));
    const into = matrixColumns(60);
    core.matrix(large, PHRASES, ids, 2, into);
    expect(differing(before, (cell) => cellIn(into, cell))).toEqual([]);
    core.requestMany(
      large,
      RULINGS,
      functionsOf(core, 1, 22),
      BigUint64Array.of(1n),
      1n,
      2,
      requestColumns(1, BigUint64Array),
    );
    const after = pairs.map(([provider, client]) => said(core.decide(large, provider, client, 2)));
    expect(after).toEqual(before);
  });

  test("a matrix of ascending ids, which need no sorting, equals its pairs", () => {
    const ids = idsOf(core, 60, 18).sort();
    const into = matrixColumns(60);
    core.matrix(policy, PHRASES, ids, 2, into);
    const pairs = Array.from(ids, (provider) => Array.from(ids, (client) => [provider, client] as const)).flat();
    const expected = pairs.map(([provider, client]) => said(core.decide(policy, provider, client, 2)));
    expect(differing(expected, (cell) => cellIn(into, cell))).toEqual([]);
  });
});

describe("both builds and both forms", () => {
  test("give the same columns", () => {
    const columns = BUILDS.map((build) => {
      const core = coreFor(build, 0);
      const into = requestColumns(4097, BigUint64Array);
      const addresses = columnOf(BigUint64Array, addressesOf(core, 4097, 16));
      core.requestMany(anyPolicy(core.hosts, 5), RULINGS, functionsOf(core, 4097, 17), addresses, 0x500n, 2, into);
      return into;
    });
    expect(columns[0]).toEqual(columns[1]);
    const rulings = Array.from(columns[0]!.route, (route, row) => route | (columns[0]!.code[row]! << 8));
    expect(new Set(rulings.filter((ruling) => ruling < STATUSES.length)).size).toBeGreaterThan(11);
    expect(new Set(rulings).size).toBeGreaterThan(20);
  });
});

describe("large addresses", () => {
  test("go through BigUint64Array whole, and a range of 2^64 bytes less the first leaves its owner", () => {
    const core = coreFor("simd", 0);
    const address = BigUint64Array.of(0n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 1n);
    const size = BigUint64Array.of(2n ** 64n - 1n, 1n, 2n ** 63n, 1n, 2n ** 64n - 1n);
    const into = claimColumns(5, BigUint64Array);
    core.ownerMany(address, size, 0, into);
    expect([...into.claim!].map((claim) => CLAIMS[claim])).toEqual(Array(5).fill("nobody"));
  });

  test("that a double does not hold are none", () => {
    const core = coreFor("simd", 0);
    const into = requestColumns(1, Float64Array);
    core.requestMany(
      anyPolicy(core.hosts, 5),
      RULINGS,
      functionsOf(core, 1, 1),
      Float64Array.of(2 ** 53 - 1),
      1n,
      0,
      into,
    );
    expect(into.dmaAddress![0]).toBeNaN();
    expect(into.offset![0]).toBe(0);
  });
});

describe("what cannot be asked is named with its row", () => {
  const core = chain(9);
  const policy = anyPolicy(1, 5);
  const ids = (count: number) => new Uint32Array(count).fill(2);
  const bad = (count: number, row: number, id: number) => ids(count).fill(id, row, row + 1);
  const rows = [
    [1, 0],
    [5, 3],
    [1024, 1023],
    [1025, 1024],
    [5000, 4321],
  ] as const;

  test.each(rows)("of %i rows row %i: an id", (count, row) => {
    const into = { ...answerColumns(count), ...requestColumns(count, BigUint64Array) };
    for (const id of [0, 11, 0xffffffff]) {
      const message = `expected ids from 1 to 10, got ${id} in row ${row}`;
      const wrong = bad(count, row, id);
      expect(() => core.commonMany(wrong, ids(count), into)).toThrow(new RangeError(`a: ${message}`));
      expect(() => core.commonMany(ids(count), wrong, into)).toThrow(new RangeError(`b: ${message}`));
      expect(() => core.walkMany(ids(count), wrong, into.common)).toThrow(`b: ${message}`);
      expect(() => core.decideMany(policy, ANSWERS, wrong, ids(count), 0, into)).toThrow(`providers: ${message}`);
      expect(() => core.decideMany(policy, ANSWERS, ids(count), wrong, 0, into)).toThrow(`clients: ${message}`);
      const address = new BigUint64Array(count);
      expect(() => core.requestMany(policy, RULINGS, wrong, address, 1n, 0, into)).toThrow(`initiator: ${message}`);
      if (count <= MATRIX_LIMIT)
        expect(() => core.matrix(policy, PHRASES, wrong, 0, matrixColumns(1))).toThrow(`ids: ${message}`);
    }
  });

  test.each(rows)("of %i rows row %i: a host bridge that would do DMA, or be its target", (count, row) => {
    const into = answerColumns(count);
    const message = `expected functions, got the host bridge 1 in row ${row}`;
    const wrong = bad(count, row, 1);
    expect(() => core.decideMany(policy, ANSWERS, wrong, ids(count), 0, into)).toThrow(`providers: ${message}`);
    expect(() => core.decideMany(policy, ANSWERS, ids(count), wrong, 0, into)).toThrow(`clients: ${message}`);
  });

  test.each(rows)("of %i rows row %i: an address, a size", (count, row) => {
    const into = requestColumns(count, BigUint64Array);
    const owners = { owner: new Uint32Array(count) };
    for (const number of [0.5, -1, NaN, Infinity, 2 ** 53]) {
      const wrong = new Float64Array(count).fill(1);
      wrong[row] = number;
      const message = `expected whole numbers from 0 to 2^53 - 1, got ${number} in row ${row}`;
      const fine = new Float64Array(count).fill(1);
      expect(() => core.ownerMany(wrong, null, 0, owners)).toThrow(new RangeError(`address: ${message}`));
      expect(() => core.ownerMany(fine, wrong, 0, owners)).toThrow(new RangeError(`size: ${message}`));
      expect(() => core.requestMany(policy, RULINGS, ids(count), wrong, 1n, 0, into)).toThrow(`address: ${message}`);
      expect(() => core.requestMany(policy, RULINGS, ids(count), fine, wrong, 0, into)).toThrow(`size: ${message}`);
    }
    const address = new BigUint64Array(count).fill(2n ** 64n - 5n);
    for (const bytes of [0n, 6n, 2n ** 64n - 1n]) {
      const size = new BigUint64Array(count).fill(5n);
      size[row] = bytes;
      const message = `expected at least 1 byte within [0, 2^64), got ${bytes} bytes at ${address[row]} in row ${row}`;
      expect(() => core.ownerMany(address, size, 0, owners)).toThrow(new RangeError(`size: ${message}`));
      expect(() => core.requestMany(policy, RULINGS, ids(count), address, size, 0, into)).toThrow(`size: ${message}`);
    }
    expect(() => core.requestMany(policy, RULINGS, ids(count), address, 6n, 0, into)).toThrow("in row 0");
    expect(() => core.ownerMany(address, new BigUint64Array(count).fill(5n), 0, owners)).not.toThrow();
  });

  test.each(rows)("of %i rows row %i: a system, a direction", (count, row) => {
    const systems = new Uint32Array(count);
    systems[row] = 1;
    const address = new BigUint64Array(count);
    const owners = { owner: new Uint32Array(count) };
    const message = `system: expected ordinals below 1, got 1 in row ${row}`;
    expect(() => core.ownerMany(address, null, systems, owners)).toThrow(new RangeError(message));
    const directions = new Uint8Array(count);
    directions[row] = 3;
    const into = requestColumns(count, BigUint64Array);
    expect(() => core.requestMany(policy, RULINGS, ids(count), address, 1n, directions, into)).toThrow(
      new RangeError(`direction: expected rows of read, write, both, got 3 in row ${row}`),
    );
  });

  test("a matrix of too many", () => {
    expect(() => core.matrix(policy, PHRASES, ids(MATRIX_LIMIT + 1), 0, matrixColumns(1))).toThrow(
      "expected at most 8192 functions",
    );
  });
});

/** Rows in which something differs from what is expected, with both. */
function differing<Row extends object>(
  expected: readonly Row[],
  got: (row: number) => { [Name in keyof Row]: unknown },
) {
  return expected.flatMap((each, row) => {
    const other = got(row);
    const names = Object.keys(each) as (keyof Row)[];
    return names.every((name) => each[name] === other[name]) ? [] : [{ row, expected: each, got: other }];
  });
}

/** Any phrases, so long as no two are the same for long. */
function phraseFor(outcomes: number, relation: Decision["relation"]): Phrase {
  const place = relationNumber(relation);
  const distance =
    outcomes >= 32 ? "refused" : (["hops", "hops", "unknown", "refused"] as const)[(outcomes + place) % 4]!;
  return { distance, extra: place, route: outcomes, answer: place };
}
const PHRASES = new Phrases(phraseFor);

function matrixColumns(count: number): MatrixColumns {
  const cells = count ** 2;
  return { distance: new Int32Array(cells), route: new Uint8Array(cells), answer: new Uint8Array(cells) };
}

function cellIn({ distance, route, answer }: MatrixColumns, cell: number) {
  return { distance: distance[cell], route: route[cell], answer: answer[cell] };
}

/** What a decision comes to in a matrix. */
function said({ outcomes, relation, distance: hops }: Decision) {
  const { distance, extra, route, answer } = phraseFor(outcomes, relation);
  if (distance === "refused") return { distance: -1, route, answer };
  return { distance: distance === "unknown" || hops === null ? UNKNOWN_DISTANCE : hops + extra, route, answer };
}

function relationNumber(relation: Decision["relation"]): number {
  return relation === "across-systems" ? ACROSS_SYSTEMS : RELATIONS.indexOf(relation);
}

function relationOf(relation: number): string {
  return relation === ACROSS_SYSTEMS ? "across-systems" : RELATIONS[relation]!;
}

function answerColumns(count: number): Required<AnswerColumns> {
  return {
    answer: new Uint8Array(count),
    route: new Uint8Array(count),
    code: new Uint8Array(count),
    common: new Uint32Array(count),
    distance: new Uint32Array(count),
  };
}

function claimColumns(count: number, kind: Kind): ClaimColumns {
  return {
    owner: new Uint32Array(count),
    claim: new Uint8Array(count),
    range: new Uint32Array(count),
    offset: new kind(count),
  };
}

function requestColumns(count: number, kind: Kind): Required<RequestColumns> {
  return {
    common: new Uint32Array(count),
    distance: new Uint32Array(count),
    route: new Uint8Array(count),
    code: new Uint8Array(count),
    translation: new Uint8Array(count),
    owner: new Uint32Array(count),
    offset: new kind(count),
    dmaAddress: new kind(count),
  };
}

/** Each decision there can be, by what it is made of. */
const ANSWERS = new Answers(({ outcomes, relation, path }) => {
  return { answer: outcomes, route: relationNumber(relation), code: PATHS.indexOf(path) };
});

/** A row as `decide` says it. */
function decisionIn({ common, distance, answer, route, code }: Required<AnswerColumns>, row: number) {
  return {
    common: common[row],
    distance: distance[row] === NO_DISTANCE ? null : distance[row],
    outcomes: answer[row],
    relation: relationOf(route[row]!),
    path: PATHS[code[row]!],
  };
}

/** A row as `claim`, `owner` and the range say it. */
function claimIn({ claim, range, owner, offset }: ClaimColumns, row: number) {
  const name = CLAIMS[claim![row]!];
  return { claim: name, range: name === "nobody" ? 0 : range![row], owner: owner[row], offset: BigInt(offset![row]!) };
}

/** Each status, and each decision there can be, by a number of its own in two bytes. */
const RULINGS = new Rulings((status, decision) => {
  const number = rulingNumber(status, decision);
  return { route: number & 0xff, code: number >> 8 };
});

function rulingNumber(status: Status, { outcomes, relation, path }: Pick<Decision, "outcomes" | "relation" | "path">) {
  if (status !== "decided") return STATUSES.indexOf(status);
  return 1024 + (outcomes * 8 + relationNumber(relation)) * 8 + PATHS.indexOf(path);
}

/** A row as `request` says it, with the owner in place of the range. */
function requestIn(columns: Required<RequestColumns>, row: number) {
  const address = columns.dmaAddress[row]!;
  return {
    common: columns.common[row],
    distance: columns.distance[row] === NO_DISTANCE ? null : columns.distance[row],
    ruling: columns.route[row]! | (columns.code[row]! << 8),
    offset: BigInt(columns.offset[row]!),
    dmaAddress: address === NO_ADDRESS || Number.isNaN(address) ? null : BigInt(address),
    translation: TRANSLATIONS[columns.translation[row]!],
    owner: columns.owner[row],
  };
}

/** The owner that a request's range has, where nobody else has it as well. */
function ownerOf(core: Core, { range, status }: ReturnType<Core["request"]>): number {
  if (range === null || status === "ambiguous" || status === "maybe") return 0;
  const { owner, terms } = core.range(range);
  return ["system-ram", "platform", "other"].includes(terms.kind) ? 0 : owner;
}
