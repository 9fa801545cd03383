import fc from "fast-check";
import { expect, test } from "vitest";
import { moveBy, scrollTo, windowOf } from "../../web/matrix/window.js";

const SIZE = 34;
const table = fc.record({
  count: fc.integer({ min: 1, max: 1024 }),
  length: fc.integer({ min: SIZE, max: 2000 }),
  scroll: fc.double({ min: 0, max: 40_000, noNaN: true }),
});

test("every cell that is in sight is drawn, and few others, however far one scrolls", () => {
  fc.assert(
    fc.property(table, ({ count, length, scroll }) => {
      const { from, to } = windowOf(scroll, length, SIZE, count);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(count);
      expect(to - from).toBeLessThanOrEqual(length / SIZE + 10);
      for (let cell = 0; cell < count; cell++) {
        const isInSight = cell * SIZE < scroll + length && (cell + 1) * SIZE > scroll;
        if (isInSight) expect(cell >= from && cell < to).toBe(true);
      }
    }),
  );
});

test("a cell is brought into sight by the least scrolling", () => {
  fc.assert(
    fc.property(table, fc.nat(1023), ({ count, length, scroll }, nth) => {
      const cell = nth % count;
      const to = scrollTo(scroll, length, SIZE, cell);
      expect(cell * SIZE >= to && (cell + 1) * SIZE <= to + length).toBe(true);
      const wasInSight = cell * SIZE >= scroll && (cell + 1) * SIZE <= scroll + length;
      if (wasInSight) expect(to).toBe(scroll);
      expect(scrollTo(to, length, SIZE, cell)).toBe(to);
    }),
  );
});

test("keys move within the table", () => {
  const at = (key: string, ctrl = false) => moveBy(key, ctrl, [3, 5], 10, 4);
  expect(at("ArrowUp")).toEqual([2, 5]);
  expect(at("ArrowDown")).toEqual([4, 5]);
  expect(at("ArrowLeft")).toEqual([3, 4]);
  expect(at("ArrowRight")).toEqual([3, 6]);
  expect(at("PageUp")).toEqual([0, 5]);
  expect(at("PageDown")).toEqual([7, 5]);
  expect(at("Home")).toEqual([3, 0]);
  expect(at("End")).toEqual([3, 9]);
  expect(at("Home", true)).toEqual([0, 0]);
  expect(at("End", true)).toEqual([9, 9]);
  expect(at("Tab")).toBeNull();
  expect(at("x")).toBeNull();
  for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown"]) {
    expect(moveBy(key, false, [0, 0], 1, 4)).toEqual([0, 0]);
  }
});
