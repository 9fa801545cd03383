import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  both,
  defaultPolicy,
  linux,
  PeerDma,
  policyNamed,
  power,
  precise,
  ROUTES,
  Topology,
  type Outcome,
  type PlatformOutcome,
  type Policy,
} from "../../src/index.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { acs, BDF, machineT, type Change } from "../vectors/machine.js";

describe("a policy by name", () => {
  test.each([
    ["linux-6.12", "linux-6.12"],
    ["linux-5.15.0-105-generic", "linux-5.15"],
    ["linux", "linux-7.3"],
    ["precise", "linux-7.3+precise"],
    ["linux-6.1+precise", "linux-6.1+precise"],
    ["power", "power"],
    ["power8", "power8"],
    ["POWER9", "power9"],
    ["power10+precise", "power10+precise"],
    ["power9+load", "power9+load"],
    ["power9+store+load+precise", "power9+load+store+precise"],
    ["linux-6.1, power9", "linux-6.1,power9"],
    ["linux-6.1,power8,linux-5.4", "linux-6.1,power8,linux-5.4"],
  ])("%s is %s", (text, name) => {
    expect(policyNamed(text).name).toBe(name);
  });

  test("without a release takes the default, which is asked for only then", () => {
    expect(policyNamed("linux,power9", () => linux("5.4")).name).toBe("linux-5.4,power9");
    expect(policyNamed("precise", () => linux("5.4"))).toMatchObject({ name: "linux-5.4+precise", paths: "precise" });
    const never = () => {
      throw new Error("the default was asked for");
    };
    for (const text of ["power9", "linux-6.1+precise", "linux-6.1,power"]) policyNamed(text, never);
  });

  test.each([
    ["windows", '"windows" is none'],
    ["", '"" is none'],
    ["linux-six", '"six" is no release of Linux'],
    ["power7", '"power7" is none'],
    ["power8+load", "+load and +store go behind power9"],
    ["store", "+load and +store go behind power9"],
    ["linux+fast", '"fast" is no modifier'],
    ["linux+precise+precise", "a modifier is given twice"],
    ["linux,", '"" is none'],
    ["xlinux-6.1", '"xlinux-6.1" is none'],
    ["linux-6.1\nx", "is none"],
  ])('"%s" is none: says why, and what there is', (text, why) => {
    expect(() => policyNamed(text)).toThrow(RangeError);
    expect(() => policyNamed(text)).toThrow(why);
    expect(() => policyNamed(text)).toThrow(
      "there are linux, linux-RELEASE (such as linux-6.12), power, power8, power9",
    );
  });

  test("has to be a text", () => {
    expect(() => policyNamed(undefined as unknown as string)).toThrow(TypeError);
    expect(() => policyNamed(6.1 as unknown as string)).toThrow("expected the name of a policy, got 6.1");
  });
});

describe("the default policy", () => {
  test.each([
    [{ kernel: { release: "6.1.0-44-amd64" } }, "linux-6.1", undefined],
    [{ kernel: { release: "6.12" }, cpu: { architecture: "ppc64", vendor: "POWER9" } }, "linux-6.12", undefined],
    [{}, "linux-7.3", ["kernel 7.3, the newest whose rules are known: the source shows no kernel release"]],
    [
      { kernel: { release: "NT" } },
      "linux-7.3",
      ['kernel 7.3, the newest whose rules are known: "NT" is no release of Linux'],
    ],
  ])("of %j is %s", (system, name, inferred) => {
    const policy = defaultPolicy(system);
    expect([policy.name, policy.inferred]).toEqual([name, inferred]);
  });
});

/** Every ordered pair of T below listed host bridges: routes and answers. */
function matrixOf(policy: Policy, change: Change = {}, kind: "N" | "S" | "L" | "Z" = "L") {
  const topology = Topology.of(machineT(kind, change));
  return new PeerDma(topology, policy).matrix(topology.functions());
}

