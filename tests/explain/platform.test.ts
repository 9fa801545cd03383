import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CODE_NUMBERS,
  DIRECTIONS,
  linux,
  NO_ADDRESS,
  NO_DISTANCE,
  PeerDma,
  ROUTES,
  Topology,
  TRANSLATIONS,
  type Mapping,
  type Policy,
} from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { readJson } from "../../src/readers/json.js";
import type {
  FunctionDescription,
  HostBridgeDescription,
  IommuMode,
  PlatformDeviceDescription,
  SystemDescription,
} from "../../src/topology/description.js";
import { captureFile } from "../readers/fixtures.js";
import { expectLess, expectLessOfMapping } from "../reference/less.js";

const text = readFileSync(new URL("../../examples/arm-soc.json", import.meta.url), "utf8");
const [SOC] = readJson(text, "arm-soc.json").systems as [SystemDescription];

const DMA = "8000000.dma-controller";
const SERIAL = "9000000.serial";
const CRYPTO = "9100000.crypto";
const SPI = "a000000.spi";
const NVME = "0000:01:00.0";
const PORT = "0000:00:00.0";
const NIC = "0001:01:00.0";

type Change<T> = { readonly [Name in string]?: Partial<T> };

interface Changes {
  readonly functions?: Change<FunctionDescription>;
  readonly devices?: Change<PlatformDeviceDescription>;
  readonly hostBridges?: Change<HostBridgeDescription>;
  readonly system?: Partial<SystemDescription>;
}

/** The SoC of the example, with fields changed; those that become undefined are not known. */
function soc({ functions = {}, devices = {}, hostBridges = {}, system = {} }: Changes = {}): SystemDescription {
  return {
    ...SOC,
    functions: SOC.functions.map((each) => ({ ...each, ...functions[each.bdf] })),
    platformDevices: SOC.platformDevices!.map((each) => ({ ...each, ...devices[each.name] })),
    hostBridges: SOC.hostBridges!.map((each) => ({ ...each, ...hostBridges[each.root] })),
    ...system,
  };
}

function peers(system: SystemDescription, policy: Policy = linux("6.12")): PeerDma {
  return new PeerDma(Topology.of({ peerlane: 1, systems: [system] }), policy);
}

/** What a mapping comes to, in a line. */
function said(mapping: Mapping): string {
  if (!mapping.ok) return `${mapping.route} ${mapping.code}`;
  const { route, translation, dmaAddress, address } = mapping;
  return `${route} ${translation}${dmaAddress === null ? "" : dmaAddress === address ? " identity" : " elsewhere"}`;
}

const MODES: readonly (IommuMode | undefined)[] = ["off", "passthrough", "translating", undefined];

/** What becomes of the CPU physical address where it passes the IOMMU, by mode. */
const TRANSLATED: Readonly<Record<string, string>> = {
  off: "none identity",
  passthrough: "none identity",
  translating: "iommu",
  undefined: "unknown",
};

/** Owners by an address of theirs. */
const AT = {
  "the DMA controller": 0x800_0100n,
  "the UART": 0x900_0000n,
  "the crypto engine's FIFO": 0x910_1000n,
  "the SPI controller": 0xa00_0000n,
  "the drive's memory buffer": 0x4400_0000n,
  "the network card": 0x5000_0000n,
  RAM: 0x9000_0000n,
} as const;
type Place = keyof typeof AT;

/** `*`: with what the IOMMU makes of the address. Linux decides between functions, and is not asked here. */
const PAIRS: readonly (readonly [initiator: string, owner: Place, expected: string])[] = [
  [DMA, "the DMA controller", "local none identity"],
  [DMA, "the UART", "interconnect *"],
  [DMA, "the crypto engine's FIFO", "interconnect *"],
  [DMA, "the SPI controller", "interconnect *"],
  [DMA, "the drive's memory buffer", "through-host-bridge *"],
  [DMA, "the network card", "through-host-bridge *"],
  [DMA, "RAM", "system-memory *"],
  [CRYPTO, "the crypto engine's FIFO", "local none identity"],
  [CRYPTO, "the DMA controller", "interconnect *"],
  [CRYPTO, "RAM", "system-memory *"],
  // Below the host bridge with inbound windows.
  [NVME, "the DMA controller", "through-host-bridge *"],
  [NVME, "the UART", "through-host-bridge *"],
  [NVME, "the crypto engine's FIFO", "through-host-bridge *"],
  [NVME, "the SPI controller", "not-supported NO_INBOUND_WINDOW"],
  [NVME, "the drive's memory buffer", "local none identity"],
  [NVME, "RAM", "system-memory *"],
  // Below the one that states none.
  [NIC, "the UART", "unknown PLATFORM_OWNER"],
  [NIC, "the SPI controller", "unknown PLATFORM_OWNER"],
  [NIC, "RAM", "system-memory *"],
];

