import { beforeAll, describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { CODE_NUMBERS } from "../../src/explain/ruling.js";
import { linux } from "../../src/policy/linux.js";
import type { FunctionDescription, FunctionKind, MachineDescription } from "../../src/topology/description.js";
import { TopologyError } from "../../src/topology/errors.js";
import {
  ACS_ABSENT,
  FUNCTION_KINDS,
  NO_ROW,
  SRIOV_UNKNOWN,
  type FabricColumns,
} from "../../src/topology/fabric/columns.js";
import { Topology } from "../../src/topology/topology.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "../readers/fixtures.js";
import { BDF, machineT } from "../vectors/machine.js";
import { columnsOf, comparable, reduced } from "./columns-of.js";
import { documentsOf } from "./documents.js";

describe("a fabric of columns", () => {
  /** Small machines of every sort that a kernel was asked about, and T in three shapes side by side. */
  const machines = new Map<string, MachineDescription>();

  beforeAll(async () => {
    machines.set("T", reduced(machineT()));
    const shapes = [
      machineT("L", { DSP0: { acs: { capability: 0x5f, control: 0x1d } }, B: { command: 0x4 } }),
      machineT("Z", {
        DSP1: { command: 0 },
        C: { sriov: { control: 0, totalVfs: 4, numVfs: 2, firstOffset: 1, stride: 1 } },
      }),
      machineT("N", {}, { allAddresses: false, iommu: "translating" }),
    ];
    const systems = shapes.flatMap((machine, index) =>
      machine.systems.map((system) => ({ ...system, name: `node${index}` })),
    );
    machines.set("three T", reduced({ peerlane: 1, systems }));
    for (const name of captureNames().filter((_, index) => index % 3 === 0)) {
      const { machine } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
      machines.set(name, reduced(machine));
    }
  });

  test("says what the description says that it was made of", () => {
    expect(machines.size).toBeGreaterThan(8);
    for (const [name, machine] of machines) {
      const columns = columnsOf(machine);
      const { topology, hostBridges, functions } = Topology.fromColumns(columns);
      const described = Topology.of(machine);
      expect([name, topology.size]).toEqual([name, described.size]);
      expect(functions).toHaveLength(columns.functions.parent.length);
      expect(hostBridges).toHaveLength(columns.hostBridges.system.length);
      expect(comparable(topology.describeMachine())).toEqual(comparable(machine));
      const stride = machine.systems.length > 1 ? 3 : topology.size > 40 ? 5 : 1;
      const ours = documentsOf(topology, stride) as { list: { findings: unknown } };
      const theirs = documentsOf(described, stride) as typeof ours;
      // Columns are not looked through for oddities.
      expect({ ...ours, list: { ...ours.list, findings: [] } }).toEqual({
        ...theirs,
        list: { ...theirs.list, findings: [] },
      });
    }
  });

  test("is the same whatever holds its addresses", () => {
    const machine = machines.get("three T")!;
    const [wide, narrow] = [columnsOf(machine), columnsOf(machine, false)].map(
      (columns) => Topology.fromColumns(columns).topology,
    ) as [Topology, Topology];
    expect(narrow.describeMachine()).toEqual(wide.describeMachine());
  });

  test("gives the ids of the caller's rows", () => {
    const machine = machines.get("three T")!;
    const columns = columnsOf(machine);
    const { topology, hostBridges, functions } = Topology.fromColumns(columns);
    const names = machine.systems.flatMap(({ name, functions }) => functions.map(({ bdf }) => `${name}/${bdf}`));
    expect(Array.from(functions, (id) => topology.name(id))).toEqual(names);
    expect(names.map((name) => topology.id(name))).toEqual([...functions]);
    const roots = machine.systems.flatMap(({ name, hostBridges }) => hostBridges!.map(({ root }) => `${name}/${root}`));
    expect(Array.from(hostBridges, (id) => topology.name(id))).toEqual(roots);
    expect(roots.map((name) => topology.id(name))).toEqual([...hostBridges]);
  });

  test("finds names as a description does, and says so where there are several", () => {
    const { topology } = Topology.fromColumns(columnsOf(machines.get("three T")!));
    expect(topology.name(topology.id("node1/3:0.0"))).toBe(`node1/${BDF.A}`);
    expect(() => topology.id("03:00.0")).toThrow('"03:00.0" names 3 nodes: write the system in front');
    expect(() => topology.id("0000:80")).toThrow('"0000:80" names 3 nodes');
    expect(() => topology.id("node1/0000:0f:00.0")).toThrow('nothing is named "node1/0000:0f:00.0"');
    expect(() => topology.id("node1/nvme0")).toThrow("nothing is named");
    expect(() => topology.id("node9/03:00.0")).toThrow(
      'no system is named "node9"; there is "node0", "node1", "node2"',
    );
    expect(topology.functions("node2")).toHaveLength(machines.get("three T")!.systems[2]!.functions.length);
    expect(topology.systems[1]!.functions.map(({ bdf }) => bdf)).toContain(BDF.A);
  });

  test("keeps siblings in the order of its rows, which is that of enumeration", () => {
    const functions: FunctionDescription[] = ["0000:00:05.0", "0000:00:00.0", "0000:00:03.0"].map((bdf) => ({
      bdf,
      parent: null,
    }));
    const { topology } = Topology.fromColumns(
      columnsOf({ peerlane: 1, systems: [{ functions, hostBridges: [{ root: "0000:00" }] }] }),
    );
    expect(topology.describeSystem(0).functions.map(({ bdf }) => bdf)).toEqual(functions.map(({ bdf }) => bdf));
    expect(Array.from(topology.functions(), (id) => topology.name(id))).toEqual([
      "0000:00:00.0",
      "0000:00:03.0",
      "0000:00:05.0",
    ]);
  });
});

/** Two systems of one host bridge: a root port with an endpoint below it, and an endpoint. */
const small: FabricColumns = {
  systems: [{ name: "a" }, { name: "b" }],
  hostBridges: { system: Uint32Array.of(1, 0), segment: Uint32Array.of(0, 2), bus: Uint8Array.of(0, 0x40) },
  functions: {
    parent: Uint32Array.of(5, 1, 0, 1),
    requesterId: Uint16Array.of(0x4100, 0x4000, 0x0010, 0x4008),
  },
};

describe("rows in any order", () => {
  test("become ids in which a bridge precedes what is below it", () => {
    const { topology, functions } = Topology.fromColumns(small);
    expect(Array.from(functions, (id) => topology.name(id))).toEqual([
      "a/0002:41:00.0",
      "a/0002:40:00.0",
      "b/0000:00:02.0",
      "a/0002:40:01.0",
    ]);
    expect(topology.name(topology.parent("a/0002:41:00.0") as number)).toBe("a/0002:40:01.0");
    expect(topology.hostBridge("a/0002:41:00.0")).toBe(topology.id("a/0002:40"));
  });

  test("leave unknown what has no column", () => {
    const { topology } = Topology.fromColumns(small);
    expect(topology.describe("b/0000:00:02.0")).toEqual({ bdf: "0000:00:02.0", parent: null });
    expect(topology.owners(0n, "a")).toEqual({ answer: "unknown", owners: [], window: null });
    expect(topology.hasAddresses("a")).toBe(false);
    expect(topology.describeSystem(1)).toEqual({
      name: "b",
      functions: [{ bdf: "0000:00:02.0", parent: null }],
      hostBridges: [{ root: "0000:00" }],
    });
  });

  test("leave unknown what a sentinel stands for", () => {
    const { topology } = Topology.fromColumns({
      ...small,
      functions: {
        ...small.functions,
        acs: Uint32Array.of(ACS_ABSENT, 0, 0x005f_001d, 0),
        physicalFunction: Uint32Array.of(NO_ROW, NO_ROW, NO_ROW, NO_ROW),
        command: Uint16Array.of(6, 0xffff, 0, 0xffff),
      },
    });
    const described = (name: string) => topology.describe(name);
    expect(described("a/0002:41:00.0")).toMatchObject({ acs: null, physicalFunction: null, command: 6 });
    expect(described("a/0002:40:00.0")).toEqual({ bdf: "0002:40:00.0", parent: null, physicalFunction: null });
    expect(described("b/0000:00:02.0")).toMatchObject({ acs: { capability: 0x5f, control: 0x1d }, command: 0 });
  });

  test("may repeat a requester ID, which then is asked for by id", () => {
    const { topology, functions } = Topology.fromColumns({
      ...small,
      functions: { ...small.functions, requesterId: Uint16Array.of(0x4100, 0x4000, 0x10, 0x4000) },
    });
    expect(() => topology.id("a/0002:40:00.0")).toThrow('"a/0002:40:00.0" names 2 nodes: ask by id');
    expect(topology.name(functions[3]!)).toBe("a/0002:40:00.0");
  });
});

describe("columns that cannot be", () => {
  type Change = (columns: Record<string, Record<string, unknown>>) => void;
  const changed = (change: Change) => {
    const columns = {
      ...small,
      hostBridges: { ...small.hostBridges },
      functions: { ...small.functions },
      bars: {
        function: Uint32Array.of(0, 2),
        index: Uint8Array.of(0, 2),
        start: BigUint64Array.of(0x1000n, 0x4000n),
        size: BigUint64Array.of(0x1000n, 0x1000n),
      },
      windows: {
        node: Uint32Array.of(1, 5),
        prefetchable: Uint8Array.of(0, 1),
        start: Float64Array.of(0, 0),
        size: Float64Array.of(0x1_0000, 0x8000),
      },
    };
    change(columns as unknown as Record<string, Record<string, unknown>>);
    return () => Topology.fromColumns(columns as unknown as FabricColumns);
  };

  test("are none to begin with", () => {
    expect(changed(() => {})().topology.size).toBe(6);
  });

  test.each<[string, Change, ErrorConstructor, string]>([
    [
      "a column missing",
      ({ functions }) => delete functions!["parent"],
      TypeError,
      "functions.parent: expected a Uint32Array, got undefined",
    ],
    [
      "a group missing",
      (columns) => delete columns["hostBridges"],
      TypeError,
      "hostBridges: expected an object of columns, got undefined",
    ],
    [
      "an array",
      ({ functions }) => (functions!["kind"] = [1, 1, 1, 1]),
      TypeError,
      "functions.kind: expected a Uint8Array, got Array",
    ],
    [
      "another array",
      ({ bars }) => (bars!["start"] = Uint32Array.of(1, 2)),
      TypeError,
      "bars.start: expected a BigUint64Array or a Float64Array, got Uint32Array",
    ],
    ["no systems", (columns) => (columns["systems"] = 3 as never), TypeError, "systems: expected an array"],
    [
      "an unknown group",
      (columns) => (columns["bar"] = columns["bars"]!),
      TypeError,
      "bar: no such column: expected one of systems, hostBridges, functions, bars, windows",
    ],
    [
      "an unknown column",
      ({ functions }) => (functions!["acss"] = Uint32Array.of(0, 0, 0, 0)),
      TypeError,
      "functions.acss: no such column: expected one of parent, requesterId, kind, acs, ",
    ],
    [
      "an unknown column of an optional group",
      ({ bars }) => (bars!["sizes"] = bars!["size"]),
      TypeError,
      "bars.sizes: no such column: expected one of function, index, start, size, bus",
    ],
    [
      "a short column",
      ({ functions }) => (functions!["kind"] = Uint8Array.of(1, 1, 1)),
      RangeError,
      "functions.kind: expected 4 rows as in functions.parent, got 3",
    ],
    [
      "no such system",
      ({ hostBridges }) => (hostBridges!["system"] = Uint32Array.of(0, 2)),
      RangeError,
      "hostBridges.system row 1: expected a row of systems (0 to 1), got 2",
    ],
    [
      "no such parent",
      ({ functions }) => (functions!["parent"] = Uint32Array.of(5, 1, 6, 1)),
      RangeError,
      "functions.parent row 2: expected a row of host bridges, then functions (0 to 5), got 6",
    ],
    [
      "no such physical function",
      ({ functions }) => (functions!["physicalFunction"] = Uint32Array.of(4, NO_ROW, NO_ROW, NO_ROW)),
      RangeError,
      "functions.physicalFunction row 0: expected a row of functions (0 to 3), got 4",
    ],
    [
      "no such kind",
      ({ functions }) => (functions!["kind"] = Uint8Array.of(0, 0, 14, 0)),
      RangeError,
      "functions.kind row 2: expected a row of FUNCTION_KINDS, 0 to 13, got 14",
    ],
    [
      "no class",
      ({ functions }) => (functions!["class"] = Uint32Array.of(0, 0x1000000, 0, 0)),
      RangeError,
      "functions.class row 1: expected a class code, 0 to 16777215, got 16777216",
    ],
    [
      "too many bits",
      ({ functions }) => (functions!["dmaMaskBits"] = Uint8Array.of(0, 0, 0, 65)),
      RangeError,
      "functions.dmaMaskBits row 3: expected a number of bits, 0 to 64, got 65",
    ],
    [
      "a ROM",
      ({ bars }) => (bars!["index"] = Uint8Array.of(0, 6)),
      RangeError,
      "bars.index row 1: expected 0 to 5 or 7 to 12, got 6, which is a ROM",
    ],
    [
      "no BAR",
      ({ bars }) => (bars!["index"] = Uint8Array.of(13, 0)),
      RangeError,
      "bars.index row 0: expected a BAR, 0 to 12, got 13",
    ],
    [
      "no such function of a BAR",
      ({ bars }) => (bars!["function"] = Uint32Array.of(0, 4)),
      RangeError,
      "bars.function row 1: expected a row of functions (0 to 3), got 4",
    ],
    [
      "no such node of a window",
      ({ windows }) => (windows!["node"] = Uint32Array.of(0, 6)),
      RangeError,
      "windows.node row 1: expected a row of host bridges, then functions (0 to 5), got 6",
    ],
    [
      "no flag",
      ({ windows }) => (windows!["prefetchable"] = Uint8Array.of(2, 0)),
      RangeError,
      "windows.prefetchable row 0: expected whether it is prefetchable, 0 to 1, got 2",
    ],
    [
      "an empty BAR",
      ({ bars }) => (bars!["size"] = BigUint64Array.of(1n, 0n)),
      RangeError,
      "bars.size row 1: expected at least 1 byte, got 0",
    ],
    [
      "a fraction",
      ({ windows }) => (windows!["start"] = Float64Array.of(0, 0.5)),
      RangeError,
      "windows.start row 1: expected a whole number below 2^53, got 0.5",
    ],
    [
      "a number too great for a double",
      ({ windows }) => (windows!["size"] = Float64Array.of(2 ** 53, 1)),
      RangeError,
      "windows.size row 0: expected a whole number below 2^53, got 9007199254740992",
    ],
    [
      "a number below 0",
      ({ windows }) => (windows!["start"] = Float64Array.of(-1, 1)),
      RangeError,
      "windows.start row 0: expected a whole number below 2^53, got -1",
    ],
    [
      "no number",
      ({ windows }) => (windows!["start"] = Float64Array.of(1, NaN)),
      RangeError,
      "windows.start row 1: expected a whole number below 2^53, got NaN",
    ],
    [
      "a range that wraps",
      ({ bars }) => (bars!["start"] = BigUint64Array.of(0n, 0xffff_ffff_ffff_f001n)),
      RangeError,
      "bars row 1: expected a range that ends below 2^63, got 0x1000 bytes at 0xfffffffffffff001",
    ],
    [
      "a range beyond 2^63",
      ({ bars }) => (bars!["start"] = BigUint64Array.of(0x7fff_ffff_ffff_f000n, 0n)),
      RangeError,
      "bars row 0: expected a range that ends below 2^63, got 0x1000 bytes at 0x7ffffffffffff000",
    ],
  ])("%s", (_, change, type, message) => {
    expect(changed(change)).toThrow(type);
    expect(changed(change)).toThrow(message);
  });

  test.each<[unknown, string]>([
    [null, "systems[1]: expected object, got null"],
    [[], "systems[1]: expected object, got an array of 0"],
    [{ iommu: "on" }, 'systems[1].iommu: expected one of "off", "passthrough", "translating", got "on"'],
    [{ complete: "yes" }, 'systems[1].complete: expected one of true, false, "likely", got "yes"'],
    [{ allAddresses: 1 }, "systems[1].allAddresses: expected boolean, got 1"],
    [{ cpu: 5 }, "systems[1].cpu: expected object, got 5"],
    [{ cpu: { family: "6" } }, 'systems[1].cpu.family: expected integer, got "6"'],
    [{ kernel: "6.1" }, 'systems[1].kernel: expected object, got "6.1"'],
    [{ name: 5 }, "systems[1].name: expected string, got 5"],
    [{ ranges: 5 }, "systems[1].ranges: expected array, got 5"],
    [{ ranges: [{ kind: "reserved", start: 5, size: 1 }] }, "systems[1].ranges[0].start: expected string, got 5"],
    [{ platformDevices: [{ name: "x" }] }, "systems[1].platformDevices[0].regions: expected a value, got nothing"],
    [{ functions: [] }, "systems[1].functions: no such field: expected one of name, kernel, cpu, "],
  ])("are refused for what is no fact of a system: %j", (facts, message) => {
    const wrong = changed((columns) => (columns["systems"] = [{ name: "a" }, facts] as never));
    expect(wrong).toThrow(TypeError);
    expect(wrong).toThrow(message);
  });

  test("may leave a fact undefined, and share facts in any place", () => {
    const cpu = { architecture: "x86", vendor: undefined };
    const shared = {
      systems: [
        { name: "a", cpu },
        { name: "b", cpu, iommu: undefined },
      ] as never,
    };
    expect(changed((columns) => Object.assign(columns, shared))().topology.systems[1]!.cpu).toBe(cpu);
    const both = [{ kind: "reserved", name: "x", start: "0x0", size: 1, regions: [] }];
    const misplaced = [
      { name: "a", ranges: both },
      { name: "b", platformDevices: both },
    ] as never;
    expect(changed((columns) => (columns["systems"] = misplaced))).toThrow(
      "systems[0].ranges[0].regions: no such field",
    );
    const list: unknown[] = [];
    const places = [
      { name: "a", ranges: list },
      { name: "b", cpu: list },
    ] as never;
    expect(changed((columns) => (columns["systems"] = places))).toThrow(
      "systems[1].cpu: expected object, got an array",
    );
  });

  test("are refused before anything looks at them where there are too many", () => {
    // Columns of this length and without any row.
    const empty = <T extends object>(Type: { prototype: T }) =>
      Object.defineProperty(Object.create(Type.prototype) as T, "length", { value: 400_000_000 });
    const columns: FabricColumns = {
      ...small,
      functions: { parent: empty(Uint32Array), requesterId: empty(Uint16Array) },
    };
    expect(() => Topology.fromColumns(columns)).toThrow(RangeError);
    expect(() => Topology.fromColumns(columns)).toThrow("400000002 nodes and 0 address ranges need");
  });

  test("are no columns", () => {
    for (const value of [null, undefined, 5]) {
      expect(() => Topology.fromColumns(value as unknown as FabricColumns)).toThrow(TypeError);
    }
  });

  const problems = (change: Change): string[] => {
    try {
      changed(change)();
    } catch (error) {
      if (error instanceof TopologyError) return error.problems.map(({ code, message }) => `${code}: ${message}`);
      throw error;
    }
    throw new Error("expected the columns to be refused");
  };

  test("are refused for a structure that cannot be, as descriptions are", () => {
    expect(problems(({ functions }) => (functions!["parent"] = Uint32Array.of(5, 1, 0, 2)))).toEqual([
      "CYCLE: 41:00.0 (functions row 0) below 40:01.0 (functions row 3) below 41:00.0 (functions row 0): " +
        "no function can be above itself",
    ]);
    expect(
      problems(({ functions }) => (functions!["physicalFunction"] = Uint32Array.of(1, 3, NO_ROW, NO_ROW))),
    ).toEqual([
      "PARENT_MISSING: 41:00.0 (functions row 0) is a virtual function of 40:00.0 (functions row 1), " +
        "which is virtual itself",
    ]);
    expect(
      problems(({ functions }) => (functions!["physicalFunction"] = Uint32Array.of(2, NO_ROW, NO_ROW, 1))),
    ).toEqual([
      "PARENT_MISSING: 41:00.0 (functions row 0) is a virtual function of 00:02.0 (functions row 2), " +
        "which is in another system",
    ]);
    expect(
      problems(({ functions }) => (functions!["physicalFunction"] = Uint32Array.of(1, NO_ROW, NO_ROW, 1))),
    ).toEqual([
      "PARENT_CONTRADICTION: 41:00.0 (functions row 0) is a virtual function of 40:00.0 (functions row 1), " +
        "which has another parent: state that of both",
    ]);
    expect(problems(({ functions }) => (functions!["kind"] = Uint8Array.of(5, 0, 0, 5)))).toEqual([
      "PARENT_CONTRADICTION: 41:00.0 (functions row 0) has the parent 40:01.0 (functions row 3), " +
        "but that is of kind endpoint, not a bridge",
    ]);
    expect(problems(({ functions }) => (functions!["buses"] = Uint16Array.of(0, 0, 0, 0x4245)))).toEqual([
      "PARENT_CONTRADICTION: 41:00.0 (functions row 0) has the parent 40:01.0 (functions row 3), " +
        "but the buses behind that are 42 to 45",
    ]);
    expect(problems((columns) => (columns["systems"] = [{ name: "a" }, { name: "a" }] as never))).toEqual([
      'DUPLICATE: two systems named "a": give each a name of its own',
    ]);
    const ranges = [{ kind: "reserved", start: "0xffffffffffffffff", size: 2 }];
    expect(problems((columns) => (columns["systems"] = [{ name: "a", ranges }, { name: "b" }] as never))).toEqual([
      "RANGE_WRAPS: reserved range: 0x2 bytes at 0xffffffffffffffff end beyond 2^64",
    ]);
  });

  test("may name an index of a BAR twice, as descriptions may", () => {
    const { topology } = changed(({ bars }) => {
      Object.assign(bars!, { function: Uint32Array.of(2, 2), index: Uint8Array.of(2, 2) });
    })();
    for (const each of [topology, Topology.of(topology.describeMachine())]) {
      expect([0x1000n, 0x4000n].map((address) => each.owners(address, "b").owners[0]!.bar)).toEqual([2, 2]);
    }
  });

  test("name some of a long cycle", () => {
    const count = 1000;
    const parent = Uint32Array.from({ length: count }, (_, row) => 1 + ((row + 1) % count));
    const columns: FabricColumns = {
      systems: [{}],
      hostBridges: { system: Uint32Array.of(0), segment: Uint32Array.of(0), bus: Uint8Array.of(0) },
      functions: { parent, requesterId: new Uint16Array(count) },
    };
    expect(() => Topology.fromColumns(columns)).toThrow(/^the description has 1 problem:\n.*below 980 more below/);
  });
});

describe("a function of which no column says whether it is virtual", () => {
  /** Row 0 does not decode memory by its own bit. Row 1 does, and has its BAR over the same addresses, or elsewhere. */
  const made = (more: Partial<FabricColumns["functions"]>, elsewhere: number): Topology => {
    const { topology } = Topology.fromColumns({
      systems: [
        { complete: true, allAddresses: true, cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 0x19 } },
      ],
      hostBridges: { system: Uint32Array.of(0), segment: Uint32Array.of(0), bus: Uint8Array.of(0) },
      functions: {
        parent: Uint32Array.of(0, 0),
        requesterId: Uint16Array.of(8, 16),
        command: Uint16Array.of(4, 6),
        acs: Uint32Array.of(ACS_ABSENT, ACS_ABSENT),
        ...more,
      },
      bars: {
        function: Uint32Array.of(0, 1),
        index: Uint8Array.of(0, 0),
        start: Float64Array.of(0x1000, 0x1000 + elsewhere),
        size: Float64Array.of(0x1000, 0x1000),
      },
    });
    return topology;
  };
  const kinds = (kind: FunctionKind) => Uint8Array.of(FUNCTION_KINDS.indexOf(kind), 0);

  test.each<[string, Partial<FabricColumns["functions"]>, "several" | "one"]>([
    ["nothing else is known", {}, "several"],
    ["an endpoint", { kind: kinds("endpoint") }, "several"],
    ["an integrated endpoint", { kind: kinds("rc-integrated-endpoint") }, "several"],
    ["of a kind that is not known", { kind: Uint8Array.of(0, 5) }, "several"],
    ["of a class of endpoints", { class: Uint32Array.of(0x020000, 0x060400) }, "several"],
    ["without buses behind it", { buses: Uint16Array.of(0, 0x0101) }, "several"],
    ["without SR-IOV that is shown", { sriovControl: Uint16Array.of(SRIOV_UNKNOWN, 0) }, "several"],
    ["none", { physicalFunction: Uint32Array.of(NO_ROW, NO_ROW) }, "one"],
    ["a root port", { kind: kinds("root-port") }, "one"],
    ["conventional", { kind: kinds("conventional") }, "one"],
    ["of a bridge's class", { class: Uint32Array.of(0x060400, 0) }, "one"],
    ["with buses behind it", { buses: Uint16Array.of(0x0101, 0) }, "one"],
    ["a physical function", { sriovControl: Uint16Array.of(0, SRIOV_UNKNOWN) }, "one"],
  ])("settles nothing unless something rules it out: %s", (_, more, answer) => {
    const over = made(more, 0);
    const alone = made(more, 0x1000);
    for (const each of [over, Topology.from(over.toBuffer()), Topology.of(over.describeMachine())]) {
      expect(each.owners(0x1800n).answer).toBe(answer);
    }
    for (const each of [alone, Topology.from(alone.toBuffer()), Topology.of(alone.describeMachine())]) {
      const initiator = Uint32Array.of(each.id("00:02.0"));
      const { code } = new PeerDma(each, linux("6.12")).mapMany({
        initiator,
        address: Float64Array.of(0x1800),
        size: 4,
      });
      expect(CODE_NUMBERS[code[0]!]).toBe(answer === "one" ? "MEMORY_DECODE_OFF" : "MEMORY_DECODE_UNKNOWN");
    }
  });
});

