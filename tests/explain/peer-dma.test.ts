import { describe, expect, test } from "vitest";
import { PeerDma, UNKNOWN_DISTANCE } from "../../src/explain/peer-dma.js";
import { ROUTES } from "../../src/explain/ruling.js";
import { linux } from "../../src/policy/linux.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { acs, BDF, machineT, type Change, type HostKind } from "../vectors/machine.js";

function peers(
  kind: HostKind = "N",
  change: Change = {},
  system: Partial<SystemDescription> = {},
  release = "6.1",
): PeerDma {
  return new PeerDma(Topology.of(machineT(kind, change, system)), linux(release));
}

/** T without some fields of the system. */
function lacking(fields: readonly (keyof SystemDescription)[], kind: HostKind = "N", change: Change = {}): PeerDma {
  const [system] = machineT(kind, change).systems as [SystemDescription];
  const rest = Object.fromEntries(
    Object.entries(system).filter(([name]) => !fields.includes(name as keyof SystemDescription)),
  );
  return new PeerDma(Topology.of({ peerlane: 1, systems: [rest as unknown as SystemDescription] }), linux("6.1"));
}

/** What `can` says is missing. */
function missing(verdict: ReturnType<PeerDma["can"]>): string[] {
  return verdict.answer === "no" ? [] : verdict.missing.map(({ what }) => what);
}

const unreadable = { acs: undefined } as unknown as Partial<FunctionDescription>;

describe("can", () => {
  test("names the common bridge and both ends", () => {
    expect(peers().can("03:00.0", "04:00.0")).toMatchObject({
      provider: BDF.A,
      client: BDF.B,
      common: BDF.US,
      distance: 4,
      culprits: [],
      hints: [],
    });
    expect(peers().can("03:00.0", "05:00.0").common).toBeNull();
  });

  test("names the host bridges that refuse, and the register bits of a redirect", () => {
    const refused = peers().can(BDF.A, BDF.D);
    expect(refused.culprits.map(({ bdf, what }) => [bdf, what])).toEqual([
      [BDF.H0, "host bridge 8086:1234 is not in the list of Linux 6.1"],
      [BDF.H1, "host bridge 8086:1234 is not in the list of Linux 6.1"],
    ]);
    const redirected = peers("N", { DSP0: acs(0x2d) }).can(BDF.A, BDF.B);
    expect(redirected).toMatchObject({ answer: "no", code: "ACS_REDIRECT" });
    expect(redirected.culprits).toEqual([
      {
        bdf: BDF.DSP0,
        what: "ACS redirects peer-to-peer requests upstream (control 0x002d)",
        bits: ["RR", "CR", "EC"],
      },
    ]);
  });

  test("is unknown where ACS cannot be read, and says whose", () => {
    const verdict = peers("N", { DSP0: unreadable, US: unreadable }).can(BDF.A, BDF.B);
    expect(verdict).toMatchObject({ answer: "unknown", code: "ACS_UNREADABLE" });
    expect(missing(verdict)).toEqual([`the ACS control word of ${BDF.DSP0}`, `the ACS control word of ${BDF.US}`]);
  });

  test("stays yes by an unknown route where the host bridge takes the redirected", () => {
    for (const kind of ["S", "L", "Z"] as const) {
      const verdict = peers(kind, { DSP0: unreadable }).can(BDF.A, BDF.B);
      expect(verdict).toMatchObject({ answer: "yes", route: "unknown" });
      expect(missing(verdict)).toEqual([`the ACS control word of ${BDF.DSP0}`]);
    }
  });

  test("is unknown where the CPU is, and asks for it", () => {
    const verdict = lacking(["cpu"]).can(BDF.A, BDF.C);
    expect(verdict).toMatchObject({ answer: "unknown", code: "HOST_BRIDGE_UNKNOWN" });
    expect(missing(verdict)).toEqual(["CPU vendor and family"]);
  });

  test("is unknown where nothing shows the place of one of both, and asks for the bridge", () => {
    const lost = { D: { parent: undefined }, RP3: { bus: undefined } } as unknown as Change;
    const verdict = peers("L", lost).can(BDF.A, BDF.D);
    expect(verdict).toMatchObject({ answer: "unknown", code: "PARENT_UNKNOWN", distance: null, common: "unknown" });
    expect(missing(verdict)).toContain("the bridge above bus 0000:81");
  });

  test("does not blame a redirect above what may be the common bridge", () => {
    // Should D hang below DSP0, RP1 would be above the common bridge.
    const lost = { D: { parent: undefined }, RP3: { bus: undefined }, RP1: acs(0x1d) } as unknown as Change;
    expect(peers("N", lost).can(BDF.A, BDF.D).answer).toBe("unknown");
    expect(
      peers("N", { ...lost, D: { parent: undefined, ...acs(0x04) } } as unknown as Change).can(BDF.A, BDF.D).answer,
    ).toBe("no");
  });

  test("refuses different systems", () => {
    const systems = ["left", "right"].map((name) => ({ ...machineT("Z").systems[0]!, name }));
    const fabric = new PeerDma(Topology.of({ peerlane: 1, systems }), linux("6.1"));
    expect(fabric.can("left/03:00.0", "right/03:00.0")).toMatchObject({
      answer: "no",
      code: "DIFFERENT_SYSTEM",
      common: null,
    });
    expect(fabric.can("left/03:00.0", "left/04:00.0").answer).toBe("yes");
  });

  test("throws for a host bridge, a direction or a name that is none", () => {
    expect(() => peers().can("0000:00", BDF.A)).toThrow("expected a function, got the host bridge 0000:00");
    expect(() => peers().can(BDF.A, BDF.B, "sideways" as "read")).toThrow(
      "expected a direction (read, write, both), got sideways",
    );
    expect(() => peers().can(BDF.A, "0000:ff:00.0")).toThrow('nothing is named "0000:ff:00.0"');
  });
});

