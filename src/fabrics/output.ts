import { storePages } from "./addresses.js";
import type { Writer } from "./writer.js";

/** Where the ranges of a fabric are. */
export interface Placed {
  readonly start: BigUint64Array;
  readonly bus: BigUint64Array;
  readonly windows?: {
    readonly node: Uint32Array;
    readonly prefetchable: Uint8Array;
    readonly start: BigUint64Array;
    readonly size: BigUint64Array;
  };
}

/** Columns of addresses, and of windows while their number is not known. */
export class Output {
  readonly #start: BigUint64Array;
  readonly #bus: BigUint64Array;
  readonly #windows: NonNullable<Placed["windows"]>;
  readonly #halves: { readonly [K in "start" | "bus" | "windowStart" | "windowSize"]: Uint32Array };
  #count = 0;

  constructor(
    rows: Writer,
    windowLimit: number,
    /** Pages from bus to CPU physical addresses. */
    readonly offset: number,
  ) {
    const bars = rows.bars.function.length;
    this.#start = new BigUint64Array(bars);
    this.#bus = offset === 0 ? this.#start : new BigUint64Array(bars);
    this.#windows = {
      node: new Uint32Array(windowLimit),
      prefetchable: new Uint8Array(windowLimit),
      start: new BigUint64Array(windowLimit),
      size: new BigUint64Array(windowLimit),
    };
    this.#halves = {
      start: new Uint32Array(this.#start.buffer),
      bus: new Uint32Array(this.#bus.buffer),
      windowStart: new Uint32Array(this.#windows.start.buffer),
      windowSize: new Uint32Array(this.#windows.size.buffer),
    };
  }

  bar(row: number, page: number): void {
    storePages(this.#halves.bus, row, page);
    if (this.offset !== 0) storePages(this.#halves.start, row, page + this.offset);
  }

  window(node: number, prefetchable: number, page: number, pages: number): void {
    const row = this.#count++;
    this.#windows.node[row] = node;
    this.#windows.prefetchable[row] = prefetchable;
    storePages(this.#halves.windowStart, row, page + this.offset);
    storePages(this.#halves.windowSize, row, pages);
  }

  placed(): Placed {
    const { node, prefetchable, start, size } = this.#windows;
    const count = this.#count;
    const windows =
      count === node.length
        ? this.#windows
        : {
            node: node.slice(0, count),
            prefetchable: prefetchable.slice(0, count),
            start: start.slice(0, count),
            size: size.slice(0, count),
          };
    return { start: this.#start, bus: this.#bus, windows };
  }
}
