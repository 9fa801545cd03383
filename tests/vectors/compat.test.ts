import { describe, expect, test } from "vitest";
import { differs, linuxDmaMapResource, linuxDmaMapSg } from "../../src/explain/linux/index.js";
import { linux, PeerDma, Topology } from "../../src/index.js";
import type { FunctionDescription, IommuMode, SystemDescription } from "../../src/topology/description.js";
import { acs, bar, BDF, machineT, type Change, type HostKind, type Letter } from "./machine.js";

const BAR_OF_B = 0xf900_0000n;
const BAR_OF_C = 0xfe50_0000n;
const RAM = 0x200_0000n;

type System = Partial<SystemDescription>;

interface Asked {
  readonly address?: bigint;
  readonly size?: bigint;
  readonly kind?: HostKind;
  readonly change?: Change;
  readonly system?: System;
  readonly initiator?: string;
}

const machine = ({ kind = "N", change = {}, system = {} }: Asked) => Topology.of(machineT(kind, change, system));

function resource(release: string, asked: Asked = {}) {
  const { address = BAR_OF_C, size = 0x1000n, initiator = BDF.A } = asked;
  return linuxDmaMapResource(machine(asked), release, initiator, address, size);
}

function list(release: string, asked: Asked = {}) {
  const { address = BAR_OF_B, size = 0x1000n, initiator = BDF.A } = asked;
  return linuxDmaMapSg(machine(asked), release, initiator, address, size);
}

/** What came back, in a word: the address where there is one. */
const said = ({ result, dmaAddress, error }: ReturnType<typeof resource>) =>
  dmaAddress === null ? [result, error].filter(Boolean).join(" ") : `${result} 0x${dmaAddress.toString(16)}`;

const CPUS = {
  x86: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
  arm64: { architecture: "arm64", vendor: "0x41" },
  arm: { architecture: "arm", vendor: "0x41" },
  ppc: { architecture: "ppc64", vendor: "POWER9" },
  riscv: { architecture: "riscv64" },
} as const;

const unshown = (field: keyof SystemDescription): System => ({ [field]: undefined }) as unknown as System;

test("M9 dma_map_resource() of 6.1 hands A the address of C, which peer-to-peer DMA refuses", () => {
  expect(resource("6.1")).toMatchObject({ call: "dma_map_resource", result: "identity", dmaAddress: BAR_OF_C });
  const peers = new PeerDma(Topology.of(machineT("N")), linux("6.1"));
  const safe = peers.map(BDF.A, BAR_OF_C, 0x1000n);
  expect(safe).toMatchObject({ ok: false, code: "HOST_BRIDGE_NOT_ALLOWED" });
  expect(differs(safe, resource("6.1"))).toBe(true);
});

