import { describe, expect, test } from "vitest";
import { linux, PeerDma, Topology, type FunctionDescription } from "../../src/index.js";
import { fixFor } from "../../src/fix/plan.js";
import { iommuGroups, shareGroup } from "../../src/fix/iommu-groups.js";
import { afterSetpci } from "./captures.js";

/*
 * One complex of a GB300 server as its parts are described in public, with the words that a kernel with an IOMMU sets:
 *
 *     0009:00:00.0 root port ─ 01:00.0 ┬ 02:00.0 ─ 03:00.0 DMA function
 *                                      └ 02:02.0 ─ 04:00.0 ─ 05:00.0 ─ 06:00.0 GPU
 */
const acs = { capability: 0x5f, control: 0x1d };
const at = (bdf: string, ids: string, rest: Partial<FunctionDescription>): FunctionDescription => ({
  bdf: `0009:${bdf}`,
  vendor: ids.slice(0, 4),
  device: ids.slice(5),
  command: 6,
  ...rest,
});
const bus = (secondary: number, subordinate: number) => ({ secondary, subordinate });
const SWITCH = "15b3:197c";
const machine = {
  peerlane: 1,
  systems: [
    {
      kernel: { release: "6.17.0" },
      cpu: { architecture: "arm64", vendor: "0x41" },
      iommu: "translating",
      functions: [
        at("00:00.0", "10de:22b1", { kind: "root-port", parent: null, bus: bus(1, 6), acs }),
        at("01:00.0", SWITCH, { kind: "upstream-port", bus: bus(2, 6), acs: null }),
        at("02:00.0", SWITCH, { kind: "downstream-port", bus: bus(3, 3), acs }),
        at("02:02.0", SWITCH, { kind: "downstream-port", bus: bus(4, 6), acs }),
        at("03:00.0", "15b3:2100", { kind: "endpoint", class: "0880", acs: null, bars: [] }),
        at("04:00.0", SWITCH, { kind: "upstream-port", bus: bus(5, 6), acs: null }),
        at("05:00.0", SWITCH, { kind: "downstream-port", bus: bus(6, 6), acs }),
        at("06:00.0", "10de:31c2", { kind: "endpoint", class: "0302", acs: null, bars: [] }),
      ],
    },
  ],
} as const;

const peerOf = (topology: Topology) => new PeerDma(topology, linux("6.17"));

describe("a GB300 server", () => {
  const topology = Topology.of(machine);
  const plan = fixFor(peerOf(topology), "0009:06:00.0", "0009:03:00.0", { profile: "gb300" });

  test("needs ports that differ from each other, and a root port without source validation", () => {
    expect(plan.changes.map(({ bdf, wanted, clear, set }) => [bdf, wanted, clear, set])).toEqual([
      ["0009:02:00.0", 0x19, 0x04, 0],
      ["0009:02:02.0", 0x15, 0x08, 0],
      ["0009:00:00.0", 0x1c, 0x01, 0],
    ]);
    expect(plan.boot?.parameter).toBe("pci=config_acs=xx110x1@0009:02:00.0;xx101x1@0009:02:02.0;xx111x0@0009:00:00.0");
    expect(plan.after!.map(({ answer, route }) => [answer, route])).toEqual([["yes", "bus-address"]]);
  });

  test("then has GPU and DMA function in one IOMMU group, as the driver asks", () => {
    const fixed = Topology.of(
      afterSetpci(
        machine,
        plan.temporary.map(({ command }) => command),
      ),
    );
    const bounds = iommuGroups(fixed, 0);
    expect(shareGroup(bounds, fixed.id("0009:06:00.0"), fixed.id("0009:03:00.0"))).toBe(true);
  });

  test("is recognised where nobody asked for its profile", () => {
    const { warnings, changes } = fixFor(peerOf(topology), "0009:06:00.0", "0009:03:00.0");
    expect(warnings.join()).toContain("--profile gb300");
    expect(changes.map(({ bdf }) => bdf)).not.toContain("0009:00:00.0");
    expect(plan.warnings).toEqual([]);
  });

  test("has nothing to fix once it is so", () => {
    const fixed = Topology.of(
      afterSetpci(
        machine,
        plan.temporary.map(({ command }) => command),
      ),
    );
    const again = fixFor(peerOf(fixed), "0009:06:00.0", "0009:03:00.0", { profile: "gb300" });
    expect([again.status, again.changes]).toEqual(["nothing", []]);
  });

  test("is asked about its GPU and DMA function only", () => {
    const ask = () => fixFor(peerOf(topology), "0009:06:00.0", "0009:05:00.0", { profile: "gb300" });
    expect(ask).toThrow(/profile gb300 is about/);
  });
});
