import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CODES, linux, PeerDma, Topology, type MachineDescription } from "../../src/index.js";
import {
  attach,
  ATTACH_CODES,
  ERRNOS,
  type AttachOptions,
  type Importer,
  type Segment,
} from "../../src/transfer/index.js";
import { acs, BDF, machineT, type Change, type HostKind } from "../vectors/machine.js";

const A = 0xf800_0000n; // 16 MiB, BAR 0
const B = 0xf900_0000n; // 16 MiB, BAR 2
const C_APERTURE = 0xfe41_0000n; // of virtual functions that are not enabled: BAR 7
const C_ROM = 0xfe60_0000n;

function under(machine: MachineDescription): PeerDma {
  return new PeerDma(Topology.of(machine), linux("6.12"));
}

const pages = (address: bigint, count = 1): Segment => ({ address, size: count * 4096 });

describe("memory of one function, exported to others,", () => {
  test("stays in the device where all of them can reach it, each by its route", () => {
    const peerDma = under(machineT("L"));
    expect(
      attach(peerDma, { exporter: BDF.A, ranges: [pages(A), pages(A + 0x8000n, 2)] }, [BDF.B, BDF.C, BDF.A]),
    ).toEqual({
      placement: "device",
      forcedBy: [],
      faults: [],
      importers: [
        { importer: BDF.B, range: null, answer: "yes", route: "bus-address" },
        { importer: BDF.C, range: null, answer: "yes", route: "through-host-bridge" },
        { importer: BDF.A, range: null, answer: "yes", route: "local" },
      ],
    });
  });

  test("reaches an importer by a side link, of which VFIO knows nothing", () => {
    const link = { kind: "nvlink", from: BDF.A, to: BDF.C, read: true, write: true };
    const peerDma = under(machineT("N", {}, { sideLinks: [link] }));
    const asked = (options?: AttachOptions) => {
      const { placement, importers } = attach(peerDma, { exporter: BDF.A, ranges: [pages(A)] }, [BDF.C], options);
      return { placement, ...importers[0] };
    };
    expect(asked()).toMatchObject({ placement: "device", answer: "yes", route: "side-link" });
    expect(asked({ rules: "vfio" })).toMatchObject({
      placement: "system",
      code: "HOST_BRIDGE_NOT_ALLOWED",
      errno: "EINVAL",
    });
  });

  test("goes back to system memory for one that cannot, which is named with its reason", () => {
    const peerDma = under(machineT("N", { DSP1: acs(0x1d) }));
    const { placement, forcedBy, importers } = attach(peerDma, { exporter: BDF.A, ranges: [pages(A)] }, [
      BDF.A1,
      BDF.B,
      BDF.C,
    ]);
    expect([placement, forcedBy]).toEqual(["system", [BDF.B, BDF.C]]);
    expect(importers).toMatchObject([
      { answer: "yes", route: "bus-address" },
      {
        answer: "no",
        code: "ACS_REDIRECT",
        range: 0,
        errno: null,
        culprits: [{ bdf: BDF.DSP1 }],
        hints: [{ parameter: `pci=disable_acs_redir=${BDF.DSP1}` }],
      },
      { answer: "no", code: "HOST_BRIDGE_NOT_ALLOWED", range: 0 },
    ]);
    const mapping = peerDma.map(BDF.B, A, 4096);
    expect(importers[1]).toMatchObject({ message: mapping.ok ? "" : mapping.message });
  });

  test("is nowhere certain while somebody may not reach it, unless another cannot", () => {
    const peerDma = under(machineT("N", { DSP1: { acs: undefined as never } }));
    const exported = { exporter: BDF.A, ranges: [pages(A)] };
    expect(attach(peerDma, exported, [BDF.A1, BDF.B])).toMatchObject({
      placement: "unknown",
      forcedBy: [],
      importers: [
        { answer: "yes" },
        { answer: "unknown", code: "ACS_UNREADABLE", missing: [{ what: `the ACS control word of ${BDF.DSP1}` }] },
      ],
    });
    expect(attach(peerDma, exported, [BDF.B, BDF.C])).toMatchObject({ placement: "system", forcedBy: [BDF.C] });
  });

  test("has to be the exporter's", () => {
    const peerDma = under(machineT("L"));
    for (const address of [B, 0xfd00_0000n, 0x10_0000n]) {
      const { placement, forcedBy, faults, importers } = attach(
        peerDma,
        { exporter: BDF.A, ranges: [pages(A), pages(address)] },
        [BDF.B],
      );
      expect([placement, forcedBy]).toEqual(["system", [BDF.A]]);
      expect(faults).toMatchObject([{ answer: "no", code: "RANGE_NOT_OWNED", range: 1, errno: null }]);
      expect(importers).toMatchObject([{ answer: "no", code: "RANGE_NOT_OWNED", range: 1, errno: null }]);
    }
  });

  test("is nothing to an importer in another system, whoever owns the address there", () => {
    const machine = machineT("Z");
    const peerDma = under({ peerlane: 1, systems: ["a", "b"].map((name) => ({ ...machine.systems[0]!, name })) });
    expect(attach(peerDma, { exporter: `a/${BDF.A}`, ranges: [pages(A)] }, [`a/${BDF.B}`, `b/${BDF.B}`])).toMatchObject(
      {
        placement: "system",
        forcedBy: [`b/${BDF.B}`],
        importers: [{ answer: "yes" }, { answer: "no", code: "DIFFERENT_SYSTEM" }],
      },
    );
  });

  test("is not for devices outside PCI", () => {
    const peerDma = under(machineT("L", {}, { platformDevices: [{ name: "pl330", regions: [] }] }));
    expect(attach(peerDma, { exporter: BDF.A, ranges: [pages(A)] }, ["pl330"])).toMatchObject({
      placement: "system",
      forcedBy: ["pl330"],
      importers: [{ answer: "no", code: "NOT_A_PCI_IMPORTER", errno: null }],
    });
  });

  test("need be no whole pages where no rules of a kernel are asked for", () => {
    const peerDma = under(machineT("L"));
    const ranges = [{ address: A + 1n, size: 1 }];
    expect(attach(peerDma, { exporter: BDF.A, ranges }, [BDF.B])).toMatchObject({ placement: "device" });
  });
});

