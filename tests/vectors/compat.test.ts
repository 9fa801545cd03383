import { expect, test } from "vitest";
import { linuxDmaMapResource } from "../../src/explain/compat.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import type { SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { BDF, machineT, type Change } from "./machine.js";

const BAR_OF_C = 0xfe50_0000n;

function asked(release: string, address = BAR_OF_C, change: Change = {}, system: Partial<SystemDescription> = {}) {
  return linuxDmaMapResource(Topology.of(machineT("N", change, system)), release, BDF.A, address, 0x1000n);
}

test("M9 dma_map_resource() of 6.1 hands A the address of C, which peer-to-peer DMA refuses", () => {
  expect(asked("6.1")).toEqual({ result: "identity", dmaAddress: BAR_OF_C });
  const peers = new PeerDma(Topology.of(machineT("N")), linux("6.1"));
  expect(peers.map(BDF.A, BAR_OF_C, 0x1000n)).toMatchObject({ ok: false, code: "HOST_BRIDGE_NOT_ALLOWED" });
});

test("F1 a translating IOMMU allots an address, one that is not shown leaves it open", () => {
  expect(asked("6.1", BAR_OF_C, {}, { iommu: "translating" })).toEqual({ result: "iova", dmaAddress: null });
  expect(asked("6.1", BAR_OF_C, {}, { iommu: "passthrough" }).result).toBe("identity");
  const [{ iommu: _, ...unshown }] = machineT("N").systems as [SystemDescription];
  const topology = Topology.of({ peerlane: 1, systems: [unshown] });
  expect(linuxDmaMapResource(topology, "6.1", BDF.A, BAR_OF_C, 1n).result).toBe("unknown");
});

test("F1 before 5.0 the mask is not looked at", () => {
  const narrow = { A: { dmaMaskBits: 31 } };
  expect(asked("4.20", BAR_OF_C, narrow)).toEqual({ result: "identity", dmaAddress: BAR_OF_C });
  expect(asked("5.0", BAR_OF_C, narrow)).toEqual({ result: "error", dmaAddress: null });
  for (const bits of [32, 64, 65, 1e300]) {
    expect(asked("6.1", BAR_OF_C, { A: { dmaMaskBits: bits } }).result).toBe("identity");
  }
});

test("F1 RAM is an error from 5.0 to about 5.17", () => {
  const each = ["4.20", "5.0", "5.17", "5.18", "6.1"].map((release) => asked(release, 0x200_0000n).result);
  expect(each).toEqual(["identity", "error", "error", "identity", "identity"]);
});
