import { describe, expect, test } from "vitest";
import {
  buildForest,
  Core,
  depthIn,
  DIRECTIONS,
  MARK_REDIRECTS,
  MARK_REQUEST,
  OUTCOME_BITS,
  parentIn,
  PATHS,
  RELATIONS,
} from "../../src/core.js";
import { BUILDS, chain, coreOf, forestOf, policyFor, Random, rangesOf } from "./cores.js";

// What the boundary between TypeScript and linear memory adds to the kernels, which have specs of their own.

describe("numbering through the boundary", () => {
  test("keeps the source's order by id, and what is above by id", () => {
    const forest = forestOf([3, 3, 0, 2, 1]);
    expect(forest.count).toBe(5);
    expect([...forest.order.slice(1)]).toEqual([2, 0, 4, 1, 3]);
    expect([0, 1, 2, 3, 4, 5].map((id) => parentIn(forest, id))).toEqual([0, 0, 1, 2, 1, 4]);
    expect([0, 1, 2, 3, 4, 5].map((id) => depthIn(forest, id))).toEqual([0, 0, 1, 2, 1, 2]);
  });

  test("keeps depths apart from what ACS does", () => {
    const marks = new Uint8Array(4).fill(MARK_REDIRECTS | MARK_REQUEST);
    const forest = buildForest(Uint32Array.of(0, 1, 2, 3), marks)!;
    expect(forest.wide).toBe(false);
    expect([1, 2, 3, 4].map((id) => depthIn(forest, id))).toEqual([0, 1, 2, 3]);
  });

  test("is null for a cycle", () => {
    expect(buildForest(Uint32Array.from([0, 3, 2]), new Uint8Array(3))).toBeNull();
  });

  test("holds no nodes at all", () => {
    expect(forestOf([]).count).toBe(0);
    expect(coreOf(forestOf([])).count).toBe(0);
  });
});

describe("a forest's form", () => {
  const deep = (depth: number) => forestOf(Array.from({ length: depth + 1 }, (_, index) => index));

  test("has as many bits for depths as the deepest node needs", () => {
    const bits = [0, 1, 2, 3, 4, 127, 128, 255].map((depth) => deep(depth).depthBits);
    expect(bits).toEqual([1, 1, 2, 2, 3, 7, 8, 8]);
  });

  test("is narrow down to depth 255, wide from 256 on, and says the same on both sides", () => {
    for (const depth of [254, 255, 256, 257]) {
      const forest = deep(depth);
      expect({ depth, wide: forest.wide }).toEqual({ depth, wide: depth > 255 });
      expect(forest.depthBits).toBe(depth > 255 ? 0 : 8);
      expect(depthIn(forest, depth + 1)).toBe(depth);
      expect(parentIn(forest, depth + 1)).toBe(depth);
      for (const build of BUILDS) {
        const core = coreOf(forest, [], build);
        expect(core.depth(depth + 1)).toBe(depth);
        expect(core.common(depth + 1, 200)).toBe(200);
        expect(core.decide(policyFor(1), depth + 1, 2, 0)).toMatchObject({ common: 2, distance: depth - 1 });
        expect([...core.ancestors(depth + 1)]).toEqual(Array.from({ length: depth + 1 }, (_, up) => depth + 1 - up));
      }
    }
  });

  // Ids and depths share 32 bits: with 8 bits for depths there is room for ids below 2^24 - 1.
  test.each([
    [2 ** 24 - 2, false],
    [2 ** 24 - 1, true],
  ])("of %i nodes, some at depth 128: wide is %s", (count, wide) => {
    const parents = new Uint32Array(count).fill(1);
    for (let node = 0; node <= 128; node++) parents[node] = node;
    // The chain comes last, so that its ids are the greatest.
    parents.reverse();
    for (let node = 0; node < count; node++) if (parents[node] !== 0) parents[node] = count - parents[node]! + 1;
    const forest = buildForest(parents, new Uint8Array(count))!;
    expect({ wide: forest.wide, depthBits: forest.depthBits }).toEqual({ wide, depthBits: wide ? 0 : 8 });
    const core = coreOf(forest);
    const deepest = Array.from({ length: 128 }, (_, up) => count - up).find((id) => core.depth(id) === 128)!;
    expect(deepest).toBe(count);
    expect(core.common(count, count - 5)).toBe(count - 5);
    expect(core.common(2, count)).toBe(1);
    expect(core.decide(policyFor(1), count, 2, 0)).toMatchObject({ common: 1, distance: 129 });
    expect(core.ancestors(count).length).toBe(129);
  });
});

