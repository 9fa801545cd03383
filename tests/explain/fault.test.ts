import { afterAll, describe, expect, test } from "vitest";
import { faultAddress, Topology, type FunctionDescription, type SystemDescription } from "../../src/index.js";
import { read } from "../../src/readers/index.js";
import { captureFile, captureNames, CAPTURES } from "../readers/fixtures.js";

const open: Topology[] = [];
afterAll(() => open.forEach((topology) => topology.close()));

function topologyOf(system: SystemDescription): Topology {
  const topology = Topology.of({ peerlane: 1, systems: [system] });
  open.push(topology);
  return topology;
}

const port = { kind: "root-port", class: "060400", command: 6, acs: null, bars: [] } as const;
const end = { kind: "endpoint", command: 6, acs: null, iommuGroup: 1 } as const;
const bar = (start: `0x${string}`, bus = start) => [{ index: 0, type: "mem64", start, bus, size: 0x1000 } as const];

/**
 *     0000:00  window 0xe0000000-0xefffffff  - 00:01.0 - 01:00.0 BAR 0xe0001000, the requester
 *                                            - 00:02.0 - 02:00.0 BAR 0xe0100000
 *     0000:80  window 0x380000000000-        - 80:01.0 - 81:00.0 BAR 0x380000001000
 *     RAM      0x100000-0x7fffffff
 */
function machine(change: Partial<SystemDescription> = {}): Topology {
  const functions: FunctionDescription[] = [
    { ...port, bdf: "0000:00:01.0", bus: { secondary: 1, subordinate: 1 } },
    { ...port, bdf: "0000:00:02.0", bus: { secondary: 2, subordinate: 2 } },
    { ...end, bdf: "0000:01:00.0", bars: bar("0xe0001000") },
    { ...end, bdf: "0000:02:00.0", bars: bar("0xe0100000") },
    { ...port, bdf: "0000:80:01.0", bus: { secondary: 0x81, subordinate: 0x81 } },
    { ...end, bdf: "0000:81:00.0", bars: bar("0x380000001000") },
  ];
  return topologyOf({
    complete: true,
    allAddresses: true,
    iommu: "translating",
    cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 },
    functions,
    hostBridges: [
      { root: "0000:00", windows: [{ kind: "mem", start: "0xe0000000", end: "0xefffffff", bus: "0xe0000000" }] },
      {
        root: "0000:80",
        windows: [{ kind: "mem", start: "0x380000000000", end: "0x38ffffffffff", bus: "0x380000000000" }],
      },
    ],
    ranges: [{ kind: "system-ram", name: "System RAM", start: "0x100000", size: 0x7ff00000 }],
    ...change,
  });
}

const REQUESTER = "0000:01:00.0";

describe("where an IOMMU translates", () => {
  test.each([
    [
      "the BAR of a peer below the own host bridge, where no IOVA is",
      0xe0100010n,
      "RAW_PEER_ADDRESS",
      true,
      "0000:02:00.0",
    ],
    ["the BAR of a peer below another host bridge", 0x380000001000n, "RAW_PEER_ADDRESS", false, "0000:81:00.0"],
    ["a hole of the own host bridge's window", 0xe8000000n, "RAW_WINDOW_ADDRESS", true, undefined],
    ["a hole of another host bridge's window", 0x380000002000n, "RAW_WINDOW_ADDRESS", false, undefined],
    ["RAM", 0x12345000n, "RAW_MEMORY_ADDRESS", false, "System RAM"],
    ["nobody's", 0xfffff000n, "IOVA_ONLY", true, undefined],
    ["beyond what any CPU addresses", 0xfffffffffffff000n, "IOVA_ONLY", true, undefined],
    ["where interrupts are written to", 0xfee01000n, "INTERRUPT_ADDRESS", true, undefined],
  ])("%s", (_, address, code, certain, owner) => {
    const found = faultAddress(machine(), REQUESTER, address);
    expect(found).toMatchObject({ iommu: "translating", translated: true, cpuAddress: address });
    expect(found.readings).toEqual([{ as: "iova", code, certain }]);
    expect(found.ownership!.owners[0]?.name).toBe(owner);
  });

  test("whether anybody has the address may not be shown", () => {
    const part = machine({ complete: false, allAddresses: false, ranges: [] });
    const { readings } = faultAddress(part, REQUESTER, 0xfffff000n);
    expect(readings).toEqual([{ as: "iova", code: "IOVA_UNCHECKED", certain: false }]);
  });

  test("an IOMMU that reported the address translates, where the mode is not shown", () => {
    const { iommu: _, ...unsaid } = machine().systems[0]!;
    const topology = topologyOf(unsaid);
    expect(faultAddress(topology, REQUESTER, 0xe0100010n).readings).toHaveLength(2);
    const found = faultAddress(topology, REQUESTER, 0xe0100010n, 1n, true);
    expect(found).toMatchObject({
      iommu: null,
      translated: true,
      readings: [{ as: "iova", code: "RAW_PEER_ADDRESS" }],
    });
  });

  test("but not for a function that is in no IOMMU group", () => {
    const functions = machine().systems[0]!.functions.map((each) =>
      each.bdf === REQUESTER ? { ...each, iommuGroup: null } : each,
    );
    const found = faultAddress(machine({ functions }), REQUESTER, 0xe0100010n);
    expect(found).toMatchObject({ translated: false, readings: [{ as: "bus-address", code: null }] });
  });
});

