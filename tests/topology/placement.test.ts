import { describe, expect, test } from "vitest";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { TopologyError, type Problem } from "../../src/topology/errors.js";
import { Topology } from "../../src/topology/topology.js";

function of(functions: readonly FunctionDescription[], more: Partial<SystemDescription> = {}): Topology {
  return Topology.of({ peerlane: 1, systems: [{ functions, ...more }] });
}

/** The problems that a description is refused for. */
function problems(
  functions: readonly FunctionDescription[],
  more: Partial<SystemDescription> = {},
): readonly Problem[] {
  try {
    of(functions, more);
  } catch (error) {
    if (error instanceof TopologyError) return error.problems;
    throw error;
  }
  throw new Error("expected the description to be refused");
}

const messages = (...args: Parameters<typeof problems>) =>
  problems(...args).map(({ code, message }) => `${code}: ${message}`);

/** The name of what a function hangs below. */
function above(topology: Topology, bdf: string): string | null {
  const parent = topology.parent(bdf);
  return typeof parent === "number" ? topology.name(parent) : parent;
}

describe("what a function hangs below", () => {
  test("is the parent that is stated", () => {
    const topology = of([
      { bdf: "0000:00:01.0", parent: null },
      { bdf: "0000:05:00.0", parent: "0000:00:01.0" },
    ]);
    expect(above(topology, "05:00.0")).toBe("0000:00:01.0");
    expect(above(topology, "00:01.0")).toBe("0000:00");
    expect(topology.parent("0000:00")).toBeNull();
  });

  test("is the bridge whose secondary bus it is on, in its own segment", () => {
    const topology = of([
      { bdf: "0000:00:01.0", bus: { secondary: 5, subordinate: 7 } },
      { bdf: "0000:05:00.0", bus: { secondary: 6, subordinate: 7 } },
      { bdf: "0000:06:00.0" },
      { bdf: "0000:07:00.0" },
      { bdf: "0001:05:00.0" },
    ]);
    expect(above(topology, "05:00.0")).toBe("0000:00:01.0");
    expect(above(topology, "06:00.0")).toBe("0000:05:00.0");
    expect(above(topology, "07:00.0")).toBe("unknown");
    expect(above(topology, "0001:05:00.0")).toBe("unknown");
    expect(topology.findings).toEqual([
      {
        code: "PARENT_UNKNOWN",
        message: "nothing shows what bus 0000:07 hangs below: the description lacks the bridge above 0000:07:00.0",
        functions: ["0000:07:00.0"],
      },
      {
        code: "PARENT_UNKNOWN",
        message: "nothing shows what bus 0001:05 hangs below: the description lacks the bridge above 0001:05:00.0",
        functions: ["0001:05:00.0"],
      },
    ]);
  });

  test("is a root bus where there is evidence of one", () => {
    const evidence: FunctionDescription[] = [
      { bdf: "0000:40:00.0", kind: "root-port" },
      { bdf: "0000:40:05.0" },
      { bdf: "0000:60:00.0", parent: null },
      { bdf: "0000:60:05.0" },
      { bdf: "0001:00:05.0" },
      { bdf: "0000:80:05.0" },
    ];
    const topology = of(evidence, { hostBridges: [{ root: "0000:80" }] });
    expect(["40:05.0", "60:05.0", "0001:00:05.0", "80:05.0"].map((bdf) => above(topology, bdf))).toEqual([
      "0000:40",
      "0000:60",
      "0001:00",
      "0000:80",
    ]);
    expect(topology.findings).toEqual([]);
  });

  test("of a virtual function is what its physical function hangs below, wherever its own bus is", () => {
    const topology = of([
      { bdf: "0000:00:01.0", parent: null, bus: { secondary: 5, subordinate: 6 } },
      { bdf: "0000:05:00.0" },
      { bdf: "0000:06:00.0", physicalFunction: "0000:05:00.0" },
      { bdf: "0000:06:00.1", physicalFunction: "0000:05:00.0", parent: null },
    ]);
    expect(above(topology, "06:00.0")).toBe("0000:00:01.0");
    expect(above(topology, "06:00.1")).toBe("0000:00:01.0");
    expect(topology.common("05:00.0", "06:00.0").distance).toBe(2);
  });

  test("is one unknown root for all functions of a bus", () => {
    const topology = of([{ bdf: "0000:07:00.0" }, { bdf: "0000:07:00.1" }, { bdf: "0000:08:00.0" }]);
    expect(topology.common("07:00.0", "07:00.1")).toEqual({ bridge: "unknown", sameHostBridge: true, distance: 2 });
    expect(topology.common("07:00.0", "08:00.0")).toEqual({
      bridge: "unknown",
      sameHostBridge: "unknown",
      distance: null,
    });
    expect(topology.hostBridge("07:00.0")).toBeNull();
    expect(topology.findings).toHaveLength(2);
  });

  test("is unknown where two bridges claim the bus", () => {
    const topology = of([
      { bdf: "0000:00:01.0", bus: { secondary: 5, subordinate: 5 } },
      { bdf: "0000:00:02.0", bus: { secondary: 5, subordinate: 5 } },
      { bdf: "0000:00:03.0", bus: { secondary: 5, subordinate: 5 } },
      { bdf: "0000:05:00.0" },
    ]);
    expect(above(topology, "05:00.0")).toBe("unknown");
    expect(topology.findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      "BUS_CLASH: 0000:00:01.0 and 0000:00:02.0 both have bus 0000:05 behind them",
      "PARENT_UNKNOWN: nothing shows what bus 0000:05 hangs below: the description lacks the bridge above 0000:05:00.0",
    ]);
  });

  test("is not a bridge out of reset, which has bus 0 behind it", () => {
    const topology = of([
      { bdf: "0000:00:01.0", bus: { secondary: 0, subordinate: 0 } },
      { bdf: "0000:00:02.0", bus: { secondary: 0, subordinate: 0 } },
    ]);
    expect(above(topology, "00:02.0")).toBe("0000:00");
    expect(topology.findings).toEqual([]);
  });
});

