import fc from "fast-check";
import { expect, test } from "vitest";
import { linux, PeerDma, Topology, type FunctionDescription, type MachineDescription } from "../../src/index.js";
import { mapScatterList, type DmaSpan, type ScatterOptions, type Segment } from "../../src/transfer/index.js";

// Scatter lists of a few bytes over a machine of a few bytes: against every byte mapped alone, and joined to the byte
// before it where docs/transfers.md (Merging) lets it.

const BAR = 0x40;
/** A function below one switch, BARs back to back; one below a root port of its own; RAM behind a hole. */
const [GPU0, GPU1, NIC, NVME] = ["0000:03:00.0", "0000:04:00.0", "0000:05:00.0", "0000:06:00.0"] as const;
const FIRST = 0x1000n;
const END = 0x1180;

function machine(iommu: "off" | "translating" | undefined, offset: number, listed: boolean): MachineDescription {
  const port = { command: 6, acs: null, physicalFunction: null, bars: [] } as const;
  const endpoint = (bdf: string, parent: string, start: number): FunctionDescription => {
    const [from, bus] = [`0x${start.toString(16)}`, `0x${(start + offset).toString(16)}`] as const;
    return { ...port, bdf, parent, bars: [{ index: 0, type: "mem64", start: from, bus, size: BAR }] };
  };
  return {
    peerlane: 1,
    systems: [
      {
        complete: true,
        allAddresses: true,
        ...(iommu === undefined ? {} : { iommu }),
        cpu: { architecture: "x86", vendor: listed ? "AuthenticAMD" : "GenuineIntel", family: 25 },
        ranges: [{ kind: "system-ram", start: "0x1100", size: 0x60 }],
        functions: [
          { ...port, bdf: "0000:00:01.0", parent: null },
          { ...port, bdf: "0000:00:02.0", parent: null },
          { ...port, bdf: "0000:01:00.0", parent: "0000:00:01.0" },
          endpoint(GPU0, "0000:01:00.0", 0x1000),
          endpoint(GPU1, "0000:01:00.0", 0x1000 + BAR),
          endpoint(NVME, "0000:00:02.0", 0x1000 + 2 * BAR),
          { ...endpoint(NIC, "0000:01:00.0", 0), bars: [], dmaMaskBits: 13 },
        ],
      },
    ],
  };
}

const peers = [undefined, "off" as const, "translating" as const].flatMap((iommu) =>
  [0, 0x100, 0x2000].flatMap((offset) =>
    [true, false].map((listed) => new PeerDma(Topology.of(machine(iommu, offset, listed)), linux("6.12"))),
  ),
);

const segment = fc.record<Segment>({
  address: fc
    .oneof(fc.nat(END - Number(FIRST)), fc.constantFrom(0, 0x10, 0x40, 0x100, 0x110))
    .map((at) => FIRST + BigInt(at)),
  size: fc.oneof(fc.constantFrom(1, 0x10, 0x20, 0x40), fc.integer({ min: 1, max: 0x48 })),
});
/** As they come, and small ones one behind the other. */
const lists = fc.oneof(
  fc.array(segment, { maxLength: 6 }),
  fc
    .tuple(segment, fc.array(fc.constantFrom(1, 8, 0x10, 0x20, 0x40), { minLength: 2, maxLength: 6 }))
    .map(([{ address }, sizes]) => sizes.map((size, at): Segment => ({ address: address + sum(sizes, at), size }))),
);
const options = fc.record<Required<Pick<ScatterOptions, "merge" | "maxSegmentSize" | "boundaryMask" | "pageSize">>>({
  merge: fc.boolean(),
  maxSegmentSize: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.constant(2 ** 52)),
  boundaryMask: fc.constantFrom(1, 3, 7, 15, 31, 63, 0xffff, 2n ** 64n - 1n),
  pageSize: fc.constantFrom(1, 16, 4096),
});

function sum(sizes: readonly number[], count: number): bigint {
  return BigInt(sizes.slice(0, count).reduce((whole, size) => whole + size, 0));
}

type Given = { readonly merge: boolean; readonly maxSegmentSize: number | bigint } & {
  readonly boundaryMask: number | bigint;
  readonly pageSize: number;
};

/** Each byte with where it is from, joined byte by byte. Null: a byte is not mapped. */
function expected(peerDma: PeerDma, segments: readonly Segment[], given: Given): DmaSpan[] | null {
  const spans: DmaSpan[] = [];
  let before = null as { source: bigint; segment: number; address: bigint | null } | null;
  for (const [index, { address: start, size }] of segments.entries()) {
    for (let byte = 0n; byte < BigInt(size); byte++) {
      const source = start + byte;
      const mapping = peerDma.map(NIC, source, 1n);
      if (!mapping.ok) return null;
      const { dmaAddress: address, translation } = mapping;
      const route = mapping.route as DmaSpan["route"];
      const span = spans.at(-1);
      const whole = (at: bigint) => at % BigInt(given.pageSize) === 0n;
      const follows =
        address === null
          ? translation === "iommu" && whole(source) && before !== null && whole(before.source + 1n)
          : before?.address === address - 1n;
      const joins =
        span !== undefined &&
        (before?.segment === index ||
          (given.merge && span.route === route && span.translation === translation && follows)) &&
        BigInt(span.size) < BigInt(given.maxSegmentSize) &&
        (address === null || (address & BigInt(given.boundaryMask)) !== 0n);
      if (joins) spans[spans.length - 1] = { ...span, size: span.size + 1 };
      else spans.push({ address, size: 1, route, translation, segment: index });
      before = { source, segment: index, address };
    }
  }
  return spans;
}

test("a scatter list is what its bytes are, one after the other", () => {
  const seen = { mapped: 0, several: 0, joined: 0, refused: 0, unknown: 0, crossing: 0 };
  fc.assert(
    fc.property(fc.constantFrom(...peers), lists, options, (peerDma, segments, given) => {
      const mapping = mapScatterList(peerDma, NIC, segments, given);
      const alone = segments.map(({ address, size }) => peerDma.map(NIC, address, size));
      const spans = expected(peerDma, segments, given);
      if (mapping.ok) {
        expect(mapping.spans).toEqual(spans);
        seen.mapped++;
        if (mapping.spans.length > segments.length) seen.several++;
        if (mapping.spans.length < segments.length) seen.joined++;
        return;
      }
      const refused = alone.findIndex((each) => !each.ok && each.route === "not-supported");
      const index = refused === -1 ? alone.findIndex((each) => !each.ok) : refused;
      const { index: at, ...failure } = mapping;
      expect([at, failure]).toEqual([index, alone[index]]);
      seen[mapping.route === "unknown" ? "unknown" : "refused"]++;
      // What is not mapped though all of its bytes are is not all of one owner, or its addresses are not all within reach.
      if (spans === null) return;
      expect(["LEAVES_OWNER", "OWNER_AMBIGUOUS", "DMA_MASK", "NO_OWNER"]).toContain(mapping.code);
      seen.crossing++;
    }),
    { seed: 5, numRuns: process.env["PEERLANE_LONG"] === "1" ? 60_000 : 1500 },
  );
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(15);
  if (process.env["PEERLANE_LONG"] === "1") console.log(seen);
});