describe.each(MODES)("with an IOMMU that is %s", (iommu) => {
  const peerDma = peers(soc({ system: { iommu } as Partial<SystemDescription> }));

  test.each(PAIRS)("%s asks for %s", (initiator, owner, expected) => {
    for (const direction of DIRECTIONS) {
      const mapping = peerDma.map(initiator, AT[owner], 64, direction);
      expect(said(mapping)).toBe(expected.replace("*", TRANSLATED[String(iommu)]!));
      if (mapping.ok && mapping.translation === "unknown") {
        expect(mapping.missing.map(({ what }) => what)).toEqual(["whether an IOMMU translates"]);
      }
    }
  });
});

describe("a mapping that begins or ends outside PCI", () => {
  test("names initiator and owner, and has neither hops nor a common bridge", () => {
    expect(peers(soc()).map(DMA, AT["the UART"], 4)).toEqual({
      ok: true,
      initiator: DMA,
      address: 0x900_0000n,
      size: 4n,
      owner: {
        kind: "platform",
        id: null,
        name: SERIAL,
        bar: null,
        start: 0x900_0000n,
        size: 0x1000n,
        offset: 0n,
        exported: null,
      },
      route: "interconnect",
      dmaAddress: 0x900_0000n,
      translation: "none",
      distance: null,
      common: null,
      culprits: [],
      hints: [],
      missing: [],
      link: null,
      pcie: null,
      linkAddress: null,
    });
    const toBar = peers(soc()).map(DMA, AT["the network card"], 4);
    // The CPU's address, not the bus address, which differs.
    expect(toBar).toMatchObject({ dmaAddress: 0x5000_0000n, owner: { name: NIC, bar: 0, exported: "driver" } });
    expect(toBar).toMatchObject({ distance: null, common: null });
  });

  test("needs the owner and every bridge above it to decode memory", () => {
    const off = (bdf: string, command: number | undefined) =>
      peers(soc({ functions: { [bdf]: { command } as Partial<FunctionDescription> } })).map(DMA, 0x4000_0000n, 4);
    expect(off(NVME, 4)).toMatchObject({ code: "MEMORY_DECODE_OFF", culprits: [{ bdf: NVME, bits: ["Mem"] }] });
    expect(off(PORT, 4)).toMatchObject({ code: "MEMORY_DECODE_OFF", culprits: [{ bdf: PORT, bits: ["Mem"] }] });
    expect(off(PORT, undefined)).toMatchObject({
      code: "MEMORY_DECODE_UNKNOWN",
      route: "unknown",
      missing: [{ what: `the Command register of ${PORT}` }],
    });
    expect(off("0001:00:00.0", 4)).toMatchObject({ ok: true });
  });

  test("does not ask ACS, which requests from the host bridge do not meet", () => {
    const acs = { capability: 0x5f, control: 0x1d };
    const redirecting = peers(soc({ functions: { [PORT]: { acs }, [NVME]: { acs } } }));
    expect(said(redirecting.map(DMA, 0x4000_0000n, 4))).toBe("through-host-bridge none identity");
  });

  test("is refused what the exporter withholds, but not to the exporter", () => {
    const peerDma = peers(soc());
    expect(said(peerDma.map(DMA, 0x910_0000n, 4))).toBe("not-supported WITHHELD");
    expect(said(peerDma.map(NVME, 0x910_0000n, 4))).toBe("not-supported WITHHELD");
    expect(said(peerDma.map(CRYPTO, 0x910_0000n, 4))).toBe("local none identity");
    const bars = [{ index: 0, start: "0x40000000", size: 0x1000, exported: "none" }] as const;
    expect(said(peers(soc({ functions: { [NVME]: { bars } } })).map(DMA, 0x4000_0000n, 4))).toBe(
      "not-supported WITHHELD",
    );
  });

  test("has to lie in one region", () => {
    const peerDma = peers(soc());
    expect(said(peerDma.map(DMA, 0x900_0ff0n, 0x10))).toBe("interconnect none identity");
    expect(said(peerDma.map(DMA, 0x900_0ff0n, 0x11))).toBe("not-supported LEAVES_OWNER");
    expect(said(peerDma.map(NVME, 0x900_0ff0n, 0x11))).toBe("not-supported LEAVES_OWNER");
  });

  test.each(["off", "translating", undefined] as const)("fits the initiator's DMA mask, IOMMU %s", (iommu) => {
    const high = { regions: [{ start: "0xfffffff000", size: 0x1000 }] } as const;
    const inbound = [{ start: "0x0", size: "0x10000000000" }] as const;
    const beyond = { off: "not-supported DMA_MASK", translating: "iommu", undefined: "unknown DMA_MASK_UNKNOWN" };
    const expected = (route: string) => {
      const text = beyond[String(iommu) as keyof typeof beyond];
      return text === "iommu" ? `${route} iommu` : text;
    };
    const mapped = (initiator: string, bits: number, address: bigint) => {
      const devices = { [SPI]: high, [SERIAL]: { dmaMaskBits: bits } };
      const functions = { [NVME]: { dmaMaskBits: bits } };
      const hostBridges = { "0000:00": { inbound } };
      const system = { iommu } as Partial<SystemDescription>;
      return said(peers(soc({ devices, functions, hostBridges, system })).map(initiator, address, 0x1000));
    };
    const known = TRANSLATED[String(iommu)]!;
    for (const [initiator, route] of [
      [SERIAL, "interconnect"],
      [NVME, "through-host-bridge"],
    ] as const) {
      expect(mapped(initiator, 39, 0xff_ffff_f000n)).toBe(expected(route));
      expect(mapped(initiator, 32, 0xff_ffff_f000n)).toBe(expected(route));
      expect(mapped(initiator, 27, 0x910_1000n)).toBe(expected(route));
      expect(mapped(initiator, 28, 0x910_1000n)).toBe(`${route} ${known}`);
      expect(mapped(initiator, 40, 0xff_ffff_f000n)).toBe(`${route} ${known}`);
      expect(mapped(initiator, 64, 0xff_ffff_f000n)).toBe(`${route} ${known}`);
    }
  });

  test("says how many bits are too few", () => {
    const low = peers(soc({ devices: { [SERIAL]: { dmaMaskBits: 31 } } })).map(SERIAL, AT.RAM, 4096);
    expect(low).toMatchObject({ ok: false, code: "DMA_MASK", owner: { kind: "system-ram" } });
    expect(!low.ok && low.message).toContain(`${SERIAL} drives 31 address bits, the last DMA address is 0x90000fff`);
  });

  test("names the host bridge that has no inbound window, and one that has", () => {
    const inbound = [{ start: "0xa000000", size: 0x1000 }] as const;
    const other = peers(soc({ hostBridges: { "0001:00": { inbound } } }));
    const refused = other.map(NVME, AT["the SPI controller"], 4);
    expect(refused).toMatchObject({ code: "NO_INBOUND_WINDOW", missing: [] });
    expect(refused.culprits).toEqual([
      { bdf: "0000:00", what: "no inbound window of the host bridge forwards requests to 0xa000000", bits: [] },
    ]);
    expect(refused.hints).toEqual([
      { text: "use an initiator below host bridge 0001:00, from where it is reached", parameter: null },
    ]);
    expect(other.map(NIC, AT["the SPI controller"], 4).ok).toBe(true);
    expect(peers(soc()).map(NVME, AT["the SPI controller"], 4).hints).toEqual([]);
  });

  test("is not known to reach past a host bridge that is not known", () => {
    const lost = soc({ functions: { [NVME]: { parent: undefined } as object } });
    const functions = lost.functions.filter(({ bdf }) => bdf !== PORT);
    expect(said(peers({ ...lost, functions }).map(NVME, AT["the UART"], 4))).toBe("unknown PLATFORM_OWNER");
  });

  test("asks nobody where nobody is known to own the address, as that of a function", async () => {
    const { machine } = await read([{ name: "arm", bytes: captureFile("arm64-virt-dt", "snapshot.tar.gz") }]);
    const [captured] = machine.systems as [SystemDescription];
    const { ranges: _, allAddresses: __, ...open } = captured;
    const { complete: ___, ...blurred } = open;
    const bare = { ...blurred, platformDevices: SOC.platformDevices!.map((each) => ({ ...each, regions: [] })) };
    const nowhere = { ...bare, functions: bare.functions.map(({ bars: _, windows: __, ...each }) => each) };
    const overlapping = soc({ functions: { [NIC]: { bars: SOC.functions[1]!.bars! } } });
    const codes = new Set<string>();
    for (const system of [captured, open, blurred, nowhere, soc(), overlapping]) {
      const peerDma = peers(system);
      const device = system.platformDevices!.at(-1)!.name;
      const starts = Array.from({ length: peerDma.topology.core.rangeCount }, (_, row) => {
        const { start, size } = peerDma.topology.core.range(row);
        return [start, start + size];
      });
      const function_ = system.functions.at(-1)!.bdf;
      for (const edge of [0x1000n, ...starts.flat()]) {
        for (const [address, size] of [
          [edge, 1n],
          [edge - 1n, 1n],
          [edge - 1n, 2n],
          [edge, 1n << 40n],
        ] as const) {
          if (address < 0n) continue;
          const [one, other] = [peerDma.map(device, address, size), peerDma.map(function_, address, size)];
          const undecided = (mapping: Mapping) => {
            return !mapping.ok && OWNERSHIP.includes(mapping.code) ? [mapping.code, mapping.missing] : null;
          };
          expect([address, size, undecided(one)]).toEqual([address, size, undecided(other)]);
          if (!one.ok) codes.add(one.code);
        }
      }
    }
    expect([...codes].sort()).toEqual(expect.arrayContaining(["LEAVES_OWNER", "NO_ADDRESSES", "NO_OWNER"]));
    expect([...codes].sort()).toEqual(expect.arrayContaining(["NOT_A_PROVIDER", "OWNER_AMBIGUOUS", "OWNER_UNKNOWN"]));
  });
});

