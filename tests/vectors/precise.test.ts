import { expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { preciseRoute } from "../../src/explain/precise.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { linux } from "../../src/policy/linux.js";
import { Topology } from "../../src/topology/topology.js";
import { acs, BDF, HOST_KINDS, machineT, type Change, type HostKind, type Letter } from "./machine.js";

// linux-p2pdma.md, V36: only the two functions just below the common bridge count, and none where one end is it.

const ROWS: readonly (readonly [row: string, pair: string, change: Change, redirected: boolean])[] = [
  ["row 14, RR on the provider's side", "A,B", { DSP0: acs(0x04) }, false],
  ["row 15, RR on the client's side", "B,A", { DSP0: acs(0x04) }, true],
  ["EC on the client's side", "B,A", { DSP0: acs(0x20) }, true],
  ["CR on the provider's side", "A,B", { DSP0: acs(0x08) }, true],
  ["CR on the client's side", "B,A", { DSP0: acs(0x08) }, false],
  ["row 16, RR on the common node", "A,A1", { DSP0: acs(0x04) }, false],
  ["row 21, the ancestor redirects", "A,RP1", { RP1: acs(0x1d) }, false],
  ["row 21, turned round", "RP1,A", { RP1: acs(0x1d) }, false],
  ["row 22, the common upstream port", "A,B", { US: acs(0x04) }, false],
  ["row 24, an endpoint below the port", "A,B", { A: acs(0x04) }, false],
  ["row 24, turned round", "B,A", { A: acs(0x04) }, false],
  ["row 26, the default with IOMMU", "C,C1", { RP2: acs(0x1d) }, false],
];

function route(kind: HostKind, pair: string, change: Change, direction?: "read" | "write") {
  const [provider, client] = pair.split(",").map((letter) => BDF[letter as Letter]) as [string, string];
  const peers = new PeerDma(Topology.of(machineT(kind, change)), linux("6.1"));
  return preciseRoute(peers, provider, client, direction);
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
});

test("V36 an ACS word that cannot be read leaves the route open, where it counts", () => {
  const unreadable = { acs: undefined } as unknown as Partial<FunctionDescription>;
  expect(route("N", "A,B", { DSP0: unreadable }, "write")).toBe("bus-address");
  expect(route("N", "A,B", { DSP1: unreadable })).toBe("unknown");
});

test("V36 without a common bridge it is up to the host bridges as ever", () => {
  expect(route("N", "A,C", {})).toBe("not-supported");
  expect(route("L", "A,C", {})).toBe("through-host-bridge");
});
