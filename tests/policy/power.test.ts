import { describe, expect, test } from "vitest";
import { both, linux, PeerDma, power, ROUTES, Topology, type Direction, type Verdict } from "../../src/index.js";
import type { SystemDescription } from "../../src/topology/description.js";
import { acs, BDF, machineT, type Change, type Letter } from "../vectors/machine.js";

const POWER9 = { cpu: { architecture: "ppc64", vendor: "POWER9" } };

function asked(
  policy: ReturnType<typeof power>,
  pair: string,
  direction: Direction = "both",
  change: Change = {},
  system: Partial<SystemDescription> = POWER9,
): Verdict {
  const [provider, client] = pair.split(",").map((letter) => BDF[letter as Letter]) as [string, string];
  return new PeerDma(Topology.of(machineT("N", change, system)), policy).can(provider, client, direction);
}

const outcome = (verdict: Verdict) => (verdict.answer === "yes" ? verdict.route : "code" in verdict && verdict.code);
const passing = (load: boolean, store: boolean) => power({ generation: 9, firmware: { load, store } });

describe("POWER", () => {
  const rows: readonly (readonly [what: string, pair: string, change: Change, expected: string])[] = [
    ["a function and itself", "A,A", {}, "local"],
    ["below one switch", "A,B", {}, "bus-address"],
    ["functions of one device", "A,A1", {}, "bus-address"],
    ["below one switch that redirects", "A,B", { DSP0: acs(0x04) }, "ACS_REDIRECT"],
    ["between root ports", "A,C", {}, "HOST_BRIDGE_NOT_ALLOWED"],
    ["on the root bus", "I1,I2", {}, "HOST_BRIDGE_NOT_ALLOWED"],
  ];

  for (const [what, pair, change, expected] of rows) {
    test(`${what}: ${expected}, whatever the generation and the firmware`, () => {
      for (const policy of [power(), power({ generation: 8 }), power({ generation: 10 }), passing(true, true)]) {
        expect([policy.name, outcome(asked(policy, pair, "both", change))]).toEqual([policy.name, expected]);
      }
    });
  }

  const REFUSED = "HOST_BRIDGE_NOT_ALLOWED";
  const THROUGH = "through-host-bridge";
  const firmwares = [
    [power(), REFUSED, REFUSED, REFUSED],
    [power({ generation: 9 }), REFUSED, REFUSED, REFUSED],
    [passing(true, false), THROUGH, REFUSED, REFUSED],
    [passing(false, true), REFUSED, THROUGH, REFUSED],
    [passing(true, true), THROUGH, THROUGH, THROUGH],
  ] as const;

  test.each(firmwares)("$name: across host bridges reads %s, writes %s, both %s", (policy, read, write, both) => {
    const each = (["read", "write", "both"] as const).map((direction) => outcome(asked(policy, "C,D", direction)));
    expect(each).toEqual([read, write, both]);
  });

  test("is Linux's own answer on POWER, as long as firmware is not told otherwise", () => {
    const topology = Topology.of(machineT("N", { DSP0: acs(0x1d) }, { ...POWER9, complete: true }));
    const ids = [...topology.functions()];
    const [own, kernel] = [power(), linux("6.12")].map((policy) => new PeerDma(topology, policy).matrix(ids));
    expect(own!.route).toEqual(kernel!.route);
  });

  test("is the same one at a time, in columns and in a matrix, in each direction", () => {
    const topology = Topology.of(machineT("N", { DSP0: acs(0x04) }, POWER9));
    const ids = topology.functions();
    for (const policy of [passing(true, false), passing(false, true), both(linux("6.12"), passing(true, true))]) {
      const peers = new PeerDma(topology, policy);
      for (const direction of ["read", "write", "both"] as const) {
        const { route } = peers.matrix(ids, direction);
        const providers = Uint32Array.from({ length: ids.length ** 2 }, (_, at) => ids[Math.floor(at / ids.length)]!);
        const clients = Uint32Array.from(providers, (_, at) => ids[at % ids.length]!);
        expect(peers.canMany(providers, clients, direction).route).toEqual(route);
        const each = Array.from(providers, (provider, at) => peers.can(provider, clients[at]!, direction).route);
        expect(Array.from(route, (index) => ROUTES[index])).toEqual(each);
      }
    }
  });

  test("says which host bridge refuses, why, and what POWER9's firmware could do about it", () => {
    const refused = asked(power({ generation: 9 }), "C,D");
    expect(refused.culprits.map(({ bdf, what }) => `${bdf} ${what}`)).toEqual([
      "0000:00 a host bridge of POWER9 passes no request on to another root port or host bridge",
      "0000:80 a host bridge of POWER9 passes no request on to another root port or host bridge",
    ]);
    expect(refused.hints.map(({ text }) => text)).toEqual([
      expect.stringContaining("power9+load+store"),
      expect.stringContaining("power9+load+store"),
      "put both below one switch",
    ]);
    expect(asked(power({ generation: 8 }), "C,D").hints.map(({ text }) => text)).toEqual(["put both below one switch"]);
    const halfway = asked(passing(false, true), "C,D", "read");
    expect(halfway.culprits[0]!.what).toBe(
      "firmware of POWER9 lets stores pass between host bridges, but no loads, and nothing between root ports",
    );
  });

  test("takes for granted what it cannot see: what the firmware was told, and that the machine is a POWER", () => {
    const judged = (policy: ReturnType<typeof power>, system: Partial<SystemDescription>) => {
      const topology = Topology.of(machineT("N", {}, system));
      return new PeerDma(topology, policy).judgement(0).assumed;
    };
    expect(judged(power({ generation: 9 }), POWER9)).toBeUndefined();
    expect(judged(power(), POWER9)).toBeUndefined();
    expect(judged(passing(true, false), POWER9)).toEqual([
      "the firmware was told to let loads pass between these host bridges",
    ]);
    expect(judged(power({ generation: 8 }), POWER9)).toEqual([
      "the machine is a POWER8, though its CPU is ppc64:POWER9",
    ]);
    expect(judged(power(), {})).toEqual(["the machine is a POWER, though its CPU is GenuineIntel:6"]);
  });

  test("refuses options that make no sense", () => {
    expect(() => power({ generation: 7 as 8 })).toThrow("expected generation 8, 9, 10 of POWER, got 7");
    const told = { load: true, store: true };
    expect(() => power({ firmware: told })).toThrow("expected generation 9 with firmware");
    expect(() => power({ generation: 10, firmware: told })).toThrow("POWER9 alone, got 10");
  });
});

