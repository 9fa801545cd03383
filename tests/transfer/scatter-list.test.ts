import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { synthesize } from "../../src/fabrics/index.js";
import {
  linux,
  NO_ADDRESS,
  PeerDma,
  ROUTES,
  Topology,
  TRANSLATIONS,
  type MachineDescription,
} from "../../src/index.js";
import {
  mapScatterList,
  type DmaSpan,
  type DmaSpanColumns,
  type ScatterMapping,
  type ScatterOptions,
  type Segment,
  type SegmentColumns,
} from "../../src/transfer/index.js";
import { BDF, machineT } from "../vectors/machine.js";

const A = 0xf800_0000n; // 16 MiB, then B's 16 MiB
const B = 0xf900_0000n;
const C = 0xfe50_0000n; // 1 MiB, below another root port
const RAM = 0x10_0000n;
const PAGE = 4096n;

function under(machine: MachineDescription): PeerDma {
  return new PeerDma(Topology.of(machine), linux("6.12"));
}

function spansOf<Spans>(mapping: ScatterMapping<Spans>): Spans {
  if (mapping.ok) return mapping.spans;
  throw new Error(mapping.message);
}

describe("a scatter list", () => {
  test("of system RAM and peer memory is mapped segment by segment, neighbours as one", () => {
    const segments: Segment[] = [
      { address: RAM, size: 4096 },
      { address: RAM + PAGE, size: 4096n },
      { address: A, size: 0x100_0000 },
      { address: B, size: 0x100_0000 },
      { address: C, size: 4096 },
      { address: RAM + 2n * PAGE, size: 4096 },
    ];
    const mapping = mapScatterList(under(machineT("L")), BDF.E, segments);
    expect(mapping).toEqual({
      ok: true,
      spans: [
        { address: RAM, size: 8192, route: "system-memory", translation: "none", segment: 0 },
        { address: A, size: 0x200_0000, route: "bus-address", translation: "none", segment: 2 },
        { address: C, size: 4096, route: "through-host-bridge", translation: "none", segment: 4 },
        { address: RAM + 2n * PAGE, size: 4096, route: "system-memory", translation: "none", segment: 5 },
      ],
      routes: Uint8Array.from([4, 4, 1, 1, 2, 4]),
      missing: [],
    });
    expect([1, 2, 4].map((route) => ROUTES[route])).toEqual(["bus-address", "through-host-bridge", "system-memory"]);
  });

  test("fails as a whole, and names the segment with what is at fault", () => {
    const peerDma = under(machineT("N", { DSP0: { acs: { capability: 0x5f, control: 0x1d } } }));
    const mapping = mapScatterList(peerDma, BDF.B, [
      { address: RAM, size: 4096 },
      { address: A + PAGE, size: 4096 },
    ]);
    expect(mapping).toMatchObject({
      ok: false,
      index: 1,
      code: "ACS_REDIRECT",
      address: A + PAGE,
      culprits: [{ bdf: BDF.DSP0, bits: ["RR", "CR"] }],
      hints: [{ parameter: `pci=disable_acs_redir=${BDF.DSP0}` }],
    });
    expect(mapping).toMatchObject({ message: (peerDma.map(BDF.B, A + PAGE, 4096) as { message: string }).message });
    expect(mapping).not.toHaveProperty("spans");
  });

  test("that has a segment refused is refused, though another before it is unknown", () => {
    // Nothing shows what is at 0xfd000000.
    const peerDma = under(machineT("N", {}, { complete: false, allAddresses: false, hostBridges: [] }));
    const open: Segment = { address: 0xfd00_0000n, size: 4096 };
    const refused: Segment = { address: C, size: 4096 };
    expect(mapScatterList(peerDma, BDF.A, [open, open])).toMatchObject({ index: 0, route: "unknown" });
    expect(mapScatterList(peerDma, BDF.A, [open, refused])).toMatchObject({ index: 1, route: "not-supported" });
  });

  test("says what would show the addresses that are not known", () => {
    const { iommu: _, ...system } = machineT("L").systems[0]!;
    const peerDma = under({ peerlane: 1, systems: [system] });
    const mapping = mapScatterList(peerDma, BDF.A, [
      { address: RAM, size: 4096 },
      { address: RAM + PAGE, size: 4096 },
    ]);
    const span = { address: null, size: 4096, route: "system-memory", translation: "unknown" };
    expect(mapping).toMatchObject({
      spans: [span, span],
      missing: [{ what: "whether an IOMMU translates" }],
    });
  });

  test("of nothing is mapped to nothing", () => {
    expect(mapScatterList(under(machineT()), BDF.A, [])).toMatchObject({ ok: true, spans: [] });
  });
});

