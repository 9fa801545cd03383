import { describe, expect, test } from "vitest";
import { checkExtent, Core, memoryNeeded } from "../../src/core.js";
import { anything, chain } from "./cores.js";

const LIMIT = 2 ** 32;

/** The greatest number that still fits. */
function most(fits: (number: number) => boolean): number {
  let [low, high] = [0, 2 ** 40];
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

describe("the memory that a topology needs", () => {
  const extents = {
    nodes: (nodes: number) => ({ nodes, hosts: 1, systems: 1, ranges: 0 }),
    ranges: (ranges: number) => ({ nodes: 1, hosts: 1, systems: 1, ranges }),
    "nodes and ranges": (nodes: number) => ({ nodes, hosts: nodes >> 10, systems: nodes >> 12, ranges: 2 * nodes }),
  };

  test.each(Object.entries(extents))("for many %s is checked to the last one that fits", (_, extentOf) => {
    const last = most((number) => memoryNeeded(extentOf(number)) <= LIMIT);
    expect(last).toBeGreaterThan(10_000_000);
    expect(() => checkExtent(extentOf(last))).not.toThrow();
    expect(() => checkExtent(extentOf(last + 1))).toThrow(RangeError);
    expect(() => checkExtent(extentOf(last + 1))).toThrow("divide the systems among several topologies");
  });

  test.each([
    ["numbering nodes: 5 words, 2 bytes, a record of 16", { nodes: 1e6 }, 38e6],
    ["sorting ranges: 28 and 32, and a leaf of 64 for 3.5", { ranges: 7e6 }, 7e6 * 60 + 2_000_001 * 64],
    ["sorting them and placing systems: 32", { ranges: 7e6, systems: 1e6 }, 7e6 * 60 + 2_000_001 * 64 + 32e6],
    ["answering of hosts: 12 and a byte; a leaf with its key", { hosts: 1e6 }, 13e6 + 74],
    ["answering of all: 21.5, 13, 32", { nodes: 1e6, hosts: 1e6, systems: 1e6 }, 66.5e6 + 74],
    ["and of ranges", { nodes: 2e6, hosts: 1e5, systems: 1e4, ranges: 1e6 }, 72_620_000 + 285_715 * 64 * 1.15],
  ])("counts what the greatest of its steps takes: %s", (_, extent, bytes) => {
    const whole = { nodes: 0, hosts: 0, systems: 0, ranges: 0, ...extent };
    expect(memoryNeeded(whole)).toBe(Math.ceil(bytes) + 2 ** 20);
  });

  test("is told in its own bytes where it is too much", () => {
    expect(() => checkExtent({ nodes: 2e8, hosts: 1, systems: 1, ranges: 5 })).toThrow(
      "expected a topology that fits into 4294967296 bytes of WebAssembly memory; 200000000 nodes and 5 address ranges " +
        "need 7601048576: divide the systems among several topologies",
    );
  });

  test("has room for ten million functions with two ranges each", () => {
    const extent = { nodes: 11_000_000, hosts: 200_000, systems: 50_000, ranges: 20_000_000 };
    expect(() => checkExtent(extent)).not.toThrow();
  });

  test("is no less than what is taken", () => {
    for (const nodes of [10, 1000, 20_000]) {
      const core = Core.of(anything(nodes, nodes));
      const { count, hosts, systems, rangeCount } = core;
      const needed = memoryNeeded({ nodes: count, hosts, systems, ranges: rangeCount });
      expect(core.memoryBytes).toBeLessThanOrEqual(needed);
    }
    expect(chain(200).memoryBytes).toBeLessThanOrEqual(memoryNeeded({ nodes: 201, hosts: 1, systems: 1, ranges: 0 }));
  });
});
