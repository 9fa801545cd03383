import { describe, expect, test } from "vitest";
import { NO_BAR, NO_DISTANCE, OWNER_ANSWERS, PATHS, RELATIONS, Topology } from "../../src/index.js";
import type { CommonColumns, OwnerColumns, OwnerQueries } from "../../src/index.js";
import type { MachineDescription, SystemDescription } from "../../src/topology/description.js";
import { machineT } from "../vectors/machine.js";
import { columnsOf, reduced } from "./columns-of.js";

function several(...systems: readonly (readonly SystemDescription[])[]): MachineDescription {
  return { peerlane: 1, systems: systems.flat().map((each, index) => ({ ...each, name: `node${index}` })) };
}

const overlapping: SystemDescription = {
  allAddresses: true,
  functions: [
    { bdf: "0000:00:01.0", parent: null, command: 2, bars: [{ index: 3, start: "0x1000", size: 0x2000 }] },
    { bdf: "0000:00:02.0", parent: null, command: 2, bars: [{ index: 0, start: "0x2000", size: 0x2000 }] },
    { bdf: "0000:00:03.0", parent: null, command: 2, bars: [{ index: 1, start: "0x8000" }] },
  ],
  ranges: [{ kind: "system-ram", name: "System RAM", start: "0x100000", size: 0x1000 }],
};
const open: SystemDescription = { ...overlapping, allAddresses: false };
const machine = several(
  machineT("N", { DSP0: { acs: { capability: 0x5f, control: 0x1d } } }).systems,
  [overlapping, open, { functions: [{ bdf: "0000:07:00.0" }, { bdf: "0000:08:00.0" }] }],
  machineT("Z").systems,
);
const topologies: readonly (readonly [string, Topology])[] = [
  ["described", Topology.of(machine)],
  ["read from a buffer", Topology.from(Topology.of(machine).toBuffer())],
  [
    "of columns",
    Topology.fromColumns(columnsOf(reduced(several(machineT("L").systems, machineT("N").systems)))).topology,
  ],
];

function pairsOf(topology: Topology): [Uint32Array, Uint32Array] {
  const ids = Array.from({ length: topology.size }, (_, index) => index + 1);
  const pairs = ids.flatMap((a) => ids.map((b) => [a, b] as const));
  return [Uint32Array.from(pairs, ([a]) => a), Uint32Array.from(pairs, ([, b]) => b)];
}

describe.each(topologies)("common bridges in columns, %s", (_, topology) => {
  const [a, b] = pairsOf(topology);

  test("are those of one pair at a time", () => {
    const { common, distance, relation, path } = topology.commonMany(a, b);
    expect(a.length).toBeGreaterThan(1024);
    const seen = new Set<string>();
    for (let row = 0; row < a.length; row++) {
      const one = topology.common(a[row]!, b[row]!);
      expect(common[row]).toBe(topology.commonId(a[row]!, b[row]!));
      if (typeof one.bridge === "number") expect(common[row]).toBe(one.bridge);
      const hosts = [a, b].map((ids) => topology.describe(ids[row]!) === null);
      // Linux counts between functions; host bridges are here as nodes like any other.
      if (!hosts.includes(true)) expect(distance[row]).toBe(one.distance ?? NO_DISTANCE);
      const apart = topology.systemOf(a[row]!) !== topology.systemOf(b[row]!);
      expect(relation[row] === RELATIONS.length).toBe(apart);
      seen.add(`${RELATIONS[relation[row]!] ?? "apart"} ${PATHS[path[row]!]}`);
    }
    expect(seen.size).toBeGreaterThan(4);
  });

  test("go into the caller's columns, and into no others", () => {
    const all = topology.commonMany(a, b);
    const into = { common: new Uint32Array(a.length + 2).fill(77), path: new Uint8Array(a.length) };
    expect(topology.commonMany(a, b, into)).toBe(into);
    expect(into.common.subarray(0, a.length)).toEqual(all.common);
    expect([...into.common.subarray(a.length)]).toEqual([77, 77]);
    expect(into.path).toEqual(all.path);
  });

  test("of no pairs are none", () => {
    expect(topology.commonMany(new Uint32Array(), new Uint32Array()).common).toHaveLength(0);
  });
});

/** Every edge of every range, and what is around it. */
function addressesOf(topology: Topology): bigint[] {
  const bars = topology.systems.flatMap(({ functions, ranges }) => [
    ...functions.flatMap(({ bars = [] }) => bars),
    ...(ranges ?? []),
  ]);
  const edges = bars.flatMap(({ start, size }) => {
    if (typeof start !== "string") return [];
    const first = BigInt(start);
    return [first - 1n, first, first + 1n, first + BigInt(size ?? 0) - 1n, first + BigInt(size ?? 0)];
  });
  return [...new Set([0n, ...edges])].filter((address) => address >= 0n);
}

