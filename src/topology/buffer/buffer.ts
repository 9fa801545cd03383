import { BufferError, Sections, type Section } from "./sections.js";

// A topology as one buffer. All numbers are little-endian; every section begins at a multiple of 64 bytes, and the
// whole is a multiple of 64 bytes long.
//
//    0          8         12         16             24         28         32
//   ┌──────────┬─────────┬──────────┬──────────────┬──────────┬──────────┬─ ─ ─ ┐
//   │"peerlane"│ version │ sections │ total length │ checksum │ checksum │  0    │   header, 64 bytes
//   └──────────┴─────────┴──────────┴──────────────┴──────────┴──────────┴─ ─ ─ ┘
//    0                       48         56
//   ┌───────────────────────┬──────────┬──────────┐
//   │ name, padded with 0   │  offset  │  length  │   directory, one row of 64 bytes per section
//   └───────────────────────┴──────────┴──────────┘
//   sections

const MAGIC = "peerlane";
export const MAGIC_BYTES = MAGIC.length;
const VERSION_AT = 8;
const COUNT_AT = 12;
const TOTAL_AT = 16;
const CHECKSUM_AT = 24;
const UNIT = 64;
const NAME_BYTES = 48;

/** What a topology is read from. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** Raised whenever a section changes its meaning. */
const VERSION = 3;

/** Whether bytes begin as those of `Topology.toBuffer()` do. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC_BYTES && text(bytes.subarray(0, MAGIC_BYTES)) === MAGIC;
}

export function writeBuffer(sections: ReadonlyMap<string, Uint8Array>): ArrayBuffer {
  const first = UNIT + sections.size * UNIT;
  let total = first;
  for (const bytes of sections.values()) total += padded(bytes.length);
  const buffer = new ArrayBuffer(total);
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(VERSION_AT, VERSION, true);
  view.setUint32(COUNT_AT, sections.size, true);
  view.setBigUint64(TOTAL_AT, BigInt(total), true);
  let row = UNIT;
  let at = first;
  for (const [name, section] of sections) {
    bytes.set(new TextEncoder().encode(name), row);
    view.setBigUint64(row + NAME_BYTES, BigInt(at), true);
    view.setBigUint64(row + NAME_BYTES + 8, BigInt(section.length), true);
    bytes.set(section, at);
    row += UNIT;
    at += padded(section.length);
  }
  const [even, odd] = checksum(new Int32Array(buffer));
  view.setInt32(CHECKSUM_AT, even, true);
  view.setInt32(CHECKSUM_AT + 4, odd, true);
  return buffer;
}

/**
 * The sections of a buffer, which is what it was when it was written.
 *
 * @throws TypeError for anything but bytes; BufferError for bytes that are damaged, cut short, of another kind, or
 *   written by a newer version.
 */
export function readBuffer(data: Bytes): Sections {
  const given = bytesOf(data);
  if (!isPacked(given)) {
    throw new BufferError(
      `not a packed topology: it begins with ${JSON.stringify(text(given.subarray(0, 8)))}`,
      null,
      0,
    );
  }
  if (given.length < UNIT) throw cutShort(given.length, "the header alone has 64");
  // Columns of words need their place.
  const bytes = given.byteOffset % 8 === 0 ? given : new Uint8Array(given);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(VERSION_AT, true);
  if (version !== VERSION) {
    const advice = version > VERSION ? "update peerlane" : "write it anew from its source";
    throw new BufferError(`of version ${version}, this peerlane reads ${VERSION}: ${advice}`, null, VERSION_AT);
  }
  const total = Number(view.getBigUint64(TOTAL_AT, true));
  if (bytes.length < total) throw cutShort(bytes.length, `the header says ${total}`);
  if (bytes.length > total || total % UNIT !== 0) {
    const message = `expected ${total} bytes as the header says, got ${bytes.length}: it is not this buffer alone`;
    throw new BufferError(message, null, TOTAL_AT);
  }
  const [even, odd] = checksum(new Int32Array(bytes.buffer, bytes.byteOffset, total / 4));
  if (even !== view.getInt32(CHECKSUM_AT, true) || odd !== view.getInt32(CHECKSUM_AT + 4, true)) {
    throw new BufferError("damaged: its checksum is another; read or transfer it again", null, CHECKSUM_AT);
  }
  return directory(bytes, view);
}

function directory(bytes: Uint8Array, view: DataView): Sections {
  const count = view.getUint32(COUNT_AT, true);
  const first = UNIT + count * UNIT;
  if (first > bytes.length) {
    throw new BufferError(`the directory of ${count} sections does not fit into it`, "directory", COUNT_AT);
  }
  const sections = new Map<string, Section>();
  for (let row = UNIT; row < first; row += UNIT) {
    const name = text(bytes.subarray(row, row + NAME_BYTES)).replace(/\0*$/, "");
    const at = Number(view.getBigUint64(row + NAME_BYTES, true));
    const length = Number(view.getBigUint64(row + NAME_BYTES + 8, true));
    if (name === "" || sections.has(name)) {
      throw new BufferError(`expected another section's name, got ${JSON.stringify(name)}`, "directory", row);
    }
    if (at % UNIT !== 0 || at < first || at + length > bytes.length) {
      const place = `${length} bytes at ${at}`;
      throw new BufferError(`section ${name} has no place in it: ${place}`, name, row + NAME_BYTES);
    }
    sections.set(name, { bytes: bytes.subarray(at, at + length), offset: at });
  }
  return new Sections(sections);
}

function cutShort(length: number, expected: string): BufferError {
  const message = `cut short: ${expected} bytes, ${length} are here; read or transfer it whole`;
  return new BufferError(message, null, length);
}

/** Bytes of memory that is shared are copied first: they must not change once they have been checked. */
function bytesOf(data: unknown): Uint8Array {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : data instanceof ArrayBuffer || isShared(data)
      ? new Uint8Array(data)
      : null;
  if (bytes === null) throw new TypeError(`expected an ArrayBuffer or a view of one, got ${kindOf(data)}`);
  return isShared(bytes.buffer) ? new Uint8Array(bytes) : bytes;
}

/** A page that is not isolated has no such memory, nor a name for it. */
function isShared(data: unknown): data is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && data instanceof SharedArrayBuffer;
}

function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return `an object of ${value.constructor?.name ?? "no class"}`;
}

function padded(length: number): number {
  return Math.ceil(length / UNIT) * UNIT;
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/**
 * Over all words but its own two, one sum of those at even places, one of those at odd. Multiplying by
 * an odd number and adding can both be undone, so that a single word that differs makes a sum that differs.
 */
function checksum(words: Int32Array): readonly [number, number] {
  let even = 0x243f6a88;
  let odd = 0x85a308d3;
  const own = CHECKSUM_AT / 4;
  for (let at = 0; at < own; at += 2) {
    even = (Math.imul(even, 0x9e3779b1) + words[at]!) | 0;
    odd = (Math.imul(odd, 0x85ebca77) + words[at + 1]!) | 0;
  }
  for (let at = own + 2; at < words.length; at += 2) {
    even = (Math.imul(even, 0x9e3779b1) + words[at]!) | 0;
    odd = (Math.imul(odd, 0x85ebca77) + words[at + 1]!) | 0;
  }
  return [even, odd];
}
