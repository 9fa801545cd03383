import type { Addresses } from "./columns.js";
import type { Column } from "./window.js";

// What the staging window holds, into rows of a caller's columns.

export function give<Values extends Uint8Array | Uint32Array>(
  { values }: Column<Values>,
  into: Values,
  first: number,
  rows: number,
): void {
  into.set(rows === values.length ? values : values.subarray(0, rows), first);
}

export function giveAddresses({ values }: Column<BigUint64Array>, into: Addresses, first: number, rows: number): void {
  if (into instanceof BigUint64Array) {
    into.set(rows === values.length ? values : values.subarray(0, rows), first);
    return;
  }
  const halves = new Uint32Array(values.buffer, values.byteOffset, rows * 2);
  for (let row = 0; row < rows; row++) {
    const high = halves[2 * row + 1]!;
    into[first + row] = high === NOWHERE ? NaN : halves[2 * row]! + high * 2 ** 32;
  }
}

/** The upper half of NO_ADDRESS, which no offset and no address that a double holds has. */
const NOWHERE = 0xffffffff;