describe("spans", () => {
  const GIB = 2 ** 30;
  const large = machineT("L", {
    A: { bars: [{ index: 0, type: "mem64", start: "0x4000000000", bus: "0x3ffff000", size: 16 * GIB }] },
  });
  const bus = 0x3fff_f000n;
  const whole: Segment[] = [{ address: 0x40_0000_0000n, size: 16 * GIB }];

  test.each<[what: string, options: ScatterOptions, sizes: number[]]>([
    ["at UINT_MAX down to a page", {}, [0xffff_f000, 0xffff_f000, 0xffff_f000, 0xffff_f000, 4 * 4096]],
    [
      "at UINT_MAX down to a larger page",
      { pageSize: 65536 },
      [0xffff_0000, 0xffff_0000, 0xffff_0000, 0xffff_0000, 4 * 65536],
    ],
    ["at what the initiator takes", { maxSegmentSize: 8n * BigInt(GIB) }, [8 * GIB, 8 * GIB]],
    [
      "at a boundary of bus addresses",
      { boundaryMask: 2 ** 32 - 1, maxSegmentSize: 2 ** 52 },
      [4 * GIB - 0x3fff_f000, 4 * GIB, 4 * GIB, 4 * GIB, 0x3fff_f000],
    ],
    ["nowhere, of limits that are far", { boundaryMask: 2n ** 64n - 1n, maxSegmentSize: 2 ** 52 }, [16 * GIB]],
  ])("end %s", (_, options, sizes) => {
    const spans = spansOf(mapScatterList(under(large), BDF.B, whole, options));
    expect(spans.map(({ size }) => size)).toEqual(sizes);
    let at = bus;
    for (const { address, size } of spans) {
      expect(address).toBe(at);
      at += BigInt(size);
    }
  });

  test("of one IOVA are one, whatever the addresses, as long as pages are whole", () => {
    const peerDma = under(machineT("L", {}, { iommu: "translating" }));
    const sizes = (segments: Segment[], options?: ScatterOptions) =>
      spansOf(mapScatterList(peerDma, BDF.C, segments, options)).map(({ address, size, route }) => {
        expect(address).toBeNull();
        return `${route} ${size}`;
      });
    const scattered = [
      { address: A + 0x8000n, size: 4096 },
      { address: A, size: 8192 },
      { address: B, size: 4096 },
    ];
    expect(sizes(scattered)).toEqual(["through-host-bridge 16384"]);
    expect(sizes(scattered, { merge: false })).toEqual(
      ["4096", "8192", "4096"].map((size) => `through-host-bridge ${size}`),
    );
    expect(sizes(scattered, { maxSegmentSize: 8192 })).toEqual(Array(2).fill("through-host-bridge 8192"));
    // A page of the IOMMU has room for what neither begins nor ends with it.
    expect(sizes(scattered, { pageSize: 65536 })).toHaveLength(3);
    expect(
      sizes([
        { address: RAM, size: 100 },
        { address: RAM + PAGE, size: 4096 },
      ]),
    ).toHaveLength(2);
    expect(
      sizes([
        { address: RAM, size: 4096 },
        { address: RAM + 100n, size: 50 },
      ]),
    ).toHaveLength(2);
    expect(
      sizes([
        { address: RAM, size: 4096 },
        { address: A, size: 4096 },
      ]),
    ).toEqual(["system-memory 4096", "through-host-bridge 4096"]);
  });

  test("of contiguous bus addresses stay apart where the routes differ", () => {
    // C's memory just after B's, and RAM just after that.
    const peerDma = under(
      machineT(
        "L",
        { C: { bars: [{ index: 0, type: "mem32", start: "0xfa000000", size: 0x1000 }] } },
        { ranges: [{ kind: "system-ram", start: "0xfa001000", size: 0x1000 }] },
      ),
    );
    const segments = [0xf9ff_f000n, 0xfa00_0000n, 0xfa00_1000n].map((address) => ({ address, size: 4096 }));
    expect(spansOf(mapScatterList(peerDma, BDF.A, segments)).map(({ route }) => route)).toEqual([
      "bus-address",
      "through-host-bridge",
      "system-memory",
    ]);
  });
});

