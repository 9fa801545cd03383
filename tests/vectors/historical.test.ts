import { expect, test } from "vitest";
import { findCommonUpstreamDevice2018 } from "../../src/explain/linux/common-upstream-2018.js";
import { peerTrafficSupported2018, type PeerTraffic2018 } from "../../src/explain/linux/peer-traffic-2018.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { acs, BDF, machineT, without, type Change, type Letter } from "./machine.js";

// linux-p2pdma.md, section H: the function of the 2018 series on T, whose host bridges have buses 00-7f and 80-ff.
// A function at 0001:03:00.0 shows that it does not look at segments.

const OTHER_SEGMENT: FunctionDescription[] = [
  { bdf: "0001:00:01.0", parent: null, bus: { secondary: 3, subordinate: 3 } },
  { bdf: "0001:03:00.0", parent: "0001:00:01.0" },
];

const [system] = without(machineT(), ["US2", "DSP2", "E"]).systems;
const topology = Topology.of({
  peerlane: 1,
  systems: [
    {
      ...system!,
      functions: [...system!.functions, ...OTHER_SEGMENT],
      hostBridges: [
        { root: "0000:00", lastBus: 0x7f },
        { root: "0000:80", lastBus: 0xff },
      ],
    },
  ],
});

const ROWS = [
  "A,A=A",
  "A,A1=A",
  "A,B=DSP0",
  "B,A=DSP1",
  "A,C=RP1",
  "C,A=RP2",
  "C,D=none",
  "A,0001=A",
  "C,0001=RP2",
  "D,0001=none",
  "RP1,A=RP1",
  "A,I1=RP1",
  "I1,A=I1",
  "A,US=US",
  "A,RP1=RP1",
  "A,RP2=RP1",
  // A virtual function goes on with what is above its physical one.
  "V,C=RP2",
  "V,V2=V",
  "C,V=C",
  "P,Q=P",
];

const nameOf = (letter: string) => (letter === "0001" ? "0001:03:00.0" : BDF[letter as Letter]);

test.each(ROWS)("2018: %s", (row) => {
  const [, device, other, expected] = /^(.*),(.*)=(.*)$/.exec(row) as unknown as [string, string, string, string];
  const found = findCommonUpstreamDevice2018(topology, nameOf(device), nameOf(other));
  expect(found === null ? "none" : topology.name(found)).toBe(expected === "none" ? "none" : nameOf(expected));
});

// Section A3: the companion, a list of rules of which the first that holds decides. Letters as above; the control word
// of ACS is 0 where a row says nothing, which leaves forwarding and redirects off.

type Row = readonly [
  what: string,
  pair: string,
  change: Change,
  answer: PeerTraffic2018["answer"],
  rule: PeerTraffic2018["rule"],
  system?: Partial<SystemDescription>,
];

const NO_ACS = { acs: null };
/** A capability without request redirect. */
const PLAIN_ACS = { acs: { capability: 0x11, control: 0 } };
const UNREAD = { acs: undefined } as unknown as Partial<FunctionDescription>;
const ZEN = { vendor: "1022", device: "1450" };
const translating = { iommu: "translating" } as const;
const unshownIommu = { iommu: undefined } as unknown as Partial<SystemDescription>;

const RULES: readonly Row[] = [
  ["1 conventional device", "P,A", {}, "no", 1],
  ["1 conventional peer, below another host bridge", "D,P", {}, "no", 1],
  ["1 kind not shown", "A,B", { B: { kind: undefined } as unknown as Partial<FunctionDescription> }, "unknown", null],
  ["2 different host bridges", "C,D", {}, "no", 2],
  ["2 Zen on the device's side", "C,D", { H0: ZEN }, "yes", 2],
  ["2 Zen on the peer's side alone", "C,D", { H1: ZEN }, "no", 2],
  ["2 ids not shown", "C,D", { H0: { device: undefined } as unknown as Partial<FunctionDescription> }, "unknown", 2],
  ["3 root port without ACS", "A,B", { RP1: NO_ACS }, "yes", 3],
  ["3 even from root port to root port", "A,C", { RP1: NO_ACS }, "yes", 3],
  ["3 the peer's root port does not matter", "A,C", { RP2: NO_ACS }, "no", 5],
  ["4 forwarding not enabled on the shared device", "A,B", {}, "yes", 4],
  [
    "4 one root port that cannot redirect, reached from a bus of virtual functions",
    "V,C",
    { RP2: PLAIN_ACS },
    "yes",
    4,
  ],
  ["5 forwarding enabled, redirects off", "A,B", { DSP0: acs(0x10) }, "yes", 5],
  ["5 different root ports", "A,C", {}, "no", 5],
  ["6 redirects on, no IOMMU", "A,C", { RP1: acs(0x04) }, "no", 6],
  ["6 redirects on, an IOMMU", "A,C", { RP1: acs(0x04) }, "yes", 6, translating],
  ["6 redirects on, IOMMU not shown", "A,C", { RP1: acs(0x04) }, "unknown", 6, unshownIommu],
  ["6 the root port cannot redirect", "A,C", { RP1: PLAIN_ACS }, "no", 6],
  ["unread ACS that makes no difference", "A,B", { DSP0: UNREAD }, "yes", null],
  ["unread ACS of the root port", "A,C", { RP1: UNREAD }, "unknown", null],
  ["no root port above", "I1,A", {}, "unknown", null],
];

for (const [what, pair, change, answer, rule, system] of RULES) {
  test(`2018: rule ${what}: ${pair}`, () => {
    const machine = Topology.of(machineT("N", change, system));
    const [device, peer] = pair.split(",").map((letter) => BDF[letter as Letter]) as [string, string];
    expect(peerTrafficSupported2018(machine, device, peer)).toMatchObject({ answer, rule });
  });
}

test("2018: a function alone in its slot isolates, unless others may be there that are not shown", () => {
  // The common upstream device of A and A1 is A, whose own forwarding counts, below a root port that redirects.
  const change = { RP1: acs(0x04), A: { acs: { capability: 0x14, control: 0x10 } } };
  const ask = (machine: ReturnType<typeof machineT>) => peerTrafficSupported2018(Topology.of(machine), BDF.A, BDF.A);
  expect(ask(machineT("N", change))).toMatchObject({ answer: "no", rule: 6 });
  const bare = { ...change, A: NO_ACS };
  expect(ask(machineT("N", bare))).toMatchObject({ answer: "yes", rule: 4 });
  expect(ask(without(machineT("N", bare), ["A1"]))).toMatchObject({ answer: "no", rule: 6 });
  expect(ask(without(machineT("N", bare, { complete: false }), ["A1"])).answer).toBe("unknown");
});

test("2018: host bridges are not asked", () => {
  const asked = () => peerTrafficSupported2018(topology, BDF.A, "0000:00");
  expect(asked).toThrow("expected a function, got the host bridge 0000:00");
});
