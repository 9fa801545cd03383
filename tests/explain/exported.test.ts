import { describe, expect, test } from "vitest";
import { CODE_NUMBERS, EXPORTS, linux, NO_ADDRESS, PeerDma, ROUTES, Topology } from "../../src/index.js";
import type { BarDescription, ExportStance, MachineDescription } from "../../src/topology/description.js";
import { mergeSystems } from "../../src/topology/merge/merge.js";
import { BDF, machineT } from "../vectors/machine.js";
import { columnsOf, comparable, reduced } from "../topology/columns-of.js";

const STANCES: readonly (ExportStance | undefined)[] = [undefined, "direct", "driver", "none"];

/** The machine T, whose function A states its stance on its first BAR. */
function withStance(exported: ExportStance | undefined): MachineDescription {
  const machine = machineT("Z");
  const functions = machine.systems[0]!.functions.map((each) => {
    if (each.bdf !== BDF.A) return each;
    const [first, ...others] = each.bars!;
    return { ...each, bars: [{ ...first!, ...(exported === undefined ? {} : { exported }) }, ...others] };
  });
  return { peerlane: 1, systems: [{ ...machine.systems[0]!, functions }] };
}

function firstBar(machine: MachineDescription): BarDescription {
  return machine.systems[0]!.functions.find(({ bdf }) => bdf === BDF.A)!.bars![0]!;
}

/** The same machine as a description, as columns, and as the buffer of each. */
function formsOf(machine: MachineDescription): readonly (readonly [form: string, topology: Topology])[] {
  const described = Topology.of(machine);
  const { topology } = Topology.fromColumns(columnsOf(reduced(machine)));
  return [
    ["described", described],
    ["in columns", topology],
    ["described, packed", Topology.from(described.toBuffer())],
    ["in columns, packed", Topology.from(topology.toBuffer())],
  ];
}

describe("the exporter's stance on a BAR", () => {
  test.each(STANCES)("%s: is told of its owner, in every form of the topology", (exported) => {
    const machine = withStance(exported);
    const { start } = firstBar(machine);
    for (const [form, topology] of formsOf(machine)) {
      const { owners } = topology.owners(BigInt(start!));
      expect([form, owners.map((owner) => owner.exported)]).toEqual([form, [exported ?? null]]);
      const peerDma = new PeerDma(topology, linux("6.12"));
      expect(peerDma.map(BDF.B, BigInt(start!), 1).owner).toMatchObject({ name: BDF.A, exported: exported ?? null });
    }
  });

  test.each(STANCES)("%s: decides whether others may map it, and never what the owner does itself", (exported) => {
    const machine = withStance(exported);
    const address = BigInt(firstBar(machine).start!);
    for (const [form, topology] of formsOf(machine)) {
      const peerDma = new PeerDma(topology, linux("6.12"));
      const ids = Uint32Array.of(topology.id(BDF.B), topology.id(BDF.A));
      const many = peerDma.mapMany({ initiator: ids, address: BigUint64Array.of(address, address), size: 16 });
      const [other, itself] = [...ids].map((id) => peerDma.map(id, address, 16));
      const none = exported === "none";
      expect([form, other!.route]).toEqual([form, none ? "not-supported" : "bus-address"]);
      expect([form, itself!.route]).toEqual([form, "local"]);
      expect([...many.route].map((route) => ROUTES[route])).toEqual([other!.route, "local"]);
      expect([...many.code].map((code) => CODE_NUMBERS[code])).toEqual([none ? "WITHHELD" : null, null]);
      const scalar = [other!, itself!].map((one) => (one.ok ? (one.dmaAddress ?? NO_ADDRESS) : NO_ADDRESS));
      expect([...many.dmaAddress]).toEqual(scalar);
      if (other!.ok) continue;
      expect(other).toMatchObject({ code: "WITHHELD", distance: null, owner: { name: BDF.A, bar: 0 } });
      expect(other!.message).toContain(`in ${BDF.A} BAR 0: the owner hands this memory out to nobody`);
    }
  });

  test("comes back from columns as it went in", () => {
    const machine = withStance("driver");
    const { topology } = Topology.fromColumns(columnsOf(reduced(machine)));
    expect(comparable(topology.describeMachine())).toEqual(comparable(reduced(machine)));
  });

  test("of many BARs at one offset is each its own", () => {
    const stances = Uint8Array.from({ length: 8 }, (_, row) => row % EXPORTS.length);
    const { topology } = Topology.fromColumns({
      systems: [{}],
      hostBridges: { system: Uint32Array.of(0), segment: Uint32Array.of(0), bus: Uint8Array.of(0) },
      functions: {
        parent: new Uint32Array(8),
        requesterId: Uint16Array.from({ length: 8 }, (_, row) => 8 * (row + 1)),
        command: new Uint16Array(8).fill(6),
      },
      bars: {
        function: Uint32Array.from({ length: 8 }, (_, row) => row),
        index: new Uint8Array(8),
        start: Float64Array.from({ length: 8 }, (_, row) => 0x1000 * (row + 1)),
        size: new Float64Array(8).fill(0x1000),
        exported: stances,
      },
    });
    const found = [...stances.keys()].map((row) => topology.owners(BigInt(0x1000 * (row + 1))).owners[0]!.exported);
    expect(found).toEqual([...stances].map((stance) => EXPORTS[stance]));
  });

  test("that is no row of EXPORTS is refused with its row", () => {
    const columns = columnsOf(reduced(withStance("driver")));
    const exported = columns.bars!.exported!.slice();
    exported[1] = 4;
    expect(() => Topology.fromColumns({ ...columns, bars: { ...columns.bars!, exported } })).toThrow(
      new RangeError("bars.exported row 1: expected a row of EXPORTS, 0 to 3, got 4"),
    );
  });

  test("withheld for one source stays withheld, and a contradiction otherwise is no stance", () => {
    const part = (source: string, exported: ExportStance) => ({ source, system: withStance(exported).systems[0]! });
    const merged = (...stances: readonly [ExportStance, ExportStance]) => {
      const { system, findings } = mergeSystems([part("a", stances[0]), part("b", stances[1])]);
      return [firstBar({ peerlane: 1, systems: [system] }).exported, findings.map(({ code }) => code)];
    };
    expect(merged("direct", "direct")).toEqual(["direct", []]);
    expect(merged("direct", "none")).toEqual(["none", ["SOURCES_DISAGREE"]]);
    expect(merged("none", "none")).toEqual(["none", []]);
    expect(merged("direct", "driver")).toEqual([undefined, ["SOURCES_DISAGREE"]]);
  });
});

describe("the exporter's stance on a region outside PCI", () => {
  test.each(STANCES)("%s: is told of its owner, and withholds where it is none", (exported) => {
    const region = { start: "0x9000000", size: 0x1000, ...(exported === undefined ? {} : { exported }) } as const;
    const machine = machineT("Z");
    const system = { ...machine.systems[0]!, ranges: [], platformDevices: [{ name: "uart", regions: [region] }] };
    for (const [form, topology] of formsOf({ peerlane: 1, systems: [system] })) {
      const mapping = new PeerDma(topology, linux("6.12")).map(BDF.A, 0x900_0000n, 4);
      expect([form, mapping.owner]).toMatchObject([form, { kind: "platform", exported: exported ?? null }]);
      expect([form, !mapping.ok && mapping.code]).toEqual([form, exported === "none" ? "WITHHELD" : "PLATFORM_OWNER"]);
    }
  });
});