describe("memory of a provider", () => {
  const memory = (change: Change, provider: keyof typeof BDF = "A", client: keyof typeof BDF = "B") =>
    peers("L", change).can(BDF[provider], BDF[client]).memory;

  test("is ok, off, unassigned, none or unknown", () => {
    expect(memory({})).toBe("ok");
    expect(memory({ A: { command: 0 } })).toBe("off");
    expect(memory({ A: { powerState: "D3hot" } })).toBe("off");
    expect(memory({ A: { bars: [{ index: 0, type: "mem32", start: null, size: 0x1000 }] } })).toBe("unassigned");
    expect(memory({ A: { bars: [{ index: 0, type: "io", start: "0x1000", size: 0x100 }] } })).toBe("none");
    expect(memory({ A: { command: undefined } } as unknown as Change)).toBe("unknown");
    expect(memory({ A: { bars: undefined } } as unknown as Change)).toBe("unknown");
  });

  test("counts bridges from where the request turns downward", () => {
    expect(memory({ US: { command: 0 } })).toBe("ok");
    expect(memory({ DSP0: { command: 0 } })).toBe("off");
    expect(memory({ US: { command: 0 } }, "A", "C")).toBe("off");
    expect(memory({ US: { command: 0 }, DSP1: acs(0x04) })).toBe("off");
    expect(memory({ US: { command: 0 }, DSP1: unreadable })).toBe("unknown");
  });
});

