import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { OWNER_ANSWERS } from "../../src/topology/answers.js";
import { Topology } from "../../src/topology/topology.js";

// Who owns an address, against a linear scan of the description: for every address around every boundary.

/** What claims addresses, as a scan sees it. */
interface Range {
  readonly kind:
    "decodes" | "silent" | "unshown" | "unsized" | "aperture" | "slots" | "ram" | "platform" | "window" | "reserved";
  readonly start: bigint;
  readonly size: bigint;
}

const hex = (value: bigint) => `0x${value.toString(16)}` as const;

/** One function per BAR or window, named by its number. */
function describeRanges(ranges: readonly Range[]): SystemDescription {
  const functions: FunctionDescription[] = [];
  const windows: { kind: "mem"; start: `0x${string}`; end: `0x${string}` }[] = [];
  const platformDevices: { name: string; regions: { start: `0x${string}`; size: `0x${string}` }[] }[] = [];
  const others: NonNullable<SystemDescription["ranges"]>[number][] = [];
  ranges.forEach(({ kind, start, size }, index) => {
    const place = { start: hex(start), size: hex(size) };
    const bdf = bdfOf(index);
    if (kind === "ram" || kind === "reserved") {
      others.push({ kind: kind === "ram" ? "system-ram" : "reserved", name: `range ${index}`, ...place });
    } else if (kind === "platform") platformDevices.push({ name: `device ${index}`, regions: [place] });
    else if (kind === "window") windows.push({ kind: "mem", start: hex(start), end: hex(start + size - 1n) });
    else {
      const command = kind === "silent" ? { command: 0 } : kind === "unshown" ? {} : { command: 2 };
      const sriov = kind === "aperture" ? { sriov: VFS_OFF } : {};
      const bar = {
        index: kind === "aperture" || kind === "slots" ? 7 : 0,
        start: hex(start),
        ...(kind === "unsized" ? {} : { size: hex(size) }),
      };
      functions.push({ bdf, parent: null, physicalFunction: null, ...command, ...sriov, bars: [bar] });
    }
  });
  return {
    allAddresses: true,
    functions,
    platformDevices,
    ranges: others,
    hostBridges: [{ root: "0000:00", windows }],
  };
}

const VFS_OFF = { control: 0, totalVfs: 4, numVfs: 2, firstOffset: 1, stride: 1 };

function bdfOf(index: number): string {
  return `0000:00:${(index >> 3).toString(16).padStart(2, "0")}.${index & 7}`;
}

const NAMES: Partial<Record<Range["kind"], string>> = { ram: "range", reserved: "range", platform: "device" };

/** Nothing that the core holds ends beyond. */
const LAST_END = (1n << 63n) - 2n;

/** Where a range really ends: a BAR without size reaches as far as its address is aligned. */
function endOf({ kind, start, size }: Range): bigint {
  return kind !== "unsized" ? start + size : start === 0n ? LAST_END : start + (start & -start);
}

/** The names that may be given for the owner of an address, or why there is none. */
function scan(ranges: readonly Range[], address: bigint): { answer: string; names: string[] } {
  const holding = (...kinds: Range["kind"][]) =>
    [...ranges.entries()].filter(
      ([, range]) => kinds.includes(range.kind) && range.start <= address && address < endOf(range),
    );
  const named = (found: readonly (readonly [number, Range])[]) =>
    found.map(([index, { kind }]) => (NAMES[kind] === undefined ? bdfOf(index) : `${NAMES[kind]} ${index}`));
  const live = holding("decodes", "unshown", "ram");
  const [unsized, platform, silent, aperture, reserved] = (
    [["unsized"], ["platform"], ["silent"], ["aperture", "slots"], ["reserved"]] as const
  ).map((kinds) => holding(...kinds)) as [typeof live, typeof live, typeof live, typeof live, typeof live];
  if (unsized.length > 0) return { answer: "unknown", names: named(live.length > 0 ? live : unsized) };
  const unsure = silent.length > 0 && live.some(([, { kind }]) => kind === "unshown");
  if (live.length > 1 || (live.length === 1 && (platform.length > 0 || unsure)))
    return { answer: "several", names: [] };
  if (live.length === 1) return { answer: "one", names: named(live) };
  if (platform.length > 0) {
    const inner = innermost(platform);
    const nested = platform.every((each) => each === inner || surrounds(each[1], inner[1]));
    return nested ? { answer: "one", names: named([inner]) } : { answer: "several", names: [] };
  }
  if (silent.length > 1) return { answer: "several", names: [] };
  if (silent.length === 1) return { answer: "one", names: named(silent) };
  if (aperture.length > 0) {
    const inner = innermost(aperture);
    return { answer: inner[1].kind === "slots" ? "unknown" : "one", names: named([inner]) };
  }
  // A window inside what is reserved forwards nonetheless.
  const around = holding("reserved", "window");
  return around.length === 0 || innermost(around)[1].kind === "window"
    ? { answer: "none", names: [] }
    : { answer: "one", names: named(reserved) };
}