/** What is said before anybody looks at who asks. */
const OWNERSHIP: readonly string[] = [
  "NO_OWNER",
  "NO_ADDRESSES",
  "OWNER_UNKNOWN",
  "OWNER_AMBIGUOUS",
  "LEAVES_OWNER",
  "NOT_A_PROVIDER",
  "VF_NOT_ENABLED",
];

describe("inbound windows", () => {
  const state = (inbound: HostBridgeDescription["inbound"], address: bigint, size: bigint) => {
    const hostBridges = { "0000:00": { inbound } as Partial<HostBridgeDescription> };
    const devices = { [SPI]: { regions: [{ start: "0xa000000", size: 0x4000 }] } } as const;
    return said(peers(soc({ hostBridges, devices })).map(NVME, address, size)).split(" ")[0];
  };

  test.each([
    ["none stated", undefined, 0xa00_0000n, 0x1000n, "unknown"],
    ["none at all", [], 0xa00_0000n, 0x1000n, "not-supported"],
    ["one of no bytes", [{ start: "0xa000000", size: 0 }], 0xa00_0000n, 1n, "not-supported"],
    ["around it", [{ start: "0x0", size: 0x1000_0000 }], 0xa00_0000n, 0x4000n, "through-host-bridge"],
    ["exactly it", [{ start: "0xa000000", size: 0x4000 }], 0xa00_0000n, 0x4000n, "through-host-bridge"],
    ["a byte short at its end", [{ start: "0xa000000", size: 0x3fff }], 0xa00_0000n, 0x4000n, "not-supported"],
    ["a byte late", [{ start: "0xa000001", size: 0x4000 }], 0xa00_0000n, 0x4000n, "not-supported"],
    ["the part asked for", [{ start: "0xa001000", size: 0x1000 }], 0xa00_1000n, 0x1000n, "through-host-bridge"],
    [
      "two that touch, in any order",
      [
        { start: "0xa002000", size: 0x2000 },
        { start: "0xa000000", size: 0x2000 },
      ],
      0xa00_0000n,
      0x4000n,
      "through-host-bridge",
    ],
    [
      "two with a gap",
      [
        { start: "0xa000000", size: 0x1fff },
        { start: "0xa002000", size: 0x2000 },
      ],
      0xa00_0000n,
      0x4000n,
      "not-supported",
    ],
    [
      "one inside another",
      [
        { start: "0xa000000", size: 0x4000 },
        { start: "0xa001000", size: 0x1000 },
      ],
      0xa00_0000n,
      0x4000n,
      "through-host-bridge",
    ],
  ] as const)("%s", (_, inbound, address, size, expected) => {
    expect(state(inbound, address, size)).toBe(expected);
  });

  test("that cannot be are refused with the host bridge", () => {
    const broken = (inbound: HostBridgeDescription["inbound"]) => () =>
      peers(soc({ hostBridges: { "0000:00": { inbound } as Partial<HostBridgeDescription> } }));
    expect(broken([{ start: "0xffffffffffffffff", size: 2 }])).toThrow(
      "host bridge 0000:00, inbound window: 2 bytes at 0xffffffffffffffff end beyond 2^64",
    );
    expect(broken([{ start: "0xg" as `0x${string}`, size: 2 }])).toThrow(
      'host bridge 0000:00, inbound window: expected an address or size such as "0xf9000000", got "0xg"',
    );
  });
});

