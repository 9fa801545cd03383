import { describe, expect, test } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { shapes } from "../../src/fabrics/index.js";
import { decodeConfigSpace } from "../../src/readers/config-space.js";
import type { BarDescription, FunctionDescription } from "../../src/topology/description.js";
import { PROBLEMS_LIMIT, TopologyError } from "../../src/topology/errors.js";
import { Topology } from "../../src/topology/topology.js";
import { readText } from "./refusal.js";

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");

function of(functions: readonly FunctionDescription[]): Topology {
  return Topology.of({ peerlane: 1, systems: [{ complete: true, allAddresses: true, functions }] });
}

function problems(functions: readonly FunctionDescription[]): readonly string[] {
  try {
    of(functions);
  } catch (error) {
    if (error instanceof TopologyError) return error.problems.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
}

const device = (more: Partial<FunctionDescription>, number = 1): FunctionDescription => ({
  bdf: `0000:00:${hex(number, 2)}.0`,
  parent: null,
  physicalFunction: null,
  command: 2,
  bars: [],
  ...more,
});
const bar = (start: string, size: number | string) =>
  ({ index: 0, type: "mem64", start, bus: start, size }) as BarDescription;
const port = (secondary: number, subordinate: number, number = 1) =>
  device({ kind: "root-port", bus: { secondary, subordinate } }, number);

describe("a range", () => {
  test.each<[string, BarDescription, string]>([
    [
      "that wraps",
      bar("0xfffffffffffff000", 0x2000),
      "RANGE_WRAPS: 0000:00:01.0 BAR 0: 0x2000 bytes at 0xfffffffffffff000 end beyond 2^64",
    ],
    [
      "of 2^64 bytes",
      bar("0x0", "0x10000000000000000"),
      'BAD_NUMBER: 0000:00:01.0 BAR 0: expected an address or size such as "0xf9000000", got "0x10000000000000000"',
    ],
    [
      "of less than nothing",
      bar("0x1000", -5),
      'BAD_NUMBER: 0000:00:01.0 BAR 0: expected an address or size such as "0xf9000000", got -5',
    ],
  ])("%s is refused", (_, own, message) => {
    expect(problems([device({ bars: [own] })])).toEqual([message]);
  });

  test("at the top is left out with a finding, one below 2^63 is not", () => {
    for (const start of ["0xfffffffffffff000", "0x7ffffffffffff000"]) {
      expect(of([device({ bars: [bar(start, 0x1000)] })]).findings).toEqual([
        {
          code: "ADDRESS_TOO_HIGH",
          message: `0000:00:01.0 BAR 0 at ${start} ends at or above 2^63; no CPU addresses that, it is left out`,
          functions: ["0000:00:01.0"],
        },
      ]);
    }
    const topology = of([device({ bars: [bar("0x7fffffffffffe000", 0x1000)] })]);
    expect(topology.findings).toEqual([]);
    expect(topology.owners(0x7fffffffffffefffn).owners[0]!.name).toBe("0000:00:01.0");
    expect(topology.owners(0x7ffffffffffff000n).answer).toBe("none");
  });

  test("of a window that ends before it starts is refused", () => {
    const windows = [{ kind: "mem", start: "0x2000", end: "0x1000" }] as const;
    expect(problems([{ ...port(1, 1), windows }])).toEqual([
      "RANGE_WRAPS: 0000:00:01.0: window 0x2000 to 0x1000 ends before it starts: leave a closed window out",
    ]);
  });
});

describe("bus numbers", () => {
  const below = { bdf: "0000:05:00.0", command: 2, bars: [] } as const;
  const above = (functions: readonly FunctionDescription[]) => {
    const topology = of(functions);
    const parent = topology.parent("05:00.0");
    const name = typeof parent === "number" ? topology.name(parent) : parent;
    return [name, ...topology.findings.map(({ code, message }) => `${code}: ${message}`)];
  };
  const UNKNOWN =
    "PARENT_UNKNOWN: nothing shows what bus 0000:05 hangs below: the description lacks the bridge above 0000:05:00.0";

  test("of two bridges that are one's leave what is there unknown", () => {
    expect(above([port(5, 5, 1), port(5, 7, 2), below])).toEqual([
      "unknown",
      "BUS_CLASH: 0000:00:01.0 and 0000:00:02.0 both have bus 0000:05 behind them",
      UNKNOWN,
    ]);
  });

  test.each([0, 4])("that end before they start, at %i, too", (subordinate) => {
    expect(above([port(5, subordinate), below])).toEqual([
      "unknown",
      `BUS_CLASH: 0000:00:01.0 has buses 05 to 0${subordinate} behind it, which end before they start: what hangs below it is unknown`,
      UNKNOWN,
    ]);
  });

  test("of a bridge out of reset are none yet", () => {
    expect(above([port(0, 0), below])).toEqual(["unknown", UNKNOWN]);
  });

  test.each([256, -1])("are bytes, and not %s", (secondary) => {
    expect(problems([port(secondary, 255)])).toEqual([
      `BAD_NUMBER: 0000:00:01.0, bus.secondary: expected a whole number from 0 to 255, got ${secondary}: leave out what is not known`,
    ]);
  });

  test("in a circle are refused", () => {
    const circle = [
      { bdf: "0000:01:00.0", bus: { secondary: 2, subordinate: 9 } },
      { bdf: "0000:02:00.0", bus: { secondary: 1, subordinate: 9 } },
    ];
    expect(problems(circle)).toEqual([
      "CYCLE: 0000:01:00.0 below 0000:02:00.0 below 0000:01:00.0: no function can be above itself",
    ]);
  });

  test("of 256 buses one below the other are a chain, from a paste too", async () => {
    const lines = Array.from({ length: 255 }, (_, bus) => {
      const [primary, secondary] = [hex(bus, 2), hex(bus + 1, 2)];
      return `${primary}:00.0 PCI bridge: x\n\tBus: primary=${primary}, secondary=${secondary}, subordinate=ff, sec-latency=0\n\n`;
    });
    const { machine } = await readText(`${lines.join("")}ff:00.0 VGA compatible controller: x\n\n`);
    const topology = Topology.of(machine);
    expect(topology.path("ff:00.0")).toHaveLength(257);
    const wrong = await readText(
      `${lines.join("")}ff:00.0 PCI bridge: x\n\tBus: primary=ff, secondary=00, subordinate=ff\n\n`,
    );
    expect(Topology.of(wrong.machine).path("ff:00.0")).toHaveLength(257);
  });
});

describe("registers", () => {
  const space = (words: Readonly<Record<number, number>>) => {
    const bytes = new Uint8Array(4096);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x1234_8086, true);
    view.setUint32(4, 0x0010_0006, true); // a capability list
    for (const [at, word] of Object.entries(words)) view.setUint32(Number(at), word, true);
    return decodeConfigSpace("0000:01:00.0", bytes, "whole");
  };
  const EXPRESS = { 0x34: 0x40, 0x40: 0x0002_0010 };

  test.each<[string, Readonly<Record<number, number>>, string]>([
    ["itself", { 0x34: 0x40, 0x40: 0x4001 }, "capability list at 0x40: loops"],
    ["one that leads back", { 0x34: 0x40, 0x40: 0x5001, 0x50: 0x4005 }, "capability list at 0x40: loops"],
    ["the header", { 0x34: 0x40, 0x40: 0x0401 }, "capability list at 0x4: points into the header"],
    ["an extended one, itself", { ...EXPRESS, 0x100: 0x1001_0003 }, "extended capability list at 0x100: loops"],
    [
      "an extended one that leads back",
      { ...EXPRESS, 0x100: 0x1201_0003, 0x120: 0x1001_0001 },
      "extended capability list at 0x100: loops",
    ],
    [
      "an extended one, the first 256 bytes",
      { ...EXPRESS, 0x100: 0x0401_0003 },
      "extended capability list at 0x40: points below 0x100",
    ],
  ])("whose list of capabilities leads to %s", (_, words, message) => {
    const { function: found, findings } = space(words);
    expect(findings.map((each) => each.message)).toEqual([`0000:01:00.0: ${message}`]);
    // Of what has no Express capability Linux looks for none of the others.
    expect(found.acs).toBe(message.startsWith("extended") ? undefined : null);
  });

  test("of anything at all are decoded", () => {
    for (let seed = 1; seed <= 1000; seed++) {
      let state = seed;
      const next = () => (state = (state * 48271) % 0x7fffffff);
      const bytes = Uint8Array.from({ length: [64, 256, 4096, 100, 0][seed % 5]! }, () => next() & 0xff);
      if (bytes.length > 15) bytes[14] = seed & 0x83;
      if (bytes.length > 0x34) [bytes[6], bytes[0x34]] = [0x10, 0x40];
      const { function: found } = decodeConfigSpace("0000:01:00.0", bytes, "whole");
      expect(found.bdf).toBe("0000:01:00.0");
      expect(() => of([{ ...found, parent: null }])).not.toThrow(/internal|undefined/);
    }
  });

  test("that promise 65,535 virtual functions each make none", () => {
    const sriov = { control: 9, totalVfs: 65535, numVfs: 65535, firstOffset: 65535, stride: 65535 };
    const functions = Array.from({ length: 256 }, (_, segment) => device({ bdf: `${hex(segment, 4)}:00:00.0`, sriov }));
    expect([...of(functions).functions()]).toHaveLength(256);
  });
});

