import { describe, expect, test } from "vitest";
import type { BarDescription, FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

const ON = 0x2;
const OFF = 0x4;

function bar(start: string, size?: number, more: Partial<BarDescription> = {}): BarDescription {
  return { index: 0, type: "mem32", start: start as `0x${string}`, ...(size === undefined ? {} : { size }), ...more };
}

function device(
  number: number,
  bars: readonly BarDescription[],
  more: Partial<FunctionDescription> = {},
): FunctionDescription {
  return { bdf: `0000:00:0${number}.0`, parent: null, physicalFunction: null, command: ON, bars, ...more };
}

function of(functions: readonly FunctionDescription[], more: Partial<SystemDescription> = {}): Topology {
  return Topology.of({ peerlane: 1, systems: [{ complete: true, allAddresses: true, functions, ...more }] });
}

/** The answer and who is named, in one line: `one 0000:00:01.0`. */
function at(topology: Topology, address: bigint): string {
  const { answer, owners } = topology.owners(address);
  return [answer, ...owners.map(({ name, bar: index }) => (index === null ? name : `${name}#${index}`))].join(" ");
}

describe("the owner of an address", () => {
  test("is the function whose BAR holds it, from its first byte to its last", () => {
    const topology = of([device(1, [bar("0x1000", 0x1000, { index: 2 })])]);
    expect([0xfffn, 0x1000n, 0x1fffn, 0x2000n].map((address) => at(topology, address))).toEqual([
      "none",
      "one 0000:00:01.0#2",
      "one 0000:00:01.0#2",
      "none",
    ]);
    expect(topology.owners(0x1234n).owners[0]).toEqual({
      kind: "pci",
      id: topology.id("00:01.0"),
      name: "0000:00:01.0",
      bar: 2,
      start: 0x1000n,
      size: 0x1000n,
      offset: 0x234n,
      exported: null,
    });
  });

  test("is never a BAR without size, without address, or for I/O", () => {
    const topology = of([
      device(1, [
        bar("0x1000", 0),
        { index: 1, type: "mem32", start: null, size: 0x1000 },
        bar("0x2000", 0x100, { type: "io" }),
      ]),
    ]);
    for (const address of [0n, 0x1000n, 0x2000n]) expect(at(topology, address)).toBe("none");
  });

  test("is several where two that decode overlap, and there only", () => {
    const topology = of([device(1, [bar("0x1000", 0x2000)]), device(2, [bar("0x2000", 0x2000)])]);
    expect([0x1fffn, 0x2000n, 0x2fffn, 0x3000n].map((address) => at(topology, address))).toEqual([
      "one 0000:00:01.0#0",
      "several 0000:00:01.0#0 0000:00:02.0#0",
      "several 0000:00:01.0#0 0000:00:02.0#0",
      "one 0000:00:02.0#0",
    ]);
    expect(topology.findings).toEqual([
      {
        code: "BAR_OVERLAP",
        message: "0000:00:01.0 BAR 0 and 0000:00:02.0 BAR 0 both claim 0x2000",
        functions: ["0000:00:01.0", "0000:00:02.0"],
      },
    ]);
  });

  test("is the one that decodes where the other does not", () => {
    const topology = of([device(1, [bar("0x1000", 0x2000)], { command: OFF }), device(2, [bar("0x2000", 0x2000)])]);
    expect(at(topology, 0x1000n)).toBe("one 0000:00:01.0#0");
    expect(at(topology, 0x2000n)).toBe("one 0000:00:02.0#0");
  });

  describe("where nothing shows whether the other, its memory decode off, is a virtual function", () => {
    const { physicalFunction: _, ...undetermined } = device(1, [bar("0x1000", 0x1000)], { command: OFF });
    const against = (more: Partial<FunctionDescription>) =>
      at(of([{ ...undetermined, ...more }, device(2, [bar("0x1000", 0x1000)])]), 0x1000n);
    const sriov = { control: 0, totalVfs: 1, numVfs: 0, firstOffset: 1, stride: 1 };

    test.each<Partial<FunctionDescription>>([
      {},
      { command: 0 },
      { kind: "endpoint" },
      { kind: "rc-integrated-endpoint" },
      { kind: "legacy-endpoint" },
      { class: "0302" },
      { sriov: null },
    ])("is several: %o", (more) => {
      expect(against(more)).toBe("several 0000:00:01.0#0 0000:00:02.0#0");
    });

    test.each<Partial<FunctionDescription>>([
      { physicalFunction: null },
      { kind: "conventional" },
      { kind: "root-port" },
      { kind: "host-bridge-function" },
      { kind: "rc-event-collector" },
      { class: "060400" },
      { bus: { secondary: 1, subordinate: 1 } },
      { sriov },
      { bars: [bar("0x1000", 0x1000), { index: 1, type: "io", start: "0x40", size: 0x20 }] },
      { bars: [bar("0x1000", 0x1000), { index: 6, start: null }] },
      { powerState: "D3hot" },
    ])("is the one that decodes where it can be none: %o", (more) => {
      expect(against(more)).toBe("one 0000:00:02.0#0");
    });
  });

  test("is one that is powered down no more than one that does not decode", () => {
    for (const powerState of ["D3hot", "D3cold"]) {
      const topology = of([device(1, [bar("0x1000", 0x1000)], { powerState }), device(2, [bar("0x1000", 0x1000)])]);
      expect(at(topology, 0x1000n)).toBe("one 0000:00:02.0#0");
    }
  });

  test("is not settled by a BAR of which nothing shows whether it decodes", () => {
    const { command: _, ...unshown } = device(2, [bar("0x1000", 0x1000)]);
    const topology = of([device(1, [bar("0x1000", 0x1000)], { command: OFF }), unshown]);
    expect(at(topology, 0x1000n)).toMatch(/^several/);
    const partly = of([
      device(1, [bar("0x1000", 0x1000)], { command: OFF }),
      { ...unshown, command: { value: 2, mask: 2 } },
    ]);
    expect(at(partly, 0x1000n)).toBe("one 0000:00:02.0#0");
  });

  test("is unknown where a BAR of unknown size may reach, as far as it can be aligned", () => {
    const topology = of([device(1, [bar("0x6000")]), device(2, [bar("0x7000", 0x1000)])]);
    expect([0x5fffn, 0x6000n, 0x6fffn, 0x7000n, 0x8000n].map((address) => at(topology, address))).toEqual([
      "none",
      "unknown 0000:00:01.0#0",
      "unknown 0000:00:01.0#0",
      "unknown 0000:00:02.0#0 0000:00:01.0#0",
      "none",
    ]);
  });

  test("is unknown in the windows above a function whose BARs are not shown, and nowhere else", () => {
    const bridge = device(1, [], {
      bus: { secondary: 1, subordinate: 1 },
      windows: [
        { kind: "mem", start: "0x10000", end: "0x1ffff" },
        { kind: "io", start: "0x30000", end: "0x3ffff" },
      ],
    });
    const unshown: FunctionDescription = { bdf: "0000:01:00.0", command: ON };
    const shown: FunctionDescription = { bdf: "0000:01:00.1", command: ON, bars: [bar("0x11000", 0x1000)] };
    const topology = of([bridge, unshown, shown], { allAddresses: false });
    expect([0xffffn, 0x10000n, 0x11000n, 0x1ffffn, 0x20000n, 0x30000n].map((address) => at(topology, address))).toEqual(
      ["unknown", "unknown 0000:01:00.0", "one 0000:01:00.1#0", "unknown 0000:01:00.0", "unknown", "unknown"],
    );
    const { windows: _, ...anywhere } = bridge;
    expect(at(of([anywhere, unshown, shown], { allAddresses: false }), 0x20000n)).toBe("unknown");
    expect(at(of([anywhere, unshown, shown]), 0x20000n)).toBe("none");
  });

  test("is unknown, never nobody, where the description is not whole", () => {
    const functions = [device(1, [bar("0x1000", 0x1000)])];
    const { complete: _, ...partial } = { complete: true, functions };
    const open = Topology.of({ peerlane: 1, systems: [partial] });
    expect([0xfffn, 0x1000n, 1n << 62n, (1n << 64n) - 1n].map((address) => at(open, address))).toEqual([
      "unknown",
      "one 0000:00:01.0#0",
      "unknown",
      "unknown",
    ]);
    const all = Topology.of({ peerlane: 1, systems: [{ ...partial, allAddresses: true }] });
    expect(at(all, 0xfffn)).toBe("none");
  });

  test("is nobody inside a window of a whole machine, and unknown outside, where RAM may be", () => {
    const windows = [{ kind: "mem", start: "0x10000", end: "0x1ffff" }] as const;
    const bridge = device(1, [], { kind: "root-port", bus: { secondary: 1, subordinate: 1 }, windows });
    for (const complete of [true, "likely"] as const) {
      const topology = of([bridge], { complete, allAddresses: false });
      expect([0xffffn, 0x10000n, 0x1ffffn, 0x20000n].map((address) => at(topology, address))).toEqual([
        "unknown",
        "none",
        "none",
        "unknown",
      ]);
    }
  });

  test("is ambiguous for a range of which others claim a part", () => {
    const topology = of([device(1, [bar("0x1000", 0x2000)]), device(2, [bar("0x2000", 0x2000)])]);
    expect(topology.owners(0x1000n, undefined, 0x1000n).answer).toBe("one");
    expect(topology.owners(0x1000n, undefined, 0x1001n)).toMatchObject({
      answer: "several",
      owners: [{ name: "0000:00:01.0" }, { name: "0000:00:02.0" }],
    });
  });

  test("of an address outside [0, 2^64) is no question", () => {
    const topology = of([device(1, [])]);
    expect(() => topology.owners(-1n)).toThrow("expected an address from 0 to 2^64 - 1, got -1");
    expect(() => topology.owners(1n << 64n)).toThrow(RangeError);
    expect(() => topology.owners(5 as unknown as bigint)).toThrow("expected the address as a bigint, got number");
  });
});

describe("virtual functions", () => {
  const physical = (control: number): FunctionDescription =>
    device(1, [bar("0x8000", 0x4000, { index: 7 }), bar("0x1000", 0x1000)], {
      sriov: { control, totalVfs: 4, numVfs: 2, firstOffset: 1, stride: 1 },
    });
  const virtual = (number: number): FunctionDescription => ({
    bdf: `0000:00:01.${number}`,
    physicalFunction: "0000:00:01.0",
    command: OFF,
    bars: [bar(`0x${(0x7000 + number * 0x1000).toString(16)}`, 0x1000)],
  });

  test("own their part of the aperture, the physical function the rest", () => {
    const topology = of([physical(0x9), virtual(1), virtual(2)]);
    expect([0x8000n, 0x8fffn, 0x9000n, 0xa000n, 0xbfffn, 0xc000n].map((address) => at(topology, address))).toEqual([
      "one 0000:00:01.1#0",
      "one 0000:00:01.1#0",
      "one 0000:00:01.2#0",
      "one 0000:00:01.0#7",
      "one 0000:00:01.0#7",
      "none",
    ]);
    expect(topology.findings).toEqual([]);
  });

  const APERTURE = { index: 7, start: "0x8000", size: 0x4000 } as const;
  const SRIOV = { control: 0x9, totalVfs: 4, numVfs: 2, firstOffset: 1, stride: 1 };
  const ALL_UNKNOWN = ["unknown", "unknown", "unknown", "unknown"];

  test.each([
    ["enabled ones in the slots below NumVFs", SRIOV, ["unknown", "unknown", "one", "one"]],
    ["all of them enabled", { ...SRIOV, numVfs: 4 }, ALL_UNKNOWN],
    ["none enabled", { ...SRIOV, control: 0x8 }, ["one", "one", "one", "one"]],
    ["none by NumVFs", { ...SRIOV, numVfs: 0 }, ["one", "one", "one", "one"]],
    ["more enabled than there can be", { ...SRIOV, numVfs: 5 }, ALL_UNKNOWN],
    ["room for none", { ...SRIOV, totalVfs: 0, numVfs: 0 }, ALL_UNKNOWN],
    ["registers that are not shown", undefined, ALL_UNKNOWN],
    ["no SR-IOV capability, which contradicts the aperture", null, ALL_UNKNOWN],
  ] as const)("that are not described leave the aperture open: %s", (_, sriov, answers) => {
    const topology = of([device(1, [APERTURE], sriov === undefined ? {} : { sriov })]);
    const slots = [0x8000n, 0x9fffn, 0xa000n, 0xbfffn].map((address) => topology.owners(address));
    expect(slots.map(({ answer }) => answer)).toEqual(answers);
    expect(slots.map(({ owners }) => owners.map(({ bar: index, offset }) => [index, offset]))).toEqual(
      [0n, 0x1fffn, 0x2000n, 0x3fffn].map((offset) => [[7, offset]]),
    );
  });

  test("whose BARs are shown own their slots even where the registers are not shown", () => {
    const topology = of([device(1, [APERTURE]), virtual(1)]);
    expect([0x8000n, 0x9000n].map((address) => at(topology, address))).toEqual([
      "one 0000:00:01.1#0",
      "unknown 0000:00:01.0#7",
    ]);
  });

  test("may have the byte that two slots of an aperture of odd size share", () => {
    const topology = of([device(1, [{ ...APERTURE, size: 0x1001 }], { sriov: { ...SRIOV, totalVfs: 2, numVfs: 1 } })]);
    expect([0x8800n, 0x8801n].map((address) => topology.owners(address).answer)).toEqual(["unknown", "one"]);
  });

  test("that contest an address with others name their physical function once", () => {
    const topology = of([physical(0x9), virtual(1), device(2, [bar("0x8000", 0x1000)])]);
    expect(at(topology, 0x8000n)).toBe("several 0000:00:01.0#7 0000:00:01.1#0 0000:00:02.0#0");
  });

  test("decode by VF Enable and VF Memory Space Enable of their physical function, not by their own Command", () => {
    const rival = device(2, [bar("0x8000", 0x1000)]);
    const owner = (control: number) => at(of([physical(control), virtual(1), rival]), 0x8000n);
    expect(owner(0x9)).toMatch(/^several/);
    expect(owner(0x1)).toBe("one 0000:00:02.0#0");
    expect(owner(0x8)).toBe("one 0000:00:02.0#0");
    expect(owner(0x0)).toBe("one 0000:00:02.0#0");
  });
});

describe("what is around BARs", () => {
  test("is the innermost window that forwards the address", () => {
    const topology = of(
      [
        device(1, [], {
          bus: { secondary: 1, subordinate: 1 },
          windows: [
            { kind: "mem", start: "0x10000", end: "0x1ffff" },
            { kind: "pref", start: "0x20000", end: "0x2ffff" },
          ],
        }),
      ],
      { hostBridges: [{ root: "0000:00", windows: [{ kind: "mem", start: "0x0", end: "0xfffff" }] }] },
    );
    const window = (address: bigint) => {
      const found = topology.owners(address).window;
      return found === null ? null : `${topology.name(found.id)} ${found.kind}`;
    };
    expect([0n, 0x10000n, 0x1ffffn, 0x20000n, 0x30000n, 0x100000n].map(window)).toEqual([
      "0000:00 mem",
      "0000:00:01.0 mem",
      "0000:00:01.0 mem",
      "0000:00:01.0 pref",
      "0000:00 mem",
      null,
    ]);
  });

  test("is RAM, a platform device, or what is reserved", () => {
    const topology = of([device(1, [bar("0x5000", 0x1000)])], {
      ranges: [
        { kind: "reserved", name: "Reserved", start: "0x0", size: 0x10000 },
        { kind: "system-ram", name: "System RAM", start: "0x1000", size: 0x1000 },
      ],
      platformDevices: [{ name: "9000000.pl011", regions: [{ start: "0x3000", size: 0x1000 }] }],
    });
    expect([0n, 0x1000n, 0x3000n, 0x5000n].map((address) => at(topology, address))).toEqual([
      "one Reserved",
      "one System RAM",
      "one 9000000.pl011",
      "one 0000:00:01.0#0",
    ]);
    expect(topology.owners(0x1000n).owners[0]!.kind).toBe("system-ram");
  });

  test("may be in the way of a BAR: RAM and a BAR over one address are ambiguous", () => {
    const topology = of([device(1, [bar("0x1000", 0x1000)])], {
      ranges: [{ kind: "system-ram", start: "0x0", size: 0x10000 }],
    });
    expect(at(topology, 0x1000n)).toMatch(/^several/);
    expect(at(topology, 0x2000n)).toBe("one system-ram");
  });

  test("gives a finding where a BAR is in no window of the bridge above", () => {
    const below = (start: string, bridge: Partial<FunctionDescription> = {}) =>
      of([
        device(1, [], {
          bus: { secondary: 1, subordinate: 1 },
          windows: [{ kind: "mem", start: "0x10000", end: "0x1ffff" }],
          ...bridge,
        }),
        { bdf: "0000:01:00.0", command: ON, bars: [bar(start, 0x1000)] },
      ]).findings.map(({ code, message }) => `${code}: ${message}`);
    expect(below("0x1f000")).toEqual([]);
    expect(below("0x1f800")).toEqual([
      "BAR_OUTSIDE_WINDOW: 0000:01:00.0 BAR 0 at 0x1f800 is in no window of 0000:00:01.0 above it",
    ]);
    expect(below("0x40000")).toHaveLength(1);
    expect(below("0x40000", { class: "060401" })).toEqual([]);
  });
});

describe("the top of the address space", () => {
  test("holds BARs that end below 2^63", () => {
    const topology = of([device(1, [bar("0x7fffffffffffe000", 0x1000)])]);
    const first = 0x7fff_ffff_ffff_e000n;
    expect([first - 1n, first, first + 0xfffn, first + 0x1000n].map((address) => at(topology, address))).toEqual([
      "none",
      "one 0000:00:01.0#0",
      "one 0000:00:01.0#0",
      "none",
    ]);
  });

  test("leaves out, with a finding, what ends at 2^63 or above", () => {
    const topology = of([
      device(1, [bar("0x7ffffffffffff000", 0x1000), bar("0xfffffffffffff000", 0x1000, { index: 2 })]),
    ]);
    expect(topology.findings.map(({ code, functions }) => [code, ...functions])).toEqual([
      ["ADDRESS_TOO_HIGH", "0000:00:01.0"],
      ["ADDRESS_TOO_HIGH", "0000:00:01.0"],
    ]);
    expect(at(topology, 0x7fff_ffff_ffff_f000n)).toBe("none");
  });

  test("is shared by systems, each with addresses of its own", () => {
    const systems = ["a", "b", "c"].map((name, index) => ({
      name,
      allAddresses: true,
      functions: [device(1, [bar("0x1000", 0x1000 * (index + 1))])],
    }));
    const topology = Topology.of({ peerlane: 1, systems });
    for (const [index, { name }] of systems.entries()) {
      const end = 0x1000n + 0x1000n * BigInt(index + 1);
      expect(topology.owners(end - 1n, name).owners[0]!.name).toBe(`${name}/0000:00:01.0`);
      expect(topology.owners(end, name).answer).toBe("none");
      expect(topology.owners(0xfffn, name).answer).toBe("none");
    }
  });

  test("is too small for systems that add up to more than it", () => {
    const half = (name: string): SystemDescription => ({
      name,
      functions: [device(1, [bar("0x0", 0x1000), bar("0x4000000000000000", 0x1000, { index: 2 })])],
    });
    expect(() => Topology.of({ peerlane: 1, systems: [half("a"), half("b")] })).toThrow(
      "the systems' address spaces add up to 0x8000000000002000 bytes or more, the core holds 0x7fffffffffffffff: " +
        "put fewer systems into one topology",
    );
  });
});

describe("platform devices", () => {
  const region = (start: string, size: number, exported?: "none" | "direct") => ({
    start: start as `0x${string}`,
    size,
    ...(exported === undefined ? {} : { exported }),
  });
  const devices = (...all: readonly [string, ...ReturnType<typeof region>[]][]) =>
    of([], { platformDevices: all.map(([name, ...regions]) => ({ name, regions })) });

  test.each([
    ["overlap in part", ["a", region("0x1000", 0x2000)], ["b", region("0x2000", 0x2000)], "several a b"],
    ["are equal", ["a", region("0x2000", 0x1000)], ["b", region("0x2000", 0x1000)], "several a b"],
    ["lie one inside the other", ["a", region("0x2000", 0x1000)], ["b", region("0x1000", 0x4000)], "one a"],
    ["begin together", ["a", region("0x2000", 0x4000)], ["b", region("0x2000", 0x1000)], "one b"],
    ["end together", ["a", region("0x2000", 0x1000)], ["b", region("0x1000", 0x2000)], "one a"],
  ] as const)("that %s", (_, first, second, expected) => {
    const pairs = [devices([...first], [...second]), devices([...second], [...first])];
    for (const topology of pairs) {
      const { answer, owners } = topology.owners(0x2000n);
      expect([answer, ...owners.map(({ name }) => name).sort()].join(" ")).toBe(expected);
    }
  });

  test("contest nothing with themselves, and stay withheld where one of two regions says so", () => {
    const twice = devices(["a", region("0x2000", 0x1000, "none"), region("0x2000", 0x1000, "direct")]);
    const named = devices(["a", region("0x2000", 0x1000)], ["a", region("0x2000", 0x1000, "none")]);
    for (const topology of [twice, named]) {
      expect(topology.owners(0x2000n)).toMatchObject({ answer: "one", owners: [{ name: "a", exported: "none" }] });
    }
  });
});
