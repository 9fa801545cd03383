import { describe, expect, test } from "vitest";
import { PATHS, RELATIONS, type Build } from "../../src/core.js";
import { PeerDma, UNKNOWN_DISTANCE } from "../../src/explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import { linux } from "../../src/policy/linux.js";
import { OWNER_ANSWERS } from "../../src/topology/answers.js";
import { Topology } from "../../src/topology/topology.js";
import { BAR_SIZE, barOf, columnsOf, expectedOf, pairsOf, type Expected, type Machine } from "./column-machines.js";
import { assignments, forests, HOST_KINDS, HOSTS, MARKS, type HostKind } from "./forests.js";
import { REFUSED, verdictOf } from "./reference.js";

// The batch calls on machines that come as columns, against the reference run on every completion: all small forests,
// and random ones below a chain of bridges that is too long for a byte to hold its depth.

const BATCH = 400;

/** Machines that fit into one topology, and what its batch calls answer; returns how many pairs were compared. */
function compare(machines: readonly Machine[], build: Build): number {
  let compared = 0;
  for (let first = 0; first < machines.length; first += BATCH) {
    const batch = machines.slice(first, first + BATCH);
    const placed = columnsOf(batch);
    const { topology, functions, hostBridges } = Topology.fromColumns(placed.columns, { build });
    const peers = new PeerDma(topology, linux("6.1"));
    const idOf = (machine: number, common: Expected["common"]) => {
      if (common === null) return 0;
      return typeof common === "number"
        ? functions[placed.row(machine, common)]!
        : hostBridges[placed.host(machine, common)]!;
    };
    const rows = batch.flatMap((machine, index) => {
      const expected = expectedOf(machine);
      return [...pairsOf(machine)].map(([provider, client], pair) => ({
        provider,
        client,
        machine: index,
        a: idOf(index, provider),
        b: idOf(index, client),
        ...expected[pair]!,
      }));
    });
    const a = Uint32Array.from(rows, (row) => row.a);
    const b = Uint32Array.from(rows, (row) => row.b);

    const { common, distance, relation, path } = topology.commonMany(a, b);
    expect([...common]).toEqual(rows.map((row) => idOf(row.machine, row.common)));
    expect([...common]).toEqual(rows.map((row) => topology.commonId(row.a, row.b)));
    expect([...distance]).toEqual(rows.map((row) => row.distance));
    expect([...relation].map((each) => RELATIONS[each])).toEqual(rows.map(relationOf));
    expect([...path].map((each) => PATHS[each])).toEqual(rows.map((row) => row.path));

    const address = Float64Array.from(rows, (row) => barOf(row.provider) + (row.client % BAR_SIZE));
    const { route, code, owner, offset } = peers.mapMany({ initiator: b, address, size: 16 });
    expect([...owner!]).toEqual([...a]);
    expect([...offset!].map(Number)).toEqual(rows.map((row) => row.client % BAR_SIZE));
    expect([...route].map((each) => ROUTES[each])).toEqual(rows.map(pairRoute));
    expect([...code].map((each) => each === 0)).toEqual(
      rows.map((row) => !["not-supported", "unknown"].includes(pairRoute(row))),
    );

    const decided = peers.canMany(a, b);
    expect([...decided.common]).toEqual([...common]);
    expect([...decided.distance]).toEqual([...distance]);
    expect([...decided.route].map((each) => ROUTES[each])).toEqual(rows.map(pairRoute));
    expect([...decided.answer].map((each) => ANSWERS[each])).toEqual(rows.map((row) => verdictOf(row.outcomes).answer));

    batch.forEach((machine, index) => {
      const ids = machine.asked.map((node) => idOf(index, node));
      const matrix = peers.matrix(ids);
      const expected = rows.filter((row) => row.machine === index);
      expect([...matrix.distance]).toEqual(expected.map(kernelDistance));
      expect([...matrix.route].map((each) => ROUTES[each])).toEqual(expected.map(pairRoute));
    });
    compared += rows.length;
    topology.close();
  }
  return compared;
}

type Row = Expected & { readonly provider: number; readonly client: number };

function relationOf({ provider, client, common }: Row): string {
  if (provider === client) return "self";
  return typeof common === "number" ? "common-bridge" : common === null ? "across-host-bridges" : "same-host-bridge";
}

/** What a verdict says of the route, and a mapping as well: with two routes there is no one address to be given. */
function pairRoute({ provider, client, outcomes }: Row): string {
  const { route } = verdictOf(outcomes);
  return provider === client && route === "bus-address" ? "local" : route;
}

function kernelDistance({ outcomes, distance }: Row): number {
  return outcomes === REFUSED ? -1 : (outcomes & REFUSED) !== 0 ? UNKNOWN_DISTANCE : distance;
}