interface Row {
  readonly what: string;
  readonly code: keyof typeof CODES | keyof typeof ATTACH_CODES;
  readonly errno: string | null;
  readonly host?: HostKind;
  readonly change?: Change;
  readonly exporter?: string;
  readonly ranges?: readonly Segment[];
  readonly importer?: Importer;
  readonly pageSize?: number;
}

/** Of the export: no importer gets it. */
const EXPORT: readonly Row[] = [
  { what: "no range", code: "NO_RANGES", errno: "EINVAL", ranges: [] },
  { what: "a range of no bytes", code: "RANGE_EMPTY", errno: "EINVAL", ranges: [pages(A), { address: A, size: 0n }] },
  { what: "an end within a page", code: "RANGE_NOT_ALIGNED", errno: "EINVAL", ranges: [{ address: A, size: 100 }] },
  { what: "a start within a page", code: "RANGE_NOT_ALIGNED", errno: "EINVAL", ranges: [pages(A + 512n)] },
  { what: "half of a larger page", code: "RANGE_NOT_ALIGNED", errno: "EINVAL", ranges: [pages(A)], pageSize: 65536 },
  { what: "an end beyond 2^64", code: "RANGE_OVERFLOW", errno: "EOVERFLOW", ranges: [pages((1n << 64n) - 4096n, 2)] },
  { what: "an end beyond the BAR", code: "RANGE_LEAVES_BAR", errno: "EINVAL", ranges: [pages(A + 0xff_f000n, 2)] },
  { what: "somebody else's memory", code: "RANGE_NOT_OWNED", errno: "EINVAL", ranges: [pages(B)] },
  { what: "nobody's memory", code: "RANGE_NOT_OWNED", errno: "EINVAL", ranges: [pages(0xfd00_0000n)] },
  { what: "the expansion ROM", code: "NOT_A_MEMORY_BAR", errno: "ENODEV", exporter: BDF.C, ranges: [pages(C_ROM)] },
  {
    what: "an aperture for virtual functions",
    code: "NOT_A_MEMORY_BAR",
    errno: "ENODEV",
    exporter: BDF.C,
    ranges: [pages(C_APERTURE)],
  },
  {
    what: "two BARs",
    code: "RANGES_IN_SEVERAL_BARS",
    errno: "EINVAL",
    change: {
      A: {
        bars: [0, 1].map((index) => ({
          index,
          type: "mem32",
          start: index === 0 ? "0xf8000000" : "0xf8800000",
          size: 0x80_0000,
        })),
      },
    },
    ranges: [pages(A), pages(A + 0x80_0000n)],
  },
];

