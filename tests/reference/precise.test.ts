import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DIRECTIONS, type Build } from "../../src/core.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { ANSWERS, CODE_NUMBERS, ROUTES } from "../../src/explain/ruling.js";
import { linux } from "../../src/policy/linux.js";
import { precise } from "../../src/policy/precise.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { describeForest, HOST_KINDS, HOSTS, nameOf, type Above, type HostKind } from "./forests.js";
import { BUS, chain, REFUSED, THROUGH, throughHost, verdictOf, type World } from "./reference.js";

// The direction-aware model (linux-p2pdma B6, V36) for every completion of random machines, against can, matrix,
// canMany and map, mapMany. Every function below a bridge is a downstream port, so that egress control vectors mean
// something; two functions at most leave facts open.

const BLOCKED = 8;

/** What the description shows of one function. */
interface Sketch {
  /** Modulo what there is: two host bridges, then the functions before. */
  readonly above: number;
  /** Control word; null: no ACS, undefined: not shown. */
  readonly control: number | null | undefined;
  /** Ports that its vector keeps requests from, as bits. */
  readonly kept: number;
  readonly showsVector: boolean;
  readonly showsPort: boolean;
}

/** What one function does, of which everything is known. */
interface Ports {
  readonly control: number;
  /** Whether requests to a function below the same bridge, or to that itself (null), are not let through. */
  readonly keeps: (target: number | null) => boolean;
}

const CONTROLS = [0, 0x04, 0x08, 0x0c, 0x20, 0x24, 0x28, 0x2c] as const;
const known = {
  above: fc.nat(1000),
  control: fc.constantFrom(null, 0x13, ...CONTROLS, 0x20, 0x24),
  kept: fc.nat(255),
  showsVector: fc.constant(true),
  showsPort: fc.constant(true),
};
const open = {
  ...known,
  control: fc.constantFrom(undefined, undefined, 0, 0x20, 0x24, 0x2c),
  showsVector: fc.boolean(),
  showsPort: fc.boolean(),
};
const machines = fc.record({
  kind: fc.constantFrom<HostKind>(...Object.values(HOST_KINDS)),
  sketches: fc
    .tuple(
      fc.array(fc.record<Sketch>(known), { minLength: 2, maxLength: 5 }),
      fc.array(fc.record<Sketch>(open), { maxLength: 2 }),
      fc.nat(9),
    )
    .map(([most, some, turn]) => {
      const all = [...most, ...some];
      return [...all.slice(turn % all.length), ...all.slice(0, turn % all.length)];
    }),
});

const BAR = 0x10_0000;
const FIRST = 0x4000_0000;

function aboveOf(sketches: readonly Sketch[]): Above[] {
  return sketches.map(({ above }, index) => HOSTS[above % (2 + index)] ?? (above % (2 + index)) - 2);
}

function describeMachine(kind: HostKind, sketches: readonly Sketch[]): SystemDescription {
  const forest = aboveOf(sketches);
  const plain = describeForest(
    "",
    kind,
    forest,
    forest.map(() => "plain" as const),
  );
  const functions = plain.functions.map((each): FunctionDescription => {
    const index = forest.findIndex((above, at) => nameOf(above, at) === each.bdf);
    const common = { ...each, command: 6, physicalFunction: null, bars: [] };
    if (index === -1) return common;
    const { acs: _, ...unread } = common;
    const { control, kept, showsVector, showsPort } = sketches[index]!;
    const vector = showsVector ? { egressVector: [kept] } : {};
    return {
      ...unread,
      kind: typeof forest[index] === "string" ? "root-port" : "downstream-port",
      bars: [{ index: 0, type: "mem32", start: `0x${(FIRST + index * BAR).toString(16)}`, size: BAR }],
      link: showsPort ? { port: index } : {},
      ...(control === undefined ? {} : { acs: control === null ? null : { capability: 0x87f, control, ...vector } }),
    };
  });
  return { ...plain, iommu: "off", allAddresses: true, functions };
}

/** Every way in which what is not shown may turn out. */
function* worldsOf(kind: HostKind, sketches: readonly Sketch[]): Generator<World & { readonly ports: Ports[] }> {
  const forest = aboveOf(sketches);
  for (const zen of kind.zen) {
    for (const ports of product(sketches.map((sketch, node) => [...completionsOf(sketch, node, sketches)]))) {
      yield {
        up: forest.map((above) => (typeof above === "string" ? null : above)),
        root: forest.map(String),
        redirects: [],
        listed: { [HOSTS[0]]: kind.listed[0], [HOSTS[1]]: kind.listed[1] },
        zen,
        ports,
      };
    }
  }
}

function* completionsOf(
  { control, kept, showsVector }: Sketch,
  node: number,
  all: readonly Sketch[],
): Generator<Ports> {
  const forest = aboveOf(all);
  for (const word of control === undefined ? CONTROLS : [control ?? 0]) {
    for (const otherwise of (word & 0x20) !== 0 ? [false, true] : [false]) {
      const shown = control !== undefined && showsVector && typeof forest[node] === "number";
      yield {
        control: word,
        keeps: (target) =>
          shown && target !== null && all[target]!.showsPort ? ((kept >> target) & 1) === 1 : otherwise,
      };
    }
  }
}

