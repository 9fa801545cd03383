import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { synthesize, type Count, type SynthesizeOptions } from "../../src/fabrics/index.js";
import { ACS_ABSENT, FUNCTION_KINDS, NO_ROW, SRIOV_UNKNOWN } from "../../src/topology/fabric/columns.js";
import { hostBridgesOf, namesOf, type Fabric } from "./describe.js";
import { expectBusNumbers, expectForest, expectPlaces } from "./invariants.js";

const make = (options?: SynthesizeOptions) => synthesize(options) as Fabric;

function kindCounts({ functions }: Fabric): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of functions.kind) counts[FUNCTION_KINDS[kind]!] = (counts[FUNCTION_KINDS[kind]!] ?? 0) + 1;
  return counts;
}

describe("the structure", () => {
  it("has what the options say", () => {
    const columns = make({
      systems: 3,
      hostBridges: 2,
      rootPorts: 3,
      switchLevels: 2,
      fanout: 2,
      functionsPerEndpoint: 2,
      vfs: 3,
      bars: ["nvme"],
    });
    const ports = 3 * 2 * 3;
    const endpoints = ports * 2 * 2;
    expect(columns.systems.map(({ name }) => name)).toEqual(["s0", "s1", "s2"]);
    expect([...columns.hostBridges.system]).toEqual([0, 0, 1, 1, 2, 2]);
    expect(kindCounts(columns)).toEqual({
      "rc-integrated-endpoint": 6,
      "root-port": ports,
      "upstream-port": ports * (1 + 2),
      "downstream-port": ports * (2 + 4),
      endpoint: endpoints * 2 * (1 + 3),
    });
    const virtual = columns.functions.physicalFunction.filter((row) => row !== NO_ROW);
    expect(virtual.length).toBe(endpoints * 2 * 3);
    // Each physical function has one BAR and one aperture, each virtual function one BAR.
    expect(columns.bars.function.length).toBe(endpoints * 2 * 2 + virtual.length);
  });

  it("has defaults", () => {
    const columns = make();
    expect(columns.systems).toHaveLength(1);
    expect(columns.systems[0]).toMatchObject({ complete: true, allAddresses: true, iommu: "off" });
    expect(kindCounts(columns)).toMatchObject({ "root-port": 8, "upstream-port": 8, "downstream-port": 32 });
  });

  it("takes lists in turn, each of its own things", () => {
    const columns = make({
      hostBridges: 2,
      rootPorts: [1, 2],
      switchLevels: [2, 0],
      fanout: [1, 3],
      bars: ["gpu", "nvme"],
      functionsPerEndpoint: 1,
    });
    const kinds = Array.from(columns.functions.kind, (kind) => FUNCTION_KINDS[kind]);
    const deep = ["root-port", "upstream-port", "downstream-port", "upstream-port"];
    const tail = Array.from({ length: 3 }, () => ["downstream-port", "endpoint"]).flat();
    const first = ["rc-integrated-endpoint", ...deep, ...tail];
    expect(kinds).toEqual([...first, ...first, "root-port", "endpoint"]);
    const classes = [...columns.functions.class].filter((_, row) => kinds[row] === "endpoint");
    const [gpu, nvme] = [0x030200, 0x010802];
    expect(classes).toEqual([gpu, nvme, gpu, gpu, nvme, gpu, nvme]);
  });

  it.each([1, 2, 7, 59, 60, 61, 1000])("ends at exactly %i functions", (functions) => {
    const columns = make({ functions, bars: ["gpu", "nic"], vfs: { nic: 2 } });
    expect(columns.functions.parent.length).toBe(functions);
    expect(columns.hostBridges.system.at(-1)).toBe(columns.systems.length - 1);
    // No system and no host bridge without functions.
    expect(new Set(hostBridgesOf(columns)).size).toBe(columns.hostBridges.bus.length);
    expectForest(columns);
    expectBusNumbers(columns);
    expectPlaces(columns);
  });

  it("is the beginning of the larger fabric", () => {
    const [small, large] = [make({ functions: 100 }), make({ functions: 200 })];
    const functionsOf = (columns: Fabric) => namesOf(columns).slice(columns.hostBridges.bus.length);
    expect(functionsOf(large).slice(0, 100)).toEqual(functionsOf(small));
    expect([...large.functions.kind.subarray(0, 100)]).toEqual([...small.functions.kind]);
  });

  it("gives one system as many host bridges as it takes", () => {
    const columns = make({ functions: 2000, systems: 1, hostBridges: Infinity });
    expect(columns.systems).toHaveLength(1);
    expect(columns.hostBridges.bus.length).toBeGreaterThan(30);
    expect(Math.max(...columns.hostBridges.segment)).toBeGreaterThan(1);
    expectBusNumbers(columns);
    expectPlaces(columns);
  });

  it("begins a segment where the buses of the last are used up", () => {
    // 1 + 31 buses each: eight host bridges fill a segment.
    const columns = make({ hostBridges: 17, rootPorts: 31, switchLevels: 0, bars: ["nvme"] });
    expect([...columns.hostBridges.segment]).toEqual([...Array(8).fill(0), ...Array(8).fill(1), 2]);
    expect([...columns.hostBridges.bus.subarray(6, 9)]).toEqual([192, 224, 0]);
    expectBusNumbers(columns);
    // Each system for itself.
    expect([...make({ systems: 2, hostBridges: 1 }).hostBridges.segment]).toEqual([0, 0]);
    expect([...make({ systems: 2, hostBridges: 1 }).hostBridges.bus]).toEqual([0, 0]);
  });

  it("lets virtual functions reach onto the next buses", () => {
    const columns = make({ rootPorts: 2, switchLevels: 0, functionsPerEndpoint: 2, vfs: 256, bars: ["nic"] });
    expectBusNumbers(columns);
    expectPlaces(columns);
    const [port] = [...columns.functions.kind.keys()].filter((row) => columns.functions.kind[row] === 2);
    // 8 + 2 * 256 requester ids.
    expect(columns.functions.buses[port!]).toBe(0x0103);
  });
});

