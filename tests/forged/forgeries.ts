import { Random } from "../../src/random.js";
import { readBuffer, writeBuffer } from "../../src/topology/buffer/buffer.js";

/** A buffer that nobody wrote, with a checksum that is right. */
export interface Forgery {
  readonly what: string;
  readonly bytes: Uint8Array;
}

const UNIT = 64;
const CHECKSUM_AT = 24;

/** Gives a changed buffer the checksum that it should have: by the format's description, not by `src/`. */
export function seal(bytes: Uint8Array): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const sums: [number, number] = [0x243f6a88, 0x85a308d3];
  for (let at = 0; at < words.length; at++) {
    if (at === CHECKSUM_AT / 4 || at === CHECKSUM_AT / 4 + 1) continue;
    sums[at & 1]! = (Math.imul(sums[at & 1]!, (at & 1) === 0 ? 0x9e3779b1 : 0x85ebca77) + words[at]!) | 0;
  }
  words.set(sums, CHECKSUM_AT / 4);
}

/** Where the sections, the header and the directory of a buffer are. */
export function partsOf(whole: Uint8Array): { readonly name: string; readonly from: number; readonly to: number }[] {
  const sections = [...readBuffer(whole).all].map(([name, { bytes, offset }]) => {
    return { name, from: offset, to: offset + bytes.length };
  });
  const directory = UNIT * (1 + sections.length);
  return [
    { name: "header", from: 0, to: UNIT },
    { name: "directory", from: UNIT, to: directory },
    ...sections.filter(({ from, to }) => to > from),
  ];
}

/** Every `step`th byte, from `first` on, with each of several values. */
export function* changedBytes(whole: Uint8Array, first: number, step: number, random: Random): Generator<Forgery> {
  for (const { name, from, to } of partsOf(whole)) {
    for (let at = from + (first % step); at < to; at += step) {
      const own = whole[at]!;
      const values = [0, 1, 0x7f, 0x80, 0xff, (own + 1) & 0xff, (own + 255) & 0xff, random.below(256)];
      for (const value of new Set(values)) {
        if (value === own) continue;
        const bytes = whole.slice();
        bytes[at] = value;
        seal(bytes);
        yield { what: `${name}, byte ${at - from}: ${own} is ${value}`, bytes };
      }
    }
  }
}