describe("the stance of a policy", () => {
  const asked: object[] = [];
  const stance = (platform: NonNullable<Policy["platform"]>): Policy => ({ ...linux("6.12"), platform });

  test("is asked with initiator, owner, direction and the inbound windows, for each completion", () => {
    const peerDma = peers(
      soc(),
      stance((question) => {
        asked.push(question);
        return "allowed";
      }),
    );
    const about = (initiator: string, owner: Place, direction: "read" | "write" | "both") => {
      asked.length = 0;
      peerDma.map(initiator, AT[owner], 4, direction);
      return [...asked];
    };
    const inside = { initiator: "platform", inbound: "open" };
    expect(about(DMA, "the UART", "read")).toEqual([{ ...inside, owner: "platform", direction: "read" }]);
    expect(about(DMA, "the network card", "write")).toEqual([{ ...inside, owner: "pci", direction: "write" }]);
    const fromPci = { initiator: "pci", owner: "platform" };
    expect(about(NVME, "the UART", "both")).toEqual([
      { ...fromPci, inbound: "open", direction: "read" },
      { ...fromPci, inbound: "open", direction: "write" },
    ]);
    expect(about(NVME, "the SPI controller", "read")).toEqual([{ ...fromPci, inbound: "closed", direction: "read" }]);
    expect(about(NIC, "the UART", "read")).toEqual([
      { ...fromPci, inbound: "open", direction: "read" },
      { ...fromPci, inbound: "closed", direction: "read" },
    ]);
    // What is the device's own, or memory, is not the policy's business.
    expect([about(DMA, "the DMA controller", "both"), about(DMA, "RAM", "both")]).toEqual([[], []]);
  });

  test.each([
    ["refuses everything", () => "policy-refused", "read", ["no", "no", "no", "no"], "PLATFORM_REFUSED"],
    ["allows everything", () => "allowed", "read", ["yes", "yes", "yes", "yes"], null],
    [
      "refuses writes, which asking for both then is",
      ({ direction }) => (direction === "write" ? "policy-refused" : "allowed"),
      "both",
      ["no", "no", "no", "no"],
      "PLATFORM_REFUSED",
    ],
    [
      "refuses writes, which reads are not",
      ({ direction }) => (direction === "write" ? "policy-refused" : "allowed"),
      "read",
      ["yes", "yes", "yes", "yes"],
      null,
    ],
    [
      "refuses for one reason or another, which is a refusal",
      ({ inbound }) => (inbound === "open" ? "policy-refused" : "inbound-refused"),
      "read",
      ["no", "no", "no", "no"],
      "NOT_SUPPORTED",
    ],
  ] satisfies [string, NonNullable<Policy["platform"]>, "read" | "both", string[], string | null][])(
    "that %s",
    (_, platform, direction, expected, unknown) => {
      const peerDma = peers(soc(), stance(platform));
      const { topology } = peerDma;
      const initiators = [DMA, NVME, NVME, NIC];
      const addresses = [AT["the UART"], AT["the UART"], AT["the SPI controller"], AT["the UART"]];
      const mappings = initiators.map((initiator, row) => peerDma.map(initiator, addresses[row]!, 4, direction));
      expect(mappings.map(({ ok }) => (ok ? "yes" : "no"))).toEqual(expected);
      const last = mappings[3]!;
      expect(last.ok ? null : last.code).toBe(unknown);
      const many = peerDma.mapMany({
        initiator: Uint32Array.from(initiators.slice(1), (name) => topology.id(name)),
        address: BigUint64Array.from(addresses.slice(1)),
        size: 4,
        direction,
      });
      const codes = mappings.slice(1).map((mapping) => (mapping.ok ? null : mapping.code));
      expect([...many.code].map((code) => CODE_NUMBERS[code])).toEqual(codes);
    },
  );
});