describe("elsewhere the address is a bus address", () => {
  test.each(["off", "passthrough"] as const)("%s", (iommu) => {
    const found = faultAddress(machine({ iommu }), REQUESTER, 0xe0100010n);
    expect(found).toMatchObject({
      iommu,
      translated: false,
      readings: [{ as: "bus-address", code: null, certain: true }],
    });
    expect(found.ownership!.owners[0]!.name).toBe("0000:02:00.0");
    const { readings } = faultAddress(machine({ iommu }), REQUESTER, 0xfee01000n);
    expect(readings).toEqual([{ as: "bus-address", code: "INTERRUPT_ADDRESS", certain: true }]);
  });

  test("where nothing shows the mode both readings stand", () => {
    const { iommu: _, ...rest } = machine().systems[0]!;
    const found = faultAddress(topologyOf(rest), REQUESTER, 0xe0100010n);
    expect(found).toMatchObject({ iommu: null, translated: null });
    expect(found.readings.map(({ as }) => as)).toEqual(["iova", "bus-address"]);
  });
});

test("bus addresses are those of the requester's own host bridge: windows may have offsets", () => {
  const offset = machine({
    functions: [
      { ...port, bdf: "0000:00:01.0", bus: { secondary: 1, subordinate: 1 } },
      { ...end, bdf: "0000:01:00.0", bars: bar("0x600000001000", "0x80001000") },
      { ...port, bdf: "0000:80:01.0", bus: { secondary: 0x81, subordinate: 0x81 } },
      { ...end, bdf: "0000:81:00.0", bars: bar("0x600080001000", "0x80001000") },
    ],
    hostBridges: [
      {
        root: "0000:00",
        windows: [{ kind: "mem", start: "0x600000000000", end: "0x60007fffffff", bus: "0x80000000" }],
      },
      {
        root: "0000:80",
        windows: [{ kind: "mem", start: "0x600080000000", end: "0x6000ffffffff", bus: "0x80000000" }],
      },
    ],
  });
  const at = (requester: string, address: bigint) => faultAddress(offset, requester, address);
  expect(at("0000:01:00.0", 0x80001004n).cpuAddress).toBe(0x600000001004n);
  expect(at("0000:81:00.0", 0x80001004n).cpuAddress).toBe(0x600080001004n);
  // No BAR is there, but a window.
  expect(at("0000:81:00.0", 0x90000000n)).toMatchObject({
    cpuAddress: 0x600090000000n,
    readings: [{ code: "RAW_WINDOW_ADDRESS", certain: true }],
  });
});

describe.skipIf(CAPTURES === null)("on captured machines", () => {
  test.each(captureNames())(
    "%s: every BAR is found by its bus address, whoever below the host bridge asks",
    async (name) => {
      const { machine: description } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
      const topology = topologyOf(description.systems[0]!);
      let asked = 0;
      for (const id of topology.functions()) {
        const [first] = topology.belowRoot(topology.rootOrdinal(id));
        for (const { index = 0, type, start, bus, size } of topology.describe(id)!.bars ?? []) {
          if (index > 5 || type === "io" || typeof start !== "string" || typeof bus !== "string" || size === undefined)
            continue;
          const { cpuAddress, ownership, translated, readings } = faultAddress(topology, first!, BigInt(bus));
          expect(cpuAddress).toBe(BigInt(start));
          expect(ownership!.owners.map((owner) => owner.id)).toContain(id);
          if (translated === true) expect(readings).toEqual([{ as: "iova", code: "RAW_PEER_ADDRESS", certain: true }]);
          asked++;
        }
      }
      expect(asked).toBeGreaterThan(0);
      // What is part of the root complex may have no IOMMU in front of it where the devices below have.
      const { iommu, functions } = description.systems[0]!;
      const [first] = functions.filter(({ iommuGroup }) => typeof iommuGroup === "number");
      if (first === undefined) expect(iommu).not.toBe("translating");
      else expect(faultAddress(topology, first.bdf, 0n).translated).toBe(iommu === "translating");
    },
  );
});

test("what is asked wrongly is told", () => {
  expect(() => faultAddress(machine(), "0000:00", 0n)).toThrow("expected a function, got the host bridge 0000:00");
  expect(() => faultAddress(machine(), "nobody", 0n)).toThrow('nothing is named "nobody"');
  expect(() => faultAddress(machine(), REQUESTER, 5 as never)).toThrow("expected the address as a bigint");
  expect(() => faultAddress(machine(), REQUESTER, -1n)).toThrow(RangeError);
});
