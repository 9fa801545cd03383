import { describe, expect, it } from "vitest";
import { shapes, synthesize, type ShapeName } from "../../src/fabrics/index.js";
import type { FabricColumns } from "../../src/topology/fabric/columns.js";
import { Topology } from "../../src/topology/topology.js";
import { describeFabric, hostBridgesOf, namesOf, type Fabric } from "./describe.js";

const NAMED: readonly ShapeName[] = ["gpu-servers", "dense-sriov", "one-space", "mixed"];
const FABRICS: readonly (readonly [string, FabricColumns])[] = [
  ...NAMED.flatMap((name) =>
    [1, 2].map((seed) => [`${name} ${seed}`, shapes[name]({ functions: 700, seed })] as const),
  ),
  ["deep-chain", shapes["deep-chain"]({ functions: 200 })],
  ["caterpillar", shapes["caterpillar"]({ functions: 200 })],
  ["POWER-like", synthesize({ functions: 300, busOffset: 0x6000_0000_0000, vfs: { nic: 4 } })],
];

describe.each(FABRICS)("%s", (_, columns) => {
  const topology = Topology.of(describeFabric(columns));
  const single = columns.systems.length === 1;
  const names = namesOf(columns).map((name) => (single ? name.slice(name.indexOf("/") + 1) : name));
  const bridges = columns.hostBridges.bus.length;

  it("is a machine about which nothing is odd", () => {
    expect(topology.findings).toEqual([]);
    expect(topology.size).toBe(names.length);
  });

  it("is the same topology straight from the columns", () => {
    const { topology: packed, hostBridges, functions } = Topology.fromColumns(columns);
    const ids = [...hostBridges, ...functions];
    expect(ids.map((id) => packed.name(id))).toEqual(names);
    const [first, second] = [ids.slice(0, -1), ids.slice(1)];
    for (const [index, a] of first.entries()) {
      const common = packed.commonId(a, second[index]!);
      const described = topology.commonId(topology.id(names[index]!), topology.id(names[index + 1]!));
      expect(common === 0 ? null : packed.name(common)).toBe(described === 0 ? null : topology.name(described));
    }
    packed.close();
  });

  it("has the structure of the columns", () => {
    columns.functions.parent.forEach((parent, row) => {
      const id = topology.id(names[bridges + row]!);
      expect(topology.name(topology.parent(id) as number)).toBe(names[parent]);
    });
  });

  it("finds the owner of every BAR, and the window around it", () => {
    const { bars, functions } = columns as Fabric;
    const above = hostBridgesOf(columns);
    const system = (row: number) => `s${columns.hostBridges.system[above[row]!]}`;
    bars.function.forEach((row, bar) => {
      if (bars.index[bar]! > 6) return;
      const last = BigInt(bars.start[bar]!) + BigInt(bars.size[bar]!) - 1n;
      const { answer, owners } = topology.owners(last, system(row));
      expect([answer, owners[0]?.name, owners[0]?.bar]).toEqual(["one", names[bridges + row], bars.index[bar]]);
    });
    expect(functions.parent.length).toBeGreaterThan(0);
  });
});

it("overlaps: every overlap is found", () => {
  const topology = Topology.of(describeFabric(shapes["overlaps"]({ functions: 150 })));
  const codes = new Set(topology.findings.map(({ code }) => code));
  expect(codes).toEqual(new Set(["BAR_OVERLAP"]));
});