describe("may one reach the other", () => {
  const both: SystemDescription[] = [
    { ...soc(), name: "a" },
    { ...soc(), name: "b" },
  ];
  const peerDma = new PeerDma(Topology.of({ peerlane: 1, systems: both }), linux("6.12"));

  test.each([
    [`a/${SERIAL}`, `a/${DMA}`, "yes interconnect", "ok"],
    [`a/${DMA}`, `a/${DMA}`, "yes local", "ok"],
    [`a/${NVME}`, `a/${DMA}`, "yes through-host-bridge", "ok"],
    [`a/${SERIAL}`, `a/${NVME}`, "yes through-host-bridge", "ok"],
    [`a/${SPI}`, `a/${NVME}`, "no NO_INBOUND_WINDOW", "ok"],
    [`a/${SERIAL}`, `a/${NIC}`, "unknown PLATFORM_OWNER", "ok"],
    [`a/${SERIAL}`, `b/${DMA}`, "no DIFFERENT_SYSTEM", "ok"],
    [`a/${NVME}`, `b/${DMA}`, "no DIFFERENT_SYSTEM", "ok"],
    [`a/${SERIAL}`, `b/${NVME}`, "no DIFFERENT_SYSTEM", "ok"],
    [`a/${PORT}`, `a/${DMA}`, "yes through-host-bridge", "none"],
  ])("%s, %s: %s", (provider, client, expected, memory) => {
    const verdict = peerDma.can(provider, client);
    const { answer } = verdict;
    expect(`${answer} ${verdict.answer === "yes" ? verdict.route : verdict.code}`).toBe(expected);
    expect(verdict).toMatchObject({ provider, client, memory, distance: null, common: null });
    if (answer === "unknown") expect(verdict.missing).toHaveLength(1);
    expect(verdict.culprits.map(({ bdf }) => bdf)).toEqual(expected.includes("INBOUND") ? ["0000:00"] : []);
  });

  test("is asked in a direction that there is", () => {
    expect(() => peerDma.can(`a/${SERIAL}`, `a/${DMA}`, "up" as never)).toThrow(RangeError);
    expect(() => peerDma.map(`a/${DMA}`, AT["the UART"], 4, "up" as never)).toThrow(RangeError);
  });

  test("needs all regions of a device inside the windows", () => {
    const regions = [...SOC.platformDevices![1]!.regions, ...SOC.platformDevices![3]!.regions];
    const one = peers(soc({ devices: { [SERIAL]: { regions }, [SPI]: { regions: [] } } }));
    const verdict = one.can(SERIAL, NVME);
    expect(verdict).toMatchObject({ answer: "no", code: "NO_INBOUND_WINDOW", memory: "ok" });
    expect(verdict.culprits[0]!.what).toContain("0xa000000");
    expect(one.can(SPI, NVME)).toMatchObject({ answer: "unknown", code: "PLATFORM_OWNER", memory: "none" });
  });

  test("tells memory that is off, and memory that is withheld from others", () => {
    const off = peers(soc({ functions: { [PORT]: { command: 4 } } }));
    expect(off.can(NVME, DMA)).toMatchObject({ answer: "yes", memory: "off" });
    const regions = [{ start: "0x9000000", size: 0x1000, exported: "none" }] as const;
    const bars = [{ index: 0, start: "0x40000000", size: 0x1000, exported: "none" }] as const;
    const none = peers(soc({ devices: { [SERIAL]: { regions } }, functions: { [NVME]: { bars } } }));
    expect([none.can(SERIAL, DMA).memory, none.can(SERIAL, SERIAL).memory]).toEqual(["withheld", "ok"]);
    expect([none.can(NVME, DMA).memory, none.can(NVME, NVME).memory]).toEqual(["withheld", "ok"]);
    expect([none.can(NVME, NIC).memory, peers(soc()).can(NVME, NIC).memory]).toEqual(["withheld", "ok"]);
  });
});