describe("the same options", () => {
  const options: SynthesizeOptions = {
    functions: 500,
    rootPorts: { least: 1, most: 4 },
    acs: 0.5,
    memoryOff: 0.3,
    busOffset: 2 ** 40,
  };

  it("make the same bytes, and another seed others", () => {
    expect(make({ ...options, seed: 7 })).toEqual(make({ ...options, seed: 7 }));
    expect(make({ ...options, seed: 7 }).functions).not.toEqual(make({ ...options, seed: 8 }).functions);
  });

  it("keep their structure whatever the registers", () => {
    const plain = make(options);
    const other = make({ ...options, acs: "unknown", memoryOff: 0 });
    expect(other.functions.parent).toEqual(plain.functions.parent);
    expect(other.bars).toEqual(plain.bars);
  });
});

describe("registers", () => {
  const portsOf = ({ functions }: Fabric) =>
    [...functions.acs].filter((_, row) => /root-port|downstream-port/.test(FUNCTION_KINDS[functions.kind[row]!]!));

  it.each([
    ["off", 0x005f0000],
    ["redirect", 0x005f001d],
    ["none", ACS_ABSENT],
    ["unknown", 0],
  ] as const)("acs %s", (acs, word) => {
    const columns = make({ acs });
    expect(new Set(portsOf(columns))).toEqual(new Set([word]));
    const others = columns.functions.acs.filter(
      (_, row) => !/root|down/.test(FUNCTION_KINDS[columns.functions.kind[row]!]!),
    );
    expect(new Set(others)).toEqual(new Set([ACS_ABSENT]));
  });

  it("acs as a fraction and as weights", () => {
    const ports = portsOf(make({ functions: 20_000, acs: 0.25 }));
    const fraction = ports.filter((word) => word === 0x005f001d).length / ports.length;
    expect(fraction).toBeGreaterThan(0.2);
    expect(fraction).toBeLessThan(0.3);
    expect(new Set(portsOf(make({ functions: 1000, acs: { unknown: 1, none: 2, redirect: 0 } })))).toEqual(
      new Set([0, ACS_ABSENT]),
    );
  });

  it("memory decode is off for the fraction asked for, and virtual functions have none of their own", () => {
    const { functions } = make({ functions: 20_000, memoryOff: 0.5, vfs: { nic: 2 } });
    const endpoint = FUNCTION_KINDS.indexOf("endpoint");
    const commands = (virtual: boolean) =>
      [...functions.command].filter(
        (_, row) => functions.kind[row] === endpoint && (functions.physicalFunction[row] !== NO_ROW) === virtual,
      );
    const off = commands(false).filter((command) => command === 4).length / commands(false).length;
    expect(off).toBeGreaterThan(0.45);
    expect(off).toBeLessThan(0.55);
    expect(new Set(commands(true))).toEqual(new Set([4]));
    const others = functions.command.filter((_, row) => functions.kind[row] !== endpoint);
    expect(new Set(others)).toEqual(new Set([6]));
  });

  it("enables virtual functions in their physical function alone", () => {
    const { functions } = make({ vfs: { nic: 2 } });
    const physical = new Set(functions.physicalFunction);
    functions.sriovControl.forEach((control, row) => {
      if (physical.has(row)) expect(control & 0x9).toBe(0x9);
      else expect(control).toBe(SRIOV_UNKNOWN);
    });
  });

  it("takes facts of systems, and leaves unknown what is undefined", () => {
    const facts = { iommu: "translating", complete: undefined, cpu: { architecture: "arm64" } } as const;
    const [system] = make({ facts }).systems;
    expect(system).toMatchObject({ name: "s0", iommu: "translating", cpu: { architecture: "arm64" } });
    expect(system).not.toHaveProperty("complete");
    expect(system).toHaveProperty("allAddresses", true);
  });
});

const count = (least: number, most: number): fc.Arbitrary<Count> =>
  fc.oneof(
    fc.integer({ min: least, max: most }),
    fc.array(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }),
    fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map(([a, b]) => ({
      least: Math.min(a, b),
      most: Math.max(a, b),
    })),
  );

const weights = fc.record({
  gpu: fc.nat(3),
  nic: fc.nat(3),
  nvme: fc.nat(3),
  accelerator: fc.integer({ min: 1, max: 3 }),
});
const sizes = fc.array(
  fc.integer({ min: 7, max: 40 }).map((exponent) => 2 ** exponent),
  { maxLength: 3 },
);

it("whatever the options, buses and addresses are as on a real machine", () => {
  const options = fc.record(
    {
      functions: fc.integer({ min: 1, max: 300 }),
      hostBridges: count(1, 3),
      rootPorts: count(1, 3),
      switchLevels: count(0, 2),
      fanout: count(1, 3),
      functionsPerEndpoint: count(1, 8),
      vfs: fc.oneof(count(0, 40), fc.record({ nic: count(0, 20), gpu: count(0, 3) })),
      bars: fc.oneof(weights, sizes),
      acs: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    },
    { requiredKeys: ["functions"] },
  );
  fc.assert(
    fc.property(options, (options) => {
      const columns = make(options as SynthesizeOptions);
      expect(columns.functions.parent.length).toBe(options.functions);
      expectForest(columns);
      expectBusNumbers(columns);
      expectPlaces(columns);
    }),
    { numRuns: 200 },
  );
});