describe("a description that cannot be true", () => {
  test("names a cycle of stated parents, function by function", () => {
    expect(
      messages([
        { bdf: "0000:00:01.0", parent: null },
        { bdf: "0000:01:00.0", parent: "0000:03:00.0" },
        { bdf: "0000:02:00.0", parent: "0000:01:00.0" },
        { bdf: "0000:03:00.0", parent: "0000:02:00.0" },
        { bdf: "0000:04:00.0", parent: "0000:03:00.0" },
      ]),
    ).toEqual([
      "CYCLE: 0000:01:00.0 below 0000:03:00.0 below 0000:02:00.0 below 0000:01:00.0: no function can be above itself",
    ]);
  });

  test("names a cycle of bus numbers, and a function below itself", () => {
    const numbers: FunctionDescription[] = [
      { bdf: "0000:01:00.0", bus: { secondary: 2, subordinate: 2 } },
      { bdf: "0000:02:00.0", bus: { secondary: 1, subordinate: 1 } },
    ];
    expect(problems(numbers).map(({ code }) => code)).toEqual(["CYCLE"]);
    expect(problems(numbers)[0]!.functions.toSorted()).toEqual(["0000:01:00.0", "0000:02:00.0"]);
    expect(messages([{ bdf: "0000:01:00.0", parent: "0000:01:00.0" }])).toEqual([
      "PARENT_CONTRADICTION: 0000:01:00.0 states the parent 0000:01:00.0, but that is itself",
      "CYCLE: 0000:01:00.0 below 0000:01:00.0: no function can be above itself",
    ]);
  });

  test("says everything at once", () => {
    expect(
      messages(
        [
          { bdf: "0000:00:01.0", kind: "endpoint", parent: null },
          { bdf: "0000:00:01.0" },
          { bdf: "0000:00:1.0" },
          { bdf: "0000:0A:00.0" },
          { bdf: "00000000:00:02.0" },
          { bdf: "0000:00:20.0" },
          { bdf: "gpu" },
          { bdf: "0000:02:00.0", parent: "0000:00:09.0" },
          { bdf: "0000:03:00.0", parent: "0000:00:01.0" },
          { bdf: "0001:03:00.0", parent: "0000:00:02.0" },
          { bdf: "0000:00:02.0", bus: { secondary: 4, subordinate: 5 }, parent: null },
          { bdf: "0000:06:00.0", parent: "0000:00:02.0" },
          { bdf: "0000:05:00.0", parent: "0000:00:02.0" },
          { bdf: "0000:07:00.0", physicalFunction: "0000:07:00.7" },
          { bdf: "0000:07:00.1", physicalFunction: "0000:07:00.0" },
          {
            bdf: "0000:08:00.0",
            parent: "0000:00:02.0",
            physicalFunction: "0000:05:00.0",
            bars: [{ index: 0, start: "0xffffffffffff0000", size: 0x20000 }],
            windows: [{ kind: "mem", start: "0x2000", end: "0x1fff" }],
          },
        ],
        { hostBridges: [{ root: "0" }, { root: "00000:80" }] },
      ),
    ).toEqual([
      "DUPLICATE: 0000:00:01.0 is described twice: merge the descriptions or put them into two systems",
      'BAD_NAME: function "0000:00:1.0": expected dddd:bb:dd.f, lower case, segment in four digits or more',
      'BAD_NAME: function "0000:0A:00.0": expected dddd:bb:dd.f, lower case, segment in four digits or more',
      'BAD_NAME: function "00000000:00:02.0": expected dddd:bb:dd.f, lower case, segment in four digits or more',
      'BAD_NAME: function "0000:00:20.0": expected dddd:bb:dd.f, lower case, segment in four digits or more',
      'BAD_NAME: function "gpu": expected dddd:bb:dd.f, lower case, segment in four digits or more',
      'BAD_NAME: host bridge "0": expected its root bus as dddd:bb, lower case',
      'BAD_NAME: host bridge "00000:80": expected its root bus as dddd:bb, lower case',
      "PARENT_MISSING: 0000:02:00.0 states the parent 0000:00:09.0, which is not described: leave parent out where it is not known",
      "PARENT_CONTRADICTION: 0000:03:00.0 states the parent 0000:00:01.0, but that is of kind endpoint, not a bridge",
      "PARENT_CONTRADICTION: 0001:03:00.0 states the parent 0000:00:02.0, but that is in another segment",
      "PARENT_CONTRADICTION: 0000:06:00.0 states the parent 0000:00:02.0, but the buses behind that are 04 to 05",
      "PARENT_MISSING: 0000:07:00.0 is a virtual function of 0000:07:00.7, which is not described",
      "PARENT_MISSING: 0000:07:00.1 is a virtual function of 0000:07:00.0, which is virtual itself",
      "RANGE_WRAPS: 0000:08:00.0: window 0x2000 to 0x1fff ends before it starts: leave a closed window out",
      "RANGE_WRAPS: 0000:08:00.0 BAR 0: 0x20000 bytes at 0xffffffffffff0000 end beyond 2^64",
    ]);
  });

  test("says one problem of a physical function once, however many virtual ones it has", () => {
    const virtual = (bdf: string): FunctionDescription => ({ bdf, physicalFunction: "0000:05:00.0" });
    expect(
      messages([{ bdf: "0000:05:00.0", parent: "0000:00:09.0" }, virtual("0000:05:00.1"), virtual("0000:05:00.2")]),
    ).toHaveLength(1);
  });

  test("says it in one message, the first twenty of many", () => {
    const functions = Array.from({ length: 25 }, (_, index) => ({ bdf: `bad ${index}` }));
    expect(() => of([{ bdf: "bad" }])).toThrow(/^the description has 1 problem:\n {2}BAD_NAME: function "bad"/);
    expect(() => of(functions)).toThrow(/^the description has 25 problems:\n(.*\n){20} {2}… and 5 more$/);
  });

  test("says what is no address and no size", () => {
    const bad = (start: string, size: number): FunctionDescription => {
      return { bdf: "0000:00:01.0", parent: null, bars: [{ index: 2, start: start as `0x${string}`, size }] };
    };
    const expected = (value: string) =>
      `BAD_NUMBER: 0000:00:01.0 BAR 2: expected an address or size such as "0xf9000000", got ${value}`;
    expect(messages([bad("f9000000", 1)])).toEqual([expected('"f9000000"')]);
    expect(messages([bad("0x10000000000000000", 1)])).toEqual([expected('"0x10000000000000000"')]);
    expect(messages([bad("0x1000", -1)])).toEqual([expected("-1")]);
    expect(messages([bad("0x1000", 2 ** 53)])).toEqual([expected("9007199254740992")]);
  });

  test.each([0, -1])("says that %o is no number of address bits", (bits) => {
    const dmaMaskBits = bits;
    const wrong = (name: string) =>
      `BAD_NUMBER: ${name}, dmaMaskBits: expected a whole number of at least 1, got ${bits}: leave it out if it is not known`;
    const driven: FunctionDescription = { bdf: "0000:00:01.0", parent: null, dmaMaskBits };
    const platformDevices = [{ name: "uart", regions: [], dmaMaskBits }];
    expect(messages([driven])).toEqual([wrong("0000:00:01.0")]);
    expect(messages([driven], { platformDevices })).toEqual([wrong("0000:00:01.0"), wrong("uart")]);
    expect(messages([{ ...driven, dmaMaskBits: 1 }], { platformDevices })).toEqual([wrong("uart")]);
  });

  test("says what is no address of a window above a BAR that is fine", () => {
    const bridge: FunctionDescription = {
      bdf: "0000:00:01.0",
      parent: null,
      windows: [{ kind: "mem", start: "high" as "0x1", end: "0x2fff" }],
    };
    const child: FunctionDescription = {
      bdf: "0000:01:00.0",
      parent: bridge.bdf,
      bars: [{ index: 0, start: "0x1000", size: 1 }],
    };
    const host = {
      hostBridges: [{ root: "0000:00", windows: [{ kind: "mem", start: "0x0", end: "top" as "0x1", bus: "0x0" }] }],
    } as const;
    expect(messages([bridge, child], host)).toEqual([
      'BAD_NUMBER: host bridge 0000:00, window: expected an address or size such as "0xf9000000", got "top"',
      'BAD_NUMBER: 0000:00:01.0, window: expected an address or size such as "0xf9000000", got "high"',
    ]);
  });

  test("has no system, or two of one name", () => {
    const refused = (systems: SystemDescription[]) => () => Topology.of({ peerlane: 1, systems });
    expect(refused([])).toThrow("expected at least one system, got none");
    expect(refused([{ functions: [] }, { functions: [] }])).toThrow(
      "two systems without a name: give each a name of its own",
    );
    const node = { name: "node", functions: [] };
    expect(refused([node, node])).toThrow('two systems named "node": give each a name of its own');
  });
});