describe("what is said of a host bridge of POWER", () => {
  const remedy =
    "firmware of POWER9 can be told to let requests pass between host bridges (OPAL, by way of Linux 4.14 to 5.2): " +
    "the policy power9+load+store is for machines where it was";
  const told = (what: string) => `the firmware was told to let ${what} pass between these host bridges`;
  const refuses = (machine: string) =>
    `a host bridge of ${machine} passes no request on to another root port or host bridge`;

  test.each([
    [power(), { because: refuses("POWER") }],
    [power({ generation: 8 }), { because: refuses("POWER8") }],
    [power({ generation: 10 }), { because: refuses("POWER10") }],
    [power({ generation: 9 }), { because: refuses("POWER9"), remedy }],
    [
      passing(true, false),
      {
        because:
          "firmware of POWER9 lets loads pass between host bridges, but no stores, and nothing between root ports",
        assumed: [told("loads")],
        remedy,
      },
    ],
    [
      passing(false, true),
      {
        because:
          "firmware of POWER9 lets stores pass between host bridges, but no loads, and nothing between root ports",
        assumed: [told("stores")],
        remedy,
      },
    ],
    [
      passing(true, true),
      {
        because: "firmware of POWER9 lets loads and stores pass between host bridges, and nothing between root ports",
        assumed: [told("loads and stores")],
      },
    ],
  ])("is whole under $name", (policy, expected) => {
    const judged = policy.judge({ root: "0000:00", functions: [], system: { functions: [] } });
    expect(judged).toStrictEqual({ classes: ["host bridge of POWER"], missing: [], ...expected });
  });

  test("takes a CPU for POWER unless something says otherwise", () => {
    const assumed = (generation: 9 | undefined, cpu: NonNullable<SystemDescription["cpu"]> | undefined) => {
      const system = cpu === undefined ? { functions: [] } : { cpu, functions: [] };
      const policy = generation === undefined ? power() : power({ generation });
      return policy.judge({ root: null, functions: [], system }).assumed;
    };
    expect(assumed(9, undefined)).toBeUndefined();
    expect(assumed(9, {})).toBeUndefined();
    expect(assumed(9, { architecture: "ppc64le" })).toBeUndefined();
    expect(assumed(9, { vendor: "POWER9" })).toBeUndefined();
    expect(assumed(undefined, { architecture: "ppc64", vendor: "POWER10" })).toBeUndefined();
    expect(assumed(9, { vendor: "POWER8" })).toEqual(["the machine is a POWER9, though its CPU is POWER8:?"]);
    expect(assumed(9, { architecture: "x86" })).toEqual(["the machine is a POWER9, though its CPU is another"]);
    expect(assumed(undefined, { architecture: "arm64", vendor: "POWER9" })).toEqual([
      "the machine is a POWER, though its CPU is arm64:POWER9",
    ]);
  });
});