describe("F1 dma_map_resource()", () => {
  const IDENTITY = "identity 0xfe500000";
  const ERROR = "error DMA_MAPPING_ERROR";
  const rows: readonly (readonly [cpu: keyof typeof CPUS, release: string, direct: string, translating: string])[] = [
    ["x86", "4.8", "absent", "absent"],
    ["x86", "4.9", IDENTITY, IDENTITY],
    ["x86", "4.20", IDENTITY, IDENTITY],
    ["x86", "5.4", IDENTITY, "unknown"],
    ["x86", "5.17", IDENTITY, "iova"],
    ["x86", "6.1", IDENTITY, "iova"],
    ["x86", "6.12", IDENTITY, "iova"],
    ["x86", "6.18", IDENTITY, "iova"],
    ["x86", "7.3", IDENTITY, "iova"],
    ["arm64", "4.9", IDENTITY, "iova"],
    ["arm64", "6.12", IDENTITY, "iova"],
    ["arm", "4.14", IDENTITY, "iova"],
    ["arm", "6.1", IDENTITY, "iova"],
    ["ppc", "4.14", IDENTITY, IDENTITY],
    ["ppc", "5.0", "unknown", ERROR],
    ["ppc", "6.1", "unknown", ERROR],
    ["ppc", "6.18", "unknown", ERROR],
    ["ppc", "6.19", "unknown", "unknown"],
    ["riscv", "6.12", IDENTITY, "unknown"],
  ];

  test.each(rows)("on %s, Linux %s: %s; behind an IOMMU that translates: %s", (cpu, release, direct, translating) => {
    const on = (iommu: IommuMode) => said(resource(release, { system: { cpu: CPUS[cpu], iommu } }));
    expect([on("off"), on("passthrough"), on("translating")]).toEqual([direct, direct, translating]);
  });

  test("is dma_map_phys() from 6.18, with no map_resource hook from 6.19", () => {
    const translating: Asked = { system: { iommu: "translating" } };
    expect(["6.17", "6.18", "7.3"].map((release) => resource(release).call)).toEqual([
      "dma_map_resource",
      "dma_map_phys",
      "dma_map_phys",
    ]);
    expect(resource("6.18").note).toContain("DMA_ATTR_MMIO");
    expect(resource("6.18", translating).note).not.toContain("map_phys hook");
    expect(resource("6.19", translating).note).toContain("map_phys hook");
  });

  test("before 5.0 does not look at the mask", () => {
    const narrow = (release: string, dmaMaskBits: number) =>
      resource(release, { change: { A: { dmaMaskBits } } }).result;
    expect(narrow("4.20", 31)).toBe("identity");
    expect(narrow("5.0", 31)).toBe("error");
    for (const bits of [32, 64, 65, 1e300]) expect(narrow("6.1", bits)).toBe("identity");
    expect(resource("6.1", { address: 0xffff_f000n, size: 0x1001n, change: { A: { dmaMaskBits: 32 } } }).error).toBe(
      "DMA_MAPPING_ERROR",
    );
  });

  test("refuses RAM from 5.0 to 5.3, and may from 5.4 to 5.18; what may be RAM is not known there", () => {
    const releases = ["4.20", "5.0", "5.3", "5.4", "5.15", "5.18", "5.19", "6.1"];
    const each = releases.map((release) => resource(release, { address: RAM }).result);
    const maybe = ["unknown", "unknown", "unknown"];
    expect(each).toEqual(["identity", "error", "error", ...maybe, "identity", "identity"]);
    expect(resource("5.10", { address: RAM }).note).toContain("stable release");
    const hidden = { address: RAM, system: { ranges: [], allAddresses: false } };
    for (const release of ["5.0", "5.10"]) {
      expect(resource(release, hidden)).toMatchObject({
        result: "unknown",
        note: "not shown, and it depends on it: whether RAM is there",
      });
    }
    expect(resource("6.1", hidden).result).toBe("identity");
  });

  test("on POWER, past its tables, says what is not known from 5.0 on", () => {
    expect(resource("6.1", { system: { cpu: CPUS.ppc } }).note).toContain("offset");
  });

  test.each([
    ["below 0", -1n, 0x1000n, RangeError, "expected a range of at least 1 byte within [0, 2^64), got 4096 bytes at -1"],
    ["beyond 2^64", 2n ** 64n - 1n, 2n, RangeError, "expected a range of at least 1 byte within [0, 2^64)"],
    ["of no bytes", 0x1000n, 0n, RangeError, "expected a size of at least 1 byte"],
    ["at a number", 0x1000, 1n, TypeError, "expected the address as a bigint, got number"],
    ["of a size in words", 0x1000n, "4096", TypeError, "expected the size as a bigint or a number, got string"],
  ])("takes no range %s, as map takes none", (_, address, size, kind, message) => {
    const topology = machine({});
    const asking = [
      () => linuxDmaMapResource(topology, "6.1", BDF.A, address as bigint, size as bigint),
      () => linuxDmaMapSg(topology, "6.1", BDF.A, address as bigint, size as bigint),
      () => new PeerDma(topology, linux("6.1")).map(BDF.A, address as bigint, size as bigint),
    ];
    for (const ask of asking) {
      expect(ask).toThrow(message);
      expect(ask).toThrow(kind);
    }
  });

  test("is known where everything that is not shown comes to the same", () => {
    expect(resource("6.1", { system: unshown("iommu") })).toMatchObject({
      result: "unknown",
      note: "not shown, and it depends on it: whether an IOMMU translates",
    });
    expect(resource("4.20", { system: unshown("iommu") }).result).toBe("identity");
    expect(resource("4.20", { system: unshown("cpu") }).result).toBe("identity");
    // It may be POWER.
    expect(resource("6.1", { system: unshown("cpu") }).note).toContain("the CPU's architecture");
    expect(resource("6.1", { system: { ...unshown("cpu"), iommu: "translating" } }).note).toContain("architecture");
  });

  test("takes a device outside PCI for initiator, by name and with its own mask", () => {
    const device = { name: "dma-engine", regions: [{ start: "0x10000000", size: 0x1000 }] } as const;
    const ask = (dmaMaskBits: number) =>
      resource("6.12", { initiator: "dma-engine", system: { platformDevices: [{ ...device, dmaMaskBits }] } }).result;
    expect([ask(32), ask(24)]).toEqual(["identity", "error"]);
  });

  test("needs a release and a function", () => {
    expect(() => resource("six")).toThrow('expected a Linux release such as "6.12", got "six"');
    expect(() => resource("6.1", { initiator: "0000:00" })).toThrow("expected a function, got the host bridge 0000:00");
  });
});

