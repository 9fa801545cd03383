import { describe, expect, test } from "vitest";
import { Core, numberForest, OUTCOME_BITS, RELATIONS, type CompiledPolicy, type Forest } from "../../src/core.js";

// What the boundary between TypeScript and linear memory adds to the kernels, which have specs of their own.

const never = () => false;

function forestOf(parents: readonly number[]): Forest {
  const forest = numberForest(Uint32Array.from(parents), never, never);
  if (forest === null) throw new Error("expected a forest, got a cycle");
  return forest;
}

function coreOf(forest: Forest, hosts = 1): Core {
  const rows = Array.from({ length: hosts }, () => ({ system: 0, segment: 0, known: true }));
  return new Core(forest, rows, [{ open: "nowhere" }], []);
}

/** A chain of `length` functions below one host bridge. */
function chain(length: number): Core {
  return coreOf(forestOf(Array.from({ length: length + 1 }, (_, index) => index)));
}

function policyFor(hosts: number, fill: (cell: number) => number = () => 0): CompiledPolicy {
  const table = Uint8Array.from({ length: RELATIONS.length * 9 }, (_, cell) => fill(cell));
  return { classes: new Uint8Array(hosts), classCount: 1, table };
}

describe("numbering through the boundary", () => {
  test("keeps the source's order by id, and what is above by id", () => {
    const forest = forestOf([3, 3, 0, 2, 1]);
    expect(forest.count).toBe(5);
    expect([...forest.order.slice(1)]).toEqual([2, 0, 4, 1, 3]);
    expect([...forest.parents]).toEqual([0, 0, 1, 2, 1, 4]);
  });

  test("is null for a cycle", () => {
    expect(numberForest(Uint32Array.from([0, 3, 2]), never, never)).toBeNull();
  });

  test("holds no nodes at all", () => {
    expect(forestOf([]).count).toBe(0);
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

  test("of one node are the host bridge itself", () => {
    expect([...chain(1).ancestors(1)]).toEqual([1]);
  });
});

describe("batches", () => {
  test.each([0, 1, 1023, 1024, 1025, 4097])("of %i pairs equal the same pairs one at a time", (count) => {
    const core = coreOf(forestOf([0, 1, 2, 2, 1, 5, 5]));
    const policy = policyFor(1, (cell) => cell);
    const providers = Uint32Array.from({ length: count }, (_, index) => 1 + ((index * 5) % 7));
    const clients = Uint32Array.from({ length: count }, (_, index) => 1 + ((index * 3) % 7));
    const into = {
      common: new Uint32Array(count),
      distance: new Uint32Array(count),
      outcomes: new Uint8Array(count),
      relation: new Uint8Array(count),
    };
    core.decideMany(policy, providers, clients, 1, into);
    for (let row = 0; row < count; row++) {
      const one = core.decide(policy, providers[row]!, clients[row]!, 1);
      const many = { common: into.common[row], distance: into.distance[row], outcomes: into.outcomes[row] };
      expect(many).toEqual({ common: one.common, distance: one.distance, outcomes: one.outcomes });
      expect(RELATIONS[into.relation[row]!]).toBe(one.relation);
    }
  });
});

describe("a policy", () => {
  test("for another number of host bridges is refused", () => {
    const core = coreOf(forestOf([0, 1, 0, 3]), 2);
    expect(() => core.decide(policyFor(1), 2, 4, 0)).toThrow(
      "the policy was compiled for 1 host bridges, this topology has 2",
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

  test("of ranges are all found, in every system", () => {
    const perSystem = 2000;
    const rows = [0, 1, 2].flatMap((system) =>
      Array.from(
        { length: perSystem },
        (_, index) =>
          ({
            system,
            start: BigInt(index) * 0x3000n,
            size: 0x1000n,
            busOffset: null,
            owner: 1,
            kind: "bar",
            rank: "live",
            offFrom: 0,
            unknownFrom: 0,
          }) as const,
      ),
    );
    const core = new Core(
      forestOf([0]),
      [{ system: 0, segment: 0, known: true }],
      [{ open: "nowhere" }, { open: "nowhere" }, { open: "nowhere" }],
      rows,
    );
    for (const system of [0, 1, 2]) {
      for (let index = 0; index < perSystem; index++) {
        const start = BigInt(index) * 0x3000n;
        expect(core.claim(system, start)).toEqual({ claim: "owned", range: system * perSystem + index });
        expect(core.claim(system, start + 0xfffn).range).toBe(system * perSystem + index);
        expect(core.claim(system, start + 0x1000n).claim).toBe("nobody");
      }
    }
  });
});