// Random lists over made-up machines ─────────────────────────────────────────────────────────────────────────────

interface Case {
  readonly peerDma: PeerDma;
  readonly initiator: number;
  readonly segments: Segment[];
}

const fabrics = (["off", "translating"] as const).flatMap((iommu) =>
  [0, 0x1000_0000].map((busOffset) => {
    const ranges = [{ kind: "system-ram", start: "0x100000", size: 0x1000_0000 }] as const;
    const facts = { iommu, ranges, cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 } };
    const columns = synthesize({
      systems: 1,
      rootPorts: 2,
      switchLevels: [1, 0],
      fanout: 2,
      acs: { off: 3, redirect: 1 },
      busOffset,
      facts,
    });
    const { topology, functions } = Topology.fromColumns(columns);
    const { start, size } = columns.bars!;
    const places = Array.from({ length: start.length }, (_, row) => ({
      start: BigInt(start[row]!),
      size: BigInt(size[row]!),
    }));
    return {
      peerDma: new PeerDma(topology, linux("6.12")),
      functions,
      places: [{ start: RAM, size: 0x1000_0000n }, ...places],
    };
  }),
);

const listCase: fc.Arbitrary<Case> = fc
  .record({
    fabric: fc.constantFrom(...fabrics),
    client: fc.nat(),
    picks: fc.array(
      fc.record({
        place: fc.nat(5),
        page: fc.nat(6),
        bytes: fc.oneof(
          fc.integer({ min: 1, max: 3 }).map((pages) => pages * 4096),
          fc.integer({ min: 1, max: 9000 }),
        ),
      }),
      {
        minLength: 1,
        maxLength: 12,
      },
    ),
  })
  .map(({ fabric: { peerDma, functions, places }, client, picks }) => ({
    peerDma,
    initiator: functions[client % functions.length]!,
    segments: picks.map(({ place, page, bytes }) => {
      const { start, size } = places[place === 0 ? 0 : 1 + ((place * 7 + client) % (places.length - 1))]!;
      const address = start + ((BigInt(page) * PAGE) % size);
      const most = start + size - address;
      return { address, size: BigInt(bytes) < most ? BigInt(bytes) : most };
    }),
  }));

const options: fc.Arbitrary<ScatterOptions> = fc.record({
  merge: fc.boolean(),
  maxSegmentSize: fc.constantFrom(512, 4096, 10_000, 2 ** 32 - 4096),
  boundaryMask: fc.constantFrom(4095, 65535, 2n ** 32n - 1n, 2n ** 64n - 1n),
  direction: fc.constantFrom("read" as const, "write" as const, "both" as const),
});

/** What is mapped, in order, without regard to where it is cut. */
function runs(spans: readonly Pick<DmaSpan, "address" | "size" | "route">[]): string[] {
  const found: { address: bigint | null; size: bigint; route: string }[] = [];
  for (const { address, size, route } of spans) {
    const last = found.at(-1);
    const follows =
      last?.route === route &&
      (address === null ? last.address === null : last.address !== null && last.address + last.size === address);
    if (last !== undefined && follows) last.size += BigInt(size);
    else found.push({ address, size: BigInt(size), route });
  }
  return found.map(({ address, size, route }) => `${route} ${address} ${size}`);
}