describe("map", () => {
  const B = 0xf900_0000n;

  test("is unknown where the route is: one address is asked for", () => {
    const mapping = peers("L", { DSP0: unreadable }).map(BDF.A, B, 1);
    expect(mapping).toMatchObject({ ok: false, route: "unknown", code: "ACS_UNREADABLE" });
    expect(mapping.missing.map(({ what }) => what)).toEqual([`the ACS control word of ${BDF.DSP0}`]);
  });

  test("says what is missing where the DMA address is not known", () => {
    const through = lacking(["iommu"], "L").map(BDF.C, B, 1);
    expect(through).toMatchObject({ ok: true, route: "through-host-bridge", dmaAddress: null, translation: "unknown" });
    expect(through.missing.map(({ what }) => what)).toEqual(["whether an IOMMU translates"]);
    const onBus = lacking(["hostBridges"]).map(BDF.A, B, 1);
    expect(onBus).toMatchObject({ ok: true, route: "bus-address", dmaAddress: null, translation: "unknown" });
    expect(onBus.missing.map(({ what }) => what)).toEqual([`the PCI bus address of ${BDF.B}`]);
  });

  test("does not promise an address that a narrow initiator may not be able to drive", () => {
    const narrow = { C: { dmaMaskBits: 31 }, A: { dmaMaskBits: 31 } };
    const through = lacking(["iommu"], "L", narrow).map(BDF.C, B, 1);
    expect(through).toMatchObject({ ok: false, route: "unknown", code: "DMA_MASK_UNKNOWN" });
    const onBus = lacking(["hostBridges"], "N", narrow).map(BDF.A, B, 1);
    expect(onBus).toMatchObject({ ok: false, route: "unknown", code: "DMA_MASK_UNKNOWN" });
    expect(lacking(["iommu"], "L", { C: { dmaMaskBits: 32 } }).map(BDF.C, B, 1)).toMatchObject({ ok: true });
    expect(lacking(["hostBridges"], "N", { A: { dmaMaskBits: 64 } }).map(BDF.A, B, 1)).toMatchObject({ ok: true });
  });

  test("lets the last address that an initiator drives pass, and not the next", () => {
    const to = (bits: number, address: bigint, size: bigint) =>
      peers("L", { C: { dmaMaskBits: bits } }).map(BDF.C, address, size).ok;
    expect(to(32, 0xf9ff_ffffn, 1n)).toBe(true);
    expect(to(31, 0xf900_0000n, 1n)).toBe(false);
    expect(to(1, 0xf900_0000n, 1n)).toBe(false);
    // Whatever is beyond the 64 bits of an address drives all of them, and is not cut down to a byte.
    for (const bits of [64, 65, 255, 256, 257, 1e300]) expect(to(bits, 0xf9ff_ffffn, 1n)).toBe(true);
    expect(peers("L", { C: { dmaMaskBits: 31 } }).map(BDF.C, 0x7fef_ffffn, 1n)).toMatchObject({
      ok: true,
      route: "system-memory",
    });
  });

  test("names the bridge above the owner that does not decode, where the request passes it", () => {
    const off = { RP1: { command: 0x4 } };
    expect(peers("L", off).map(BDF.A, B, 1)).toMatchObject({ ok: true, route: "bus-address" });
    const through = peers("L", off).map(BDF.C, B, 1);
    expect(through).toMatchObject({
      ok: false,
      code: "MEMORY_DECODE_OFF",
      culprits: [{ bdf: BDF.RP1, bits: ["Mem"] }],
    });
  });

  test("through an unknown root is in doubt: what is above may not decode", () => {
    const lost = { C: { parent: undefined }, C1: { parent: undefined, ...acs(0x04) }, RP2: { bus: undefined } };
    const mapping = peers("Z", lost as unknown as Change).map(BDF.C1, 0xfe50_0000n, 1);
    expect(mapping).toMatchObject({ ok: false, route: "unknown", code: "MEMORY_DECODE_UNKNOWN" });
    expect(mapping.missing.map(({ what }) => what)).toEqual(["the bridge above bus 0000:05"]);
  });

  test("refuses a virtual function's memory by its physical function's registers", () => {
    const sriov = { control: 0x1, totalVfs: 4, numVfs: 2, firstOffset: 0x100, stride: 1 };
    const mapping = peers("N", { C: { sriov } }).map(BDF.C, 0xfe40_8000n, 1);
    expect(mapping).toMatchObject({
      ok: false,
      code: "MEMORY_DECODE_OFF",
      culprits: [{ bdf: BDF.C, bits: ["VF MSE"] }],
    });
  });

  test("leaves platform devices open", () => {
    const platformDevices = [{ name: "9000000.pl011", regions: [{ start: "0x9000000", size: 0x1000 }] }] as const;
    const [system] = machineT("L").systems as [SystemDescription];
    const arm = new PeerDma(
      Topology.of({ peerlane: 1, systems: [{ ...system, ranges: [], platformDevices }] }),
      linux("6.1"),
    );
    expect(arm.map(BDF.A, 0x900_0000n, 4)).toMatchObject({
      ok: false,
      route: "unknown",
      code: "PLATFORM_OWNER",
      owner: { name: "9000000.pl011", kind: "platform", id: null },
    });
  });

  test("tells nobody's address, a description without addresses, and one that is not whole", () => {
    expect(peers().map(BDF.A, 0x1_0000_0000n, 1)).toMatchObject({ ok: false, code: "NO_OWNER" });
    expect(lacking(["complete", "allAddresses"]).map(BDF.A, 0x1_0000_0000n, 1)).toMatchObject({
      ok: false,
      code: "OWNER_UNKNOWN",
    });
    const bare = new PeerDma(
      Topology.of({ peerlane: 1, systems: [{ functions: [{ bdf: "0000:00:01.0" }] }] }),
      linux("6.1"),
    );
    expect(bare.map("00:01.0", 0n, 1)).toMatchObject({ ok: false, route: "unknown", code: "NO_ADDRESSES" });
  });

  test("is in doubt where others claim a part of the range, not only its first byte", () => {
    const bars = (start: `0x${string}`) => ({ bars: [{ index: 0, type: "mem32", start, size: 0x2000 }] }) as const;
    const overlapping = peers("N", { A: bars("0xf8000000"), A1: bars("0xf8001000"), B: { bars: [] } });
    expect(overlapping.map(BDF.B, 0xf800_0000n, 0x1000)).toMatchObject({ ok: true, owner: { name: BDF.A } });
    expect(overlapping.map(BDF.B, 0xf800_0000n, 0x1001)).toMatchObject({ ok: false, code: "OWNER_AMBIGUOUS" });
    expect(overlapping.map(BDF.B, 0xf800_1000n, 1)).toMatchObject({ ok: false, code: "OWNER_AMBIGUOUS" });
    expect(overlapping.map(BDF.B, 0xf800_2000n, 0x1001)).toMatchObject({ ok: false, code: "LEAVES_OWNER" });
  });

  test("throws for a range that is none", () => {
    const wrong = (address: bigint, size: bigint | number) => () => peers().map(BDF.A, address, size);
    expect(wrong(0n, 0)).toThrow("expected a size of at least 1 byte and less than 2^64, got 0");
    expect(wrong(-1n, 1)).toThrow(RangeError);
    expect(wrong(0n, -1n)).toThrow(RangeError);
    expect(wrong((1n << 64n) - 1n, 2)).toThrow(RangeError);
    expect(wrong(0n, 1.5)).toThrow("expected the size as a whole number of bytes, got 1.5");
    expect(wrong(0n, 2 ** 53)).toThrow(RangeError);
    expect(wrong(5 as unknown as bigint, 1)).toThrow(TypeError);
    expect(peers().map(BDF.A, (1n << 64n) - 1n, 1)).toMatchObject({ code: "NO_OWNER" });
  });
});

