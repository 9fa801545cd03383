import { describe, expect, test } from "vitest";
import { Core, SectionError, type SectionMap } from "../../src/core.js";
import { Sections } from "../../src/core/sections.js";
import { anyPolicy, anything, BUILDS, coreOf, forestOf, REACH, SYSTEMS } from "./cores.js";

const NAMES = ["shape", "keys", "records", "hosts", "systems", "leaves", "ranges", "owners", "terms"];

/** Copies, at odd addresses as they may come out of a file. */
function copied(sections: SectionMap): Map<string, Uint8Array> {
  return new Map(
    [...sections].map(([name, bytes]) => {
      const copy = new Uint8Array(bytes.length + 3).subarray(1, bytes.length + 1);
      copy.set(bytes);
      return [name, copy];
    }),
  );
}

function expectSection(sections: SectionMap, ...names: string[]): void {
  const error = caught(() => Core.from(sections));
  expect(error).toBeInstanceOf(SectionError);
  expect(names).toContain((error as SectionError).section);
  expect((error as SectionError).message.startsWith(`${(error as SectionError).section}: `)).toBe(true);
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

describe.each([
  ["narrow", 0],
  ["wide", 300],
])("the sections of a core with %s records", (_, deep) => {
  const parts = anything(77, 150, deep);
  const original = Core.of(parts);

  test.each(BUILDS)("make the same core again, on the %s build", (build) => {
    const again = Core.from(copied(original.sections()), build);
    expect([again.count, again.hosts, again.systems, again.rangeCount]).toEqual([
      original.count,
      original.hosts,
      original.systems,
      original.rangeCount,
    ]);
    const policy = anyPolicy(original.hosts, 1);
    for (let id = 1; id <= original.count; id++) {
      expect(again.depth(id)).toBe(original.depth(id));
      expect(again.ancestors(id)).toEqual(original.ancestors(id));
      const other = 1 + ((id * 7) % original.count);
      expect(again.decide(policy, id, other, 2)).toEqual(original.decide(policy, id, other, 2));
      const address = BigInt((id * 0x3456) % REACH);
      if (original.depth(id) === 0) continue;
      expect(again.request(policy, id, address, 9n, 0)).toEqual(original.request(policy, id, address, 9n, 0));
    }
    for (let range = 0; range < original.rangeCount; range++) expect(again.range(range)).toEqual(original.range(range));
    for (let host = 0; host < original.hosts; host++) expect(again.hostRow(host)).toEqual(original.hostRow(host));
    for (let system = 0; system < SYSTEMS; system++) {
      expect(again.open(system)).toBe(original.open(system));
      for (let page = 0; page < REACH; page += 0x1000) {
        expect(again.claimants(system, BigInt(page))).toEqual(original.claimants(system, BigInt(page)));
      }
    }
    expect([...again.sections()]).toEqual([...original.sections()]);
  });

  test("hold what was given, and leave that as it was", () => {
    const given = anything(77, 150, deep);
    const { ranges, hosts, systems } = given;
    const before = ranges.systems.slice();
    // A segment of four bytes that differ.
    const segments = hosts.map((host, ordinal) => ({ ...host, segment: 0x0102_0304 + ordinal }));
    const core = Core.of({ ...given, hosts: segments });
    expect(segments.map((_, host) => core.hostRow(host))).toEqual(segments);
    expect(systems.map((_, system) => core.open(system))).toEqual(systems.map(({ open }) => open));
    expect(ranges.systems).toEqual(before);
  });

  test("tell how many nodes the largest tree has", () => {
    const trees = new Map<number, number>();
    for (let id = 1; id <= original.count; id++) {
      const root = original.ancestors(id).at(-1)!;
      trees.set(root, (trees.get(root) ?? 0) + 1);
    }
    expect(trees.size).toBeGreaterThan(1);
    expect(Sections.from(copied(original.sections())).longestTree()).toBe(Math.max(...trees.values()));
  });

  test("are as many as there are, none more", () => {
    expect([...original.sections().keys()].sort()).toEqual([...NAMES].sort());
  });

  test.each(NAMES)("are refused without %s", (name) => {
    const sections = copied(original.sections());
    sections.delete(name);
    expectSection(sections, name);
    expect(() => Core.from(sections)).toThrow(`${name}: is missing`);
  });

  test.each(NAMES)("are refused with a byte less or more of %s, or nothing of it", (name) => {
    const sections = copied(original.sections());
    const bytes = sections.get(name)!;
    // Others' lengths follow from the rows of keys and ranges: whichever is seen first.
    const names = name === "keys" ? ["keys", "records"] : name === "ranges" ? ["ranges", "owners"] : [name];
    sections.set(name, bytes.subarray(0, bytes.length - 1));
    expectSection(sections, name);
    sections.set(name, new Uint8Array([...bytes, 0]));
    expectSection(sections, name);
    sections.set(name, new Uint8Array(0));
    expectSection(sections, ...names, ...(name === "hosts" ? ["records"] : []), "ranges", "hosts");
  });

  test.each(NAMES)("are refused with a row less or more of %s", (name) => {
    const rows: Record<string, number> = { shape: 4, keys: 4, owners: 4, hosts: 12, terms: 24, leaves: 64, ranges: 24 };
    const bytes = original.sections().get(name)!;
    const row = rows[name] ?? (name === "systems" ? bytes.length / SYSTEMS : bytes.length / (original.count + 1));
    for (const length of [bytes.length - row, bytes.length + row]) {
      // More systems, terms or leaves than are used lead nobody astray, unless the leaves are out of order.
      if (length > bytes.length && ["systems", "terms"].includes(name)) continue;
      // Fewer leaves answer wrongly what the last of them held, but end as the others do.
      if (length < bytes.length && name === "leaves") continue;
      const sections = copied(original.sections());
      const other = new Uint8Array(length);
      other.set(bytes.subarray(0, length));
      sections.set(name, other);
      const error = caught(() => Core.from(sections));
      expect(error).toBeInstanceOf(SectionError);
    }
  });

  test("are refused with a shape that no forest has", () => {
    const forged = (...words: number[]) => {
      const sections = copied(original.sections());
      sections.set("shape", new Uint8Array(Uint32Array.from(words).buffer));
      return sections;
    };
    const [wide, bits, unit] = new Uint32Array(original.sections().get("shape")!.slice().buffer) as unknown as [
      number,
      number,
      number,
    ];
    expect(caught(() => Core.from(forged(wide, bits, unit)))).toBeNull();
    for (const shape of [
      [2, bits, unit],
      [0, 0, unit],
      [1, 1, unit],
      [0, 9, unit],
      [0, 33, unit],
      [wide, bits, 32],
      [wide, bits, 0xffffffff],
    ]) {
      expectSection(forged(...shape), "shape");
    }
    // The other form makes everything else wrong.
    expectSection(forged(1 - wide, wide === 1 ? 8 : 0, unit), "records", "keys");
    if (wide === 0) expectSection(forged(wide, bits === 8 ? 7 : bits + 1, unit), "keys", "records");
  });

  test.each([
    ["keys", 4, 0xffffffff],
    ["keys", 0, 1],
    ["records", 0, 1],
    ["records", 4, 1],
    ["records", 8, 1],
    ["hosts", 0, SYSTEMS],
    ["ranges", 8, 0],
    ["ranges", 12, 0xffffffff],
    ["ranges", 16, 0xffffff],
    ["ranges", 20, 5],
    ["owners", 0, 0x7fffffff],
    ["leaves", 0, 1],
    ["leaves", 36, 0xffffffff],
    ["leaves", 36, 0x3fffffff],
  ])("are refused with a wrong number in %s at %i", (name, at, value) => {
    const sections = copied(original.sections());
    const bytes = sections.get(name)!;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(at, value, true);
    // Sizes of 0: the upper half has to go as well.
    if (name === "ranges" && at === 8) view.setUint32(12, 0, true);
    expectSection(sections, name);
  });

  test("are refused with a system beyond the space, or of a kind that there is not", () => {
    const bytes = original.sections().get("systems")!;
    const row = bytes.length / SYSTEMS;
    for (const [at, value] of [
      [row - 8, 4],
      [row - 4, 3],
      [row - 12, 0xffffffff],
      [12, 0xffffffff],
    ] as const) {
      const sections = copied(original.sections());
      const forged = sections.get("systems")!;
      new DataView(forged.buffer, forged.byteOffset).setUint32(at, value, true);
      expectSection(sections, "systems");
    }
  });

  test("are refused with terms of a kind or rank that there is not", () => {
    for (const meta of [0x6, 0xf, 0x70, 0xf0]) {
      const sections = copied(original.sections());
      const forged = sections.get("terms")!;
      new DataView(forged.buffer, forged.byteOffset).setUint32(16, meta, true);
      expectSection(sections, "terms");
    }
  });
});

describe("sections of the wrong length", () => {
  const whole = Core.of(anything(5, 30)).sections();
  const refusal = (change: Readonly<Record<string, Uint8Array>>) =>
    (caught(() => Sections.from(new Map([...whole, ...Object.entries(change)]))) as Error | null)?.message;
  const none = new Uint8Array(0);

  test("are told how long they should be", () => {
    expect(refusal({ shape: new Uint8Array(11) })).toBe("shape: expected 12 bytes, got 11");
    expect(refusal({ hosts: new Uint8Array(25) })).toBe("hosts: expected 24 bytes, got 25");
    expect(refusal({ keys: none, records: none })).toBe("keys: lacks node 0");
    expect(refusal({ leaves: none })).toBe("leaves: is empty");
  });

  // Ids and depths share 32 bits.
  test.each([1, 8])("are refused where %i bits for depths leave no room for as many ids", (bits) => {
    const shape = new Uint8Array(Uint32Array.of(0, bits, 12).buffer);
    const room = 2 ** (32 - bits) - 1;
    const rows = (nodes: number) => ({ shape, keys: sized(4 * (nodes + 1)), records: sized(16 * (nodes + 1)) });
    expect(refusal(rows(room))).toBe(`shape: ${bits} depth bits leave no room for ${room} ids`);
    expect(refusal(rows(room - 1))).toBeUndefined();
  });

  /** Of a length that no memory is taken for. */
  function sized(length: number): Uint8Array {
    return { length, byteLength: length } as Uint8Array;
  }
});

test("of one tree, as large as its minima have room for, any two nodes have their common one", () => {
  for (const nodes of [31, 32, 33, 63, 64, 65, 66, 127, 128, 129, 1023, 1024, 1025, 1026, 4096, 4097]) {
    // A star: whoever is not the root has it above.
    const core = coreOf(forestOf([0, ...new Array<number>(nodes - 1).fill(1)]));
    expect(Sections.from(core.sections()).longestTree()).toBe(nodes);
    for (const [a, b] of [
      [2, nodes],
      [nodes - 1, nodes],
      [2, 3],
      [nodes >> 1, nodes],
    ] as const) {
      expect({ nodes, a, b, common: core.common(a, b) }).toEqual({ nodes, a, b, common: 1 });
    }
  }
});

test("sections without nodes or ranges make a core as well", () => {
  const empty = Core.of(anything(1, 0));
  expect(Core.from(copied(empty.sections())).count).toBe(0);
  expect(Core.from(copied(empty.sections())).claim(0, 5n).claim).toBe("nobody");
});
