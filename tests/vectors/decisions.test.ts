import { describe, expect, test } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import type { SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { acs, BDF, HOST_KINDS, machineT, without, type Change, type HostKind, type Letter } from "./machine.js";

// linux-p2pdma.md, section H: what the functions of Linux 6.1.192 returned. B: bus address, T: through the host
// bridge, X: not supported (distance -1); one letter for all kinds of host bridge, or one each for N S L Z.

type Row = readonly [row: string, pair: string, change: Change, distance: number, types: string];

const ROWS: readonly Row[] = [
  ["V1 same function", "A,A", {}, 0, "B"],
  ["V2 common DSP0", "A,A1", {}, 2, "B"],
  ["V3 common US", "A,B", {}, 4, "B"],
  ["V4 nested switch", "A,E", {}, 6, "B"],
  ["V5 no common", "A,C", {}, 6, "XTTT"],
  ["V6 symmetric", "C,A", {}, 6, "XTTT"],
  ["V7 SAME row refuses two hosts", "C,D", {}, 4, "XXTT"],
  ["V8 two hosts", "A,D", {}, 6, "XXTT"],
  ["V9 root bus peers are not common", "I1,I2", {}, 2, "XTTT"],
  ["V10 RCiEP and endpoint", "I1,C", {}, 3, "XTTT"],
  ["V11 root ports", "RP1,RP2", {}, 2, "XTTT"],
  ["V12 ancestor", "A,RP1", {}, 3, "B"],
  ["V13 upstream port", "A,US", {}, 2, "B"],
  ["V14 RR on the provider's side", "A,B", { DSP0: acs(0x04) }, 4, "XTTT"],
  ["V15 RR on the client's side", "B,A", { DSP0: acs(0x04) }, 4, "XTTT"],
  ["V16 the common node counts", "A,A1", { DSP0: acs(0x04) }, 2, "XTTT"],
  ["V17 SV and UF are ignored", "A,B", { DSP0: acs(0x11) }, 4, "B"],
  ["V18 EC counts", "A,B", { DSP0: acs(0x20) }, 4, "XTTT"],
  ["V19 DT is ignored", "A,B", { DSP0: acs(0x40) }, 4, "B"],
  ["V19 TB is ignored", "A,B", { DSP0: acs(0x02) }, 4, "B"],
  ["V20 above the common node", "A,B", { RP1: acs(0x1d) }, 4, "B"],
  ["V21 the ancestor redirects", "A,RP1", { RP1: acs(0x1d) }, 3, "XTTT"],
  ["V21 the ancestor redirects, turned round", "RP1,A", { RP1: acs(0x1d) }, 3, "XTTT"],
  ["V22 the common upstream port", "A,B", { US: acs(0x04) }, 4, "XTTT"],
  ["V23 redirects itself", "A,A", { A: acs(0x04) }, 0, "XTTT"],
  ["V24 the endpoint counts", "A,B", { A: acs(0x04) }, 4, "XTTT"],
  ["V24 the endpoint counts, turned round", "B,A", { A: acs(0x04) }, 4, "XTTT"],
  ["V25 two functions of a device", "C,C1", {}, 2, "B"],
  ["V26 the default with IOMMU", "C,C1", { RP2: acs(0x1d) }, 2, "XTTT"],
  ["V27 VF and its PF", "C,V", {}, 2, "B"],
  ["V27 two VFs", "V,V2", {}, 2, "B"],
  ["V28 conventional bus", "P,Q", {}, 2, "B"],
];

const NAMES = { B: "bus-address", T: "through-host-bridge", X: "not-supported" } as const;

describe.each(["simd", "scalar"] as const)("section H on the %s build", (build) => {
  for (const [row, pair, change, distance, types] of ROWS) {
    test(`${row}: ${pair}`, () => {
      const [provider, client] = pair.split(",").map((letter) => BDF[letter as Letter]) as [string, string];
      const kinds = Object.keys(HOST_KINDS) as HostKind[];
      kinds.forEach((kind, index) => {
        const type = NAMES[(types.length === 1 ? types : types[index]) as keyof typeof NAMES];
        const peers = new PeerDma(Topology.of(machineT(kind, change), { build }), linux("6.1"));
        const verdict = peers.can(provider, client);
        const route = type === "bus-address" && provider === client ? "local" : type;
        expect([kind, verdict.route, verdict.distance]).toEqual([kind, route, distance]);
        expect(verdict.answer).toBe(type === "not-supported" ? "no" : "yes");
        const { distance: column } = peers.matrix([provider, client]);
        expect(column[1]).toBe(type === "not-supported" ? -1 : distance);
      });
    });
  }
});

function peers(kind: HostKind, release = "6.1", change: Change = {}, system = {}): PeerDma {
  return new PeerDma(Topology.of(machineT(kind, change, system)), linux(release));
}

describe("distance to many", () => {
  test("V29 many(A;{A,B,B}) is 8: a sum in which duplicates count", () => {
    for (const kind of ["N", "S", "L", "Z"] as const) {
      expect(peers(kind).distanceMany(BDF.A, [BDF.A, BDF.B, BDF.B])).toBe(8);
    }
  });

  test("V29 many(A;{B,C}) is -1 on N and 10 on S, L and Z", () => {
    const each = (["N", "S", "L", "Z"] as const).map((kind) => peers(kind).distanceMany(BDF.A, [BDF.B, BDF.C]));
    expect(each).toEqual([-1, 10, 10, 10]);
  });

  test("V30 many(A;{child device of B, A}) is 4: what hangs below a function stands for it", () => {
    expect(peers("N", "6.1", { B: { names: ["nvme0"] } }).distanceMany(BDF.A, ["nvme0", BDF.A])).toBe(4);
  });

  test("V30 no clients, or one outside PCI, is -1", () => {
    const platformDevices = [{ name: "9000000.pl011", regions: [] }];
    expect(peers("Z").distanceMany(BDF.A, [])).toBe(-1);
    expect(peers("Z", "6.1", {}, { platformDevices }).distanceMany(BDF.A, [BDF.A, "9000000.pl011"])).toBe(-1);
  });
});

describe("host identification and CPU", () => {
  test("V31 A,C on AMD family 16h and on Hygon 18h, host N, is refused", () => {
    for (const cpu of [
      { architecture: "x86", vendor: "AuthenticAMD", family: 0x16 },
      { architecture: "x86", vendor: "HygonGenuine", family: 0x18 },
    ]) {
      const verdict = peers("N", "6.1", {}, { cpu }).can(BDF.A, BDF.C);
      expect(verdict).toMatchObject({ answer: "no", code: "HOST_BRIDGE_NOT_ALLOWED", distance: 6 });
    }
  });

  /** T without host bridge functions, `first` with 8086:2030 at the head of the list. */
  const headedBy = (first: Letter) => {
    const machine = without(machineT("N", { [first]: { vendor: "8086", device: "2030" } }), ["H0", "H1"]);
    const [system] = machine.systems as [SystemDescription];
    const functions = [...system.functions].sort((a, b) => Number(b.bdf === BDF[first]) - Number(a.bdf === BDF[first]));
    return new PeerDma(Topology.of({ ...machine, systems: [{ ...system, functions }] }), linux("6.1"));
  };

  test("V32 without 00.0 the first root port identifies the host bridge: 8086:2030 lets A,C through", () => {
    expect(headedBy("RP1").can(BDF.A, BDF.C)).toMatchObject({
      answer: "yes",
      route: "through-host-bridge",
      distance: 6,
    });
  });

  test("V32 without 00.0 a first RCiEP identifies nothing: refused", () => {
    expect(headedBy("I1").can(BDF.A, BDF.C)).toMatchObject({ answer: "no", code: "HOST_BRIDGE_NOT_ALLOWED" });
  });
});

describe("older kernels", () => {
  test("V33 4.20: A,C is refused under any host bridge", () => {
    for (const kind of ["N", "S", "L", "Z"] as const) {
      expect(peers(kind, "4.20").can(BDF.A, BDF.C)).toMatchObject({ answer: "no", code: "HOST_BRIDGE_NOT_ALLOWED" });
    }
  });

  test("V34 4.20 to 5.3: row 14 is refused for ACS alone", () => {
    for (const release of ["4.20", "5.0", "5.1", "5.2", "5.3"]) {
      for (const kind of ["N", "S", "L", "Z"] as const) {
        const verdict = peers(kind, release, { DSP0: acs(0x04) }).can(BDF.A, BDF.B);
        expect(verdict).toMatchObject({ answer: "no", code: "ACS_REDIRECT" });
      }
    }
    expect(peers("L", "6.1", { DSP0: acs(0x04) }).can(BDF.A, BDF.B).answer).toBe("yes");
  });

  test("V35 5.2 and 5.3 without IOMMU under 1022:1450: A,C is 0x1006, with an IOMMU -1", () => {
    const zen = { H0: { vendor: "1022", device: "1450" }, H1: { vendor: "1022", device: "1450" } };
    for (const release of ["5.2", "5.3"]) {
      const distance = (iommu: string) => peers("N", release, zen, { iommu }).distanceMany(BDF.A, [BDF.C]);
      expect([distance("off"), distance("translating"), distance("passthrough")]).toEqual([0x1006, -1, -1]);
    }
    expect(peers("N", "5.4", zen).distanceMany(BDF.A, [BDF.C])).toBe(6);
  });
});

describe("names in the kernel's order", () => {
  const culprits = (change: Change, provider: Letter, client: Letter) =>
    peers("N", "6.1", change)
      .can(BDF[provider], BDF[client])
      .culprits.map(({ bdf }) => bdf);

  test("V14 and V15 name 0000:02:00.0", () => {
    expect(culprits({ DSP0: acs(0x04) }, "A", "B")).toEqual([BDF.DSP0]);
    expect(culprits({ DSP0: acs(0x04) }, "B", "A")).toEqual([BDF.DSP0]);
  });

  test("with RR on both downstream ports the provider's side comes first", () => {
    const both = { DSP0: acs(0x04), DSP1: acs(0x04) };
    expect(culprits(both, "A", "B")).toEqual([BDF.DSP0, BDF.DSP1]);
    expect(culprits(both, "B", "A")).toEqual([BDF.DSP1, BDF.DSP0]);
    const hints = peers("N", "6.1", both)
      .can(BDF.A, BDF.B)
      .hints.map(({ parameter }) => parameter);
    expect(hints).toEqual([`pci=disable_acs_redir=${BDF.DSP0};${BDF.DSP1}`]);
  });

  test("the common node closes the provider's side", () => {
    const all = { A: acs(0x08), DSP0: acs(0x04), US: acs(0x20), DSP1: acs(0x04), B: acs(0x08), RP1: acs(0x1d) };
    expect(culprits(all, "A", "B")).toEqual([BDF.A, BDF.DSP0, BDF.US, BDF.B, BDF.DSP1]);
  });
});
