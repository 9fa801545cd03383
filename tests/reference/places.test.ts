import { describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { acsOf, assignments } from "./forests.js";
import { decide, verdictOf, type Listed, type World } from "./reference.js";

// Functions of which nothing shows what their bus hangs below, against every place that the bus may have: a root bus of
// a host bridge that is not described, behind a described function, or behind a bridge that is not described, which may
// redirect or not and itself sits anywhere. The described host bridge is listed for pairs below it only.

const ROOTS = ["0000:00", "0000:40", "0000:50"] as const;
type Root = (typeof ROOTS)[number];
type Above = number | Root;

/** Forests of `size` functions below one known root bus and two of which nothing is known. */
function* forests(size: number): Generator<Above[]> {
  if (size === 0) return yield [];
  for (const smaller of forests(size - 1)) for (const above of [...ROOTS, ...smaller.keys()]) yield [...smaller, above];
}

/** Where bus numbers are made up, what the two buses of unknown place are called: as if nothing could be above both. */
const MADE_UP: Readonly<Partial<Record<Root, string>>> = { "0000:40": "0001:00", "0000:50": "0002:00" };

function describeIt(
  forest: readonly Above[],
  redirects: readonly boolean[],
  listed: string,
  madeUp: boolean,
): SystemDescription {
  const names: string[] = [];
  const functions = forest.map((above, index): FunctionDescription => {
    const bus =
      typeof above === "number"
        ? `${names[above]!.slice(0, 4)}:${(0x60 + above).toString(16)}`
        : (madeUp && MADE_UP[above]) || above;
    names.push(`${bus}:${(index + 1).toString(16).padStart(2, "0")}.0`);
    const unknown = madeUp ? { parent: "unknown" } : {};
    const parent =
      typeof above === "number" ? { parent: names[above]! } : above === "0000:00" ? { parent: null } : unknown;
    return { bdf: names[index]!, ...parent, ...acsOf(redirects[index] ? "redirects" : "plain", index) };
  });
  const host: FunctionDescription = { bdf: "0000:00:00.0", vendor: "8086", device: listed, parent: null, acs: null };
  return { cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 }, functions: [host, ...functions] };
}

/** Where a bus may hang: at a host bridge of its own, or behind a function, unseen bridges between them or not. */
interface Place {
  readonly behind: number | "host" | "known host";
  /** Bridges that are not described, from the bus up. */
  readonly bridges: readonly boolean[];
}

/**
 * Every world that the forest may be part of. Two unseen bridges on the way are as many as can make a difference, and
 * both buses may share the upper one or an unseen host bridge.
 */
function* worlds(forest: readonly Above[], redirects: readonly boolean[], known: Listed): Generator<World> {
  const unknown = ROOTS.slice(1).filter((root) => forest.includes(root));
  const places: Place[] = [{ behind: "host", bridges: [] }];
  for (const bridges of [[], [false], [true]]) {
    for (const behind of ["host", ...forest.keys()] as const) places.push({ behind, bridges });
    if (bridges.length > 0) places.push({ behind: "known host", bridges });
  }
  for (const chosen of assignments(places, unknown.length)) {
    for (const shared of unknown.length === 2 ? [null, false, true] : [null]) {
      for (const unseen of ["not", "same-only", "listed"] as const) {
        for (const oneHost of unknown.length === 2 ? [false, true] : [true]) {
          const world = build(forest, redirects, unknown, chosen, shared, oneHost, { known, unseen });
          if (world !== null) yield world;
        }
      }
    }
  }
}

