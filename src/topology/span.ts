import type { Addresses } from "./fabric/columns.js";

// Ranges of addresses as pairs of 32-bit words, so that columns of millions are looked at without a BigInt for each.

/** A range of addresses: high and low word of the first, then of the last. */
export type Span = Uint32Array & { readonly length: 4 };

const WORD = 0x1_0000_0000;
const LOW_WORD = 0xffff_ffffn;

/** The span of `size` bytes, at least 1, from `address` on, which end at most at 2^64. */
export function spanOf(address: bigint, size: bigint): Span {
  const last = address + size - 1n;
  const words = [address >> 32n, address & LOW_WORD, last >> 32n, last & LOW_WORD];
  return Uint32Array.from(words, Number) as Span;
}

/** Whether all of `inner` is in `outer`. */
export function spanHolds(outer: Span, inner: Span): boolean {
  return !isBelow(inner, 0, outer, 0) && !isBelow(outer, 2, inner, 2);
}

/** Whether the address at word `i` of `a` is below that at word `j` of `b`. */
function isBelow(a: Span, i: number, b: Span, j: number): boolean {
  return a[i]! < b[j]! || (a[i] === b[j] && a[i + 1]! < b[j + 1]!);
}

/** Whether a number of address bits is enough for all of a range; 0 is no limit known. */
export function spanFits([, , high, low]: Span, bits: number): boolean {
  if (bits === 0 || bits >= 64) return true;
  return bits >= 32 ? high! < 2 ** (bits - 32) : high === 0 && low! < 2 ** bits;
}

/** As many bytes, from address 0 on. */
export function fromZero([high, low, lastHigh, lastLow]: Span): Span {
  const borrow = lastLow! < low! ? 1 : 0;
  return Uint32Array.of(0, 0, lastHigh! - high! - borrow, lastLow! - low!) as Span;
}

/** Reads the ranges of two columns one after the other into one span. */
export class SpanReader {
  readonly span = new Uint32Array(4) as Span;
  readonly #address: WordReader;
  readonly #size: WordReader;

  /** @param size of each row, or of all rows. */
  constructor(address: Addresses, size: Addresses | bigint) {
    this.#address = new WordReader(address);
    this.#size = new WordReader(typeof size === "bigint" ? BigUint64Array.of(size) : size, typeof size === "bigint");
  }

  /** The range of a row, until the next is read. */
  read(row: number): Span {
    const { span } = this;
    this.#address.read(row);
    this.#size.read(row);
    [span[0], span[1]] = [this.#address.high, this.#address.low];
    // The last byte is one before the end, which may be 2^64.
    const end = this.#address.low + this.#size.low;
    const carry = end >= WORD ? 1 : 0;
    const borrow = end % WORD === 0 ? 1 : 0;
    [span[2], span[3]] = [this.#address.high + this.#size.high + carry - borrow, (end - 1) >>> 0];
    return span;
  }
}

/** The words of 64-bit numbers in a column, or of one that stands for all rows. */
class WordReader {
  high = 0;
  low = 0;
  readonly #words: Uint32Array | null;

  constructor(
    private readonly column: Addresses,
    private readonly isShared = false,
  ) {
    this.#words =
      column instanceof BigUint64Array ? new Uint32Array(column.buffer, column.byteOffset, 2 * column.length) : null;
  }

  read(row: number): void {
    const at = this.isShared ? 0 : row;
    if (this.#words === null) {
      const value = this.column[at] as number;
      [this.high, this.low] = [Math.floor(value / WORD), value % WORD];
    } else [this.high, this.low] = [this.#words[2 * at + 1]!, this.#words[2 * at]!];
  }
}
