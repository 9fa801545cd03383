import { expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { mergeSystems } from "../../src/topology/merge/merge.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

const bar = { index: 0, type: "mem64", start: "0x1000000", bus: "0x1000000", size: 0x1000 } as const;
const gpu = { bdf: "0001:00:00.0", kind: "endpoint", command: 6, acs: null, bars: [bar] } as const;
const nic = { ...gpu, bdf: "0101:00:00.0", bars: [{ ...bar, start: "0x2000000", bus: "0x2000000" }] } as const;

function answerFor(functions: readonly FunctionDescription[]) {
  const cpu = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
  const topology = Topology.of({ peerlane: 1, systems: [{ cpu, iommu: "off", functions }] });
  const { answer } = new PeerDma(topology, linux("6.12")).can(gpu.bdf, nic.bdf);
  const { findings } = topology;
  const { sameHostBridge, distance } = topology.common(gpu.bdf, nic.bdf);
  topology.close();
  return { answer, findings: findings.length, sameHostBridge, distance };
}

test("a parent that is unknown is not found by bus numbers, and segments tell nothing", () => {
  expect(answerFor([gpu, nic])).toMatchObject({ findings: 0, sameHostBridge: false, distance: 2 });
  const unknown = { parent: "unknown" } as const;
  expect(
    answerFor([
      { ...gpu, ...unknown },
      { ...nic, ...unknown },
    ]),
  ).toEqual({ answer: "unknown", findings: 0, sameHostBridge: "unknown", distance: null });
  expect(answerFor([{ ...gpu, ...unknown }, nic])).toMatchObject({ answer: "unknown" });
});

test("another source's numbers are as good as ever", () => {
  const merged = (parents: (string | null | undefined)[]) =>
    mergeSystems(
      parents.map((parent, at) => ({
        source: `${at}`,
        system: { functions: [{ bdf: gpu.bdf, ...(parent !== undefined && { parent }) }] },
      })),
    ).system.functions[0]!.parent;
  expect(merged(["unknown", "unknown"])).toBe("unknown");
  expect(merged(["unknown", undefined])).toBe(undefined);
  expect(merged(["unknown", null])).toBe(null);
});

test("a parent that another source's bus numbers rule out is unknown, and both sources are named", () => {
  const bus = (secondary: number) => ({ secondary, subordinate: secondary });
  const port = "0000:00:01.0";
  const child = "0000:05:00.0";
  const text = { source: "lspci.txt", system: { functions: [{ bdf: port, bus: bus(4) }, { bdf: child }] } };
  const tree = { source: "tree.txt", system: { functions: [{ bdf: port }, { bdf: child, parent: port }] } };
  for (const parts of [
    [text, tree],
    [tree, text],
  ]) {
    const { system, findings } = mergeSystems(parts);
    expect(system.functions.find(({ bdf }) => bdf === child)!.parent).toBe("unknown");
    expect(findings).toMatchObject([
      {
        code: "SOURCES_DISAGREE",
        message:
          `${child}: parent: tree.txt says "${port}", ` +
          `lspci.txt says "not ${port}: the buses behind that are 04 to 04"`,
        functions: [child, port],
      },
    ]);
    Topology.of({ peerlane: 1, systems: [system] }).close();
  }
});