function build(
  forest: readonly Above[],
  redirects: readonly boolean[],
  unknown: readonly Root[],
  places: readonly Place[],
  /** An unseen bridge above both buses where they share their place: does it redirect? */
  shared: boolean | null,
  oneHost: boolean,
  listed: { known: Listed; unseen: Listed },
): World | null {
  const up: (number | null)[] = forest.map((above) => (typeof above === "number" ? above : null));
  const root: string[] = forest.map(() => "0000:00");
  const all = [...redirects];
  const bridge = (above: number | null, host: string, redirecting: boolean) => {
    root.push(host);
    all.push(redirecting);
    return up.push(above) - 1;
  };
  const sharing = shared !== null;
  if (sharing && places[0]!.behind !== places[1]!.behind) return null;
  if (sharing && places.some(({ bridges }) => bridges.length === 0)) return null;
  let joint: number | null = null;
  for (const [index, bus] of unknown.entries()) {
    const { behind, bridges } = places[index]!;
    const host = behind === "known host" ? "0000:00" : oneHost ? "unseen" : `unseen ${index}`;
    let above: number | null = typeof behind === "number" ? behind : null;
    if (sharing) above = joint ??= bridge(above, host, shared);
    for (const redirecting of bridges) above = bridge(above, host, redirecting);
    forest.forEach((over, node) => {
      if (over !== bus) return;
      up[node] = above;
      root[node] = host;
    });
  }
  if (up.some((_, node) => isCircular(up, node))) return null;
  const hosts = {
    "0000:00": listed.known,
    unseen: listed.unseen,
    "unseen 0": listed.unseen,
    "unseen 1": listed.unseen,
  };
  return { up, root, redirects: all, listed: hosts, zen: false };
}

function isCircular(up: readonly (number | null)[], start: number): boolean {
  let node: number | null = start;
  for (let steps = 0; steps <= up.length; steps++) {
    if (node === null) return false;
    node = up[node]!;
  }
  return true;
}

/** Compares every pair of each forest, with every set of redirecting functions; returns how many there were. */
function compare(all: Iterable<Above[]>, known: Listed, device: string, madeUp: boolean): number {
  let compared = 0;
  for (const forest of all) {
    for (const redirects of assignments([false, true], forest.length)) {
      const description = describeIt(forest, redirects, device, madeUp);
      const peers = new PeerDma(Topology.of({ peerlane: 1, systems: [description] }), linux("6.1"));
      const possible = [...worlds(forest, redirects, known)];
      const names = description.functions.slice(1).map(({ bdf }) => bdf);
      for (const [provider, client] of assignments([...names.keys()], 2) as Generator<[number, number]>) {
        const { answer, route, distance } = peers.can(names[provider]!, names[client]!);
        const at = { forest, redirects, provider, client };
        expect({ ...at, answer, route, distance }).toEqual({ ...at, ...agreed(possible, provider, client) });
        compared++;
      }
    }
  }
  return compared;
}

/** What all worlds agree on. */
function agreed(possible: readonly World[], provider: number, client: number) {
  let outcomes = 0;
  const distances = new Set<number>();
  for (const world of possible) {
    const { outcome, distance } = decide(world, provider, client);
    outcomes |= outcome;
    distances.add(distance);
  }
  const { answer, route } = verdictOf(outcomes);
  return {
    answer,
    route: provider === client && route === "bus-address" ? "local" : route,
    distance: distances.size === 1 ? [...distances][0]! : null,
  };
}

describe.each([
  ["same-only", "2f00", false],
  ["not", "1234", false],
  ["listed", "2030", false],
  ["listed", "2030", true],
] as const)(
  "buses of unknown place beside a host bridge that is %s (%s, numbers made up: %s)",
  (known, device, madeUp) => {
    test.each([
      [1, 3 * 2],
      [2, 12 * 4 * 4],
      [3, 60 * 8 * 9],
    ])("%i functions: the answer is what every place agrees on", { timeout: 60_000 }, (size, pairs) => {
      expect(compare(forests(size), known, device, madeUp)).toBe(pairs);
    });

    test("two chains of two functions, each below its own bus", { timeout: 60_000 }, () => {
      expect(compare([["0000:40", "0000:50", 0, 1]], known, device, madeUp)).toBe(16 * 16);
    });
  },
);
