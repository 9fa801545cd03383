/**
 * Addresses are reckoned in pages: as a number that is exact up to 2^63, so that no bigint has to be made for a row.
 */
export const PAGE = 4096;

const PAGES_IN_4_GIB = 2 ** 20;

/** Stores bytes, a whole number whose last 53 bits at most are in use, as element `row` of 64 bits. */
export function store(halves: Uint32Array, row: number, bytes: number): void {
  const high = Math.floor(bytes / 0x1_0000_0000);
  halves[2 * row] = bytes - high * 0x1_0000_0000;
  halves[2 * row + 1] = high;
}

/** Stores the address of a page. */
export function storePages(halves: Uint32Array, row: number, pages: number): void {
  const high = Math.floor(pages / PAGES_IN_4_GIB);
  halves[2 * row] = (pages - high * PAGES_IN_4_GIB) * PAGE;
  halves[2 * row + 1] = high;
}

/** How many pages element `row` of 64 bits takes. */
export function loadPages(halves: Uint32Array, row: number): number {
  return halves[2 * row + 1]! * PAGES_IN_4_GIB + Math.ceil(halves[2 * row]! / PAGE);
}
