import { describe, expect, test } from "vitest";
import { PATHS } from "../../src/core.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import type { Direction } from "../../src/policy/policy.js";
import type { AcsDescription, FunctionDescription } from "../../src/topology/description.js";
import { linux } from "../../src/policy/linux.js";
import { precise } from "../../src/policy/precise.js";
import { Topology } from "../../src/topology/topology.js";
import { acs, BDF, HOST_KINDS, machineT, type Change, type HostKind, type Letter } from "./machine.js";

// linux-p2pdma.md, V36: only the two functions just below the common bridge count, and none where one end is it.

const ROWS: readonly (readonly [row: string, pair: string, change: Change, redirected: boolean])[] = [
  ["row 14, RR on the provider's side", "A,B", { DSP0: acs(0x04) }, false],
  ["row 15, RR on the client's side", "B,A", { DSP0: acs(0x04) }, true],
  ["CR on the provider's side", "A,B", { DSP0: acs(0x08) }, true],
  ["CR on the client's side", "B,A", { DSP0: acs(0x08) }, false],
  ["EC on the provider's side", "A,B", { DSP0: acs(0x20) }, false],
  ["row 16, RR on the common node", "A,A1", { DSP0: acs(0x04) }, false],
  ["row 21, the ancestor redirects", "A,RP1", { RP1: acs(0x1d) }, false],
  ["row 21, turned round", "RP1,A", { RP1: acs(0x1d) }, false],
  ["RR on the client's side, the provider above", "RP1,A", { US: acs(0x04) }, true],
  ["CR on the provider's side, the client above", "A,RP1", { US: acs(0x08) }, true],
  ["row 22, the common upstream port", "A,B", { US: acs(0x04) }, false],
  ["row 24, an endpoint below the port", "A,B", { A: acs(0x04) }, false],
  ["row 24, turned round", "B,A", { A: acs(0x04) }, false],
  ["RR of a function, to another of its device", "A1,A", { A: acs(0x04) }, true],
  ["row 26, the default with IOMMU", "C,C1", { RP2: acs(0x1d) }, false],
  ["a port further down on the client's side", "A,E", { DSP2: acs(0x1d) }, false],
];

function peersOf(kind: HostKind, change: Change): PeerDma {
  return new PeerDma(Topology.of(machineT(kind, change)), precise(linux("6.1")));
}

function ask(kind: HostKind, pair: string, change: Change, direction?: Direction) {
  const [provider, client] = pair.split(",").map((letter) => BDF[letter as Letter]) as [string, string];
  return peersOf(kind, change).can(provider, client, direction);
}

function route(kind: HostKind, pair: string, change: Change, direction?: Direction) {
  return ask(kind, pair, change, direction).route;
}

for (const [row, pair, change, redirected] of ROWS) {
  test(`V36 ${row}: ${pair}`, () => {
    for (const kind of Object.keys(HOST_KINDS) as HostKind[]) {
      const through = kind === "N" ? "not-supported" : "through-host-bridge";
      expect([kind, route(kind, pair, change)]).toEqual([kind, redirected ? through : "bus-address"]);
    }
  });
}

test("V36 row 23, a function that redirects itself", () => {
  expect(route("N", "A,A", { A: acs(0x04) })).toBe("local");
});

test("V36 completions do not matter to writes", () => {
  expect(route("N", "A,B", { DSP0: acs(0x08) }, "write")).toBe("bus-address");
  expect(route("N", "A,B", { DSP0: acs(0x08) }, "read")).toBe("not-supported");
  expect(route("N", "B,A", { DSP0: acs(0x04) }, "write")).toBe("not-supported");
});

test("V36 an ACS word that cannot be read leaves the route open, where it counts", () => {
  expect(route("N", "A,B", { DSP0: UNREADABLE }, "write")).toBe("bus-address");
  expect(route("N", "A,B", { DSP0: UNREADABLE }, "read")).toBe("unknown");
  expect(route("N", "A,B", { DSP1: UNREADABLE })).toBe("unknown");
  expect(route("N", "A,B", { US: UNREADABLE, A: UNREADABLE, RP1: UNREADABLE })).toBe("bus-address");
});

