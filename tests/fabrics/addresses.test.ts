import { describe, expect, it } from "vitest";
import { synthesize, type SynthesizeOptions } from "../../src/fabrics/index.js";
import { FUNCTION_KINDS, NO_ROW } from "../../src/topology/fabric/columns.js";
import type { Fabric } from "./describe.js";
import { expectPlaces } from "./invariants.js";

const make = (options: SynthesizeOptions) => synthesize(options) as Fabric;
const GIB4 = 1n << 32n;
const HIGH = 0x2000_0000_0000n;

describe("addresses", () => {
  it("places the greatest alignment first, prefetchable high and the rest below 4 GiB", () => {
    const columns = make({ hostBridges: 1, rootPorts: 1, switchLevels: 0, bars: [4096, 2 ** 30, 2 ** 17, 2 ** 33] });
    expect([...columns.bars.start]).toEqual([0x9002_0000n, HIGH + 2n ** 33n, 0x9000_0000n, HIGH]);
    expect([...columns.bars.index]).toEqual([0, 1, 3, 4]);
    expect(columns.bars.bus).toBe(columns.bars.start);
    // Host bridge and root port: a window of each kind, the same for both.
    expect([...columns.windows.node]).toEqual([0, 0, 2, 2]);
    expect([...columns.windows.prefetchable]).toEqual([0, 1, 0, 1]);
    expect([...columns.windows.start]).toEqual([0x9000_0000n, HIGH, 0x9000_0000n, HIGH]);
    expect([...columns.windows.size]).toEqual([2n ** 20n, 9n * 2n ** 30n, 2n ** 20n, 9n * 2n ** 30n]);
  });

  it("gives each system an address space of its own", () => {
    const { hostBridges, windows } = make({ systems: 3, hostBridges: 1, bars: ["nic"] });
    const starts = [...windows.start].filter((_, row) => windows.node[row]! < hostBridges.bus.length);
    expect(new Set(starts)).toEqual(new Set([0x9000_0000n, HIGH]));
  });

  it("places everything high where it does not fit below 4 GiB", () => {
    // 2 host bridges with 31 ports of 1 MiB each stay below, 100 host bridges do not.
    const low = make({ hostBridges: 2, rootPorts: 31, switchLevels: 0, bars: ["nvme"] });
    expect([...low.bars.start].every((start) => BigInt(start) < GIB4)).toBe(true);
    const high = make({ hostBridges: 100, rootPorts: 31, switchLevels: 0, bars: ["nvme"] });
    expect([...high.bars.start].every((start) => BigInt(start) >= HIGH)).toBe(true);
    expectPlaces(high);
    expect(high.windows.prefetchable.every((flag) => flag === 1)).toBe(true);
    // Each system for itself.
    const both = make({ systems: 2, hostBridges: [100, 1], rootPorts: 31, switchLevels: 0, bars: ["nvme"] });
    expect([BigInt(both.bars.start[0]!) >= HIGH, BigInt(both.bars.start.at(-1)!) < GIB4]).toEqual([true, true]);
  });

  it("has no windows and no BARs where endpoints have none", () => {
    const columns = make({ bars: [] });
    expect(columns.bars.function.length).toBe(0);
    expect(columns.windows.node.length).toBe(0);
  });

  it("moves CPU physical addresses by the bus offset, and keeps bus addresses", () => {
    const options: SynthesizeOptions = { functions: 300, vfs: { nic: 4 } };
    const busOffset = 0x6000_0000_0000;
    const [plain, moved] = [make(options), make({ ...options, busOffset })];
    expect([...moved.bars.bus]).toEqual([...plain.bars.start]);
    expect([...moved.bars.start]).toEqual([...plain.bars.start].map((start) => BigInt(start) + BigInt(busOffset)));
    expect([...moved.windows.start]).toEqual(
      [...plain.windows.start].map((start) => BigInt(start) + BigInt(busOffset)),
    );
    expectPlaces(moved);
  });

  it("places virtual functions one after the other in the aperture", () => {
    const columns = make({
      hostBridges: 1,
      rootPorts: 1,
      switchLevels: 0,
      bars: ["nic"],
      functionsPerEndpoint: 2,
      vfs: 3,
    });
    const { functions, bars } = columns;
    const barsOf = (row: number) => [...bars.function.keys()].filter((bar) => bars.function[bar] === row);
    const virtual = [...functions.physicalFunction.keys()].filter((row) => functions.physicalFunction[row] !== NO_ROW);
    expect(virtual).toHaveLength(6);
    expect(Array.from(virtual, (row) => functions.requesterId[row]! & 0xff)).toEqual([8, 10, 12, 9, 11, 13]);
    virtual.forEach((row, ordinal) => {
      const aperture = barsOf(functions.physicalFunction[row]!).find((bar) => bars.index[bar] === 7)!;
      const [bar] = barsOf(row);
      expect(bars.size[aperture]).toBe(3n * BigInt(bars.size[bar!]!));
      expect(bars.start[bar!]).toBe(BigInt(bars.start[aperture]!) + BigInt(ordinal % 3) * BigInt(bars.size[bar!]!));
    });
  });

  it("has GPUs of one size in a machine, and of several sizes in several", () => {
    const { functions, hostBridges, bars } = make({ systems: 50, hostBridges: 1, bars: ["gpu"], fanout: 2 });
    const memory = new Map<number, Set<bigint>>();
    const above = (row: number): number => {
      const parent = functions.parent[row]!;
      return parent < hostBridges.bus.length ? parent : above(parent - hostBridges.bus.length);
    };
    bars.function.forEach((row, bar) => {
      if (bars.index[bar] !== 1) return;
      expect(FUNCTION_KINDS[functions.kind[row]!]).toBe("endpoint");
      const host = above(row);
      memory.set(host, (memory.get(host) ?? new Set()).add(BigInt(bars.size[bar]!)));
    });
    expect([...memory.values()].every((sizes) => sizes.size === 1)).toBe(true);
    const all = new Set([...memory.values()].flatMap((sizes) => [...sizes]));
    expect(all).toEqual(new Set([16n, 32n, 64n, 128n].map((gib) => gib << 30n)));
  });
});
