import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shapes, type ShapeName } from "../../src/fabrics/index.js";
import { FUNCTION_KINDS, NO_ROW } from "../../src/topology/fabric/columns.js";
import type { Fabric } from "./describe.js";
import { expectBusNumbers, expectForest, expectPlaces } from "./invariants.js";

const make = (name: ShapeName, functions: number, seed = 1) => shapes[name]({ functions, seed }) as Fabric;
const NAMES = Object.keys(shapes) as ShapeName[];
const NUMBERED = NAMES.filter((name) => name !== "deep-chain" && name !== "caterpillar");

it("are described in one line each", () => {
  for (const name of NAMES) {
    expect(shapes[name].description).toMatch(/^[^\n]{20,120}$/);
    expect(shapes[name].functions).toBeGreaterThan(999);
  }
});

it("are in the documentation, with their sizes", () => {
  const text = readFileSync(new URL("../../docs/fabrics.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| ([^|]+?) +\| ([0-9,]+) +\|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(
    NAMES.map((name) => [name, shapes[name].description, shapes[name].functions.toLocaleString("en-US")]),
  );
});

describe.each(NAMES)("%s", (name) => {
  it("has exactly as many functions as asked for, or its own number", () => {
    for (const functions of [1, 2, 3, 64, 777]) {
      const columns = make(name, functions);
      expect(columns.functions.parent.length).toBe(functions);
      expectForest(columns);
    }
    expect((shapes[name]() as Fabric).functions.parent.length).toBe(shapes[name].functions);
  });

  it("is the same for the same seed", () => {
    expect(make(name, 3000, 5)).toEqual(make(name, 3000, 5));
  });

  it("takes a million functions", () => {
    const columns = make(name, 1_000_000);
    expect(columns.functions.parent.length).toBe(1_000_000);
    const bridges = columns.hostBridges.bus.length;
    expect(columns.functions.parent.every((parent, row) => parent < bridges + row)).toBe(true);
  });
});

it.each(NUMBERED)("%s: buses are numbered as on a real machine", (name) => {
  for (const seed of [1, 2, 3]) expectBusNumbers(make(name, 5000, seed));
});

it.each(NAMES.filter((name) => name !== "overlaps"))("%s: BARs and windows are placed as on a real machine", (name) => {
  for (const seed of [1, 2, 3]) expectPlaces(make(name, 5000, seed));
});

it("gpu-servers: a machine is two sockets with four GPUs each", () => {
  const { systems, functions, hostBridges } = make("gpu-servers", 600);
  expect(systems).toHaveLength(10);
  expect(hostBridges.bus.length).toBe(20);
  expect(functions.class.filter((code) => code === 0x030200).length).toBe(80);
});

it("dense-sriov: most functions are virtual", () => {
  const { functions } = make("dense-sriov", 10_000);
  expect(functions.physicalFunction.filter((row) => row !== NO_ROW).length).toBeGreaterThan(9500);
});

it("one-space: one system", () => {
  expect(make("one-space", 5000).systems).toHaveLength(1);
});

it("mixed: machines differ, and by the seed", () => {
  expect(make("mixed", 5000, 1).functions.parent).not.toEqual(make("mixed", 5000, 2).functions.parent);
  const { systems, hostBridges } = make("mixed", 5000);
  const bridges = systems.map((_, system) => hostBridges.system.filter((row) => row === system).length);
  expect(new Set(bridges).size).toBeGreaterThan(2);
});

describe("deep-chain", () => {
  it("hangs every function below the one before", () => {
    const { functions } = make("deep-chain", 100_000);
    expect(functions.parent.every((parent, row) => parent === row)).toBe(true);
    expect(FUNCTION_KINDS[functions.kind.at(-1)!]).toBe("endpoint");
  });

  it("has bus numbers as long as there are any", () => {
    expectBusNumbers(make("deep-chain", 256));
    const { functions } = make("deep-chain", 257);
    expect(functions.buses.every((buses) => buses === 0)).toBe(true);
    expect(functions.requesterId[256]).toBe(0);
  });

  it("forwards the endpoint's BAR at every bridge", () => {
    const { windows, bars } = make("deep-chain", 1000);
    expect(windows.node.length).toBe(1000);
    expect(new Set(windows.start)).toEqual(new Set([bars.start[0]]));
  });
});

describe("caterpillar", () => {
  it("has an endpoint below every switch, and the next switch beside it", () => {
    const { functions } = make("caterpillar", 401);
    const kinds = Array.from(functions.kind, (kind) => FUNCTION_KINDS[kind]);
    expect(kinds.filter((kind) => kind === "endpoint")).toHaveLength(100);
    let depth = 0;
    for (let node = 401; node > 0; node = functions.parent[node - 1]!) depth++;
    expect(depth).toBe(1 + 2 * 100);
  });

  it("has bus numbers as long as there are any", () => {
    expectBusNumbers(make("caterpillar", 1 + 4 * 85));
    expect(make("caterpillar", 2 + 4 * 85).functions.buses.every((buses) => buses === 0)).toBe(true);
  });
});

it("overlaps: no BAR of a system lies in another, and each address has several owners", () => {
  const { hostBridges, functions, bars } = make("overlaps", 2000);
  const above = (node: number): number =>
    node < hostBridges.bus.length ? node : above(functions.parent[node - hostBridges.bus.length]!);
  const ranges = Array.from(bars.start, (start, bar) => ({
    system: hostBridges.system[above(hostBridges.bus.length + bars.function[bar]!)]!,
    start: Number(start),
    end: Number(start) + Number(bars.size[bar]!),
  }));
  const first = (system: number) =>
    Math.min(...ranges.filter((range) => range.system === system).map(({ start }) => start));
  expect([first(0), first(1), first(2)]).toEqual(Array(3).fill(0x2000_0000_0000));
  let reached = 0;
  for (const range of ranges) {
    const others = ranges.filter((other) => other !== range && other.system === range.system);
    expect(others.some((other) => other.start <= range.start && range.end <= other.end)).toBe(false);
    reached += others.filter((other) => other.start < range.end && range.start < other.end).length;
  }
  expect(reached / ranges.length).toBeGreaterThan(8);
});
