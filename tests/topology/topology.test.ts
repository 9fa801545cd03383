import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FunctionDescription, MachineDescription } from "../../src/topology/description.js";
import { TopologyError } from "../../src/topology/errors.js";
import { Topology } from "../../src/topology/topology.js";

const machine: MachineDescription = {
  peerlane: 1,
  systems: [
    {
      functions: [
        { bdf: "0000:00:02.0", parent: null, bus: { secondary: 5, subordinate: 5 } },
        { bdf: "0000:00:01.0", parent: null, bus: { secondary: 1, subordinate: 3 } },
        { bdf: "0000:05:00.0", names: ["nvme0", "nvme0n1"] },
        { bdf: "0000:01:00.0", bus: { secondary: 2, subordinate: 3 } },
        { bdf: "0000:02:00.0", bus: { secondary: 3, subordinate: 3 } },
        { bdf: "0000:03:00.0", names: ["mlx5_0"] },
        { bdf: "0000:80:00.0", parent: null },
      ],
      platformDevices: [{ name: "ARMH0011:00", regions: [] }],
    },
  ],
};

const names = (topology: Topology, ids: Iterable<number>) => Array.from(ids, (id) => topology.name(id));

describe("ids", () => {
  const topology = Topology.of(machine);

  test("number the nodes depth first, siblings in the order of the description", () => {
    expect(topology.size).toBe(9);
    expect(
      names(
        topology,
        Array.from({ length: 9 }, (_, index) => index + 1),
      ),
    ).toEqual([
      "0000:00",
      "0000:00:02.0",
      "0000:05:00.0",
      "0000:00:01.0",
      "0000:01:00.0",
      "0000:02:00.0",
      "0000:03:00.0",
      "0000:80",
      "0000:80:00.0",
    ]);
  });

  test("of all functions come in the order of names", () => {
    expect(names(topology, topology.functions())).toEqual([
      "0000:00:01.0",
      "0000:00:02.0",
      "0000:01:00.0",
      "0000:02:00.0",
      "0000:03:00.0",
      "0000:05:00.0",
      "0000:80:00.0",
    ]);
  });

  test("are found by every spelling of a name", () => {
    const id = topology.id("0000:03:00.0");
    expect([
      topology.id("03:00.0"),
      topology.id("3:0.0"),
      topology.id("00000000:03:00.0"),
      topology.id("mlx5_0"),
    ]).toEqual([id, id, id, id]);
    expect(topology.id("0000:80")).toBe(8);
    expect(topology.id(3)).toBe(3);
    expect(topology.id("nvme0n1")).toBe(topology.id("nvme0"));
  });

  test("that do not exist throw, saying what was expected", () => {
    for (const id of [0, -1, 10, 1.5, NaN]) {
      expect(() => topology.id(id)).toThrow(`expected an id from 1 to 9, got ${id}`);
    }
    expect(() => topology.id("0000:09:00.0")).toThrow(
      'nothing is named "0000:09:00.0": expected a function as dddd:bb:dd.f or bb:dd.f, a host bridge as dddd:bb, ' +
        "or a name that the source shows",
    );
    expect(() => topology.id("")).toThrow('nothing is named ""');
    expect(() => topology.id("ARMH0011:00")).toThrow("nothing is named");
    expect(topology.isPlatformDevice("ARMH0011:00")).toBe(true);
    expect(topology.isPlatformDevice("mlx5_0")).toBe(false);
  });
});

describe("what two functions share", () => {
  const topology = Topology.of(machine);
  const common = (a: string, b: string) => {
    const { bridge, ...more } = topology.common(a, b);
    return { bridge: typeof bridge === "number" ? topology.name(bridge) : bridge, ...more };
  };

  test("is the nearest bridge, counted in hops", () => {
    expect(common("03:00.0", "03:00.0")).toEqual({ bridge: "0000:03:00.0", sameHostBridge: true, distance: 0 });
    expect(common("03:00.0", "00:01.0")).toEqual({ bridge: "0000:00:01.0", sameHostBridge: true, distance: 3 });
    expect(common("01:00.0", "03:00.0")).toEqual({ bridge: "0000:01:00.0", sameHostBridge: true, distance: 2 });
  });

  test("is no bridge below one host bridge or two, where both whole chains count", () => {
    expect(common("03:00.0", "05:00.0")).toEqual({ bridge: null, sameHostBridge: true, distance: 6 });
    expect(common("03:00.0", "80:00.0")).toEqual({ bridge: null, sameHostBridge: false, distance: 5 });
  });

  test("is found on the way from the path of each", () => {
    expect(names(topology, topology.path("03:00.0"))).toEqual([
      "0000:03:00.0",
      "0000:02:00.0",
      "0000:01:00.0",
      "0000:00:01.0",
      "0000:00",
    ]);
    expect(topology.hostBridge("03:00.0")).toBe(1);
    expect(topology.describe("03:00.0")!.names).toEqual(["mlx5_0"]);
    expect(topology.describe(1)).toBeNull();
  });
});