describe("the name of a device outside PCI", () => {
  const named = (...systems: readonly (readonly string[])[]) =>
    Topology.of({
      peerlane: 1,
      systems: systems.map((names, system) => ({
        ...(systems.length > 1 ? { name: `rack/${system}` } : {}),
        functions: [{ bdf: "0000:00:01.0", parent: null, names: ["eth0"] }],
        platformDevices: names.map((name) => ({ name, regions: [] })),
      })),
    });

  test("is all of it, or its first word where that is one device's alone", () => {
    const one = named(["a003c00.virtio_mmio virtio_mmio@a003c00", "uart", "uart clock", "HPET 0", "HPET 1"]);
    const find = (text: string) => one.platformDevice(text)?.name;
    expect(find("a003c00.virtio_mmio virtio_mmio@a003c00")).toBe("a003c00.virtio_mmio virtio_mmio@a003c00");
    expect(find("a003c00.virtio_mmio")).toBe("a003c00.virtio_mmio virtio_mmio@a003c00");
    expect([find("uart"), find("HPET 1"), find("virtio_mmio@a003c00"), find("")]).toEqual([
      "uart",
      "HPET 1",
      undefined,
      undefined,
    ]);
    expect(one.platformDevice(1)).toBeNull();
    expect(one.platformDevices.map(({ name }) => name)).toEqual([
      "a003c00.virtio_mmio virtio_mmio@a003c00",
      "uart",
      "uart clock",
      "HPET 0",
      "HPET 1",
    ]);
    expect(() => find("HPET")).toThrow(
      new RangeError('"HPET" names 2 devices outside PCI: give each a name of its own'),
    );
  });

  test("takes its system in front where there are several", () => {
    const two = named(["uart", "soc/spi"], ["uart"]);
    expect(two.platformDevice("rack/1/uart")).toMatchObject({ system: 1, name: "rack/1/uart" });
    expect(two.platformDevice("soc/spi")).toMatchObject({ system: 0, name: "rack/0/soc/spi" });
    expect(two.platformDevice("rack/0/soc/spi")).toMatchObject({ system: 0 });
    expect(two.platformDevice("rack/1/soc/spi")).toBeNull();
    expect(() => two.platformDevice("uart")).toThrow(
      new RangeError('"uart" names 2 devices outside PCI: write the system in front, as in rack/0/uart'),
    );
  });

  test("may not be another's, nor a function's", () => {
    expect(() => named(["uart", "uart"]).platformDevice("uart")).toThrow("give each a name of its own");
    expect(() => named(["eth0"]).platformDevice("eth0")).toThrow(
      new RangeError('"eth0" names a function and a device outside PCI: write dddd:bb:dd.f for the function'),
    );
    expect(() => named(["eth0"], []).platformDevice("rack/0/eth0")).toThrow("names a function and a device");
    expect(named(["eth0"]).id("00:01.0")).toBeGreaterThan(0);
  });

  test("of a capture of Linux is that of /proc/iomem", async () => {
    const { machine } = await read([{ name: "arm", bytes: captureFile("arm64-virt-dt", "snapshot.tar.gz") }]);
    const peerDma = new PeerDma(Topology.of(machine), linux("6.12"));
    const found = peerDma.map("a003c00.virtio_mmio", 0x900_0000n, 4);
    expect(found).toMatchObject({
      ok: true,
      route: "interconnect",
      initiator: "a003c00.virtio_mmio virtio_mmio@a003c00",
      owner: { name: "pl011@9000000", kind: "platform" },
      translation: "unknown",
    });
    expect(peerDma.map("a003c00.virtio_mmio", 0x4000_0000n, 4)).toMatchObject({ route: "system-memory" });
  });

  test("that nobody has is that of no function either", () => {
    expect(() => peers(soc()).map("nobody", 0n, 1)).toThrow('nothing is named "nobody"');
    expect(() => peers(soc()).matrix([DMA])).toThrow(RangeError);
  });
});

