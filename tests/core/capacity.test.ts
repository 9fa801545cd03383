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
