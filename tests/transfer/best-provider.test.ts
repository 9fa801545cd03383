import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shapes } from "../../src/fabrics/index.js";
import {
  linux,
  PeerDma,
  Topology,
  type FunctionDescription,
  type MachineDescription,
  type Ref,
} from "../../src/index.js";
import {
  bestProvider,
  functionsWithMemory,
  type BestProvider,
  type ProviderOptions,
} from "../../src/transfer/index.js";
import { BDF, machineT, type Letter } from "../vectors/machine.js";

function under(machine: MachineDescription, kernel = "6.12", more: object = {}): PeerDma {
  return new PeerDma(Topology.of(machine), { ...linux(kernel), ...more });
}

function bdfs(...letters: Letter[]): string[] {
  return letters.map((letter) => BDF[letter]);
}

/** With names for ids. */
function named({ topology }: PeerDma, { provider, ties, unknown, contenders, ...rest }: BestProvider) {
  const names = (ids: Iterable<number>) => Array.from(ids, (id) => topology.name(id));
  return {
    ...rest,
    provider: provider === null ? null : topology.name(provider),
    ties: names(ties),
    unknown: names(unknown),
    contenders: names(contenders),
  };
}

describe("as the kernel chooses, the provider", () => {
  const choose = (peerDma: PeerDma, clients: Ref[], options: Omit<ProviderOptions, "strategy">) =>
    named(peerDma, bestProvider(peerDma, clients, options));

  test("has the least sum of distances, over all clients, one that occurs twice counted twice", () => {
    const peerDma = under(machineT("L"));
    const among = bdfs("A", "C", "E");
    expect(choose(peerDma, bdfs("B", "B", "A1"), { among })).toMatchObject({
      answer: "yes",
      provider: BDF.A,
      total: 4 + 4 + 2,
      throughHostBridge: 0,
      ties: [BDF.A],
      unknown: [],
    });
    expect(peerDma.distanceMany(BDF.A, bdfs("B", "B", "A1"))).toBe(10);
  });

  test("is any of those that tie, whatever the route: by the seed, and each of them at times", () => {
    const peerDma = under(machineT("L"));
    const seeds = Array.from({ length: 64 }, (_, seed) => seed);
    const choices = () => seeds.map((seed) => choose(peerDma, [BDF.US], { among: bdfs("C", "D", "E"), seed }));
    const chosen = choices();
    expect(choices()).toEqual(chosen);
    // E is below the upstream port, C and D are beyond the host bridge.
    for (const [letter, throughHostBridge] of [
      ["C", 1],
      ["D", 1],
      ["E", 0],
    ] as const) {
      const times = chosen.filter(({ provider }) => provider === BDF[letter]);
      expect(times.length).toBeGreaterThan(8);
      expect(times[0]).toMatchObject({ answer: "yes", total: 4, throughHostBridge, ties: bdfs("C", "D", "E") });
    }
  });

  test.each<[what: string, clients: Ref[]]>([
    ["where there are no clients", []],
    ["where a client is refused", bdfs("A", "C")],
    ["where a client is no PCI device", [BDF.A, "uart"]],
  ])("is none %s", (_, clients) => {
    const peerDma = under(machineT("N", {}, { platformDevices: [{ name: "uart", regions: [] }] }));
    expect(choose(peerDma, clients, { among: bdfs("A", "B", "C") })).toEqual({
      answer: "no",
      provider: null,
      total: null,
      throughHostBridge: null,
      ties: [],
      unknown: [],
      contenders: [],
    });
  });

  test("counts 0x1000 for the host bridge where Linux did", () => {
    const machine = machineT("Z", { H0: { vendor: "1022", device: "1450" }, H1: { vendor: "1022", device: "1450" } });
    expect(choose(under(machine, "5.2.0"), [BDF.A], { among: bdfs("C") })).toMatchObject({ total: 0x1006 });
    expect(choose(under(machine, "6.12"), [BDF.A], { among: bdfs("C") })).toMatchObject({ total: 6 });
  });

  test("is one of the first 512 that tie, or as many as are asked for", () => {
    const { topology, functions } = Topology.fromColumns(shapes["dense-sriov"]({ functions: 3000 }));
    const peerDma = new PeerDma(topology, linux("6.12"));
    const among = functionsWithMemory(topology);
    const client = functions.find((id) => topology.describe(id)!.kind === "root-port")!;
    const { ties, total } = bestProvider(peerDma, [client], { among });
    const all = among.filter((id) => peerDma.distanceMany(id, [client]) === total);
    expect(all.length).toBeGreaterThan(3);
    expect(ties).toEqual(all.slice(0, 512));
    const few = bestProvider(peerDma, [client], { among, limit: 2, seed: 9 });
    expect(few.ties).toEqual(all.slice(0, 2));
    expect([...few.ties]).toContain(few.provider);
  });
});