describe("requests in columns", () => {
  const places = fc.constantFrom(...Object.values(AT));
  const window = fc.record({ from: fc.integer({ min: -0x2000, max: 0x2000 }), size: fc.nat(0x4000), at: places });
  const row = fc.record({
    initiator: fc.constantFrom(NVME, NIC, PORT),
    address: fc.tuple(places, fc.integer({ min: -2, max: 0x1001 })).map(([at, offset]) => at + BigInt(offset)),
    size: fc.oneof(fc.constant(1n), fc.bigInt(1n, 0x1800n)),
    direction: fc.nat(2),
  });
  const machine = fc
    .record({
      windows: fc.array(window, { maxLength: 4 }),
      stated: fc.boolean(),
      iommu: fc.constantFrom(...MODES),
      bits: fc.constantFrom(undefined, 1, 24, 27, 28, 32, 63, 64),
      high: fc.constantFrom(0n, 0x1_0000_0000n, 0x1f_ffff_f000_0000n, 0x7f00_0000_0000_0000n),
    })
    .map(({ windows, stated, iommu, bits, high }) => {
      const hex = (value: bigint) => `0x${value.toString(16)}` as const;
      const inbound = windows.map(({ from, size, at }) => ({ start: hex(high + at + BigInt(from)), size }));
      const moved = SOC.platformDevices!.map(({ name, regions }) => {
        return [
          name,
          { regions: regions.map((each) => ({ ...each, start: hex(high + BigInt(each.start)) })) },
        ] as const;
      });
      return {
        high,
        system: soc({
          devices: Object.fromEntries(moved),
          functions: { [NVME]: { dmaMaskBits: bits }, [NIC]: { dmaMaskBits: bits } } as Change<FunctionDescription>,
          hostBridges: { "0000:00": { inbound }, "0001:00": stated ? { inbound } : {} },
          system: { iommu } as Partial<SystemDescription>,
        }),
      };
    });

  test.each(["BigUint64Array", "Float64Array"])("are answered as one at a time: %s", (kind) => {
    let reached = 0;
    fc.assert(
      fc.property(
        machine,
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        ({ system, high }, rows, shared) => {
          // Doubles hold whole numbers up to 2^53.
          const wide = kind === "BigUint64Array";
          fc.pre(wide || high < 2n ** 52n);
          const peerDma = peers(system);
          const { topology } = peerDma;
          const sizes = rows.map(({ size }) => (shared ? rows[0]!.size : size));
          const addresses = rows.map(({ address }) => high + address);
          const requests = {
            initiator: Uint32Array.from(rows, ({ initiator }) => topology.id(initiator)),
            address: wide ? BigUint64Array.from(addresses) : Float64Array.from(addresses, Number),
            size: shared ? sizes[0]! : wide ? BigUint64Array.from(sizes) : Float64Array.from(sizes, Number),
            direction: Uint8Array.from(rows, ({ direction }) => direction),
          };
          const into = {
            route: new Uint8Array(rows.length),
            code: new Uint8Array(rows.length),
            translation: new Uint8Array(rows.length),
            distance: new Uint32Array(rows.length),
            dmaAddress: wide ? new BigUint64Array(rows.length) : new Float64Array(rows.length),
          };
          peerDma.mapMany(requests, into);
          rows.forEach(({ initiator, direction }, at) => {
            const one = peerDma.map(initiator, addresses[at]!, sizes[at]!, DIRECTIONS[direction]!);
            if (one.owner?.kind === "platform" && one.ok) reached++;
            const none = wide ? NO_ADDRESS : NaN;
            const address = one.ok && one.dmaAddress !== null ? (wide ? one.dmaAddress : Number(one.dmaAddress)) : none;
            expect({
              route: ROUTES[into.route[at]!],
              code: CODE_NUMBERS[into.code[at]!],
              translation: one.ok ? TRANSLATIONS[into.translation[at]!] : null,
              dmaAddress: into.dmaAddress[at],
              distance: into.distance[at],
            }).toEqual({
              route: one.route,
              code: one.ok ? null : one.code,
              translation: one.ok ? one.translation : null,
              dmaAddress: address,
              distance: one.distance ?? NO_DISTANCE,
            });
          });
        },
      ),
      { seed: 20180402, numRuns: 300 },
    );
    expect(reached).toBeGreaterThan(50);
  });

  test("fill only the columns there are", () => {
    const peerDma = peers(soc());
    const into = { route: new Uint8Array(1), code: new Uint8Array(1) };
    const initiator = Uint32Array.of(peerDma.topology.id(NVME));
    peerDma.mapMany({ initiator, address: Float64Array.of(0x900_0000), size: 4 }, into);
    expect([ROUTES[into.route[0]!], into.code[0]]).toEqual(["through-host-bridge", 0]);
  });
});