/** Of the importer: the others may get it. */
const IMPORT: readonly Row[] = [
  {
    what: "an importer that does not allow peer-to-peer",
    code: "PEER_TO_PEER_OFF",
    errno: "EOPNOTSUPP",
    importer: { importer: BDF.B, peerToPeer: false },
  },
  {
    what: "an exporter without memory decode",
    code: "EXPORT_REVOKED",
    errno: "ENODEV",
    change: { A: { command: 0x4 } },
  },
  { what: "an exporter in D3hot", code: "EXPORT_REVOKED", errno: "ENODEV", change: { A: { powerState: "D3hot" } } },
  {
    what: "virtual functions that are off",
    code: "EXPORT_REVOKED",
    errno: "ENODEV",
    change: { C: { sriov: { control: 0x1, totalVfs: 4, numVfs: 2, firstOffset: 0x100, stride: 1 } } },
    exporter: BDF.V,
    ranges: [pages(0xfe40_4000n)],
  },
  {
    what: "two ranges to iommufd",
    code: "ONE_RANGE_ONLY",
    errno: "EOPNOTSUPP",
    ranges: [pages(A), pages(A + 4096n)],
    importer: { importer: BDF.B, iommufd: true },
  },
  { what: "an ACS redirect", code: "ACS_REDIRECT", errno: "EINVAL", change: { DSP0: acs(4) } },
  {
    what: "an ACS redirect to iommufd, which does not look",
    code: "ACS_REDIRECT",
    errno: null,
    change: { DSP0: acs(4) },
    importer: { importer: BDF.B, iommufd: true },
  },
  { what: "a host bridge that is not allowed", code: "HOST_BRIDGE_NOT_ALLOWED", errno: "EINVAL", importer: BDF.C },
  {
    what: "a bridge without memory decode, at which the kernel does not look",
    code: "MEMORY_DECODE_OFF",
    errno: null,
    change: { DSP0: { command: 0x4 } },
  },
  {
    what: "an importer that cannot drive the address, at which the kernel looks later",
    code: "DMA_MASK",
    errno: null,
    change: { B: { dmaMaskBits: 31 } },
  },
];

function attached(
  { host = "N", change = {}, exporter = BDF.A, ranges = [pages(A)], importer = BDF.B, pageSize }: Row,
  rules: AttachOptions["rules"],
) {
  const options = { ...(rules === undefined ? {} : { rules }), ...(pageSize === undefined ? {} : { pageSize }) };
  return attach(under(machineT(host, change)), { exporter, ranges }, [importer], options);
}

describe("by the rules of VFIO", () => {
  test.each(EXPORT)("$what cannot be exported: $code ($errno)", (row) => {
    const { code, errno, exporter = BDF.A, ranges } = row;
    const { placement, forcedBy, faults, importers } = attached(row, "vfio");
    const range = ranges!.length === 0 ? null : ranges!.length - 1;
    expect([placement, forcedBy]).toEqual(["system", [exporter]]);
    expect(faults).toMatchObject([{ answer: "no", code, errno, range, missing: [] }]);
    expect(faults[0]!.message.endsWith(`: ${ATTACH_CODES[code as keyof typeof ATTACH_CODES]}`)).toBe(true);
    expect(importers).toMatchObject([{ answer: "no", code, errno, range }]);
  });

  test.each(IMPORT)("$what is refused to the importer: $code ($errno)", (row) => {
    const { code, errno } = row;
    const { placement, faults, importers } = attached(row, "vfio");
    expect([placement, faults]).toEqual(["system", []]);
    expect(importers).toMatchObject([{ answer: "no", code, errno }]);
  });

  test("every code has a row, an errno of the kernel, and what is unknown has none", () => {
    const rows = [...EXPORT, ...IMPORT].filter(({ code }) => code in ATTACH_CODES);
    const covered = new Set<string>([...rows.map(({ code }) => code), "NOT_A_PCI_IMPORTER", "BAR_NOT_SHOWN"]);
    expect(covered).toEqual(new Set(Object.keys(ATTACH_CODES)));
    for (const { code, errno } of rows) expect(ERRNOS[code as keyof typeof ERRNOS]).toBe(errno);
    expect(Object.entries(ERRNOS).filter(([, errno]) => errno === null)).toEqual([["BAR_NOT_SHOWN", null]]);
  });

  test("what satisfies all of them stays in the device", () => {
    for (const row of [
      {},
      { importer: { importer: BDF.B, iommufd: true } },
      { ranges: [pages(A), pages(A + 0xff_f000n)] },
    ]) {
      expect(attached({ what: "", code: "NO_OWNER", errno: null, ...row }, "vfio")).toMatchObject({
        placement: "device",
        faults: [],
      });
    }
  });

  test("of a range whose BAR is not shown nobody can say whether it is the ROM", () => {
    const machine = machineT("L", { A: { bars: [{ start: "0xf8000000", size: 0x100_0000 }] } });
    const exported = { exporter: BDF.A, ranges: [pages(A)] };
    expect(attach(under(machine), exported, [BDF.B], { rules: "vfio" })).toMatchObject({
      placement: "unknown",
      forcedBy: [],
      faults: [{ answer: "unknown", code: "BAR_NOT_SHOWN", errno: null, missing: [{ what: `the BARs of ${BDF.A}` }] }],
      importers: [{ answer: "unknown", code: "BAR_NOT_SHOWN", missing: [{ what: `the BARs of ${BDF.A}` }] }],
    });
    expect(attach(under(machine), exported, [BDF.B])).toMatchObject({ placement: "device", faults: [] });
  });

  test("decode that is not shown leaves a revoked export unknown", () => {
    const machine = machineT("L", { A: { command: undefined as never } });
    expect(attach(under(machine), { exporter: BDF.A, ranges: [pages(A)] }, [BDF.B], { rules: "vfio" })).toMatchObject({
      placement: "unknown",
      importers: [{ answer: "unknown", code: "MEMORY_DECODE_UNKNOWN" }],
    });
  });
});

