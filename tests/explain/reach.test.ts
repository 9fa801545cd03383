import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  CODE_NUMBERS,
  linux,
  NO_ADDRESS,
  PeerDma,
  policyNamed,
  Topology,
  TRANSLATIONS,
  type MachineDescription,
  type Policy,
  type SystemDescription,
} from "../../src/index.js";
import { acs, BDF, machineT } from "../vectors/machine.js";

const BAR_OF_B = 0xf900_0000n;
const RAM = 0x200_0000n;

/** What a mapping alone comes to, after the same in columns was seen to be equal. */
function asked(peerDma: PeerDma, initiator: string, address: bigint, size: bigint) {
  const one = peerDma.map(initiator, address, size);
  const many = peerDma.mapMany({
    initiator: Uint32Array.of(peerDma.topology.id(initiator)),
    address: BigUint64Array.of(address),
    size,
  });
  expect(CODE_NUMBERS[many.code[0]!]).toBe(one.ok ? null : one.code);
  expect(many.dmaAddress[0]).toBe(one.ok ? (one.dmaAddress ?? NO_ADDRESS) : NO_ADDRESS);
  if (one.ok) expect(TRANSLATIONS[many.translation[0]!]).toBe(one.translation);
  return one;
}

describe("the DMA mask of an initiator", () => {
  const peers = (dmaMaskBits: number, system: Partial<SystemDescription>) =>
    new PeerDma(Topology.of(machineT("L", { A: { dmaMaskBits }, DSP0: acs(0x04) }, system)), linux("6.12"));

  test.each([BAR_OF_B, RAM])("leaves room for an IOVA, or there is none: 0x%x", (address) => {
    const translating = peers(12, { iommu: "translating" });
    expect(asked(translating, BDF.A, address, 0x1000n)).toMatchObject({
      ok: true,
      translation: "iommu",
      dmaAddress: null,
    });
    const refused = asked(translating, BDF.A, address, 0x1001n);
    expect(refused).toMatchObject({ ok: false, route: "not-supported", code: "DMA_MASK" });
    expect(!refused.ok && refused.message).toContain(
      "drives 12 address bits, of which no 0x1001 bytes are within reach",
    );
  });

  test("decides whatever the IOMMU does where there is no room at all, and else leaves it open", () => {
    const unshown = { iommu: undefined } as unknown as Partial<SystemDescription>;
    expect(asked(peers(12, unshown), BDF.A, BAR_OF_B, 0x1001n)).toMatchObject({ ok: false, code: "DMA_MASK" });
    expect(asked(peers(13, unshown), BDF.A, BAR_OF_B, 0x1001n)).toMatchObject({ ok: false, code: "DMA_MASK_UNKNOWN" });
    expect(asked(peers(32, unshown), BDF.A, BAR_OF_B, 0x1001n)).toMatchObject({ ok: true, translation: "unknown" });
  });

  test("of a device outside PCI counts alike", () => {
    const machine = JSON.parse(readFileSync("examples/arm-soc.json", "utf8")) as MachineDescription;
    const [system] = machine.systems;
    const limited = (dmaMaskBits: number, iommu: SystemDescription["iommu"]) => {
      const platformDevices = system!.platformDevices!.map((each) => ({ ...each, dmaMaskBits }));
      const systems = [{ ...system!, ...(iommu === undefined ? {} : { iommu }), platformDevices }];
      return new PeerDma(Topology.of({ ...machine, systems }), linux("6.12"));
    };
    const map = (bits: number, size: bigint) => limited(bits, "translating").map("9000000.serial", 0x4400_0000n, size);
    expect(map(12, 0x1000n)).toMatchObject({ ok: true, translation: "iommu" });
    expect(map(12, 0x1001n)).toMatchObject({ ok: false, code: "DMA_MASK" });
    expect(limited(12, "off").map("9000000.serial", 0x4400_0000n, 16)).toMatchObject({ ok: false, code: "DMA_MASK" });
  });
});

describe("DMA addresses of POWER", () => {
  const machine = JSON.parse(readFileSync("examples/power9.json", "utf8")) as MachineDescription;
  const peers = (policy: Policy, change: Partial<SystemDescription> = {}) =>
    new PeerDma(Topology.of({ ...machine, systems: [{ ...machine.systems[0]!, ...change }] }), policy);
  const OFFSET = {
    what: "the offset that host bridges of POWER put to DMA addresses",
    where: "the platform's firmware",
  };

  test.each(["off", "passthrough"] as const)("through a host bridge are not known, IOMMU %s", (iommu) => {
    const across = peers(policyNamed("power9+load+store"), { iommu });
    expect(asked(across, "nvme2", 0x600c_0004_0000_0n, 4096n)).toMatchObject({
      ok: true,
      route: "through-host-bridge",
      dmaAddress: null,
      translation: "unknown",
      missing: [OFFSET],
    });
    const ram = peers(linux("6.12"), {
      iommu,
      ranges: [{ kind: "system-ram", start: "0x10000000", size: 0x1000_0000 }],
    });
    expect(asked(ram, "nvme2", 0x1000_0000n, 4096n)).toMatchObject({ ok: true, dmaAddress: null, missing: [OFFSET] });
    // Nor where only its root ports tell what machine it is.
    const { cpu: _, ...unnamed } = { ...machine.systems[0]!, iommu };
    const untold = new PeerDma(Topology.of({ peerlane: 1, systems: [unnamed] }), policyNamed("power9+load+store"));
    expect(asked(untold, "nvme2", 0x600c_0004_0000_0n, 4096n)).toMatchObject({ ok: true, dmaAddress: null });
  });

  test("below a switch are the window's own", () => {
    const peerDma = peers(linux("6.12"), { iommu: "passthrough" });
    expect(asked(peerDma, "nvme0", 0x600c_0004_0000_0n, 4096n)).toMatchObject({
      ok: true,
      route: "bus-address",
      dmaAddress: 0x8040_0000n,
    });
  });
});
