import { NO_ADDRESS, TRANSLATIONS, type Addresses } from "../core.js";
import { wordsOf } from "../topology/fabric/words64.js";
import { ROUTES } from "../explain/ruling.js";
import type { Route, Translation } from "../explain/verdict.js";

/** A piece of a scatter list as the initiator sees it. */
export interface DmaSpan {
  /** What the initiator has to put on the bus; null: an IOVA that the kernel allots, or not known. */
  readonly address: bigint | null;
  /** Bytes. */
  readonly size: number;
  readonly route: Route;
  readonly translation: Translation;
  /** Index of the segment that its first byte is of. */
  readonly segment: number;
}

/** Pieces of a scatter list as the initiator sees them, one a row. */
export interface DmaSpanColumns {
  /** What the initiator has to put on the bus; `NO_ADDRESS`: an IOVA that the kernel allots, or not known. */
  readonly address: BigUint64Array;
  /** Bytes, whole numbers of at most 2^52. */
  readonly size: Float64Array;
  /** Index in `ROUTES`. */
  readonly route: Uint8Array;
  /** Index in `TRANSLATIONS`. */
  readonly translation: Uint8Array;
  /** Index of the segment that the first byte is of. */
  readonly segment: Uint32Array;
}

/** Where spans end. */
export interface SpanLimits {
  /** Whether a span may hold more than one segment. */
  readonly merge: boolean;
  /** Bytes of a span, at most 2^52. */
  readonly most: number;
  /** No span crosses a multiple of 2^this; 64: no boundary. */
  readonly boundaryBits: number;
  /** A power of two, below 2^32. */
  readonly pageSize: number;
}

/** Segments that are all mapped, one a row. */
export interface MappedColumns {
  /** CPU physical. */
  readonly source: Addresses;
  /** Bytes, one size for all rows or one a row. */
  readonly size: Addresses | number;
  readonly dmaAddress: BigUint64Array;
  readonly route: Uint8Array;
  readonly translation: Uint8Array;
}

/** 2^52: the largest size, so that any two of them add up exactly. */
export const LARGEST_SIZE = 2 ** 52;
/** The most spans of one list. */
export const SPAN_LIMIT = 2 ** 26;

const WORD = 0x1_0000_0000;
/** The upper word of NO_ADDRESS, which no DMA address has: all are below 2^63. */
const NOWHERE = 0xffffffff;
const IOMMU = TRANSLATIONS.indexOf("iommu");

/**
 * Cuts mapped segments into spans, greedily: a span grows over segments that continue it, and ends at a limit. One that
 * has an address is continued by what has the next one, an IOVA by an IOVA (docs/transfers.md, Merging). No BigInt is
 * made of a row: addresses are pairs of words.
 *
 * @throws RangeError for a segment of more than 2^52 bytes, or more than 2^26 spans.
 */
export function spansOf(mapped: MappedColumns, limits: SpanLimits): DmaSpanColumns {
  const spans = new SpanWriter(limits);
  const source = wordsOf(mapped.source, "address");
  const address = wordsOf(mapped.dmaAddress, "dmaAddress");
  const sizeAt = sizes(mapped.size);
  const rows = mapped.route.length;
  for (let row = 0; row < rows; row++) {
    spans.add(
      row,
      source[2 * row]!,
      address[2 * row + 1]!,
      address[2 * row]!,
      sizeAt(row),
      mapped.route[row]!,
      mapped.translation[row]!,
    );
  }
  return spans.finish();
}

/** Sizes by row. @throws RangeError beyond 2^52. */
function sizes(size: Addresses | number): (row: number) => number {
  const checked = (bytes: number, row: number) => {
    if (bytes <= LARGEST_SIZE) return bytes;
    throw new RangeError(`size: expected at most 2^52 bytes in a segment, got ${bytes} in row ${row}`);
  };
  if (typeof size === "number") return (row) => checked(size, row);
  if (size instanceof Float64Array) return (row) => checked(size[row]!, row);
  const words = wordsOf(size, "size");
  return (row) => checked(words[2 * row]! + words[2 * row + 1]! * WORD, row);
}

class SpanWriter {
  readonly #limits: SpanLimits;
  /** No span that is cut short is shorter, but at the ends of its segments. */
  readonly #least: number;
  #columns: DmaSpanColumns = spanColumns(256);
  /** The same addresses, low word first. */
  #addresses = wordsOf(this.#columns.address, "address");
  #count = 0;
  // Of the open span; no bytes: there is none.
  #size = 0;
  /** How many bytes it may have. */
  #room = 0;
  #high = 0;
  #low = 0;
  #route = 0;
  #translation = 0;
  #segment = 0;
  // The address after its last byte, and where in a page that is by CPU physical addresses.
  #endHigh = 0;
  #endLow = 0;
  #endInPage = 0;