describe.each(topologies)("owners in columns, %s", (_, topology) => {
  const system = Uint32Array.from(addressesOf(topology).flatMap(() => topology.systems.map((_, ordinal) => ordinal)));
  const address = BigUint64Array.from(addressesOf(topology).flatMap((each) => topology.systems.map(() => each)));

  test.each([undefined, 1n, 0x1000n, 0x1800n, 1n << 62n])("are those of one address at a time, size %s", (size) => {
    const sizes = size === undefined ? {} : { size: new BigUint64Array(address.length).fill(size) };
    const columns = topology.ownerMany({ address, system, ...sizes });
    const seen = new Set<string>();
    for (let row = 0; row < address.length; row++) {
      const name = topology.systems[system[row]!]!.name;
      const { answer, owners } = topology.owners(address[row]!, name, size);
      const [owner] = owners;
      expect([row, OWNER_ANSWERS[columns.answer[row]!]]).toEqual([row, answer]);
      seen.add(answer);
      if (["one", "leaves-owner"].includes(answer)) {
        expect(owner!.offset + (size ?? 1n) > owner!.size!).toBe(answer === "leaves-owner");
      }
      expect(columns.owner[row]).toBe(answer === "one" ? (owner!.id ?? 0) : 0);
      expect(columns.bar[row]).toBe(answer === "one" ? (owner!.bar ?? NO_BAR) : NO_BAR);
      if (answer === "one") expect(columns.offset[row]).toBe(owner!.offset);
      if (size === undefined) expect(topology.ownerId(address[row]!, system[row])).toBe(columns.owner[row]);
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(seen.has("leaves-owner")).toBe((size ?? 0n) > 1n);
  });

  test("are the same for numbers as for bigints", () => {
    const numbers = Float64Array.from(address, Number);
    const { offset, ...others } = topology.ownerMany({ address: numbers, system });
    const { offset: wide, ...wideOthers } = topology.ownerMany({ address, system });
    expect(offset).toBeInstanceOf(Float64Array);
    expect(others).toEqual(wideOthers);
    expect(Array.from(offset, BigInt)).toEqual([...wide]);
    expect(topology.ownerId(numbers[5]!, system[5])).toBe(topology.ownerId(address[5]!, system[5]));
  });

  test("are of one system by name or place, or of each row's", () => {
    const place = topology.systems.length - 1;
    const name = topology.systems[place]!.name!;
    const alone = topology.ownerMany({ address, system: new Uint32Array(address.length).fill(place) });
    for (const each of [name, place]) {
      expect(topology.ownerMany({ address, system: each })).toEqual(alone);
      expect(Array.from(address, (one) => topology.ownerId(one, each))).toEqual([...alone.owner]);
      expect(topology.owners(address[5]!, each)).toEqual(topology.owners(address[5]!, name));
      expect(topology.hasAddresses(each)).toBe(topology.hasAddresses(name));
      expect(topology.functions(each)).toEqual(topology.functions(name));
    }
    const asks = [
      (each?: string | number) => topology.ownerMany({ address, ...(each === undefined ? {} : { system: each }) }),
      (each?: string | number) => topology.owners(0n, each),
      (each?: string | number) => topology.ownerId(0, each),
    ];
    for (const ask of asks) {
      expect(() => ask()).toThrow(new RegExp(`^there are ${place + 1} systems, name one of them: "node0", `));
      expect(() => ask("elsewhere")).toThrow('no system is named "elsewhere"');
      for (const wrong of [-1, place + 1, 0.5]) {
        expect(() => ask(wrong)).toThrow(new RangeError(`expected a system from 0 to ${place}, got ${wrong}`));
      }
      for (const wrong of [true, 1n] as unknown as string[]) expect(() => ask(wrong)).toThrow(TypeError);
    }
  });

  test("answer nothing wrong in the rows before one that is no question", () => {
    const rows = 5000;
    const many = BigUint64Array.from({ length: rows }, (_, row) => address[row % address.length]!);
    const systems = Uint32Array.from({ length: rows }, (_, row) => system[row % address.length]!);
    const { answer, owner } = topology.ownerMany({ address: many, system: systems });
    systems[rows - 1] = topology.systems.length;
    const untouched = OWNER_ANSWERS.length;
    const into = { owner: new Uint32Array(rows).fill(77), answer: new Uint8Array(rows).fill(untouched) };
    expect(() => topology.ownerMany({ address: many, system: systems }, into)).toThrow(`in row ${rows - 1}`);
    expect(into.owner.indexOf(77)).toBeGreaterThan(0);
    for (let row = 0; row < rows; row++) {
      if (into.answer[row] !== untouched) expect(into.answer[row]).toBe(answer[row]);
      if (into.owner[row] !== 77) expect(into.owner[row]).toBe(owner[row]);
    }
  });

  test("go into the caller's columns, and into no others", () => {
    const all = topology.ownerMany({ address, system });
    const into = { owner: new Uint32Array(address.length + 1).fill(77), bar: new Uint8Array(address.length) };
    expect(topology.ownerMany({ address, system }, into)).toBe(into);
    expect(into.owner.subarray(0, address.length)).toEqual(all.owner);
    expect(into.owner.at(-1)).toBe(77);
    expect(into.bar).toEqual(all.bar);
    const owner = new Uint32Array(address.length);
    expect(topology.ownerMany({ address, system }, { owner }).owner).toEqual(all.owner);
  });
});

describe("a batch that is no question", () => {
  const topology = Topology.of(machineT());
  const two = Uint32Array.of(1, 2);
  const address = BigUint64Array.of(0n, 1n);

  test.each<[unknown, unknown, unknown, ErrorConstructor, string]>([
    [[1, 2], two, undefined, TypeError, "a: expected a Uint32Array, got Array"],
    [two, Uint8Array.of(1, 2), undefined, TypeError, "b: expected a Uint32Array, got Uint8Array"],
    [two, Uint32Array.of(1), undefined, RangeError, "b: expected "],
    [two, Uint32Array.of(1, 2, 3), undefined, RangeError, "b: expected 2 rows, got 3"],
    [two, two, { common: Uint32Array.of(1) }, RangeError, "into.common: expected at least 2 rows, got 1"],
    [two, two, null, TypeError, "into: expected an object of columns, got null"],
    [two, two, {}, TypeError, "into.common: expected a Uint32Array, got undefined"],
    [two, two, { common: two, path: two }, TypeError, "into.path: expected a Uint8Array, got Uint32Array"],
    [two, Uint32Array.of(1, 0), undefined, RangeError, "b: expected ids from 1 to 26, got 0 in row 1"],
    [Uint32Array.of(27, 1), two, undefined, RangeError, "a: expected ids from 1 to 26, got 27 in row 0"],
  ])("of pairs throws (%#)", (a, b, into, type, message) => {
    const ask = () => topology.commonMany(a as Uint32Array, b as Uint32Array, into as CommonColumns);
    expect(ask).toThrow(type);
    expect(ask).toThrow(message);
  });

  test.each<[unknown, unknown, ErrorConstructor, string]>([
    [undefined, undefined, TypeError, "queries: expected an object of columns, got undefined"],
    [null, undefined, TypeError, "queries: expected an object of columns, got null"],
    [{}, undefined, TypeError, "address: expected a BigUint64Array or a Float64Array, got undefined"],
    [{ address }, null, TypeError, "into: expected an object of columns, got null"],
    [{ address, system: null }, undefined, TypeError, "system: expected a Uint32Array, got null"],
    [{ address: [1n] }, undefined, TypeError, "address: expected a BigUint64Array or a Float64Array, got Array"],
    [{ address, size: BigUint64Array.of(1n) }, undefined, RangeError, "size: expected "],
    [{ address, size: 5n }, undefined, TypeError, "size: expected a BigUint64Array or a Float64Array, got 5"],
    [{ address, size: BigUint64Array.of(1n, 0n) }, undefined, RangeError, "in row 1"],
    [
      { address: Float64Array.of(0, 0.5) },
      undefined,
      RangeError,
      "address: expected whole numbers from 0 to 2^53 - 1, got 0.5 in row 1",
    ],
    [{ address, system: Uint32Array.of(0, 1) }, undefined, RangeError, "got 1 in row 1"],
    [{ address, system: "elsewhere" }, undefined, RangeError, 'no system is named "elsewhere"'],
    [{ address }, { owner: Uint32Array.of(1) }, RangeError, "into.owner: expected at least 2 rows, got 1"],
    [{ address }, { owner: two, offset: two }, TypeError, "into.offset: expected a BigUint64Array or a Float64Array"],
    [{ address }, { owner: two, answer: two }, TypeError, "into.answer: expected a Uint8Array, got Uint32Array"],
  ])("of addresses throws (%#)", (queries, into, type, message) => {
    const ask = () => topology.ownerMany(queries as OwnerQueries, into as OwnerColumns);
    expect(ask).toThrow(type);
    expect(ask).toThrow(message);
  });

  test("or of one address or pair, throws", () => {
    for (const wrong of [-1, 0.5, 2 ** 53, NaN, -1n, 1n << 64n])
      expect(() => topology.ownerId(wrong)).toThrow(RangeError);
    expect(() => topology.ownerId("1" as unknown as bigint)).toThrow(TypeError);
    for (const wrong of [-1, 1, 0.5, NaN])
      expect(() => topology.ownerId(0n, wrong)).toThrow("expected a system from 0 to 0");
    expect(() => topology.ownerId(0n, null as unknown as string)).toThrow(
      new TypeError("expected a system by its name, or by its place in systems, got null"),
    );
    for (const wrong of [0, -1, 0n, -1n, 1n << 64n, 0.5, NaN, 2 ** 53]) {
      expect(() => topology.owners(0n, 0, wrong)).toThrow(RangeError);
    }
    expect(() => topology.owners(0n, 0, "1" as unknown as bigint)).toThrow(TypeError);
    for (const wrong of [0, 27, 1.5]) expect(() => topology.commonId(1, wrong)).toThrow("expected an id from 1 to 26");
  });
});
