import { describe, expect, test } from "vitest";
import {
  Core,
  MARK_COMPLETION,
  MARK_EGRESS,
  MARK_REQUEST,
  MARK_UNREADABLE,
  PATHS,
  WAY_BITS,
  type CompiledPolicy,
  type Decision,
  type Way,
} from "../../src/core.js";
import { anyEgress, anyPolicy, anything, BUILDS, Random } from "./cores.js";

// The direction-aware model with egress control vectors, against the same by whole chains and sets of ways. What
// batches answer is held against these answers in batches.test.ts.

const WAYS = Object.keys(WAY_BITS) as Way[];

/** What becomes of requests that come from below a function, by its marks; null: a vector tells. */
function requestWays(mark: number): Way[] {
  if ((mark & MARK_EGRESS) === MARK_EGRESS) return ["direct", (mark & MARK_REQUEST) !== 0 ? "redirected" : "blocked"];
  if ((mark & MARK_UNREADABLE) !== 0) return [...WAYS];
  return (mark & MARK_REQUEST) !== 0 ? ["redirected"] : ["direct"];
}

function completionWays(mark: number): Way[] {
  if ((mark & MARK_EGRESS) === MARK_UNREADABLE) return ["direct", "redirected"];
  return (mark & MARK_COMPLETION) !== 0 ? ["redirected"] : ["direct"];
}

/** The path of a pair as the set of what all completions make of it. */
function pathOf(core: Core, marks: (id: number) => number, pair: [number, number], write: boolean, found: Decision) {
  if (found.relation === "across-unknown") return "any";
  if (found.relation !== "common-bridge" && found.relation !== "same-unknown") return "direct";
  const [provider, client] = pair.map((id) => {
    const chain = [...core.ancestors(id)];
    return chain[chain.indexOf(found.common) - 1] ?? 0;
  }) as [number, number];
  const own = client === 0 ? 0 : marks(client);
  const says = (own & MARK_EGRESS) === MARK_EGRESS ? anyEgress(client, provider) : null;
  const requests = says === null ? requestWays(own) : [says];
  const completions = write || provider === 0 ? (["direct"] as const) : completionWays(marks(provider));
  const all = requests.flatMap((request) => (request === "direct" ? completions : [request]));
  return PATHS[[...new Set(all)].reduce((bits, way) => bits | WAY_BITS[way], 0) - 1];
}

describe.each(BUILDS)("on the %s build", (build) => {
  test.each([
    ["narrow", 0],
    ["wide", 300],
  ] as const)("every pair of a forest of %s records has the path that its completions agree on", (_, deep) => {
    const seen = new Set<string>();
    for (const seed of [3, 20180402]) {
      const { marks: rows, ...parts } = anything(seed, 150, deep);
      const core = Core.of(parts, build);
      const marks = (id: number) => rows[parts.forest.order[id]!]!;
      const random = new Random(seed);
      const policy: CompiledPolicy = { ...anyPolicy(core.hosts, seed), precise: anyEgress };
      for (let round = 0; round < 6000; round++) {
        const provider = 1 + random.below(core.count);
        // Neighbours are often below one bridge.
        const client = random.below(2) === 0 ? 1 + random.below(core.count) : Math.max(1, provider - random.below(9));
        const direction = random.below(3);
        const found = core.decide(policy, provider, client, direction);
        const expected = pathOf(core, marks, [provider, client], direction === 1, found);
        if (found.path !== expected)
          expect({ provider, client, direction, ...found }).toMatchObject({ path: expected });
        seen.add(found.path);
      }
    }
    expect(seen.size).toBe(PATHS.length);
  });
});