describe("what prefers direct routes", () => {
  const direct = { strategy: "prefer-direct" } as const;

  test("takes more hops for fewer clients through the host bridge", () => {
    const peerDma = under(machineT("L"));
    const among = bdfs("C", "E", "I1");
    expect(named(peerDma, bestProvider(peerDma, [BDF.A], { among }))).toMatchObject({ provider: BDF.I1, total: 5 });
    expect(named(peerDma, bestProvider(peerDma, [BDF.A], { among, ...direct }))).toMatchObject({
      answer: "yes",
      provider: BDF.E,
      total: 6,
      throughHostBridge: 0,
      ties: [BDF.E],
    });
  });

  test("takes the first of those that tie, whatever the seed", () => {
    const peerDma = under(machineT("L"));
    for (const among of [bdfs("I1", "I2"), bdfs("I2", "I1")]) {
      for (const seed of [1, 2, 3, 4]) {
        const { provider, ties } = named(peerDma, bestProvider(peerDma, [BDF.C], { among, seed, ...direct }));
        expect([provider, ties]).toEqual([among[0], among]);
      }
    }
  });
});

describe("what is not known", () => {
  // Between A and B nothing shows whether the switch redirects, and the host bridge may refuse.
  const peerDma = under(machineT("N", { DSP1: { acs: undefined as never } }));

  test("is listed, and may change the answer where it may be as good", () => {
    const near = named(peerDma, bestProvider(peerDma, [BDF.A], { among: bdfs("B", "E") }));
    expect(near).toMatchObject({
      answer: "unknown",
      provider: null,
      unknown: bdfs("B", "E"),
      contenders: bdfs("B", "E"),
    });
    const other = named(peerDma, bestProvider(peerDma, [BDF.A], { among: bdfs("A1", "B") }));
    expect(other).toMatchObject({ answer: "yes", provider: BDF.A1, total: 2, unknown: [BDF.B], contenders: [] });
    const tied = named(peerDma, bestProvider(peerDma, [BDF.B], { among: bdfs("E", "A") }));
    expect(tied).toMatchObject({ answer: "unknown", provider: null, contenders: bdfs("E", "A") });
  });

  test("is a route where every route is allowed, which the kernel does not look at", () => {
    const zen = under(machineT("Z", { DSP1: { acs: undefined as never } }));
    const by = (strategy: "kernel" | "prefer-direct") =>
      named(zen, bestProvider(zen, [BDF.A], { among: bdfs("B", "C"), strategy }));
    expect(by("kernel")).toMatchObject({ answer: "yes", provider: BDF.B, total: 4, throughHostBridge: null });
    expect(by("prefer-direct")).toMatchObject({ answer: "unknown", provider: BDF.C, contenders: [BDF.B] });
  });
});

describe("who may have memory", () => {
  test("are the functions with a memory BAR that has an address", () => {
    const { topology } = under(machineT());
    expect(Array.from(functionsWithMemory(topology), (id) => topology.name(id))).toEqual(
      bdfs("A", "B", "C", "V", "V2"),
    );
    const without = machineT("N", { C: { bars: [{ index: 7, type: "mem32", start: "0xfe404000", size: 0x10000 }] } });
    const other = Topology.of(without);
    expect(Array.from(functionsWithMemory(other), (id) => other.name(id))).toEqual(bdfs("A", "B", "V", "V2"));
  });
});

// Against every pair, one by one ─────────────────────────────────────────────────────────────────────────────────

interface Sketch {
  readonly above: number;
  readonly acs: FunctionDescription["acs"] | undefined;
}

const sketch: fc.Arbitrary<Sketch> = fc.record({
  above: fc.nat(),
  acs: fc.constantFrom(
    null,
    null,
    null,
    undefined,
    ...[0, 0x04, 0x08, 0x1d, 0x20].map((control) => ({ capability: 0x7f, control })),
  ),
});
/** The last bus is one of which nothing shows what it hangs below. */
const BUSES = ["0000:00", "0000:80", "0000:e0"];

