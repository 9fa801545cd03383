import { describe, expect, it } from "vitest";
import { checkExtent, type Extent } from "../../src/core.js";
import { shapes, synthesize, type SynthesizeOptions } from "../../src/fabrics/index.js";

/** Options as a caller without types may give them. */
const loosely = (options: unknown) => synthesize(options as SynthesizeOptions);

describe("an option of the wrong kind is a TypeError that names it", () => {
  it.each([
    [{ functions: "10" }, "functions: expected a number"],
    [{ systems: null }, "systems: expected a number"],
    [{ rootPorts: "4" }, "rootPorts: expected a number"],
    [{ rootPorts: { least: 1 } }, "rootPorts: expected a number, a list of numbers or { least, most }"],
    [{ fanout: [1, "2"] }, "fanout[1]: expected a number"],
    [{ vfs: { disk: 1 } }, "vfs: expected kinds of devices"],
    [{ bars: "gpu" }, "bars: expected sizes, kinds"],
    [{ bars: ["gpu", "disk"] }, "bars[1]: expected kinds of devices"],
    [{ bars: { disk: 1 } }, "bars: expected kinds of devices"],
    [{ bars: { gpu: "1" } }, "bars.gpu: expected a weight"],
    [{ bars: [4096, "8192"] }, "bars[1]: expected a number"],
    [{ acs: "on" }, 'got "on"'],
    [{ acs: null }, "acs: expected a state"],
    [{ memoryOff: "all" }, "memoryOff: expected a number"],
    [{ facts: 3 }, "facts: expected facts"],
    [{ facts: { name: "x" } }, "facts.name"],
    [{ seed: 1n }, "seed: expected a number"],
    [null, "expected options"],
  ])("%o", (options, message) => {
    expect(() => loosely(options)).toThrow(TypeError);
    expect(() => loosely(options)).toThrow(message);
  });
});

describe("a value that cannot be is a RangeError that names it", () => {
  it.each([
    [{ functions: 0 }, "functions: expected a whole number from 1"],
    [{ functions: 2 ** 27 + 1 }, "functions: expected"],
    [{ functions: 1.5 }, "functions: expected"],
    [{ systems: 0 }, "systems: expected"],
    [{ hostBridges: 0 }, "hostBridges: expected"],
    [{ hostBridges: Infinity }, "hostBridges: expected"],
    [{ functions: 5, hostBridges: { least: 1, most: Infinity } }, "hostBridges.most: expected"],
    [{ rootPorts: 32 }, "rootPorts: expected a whole number from 1 to 31, got 32"],
    [{ rootPorts: [] }, "rootPorts: expected at least one"],
    [{ rootPorts: { least: 3, most: 2 } }, "rootPorts.most: expected a whole number from 3"],
    [{ switchLevels: -1 }, "switchLevels: expected"],
    [{ fanout: [4, 33] }, "fanout[1]: expected"],
    [{ functionsPerEndpoint: 9 }, "functionsPerEndpoint: expected"],
    [{ functionsPerEndpoint: { nic: 0 } }, "functionsPerEndpoint.nic: expected"],
    [{ vfs: 65536 }, "vfs: expected"],
    [{ bars: [3000] }, "bars[0]: expected a power of two"],
    [{ bars: [64] }, "bars[0]: expected a whole number from 128"],
    [{ bars: [2 ** 30, 2 ** 30, 2 ** 30, 128] }, "bars: expected at most 6 registers"],
    [{ bars: { gpu: 0 } }, "bars: expected a weight above 0"],
    [{ bars: { gpu: -1 } }, "bars.gpu: expected a weight of at least 0"],
    [{ acs: 1.5 }, "acs: expected a fraction"],
    [{ acs: { off: 0 } }, "acs: expected a weight above 0"],
    [{ memoryOff: NaN }, "memoryOff: expected a fraction"],
    [{ busOffset: 100 }, "busOffset: expected a multiple of 4096"],
    [{ seed: -1 }, "seed: expected"],
    [{ systems: 2, functions: 1e6 }, "functions: expected at most the"],
  ])("%o", (options, message) => {
    expect(() => loosely(options)).toThrow(RangeError);
    expect(() => loosely(options)).toThrow(message);
  });

  it("one host bridge has 256 buses: the most it may need is named", () => {
    // The root bus, and behind each root port 2 buses of its switch and 24 of endpoints.
    const fits: SynthesizeOptions = { hostBridges: 1, rootPorts: 5, switchLevels: 1, fanout: 24 };
    expect(() => synthesize(fits)).not.toThrow();
    expect(() => synthesize({ ...fits, rootPorts: 10 })).toThrow(/may need 261 buses .*10 root ports.*has 256/);
    expect(() => synthesize({ ...fits, switchLevels: 100, fanout: 32 })).toThrow(RangeError);
    expect(() => synthesize({ rootPorts: 1, switchLevels: 0, bars: ["nic"], vfs: 65535 })).toThrow(/vfs/);
  });

  it("refuses more than 2^27 functions before counting them", () => {
    expect(() => synthesize({ systems: 2 ** 27 })).toThrow(/at least \d+ functions: no topology has room/);
    expect(() => synthesize({ systems: 2 ** 20, hostBridges: 2 ** 20 })).toThrow(RangeError);
  });

  it("refuses more than 2^26 BARs before making any column", () => {
    const bars = Array<number>(6).fill(4096);
    expect(() => synthesize({ functions: 2 ** 25, rootPorts: 31, switchLevels: 0, bars })).toThrow(
      /^more than 67108864 BARs: no topology has room/,
    );
  });

  it("refuses nothing that a topology has room for", () => {
    const one: Extent = { nodes: 1, hosts: 1, systems: 1, ranges: 0 };
    expect(() => checkExtent({ ...one, nodes: 2 ** 27 })).toThrow(RangeError);
    expect(() => checkExtent({ ...one, ranges: 2 ** 26 })).toThrow(RangeError);
  });

  it("refuses addresses beyond 2^63", () => {
    const options: SynthesizeOptions = {
      functions: 200_000,
      systems: 1,
      hostBridges: Infinity,
      bars: [2 ** 50, 2 ** 50],
    };
    expect(() => synthesize(options)).toThrow(/BARs of system s0 end beyond 2\^63/);
  });
});

it("shapes check theirs as well", () => {
  expect(() => shapes["deep-chain"]({ functions: 0 })).toThrow("functions: expected a whole number");
  expect(() => shapes["mixed"]({ seed: -1 })).toThrow("seed: expected");
  expect(() => shapes["caterpillar"]({ functions: "1" as unknown as number })).toThrow(TypeError);
});
