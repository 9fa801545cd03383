import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areaIn,
  around,
  clamp,
  filled,
  fit,
  meet,
  NEAREST,
  pan,
  zoom,
  type Area,
  type Camera,
  type Size,
} from "../../web/picture/camera.js";

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const cameras: fc.Arbitrary<Camera> = fc.record({
  x: number(-5000, 5000),
  y: number(-5000, 5000),
  scale: number(0.01, NEAREST),
});
const views: fc.Arbitrary<Size> = fc.record({ width: number(100, 2000), height: number(100, 2000) });
const points = fc.record({ x: number(0, 2000), y: number(0, 2000) });
const areas: fc.Arbitrary<Area> = fc.record({
  x: number(-5000, 5000),
  y: number(-5000, 5000),
  width: number(1, 50_000),
  height: number(1, 50_000),
});

/** What of the picture is at a point of the screen. */
const seenAt = (camera: Camera, at: { readonly x: number; readonly y: number }) => ({
  x: camera.x + at.x / camera.scale,
  y: camera.y + at.y / camera.scale,
});

/** Whether one is within the other, but for what is lost in the last digits. */
function isWithin(inner: Area, outer: Area, slack = 1e-6): boolean {
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    inner.x + inner.width <= outer.x + outer.width + slack &&
    inner.y + inner.height <= outer.y + outer.height + slack
  );
}

const middle = ({ x, y, width, height }: Area) => ({ x: x + width / 2, y: y + height / 2 });

function expectNear(one: Readonly<Record<"x" | "y", number>>, other: Readonly<Record<"x" | "y", number>>): void {
  expect(one.x).toBeCloseTo(other.x, 5);
  expect(one.y).toBeCloseTo(other.y, 5);
}

describe("nearer and farther", () => {
  test("the point under the pointer stays where it is", () => {
    fc.assert(
      fc.property(cameras, number(0.1, 10), points, number(0.001, 1), (camera, factor, at, farthest) => {
        const zoomed = zoom(camera, factor, at, farthest);
        expectNear(seenAt(zoomed, at), seenAt(camera, at));
        expect(zoomed.scale).toBeGreaterThanOrEqual(farthest);
        expect(zoomed.scale).toBeLessThanOrEqual(NEAREST);
        const wanted = camera.scale * factor;
        if (wanted >= farthest && wanted <= NEAREST) expect(zoomed.scale).toBe(wanted);
      }),
    );
  });

  test("there is an end to it both ways", () => {
    const camera = { x: 0, y: 0, scale: 1 };
    expect(zoom(camera, 1e9, { x: 0, y: 0 }, 0.1).scale).toBe(NEAREST);
    expect(zoom(camera, 1e-9, { x: 0, y: 0 }, 0.1).scale).toBe(0.1);
    // A picture of one box needs no less than it has.
    expect(zoom(camera, 1e-9, { x: 0, y: 0 }, 40).scale).toBe(NEAREST);
  });
});

test("what is dragged stays under the pointer", () => {
  fc.assert(
    fc.property(cameras, points, number(-500, 500), number(-500, 500), (camera, at, right, down) => {
      const panned = pan(camera, right, down);
      expectNear(seenAt(panned, { x: at.x + right, y: at.y + down }), seenAt(camera, at));
      expect(panned.scale).toBe(camera.scale);
    }),
  );
});

describe("what is fitted", () => {
  test("is wholly in sight, in the middle, and as large as it can be", () => {
    fc.assert(
      fc.property(areas, views, number(0.1, NEAREST), (area, view, nearest) => {
        const camera = fit(area, view, nearest);
        const sight = areaIn(camera, view);
        expect(isWithin(area, sight)).toBe(true);
        expectNear(middle(sight), middle(area));
        expect(camera.scale).toBeLessThanOrEqual(nearest);
        // Any nearer, and it would touch the edge or be larger than was wanted.
        const larger = areaIn({ ...camera, scale: camera.scale * 1.4 }, view);
        const isTight = area.width > larger.width * 0.95 || area.height > larger.height * 0.95;
        if (camera.scale < nearest && view.width > 200 && view.height > 200) expect(isTight).toBe(true);
      }),
    );
  });

  test("may be nothing at all, in a view of no size", () => {
    const { x, y, scale } = fit({ x: 3, y: 4, width: 0, height: 0 }, { width: 0, height: 0 });
    expect([x, y, scale].every(Number.isFinite)).toBe(true);
    expect(scale).toBeGreaterThan(0);
  });
});