const system = fc
  .record({
    sketches: fc.array(sketch, { minLength: 1, maxLength: 14 }),
    cpu: fc.constantFrom(
      undefined,
      { architecture: "x86", vendor: "GenuineIntel", family: 6 },
      { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 },
    ),
    ids: fc.tuple(
      fc.constantFrom("8086:2030", "8086:2f00", "8086:1234", "1022:1450"),
      fc.constantFrom("8086:2030", "8086:1234", "1022:1450"),
    ),
  })
  .map(({ sketches, cpu, ids }) => {
    const functions: FunctionDescription[] = ids.map((id, host) => {
      const [vendor, device] = id.split(":") as [string, string];
      return {
        bdf: `${BUSES[host]}:00.0`,
        vendor,
        device,
        class: "0600",
        kind: "host-bridge-function",
        parent: null,
        acs: null,
      };
    });
    sketches.forEach(({ above, acs }, index) => {
      const at = above % (BUSES.length + index);
      const parent = at < BUSES.length ? null : functions[ids.length + at - BUSES.length]!.bdf;
      const bus = parent === null ? BUSES[at]! : `0000:${(0x10 + at).toString(16)}`;
      const bdf = `${bus}:${(index + 1).toString(16).padStart(2, "0")}.0`;
      const place = parent === null && at === BUSES.length - 1 ? {} : { parent };
      functions.push({ bdf, ...place, physicalFunction: null, ...(acs === undefined ? {} : { acs }) });
    });
    return { complete: true, functions, ...(cpu === undefined ? {} : { cpu }) };
  });

const machines = fc.array(system, { minLength: 1, maxLength: 2 }).map((systems): MachineDescription => ({
  peerlane: 1,
  systems: systems.map((each, at) => ({ ...each, name: `s${at}` })),
}));

type Known = { readonly total: number; readonly through: number };
type Score = { readonly candidate: number; readonly known: boolean } & Known;

/** By the answers of `can`, pair by pair. */
function expected(
  peerDma: PeerDma,
  clients: readonly number[],
  among: readonly number[],
  strategy: "kernel" | "prefer-direct",
) {
  const extra = peerDma.policy.throughHostDistance;
  const scores = among.flatMap((candidate): Score[] => {
    const verdicts = clients.map((client) => peerDma.can(candidate, client));
    if (verdicts.some(({ answer }) => answer === "no")) return [];
    const through = verdicts.filter(({ route }) => route === "through-host-bridge").length;
    const total = verdicts.reduce((sum, { distance }) => sum + (distance ?? 0), 0) + through * extra;
    const known = verdicts.every(({ answer, distance, route }) => {
      const needed = strategy === "prefer-direct" || extra !== 0;
      return answer === "yes" && distance !== null && !(needed && route === "unknown");
    });
    return [{ candidate, known, total, through }];
  });
  const order = (a: Known, b: Known) => (strategy === "kernel" ? 0 : a.through - b.through) || a.total - b.total;
  const best = scores.filter(({ known }) => known).sort(order)[0];
  const unknown = scores.filter(({ known }) => !known);
  const contenders = unknown.filter((score) => best === undefined || order(score, best) <= 0);
  return {
    answer: contenders.length > 0 ? "unknown" : best === undefined ? "no" : "yes",
    total: best?.total ?? null,
    ties:
      best === undefined
        ? []
        : scores.filter((score) => score.known && order(score, best) === 0).map(({ candidate }) => candidate),
    unknown: unknown.map(({ candidate }) => candidate),
    contenders: contenders.map(({ candidate }) => candidate),
  };
}