describe("any scatter list", () => {
  test("is mapped if and only if each of its segments is, to the same bytes", () => {
    let mapped = 0;
    fc.assert(
      fc.property(listCase, options, ({ peerDma, initiator, segments }, given) => {
        const alone = segments.map(({ address, size }) => peerDma.map(initiator, address, size, given.direction));
        const mapping = mapScatterList(peerDma, initiator, segments, given);
        expect(mapping.ok).toBe(alone.every(({ ok }) => ok));
        if (!mapping.ok) {
          const { index, ...failure } = mapping;
          expect(failure).toEqual(alone[index]);
          return;
        }
        mapped++;
        const each = alone.map((one, row) => ({
          address: one.ok ? one.dmaAddress : null,
          size: Number(segments[row]!.size),
          route: one.route as DmaSpan["route"],
        }));
        expect(runs(mapping.spans)).toEqual(runs(each));
        expect([...mapping.routes].map((route) => ROUTES[route])).toEqual(alone.map(({ route }) => route));
        for (const { address, size } of mapping.spans) {
          expect(size).toBeGreaterThan(0);
          expect(size).toBeLessThanOrEqual(Number(given.maxSegmentSize));
          const unit = BigInt(given.boundaryMask!) + 1n;
          if (address !== null) expect(address / unit).toBe((address + BigInt(size) - 1n) / unit);
        }
        if (given.merge === false) expect(mapping.spans.length).toBeGreaterThanOrEqual(segments.length);
      }),
      { numRuns: 400 },
    );
    expect(mapped).toBeGreaterThan(50);
  });

  test("maps the same bytes when its segments are split", () => {
    fc.assert(
      fc.property(
        listCase,
        options,
        fc.integer({ min: 1, max: 4000 }),
        ({ peerDma, initiator, segments }, given, cut) => {
          const split = segments.flatMap(({ address, size }) => {
            const first = BigInt(cut) < BigInt(size) ? BigInt(cut) : BigInt(size);
            const rest = BigInt(size) - first;
            return [{ address, size: first }, ...(rest === 0n ? [] : [{ address: address + first, size: rest }])];
          });
          const [one, other] = [segments, split].map((list) => mapScatterList(peerDma, initiator, list, given));
          expect(other!.ok).toBe(one!.ok);
          if (one!.ok && other!.ok) expect(runs(other!.spans)).toEqual(runs(one!.spans));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("in columns is answered as in objects", () => {
    fc.assert(
      fc.property(listCase, options, fc.boolean(), ({ peerDma, initiator, segments }, given, doubles) => {
        const numbers = segments.map(({ address }) => Number(address));
        const sizes = segments.map(({ size }) => Number(size));
        const columns: SegmentColumns = doubles
          ? { address: Float64Array.from(numbers), size: Float64Array.from(sizes) }
          : {
              address: BigUint64Array.from(segments, ({ address }) => address),
              size: BigUint64Array.from(sizes, BigInt),
            };
        const inColumns = mapScatterList(peerDma, initiator, columns, given);
        const inObjects = mapScatterList(peerDma, initiator, segments, given);
        if (!inColumns.ok || !inObjects.ok) return void expect(inColumns).toEqual(inObjects);
        expect(objects(inColumns.spans)).toEqual(inObjects.spans);
      }),
      { numRuns: 200 },
    );
  });

  test("keeps the route and offset of a range in every part of it", () => {
    fc.assert(
      fc.property(listCase, fc.nat(), fc.nat(), ({ peerDma, initiator, segments }, from, length) => {
        for (const { address, size } of segments) {
          const whole = peerDma.map(initiator, address, size);
          if (!whole.ok) continue;
          const offset = BigInt(from) % BigInt(size);
          const part = peerDma.map(initiator, address + offset, 1n + (BigInt(length) % (BigInt(size) - offset)));
          expect(part).toMatchObject({ ok: true, route: whole.route, translation: whole.translation });
          expect(part.ok && part.dmaAddress).toBe(whole.dmaAddress === null ? null : whole.dmaAddress + offset);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function objects({ address, size, route, translation, segment }: DmaSpanColumns): unknown[] {
  return Array.from(size, (bytes, row) => ({
    address: address[row] === NO_ADDRESS ? null : address[row],
    size: bytes,
    route: ROUTES[route[row]!],
    translation: TRANSLATIONS[translation[row]!],
    segment: segment[row],
  }));
}

describe("what is no scatter list", () => {
  const peerDma = under(machineT("L"));
  const good = { address: RAM, size: 4096 };

  test.each<[what: string, ask: () => unknown, error: Error]>([
    [
      "nothing",
      () => mapScatterList(peerDma, BDF.A, null as never),
      new TypeError("expected segments as a list or as columns, got null"),
    ],
    [
      "a number as an address",
      () => mapScatterList(peerDma, BDF.A, [good, { address: 4096, size: 1 } as never]),
      new TypeError("segments[1].address: expected a bigint, got number"),
    ],
    [
      "an address beyond 2^64",
      () => mapScatterList(peerDma, BDF.A, [{ address: 1n << 64n, size: 1 }]),
      new RangeError(`segments[0].address: expected an address within [0, 2^64), got ${1n << 64n}`),
    ],
    [
      "a negative address",
      () => mapScatterList(peerDma, BDF.A, [{ address: -1n, size: 1 }]),
      new RangeError("segments[0].address: expected an address within [0, 2^64), got -1"),
    ],
    [
      "no bytes",
      () => mapScatterList(peerDma, BDF.A, [{ address: 1n, size: 0 }]),
      new RangeError("expected a size of at least 1 byte and less than 2^64, got 0"),
    ],
    [
      "columns of another kind",
      () => mapScatterList(peerDma, BDF.A, { address: [1], size: 1 } as never),
      new TypeError("address: expected a BigUint64Array or a Float64Array, got Array"),
    ],
    [
      "sizes that differ in length",
      () => mapScatterList(peerDma, BDF.A, { address: new Float64Array(2), size: new Float64Array(1) }),
      new RangeError("size: expected at least 2 rows, got 1"),
    ],
    [
      "a page that is no power of two",
      () => mapScatterList(peerDma, BDF.A, [good], { pageSize: 5000 }),
      new RangeError("pageSize: expected a power of two from 1 to 2^31, got 5000"),
    ],
    [
      "a span of no bytes",
      () => mapScatterList(peerDma, BDF.A, [good], { maxSegmentSize: 0 }),
      new RangeError("maxSegmentSize: expected a whole number from 1 to 2^52, got 0"),
    ],
    [
      "half a byte",
      () => mapScatterList(peerDma, BDF.A, [good], { maxSegmentSize: 4096.5 }),
      new RangeError("maxSegmentSize: expected a whole number from 1 to 2^52, got 4096.5"),
    ],
    [
      "a mask with holes",
      () => mapScatterList(peerDma, BDF.A, [good], { boundaryMask: 0xff0 }),
      new RangeError("boundaryMask: expected one less than a power of two up to 2^64, got 4080"),
    ],
    [
      "a host bridge",
      () => mapScatterList(peerDma, peerDma.topology.roots[0]!.id, [good]),
      new RangeError(`initiator: expected functions, got the host bridge ${peerDma.topology.roots[0]!.id} in row 0`),
    ],
  ])("is refused: %s", (_, ask, error) => {
    expect(ask).toThrow(error);
  });

  test("is refused where it would take too many spans", () => {
    const machine = machineT("L", {
      A: { bars: [{ index: 0, type: "mem64", start: "0x4000000000", bus: "0x4000000000", size: 2 ** 38 }] },
    });
    const segments = [{ address: 0x40_0000_0000n, size: 2 ** 38 }];
    expect(() => mapScatterList(under(machine), BDF.B, segments, { maxSegmentSize: 512 })).toThrow(
      /at most 2\^26 spans/,
    );
  });
});