describe("several systems", () => {
  const fabric = Topology.of({
    peerlane: 1,
    systems: ["left", "right"].map((name) => ({ ...machine.systems[0]!, name })),
  });

  test("tell functions of one name apart by the system in front", () => {
    expect(fabric.name(fabric.id("right/0000:03:00.0"))).toBe("right/0000:03:00.0");
    expect(fabric.name(fabric.id("left/mlx5_0"))).toBe("left/0000:03:00.0");
    expect(fabric.name(fabric.id("right/0000:80"))).toBe("right/0000:80");
    expect(fabric.systemOf(fabric.id("right/nvme0"))).toBe(1);
    expect(names(fabric, fabric.functions("right"))).toHaveLength(7);
    expect(names(fabric, fabric.functions())).toHaveLength(14);
  });

  test("make a bare name ambiguous", () => {
    for (const ref of ["03:00.0", "mlx5_0", "0000:80"]) {
      expect(() => fabric.id(ref)).toThrow(
        `"${ref}" names 2 nodes: write the system in front, as in system/dddd:bb:dd.f`,
      );
    }
  });

  test("have to be named, and rightly", () => {
    expect(() => fabric.id("middle/03:00.0")).toThrow('no system is named "middle"; there is "left", "right"');
    expect(() => fabric.owners(0n)).toThrow('there are 2 systems, name one of them: "left", "right"');
    expect(fabric.owners(0n, "left").answer).toBe("unknown");
  });

  test("share nothing", () => {
    expect(fabric.common("left/03:00.0", "right/03:00.0")).toMatchObject({ bridge: null, sameHostBridge: false });
  });
});

describe("a closed topology", () => {
  test("cannot be asked any more, and says what to do", () => {
    const topology = Topology.of(machine);
    topology.close();
    topology.close();
    const two = Uint32Array.of(1, 2);
    const asked: Record<string, () => unknown> = {
      findings: () => topology.findings,
      size: () => topology.size,
      systems: () => topology.systems,
      roots: () => topology.roots,
      core: () => topology.core,
      id: () => topology.id("no/such.name"),
      name: () => topology.name(1),
      describe: () => topology.describe(0),
      registers: () => topology.registers(1),
      isFunction: () => topology.isFunction(1),
      physicalFunction: () => topology.physicalFunction(1),
      isPlatformDevice: () => topology.isPlatformDevice("uart"),
      platformDevices: () => topology.platformDevices,
      platformDevice: () => topology.platformDevice("uart"),
      inbound: () => topology.inbound,
      functions: () => topology.functions("nowhere"),
      systemOf: () => topology.systemOf(1),
      belowRoot: () => topology.belowRoot(0),
      path: () => topology.path("03:00.0"),
      parent: () => topology.parent(2),
      isKnown: () => topology.isKnown(1),
      hostBridge: () => topology.hostBridge(2),
      rootOrdinal: () => topology.rootOrdinal(1),
      common: () => topology.common("03:00.0", "05:00.0"),
      commonId: () => topology.commonId(0, 0),
      commonMany: () => topology.commonMany(two, Uint32Array.of(1)),
      owners: () => topology.owners(-1n),
      ownerId: () => topology.ownerId(-1),
      ownerMany: () => topology.ownerMany({ address: BigUint64Array.of(0n), system: "nowhere" }),
      hasAddresses: () => topology.hasAddresses("nowhere"),
      sideLinks: () => topology.sideLinks,
      hostAttachments: () => topology.hostAttachments,
      describeMachine: () => topology.describeMachine(),
      systemOrdinal: () => topology.systemOrdinal("nowhere"),
      describeSystem: () => topology.describeSystem(9),
      withCpu: () => topology.withCpu({}),
      toBuffer: () => topology.toBuffer(),
    };
    const members = Object.getOwnPropertyNames(Topology.prototype);
    expect(Object.keys(asked).sort()).toEqual(
      members.filter((each) => !["constructor", "close"].includes(each)).sort(),
    );
    const closed = new Error("this topology is closed: make another one");
    for (const [member, ask] of Object.entries(asked)) expect(ask, member).toThrow(closed);
  });
});