describe("a chain of a hundred thousand bridges", () => {
  const count = 100_000;
  const { topology, functions } = Topology.fromColumns({
    systems: [{ name: "deep", complete: true, allAddresses: true }],
    hostBridges: { system: Uint32Array.of(0), segment: Uint32Array.of(0), bus: Uint8Array.of(0) },
    functions: {
      parent: Uint32Array.from({ length: count }, (_, row) => row),
      requesterId: Uint16Array.from({ length: count }, (_, row) => row),
      command: new Uint16Array(count).fill(6),
      acs: new Uint32Array(count).fill(ACS_ABSENT),
    },
    bars: {
      function: Uint32Array.of(count - 1),
      index: Uint8Array.of(0),
      start: Float64Array.of(0x1000),
      size: Float64Array.of(0x1000),
    },
  });

  test.each([
    ["as it is", topology],
    ["read from its buffer", Topology.from(topology.toBuffer())],
  ])("is answered like any other, %s", (_, deep) => {
    const [top, last] = [functions[0]!, functions[count - 1]!];
    expect(deep.common(top, last)).toEqual({ bridge: top, sameHostBridge: true, distance: count - 1 });
    expect(deep.path(last)).toHaveLength(count + 1);
    expect(deep.parent(last)).toBe(functions[count - 2]);
    expect(deep.ownerId(0x1fff)).toBe(last);
    expect(deep.describe(last)).toEqual({
      bdf: "0000:86:13.7",
      parent: "0000:86:13.6",
      command: 6,
      acs: null,
      bars: [{ index: 0, start: "0x1000", size: 0x1000 }],
    });
    expect(() => deep.id("0000:86:13.7")).toThrow("names 2 nodes");
    const functionsOf = deep.describeSystem(0).functions;
    expect(functionsOf[70_000]!.parent).toBe(functionsOf[69_999]!.bdf);
  });
});

describe("the same topology with another CPU", () => {
  const cpu = { architecture: "x86", vendor: "AuthenticAMD", family: 0x19 };
  const columns = columnsOf(reduced(machineT()));

  test.each([
    ["described", Topology.of(machineT())],
    ["of columns", Topology.fromColumns(columns).topology],
  ])("has it in every system, and lives on alone, %s", (_, topology) => {
    const other = topology.withCpu(cpu);
    expect(topology.systems[0]!.cpu).toMatchObject({ vendor: "GenuineIntel" });
    expect(other.systems[0]!.cpu).toEqual(cpu);
    expect(other.describeMachine().systems[0]!.cpu).toEqual(cpu);
    expect(Topology.from(other.toBuffer()).describeSystem(0).cpu).toEqual(cpu);
    expect(() => other.describeSystem(1)).toThrow("expected a system from 0 to 0, got 1");
    topology.close();
    expect(other.common(BDF.A, BDF.B).distance).toBe(4);
    expect(other.describe(BDF.B)!.bars).toHaveLength(1);
    expect(() => topology.withCpu(cpu)).toThrow("this topology is closed");
  });
});
