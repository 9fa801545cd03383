import fc from "fast-check";
import { expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { Topology } from "../../src/topology/topology.js";
import { bestProvider } from "../../src/transfer/index.js";
import { nameOf } from "./forests.js";
import { aboveOf, decide, describeMachine, distance, machines, worldsOf, type Machine, type World } from "./worlds.js";

// Whose memory some clients had best share: against the choice in every completion of what is not known.

type Strategy = "kernel" | "prefer-direct";

interface Choice {
  /** Those that are as good as the best, in their order; none: none serves all clients. */
  readonly ties: readonly number[];
  readonly total: number | null;
  readonly throughHostBridge: number | null;
  /** How good each is that serves all. */
  readonly scores: readonly object[];
}

function choose(world: World, clients: readonly number[], strategy: Strategy): Choice {
  const scores = [...world.up.keys()].flatMap((candidate) => {
    const ways = clients.map((client) => decide(world, candidate, client).way);
    if (ways.includes(null)) return [];
    const through = ways.filter((way) => way === "through-host-bridge").length;
    const apart = clients.reduce((sum, client) => sum + distance(world, candidate, client), 0);
    return [{ candidate, through, total: apart + through * world.rules.hostDistance }];
  });
  const direct = strategy === "prefer-direct" ? Math.min(...scores.map(({ through }) => through)) : Infinity;
  const asDirect = scores.filter(({ through }) => through <= direct);
  const total = Math.min(...asDirect.map((score) => score.total));
  const best = asDirect.filter((score) => score.total === total);
  const ties = best.map(({ candidate }) => candidate);
  const through = new Set(best.map((score) => score.through));
  return {
    ties,
    total: best[0]?.total ?? null,
    throughHostBridge: through.size === 1 ? [...through][0]! : null,
    scores,
  };
}

const seen = new Map<string, number>();
const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

function compare(machine: Machine, picks: readonly number[], strategy: Strategy, seed: number): void {
  const forest = aboveOf(machine.sketches);
  const topology = Topology.of(describeMachine(machine));
  const peers = new PeerDma(topology, linux(machine.release));
  const ids = forest.map((above, node) => topology.id(nameOf(above, node)));
  const clients = picks.map((pick) => pick % ids.length);
  const refs = clients.map((client) => ids[client]!);
  const found = bestProvider(peers, refs, { among: ids, strategy, seed });
  const nodes = (list: Iterable<number>) => Array.from(list, (id) => ids.indexOf(id));
  const said = { ties: nodes(found.ties), total: found.total };
  const choices = [...worldsOf(machine)].map((world) => choose(world, clients, strategy));
  const where = { clients, strategy, machine };
  const all = new Set(choices.map(({ scores }) => JSON.stringify(scores)));
  const chosen = found.provider === null ? null : ids.indexOf(found.provider);
  count(`${strategy}: ${found.answer}`);

  // What is said holds in every completion, and nothing is left open where all are as good in one as in the other.
  if (found.answer === "unknown") {
    expect({ differ: all.size > 1, said, where }).toEqual({ differ: true, said, where });
  } else {
    for (const { ties, total, throughHostBridge } of choices) {
      expect({ ...said, where }).toEqual({ ties, total, where });
      if (found.throughHostBridge !== null && throughHostBridge !== null) {
        expect({ through: found.throughHostBridge, where }).toEqual({ through: throughHostBridge, where });
      }
    }
    if (found.answer === "no") expect({ chosen, said }).toEqual({ chosen: null, said: { ties: [], total: null } });
    else expect(strategy === "kernel" ? said.ties : said.ties.slice(0, 1)).toContain(chosen);
  }
  // Whoever is the best in one is named.
  const named = new Set([...said.ties, ...nodes(found.contenders)]);
  for (const { ties } of choices)
    for (const node of ties) expect({ named: named.has(node), node, where }).toEqual({ named: true, node, where });
  for (const contender of found.contenders) expect(found.unknown).toContain(contender);
  topology.close();
}

test(
  "the best provider is the one of every completion, and unknown only where providers are better in one than in another",
  { timeout: 7_200_000 },
  () => {
    const long = process.env["PEERLANE_LONG"] === "1";
    fc.assert(
      fc.property(
        machines,
        fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }),
        fc.constantFrom<Strategy>("kernel", "prefer-direct"),
        fc.nat(99),
        compare,
      ),
      { seed: 21, numRuns: long ? 20_000 : 1000 },
    );
    for (const strategy of ["kernel", "prefer-direct"]) {
      for (const answer of ["yes", "no", "unknown"])
        expect(seen.get(`${strategy}: ${answer}`) ?? 0).toBeGreaterThan(20);
    }
    if (long) console.log(seen);
  },
);
