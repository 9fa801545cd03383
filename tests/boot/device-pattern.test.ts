import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchDevice, parseDevicePattern } from "../../src/boot/device-pattern.js";
import { upstreamIn } from "../../src/boot/upstream.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";

/** A root port, a switch and an endpoint with a virtual function below. */
const system: SystemDescription = {
  functions: [
    { bdf: "0000:00:01.1", kind: "root-port", parent: null, bus: { secondary: 1, subordinate: 3 } },
    { bdf: "0000:01:00.0", kind: "upstream-port", bus: { secondary: 2, subordinate: 3 } },
    { bdf: "0000:02:1f.0", kind: "downstream-port", parent: "0000:01:00.0", bus: { secondary: 3, subordinate: 3 } },
    {
      bdf: "0000:03:00.0",
      kind: "endpoint",
      vendor: "10de",
      device: "20b5",
      subsystemVendor: "10de",
      subsystemDevice: "1533",
    },
    { bdf: "0000:03:00.1", physicalFunction: "0000:03:00.0", vendor: "10de", device: "20b5" },
    { bdf: "0001:09:00.0", kind: "endpoint", vendor: "15b3" },
  ],
};

function match(text: string, bdf: string) {
  const { pattern } = parseDevicePattern(text);
  const description = system.functions.find((each) => each.bdf === bdf)!;
  return pattern === null ? "invalid" : matchDevice(pattern, description, upstreamIn(system));
}

describe("a pattern of functions", () => {
  test.each([
    ["0000:03:00.0", "0000:03:00.0", "yes"],
    ["3:0.0", "0000:03:00.0", "yes"],
    ["03:00.0", "0001:09:00.0", "no"],
    ["1:9:0.0", "0001:09:00.0", "yes"],
    ["9:0.0", "0001:09:00.0", "no"],
    ["00:01.1/00.0", "0000:01:00.0", "yes"],
    ["00:01.1/00.0/1f.0/00.0", "0000:03:00.0", "yes"],
    ["00:01.1/00.0/1f.0/00.1", "0000:03:00.1", "yes"],
    ["02:1f.0/00.0", "0000:03:00.0", "yes"],
    ["00:01.1/1f.0/00.0", "0000:03:00.0", "no"],
    ["00:01.1/00.0/00.0", "0000:01:00.0", "no"],
    ["0001:08:00.0/00.0", "0001:09:00.0", "unknown"],
    ["pci:10de:20b5", "0000:03:00.0", "yes"],
    ["pci:10DE:0", "0000:03:00.0", "yes"],
    ["pci:0:0", "0000:01:00.0", "yes"],
    ["pci:10de:20b5:10de:1533", "0000:03:00.0", "yes"],
    ["pci:10de:20b5:10de:1534", "0000:03:00.0", "no"],
    ["pci:10de:20b5:10de:1533", "0000:03:00.1", "unknown"],
    ["pci:15b3:1017", "0001:09:00.0", "unknown"],
    ["pci:8086:0", "0000:01:00.0", "unknown"],
    ["pci:8086", "0000:01:00.0", "invalid"],
    ["nonsense", "0000:03:00.0", "invalid"],
    ["", "0000:03:00.0", "invalid"],
    ["03:00.0,04:00.0", "0000:03:00.0", "invalid"],
    // Linux reads from the tail, and no further than it has to.
    ["nonsense/00.0", "0000:02:1f.0", "no"],
    ["nonsense/00.0", "0000:03:00.0", "invalid"],
    ["00:01.1/zz.0", "0000:03:00.0", "invalid"],
  ])("%s for %s: %s", (pattern, bdf, expected) => expect(match(pattern, bdf)).toBe(expected));

  test("ends where Linux reads on", () => {
    expect(parseDevicePattern("01:00.0;02:00.0").end).toBe(7);
    expect(parseDevicePattern("pci:1:2;x").end).toBe(7);
    expect(parseDevicePattern("pci:1:2:3").end).toBe(7);
    expect(parseDevicePattern("a;pci:1:2:3:4;", 2).end).toBe(13);
  });

  test("may be any text", () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom("pci:", ":", ".", "/", ";", "0", "1f", "g", " "), { maxLength: 20 })
        .map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, fc.nat(system.functions.length - 1), (pattern, at) => {
        const { end } = parseDevicePattern(pattern);
        expect(end).toBeLessThanOrEqual(pattern.length);
        expect(["yes", "no", "unknown", "invalid"]).toContain(match(pattern, system.functions[at]!.bdf));
      }),
    );
  });

  test("of a very long path stops at the root bus", () => {
    const long = `00:01.1${"/00.0".repeat(200_000)}`;
    const at: FunctionDescription = system.functions[1]!;
    const { pattern } = parseDevicePattern(long);
    expect(matchDevice(pattern!, at, upstreamIn(system))).toBe("no");
  });
});