function* product<T>(choices: readonly (readonly T[])[]): Generator<T[]> {
  const [first, ...rest] = choices;
  if (first === undefined) return yield [];
  for (const others of product(rest)) for (const choice of first) yield [choice, ...others];
}

/** What happens to a read or a write in one world. */
function decide(world: World & { readonly ports: Ports[] }, provider: number, client: number, reads: boolean): number {
  const [left, right] = [chain(world, provider), chain(world, client)];
  const through = () => throughHost(world, left.at(-1)!, right.at(-1)!);
  const common = left.find((node) => right.includes(node));
  if (common === undefined) return through();
  const from = right[right.indexOf(common) - 1];
  const to = left[left.indexOf(common) - 1];
  if (from !== undefined) {
    const { control, keeps } = world.ports[from]!;
    const kept = keeps(to ?? null);
    if ((control & 0x20) !== 0 && kept) return (control & 0x04) !== 0 ? through() : BLOCKED;
    if ((control & 0x24) === 0x04) return through();
  }
  return reads && to !== undefined && (world.ports[to]!.control & 0x08) !== 0 ? through() : BUS;
}

/** What all completions agree on. */
function expected(outcomes: number) {
  const allowed = outcomes & (BUS | THROUGH);
  const refused = (outcomes & (REFUSED | BLOCKED)) === 0 ? 0 : REFUSED;
  const { answer, route } = verdictOf(allowed | refused);
  return { answer, route, blocked: outcomes === BLOCKED };
}

const seen = new Map<string, number>();

function compare(build: Build, { kind, sketches }: { kind: HostKind; sketches: readonly Sketch[] }): void {
  const topology = Topology.of({ peerlane: 1, systems: [describeMachine(kind, sketches)] }, { build });
  const peers = new PeerDma(topology, precise(linux("6.1")));
  const ids = aboveOf(sketches).map((above, index) => topology.id(nameOf(above, index)));
  const worlds = [...worldsOf(kind, sketches)];
  const pairs = ids.flatMap((_, provider) => ids.map((_, client) => [provider, client] as const));
  // More rows than a crossing into the core takes.
  const rows = Array.from({ length: 1100 }, (_, row) => pairs[row % pairs.length]!);
  const providers = Uint32Array.from(rows, ([provider]) => ids[provider]!);
  const clients = Uint32Array.from(rows, ([, client]) => ids[client]!);
  const address = BigUint64Array.from(rows, ([provider]) => BigInt(FIRST + provider * BAR));
  for (const direction of DIRECTIONS) {
    const matrix = peers.matrix(ids, direction);
    const decided = peers.canMany(providers, clients, direction);
    const mapped = peers.mapMany({ initiator: clients, address, size: 64, direction });
    pairs.forEach(([provider, client], pair) => {
      const outcomes = worlds.reduce((bits, world) => bits | decide(world, provider, client, direction !== "write"), 0);
      const { answer, route, blocked } = expected(outcomes);
      seen.set(
        `${answer} ${blocked ? "blocked" : route}`,
        (seen.get(`${answer} ${blocked ? "blocked" : route}`) ?? 0) + 1,
      );
      const local = provider === client ? "local" : route;
      const verdict = peers.can(ids[provider]!, ids[client]!, direction);
      const code = verdict.answer === "yes" ? null : verdict.code;
      const mapping = peers.map(ids[client]!, address[pair]!, 64, direction);
      const last = pair + pairs.length * Math.floor((rows.length - 1 - pair) / pairs.length);
      const got = {
        can: [verdict.answer, verdict.route],
        blocked: code === "EGRESS_BLOCKED",
        matrix: [ANSWERS[matrix.answer[pair]!], ROUTES[matrix.route[pair]!]],
        canMany: [ANSWERS[decided.answer[last]!], ROUTES[decided.route[last]!], CODE_NUMBERS[decided.code[last]!]],
        map: mapping.route,
        mapMany: [ROUTES[mapped.route[last]!], CODE_NUMBERS[mapped.code[last]!]],
      };
      const want = {
        can: [answer, local],
        blocked,
        matrix: [answer, local],
        canMany: [answer, local, code],
        map: local,
        mapMany: [local, mapping.ok ? null : mapping.code],
      };
      if (JSON.stringify(got) !== JSON.stringify(want)) expect({ provider, client, direction, ...got }).toEqual(want);
    });
  }
  topology.close();
}

describe.each(["simd", "scalar"] as const)("the precise model on the %s build", (build) => {
  test("answers what all completions agree on, in all calls alike", { timeout: 300_000 }, () => {
    seen.clear();
    fc.assert(
      fc.property(machines, (machine) => compare(build, machine)),
      { seed: 2026, numRuns: process.env["PEERLANE_LONG"] === "1" ? 3000 : 300 },
    );
    const kinds = ["yes bus-address", "yes through-host-bridge", "yes unknown", "unknown unknown", "no not-supported"];
    for (const kind of [...kinds, "no blocked"]) expect(seen.get(kind), kind).toBeGreaterThan(20);
  });
});