describe("matrix", () => {
  test("is what can() says of every pair, both ways and on the diagonal", () => {
    const names = Object.values(BDF);
    for (const [kind, change] of [
      ["N", {}],
      ["S", { DSP0: acs(0x1d), US: unreadable }],
      ["Z", { RP2: acs(0x04) }],
    ] as const) {
      const asked = peers(kind, change as Change);
      const { ids, distance, route } = asked.matrix(names);
      names.forEach((provider, row) => {
        names.forEach((client, column) => {
          const verdict = asked.can(provider, client);
          const at = row * ids.length + column;
          expect(ROUTES[route[at]!]).toBe(verdict.route);
          const hops = verdict.answer === "no" ? -1 : verdict.answer === "yes" ? verdict.distance : UNKNOWN_DISTANCE;
          expect(distance[at]).toBe(hops);
        });
      });
    }
  });

  test("leaves a distance of 5.2 open where the route is", () => {
    const zen = { H0: { vendor: "1022", device: "1450" } };
    const distance = (change: Change) => peers("N", { ...zen, ...change }, {}, "5.2").distanceMany(BDF.A, [BDF.C]);
    expect(distance({})).toBe(0x1006);
    expect(lacking(["iommu"], "N", zen).policy.throughHostDistance).toBe(0);
    expect(
      peers("N", zen, { iommu: undefined } as unknown as Partial<SystemDescription>, "5.2").distanceMany(BDF.A, [
        BDF.C,
      ]),
    ).toBeNull();
  });

  test("sums to unknown where one is unknown, to -1 where one is refused", () => {
    const asked = peers("N", { DSP1: unreadable });
    expect(asked.distanceMany(BDF.A, [BDF.A1, BDF.B])).toBeNull();
    expect(asked.distanceMany(BDF.A, [BDF.B, BDF.C])).toBe(-1);
  });
});
