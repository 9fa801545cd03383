import type { Addresses } from "./columns.js";

// Columns of 64-bit numbers as pairs of 32-bit words, low word first, so that no BigInt is made of a row.

const WORD = 0x1_0000_0000;
/** The high word of 2^63. */
const LIMIT = 0x8000_0000;

/** @throws RangeError for a Float64 that is no whole number below 2^53. */
export function wordsOf(column: Addresses, name: string): Uint32Array {
  if (column instanceof BigUint64Array) return new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
  const words = new Uint32Array(2 * column.length);
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!;
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value)) {
      throw new RangeError(
        `${name} row ${row}: expected a whole number below 2^53, got ${value}: ` +
          "use a BigUint64Array for larger ones",
      );
    }
    words[2 * row] = value % WORD;
    words[2 * row + 1] = Math.floor(value / WORD);
  }
  return words;
}

/** @throws RangeError for a range of no bytes, or one that does not end below 2^63. */
export function checkRanges(start: Uint32Array, size: Uint32Array, group: string): void {
  for (let at = 0; at < start.length; at += 2) {
    const [low, high] = [size[at]!, size[at + 1]!];
    if ((low | high) === 0) throw new RangeError(`${group}.size row ${at / 2}: expected at least 1 byte, got 0`);
    const carry = start[at]! + low >= WORD ? 1 : 0;
    if (start[at + 1]! + high + carry >= LIMIT) {
      const hex = (words: Uint32Array) => `0x${valueAt(words, at / 2).toString(16)}`;
      throw new RangeError(
        `${group} row ${at / 2}: expected a range that ends below 2^63, got ${hex(size)} bytes at ${hex(start)}`,
      );
    }
  }
}

export function valueAt(words: Uint32Array, row: number): bigint {
  return (BigInt(words[2 * row + 1]!) << 32n) | BigInt(words[2 * row]!);
}