describe("E2 dma_map_sg() with peer-to-peer pages", () => {
  const DSP0: Change = { DSP0: acs(0x04) };
  const rows: readonly (readonly [what: string, asked: Asked, expected: Readonly<Record<string, string>>])[] = [
    [
      "below a switch: the bus address",
      {},
      {
        "4.19": "absent",
        "4.20": "bus-address 0xf9000000",
        "5.15": "bus-address 0xf9000000",
        "6.1": "bus-address 0xf9000000",
        "7.3": "bus-address 0xf9000000",
      },
    ],
    [
      "below a switch, an IOMMU: the bus address still",
      { system: { iommu: "translating" } },
      { "6.1": "bus-address 0xf9000000" },
    ],
    [
      "below a switch, a mask too narrow: the bus address still",
      { change: { A: { dmaMaskBits: 31 } } },
      { "6.1": "bus-address 0xf9000000" },
    ],
    [
      "refused: before 5.4 nobody looks, before 6.0 nothing is mapped, then -EREMOTEIO",
      { change: DSP0 },
      {
        "4.20": "bus-address 0xf9000000",
        "5.3": "bus-address 0xf9000000",
        "5.4": "error 0 entries",
        "6.0": "error",
        "6.1": "error -EREMOTEIO",
        "7.3": "error -EREMOTEIO",
      },
    ],
    [
      "through the host bridge: the CPU physical address",
      { kind: "L", change: DSP0 },
      { "5.10": "identity 0xf9000000", "6.1": "identity 0xf9000000" },
    ],
    [
      "through the host bridge, an IOMMU: an IOVA",
      { kind: "L", change: DSP0, system: { iommu: "translating" } },
      { "5.10": "iova", "6.1": "iova" },
    ],
    [
      "through the host bridge, IOMMU not shown",
      { kind: "L", change: DSP0, system: unshown("iommu") },
      { "6.1": "unknown" },
    ],
    [
      "through the host bridge, a mask too narrow: an error, for peer memory is not bounced",
      { kind: "L", change: { ...DSP0, A: { dmaMaskBits: 31 } } },
      { "5.10": "error 0 entries", "6.1": "error -EIO" },
    ],
    ["across, unlisted", { address: BAR_OF_C }, { "6.12": "error -EREMOTEIO" }],
    ["ACS unread, unlisted", { change: { DSP0: { acs: undefined } as never } }, { "6.12": "unknown" }],
    ["its own memory", { address: 0xf800_0000n }, { "6.12": "bus-address 0xf8000000" }],
    ["RAM is ordinary memory", { address: RAM }, { "4.9": "identity 0x2000000", "6.12": "identity 0x2000000" }],
    ["RAM, an IOMMU", { address: RAM, system: { iommu: "translating" } }, { "6.12": "iova" }],
    ["RAM beyond the mask is bounced", { address: RAM, change: { A: { dmaMaskBits: 24 } } }, { "6.12": "unknown" }],
    ["nobody's address", { address: 0xe000_0000n }, { "6.12": "absent" }],
    ["beyond the end of the BAR", { size: 0x200_0000n }, { "6.12": "absent" }],
    ["an expansion ROM", { address: 0xfe60_0000n }, { "6.12": "absent" }],
    ["built without P2PDMA", { system: { kernel: { p2pdma: false } } }, { "5.10": "absent", "6.12": "absent" }],
    [
      "POWER: bus addresses up to 5.19, then its own operations take no such pages",
      { system: { cpu: CPUS.ppc } },
      { "5.19": "bus-address 0xf9000000", "6.1": "absent", "7.3": "absent" },
    ],
    [
      "arm32 behind an IOMMU: its own operations",
      { kind: "N", system: { cpu: CPUS.arm, iommu: "translating" } },
      { "6.1": "absent" },
    ],
  ];

  for (const [what, asked, expected] of rows) {
    test(what, () => {
      const found = Object.keys(expected).map((release) => [release, said(list(release, asked))]);
      expect(Object.fromEntries(found)).toEqual(expected);
    });
  }

  test("is a call of its own before 6.0", () => {
    expect([list("5.19").call, list("6.0").call]).toEqual(["pci_p2pdma_map_sg", "dma_map_sg"]);
  });

  test("refuses a device outside PCI, as soon as the pair is looked at", () => {
    const platformDevices = [{ name: "dma-engine", regions: [{ start: "0x10000000", size: 0x1000 }] }] as const;
    const asked = { initiator: "dma-engine", system: { platformDevices } };
    expect(["5.3", "5.4", "6.12"].map((release) => said(list(release, asked)))).toEqual([
      "bus-address 0xf9000000",
      "error 0 entries",
      "error -EREMOTEIO",
    ]);
  });

  // Windows with an offset of 0x40_0000_0000 between CPU and bus addresses.
  const far = { ...bar("0x40f9000000", 0x100_0000), index: 2, bus: "0xf9000000" } as const;
  const M2 = { address: 0x40_f900_1000n, change: { B: { bars: [far] } } };

  test("M2 up to 5.15 subtracts the offset that it has to add; the answer that looks never does", () => {
    for (const release of ["4.20", "5.4", "5.15"]) {
      expect(list(release, M2).dmaAddress).toBe(0x80_f900_1000n);
      expect(list(release, M2).note).toContain("subtracts");
    }
    for (const release of ["5.16", "6.1", "7.3"]) expect(list(release, M2).dmaAddress).toBe(0xf900_1000n);
    for (const release of ["4.20", "5.15", "5.16", "7.3"]) {
      const safe = new PeerDma(machine(M2), linux(release)).map(BDF.A, M2.address, 0x1000n);
      expect(safe).toMatchObject({ ok: true, route: "bus-address", dmaAddress: 0xf900_1000n });
      expect([release, differs(safe, list(release, M2))]).toEqual([release, release === "4.20" || release === "5.15"]);
      expect(differs(safe, resource(release, M2))).toBe(true);
    }
  });

  test("an offset that is not shown leaves the bus address open", () => {
    const { bus: _, ...unplaced } = far;
    const asked = { ...M2, change: { B: { bars: [unplaced] } }, system: { hostBridges: [] } };
    expect(list("6.12", asked)).toMatchObject({ result: "unknown", note: expect.stringContaining("bus address") });
  });
});