test("V36 without a common bridge it is up to the host bridges as ever", () => {
  expect(route("N", "A,C", {})).toBe("not-supported");
  expect(route("L", "A,C", {})).toBe("through-host-bridge");
});

const UNREADABLE = { acs: undefined } as unknown as Partial<FunctionDescription>;

/** A port with egress control: its control word, its port number, the ports that its vector keeps requests from. */
function egress(control: number, port: number, kept?: readonly number[]): Partial<FunctionDescription> {
  const words = kept?.reduce((vector, bit) => vector.with(bit >> 5, vector[bit >> 5]! | (2 ** (bit & 31))), [0, 0]);
  const egressVector = words?.map((word) => word >>> 0);
  const described: AcsDescription = { capability: 0x407f, control, ...(egressVector && { egressVector }) };
  return { acs: described, link: { port } };
}

const plain = (port?: number): Partial<FunctionDescription> => ({
  ...acs(0),
  ...(port !== undefined && { link: { port } }),
});

describe("egress control of the client's port", () => {
  const B_TO_A: readonly (readonly [what: string, change: Change, answer: string, route: string])[] = [
    [
      "lets through what its vector does not keep",
      { DSP1: egress(0x20, 2, [3]), DSP0: plain(1) },
      "yes",
      "bus-address",
    ],
    ["blocks what its vector keeps", { DSP1: egress(0x20, 2, [1]), DSP0: plain(1) }, "no", "not-supported"],
    ["redirects that with RR", { DSP1: egress(0x24, 2, [1]), DSP0: plain(1) }, "yes", "through-host-bridge"],
    ["lets others through despite RR", { DSP1: egress(0x24, 2, [9]), DSP0: plain(1) }, "yes", "bus-address"],
    ["has a bit for each port", { DSP1: egress(0x20, 2, [63]), DSP0: plain(63) }, "no", "not-supported"],
    [
      "has no say about completions",
      { DSP1: egress(0x20, 2, []), DSP0: egress(0x28, 1, [2]) },
      "yes",
      "through-host-bridge",
    ],
    ["is open where the vector is not shown", { DSP1: egress(0x20, 2), DSP0: plain(1) }, "unknown", "unknown"],
    [
      "is open where the other port's number is not shown",
      { DSP1: egress(0x20, 2, [1]), DSP0: plain() },
      "unknown",
      "unknown",
    ],
    ["is open beyond the end of its vector", { DSP1: egress(0x20, 2, [1]), DSP0: plain(64) }, "unknown", "unknown"],
    ["never blocks with RR, whatever the vector", { DSP1: egress(0x24, 2), DSP0: plain(1) }, "yes", "unknown"],
  ];
  test.each(B_TO_A)("%s", (_, change, answer, way) => {
    expect(ask("Z", "A,B", change)).toMatchObject({ answer, route: way });
    const peers = peersOf("Z", change);
    const refs = [BDF.A, BDF.B, BDF.E, BDF.US, BDF.A];
    const { distance } = peers.matrix(refs);
    refs.forEach((provider, row) => {
      refs.forEach((client, column) => {
        const verdict = peers.can(provider, client);
        const expected = verdict.answer === "yes" ? verdict.distance : verdict.answer === "no" ? -1 : -0x80000000;
        expect([provider, client, distance[row * refs.length + column]]).toEqual([provider, client, expected]);
      });
    });
  });

  test("blocks under every policy, also where the host bridge would take the request", () => {
    const change = { DSP1: egress(0x20, 2, [1]), DSP0: plain(1) };
    for (const kind of Object.keys(HOST_KINDS) as HostKind[]) {
      expect(ask(kind, "A,B", change)).toMatchObject({ answer: "no", code: "EGRESS_BLOCKED" });
      const mapping = peersOf(kind, change).map(BDF.B, 0xf800_1000n, 0x1000);
      expect(mapping).toMatchObject({ ok: false, code: "EGRESS_BLOCKED", culprits: [{ bdf: BDF.DSP1, bits: ["EC"] }] });
    }
  });

  test("is for its own requests alone", () => {
    expect(ask("N", "B,A", { DSP1: egress(0x20, 2, [1]), DSP0: plain(1) })).toMatchObject({ route: "bus-address" });
  });
});

