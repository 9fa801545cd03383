import { expect, test } from "vitest";
import type { BarDescription, FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { formatHex } from "../../src/topology/address.js";
import { FreeSpace, type Room } from "../../src/topology/free-space.js";
import { Topology } from "../../src/topology/topology.js";

const MIB = 1n << 20n;
const GIB = 1n << 30n;

function bar(index: number, start: bigint, size: bigint, more: Partial<BarDescription> = {}): BarDescription {
  return { index, type: "mem64", prefetchable: true, start: formatHex(start), size: Number(size), ...more };
}

function pref(start: bigint, size: bigint) {
  return { kind: "pref", start: formatHex(start), end: formatHex(start + size - 1n) } as const;
}

function mem(start: bigint, size: bigint) {
  return { kind: "mem", start: formatHex(start), end: formatHex(start + size - 1n) } as const;
}

function bridge(bdf: string, parent: string | null, secondary: number, windows: FunctionDescription["windows"]) {
  const bus = { secondary, subordinate: secondary + 4 };
  return { bdf, parent, bus, bars: [], ...(windows === undefined ? {} : { windows }) } satisfies FunctionDescription;
}

function device(bdf: string, parent: string, bars: readonly BarDescription[]): FunctionDescription {
  return { bdf, parent, physicalFunction: null, bars };
}

function spaceOf(
  windows: NonNullable<SystemDescription["hostBridges"]>[number]["windows"],
  functions: readonly FunctionDescription[],
  complete = true,
): FreeSpace {
  const hostBridges = [{ root: "0000:00", ...(windows === undefined ? {} : { windows }) }];
  return new FreeSpace(Topology.of({ peerlane: 1, systems: [{ complete, functions, hostBridges }] }));
}

/** The answer and what is too small by how much: `no 0000:00:01.0 pref 12G<48G`. */
function say({ answer, narrow }: Room): string {
  const size = (bytes: bigint) => (bytes % GIB === 0n ? `${bytes / GIB}G` : `${bytes / MIB}M`);
  return [
    answer,
    ...narrow.map(({ bridge: name, kind, size: has, needed }) => `${name} ${kind} ${size(has)}<${size(needed)}`),
  ].join(" ");
}

const GPU = "0000:02:00.0";

/** A GPU of 256 MiB below a root port whose window and whose host bridge's are given. */
function gpuBelow(
  window: readonly [bigint, bigint],
  host: readonly [bigint, bigint],
  more: readonly FunctionDescription[] = [],
) {
  return spaceOf(
    [mem(2n * GIB, GIB), mem(...host)],
    [
      bridge("0000:00:01.0", null, 2, [mem(2n * GIB, 16n * MIB), pref(...window)]),
      device(GPU, "0000:00:01.0", [
        bar(0, 2n * GIB, 16n * MIB, { prefetchable: false, type: "mem32" }),
        bar(1, window[0], 256n * MIB),
        bar(3, window[0] + 256n * MIB, 32n * MIB),
      ]),
      ...more,
    ],
  );
}

test("a BAR grows in place where the window above it has a gap", () => {
  const space = gpuBelow([64n * GIB, 96n * GIB], [64n * GIB, 256n * GIB]);
  expect(space.resized(GPU, 1, 32n * GIB)).toEqual({ answer: "now", start: 96n * GIB, narrow: [], missing: [] });
  expect(space.resized(GPU, 1, 256n * MIB).start).toBe(64n * GIB);
});

test("a window with nothing else in it grows where the one around it has a gap", () => {
  const space = gpuBelow([64n * GIB, 512n * MIB], [64n * GIB, 256n * GIB]);
  expect(say(space.resized(GPU, 1, 32n * GIB))).toBe("by-growing 0000:00:01.0 pref 512M<32800M");
});

test("where only others in use are in the way, they have to move", () => {
  const other = [
    bridge("0000:00:02.0", null, 8, [pref(80n * GIB, 40n * GIB)]),
    device("0000:08:00.0", "0000:00:02.0", [bar(0, 80n * GIB, 8n * GIB)]),
  ];
  const space = gpuBelow([64n * GIB, 512n * MIB], [64n * GIB, 96n * GIB], other);
  expect(say(space.resized(GPU, 1, 32n * GIB))).toBe("by-rearranging 0000:00:01.0 pref 512M<32800M");
});

test("a host bridge that has too little is named, with what it has and needs", () => {
  const space = gpuBelow([64n * GIB, 512n * MIB], [64n * GIB, 16n * GIB]);
  expect(say(space.resized(GPU, 1, 32n * GIB))).toBe("no 0000:00:01.0 pref 512M<32800M 0000:00 mem 16G<32800M");
});

test("what is not prefetchable stays below 4 GiB, whatever is free above", () => {
  const space = gpuBelow([64n * GIB, 96n * GIB], [64n * GIB, 256n * GIB]);
  expect(say(space.resized(GPU, 0, 32n * MIB))).toBe("by-growing 0000:00:01.0 mem 16M<32M");
  expect(say(space.resized(GPU, 0, 2n * GIB))).toBe("no 0000:00:01.0 mem 16M<2G 0000:00 mem 1G<2G");
});

test("a prefetchable BAR of 64 bits takes the other window where there is no prefetchable one", () => {
  const space = spaceOf(
    [mem(2n * GIB, GIB)],
    [
      bridge("0000:00:01.0", null, 2, [mem(2n * GIB, 64n * MIB)]),
      device(GPU, "0000:00:01.0", [bar(0, 2n * GIB, 16n * MIB)]),
    ],
  );
  expect(space.resized(GPU, 0, 64n * MIB).start).toBe(2n * GIB);
  expect(say(space.resized(GPU, 0, 8n * GIB))).toBe("no 0000:00:01.0 pref 0G<8G 0000:00 mem 1G<8256M");
});

test("what is not shown makes room unknown, but never makes room", () => {
  const window = bridge("0000:00:01.0", null, 2, [pref(64n * GIB, 16n * GIB)]);
  const gpu = device(GPU, "0000:00:01.0", [bar(1, 64n * GIB, 256n * MIB)]);
  const neighbour: FunctionDescription = { bdf: "0000:02:00.1", parent: "0000:00:01.0", physicalFunction: null };
  const host = [mem(64n * GIB, 16n * GIB)];
  const hidden = spaceOf(host, [window, gpu, neighbour]);
  expect(hidden.resized(GPU, 1, 8n * GIB)).toMatchObject({ answer: "unknown", missing: ["the BARs of 0000:02:00.1"] });
  expect(say(hidden.resized(GPU, 1, 32n * GIB))).toBe("no 0000:00:01.0 pref 16G<32G 0000:00 mem 16G<32G");
  expect(spaceOf(host, [window, gpu], false).resized(GPU, 1, 8n * GIB).answer).toBe("unknown");
  expect(say(spaceOf(undefined, [window, gpu]).resized(GPU, 1, 32n * GIB))).toBe("unknown 0000:00:01.0 pref 16G<32G");
  expect(
    spaceOf(host, [window, device(GPU, "0000:00:01.0", [{ index: 1, start: "0x1000" }])]).resized(GPU, 1, GIB).answer,
  ).toBe("unknown");
});

test("asking for what is no BAR or no size says so", () => {
  const space = gpuBelow([64n * GIB, 96n * GIB], [64n * GIB, 256n * GIB]);
  expect(() => space.resized(GPU, 2, GIB)).toThrow("got BAR 2 of 0000:02:00.0");
  expect(() => space.resized(GPU, 1, 3n * GIB)).toThrow("a power of two from 16 to 2^62, got 3221225472");
  expect(() => space.resized("00:01.0", 1, GIB)).toThrow("got BAR 1 of 0000:00:01.0");
});

test("on every small machine it is what trying all places says", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  const seen = new Map<string, number>();
  for (let round = 0; round < 600; round++) {
    const [base, length] = [BigInt(random(8)), BigInt(1 + random(16))];
    const taken = new Array<boolean>(Number(length)).fill(false);
    const bars: BarDescription[] = [];
    const sizes: number[] = [];
    for (let index = 0; index < 4; index++) {
      const size = 1 << random(3);
      const places = free(taken, Number(base), size);
      if (places.length === 0) continue;
      const at = places[random(places.length)]!;
      taken.fill(true, at, at + size);
      bars.push(bar(index, placeAt(base, at), BigInt(size) * MIB));
      sizes.push(size);
    }
    if (bars.length === 0) continue;
    const space = spaceOf(
      [mem(64n * GIB + base * MIB, length * MIB)],
      [
        bridge("0000:00:01.0", null, 2, [pref(64n * GIB + base * MIB, length * MIB)]),
        ...bars.map((each, place) => device(`0000:02:0${place}.0`, "0000:00:01.0", [{ ...each, index: 0 }])),
      ],
    );
    const wanted = 1 << random(5);
    const own = Number((BigInt(bars[0]!.start!) - 64n * GIB) / MIB - base);
    taken.fill(false, own, own + sizes[0]!);
    const now = free(taken, Number(base), wanted);
    const fits = laidOut(
      [wanted, ...sizes.slice(1)].sort((a, b) => b - a),
      new Array<boolean>(Number(length)).fill(false),
      Number(base),
    );
    const expected = now.length > 0 ? "now" : fits ? "by-rearranging" : "no";
    const room = space.resized("02:00.0", 0, BigInt(wanted) * MIB);
    expect([round, room.answer, room.start]).toEqual([round, expected, now.length > 0 ? placeAt(base, now[0]!) : null]);
    seen.set(expected, (seen.get(expected) ?? 0) + 1);
  }
  for (const answer of ["now", "by-rearranging", "no"]) expect(seen.get(answer) ?? 0).toBeGreaterThan(30);
});

function placeAt(base: bigint, at: number): bigint {
  return 64n * GIB + (base + BigInt(at)) * MIB;
}

/** Places, counted from the window's first MiB, that are free and aligned. */
function free(taken: readonly boolean[], base: number, size: number): number[] {
  return taken.flatMap((_, at) => {
    const isFree = at + size <= taken.length && !taken.slice(at, at + size).includes(true);
    return isFree && (base + at) % size === 0 ? [at] : [];
  });
}

/** Whether all can be laid out in any way. */
function laidOut([size, ...rest]: readonly number[], taken: readonly boolean[], base: number): boolean {
  if (size === undefined) return true;
  return free(taken, base, size).some((at) =>
    laidOut(rest, taken.toSpliced(at, size, ...new Array<boolean>(size).fill(true)), base),
  );
}