const KINDS: readonly HostKind[] = Object.values(HOST_KINDS);

function* smallMachines(size: number): Generator<Machine> {
  for (const kind of KINDS) {
    for (const above of forests(size)) {
      for (const marks of assignments(MARKS, size)) yield { kind, above, marks, asked: [...above.keys()] };
    }
  }
}

describe.each(["simd", "scalar"] as const)("on the %s build", (build) => {
  test.each([
    [1, 2 * 3 * 1 * KINDS.length],
    [2, 6 * 9 * 4 * KINDS.length],
    [3, 24 * 27 * 9 * KINDS.length],
  ])("every forest of %i in columns: batches are what all completions agree on", (size, pairs) => {
    expect(compare([...smallMachines(size)], build)).toBe(pairs);
  });

  test("random forests below a chain of 300 bridges", { timeout: 120_000 }, () => {
    const machines = Array.from({ length: 60 }, (_, seed) => deepMachine(seed));
    expect(compare(machines, build)).toBe(machines.reduce((sum, { asked }) => sum + asked.length ** 2, 0));
  });
});

const CHAIN = 300;

/** Functions below the chain's end, anywhere on it, below the host bridges or each other; three or fewer cannot be read. */
function deepMachine(seed: number): Machine {
  let state = seed + 1;
  const below = (end: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  const above: (number | (typeof HOSTS)[number])[] = [HOSTS[below(2)]!];
  while (above.length < CHAIN) above.push(above.length - 1);
  const size = 2 + below(9);
  for (let node = CHAIN; node < CHAIN + size; node++) {
    const place = below(4);
    above.push(place === 0 ? HOSTS[below(2)]! : place === 1 ? below(node) : CHAIN - 1 + below(node - CHAIN + 1));
  }
  const marks = above.map(
    (_, node) => (below(node < CHAIN ? 200 : 4) === 0 ? "redirects" : "plain") as Machine["marks"][0],
  );
  for (let times = 0; times < 3; times++) marks[below(2) === 0 ? below(CHAIN) : CHAIN + below(size)] = "unreadable";
  // The chain's ends too: 255 and 256 are the last depth that a byte holds and the first that it does not.
  const asked = [0, 254, 255, 256, CHAIN - 1, ...above.keys()].filter((node, at) => at < 5 || node >= CHAIN);
  return { kind: KINDS[seed % KINDS.length]!, above, marks, asked };
}

describe("owners in columns", () => {
  test.each(["simd", "scalar"] as const)(
    "are found in their own machine and nowhere else, on the %s build",
    (build) => {
      const machines = Array.from({ length: 6 }, (_, seed) => deepMachine(seed));
      const placed = columnsOf(machines);
      const { topology, functions } = Topology.fromColumns(placed.columns, { build });
      const rows = machines.flatMap(({ above }, system) =>
        [...above.keys()].flatMap((node) =>
          [-1, 0, BAR_SIZE - 1, BAR_SIZE].map((offset) => ({ system, node, offset, size: 1 + (node % 3) })),
        ),
      );
      const system = Uint32Array.from(rows, (row) => row.system);
      const numbers = rows.map(({ node, offset }) => barOf(node) + offset);
      const inside = ({ offset }: (typeof rows)[number]) => offset >= 0 && offset < BAR_SIZE;
      const ownerOf = (row: (typeof rows)[number]) => functions[placed.row(row.system, row.node)]!;
      for (const address of [Float64Array.from(numbers), BigUint64Array.from(numbers, BigInt)]) {
        const { owner, answer, offset, bar } = topology.ownerMany({ address, system });
        expect([...owner]).toEqual(rows.map((row) => (inside(row) ? ownerOf(row) : 0)));
        expect([...owner]).toEqual(rows.map((row, at) => topology.ownerId(numbers[at]!, row.system)));
        expect([...answer].map((each) => OWNER_ANSWERS[each])).toEqual(
          rows.map((row) => (inside(row) ? "one" : "none")),
        );
        expect([...offset].map(Number)).toEqual(rows.map((row) => (inside(row) ? row.offset : 0)));
        expect([...bar].filter((each) => each === 0).length).toBe(rows.filter(inside).length);
        const size = Float64Array.from(rows, (row) => row.size);
        const sized = topology.ownerMany({ address, size, system });
        const fits = (row: (typeof rows)[number]) => inside(row) && row.offset + row.size <= BAR_SIZE;
        expect([...sized.owner]).toEqual(rows.map((row) => (fits(row) ? ownerOf(row) : 0)));
        expect([...sized.answer].map((each) => OWNER_ANSWERS[each])).toEqual(
          rows.map((row) => (fits(row) ? "one" : inside(row) ? "leaves-owner" : "none")),
        );
      }
      topology.close();
    },
  );
});