test("what is not shown makes an answer unknown or leaves it as it is, of every release, CPU and IOMMU", () => {
  const hidden: readonly System[] = [
    unshown("iommu"),
    unshown("cpu"),
    { ...unshown("iommu"), ...unshown("cpu") },
    { ranges: [], allAddresses: false, complete: false },
  ];
  const releases = ["4.9", "4.20", "5.3", "5.10", "5.15", "5.17", "6.1", "6.12", "6.19"];
  const outcomes = new Set<string>();
  const answersOf = (system: System) => {
    const topology = machine({ system });
    const answers = releases.flatMap((release) =>
      [BAR_OF_B, BAR_OF_C, RAM].flatMap((address) =>
        [linuxDmaMapResource, linuxDmaMapSg].map((ask) => said(ask(topology, release, BDF.A, address, 0x1000n))),
      ),
    );
    topology.close();
    return answers;
  };
  for (const cpu of Object.values(CPUS)) {
    for (const iommu of ["off", "passthrough", "translating"] as const) {
      const full = answersOf({ cpu, iommu });
      for (const less of hidden) {
        const got = answersOf({ cpu, iommu, ...less });
        got.forEach((answer) => outcomes.add(answer.split(" ")[0]!));
        const expected = full.map((answer, at) => (got[at] === "unknown" ? "unknown" : answer));
        expect([cpu, iommu, less, got]).toEqual([cpu, iommu, less, expected]);
      }
    }
  }
  expect([...outcomes].sort()).toEqual(["absent", "bus-address", "error", "identity", "iova", "unknown"]);
});