describe("a precise verdict names what matters", () => {
  test("of the provider's port CR, of the client's RR and EC", () => {
    const change = { DSP0: acs(0x1d), DSP1: acs(0x1d), US: acs(0x1d), A: acs(0x1d) };
    const verdict = ask("N", "A,B", change);
    expect(verdict.culprits.map(({ bdf, bits }) => [bdf, bits])).toEqual([
      [BDF.DSP0, ["CR"]],
      [BDF.DSP1, ["RR"]],
    ]);
    expect(verdict.hints[0]!.parameter).toBe(`pci=disable_acs_redir=${BDF.DSP0};${BDF.DSP1}`);
    expect(ask("N", "A,B", change, "write").culprits.map(({ bdf }) => bdf)).toEqual([BDF.DSP1]);
    expect(ask("N", "B,A", { DSP0: egress(0x24, 1, [2]), DSP1: plain(2) }).culprits).toMatchObject([
      { bdf: BDF.DSP0, bits: ["RR", "EC"] },
    ]);
  });

  test("the port that blocks, and how to clear it", () => {
    const { culprits, hints } = ask("Z", "A,B", { DSP1: egress(0x20, 2, [1]), DSP0: plain(1) });
    expect(culprits).toEqual([
      { bdf: BDF.DSP1, what: `ACS blocks peer-to-peer requests to port ${BDF.DSP0} (control 0x0020)`, bits: ["EC"] },
    ]);
    expect(hints).toMatchObject([{ parameter: `pci=disable_acs_redir=${BDF.DSP1}` }]);
    expect(hints[0]!.text).toMatch(/^clear egress control of 0000:02:01\.0 at boot/);
  });

  test("and what is not known of the two", () => {
    const missing = (change: Change, direction?: Direction) => {
      const verdict = ask("N", "A,B", change, direction);
      return "missing" in verdict ? verdict.missing.map(({ what }) => what) : [];
    };
    const unreadable = { DSP0: UNREADABLE, DSP1: UNREADABLE, US: UNREADABLE, B: UNREADABLE };
    const words = [BDF.DSP0, BDF.DSP1].map((bdf) => `the ACS control word of ${bdf}`);
    expect(missing(unreadable)).toEqual(words);
    expect(missing(unreadable, "write")).toEqual(words.slice(1));
    expect(missing({ DSP1: egress(0x20, 2) })).toEqual([
      `the egress control vector of ${BDF.DSP1}`,
      `the port number of ${BDF.DSP0}`,
    ]);
    expect(missing({ DSP1: egress(0x20, 2, [1]), DSP0: plain(70) })).toEqual([
      `a bit for port 70 in the egress control vector of ${BDF.DSP1}`,
    ]);
    const shared = ask("N", "A1,A", { A: egress(0x20, 0, [0]) });
    expect(shared).toMatchObject({ code: "ACS_UNREADABLE", missing: [{ what: expect.stringContaining("which bit") }] });
  });
});

describe("the precise form of a policy", () => {
  test("says so in its name, once", () => {
    const policy = precise(linux("6.1"));
    expect(policy).toMatchObject({ name: `${linux("6.1").name}+precise`, paths: "precise" });
    expect(precise(policy)).toBe(policy);
  });

  test("and Linux's own take turns on one topology", () => {
    const topology = Topology.of(machineT("N", { DSP0: acs(0x04), DSP1: egress(0x20, 2, [7]) }));
    const [own, other] = [new PeerDma(topology, linux("6.1")), new PeerDma(topology, precise(linux("6.1")))];
    for (let turn = 0; turn < 3; turn++) {
      expect(own.can(BDF.A, BDF.A1).route).toBe("not-supported");
      expect(other.can(BDF.A, BDF.A1).route).toBe("bus-address");
      // What the topology itself says of a path is Linux's, whoever was asked last.
      const { path } = topology.commonMany(Uint32Array.of(topology.id(BDF.A)), Uint32Array.of(topology.id(BDF.A1)));
      expect(PATHS[path[0]!]).toBe("redirected");
    }
  });

  test("with a model of paths that there is not is refused", () => {
    const policy = { ...linux("6.1"), paths: "vague" as "precise" };
    expect(() => new PeerDma(Topology.of(machineT()), policy)).toThrow('expected "precise" or none, got vague');
  });
});
