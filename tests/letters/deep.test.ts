import { expect, test } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { shapes } from "../../src/fabrics/index.js";
import type { Claims } from "../../src/letters/claims.js";
import { claimsOf } from "../../src/letters/letters.js";
import { Topology } from "../../src/topology/topology.js";

/** Below a root port, a switch at whose ports hang an endpoint and the next switch, and so on. */
function caterpillar(functions: number) {
  const { topology } = Topology.fromColumns(shapes.caterpillar({ functions }));
  const ends = [...topology.functions()].filter((id) => topology.registers(id)!.kind === "endpoint");
  return { topology, ends, peer: new PeerDma(topology, linux("6.12")) };
}

function lettersOfAll({ devices, letter }: Claims): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let row = 0; row < devices.length; row++) {
    for (let column = 0; column < devices.length; column++) {
      const said = letter(row, column)!;
      counts[said] = (counts[said] ?? 0) + 1;
    }
  }
  return counts;
}

test("all pairs below a deep chain of switches: nvidia", () => {
  const { topology, ends, peer } = caterpillar(2_401);
  const count = ends.length;
  expect(lettersOfAll(claimsOf(peer, ends, "nvidia"))).toEqual({ X: count, PXB: count * (count - 1) });
  topology.close();
});

test("all pairs below a deep chain of switches: nccl", () => {
  const { topology, ends, peer } = caterpillar(2_401);
  const count = ends.length;
  // No ids of switches are shown: every two levels may be Broadcom's one, whose endpoints would be PIX.
  const expected = { LOC: count, "?": count, PXB: count * (count - 2) };
  expect(lettersOfAll(claimsOf(peer, ends, "nccl"))).toEqual(expected);
  topology.close();
});

test("a text names some of many switches, and counts the others", () => {
  const { topology, ends, peer } = caterpillar(2_401);
  const { why } = claimsOf(peer, [ends[0]!, ends.at(-1)!], "nvidia");
  expect(why(0, 1)).toMatch(/^they meet at \S+, with (\S+, ){5}\S+ and \d+ more on the way$/);
  topology.close();
});

test("a deep chain whose kinds are not shown overflows nothing", () => {
  const { functions, ...columns } = shapes.caterpillar({ functions: 40_001 });
  const { kind: _, ...others } = functions;
  const { topology } = Topology.fromColumns({ ...columns, functions: others });
  const { letter } = claimsOf(new PeerDma(topology, linux("6.12")), [topology.size - 1, 3], "nvidia");
  expect(letter(0, 1)).toBe("PXB");
  topology.close();
});