describe("of random machines", () => {
  test.each(["kernel", "prefer-direct"] as const)(
    "the best provider (%s) is that of every pair asked alone",
    (strategy) => {
      const answers = { yes: 0, no: 0, unknown: 0 };
      fc.assert(
        fc.property(
          machines,
          fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
          fc.constantFrom("6.12", "5.2.0"),
          fc.constantFrom({}, { paths: "precise" }),
          fc.nat(99),
          (machine, picks, kernel, more, seed) => {
            const peerDma = under(machine, kernel, more);
            const among = [...peerDma.topology.functions()];
            const clients = picks.map((pick) => among[pick % among.length]!);
            const found = bestProvider(peerDma, clients, { among, strategy, seed });
            const lists = { ties: [...found.ties], unknown: [...found.unknown], contenders: [...found.contenders] };
            const { answer, total, ...should } = expected(peerDma, clients, among, strategy);
            expect({ answer: found.answer, total: found.total, ...lists }).toEqual({ answer, total, ...should });
            if (found.provider === null) expect(should.ties).toEqual([]);
            else expect(strategy === "kernel" ? should.ties : should.ties.slice(0, 1)).toContain(found.provider);
            answers[found.answer]++;
          },
        ),
        { numRuns: 400 },
      );
      for (const count of Object.values(answers)) expect(count).toBeGreaterThan(10);
    },
  );

  test.each(["gpu-servers", "dense-sriov", "mixed", "caterpillar"] as const)(
    "of %s it is that of every pair, too",
    (shape) => {
      const { topology, functions } = Topology.fromColumns(shapes[shape]({ functions: 200 }));
      const peerDma = new PeerDma(topology, linux("6.12"));
      for (let round = 0; round < 6; round++) {
        const clients = [0, 1, 2].slice(0, 1 + (round % 3)).map((step) => functions[(round * 61 + step * 5) % 60]!);
        const among = [...functionsWithMemory(topology)];
        const strategy = round < 3 ? "kernel" : "prefer-direct";
        const { answer, ...should } = expected(peerDma, clients, among, strategy);
        const found = bestProvider(peerDma, clients, { among, strategy, limit: among.length });
        expect({ answer: found.answer, total: found.total, ties: [...found.ties] }).toEqual({
          answer,
          total: should.total,
          ties: should.ties,
        });
      }
    },
  );

  test("a provider in another system serves nobody", () => {
    const machine = machineT("Z");
    const two: MachineDescription = {
      peerlane: 1,
      systems: ["a", "b"].map((name) => ({ ...machine.systems[0]!, name })),
    };
    const peerDma = under(two);
    const among = [...peerDma.topology.functions("a")];
    const client = (name: string) => `${name}/${BDF.B}`;
    expect(bestProvider(peerDma, [client("b")], { among })).toMatchObject({ answer: "no", provider: null });
    expect(bestProvider(peerDma, [client("a"), client("b")], { among })).toMatchObject({ answer: "no" });
    expect(bestProvider(peerDma, [client("a")], { among })).toMatchObject({ answer: "yes", total: 0 });
  });

  test("links beside PCIe do not count for the kernel, whose distances are those of PCIe", () => {
    const sideLinks = [{ kind: "nvlink", from: BDF.A, to: BDF.C, read: true, write: true }];
    for (const host of ["N", "L"] as const) {
      const peerDma = under(machineT(host, {}, { sideLinks }));
      const among = bdfs("A", "B", "C", "E", "D");
      for (const clients of [bdfs("A"), bdfs("C"), bdfs("A", "C"), bdfs("B", "B", "E")]) {
        const totals = among.map((name) => peerDma.distanceMany(name, clients)!);
        const least = Math.min(...totals.filter((total) => total !== -1));
        const { answer, ties } = named(peerDma, bestProvider(peerDma, clients, { among }));
        expect(answer).toBe(least === Infinity ? "no" : "yes");
        expect(ties).toEqual(among.filter((_, at) => totals[at] === least));
      }
    }
  });
});

describe("what is no choice", () => {
  const peerDma = under(machineT());
  const root = peerDma.topology.roots[0]!.id;
  const among = bdfs("A");

  test.each<[what: string, clients: never, options: object, error: Error]>([
    ["no candidates", bdfs("B") as never, {}, new TypeError("among: expected a list of functions, got undefined")],
    [
      "no clients",
      undefined as never,
      { among },
      new TypeError("clients: expected a list of functions, got undefined"),
    ],
    [
      "a host bridge",
      bdfs("B") as never,
      { among: Uint32Array.of(2, root) },
      new RangeError(`among: expected ids of functions, got ${root} in row 1`),
    ],
    [
      "an id that there is not",
      bdfs("B") as never,
      { among: Uint32Array.of(9999) },
      new RangeError("among: expected ids of functions, got 9999 in row 0"),
    ],
    [
      "another strategy",
      bdfs("B") as never,
      { among, strategy: "best" },
      new RangeError("strategy: expected kernel or prefer-direct, got best"),
    ],
    [
      "half a seed",
      bdfs("B") as never,
      { among, seed: 0.5 },
      new RangeError("seed: expected a whole number from 0 to 2^32 - 1, got 0.5"),
    ],
    [
      "no ties",
      bdfs("B") as never,
      { among, limit: 0 },
      new RangeError("limit: expected a whole number from 1, got 0"),
    ],
  ])("is refused: %s", (_, clients, options, error) => {
    expect(() => bestProvider(peerDma, clients, options as ProviderOptions)).toThrow(error);
  });
});