describe("taking facts away", () => {
  /** Ways of knowing less. The exporter's stance is left: not stated, it is as Linux has it, which asks no exporter. */
  const DROPS: Readonly<Record<string, (system: SystemDescription) => SystemDescription>> = {
    inbound: (system) => ({
      ...system,
      hostBridges: (system.hostBridges ?? []).map(({ inbound: _, ...each }) => each),
    }),
    "host bridges": ({ hostBridges: _, ...system }) => system,
    IOMMU: ({ iommu: _, ...system }) => system,
    completeness: ({ complete: _, ...system }) => system,
    addresses: ({ allAddresses: _, ...system }) => system,
    command: (system) => ({ ...system, functions: system.functions.map(({ command: _, ...each }) => each) }),
    // Without them not all addresses are described.
    BARs: ({ allAddresses: _, ...system }) => ({
      ...system,
      functions: system.functions.map(({ bars: _, ...each }) => each),
    }),
    parents: (system) => ({ ...system, functions: system.functions.map(({ parent: _, bus: __, ...each }) => each) }),
    kernel: ({ kernel: _, ...system }) => system,
    CPU: ({ cpu: _, ...system }) => system,
  };
  const PARTIES = [DMA, SERIAL, CRYPTO, SPI, NVME, NIC];

  test.each(["off", "translating"] as const)("never makes an answer more permissive, IOMMU %s", (iommu) => {
    const system = soc({ system: { iommu }, hostBridges: { "0001:00": { inbound: [] } } });
    const full = peers(system);
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...Object.keys(DROPS)), { minLength: 1 }), (names) => {
        const less = peers(names.reduce((known, name) => DROPS[name]!(known), system));
        for (const initiator of PARTIES) {
          for (const address of Object.values(AT)) {
            for (const size of [1n, 0x1000n, 0x2000n]) {
              expectLessOfMapping(full.map(initiator, address, size), less.map(initiator, address, size));
            }
          }
          for (const provider of PARTIES) expectLess(full.can(provider, initiator), less.can(provider, initiator));
        }
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});
