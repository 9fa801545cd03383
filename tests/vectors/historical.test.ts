import { expect, test } from "vitest";
import { findCommonUpstreamDevice2018 } from "../../src/explain/historical.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { BDF, machineT, without, type Letter } from "./machine.js";

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
];

const nameOf = (letter: string) => (letter === "0001" ? "0001:03:00.0" : BDF[letter as Letter]);

test.each(ROWS)("2018: %s", (row) => {
  const [, device, other, expected] = /^(.*),(.*)=(.*)$/.exec(row) as unknown as [string, string, string, string];
  const found = findCommonUpstreamDevice2018(topology, nameOf(device), nameOf(other));
  expect(found === null ? "none" : topology.name(found)).toBe(expected === "none" ? "none" : nameOf(expected));
});