describe("several policies at once", () => {
  const change = { DSP0: acs(0x04), B: acs(0x08) };
  const route = { refused: ROUTES.indexOf("not-supported"), through: ROUTES.indexOf("through-host-bridge") };
  const cost = (index: number) => (index === route.refused ? 2 : index === route.through ? 1 : 0);

  const policies = {
    old: linux("5.2"),
    new: linux("6.12"),
    power: power({ generation: 9 }),
    load: power({ generation: 9, firmware: { load: true, store: false } }),
    both: power({ generation: 9, firmware: { load: true, store: true } }),
  };
  const policy = fc.constantFrom(...Object.values(policies));

  test("take the costlier of their routes, pair by pair, and refuse what one refuses", () => {
    fc.assert(
      fc.property(policy, policy, policy, fc.constantFrom("N", "S", "L", "Z"), (a, b, c, kind) => {
        const [one, two, three] = [a, b, c].map((each) => matrixOf(each, change, kind).route);
        const joined = matrixOf(both(a, b, c), change, kind).route;
        for (let at = 0; at < joined.length; at++) {
          expect(cost(joined[at]!)).toBe(Math.max(cost(one![at]!), cost(two![at]!), cost(three![at]!)));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("of one and itself are that one", () => {
    for (const each of Object.values(policies)) {
      expect(matrixOf(both(each, each), change)).toEqual(matrixOf(each, change));
      expect(both(each)).toBe(each);
    }
  });

  test("know no more than each of them where facts are missing", () => {
    const unread = { DSP0: { acs: undefined } as unknown as Partial<FunctionDescription>, H0: { device: undefined } };
    const unshown = unread as unknown as Change;
    const alone = matrixOf(linux("6.12"), unshown, "N").answer;
    const joined = matrixOf(both(linux("6.12"), policies.both), unshown, "N").answer;
    // answers: yes 0, no 1, unknown 2
    for (let at = 0; at < joined.length; at++) if (joined[at] === 0) expect(alone[at]).toBe(0);
    expect(joined.filter((answer) => answer === 2).length).toBeGreaterThan(0);
  });

  test("say who refuses, with its name and its reasons alone", () => {
    const topology = Topology.of(machineT("L"));
    const refused = new PeerDma(topology, both(linux("6.12"), power({ generation: 9 }))).can(BDF.C, BDF.D);
    expect(refused).toMatchObject({ answer: "no", code: "HOST_BRIDGE_NOT_ALLOWED" });
    expect(refused.culprits.map(({ bdf, what }) => `${bdf}: ${what}`)).toEqual([
      "0000:00:00.0: power9: a host bridge of POWER9 passes no request on to another root port or host bridge",
      "0000:80:00.0: power9: a host bridge of POWER9 passes no request on to another root port or host bridge",
    ]);
    const unlisted = new PeerDma(Topology.of(machineT("N")), both(policies.both, linux("6.12"))).can(BDF.C, BDF.D);
    expect(unlisted.culprits[0]!.what).toBe("linux-6.12: host bridge 8086:1234 is not in the list of Linux 6.12");
    // Of two that refuse, the one that lets nothing pass.
    const halfway = new PeerDma(Topology.of(machineT("N")), both(policies.load, linux("6.12"))).can(BDF.C, BDF.D);
    expect(halfway.culprits).toEqual(unlisted.culprits);
  });

  test("keep the kernel, what was inferred and assumed, and what each distance has more", () => {
    const joined = both(policyNamed("power8"), { ...linux("5.2"), inferred: ["a guess"] });
    expect(joined).toMatchObject({ kernel: "5.2", inferred: ["a guess"], throughHostDistance: 0x1000 });
    const judged = new PeerDma(Topology.of(machineT("L")), joined).judgement(0);
    expect(judged.assumed).toEqual([
      "the machine is a POWER8, though its CPU is GenuineIntel:6",
      "CONFIG_PCI_P2PDMA is set",
    ]);
    expect(judged.identifiedBy).toBe(BDF.H0);
  });

  test("say of a host bridge all that each of them has to say, each fact once", () => {
    const bare = { root: "0000:00", functions: [], system: { functions: [] } };
    const [older, newer] = [linux("5.18"), linux("6.12")];
    const judged = both(older, newer, policies.load).judge(bare);
    expect(judged.missing).toEqual(newer.judge(bare).missing);
    expect(judged.missing.length).toBeGreaterThan(1);
    // What may accept does not refuse: the one that certainly lets less pass speaks.
    expect(judged.because).toBe(`power9+load: ${policies.load.judge(bare).because}`);
    expect(judged.assumed).toEqual([
      "CONFIG_PCI_P2PDMA is set",
      "the firmware was told to let loads pass between these host bridges",
    ]);
    expect(judged).not.toHaveProperty("identifiedBy");
    const refused = both(linux("4.19"), policies.power, power({ generation: 8 })).judge(bare);
    expect(refused).toEqual({
      classes: ['["kernel without peer-to-peer DMA","host bridge of POWER","host bridge of POWER"]'],
      because:
        "linux-4.19: Linux 4.19 has no peer-to-peer DMA; it arrived with 4.20; " +
        "power9: a host bridge of POWER9 passes no request on to another root port or host bridge; " +
        "power8: a host bridge of POWER8 passes no request on to another root port or host bridge",
      missing: [],
      remedy: `a kernel from 4.20 on; and ${policies.power.judge(bare).remedy}`,
    });
    // Nothing to say of what is not there.
    expect(Object.keys(both(policies.both, power()))).toEqual([
      "name",
      "throughHostDistance",
      "judge",
      "decide",
      "platform",
    ]);
    expect(Object.keys(both(power(), power({ generation: 8 })).judge(bare))).toEqual(["classes", "because", "missing"]);
  });

  test("tell host bridges apart by the classes of each, not by how their names are joined", () => {
    const named = (...classes: string[]): Policy => ({
      name: "toy",
      throughHostDistance: 0,
      judge: () => ({ classes, because: "", missing: [] }),
      decide: ({ providerClass }) => (classes.includes(providerClass) ? "bus-address" : "policy-refused"),
    });
    const joined = both(named('a"', "b,c", "b,c"), named("a", "b"));
    const { classes } = joined.judge({ root: null, functions: [], system: { functions: [] } });
    expect(new Set(classes).size).toBe(4);
    expect(classes).toHaveLength(4);
    const question = { relation: "common-bridge", path: "direct", direction: "read" } as const;
    for (const name of classes) {
      expect(joined.decide({ ...question, providerClass: name, clientClass: name })).toBe("bus-address");
    }
  });

  test("outside PCI refuse what one refuses, the first of them, and else go by the wires", () => {
    const stating = (outcome: PlatformOutcome): Policy => ({ ...linux(), platform: () => outcome });
    const question = { initiator: "pci", owner: "platform", direction: "read", inbound: "open" } as const;
    const said = (...joined: [Policy, ...Policy[]]) => both(...joined).platform!(question);
    expect(said(linux(), power())).toBe("allowed");
    expect(said(linux(), stating("policy-refused"))).toBe("policy-refused");
    expect(said(stating("inbound-refused"), stating("policy-refused"))).toBe("inbound-refused");
    expect(said(stating("allowed"), stating("policy-refused"), stating("inbound-refused"))).toBe("policy-refused");
    expect(both(linux(), stating("allowed")).platform!({ ...question, inbound: "closed" })).toBe("inbound-refused");
  });

  test("are refused where one answers with what is no outcome: nothing said is no permission", () => {
    const odd = { ...linux("6.12"), name: "odd" };
    const machine = machineT("L");
    const asked = (joined: Policy) => () => new PeerDma(Topology.of(machine), joined).can(BDF.A, BDF.B);
    for (const outcome of ["no", undefined, null, "toString"]) {
      const policy: Policy = { ...odd, decide: () => outcome as "policy-refused" };
      expect(asked(policy)).toThrow("policy odd: expected one of bus-address, ");
      expect(asked(both(linux(), policy))).toThrow("policy odd: expected one of bus-address, ");
      const outside: Policy = { ...odd, platform: () => outcome as "allowed" };
      const question = { initiator: "pci", owner: "platform", direction: "read", inbound: "open" } as const;
      const expected = "policy odd: expected one of allowed, inbound-refused, policy-refused, got";
      expect(() => both(linux(), outside).platform!(question)).toThrow(TypeError);
      expect(() => both(linux(), outside).platform!(question)).toThrow(expected);
    }
  });

  test("that refuse alike are told by the first of them", () => {
    const refusing = (outcome: Outcome): Policy => ({ ...linux(), decide: () => outcome });
    const decided = (...outcomes: [Outcome, ...Outcome[]]) => {
      const [first, ...others] = outcomes.map(refusing) as [Policy, ...Policy[]];
      const classes = { providerClass: '["a","a","a"]', clientClass: '["a","a","a"]' };
      return both(first, ...others).decide({ relation: "self", path: "direct", direction: "read", ...classes });
    };
    expect(decided("host-refused", "redirect-refused", "policy-refused")).toBe("host-refused");
    expect(decided("through-host-bridge", "policy-refused", "host-refused")).toBe("policy-refused");
    expect(decided("bus-address", "through-host-bridge", "bus-address")).toBe("through-host-bridge");
  });

  test("are precise once, however often they are made so", () => {
    const once = precise(linux("6.1"));
    expect(once.name).toBe("linux-6.1+precise");
    expect(precise(once)).toBe(once);
  });

  test("either all have precise ACS or none has", () => {
    const exact = precise(linux("6.1"));
    expect(() => both(exact, precise(power()), linux("6.1"))).toThrow("in all policies or in none");
    expect(both(precise(linux("6.1")), precise(power()))).toMatchObject({ paths: "precise" });
    expect(() => policyNamed("linux-6.1+precise,power9")).toThrow(
      "expected precise ACS in all policies or in none, got linux-6.1+precise, power9",
    );
    expect(() => (both as (...none: Policy[]) => Policy)()).toThrow("expected at least one policy, got none");
  });
});