const WORDS = [0, 1, 2, 0x40, 0x7fff, 0xffff, 0x1fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/** Every `step`th word of 32 bits, with each of several values, and with that of its neighbours. */
export function* changedWords(whole: Uint8Array, first: number, step: number): Generator<Forgery> {
  const view = new DataView(whole.buffer, whole.byteOffset);
  for (const { name, from, to } of partsOf(whole)) {
    for (let at = from + 4 * (first % step); at + 4 <= to; at += 4 * step) {
      const own = view.getUint32(at, true);
      const neighbours = [at - 4, at + 4, at + 8, at + 16].filter((other) => other >= from && other + 4 <= to);
      const values = [...WORDS, (own ^ 0x8000_0000) >>> 0, ...neighbours.map((other) => view.getUint32(other, true))];
      for (const value of new Set(values)) {
        if (value === own) continue;
        const bytes = whole.slice();
        new DataView(bytes.buffer).setUint32(at, value, true);
        seal(bytes);
        yield { what: `${name}, word at ${at - from}: 0x${own.toString(16)} is 0x${value.toString(16)}`, bytes };
      }
    }
  }
}

type Sections = ReadonlyMap<string, Uint8Array>;

function sectionsOf(whole: Uint8Array): Map<string, Uint8Array> {
  return new Map(Array.from(readBuffer(whole).all, ([name, { bytes }]) => [name, bytes] as const));
}

function written(what: string, sections: Sections): Forgery {
  return { what, bytes: new Uint8Array(writeBuffer(sections)) };
}

/** Sections that are missing, cut, longer, another's, or those of another buffer. */
export function* movedSections(whole: Uint8Array, others: readonly Uint8Array[]): Generator<Forgery> {
  const own = sectionsOf(whole);
  const replaced = (name: string, bytes: Uint8Array) => new Map(own).set(name, bytes);
  for (const [name, bytes] of own) {
    const without = new Map(own);
    without.delete(name);
    yield written(`${name} missing`, without);
    for (const row of [1, 4, 8, 12, 16, 24, 28, 36, 64]) {
      if (row <= bytes.length) {
        yield written(`${name} cut by ${row}`, replaced(name, bytes.slice(0, bytes.length - row)));
        yield written(`${name} without its first ${row}`, replaced(name, bytes.slice(row)));
      }
      for (const fill of [0, 0xff]) {
        const longer = new Uint8Array(bytes.length + row).fill(fill);
        longer.set(bytes);
        yield written(`${name} longer by ${row} of ${fill}`, replaced(name, longer));
      }
      const repeated = new Uint8Array(bytes.length + Math.min(row, bytes.length));
      repeated.set(bytes);
      repeated.set(bytes.subarray(bytes.length - Math.min(row, bytes.length)), bytes.length);
      yield written(`${name} with its last ${row} twice`, replaced(name, repeated));
    }
    yield written(`${name} empty`, replaced(name, new Uint8Array(0)));
    yield written(`${name} turned round`, replaced(name, bytes.slice().reverse()));
    for (const fill of [0, 1, 0x7f, 0xff])
      yield written(`${name} all ${fill}`, replaced(name, bytes.slice().fill(fill)));
    for (const [other, theirs] of own) {
      if (other !== name) yield written(`${name} is ${other}`, replaced(name, theirs));
    }
    for (const [number, buffer] of others.entries()) {
      const theirs = sectionsOf(buffer).get(name);
      if (theirs !== undefined) yield written(`${name} of buffer ${number}`, replaced(name, theirs));
    }
  }
  for (const [number, buffer] of others.entries()) {
    const theirs = sectionsOf(buffer);
    const mixed = (pick: (name: string) => boolean) =>
      new Map([...own].map(([name, bytes]) => [name, (pick(name) ? theirs.get(name) : undefined) ?? bytes] as const));
    yield written(`all that buffer ${number} has, too`, new Map([...own, ...theirs]));
    yield written(
      `the core of buffer ${number}`,
      mixed((name) => name.startsWith("core.")),
    );
    yield written(
      `the forest of buffer ${number}`,
      mixed((name) => /core\.(shape|keys|records|hosts)/.test(name)),
    );
    yield written(
      `the ranges of buffer ${number}`,
      mixed((name) => /core\.(ranges|owners|terms|leaves|systems)/.test(name)),
    );
    yield written(
      `all but the core of buffer ${number}`,
      mixed((name) => !name.startsWith("core.")),
    );
  }
}

/** The directory: offsets and lengths of other sections, overlapping ones, counts. */
export function* movedDirectory(whole: Uint8Array): Generator<Forgery> {
  const count = readBuffer(whole).all.size;
  const view = new DataView(whole.buffer, whole.byteOffset);
  const changed = (what: string, change: (view: DataView, bytes: Uint8Array) => void): Forgery => {
    const bytes = whole.slice();
    change(new DataView(bytes.buffer), bytes);
    seal(bytes);
    return { what, bytes };
  };
  for (let row = 0; row < count; row++) {
    const at = UNIT * (1 + row) + 48;
    for (let other = 0; other < count; other++) {
      const from = UNIT * (1 + other) + 48;
      yield changed(`section ${row} where ${other} is`, (to) =>
        to.setBigUint64(at, view.getBigUint64(from, true), true),
      );
      yield changed(`section ${row} as long as ${other}`, (to) =>
        to.setBigUint64(at + 8, view.getBigUint64(from + 8, true), true),
      );
      yield changed(`section ${row} and ${other} swapped`, (_, bytes) => {
        const own = bytes.slice(at, at + 16);
        bytes.copyWithin(at, from, from + 16);
        bytes.set(own, from);
      });
      yield changed(`section ${row} named as ${other}`, (_, bytes) => bytes.copyWithin(at - 48, from - 48, from));
    }
    for (const value of [
      0n,
      64n,
      BigInt(whole.length),
      2n ** 32n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 64n,
      2n ** 64n - 1n,
    ]) {
      yield changed(`section ${row} at ${value}`, (to) => to.setBigUint64(at, value, true));
      yield changed(`section ${row} ${value} long`, (to) => to.setBigUint64(at + 8, value, true));
    }
  }
  for (const sections of [0, 1, count - 1, count + 1, 0xffff, 0x3ff_ffff, 0x400_0000, 0xffff_ffff]) {
    yield changed(`${sections} sections`, (to) => to.setUint32(12, sections, true));
  }
  for (const length of [0, 32, 63, 64, 128, whole.length - 64, whole.length + 64]) {
    yield changed(`${length} bytes`, (to) => to.setBigUint64(16, BigInt(length), true));
    const bytes = new Uint8Array(length);
    bytes.set(whole.subarray(0, length));
    if (length >= UNIT) {
      new DataView(bytes.buffer).setBigUint64(16, BigInt(length), true);
      seal(bytes);
    }
    yield { what: `cut or filled to ${length} bytes`, bytes };
  }
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 53,
  "",
  "x",
  "0x",
  "0x0",
  "0xffffffffffffffff",
  "0x1ffffffffffffffff",
  "0000:00:01.0",
  "ffffffff:ff:1f.7",
  [],
  [null],
  {},
  [[]],
];

const TEXTS = ["machine", "findings", "systems.facts", "systems.names"];

/** Each value of each JSON section replaced by others, left out, or twice. */
export function* changedJson(whole: Uint8Array): Generator<Forgery> {
  const own = sectionsOf(whole);
  for (const name of TEXTS) {
    const bytes = own.get(name);
    if (bytes === undefined) continue;
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    for (const path of pathsOf(json)) {
      const forged = (what: string, change: (parent: Record<string, unknown>, key: string) => void): Forgery => {
        const copy: unknown = { root: structuredClone(json) };
        let parent = copy as Record<string, unknown>;
        for (const key of ["root", ...path].slice(0, -1)) parent = parent[key] as Record<string, unknown>;
        change(parent, path.at(-1) ?? "root");
        const text = JSON.stringify((copy as { root: unknown }).root ?? null);
        return written(`${name} ${path.join(".")} ${what}`, new Map(own).set(name, new TextEncoder().encode(text)));
      };
      for (const value of VALUES) yield forged(`is ${JSON.stringify(value)}`, (parent, key) => (parent[key] = value));
      yield forged("left out", (parent, key) => {
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else delete parent[key];
      });
      yield forged("twice", (parent, key) => {
        if (Array.isArray(parent)) parent.push(parent[Number(key)]);
      });
    }
  }
}

function* pathsOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, below] of Object.entries(value)) yield* pathsOf(below, [...path, key]);
}
