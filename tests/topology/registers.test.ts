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
  const whole = (most: number) => `expected a whole number from 0 to ${most}`;
  const acs = { capability: 0x5f, control: 0x1d };
  test.each([
    ["an ACS control that is left out", { acs: { capability: 0x5f } }, "acs.control", whole(65535), "undefined"],
    ["an ACS control in words", { acs: { ...acs, control: "0x1d" } }, "acs.control", whole(65535), '"0x1d"'],
    ["an ACS control of 17 bits", { acs: { ...acs, control: 0x1_0000 } }, "acs.control", whole(65535), "65536"],
    ["an ACS control of another kind of number", { acs: { ...acs, control: 7n } }, "acs.control", whole(65535), "7"],
    ["a bus that is left out", { bus: { subordinate: 1 } }, "bus.secondary", whole(255), "undefined"],
    ["a negative ACS control", { acs: { ...acs, control: -1 } }, "acs.control", whole(65535), "-1"],
    [
      "an ACS control without a mask",
      { acs: { ...acs, control: { value: 1 } } },
      "acs.control.mask",
      whole(65535),
      "undef",
    ],
    ["a firmware's ACS in words", { acs: { ...acs, firmware: "0" } }, "acs.firmware", whole(65535), '"0"'],
    ["half an ACS capability", { acs: { ...acs, capability: 0.5 } }, "acs.capability", whole(65535), "0.5"],
    ["a vector of 33 bits", { acs: { ...acs, egressVector: [0, 2 ** 32] } }, "acs.egressVector[1]", whole(2 ** 32 - 1)],
    ["a vector that is no list", { acs: { ...acs, egressVector: 3 } }, "acs.egressVector", "expected an array", "3"],
    ["a vector of null", { acs: { ...acs, egressVector: null } }, "acs.egressVector", "expected an array", "null"],
    ["a port number of 9 bits", { link: { port: 256 } }, "link.port", whole(255), "256"],
    ["a port number in words", { link: { port: "1" } }, "link.port", whole(255), '"1"'],
    ["an SR-IOV control in words", { sriov: { control: "9" } }, "sriov.control", whole(65535), '"9"'],
  ])("such as %s is a fault, and not bits that are clear", (_, port, field, expected, got = "") => {
    const [first, ...others] = problems(machine(port));
    expect(others).toEqual([]);
    expect(first).toMatchObject({ code: "BAD_NUMBER", functions: [PORT] });
    expect(first!.message).toContain(`${PORT}, ${field}: ${expected}`);
    expect(first!.message).toContain(`got ${got}`);
  });

  test.each(["0x1d", 5, true])("is every word of what is no ACS capability at all (%j)", (acs) => {
    expect(problems(machine({ acs })).map(({ code }) => code)).toEqual(["BAD_NUMBER", "BAD_NUMBER"]);
  });

  test("is none of those that may be: missing, absent, and every bit set", () => {
    const full = { capability: 0xffff, control: 0xffff, egressVector: [0, 2 ** 32 - 1] };
    for (const acs of [undefined, null, full]) {
      expect(problems(machine({ acs, sriov: null, link: { port: 255 } }))).toEqual([]);
    }
    expect(problems(machine({ link: null }))).toEqual([]);
  });
});

describe("a setting that is none", () => {
  test.each(["on", null, true])("such as the IOMMU mode %j is a fault, with the system's name", (iommu) => {
    expect(problems(machine({}, { iommu, name: "node7" }))).toEqual([
      expect.objectContaining({
        code: "BAD_NUMBER",
        message: expect.stringMatching(/^system node7, iommu: expected "off", "passthrough" or "translating", got /),
      }),
    ]);
  });

  test.each(["oneWay", "read", "write", "atomics", "coherent"])(
    "such as %s of a side link in words is a fault",
    (flag) => {
      const sideLinks = [{ kind: "nvlink", from: "0000:01:00.0", to: "0000:01:00.1", [flag]: "no" }];
      expect(problems(machine({}, { sideLinks }))).toEqual([
        expect.objectContaining({
          code: "BAD_NUMBER",
          message: expect.stringContaining(`, ${flag}: expected true or false, got "no"`),
        }),
      ]);
    },
  );
});