  constructor(limits: SpanLimits) {
    this.#limits = limits;
    this.#least = Math.min(limits.most, 2 ** limits.boundaryBits);
  }

  add(segment: number, source: number, high: number, low: number, size: number, route: number, translation: number) {
    if (this.#count + size / this.#least > SPAN_LIMIT) throw tooMany();
    if (!this.#continues(source, high, low, route, translation)) {
      this.#end();
      this.#begin(segment, high, low, route, translation);
    }
    for (let rest = size; ;) {
      const taken = Math.min(rest, this.#room - this.#size);
      this.#grow(taken);
      rest -= taken;
      if (rest === 0) break;
      this.#end();
      this.#begin(segment, this.#endHigh, this.#endLow, route, translation);
    }
    this.#endInPage = inPage(source + size, this.#limits.pageSize);
  }

  finish(): DmaSpanColumns {
    this.#end();
    return sliced(this.#columns, this.#count);
  }

  #continues(source: number, high: number, low: number, route: number, translation: number): boolean {
    if (!this.#limits.merge || this.#size === 0 || this.#size === this.#room) return false;
    if (route !== this.#route || translation !== this.#translation) return false;
    if (high !== NOWHERE) return high === this.#endHigh && low === this.#endLow;
    // An IOMMU maps whole pages: only what ends and begins with one is without a gap between.
    return translation === IOMMU && this.#endInPage === 0 && inPage(source, this.#limits.pageSize) === 0;
  }

  #begin(segment: number, high: number, low: number, route: number, translation: number): void {
    this.#segment = segment;
    this.#high = this.#endHigh = high;
    this.#low = this.#endLow = low;
    this.#route = route;
    this.#translation = translation;
    const { most, boundaryBits } = this.#limits;
    this.#room = high === NOWHERE ? most : Math.min(most, toBoundary(high, low, boundaryBits));
  }

  #grow(bytes: number): void {
    this.#size += bytes;
    if (this.#high === NOWHERE) return;
    const low = this.#endLow + bytes;
    this.#endHigh += Math.floor(low / WORD);
    this.#endLow = low % WORD;
  }

  /** Writes the open span down. */
  #end(): void {
    if (this.#size === 0) return;
    const row = this.#count++;
    if (row === this.#columns.size.length) {
      this.#columns = doubled(this.#columns);
      this.#addresses = wordsOf(this.#columns.address, "address");
    }
    const { size, route, translation, segment } = this.#columns;
    this.#addresses[2 * row] = this.#low;
    this.#addresses[2 * row + 1] = this.#high;
    size[row] = this.#size;
    route[row] = this.#route;
    translation[row] = this.#translation;
    segment[row] = this.#segment;
    this.#size = 0;
  }
}

/** Where in a page of 2^k bytes an address is, by its low bits. */
function inPage(address: number, pageSize: number): number {
  return address - Math.floor(address / pageSize) * pageSize;
}

/** Bytes from an address to the next multiple of 2^bits; exact where it is below 2^52. */
function toBoundary(high: number, low: number, bits: number): number {
  if (bits === 64) return Infinity;
  if (bits < 32) return 2 ** bits - inPage(low, 2 ** bits);
  const unit = 2 ** (bits - 32);
  return (unit - inPage(high, unit)) * WORD - low;
}

function spanColumns(rows: number): DmaSpanColumns {
  return {
    address: new BigUint64Array(rows),
    size: new Float64Array(rows),
    route: new Uint8Array(rows),
    translation: new Uint8Array(rows),
    segment: new Uint32Array(rows),
  };
}

function doubled(columns: DmaSpanColumns): DmaSpanColumns {
  const rows = 2 * columns.size.length;
  if (rows > SPAN_LIMIT) throw tooMany();
  const larger = spanColumns(rows);
  larger.address.set(columns.address);
  larger.size.set(columns.size);
  larger.route.set(columns.route);
  larger.translation.set(columns.translation);
  larger.segment.set(columns.segment);
  return larger;
}

function tooMany(): RangeError {
  return new RangeError("expected at most 2^26 spans: raise maxSegmentSize or boundaryMask, or map fewer segments");
}

function sliced({ address, size, route, translation, segment }: DmaSpanColumns, count: number): DmaSpanColumns {
  return {
    address: address.slice(0, count),
    size: size.slice(0, count),
    route: route.slice(0, count),
    translation: translation.slice(0, count),
    segment: segment.slice(0, count),
  };
}

/** Spans as objects, for people. */
export function spanObjects(columns: DmaSpanColumns): DmaSpan[] {
  return Array.from(columns.size, (size, row) => {
    const address = columns.address[row]!;
    return {
      address: address === NO_ADDRESS ? null : address,
      size,
      route: ROUTES[columns.route[row]!] as Route,
      translation: TRANSLATIONS[columns.translation[row]!]!,
      segment: columns.segment[row]!,
    };
  });
}