type Found = readonly [number, Range];

function innermost(found: readonly Found[]): Found {
  return found.reduce((best, each) => (isInside(each, best) ? each : best));
}

/** Holds all of the other, and more. */
function surrounds(range: Range, other: Range): boolean {
  return range.start <= other.start && range.start + range.size >= other.start + other.size && range.size > other.size;
}

/** Starts later, else ends earlier, else is a window, else comes later. */
function isInside([index, range]: readonly [number, Range], [other, than]: readonly [number, Range]): boolean {
  if (range.start !== than.start) return range.start > than.start;
  if (range.size !== than.size) return range.size < than.size;
  const windows = Number(range.kind === "window") - Number(than.kind === "window");
  return windows === 0 ? index > other : windows > 0;
}

function check(ranges: readonly Range[]): number {
  const description = { peerlane: 1, systems: [describeRanges(ranges)] } as const;
  const topologies = (["simd", "scalar"] as const).map((build) => Topology.of(description, { build }));
  const edges = new Set(
    ranges.flatMap((range) => [range.start, endOf(range)].flatMap((edge) => [edge - 1n, edge, edge + 1n])),
  );
  const addresses = [...edges].filter((address) => address >= 0n);
  const expected = addresses.map((address) => scan(ranges, address));
  for (const topology of topologies) {
    addresses.forEach((address, at) => {
      const { answer, owners } = topology.owners(address);
      const { names } = expected[at]!;
      expect([address, answer]).toEqual([address, expected[at]!.answer]);
      if (names.length > 0) expect(names).toContain(owners[0]!.name);
    });
    const { owner, answer } = topology.ownerMany({ address: BigUint64Array.from(addresses) });
    expect([...answer].map((each) => OWNER_ANSWERS[each])).toEqual(expected.map((each) => each.answer));
    owner.forEach((id, at) => {
      const { answer, names } = expected[at]!;
      if (answer === "one" && isFunction(names[0]!)) expect(names).toContain(topology.name(id));
      else expect(id).toBe(0);
    });
    expect(addresses.map((address) => topology.ownerId(address))).toEqual([...owner]);
  }
  return addresses.length * topologies.length;
}

/** Not RAM, a platform device, or what is reserved. */
function isFunction(name: string): boolean {
  return name.startsWith("0000:");
}

const BAR_KINDS = ["decodes", "silent", "unshown", "unsized", "aperture", "slots"] as const;
const KINDS = [...BAR_KINDS, "ram", "platform", "window", "reserved"] as const;

describe("owners against a linear scan", () => {
  test("for every pair of kinds, nested, touching, overlapping, equal and apart", () => {
    const places: readonly (readonly [bigint, bigint, bigint, bigint])[] = [
      [0x4000n, 0x4000n, 0x5000n, 0x1000n],
      [0x4000n, 0x4000n, 0x4000n, 0x1000n],
      [0x4000n, 0x4000n, 0x7000n, 0x1000n],
      [0x4000n, 0x1000n, 0x5000n, 0x1000n],
      [0x4000n, 0x2000n, 0x5000n, 0x2000n],
      [0x4000n, 0x1000n, 0x4000n, 0x1000n],
      [0x4000n, 0x1000n, 0x8000n, 0x1000n],
      [0n, 0x1000n, 0x1000n, 0x1000n],
      [0x4000n, 1n, 0x4001n, 1n],
    ];
    let compared = 0;
    for (const first of KINDS) {
      for (const second of KINDS) {
        for (const [a, aSize, b, bSize] of places) {
          compared += check([
            { kind: first, start: a, size: aSize },
            { kind: second, start: b, size: bSize },
          ]);
          compared += check([
            { kind: second, start: b, size: bSize },
            { kind: first, start: a, size: aSize },
          ]);
        }
      }
    }
    expect(compared).toBe(33028);
  });

  test.each([11, 1971, 0xdead])("for many random ranges, seed %i", { timeout: 120_000 }, (seed) => {
    const range = fc.record({
      kind: fc.constantFrom(...KINDS),
      start: fc.bigInt(0n, 0xffn).map((page) => page * 0x1000n),
      size: fc.bigInt(1n, 0x20n).map((pages) => pages * 0x1000n),
    });
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 40 }), (ranges) => void check(ranges)),
      { seed, numRuns: 100 },
    );
  });

  test.each([5, 77])("for hundreds of BARs over the whole space, seed %i", { timeout: 120_000 }, (seed) => {
    const range = fc.record({
      kind: fc.constantFrom("decodes" as const, "silent" as const, "ram" as const),
      start: fc.bigInt(0n, (1n << 63n) - 1n),
      size: fc.bigInt(1n, 1n << 56n),
    });
    fc.assert(
      fc.property(fc.array(range, { minLength: 150, maxLength: 250 }), (all) => {
        check(all.filter(({ start, size }) => start + size <= LAST_END));
      }),
      { seed, numRuns: 10 },
    );
  });
});
