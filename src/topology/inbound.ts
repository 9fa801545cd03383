import { toBigInt } from "./address.js";
import type { InboundDescription } from "./description.js";
import { spanHolds, spanOf, type Span } from "./span.js";

/** What requests from below one host bridge reach outside PCI: windows that touch each other are one. */
export class Inbound {
  readonly #windows: readonly Span[];

  constructor(windows: readonly InboundDescription[]) {
    const ranges = windows
      .map(({ start, size }) => ({ start: toBigInt(start), end: toBigInt(start) + toBigInt(size) }))
      .filter(({ start, end }) => end > start)
      .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const merged: { start: bigint; end: bigint }[] = [];
    for (const range of ranges) {
      const before = merged.at(-1);
      if (before === undefined || before.end < range.start) merged.push(range);
      else if (before.end < range.end) before.end = range.end;
    }
    this.#windows = merged.map(({ start, end }) => spanOf(start, end - start));
  }

  /** Whether requests from below reach all of a range. */
  holds(range: Span): boolean {
    return this.#windows.some((window) => spanHolds(window, range));
  }
}