describe("any description at all", () => {
  const name = fc.constantFrom("0000:00:00.0", "0000:00:01.0", "0000:01:00.0", "0000:02:00.0", "0001:01:00.0", "x", "");
  const number = fc.constantFrom(
    "0x0",
    "0x1000",
    "0x1fff",
    "0x7fffffffffffffff",
    "0xffffffffffffffff",
    "12",
    "",
    "-1",
    "0x",
    " 0x1 ",
  );
  const size = fc.oneof(number, fc.constantFrom(0, 1, 0x1000, -1, 2 ** 60));
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const window = fc.record(
    { kind: fc.constantFrom("mem", "io", "pref"), start: number, end: number, bus: number },
    { requiredKeys: ["kind"] },
  );
  const any = fc.record(
    {
      bdf: name,
      parent: fc.option(name),
      physicalFunction: fc.option(name),
      kind: fc.constantFrom("endpoint", "root-port", "upstream-port"),
      bus: fc.record({ secondary: fc.integer({ min: 0, max: 3 }), subordinate: fc.integer({ min: 0, max: 3 }) }),
      bars: fc.array(
        fc.record({ index: fc.nat(13), start: fc.option(number), bus: fc.option(number), size }, { requiredKeys: [] }),
        { maxLength: 3 },
      ),
      windows: fc.array(window, { maxLength: 2 }),
      sriov: fc.constantFrom(null, { control: 9, totalVfs: 1, numVfs: 1, firstOffset: 1, stride: 1 }),
    },
    { requiredKeys: ["bdf"] },
  );
  const system = fc.record({
    complete: optional(fc.boolean()),
    functions: fc.array(any, { maxLength: 6 }),
    hostBridges: fc.array(
      fc.record({ root: fc.constantFrom("0000:00", "0000:80", "0"), windows: fc.array(window, { maxLength: 2 }) }),
      { maxLength: 2 },
    ),
    ranges: fc.array(fc.record({ kind: fc.constantFrom("system-ram", "reserved"), start: number, size }), {
      maxLength: 2,
    }),
  });

  test("is packed and answers, or is refused with its problems", { timeout: 60_000 }, () => {
    let packed = 0;
    let refused = 0;
    fc.assert(
      fc.property(system, (described) => {
        try {
          const topology = Topology.of({ peerlane: 1, systems: [described] } as unknown as MachineDescription);
          for (const address of [0n, 0x1000n, 0x1fffn, (1n << 63n) - 1n, (1n << 64n) - 1n]) topology.owners(address);
          const ids = topology.functions();
          for (const a of ids) for (const b of ids) topology.common(a, b);
          packed++;
        } catch (error) {
          expect(error).toBeInstanceOf(TopologyError);
          expect((error as TopologyError).problems.length).toBeGreaterThan(0);
          refused++;
        }
      }),
      { seed: 3, numRuns: 3000 },
    );
    expect(packed).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });
});

describe("the SIMD and the scalar build", () => {
  /** Random trees with BARs of random places and sizes: overlaps, holes, all ranks. */
  const functions = fc
    .array(
      fc.record({
        above: fc.nat(1000),
        start: fc.bigInt(0n, 1n << 20n),
        size: fc.integer({ min: 0, max: 1 << 17 }),
        command: fc.constantFrom(undefined, 0, 2),
        sized: fc.boolean(),
        index: fc.integer({ min: 0, max: 8 }),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map((sketches) => {
      const built: FunctionDescription[] = [];
      sketches.forEach(({ above, start, size, command, sized, index: bar }, index) => {
        const parent = built[above % (index + 1)];
        const bus = (parent === undefined ? 0 : 1 + built.indexOf(parent)).toString(16).padStart(2, "0");
        built.push({
          bdf: `0000:${bus}:${(index >> 3).toString(16).padStart(2, "0")}.${index & 7}`,
          parent: parent?.bdf ?? null,
          ...(command === undefined ? {} : { command }),
          bars: [
            { index: bar, start: `0x${(start * 0x1000n).toString(16)}`, ...(sized ? { size: size * 0x1000 } : {}) },
          ],
        });
      });
      return built;
    });

  const sameOn = (seed: number) => {
    fc.assert(
      fc.property(functions, fc.array(fc.bigInt(0n, 1n << 33n), { maxLength: 20 }), (described, more) => {
        const description: MachineDescription = { peerlane: 1, systems: [{ complete: true, functions: described }] };
        const [simd, scalar] = (["simd", "scalar"] as const).map((build) => Topology.of(description, { build })) as [
          Topology,
          Topology,
        ];
        expect(simd.findings).toEqual(scalar.findings);
        const edges = described.flatMap(({ bars }) => {
          const { start, size } = bars![0]!;
          const first = BigInt(start!);
          return [first - 1n, first, first + 1n, first + BigInt(size ?? 0) - 1n, first + BigInt(size ?? 0)];
        });
        for (const address of [...edges, ...more]) {
          if (address >= 0n) expect(simd.owners(address)).toEqual(scalar.owners(address));
        }
        for (const a of simd.functions()) {
          expect(simd.path(a)).toEqual(scalar.path(a));
          for (const b of simd.functions()) expect(simd.common(a, b)).toEqual(scalar.common(a, b));
        }
      }),
      { seed, numRuns: 100 },
    );
  };

  test.each([7, 42])("answer alike on random machines, seed %i", { timeout: 60_000 }, (seed) => sameOn(seed));
});