describe("any export", () => {
  const letters = ["A", "A1", "B", "C", "E", "D", "I1"] as const;

  test("stays in the device if and only if every range can be mapped for every importer", () => {
    const seen = { device: 0, system: 0, unknown: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom<HostKind>("N", "S", "L", "Z"),
        fc.record({
          DSP0: fc.constantFrom(acs(0), acs(4)),
          DSP1: fc.constantFrom<object>(acs(0), acs(8), { acs: undefined }),
        }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
        fc.subarray([...letters], { minLength: 1 }),
        (host, change, offsets, importers) => {
          const peerDma = under(machineT(host, change));
          const ranges = offsets.map((offset) => pages(A + BigInt(offset) * 4096n));
          const { placement, importers: answers } = attach(
            peerDma,
            { exporter: BDF.A, ranges },
            importers.map((letter) => BDF[letter]),
            { rules: "vfio" },
          );
          const mappings = importers.map((letter) =>
            ranges.map(({ address, size }) => peerDma.map(BDF[letter], address, size)),
          );
          const refused = mappings.flat().some(({ route }) => route === "not-supported");
          const all = mappings.flat().every(({ ok }) => ok);
          expect(placement).toBe(all ? "device" : refused ? "system" : "unknown");
          answers.forEach((answer, at) => {
            if (answer.answer === "yes")
              expect(mappings[at]!.map(({ route }) => route)).toEqual(ranges.map(() => answer.route));
          });
          seen[placement]++;
        },
      ),
      { numRuns: 200 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5);
  });
});

describe("what is no export", () => {
  const peerDma = under(machineT());
  const root = peerDma.topology.roots[0]!.id;
  const exported = { exporter: BDF.A, ranges: [pages(A)] };

  test.each<[what: string, ask: () => unknown, error: Error]>([
    [
      "by a host bridge",
      () => attach(peerDma, { ...exported, exporter: root }, []),
      new RangeError("expected a function, got the host bridge 0000:00"),
    ],
    [
      "to a host bridge",
      () => attach(peerDma, exported, [root]),
      new RangeError("expected a function, got the host bridge 0000:00"),
    ],
    [
      "of a number as an address",
      () => attach(peerDma, { ...exported, ranges: [{ address: 4096, size: 1 } as never] }, []),
      new TypeError("ranges[0].address: expected a bigint, got number"),
    ],
    [
      "of a negative address",
      () => attach(peerDma, { ...exported, ranges: [{ address: -1n, size: 1 }] }, []),
      new RangeError("ranges[0].address: expected an address within [0, 2^64), got -1"),
    ],
    [
      "of half a byte",
      () => attach(peerDma, { ...exported, ranges: [{ address: A, size: 0.5 }] }, []),
      new RangeError("expected the size as a whole number of bytes, got 0.5"),
    ],
    [
      "by other rules",
      () => attach(peerDma, exported, [], { rules: "amdgpu" as never }),
      new RangeError("rules: expected vfio or none, got amdgpu"),
    ],
    [
      "in pages of no power of two",
      () => attach(peerDma, exported, [], { pageSize: 5000 }),
      new RangeError("pageSize: expected a power of two, got 5000"),
    ],
  ])("is refused: %s", (_, ask, error) => {
    expect(ask).toThrow(error);
  });
});
