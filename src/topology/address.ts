/** A 64-bit number as the document and every JSON output spell it: `0x…`, lower case, no padding. */
export type Hex = `0x${string}`;

/** A size in bytes: a number up to 2^53 - 1, beyond that a {@link Hex} string. */
export type Size = number | Hex;

/** One past the greatest address the core can hold: every address is below 2^63. */
export const ADDRESS_LIMIT = 1n << 63n;

/** A number that is not negative as {@link Hex}: `0xf9000000`. */
export function formatHex(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** A number of bytes as {@link Size}. */
export function formatSize(value: bigint): Size {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : formatHex(value);
}

/** Reads `0x…` or decimal digits; null for anything else and for values of more than 64 bits. */
export function parseAddress(text: string): bigint | null {
  if (!/^(?:0x[0-9a-f]+|[0-9]+)$/i.test(text)) return null;
  const value = BigInt(text);
  return value >> 64n === 0n ? value : null;
}

/** The value of a {@link Hex} or {@link Size} of a description that has been checked. */
export function toBigInt(value: Hex | Size): bigint {
  return BigInt(value);
}