test("something of the picture is in the middle of the screen, wherever one drags", () => {
  fc.assert(
    fc.property(cameras, areas, views, (camera, picture, view) => {
      const clamped = clamp(camera, picture, view);
      const { x, y } = middle(areaIn(clamped, view));
      expect(isWithin({ x, y, width: 0, height: 0 }, picture)).toBe(true);
      expect(clamped.scale).toBe(camera.scale);
      expectNear(clamp(clamped, picture, view), clamped);
      const before = middle(areaIn(camera, view));
      if (isWithin({ ...before, width: 0, height: 0 }, picture, 0)) expectNear(clamped, camera);
    }),
  );
});

describe("room that the picture could fill", () => {
  test("is not left empty", () => {
    fc.assert(
      fc.property(cameras, areas, views, (camera, picture, view) => {
        const sight = areaIn(filled(camera, picture, view), view);
        // Pixels that are kept free: all around, and at the top for the buttons.
        for (const [corner, length, from, size, pixels] of [
          [sight.x, sight.width, picture.x, picture.width, 12],
          [sight.y, sight.height, picture.y, picture.height, 48],
        ] as const) {
          const [least, after] = [pixels / camera.scale, 12 / camera.scale];
          const [emptyBefore, emptyAfter] = [from - corner, corner + length - (from + size)];
          if (least + size + after < length) expect(emptyBefore - emptyAfter).toBeCloseTo(least - after, 5);
          else {
            expect(emptyBefore).toBeLessThanOrEqual(least + 1e-6);
            expect(emptyAfter).toBeLessThanOrEqual(after + 1e-6);
          }
        }
      }),
    );
  });

  test("is filled without losing what was brought into sight", () => {
    const share = number(0, 1);
    fc.assert(
      fc.property(areas, views, share, share, share, share, (picture, view, left, top, wide, high) => {
        const width = picture.width * wide;
        const height = picture.height * high;
        const area = {
          x: picture.x + (picture.width - width) * left,
          y: picture.y + (picture.height - height) * top,
          width,
          height,
        };
        expect(isWithin(area, areaIn(filled(fit(area, view), picture, view), view))).toBe(true);
      }),
    );
  });
});

describe("areas", () => {
  const grid = fc.record({
    x: fc.integer({ min: 0, max: 9 }),
    y: fc.integer({ min: 0, max: 9 }),
    width: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 1, max: 5 }),
  });
  /** The unit squares of an area. */
  const squares = ({ x, y, width, height }: Area) =>
    Array.from({ length: width * height }, (_, at) => `${x + (at % width)} ${y + Math.floor(at / width)}`);

  test("meet where they share a square, not where they touch", () => {
    fc.assert(
      fc.property(grid, grid, (one, other) => {
        const there = new Set(squares(one));
        expect(meet(one, other)).toBe(squares(other).some((square) => there.has(square)));
      }),
    );
  });

  test("have a least area around them", () => {
    expect(around([])).toBeNull();
    fc.assert(
      fc.property(fc.array(grid, { minLength: 1, maxLength: 8 }), (each) => {
        const whole = around(each)!;
        expect(each.every((area) => isWithin(area, whole, 0))).toBe(true);
        // Each of its sides is a side of one of them.
        expect(each.some(({ x }) => x === whole.x)).toBe(true);
        expect(each.some(({ y }) => y === whole.y)).toBe(true);
        expect(each.some(({ x, width }) => x + width === whole.x + whole.width)).toBe(true);
        expect(each.some(({ y, height }) => y + height === whole.y + whole.height)).toBe(true);
      }),
    );
  });
});
