import { describe, expect, test } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma, UNKNOWN_DISTANCE } from "../../src/explain/peer-dma.js";
import { ROUTES } from "../../src/explain/ruling.js";
import type { Build } from "../../src/core.js";
import { Topology } from "../../src/topology/topology.js";
import {
  assignments,
  describeForest,
  forests,
  HOST_KINDS,
  HOSTS,
  MARKS,
  nameOf,
  type Above,
  type HostKind,
  type Mark,
} from "./forests.js";
import { decide, REFUSED, verdictOf, type World } from "./reference.js";

// Every forest of a few functions below up to two host bridges, with every placement of ACS that redirects, does not,
// or cannot be read; every ordered pair; both builds; against the reference run on every completion.

/** Machines that share one topology, as its systems. */
const BATCH = 400;

interface Case {
  readonly kind: HostKind;
  readonly forest: readonly Above[];
  readonly marks: readonly Mark[];
  /** Outcomes and distances, row by row: provider, client. */
  readonly outcomes: readonly number[];
  readonly distances: readonly number[];
}

/** All cases of one size; the worlds of one forest are decided once for each set of redirecting functions. */
function* casesOf(size: number, kinds: readonly HostKind[]): Generator<Case> {
  const pairs = [...assignments([...Array(size).keys()], 2)] as [number, number][];
  for (const kind of kinds) {
    for (const forest of forests(size)) {
      const decided = worldsOf(kind, forest).map((worlds) =>
        pairs.map(([a, b]) => worlds.map((world) => decide(world, a, b))),
      );
      const distances = decided[0]!.map(([first]) => first!.distance);
      for (const marks of assignments(MARKS, size)) {
        const completions = decided.filter((_, set) => marks.every((mark, index) => agrees(mark, (set >> index) & 1)));
        const outcomes = pairs.map((_, pair) =>
          completions.reduce((bits, each) => each[pair]!.reduce((more, { outcome }) => more | outcome, bits), 0),
        );
        yield { kind, forest, marks, outcomes, distances };
      }
    }
  }
}

/** For each set of redirecting functions, as bits, the world with each CPU that the machine may have. */
function worldsOf(kind: HostKind, forest: readonly Above[]): World[][] {
  return Array.from({ length: 1 << forest.length }, (_, set) =>
    kind.zen.map((zen) => ({
      up: forest.map((above) => (typeof above === "string" ? null : above)),
      root: forest.map(String),
      redirects: forest.map((_, index) => ((set >> index) & 1) === 1),
      listed: { [HOSTS[0]]: kind.listed[0], [HOSTS[1]]: kind.listed[1] },
      zen,
    })),
  );
}

function agrees(mark: Mark, redirects: number): boolean {
  return mark === "unreadable" || (mark === "redirects") === (redirects === 1);
}

/** Compares cases with `compare` in batches; returns how many pairs there were. */
function run(
  cases: Iterable<Case>,
  build: Build,
  compare: (peers: PeerDma, ids: number[], expected: Case) => void,
): number {
  let pairs = 0;
  let batch: Case[] = [];
  const flush = () => {
    const systems = batch.map(({ kind, forest, marks }, index) => describeForest(`${index}`, kind, forest, marks));
    const peers = new PeerDma(Topology.of({ peerlane: 1, systems }, { build }), linux("6.1"));
    batch.forEach((each, index) => {
      compare(
        peers,
        each.forest.map((above, at) => peers.topology.id(`${index}/${nameOf(above, at)}`)),
        each,
      );
      pairs += each.outcomes.length;
    });
    batch = [];
  };
  for (const each of cases) if (batch.push(each) === BATCH) flush();
  if (batch.length > 0) flush();
  return pairs;
}

/** `can`, with everything it says about the route. */
function compareVerdicts(peers: PeerDma, ids: number[], { outcomes, distances, forest, marks }: Case): void {
  ids.forEach((provider, row) => {
    ids.forEach((client, column) => {
      const pair = row * ids.length + column;
      const { answer, route } = verdictOf(outcomes[pair]!);
      const verdict = peers.can(provider, client);
      const local = provider === client && route === "bus-address" ? "local" : route;
      if (verdict.answer === answer && verdict.route === local && verdict.distance === distances[pair]) return;
      expect({
        forest,
        marks,
        row,
        column,
        answer: verdict.answer,
        route: verdict.route,
        distance: verdict.distance,
      }).toEqual({
        forest,
        marks,
        row,
        column,
        answer,
        route: local,
        distance: distances[pair],
      });
    });
  });
}

/** `matrix`, which is the same by the batch entry of the core. */
function compareMatrix(peers: PeerDma, ids: number[], { outcomes, distances, forest, marks }: Case): void {
  const { distance, route } = peers.matrix(ids);
  const got = [...route].map((each, pair) => [ROUTES[each], distance[pair]]);
  const expected = outcomes.map((bits, pair) => {
    const local = Math.floor(pair / ids.length) === pair % ids.length;
    const { route } = verdictOf(bits);
    const shown = bits === REFUSED ? -1 : (bits & REFUSED) !== 0 ? UNKNOWN_DISTANCE : distances[pair];
    return [local && route === "bus-address" ? "local" : route, shown];
  });
  if (JSON.stringify(got) !== JSON.stringify(expected))
    expect({ forest, marks, got }).toEqual({ forest, marks, got: expected });
}

const KINDS: readonly HostKind[] = Object.values(HOST_KINDS);

describe.each(["simd", "scalar"] as const)("every small forest on the %s build", (build) => {
  // Forests of n functions below two host bridges: (n + 1)!, each with 3^n placements and n^2 pairs.
  test.each([
    [1, 2 * 3 * 1 * KINDS.length],
    [2, 6 * 9 * 4 * KINDS.length],
    [3, 24 * 27 * 9 * KINDS.length],
  ])("of %i: can() is what all completions agree on", (size, pairs) => {
    expect(run(casesOf(size, KINDS), build, compareVerdicts)).toBe(pairs);
  });

  test("of 4: matrix() is what all completions agree on, under every kind of host bridge", { timeout: 120_000 }, () => {
    expect(run(casesOf(4, KINDS), build, compareMatrix)).toBe(120 * 81 * 16 * KINDS.length);
  });
});

/** Those whose first function hangs below the first host bridge: the others mirror them. */
function* halfOf(cases: Iterable<Case>): Generator<Case> {
  for (const each of cases) if (each.forest[0] === HOSTS[0]) yield each;
}

test("every forest of 5, under host bridges that tell same from across", { timeout: 120_000 }, () => {
  expect(run(halfOf(casesOf(5, [HOST_KINDS["same-only"]])), "simd", compareMatrix)).toBe(360 * 243 * 25);
});

// Several minutes.
test.runIf(process.env["PEERLANE_LONG"] === "1")("every forest of 6", { timeout: 7_200_000 }, () => {
  expect(run(halfOf(casesOf(6, [HOST_KINDS["same-only"]])), "simd", compareMatrix)).toBe(2520 * 729 * 36);
});
