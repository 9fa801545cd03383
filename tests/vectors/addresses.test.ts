import { describe, expect, test } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { Topology } from "../../src/topology/topology.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { bar, BDF, machineT, type Change, type HostKind } from "./machine.js";

// linux-p2pdma.md, section H, address vectors.

const VFS = { control: 0x9, totalVfs: 4, numVfs: 2, firstOffset: 0x100, stride: 1 };

function map(kind: HostKind, change: Change, initiator: string, address: bigint, size: bigint | number, system = {}) {
  const each = (["simd", "scalar"] as const).map((build) => {
    const topology = Topology.of(machineT(kind, change, system), { build });
    return new PeerDma(topology, linux("6.1")).map(initiator, address, size);
  });
  expect(each[0]).toEqual(each[1]);
  return each[0]!;
}

describe("addresses of section H", () => {
  test("M1 offset 0: the bus address is the CPU address, the owner BAR 2 of B at 0x1000", () => {
    const mapping = map("N", {}, BDF.A, 0xf900_1000n, 0x1000);
    expect(mapping).toMatchObject({ ok: true, route: "bus-address", dmaAddress: 0xf900_1000n, translation: "none" });
    expect(mapping.owner).toMatchObject({ name: BDF.B, bar: 2, offset: 0x1000n });
  });

  const far = { B: { bars: [{ ...bar("0x40f9000000", 0x100_0000), index: 2 }] } };
  const farWindow = {
    hostBridges: [
      { root: "0000:00", windows: [{ kind: "mem", start: "0x4000000000", end: "0x40ffffffff", bus: "0x0" }] },
    ],
  };

  test("M2 a window at 0x40_0000_0000 with bus 0: on the bus 0xf900_1000", () => {
    const mapping = map("N", far, BDF.A, 0x40_f900_1000n, 0x1000, farWindow);
    expect(mapping).toMatchObject({
      ok: true,
      route: "bus-address",
      dmaAddress: 0xf900_1000n,
      translation: "bus-offset",
    });
  });

  test("M2 what the register holds says the same without the window, and over it", () => {
    const register = { B: { bars: [{ ...bar("0x40f9000000", 0x100_0000), index: 2, bus: "0xf9000000" as const }] } };
    for (const hostBridges of [
      [],
      farWindow.hostBridges,
      [{ root: "0000:00", windows: [{ ...farWindow.hostBridges[0]!.windows[0]!, bus: "0x1000" }] }],
    ]) {
      const mapping = map("N", register, BDF.A, 0x40_f900_1000n, 0x1000, { hostBridges });
      expect(mapping).toMatchObject({ ok: true, dmaAddress: 0xf900_1000n, translation: "bus-offset" });
    }
  });

  test("M2 through the host bridge without IOMMU the CPU address stays", () => {
    const mapping = map("L", far, BDF.C, 0x40_f900_1000n, 0x1000, farWindow);
    expect(mapping).toMatchObject({
      ok: true,
      route: "through-host-bridge",
      dmaAddress: 0x40_f900_1000n,
      translation: "none",
    });
  });

  test("M3 a range that leaves its BAR is refused, one that ends with it is not", () => {
    expect(map("N", {}, BDF.A, 0xf9ff_f000n, 0x1000)).toMatchObject({ ok: true });
    expect(map("N", {}, BDF.A, 0xf9ff_f000n, 0x1001)).toMatchObject({ ok: false, code: "LEAVES_OWNER" });
  });

  test("M4 fe409000 is BAR 0 of the second VF at 0x1000", () => {
    const mapping = map("N", {}, BDF.C, 0xfe40_9000n, 0x1000);
    expect(mapping).toMatchObject({ ok: true, owner: { name: BDF.V2, bar: 0, offset: 0x1000n } });
  });

  test("M4 fe410000 is the PF's aperture without an enabled VF", () => {
    const mapping = map("N", {}, BDF.C, 0xfe41_0000n, 0x1000);
    expect(mapping).toMatchObject({
      ok: false,
      code: "VF_NOT_ENABLED",
      owner: { name: BDF.C, bar: 7, offset: 0xc000n },
    });
  });

  test.each([
    ["the registers are not shown", { sriov: undefined }, 0xfe41_0000n],
    ["more are enabled than are described", { sriov: { ...VFS, numVfs: 4 } }, 0xfe41_0000n],
    ["the first byte of the third slot of three", { sriov: { ...VFS, numVfs: 3 } }, 0xfe40_c000n],
  ])("M4 whose the rest of the aperture is nobody knows where %s", (_, change, address) => {
    const mapping = map("N", { C: change as Partial<FunctionDescription> }, BDF.C, address, 0x1000);
    expect(mapping).toMatchObject({
      ok: false,
      route: "unknown",
      code: "OWNER_UNKNOWN",
      owner: { name: BDF.C, bar: 7 },
      missing: [{ what: `where and how large the BARs of the virtual functions of ${BDF.C} are` }],
    });
  });

  test("M5 an owner with memory decode off refuses any address", () => {
    for (const address of [0xf900_0000n, 0xf9ff_ffffn]) {
      const mapping = map("N", { B: { command: 0x4 } }, BDF.A, address, 1);
      expect(mapping).toMatchObject({
        ok: false,
        code: "MEMORY_DECODE_OFF",
        culprits: [{ bdf: BDF.B, bits: ["Mem"] }],
      });
    }
  });

  const far40 = { B: { bars: [{ ...bar("0x4000000000", 0x100_0000), index: 2 }] } };

  test("M6 through the host bridge without IOMMU a 32-bit initiator cannot drive 0x40_0000_0000", () => {
    const mapping = map("L", { ...far40, C: { dmaMaskBits: 32 } }, BDF.C, 0x40_0000_0000n, 0x1000);
    expect(mapping).toMatchObject({ ok: false, code: "DMA_MASK" });
  });

  test("M6 with an IOMMU it gets an address that it can drive", () => {
    const mapping = map("L", { ...far40, C: { dmaMaskBits: 32 } }, BDF.C, 0x40_0000_0000n, 0x1000, {
      iommu: "translating",
    });
    expect(mapping).toMatchObject({ ok: true, dmaAddress: null, translation: "iommu" });
  });

  test("M7 an I/O BAR owns no memory address, a ROM is no provider", () => {
    expect(map("N", {}, BDF.C, 0xc000n, 1)).toMatchObject({ ok: false, code: "NO_OWNER" });
    expect(map("N", {}, BDF.C1, 0xfe60_0000n, 1)).toMatchObject({
      ok: false,
      code: "NOT_A_PROVIDER",
      owner: { bar: 6 },
    });
  });

  test("M8 system RAM is mapped as ever, it is no peer", () => {
    const mapping = map("N", {}, BDF.A, 0x200_0000n, 0x1000);
    expect(mapping).toMatchObject({
      ok: true,
      route: "system-memory",
      dmaAddress: 0x200_0000n,
      owner: { kind: "system-ram", id: null },
    });
  });

  test("M9 A to a BAR of C on host N is refused, where dma_map_resource() would hand out the address", () => {
    expect(map("N", {}, BDF.A, 0xfe50_0000n, 0x1000)).toMatchObject({ ok: false, code: "HOST_BRIDGE_NOT_ALLOWED" });
  });
});
