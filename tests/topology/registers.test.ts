import { describe, expect, test } from "vitest";
import { Topology, TopologyError, type MachineDescription } from "../../src/index.js";

const PORT = "0000:00:01.0";

/** A machine of a port and what is below it, as callers without types may make one. */
function machine(port: object, system: object = {}): MachineDescription {
  const functions = [
    { bdf: PORT, kind: "root-port", parent: null, bus: { secondary: 1, subordinate: 1 }, ...port },
    { bdf: "0000:01:00.0", kind: "endpoint", parent: PORT },
    { bdf: "0000:01:00.1", kind: "endpoint", parent: PORT },
  ];
  return { peerlane: 1, systems: [{ functions, ...system }] } as unknown as MachineDescription;
}

function problems(described: MachineDescription): TopologyError["problems"] {
  try {
    Topology.of(described).close();
  } catch (error) {
    if (error instanceof TopologyError) return error.problems;
    throw error;
  }
  return [];
}

describe("a register that is none", () => {
  const acs = { capability: 0x5f, control: 0x1d };

  test.each([
    ["a control of 17 bits", { acs: { ...acs, control: 0x1_0000 } }, "acs.control", 65535, 65536],
    ["a negative control", { acs: { ...acs, control: -1 } }, "acs.control", 65535, -1],
    ["a mask of 17 bits", { acs: { ...acs, control: { value: 1, mask: 2 ** 16 } } }, "acs.control.mask", 65535, 65536],
    ["a command of which all bits would be set", { command: -1 }, "command", 65535, -1],
    [
      "a vector of 33 bits",
      { acs: { ...acs, egressVector: [0, 2 ** 32] } },
      "acs.egressVector[1]",
      2 ** 32 - 1,
      2 ** 32,
    ],
    ["a port number of 9 bits", { link: { port: 256 } }, "link.port", 255, 256],
  ])("such as %s is a fault, and not bits that are clear", (_, port, field, most, got) => {
    const expected = `expected a whole number from 0 to ${most}, got ${got}: leave out what is not known`;
    const message = `${PORT}, ${field}: ${expected}`;
    expect(problems(machine(port))).toEqual([{ code: "BAD_NUMBER", functions: [PORT], message }]);
  });

  test.each([
    ["a control that is left out", { acs: { capability: 0x5f } }, "acs.control: expected a value, got nothing"],
    ["a control in words", { acs: { ...acs, control: "0x1d" } }, 'acs.control: expected integer or object, got "0x1d"'],
    ["another kind of number", { acs: { ...acs, control: 7n } }, "acs.control: expected integer or object, got 7n"],
    ["no number at all", { acs: { ...acs, control: NaN } }, "acs.control: expected integer or object, got NaN"],
    ["a control without a mask", { acs: { ...acs, control: { value: 1 } } }, "acs.control.mask: expected a value"],
    ["a firmware's ACS in words", { acs: { ...acs, firmware: "0" } }, 'acs.firmware: expected integer, got "0"'],
    ["half a capability", { acs: { ...acs, capability: 0.5 } }, "acs.capability: expected integer, got 0.5"],
    ["no capability at all", { acs: "0x1d" }, 'acs: expected object or null, got "0x1d"'],
    ["a vector that is no list", { acs: { ...acs, egressVector: null } }, "acs.egressVector: expected array, got null"],
    ["a bus that is left out", { bus: { subordinate: 1 } }, "bus.secondary: expected a value, got nothing"],
    ["a port number in words", { link: { port: "1" } }, 'link.port: expected integer, got "1"'],
    ["a command that is null", { command: null }, "command: expected integer or object, got null"],
  ])("such as %s is of the wrong type", (_, port, message) => {
    expect(() => Topology.of(machine(port))).toThrow(TypeError);
    expect(() => Topology.of(machine(port))).toThrow(
      `expected a machine description: .systems[0].functions[0].${message}`,
    );
  });

  test("is none of those that may be: missing, absent, and every bit set", () => {
    const full = { capability: 0xffff, control: 0xffff, egressVector: [0, 2 ** 32 - 1] };
    for (const acs of [undefined, null, full]) {
      expect(problems(machine({ acs, command: 0xffff, sriov: null, link: { port: 255 } }))).toEqual([]);
    }
    expect(problems(machine({ link: null }))).toEqual([]);
  });
});

describe("a setting that is none", () => {
  test.each(["on", null, true])("such as the IOMMU mode %j is told", (iommu) => {
    expect(() => Topology.of(machine({}, { iommu }))).toThrow(
      new TypeError(
        'expected a machine description: .systems[0].iommu: expected one of "off", "passthrough", "translating", ' +
          `got ${JSON.stringify(iommu)}`,
      ),
    );
  });

  test.each(["oneWay", "read", "write", "atomics", "coherent"])(
    "such as %s of a side link in words is told",
    (flag) => {
      const sideLinks = [{ kind: "nvlink", from: "0000:01:00.0", to: "0000:01:00.1", [flag]: "no" }];
      expect(() => Topology.of(machine({}, { sideLinks }))).toThrow(
        new TypeError(`expected a machine description: .systems[0].sideLinks[0].${flag}: expected boolean, got "no"`),
      );
    },
  );

  test("such as what the kernel is built with, or the kind of a range, is told", () => {
    expect(() => Topology.of(machine({}, { kernel: { p2pdma: "y" } }))).toThrow("kernel.p2pdma: expected boolean");
    const ranges = [{ kind: "ram", start: "0x1000", size: 1 }];
    expect(() => Topology.of(machine({}, { ranges }))).toThrow("ranges[0].kind: expected one of ");
  });
});
