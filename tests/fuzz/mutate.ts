import type { Random } from "../../src/random.js";

/** Numbers at the edges of what fields hold, as texts write them. */
const EDGES = [0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x100n, 0xfffn, 0x1000n, 0xffffn, 0x10000n, 65n, 511n].concat(
  [31n, 32n, 52n, 53n, 63n, 64n, 65n, 128n].flatMap((bits) => [(1n << bits) - 1n, 1n << bits]),
);

/** What upsets readers of text. */
const HOSTILE = [
  "\0",
  "\r\n",
  "\n\n",
  "\u00ff",
  "\ud800",
  "\u{1f600}",
  "\ufeff",
  "\u202e",
  "\x1b[31m",
  "\t",
  " ".repeat(64),
  "-1",
  "1e999",
  "NaN",
  "__proto__",
  "constructor",
  "(".repeat(64),
  "[".repeat(64),
  "<a>".repeat(16),
  "]]>",
  "<!--",
  "&amp;",
  "&#0;",
  "../".repeat(8),
  "0x",
  "9".repeat(64),
  "f".repeat(64),
  "<ignored>",
  "<unassigned>",
  "[disabled]",
  "+",
  "-",
  "?",
  "(rev ff)",
  "!!! Unknown header type 7f",
];

const UTF8 = new TextEncoder();
const LINE_END = 0x0a;

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    return changed(bytes, random, (byte) => byte ^ (1 << random.below(8)));
  },
  function setByte(bytes, random) {
    return changed(bytes, random, () => [0, 1, 0x20, 0x7f, 0x80, 0xff, random.below(256)][random.below(7)]!);
  },
  function changeDigit(bytes, random) {
    const at = findFrom(bytes, random.below(bytes.length), isHexDigit);
    return at < 0 ? bytes : changedAt(bytes, at, "0123456789abcdef".charCodeAt(random.below(16)));
  },
  function changeSign(bytes, random) {
    const at = findFrom(bytes, random.below(bytes.length), (byte) => byte === 0x2b || byte === 0x2d);
    return at < 0 ? bytes : changedAt(bytes, at, bytes[at] === 0x2b ? 0x2d : 0x2b);
  },
  function replaceNumber(bytes, random) {
    const start = findFrom(bytes, random.below(bytes.length), isHexDigit);
    if (start < 0) return bytes;
    let end = start;
    while (end < bytes.length && isHexDigit(bytes[end]!)) end++;
    const edge = EDGES[random.below(EDGES.length)]!;
    const text = edge.toString(random.below(2) === 0 ? 10 : 16);
    return replaced(bytes, start, end, UTF8.encode(random.below(3) === 0 ? text.padStart(end - start, "0") : text));
  },
  function insertHostile(bytes, random) {
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at, UTF8.encode(HOSTILE[random.below(HOSTILE.length)]!));
  },
  function cutOut(bytes, random) {
    const [start, end] = range(bytes, random);
    return replaced(bytes, start, end, EMPTY);
  },
  function cutOff(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function repeat(bytes, random) {
    const [start, end] = range(bytes, random);
    const times = 1 + random.below(8);
    const piece = bytes.subarray(start, end);
    return replaced(bytes, end, end, join(Array.from({ length: times }, () => piece)));
  },
  function copyElsewhere(bytes, random) {
    const [start, end] = range(bytes, random);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at, bytes.slice(start, end));
  },
  function overwriteWithItself(bytes, random) {
    const [start, end] = range(bytes, random);
    const copy = bytes.slice();
    copy.copyWithin(random.below(bytes.length), start, end);
    return copy;
  },
  function dropLines(bytes, random) {
    const [start, end] = lines(bytes, random);
    return replaced(bytes, start, end, EMPTY);
  },
  function repeatLines(bytes, random) {
    const [start, end] = lines(bytes, random);
    return replaced(bytes, end, end, bytes.slice(start, end));
  },
  function moveLines(bytes, random) {
    const [start, end] = lines(bytes, random);
    const piece = bytes.slice(start, end);
    const rest = replaced(bytes, start, end, EMPTY);
    const [at] = lines(rest, random);
    return replaced(rest, at, at, piece);
  },
  function spliceLines(bytes, random, others) {
    const other = others[random.below(others.length)]!;
    const [start, end] = lines(bytes, random);
    const [from, to] = lines(other, random);
    return replaced(bytes, start, end, other.subarray(from, to));
  },
  function crossOver(bytes, random, others) {
    const other = others[random.below(others.length)]!;
    const [at] = lines(bytes, random);
    const [from] = lines(other, random);
    return join([bytes.subarray(0, at), other.subarray(from)]);
  },
  function unsettleSpace(bytes, random) {
    const at = findFrom(bytes, random.below(bytes.length), (byte) => byte === 0x20 || byte === 0x09);
    return at < 0
      ? bytes
      : replaced(bytes, at, at + 1, UTF8.encode(["", "  ", "\t", "\n", "\u00a0"][random.below(5)]!));
  },
];

const EMPTY = new Uint8Array();

/** One of the inputs with some damage, which the seed of `random` decides; never longer than `longest`. */
export function mutant(inputs: readonly Uint8Array[], random: Random, longest: number): Uint8Array {
  let bytes = inputs[random.below(inputs.length)]!;
  do {
    const mutation = MUTATIONS[random.below(MUTATIONS.length)]!;
    bytes = mutation(bytes.length === 0 ? Uint8Array.of(LINE_END) : bytes, random, inputs).subarray(0, longest);
  } while (random.below(3) > 0);
  return bytes;
}

function changed(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  const at = random.below(bytes.length);
  return changedAt(bytes, at, change(bytes[at]!));
}

function changedAt(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = byte;
  return copy;
}

function replaced(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return join([bytes.subarray(0, start), by, bytes.subarray(end)]);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Mostly short. */
function range(bytes: Uint8Array, random: Random): [number, number] {
  const start = random.below(bytes.length);
  const most = [4, 16, 64, 256, bytes.length][random.below(5)]!;
  return [start, Math.min(bytes.length, start + 1 + random.below(most))];
}

/** From the start of a line to the end of one. */
function lines(bytes: Uint8Array, random: Random): [number, number] {
  if (bytes.length === 0) return [0, 0];
  const start = bytes.lastIndexOf(LINE_END, random.below(bytes.length)) + 1;
  let end = start;
  for (let left = 1 + random.below(random.below(4) === 0 ? 40 : 3); left > 0 && end < bytes.length; left--) {
    const next = bytes.indexOf(LINE_END, end);
    end = next < 0 ? bytes.length : next + 1;
  }
  return [start, end];
}

/** The first byte from `start` on, or from the beginning, that is such; -1 where none is. */
function findFrom(bytes: Uint8Array, start: number, isSuch: (byte: number) => boolean): number {
  for (let step = 0; step < bytes.length; step++) {
    const at = (start + step) % bytes.length;
    if (isSuch(bytes[at]!)) return at;
  }
  return -1;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