describe("whether Linux's own answer differs", () => {
  const narrow: Change = { A: { dmaMaskBits: 31 } };
  const unread = { DSP0: { acs: undefined } as unknown as Partial<FunctionDescription> };
  const DSP0: Change = { DSP0: acs(0x04) };
  const translating = { iommu: "translating" } as const;
  const rows: readonly (readonly [what: string, asked: Asked, resource: boolean | null, list: boolean | null])[] = [
    ["both give the bus address, which is the CPU's", {}, false, false],
    ["one is blind to a redirect", { change: DSP0 }, true, false],
    ["through the host bridge all agree", { kind: "L", change: DSP0 }, false, false],
    ["all give IOVAs", { kind: "L", change: DSP0, system: translating }, false, false],
    ["one allots an IOVA where the bus address is to be used", { system: translating }, true, false],
    ["the mask is not looked at below a switch", { change: narrow }, false, true],
    ["nobody knows", { change: unread }, null, null],
    ["memory decode is off, which Linux does not look at", { change: { B: { command: 0 } } }, true, true],
    ["nobody's address", { address: 0xe000_0000n }, true, false],
  ];

  test.each(rows)("%s", (_what, asked, one, other) => {
    const safe = new PeerDma(machine(asked), linux("6.12")).map(BDF.A, asked.address ?? BAR_OF_B, 0x1000n);
    const own = resource("6.12", { address: BAR_OF_B, ...asked });
    expect([differs(safe, own), differs(safe, list("6.12", asked))]).toEqual([one, other]);
  });
});

test("the initiator's own mask counts, in either direction", () => {
  const letters: readonly Letter[] = ["A", "B"];
  for (const narrow of letters) {
    const topology = Topology.of(machineT("N", { [narrow]: { dmaMaskBits: 31 } }));
    const peers = new PeerDma(topology, linux("6.12"));
    const ask = (initiator: Letter) => {
      const mapping = peers.map(BDF[initiator], initiator === "A" ? BAR_OF_B : 0xf800_0000n, 0x1000n);
      return mapping.ok ? "ok" : mapping.code;
    };
    expect(letters.map(ask)).toEqual(letters.map((letter) => (letter === narrow ? "DMA_MASK" : "ok")));
    const wide = Topology.of(machineT("N", { [narrow]: { dmaMaskBits: 32 } }));
    expect(new PeerDma(wide, linux("6.12")).map(BDF[narrow], narrow === "A" ? BAR_OF_B : 0xf800_0000n, 1).ok).toBe(
      true,
    );
  }
});