describe("a chain of ten million bridges", () => {
  const LONG = process.env["PEERLANE_LONG"] === "1";
  const length = LONG ? 10_000_000 : 1_000_000;

  test(`${length} of them, as columns and as a buffer, is answered`, () => {
    const { topology, functions } = Topology.fromColumns(shapes["deep-chain"]({ functions: length }));
    for (const each of [topology, Topology.from(topology.toBuffer())]) {
      const [first, last] = [functions[0]!, functions[length - 1]!];
      expect(each.path(last).length).toBeGreaterThanOrEqual(length);
      expect(each.commonMany(Uint32Array.of(first), Uint32Array.of(last)).distance[0]).toBeGreaterThanOrEqual(
        length - 2,
      );
      const { answer } = new PeerDma(each, linux("6.12")).can(last, functions[length - 2]!);
      expect(["yes", "no", "unknown"]).toContain(answer);
      each.close();
    }
  });

  test("of a description, each stated to be below the one before", () => {
    const functions = Array.from({ length: 65_536 }, (_, at) => ({
      bdf: `0000:${hex(at >> 8, 2)}:${hex((at >> 3) & 31, 2)}.${at & 7}`,
    })).map(({ bdf }, at, all) => ({ bdf, parent: at === 0 ? null : all[at - 1]!.bdf }));
    const topology = of(functions);
    expect(topology.path("ff:1f.7")).toHaveLength(65_537);
    const circle = functions.map((each, at) => (at === 0 ? { ...each, parent: "0000:ff:1f.7" } : each));
    expect(problems(circle)).toEqual([
      expect.stringMatching(/^CYCLE: .* 65516 more below 0000:.*: no function can be above itself$/),
    ]);
  });

  test("of one name is refused: all problems are counted, and a thousand kept", () => {
    const functions = Array.from({ length: 100_000 }, () => ({ bdf: "0000:00:00.0" }));
    const all = problems(functions);
    expect(all).toHaveLength(PROBLEMS_LIMIT);
    expect(all[0]).toMatch(/^DUPLICATE: 0000:00:00\.0 is described twice/);
    expect(() => of(functions)).toThrow(/^the description has 99999 problems:[^]*\n  … and 99979 more$/);
  });
});