describe("chains", () => {
  // The staging window holds 1024 ids.
  test.each([1, 1022, 1023, 1024, 1025, 5000])("of %i functions are told in full", (length) => {
    const core = chain(length);
    const ids = core.ancestors(length + 1);
    expect(ids.length).toBe(length + 1);
    expect(ids.every((id, index) => id === length + 1 - index)).toBe(true);
    expect(core.depth(length + 1)).toBe(length);
  });

  test("as deep as a word can tell are numbered", () => {
    const depth = 2 ** 24 + 2 ** 16 + 2 ** 8 + 1;
    const forest = buildForest(
      Uint32Array.from({ length: depth + 1 }, (_, index) => index),
      new Uint8Array(depth + 1),
    )!;
    expect(depthIn(forest, depth + 1)).toBe(depth);
  });

  test("of one node are the host bridge itself", () => {
    expect([...chain(1).ancestors(1)]).toEqual([1]);
  });

  test.each(BUILDS)("of a million functions cost what others cost, on the %s build", (build) => {
    const length = 1_000_000;
    const core = chain(length, build);
    const last = length + 1;
    expect(core.depth(last)).toBe(length);
    const ids = core.ancestors(last);
    expect(ids.length).toBe(last);
    expect(ids.every((id, index) => id === last - index)).toBe(true);
    const random = new Random(7);
    const a = Uint32Array.from({ length: 3000 }, () => 1 + random.below(last));
    const b = Uint32Array.from({ length: 3000 }, () => 1 + random.below(last));
    const into = { common: new Uint32Array(3000), distance: new Uint32Array(3000) };
    core.commonMany(a, b, into);
    expect(into.common).toEqual(a.map((id, row) => Math.min(id, b[row]!)));
    expect(into.distance).toEqual(a.map((id, row) => Math.abs(id - b[row]!)));
    expect(core.common(last, 17)).toBe(17);
    expect(core.decide(policyFor(1), last, 2, 0).distance).toBe(length - 1);
  });
});

describe("a policy", () => {
  test("for another number of host bridges is refused", () => {
    const core = coreOf(forestOf([0, 1, 0, 3]));
    expect(() => core.decide(policyFor(1), 2, 4, 0)).toThrow(
      "the policy was compiled for 1 host bridges, this topology has 2",
    );
  });

  test("that tells too many host bridges apart is refused", () => {
    const core = coreOf(forestOf([0, 1]));
    expect(() => core.decide({ ...policyFor(1), classCount: 17 }, 2, 2, 0)).toThrow(
      "may tell 16 kinds of host bridges apart, this one has 17",
    );
  });

  test("takes the place of the one before, table and all", () => {
    const core = coreOf(forestOf([0, 1, 1]));
    const [yes, no] = [
      policyFor(1, () => OUTCOME_BITS["bus-address"]),
      policyFor(1, () => OUTCOME_BITS["host-refused"]),
    ];
    expect([yes, no, no, yes].map((policy) => core.decide(policy, 2, 3, 0).outcomes)).toEqual([1, 8, 8, 1]);
  });
});

describe("large numbers", () => {
  test("of functions are numbered and found", () => {
    const count = 300_000;
    const core = coreOf(forestOf(Array.from({ length: count }, (_, index) => (index === 0 ? 0 : 1 + (index >> 3)))));
    expect(core.common(count, count - 1)).toBeGreaterThan(0);
    expect(core.ancestors(count).at(-1)).toBe(1);
  });

  test.each(BUILDS)("of ranges are all found, in every system, on the %s build", (build) => {
    const perSystem = 2000;
    const starts = Array.from({ length: perSystem }, (_, index) => BigInt(index + 1) * 0x3000n);
    const rows = [0, 1, 2].flatMap((system) => starts.map((start) => ({ system, start, size: 0x1000n })));
    const systems = [0, 1, 2].map(() => ({ open: "nowhere", iommu: "identity" }) as const);
    const hosts = [{ system: 0, segment: 0, place: "host-bridge" as const }];
    const core = Core.of({ forest: forestOf([0]), hosts, systems, ranges: rangesOf(rows, 3) }, build);
    for (const system of [0, 1, 2]) {
      for (const [index, start] of starts.entries()) {
        const range = system * perSystem + index;
        expect(core.claim(system, start)).toEqual({ claim: "owned", range });
        expect(core.claim(system, start + 0xfffn).range).toBe(range);
        expect(core.claim(system, start + 0x1000n).claim).toBe("nobody");
        expect(core.claim(system, start - 1n).claim).toBe("nobody");
        expect(core.range(range)).toMatchObject({ system, start, size: 0x1000n });
      }
    }
  });
});

