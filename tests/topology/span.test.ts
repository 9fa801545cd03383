import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spanFits, spanHolds, spanOf, SpanReader } from "../../src/topology/span.js";

const SPACE = 1n << 64n;

/** Numbers of all sizes, those around the places where words end more often. */
const edge = fc
  .tuple(fc.nat(64), fc.integer({ min: -2, max: 2 }))
  .map(([bit, off]) => (1n << BigInt(bit)) + BigInt(off));
const number = fc.oneof(edge, fc.bigInt(0n, SPACE));
const range = fc
  .tuple(number, number)
  .filter(([start, size]) => start >= 0n && size >= 1n && start + size <= SPACE)
  .map(([start, size]) => ({ start, size }));

const last = ({ start, size }: { start: bigint; size: bigint }) => start + size - 1n;

describe("a span", () => {
  test("is the first and the last address in words", () => {
    fc.assert(
      fc.property(range, ({ start, size }) => {
        const [high, low, lastHigh, lastLow] = spanOf(start, size);
        expect((BigInt(high!) << 32n) | BigInt(low!)).toBe(start);
        expect((BigInt(lastHigh!) << 32n) | BigInt(lastLow!)).toBe(start + size - 1n);
      }),
    );
  });

  test("holds what lies in it", () => {
    fc.assert(
      fc.property(range, range, (outer, inner) => {
        const expected = outer.start <= inner.start && last(inner) <= last(outer);
        expect(spanHolds(spanOf(outer.start, outer.size), spanOf(inner.start, inner.size))).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("fits as many address bits as its last address has, and 0 is no limit", () => {
    fc.assert(
      fc.property(range, fc.nat(64), (each, bits) => {
        const expected = bits === 0 || last(each) < 1n << BigInt(bits);
        expect(spanFits(spanOf(each.start, each.size), bits)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("is read from columns as it is made of numbers", () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1 }), (ranges) => {
        const wide = new SpanReader(
          BigUint64Array.from(ranges, ({ start }) => start),
          // A size of 2^64 is in no column.
          BigUint64Array.from(ranges, ({ size }) => (size === SPACE ? 1n : size)),
        );
        ranges.forEach(({ start, size }, row) => {
          const expected = spanOf(start, size === SPACE ? 1n : size);
          expect(wide.read(row)).toEqual(expected);
          const shared = new SpanReader(BigUint64Array.of(0n, start), size === SPACE ? 1n : size);
          expect(shared.read(1)).toEqual(expected);
          if (start + size > 2n ** 53n) return;
          expect(new SpanReader(Float64Array.of(Number(start)), Float64Array.of(Number(size))).read(0)).toEqual(
            expected,
          );
        });
      }),
    );
  });
});