describe("ranges", () => {
  test("are told as they were given, in every system, those without addresses between them", () => {
    const rows = [
      { system: 1, start: 0x8000_0000_0000n, size: 0x1000n, owner: 1 },
      { system: 4, start: 0n, size: 1n, owner: 2 },
      { system: 1, start: 0x7000_0000_0000n, size: 0x1000_0000_1000n, owner: 3 },
      { system: 2, start: 0xffff_f000n, size: 0x1000n, owner: 4, terms: { kind: "system-ram" as const } },
    ];
    const systems = Array.from({ length: 6 }, () => ({ open: "nowhere", iommu: "unknown" }) as const);
    const ranges = rangesOf(rows, 6);
    const hosts = [{ system: 0, segment: 0, place: "host-bridge" as const }];
    const core = Core.of({ forest: forestOf([0, 1, 1, 1]), hosts, systems, ranges });
    expect(core.rangeCount).toBe(4);
    for (let range = 0; range < 4; range++) {
      const { terms, ...given } = { terms: {}, ...rows[ranges.order[range]!]! };
      expect(core.range(range)).toMatchObject(given);
      expect(core.range(range).terms).toMatchObject(terms);
    }
    expect(core.owner(1, 0x8000_0000_0fffn)).toBe(0);
    expect(core.claim(1, 0x8000_0000_0fffn).claim).toBe("ambiguous");
    expect(core.owner(1, 0x7fff_ffff_ffffn)).toBe(3);
    expect(core.owner(2, 0xffff_f000n)).toBe(0);
    expect(core.claim(2, 0xffff_f000n).claim).toBe("owned");
    expect([0, 3, 5].map((system) => core.claim(system, 0n).claim)).toEqual(["nobody", "nobody", "nobody"]);
    expect(core.owner(4, 0n)).toBe(2);
    expect(core.claimedAlike(1, 0x7000_0000_0000n)).toBe(0x1000_0000_0000n);
  });

  test.each([1023, 1024, 1025, 1500])("of which %i hold one address are all its claimants", (count) => {
    const rows = Array.from({ length: count }, (_, index) => ({
      start: BigInt(index),
      size: BigInt(2 * (count - index)),
    }));
    const core = coreOf(forestOf([0]), rows);
    const found = core.claimants(0, BigInt(count));
    expect([...found]).toEqual(Array.from({ length: count }, (_, index) => count - 1 - index));
    expect([...core.claimants(0, 1n)]).toEqual([1, 0]);
    expect([...core.claimants(0, BigInt(2 * count))]).toEqual([]);
  });

  test("beyond the space are refused", () => {
    const half = { start: 0n, size: 1n << 62n };
    expect(() => rangesOf([half, { ...half, system: 1, size: (1n << 62n) - 1n }], 2)).toThrow("put fewer systems");
    expect(rangesOf([half, { ...half, system: 1, size: (1n << 62n) - 2n }], 2).count).toBe(2);
  });
});

describe("what is kept beside a topology", () => {
  test("has room for as many classes of host bridges as a policy may have", () => {
    const count = 16;
    // A root and a function below it, for each class.
    const forest = forestOf(Array.from({ length: 2 * count }, (_, node) => (node % 2 === 0 ? 0 : node)));
    const core = coreOf(forest);
    const bit = (cell: number) => 1 << ((Math.imul(cell, 0x9e37_79b1) >>> 29) % 4);
    const cells = RELATIONS.length * PATHS.length * DIRECTIONS.length * count ** 2;
    const policy = {
      classes: Uint8Array.from({ length: count }, (_, host) => host),
      classCount: count,
      table: Uint8Array.from({ length: cells }, (_, cell) => bit(cell)),
    };
    const across = RELATIONS.indexOf("across-host-bridges");
    const direct = PATHS.indexOf("direct");
    for (let provider = 0; provider < count; provider++) {
      for (let client = 0; client < count; client++) {
        if (provider === client) continue;
        const row = (across * PATHS.length + direct) * DIRECTIONS.length + 1;
        const cell = (row * count + provider) * count + client;
        const { outcomes } = core.decide(policy, 2 * provider + 2, 2 * client + 2, 1);
        expect({ provider, client, outcomes }).toEqual({ provider, client, outcomes: bit(cell) });
      }
    }
    // The table touches nothing else.
    expect(core.common(2, 2)).toBe(2);
    expect(core.depth(2 * count)).toBe(1);
  });
});
