import fc from "fast-check";
import { expect, test } from "vitest";
import { around, filled, fit } from "../../web/picture/camera.js";

const length = fc.integer({ min: 10, max: 5000 });
const area = fc.record({ x: fc.integer(), y: fc.integer(), width: length, height: length });

test("what is brought into sight stays there, and no room is left that the picture could fill", () => {
  fc.assert(
    fc.property(
      area.map((area) => ({ ...area, x: area.x % 1000, y: area.y % 1000 })),
      fc.record({ left: fc.nat(999), top: fc.nat(999), width: fc.nat(999), height: fc.nat(999) }),
      fc.record({ width: fc.integer({ min: 200, max: 2000 }), height: fc.integer({ min: 200, max: 2000 }) }),
      (picture, { left, top, width, height }, view) => {
        const part = around([
          {
            x: picture.x + (picture.width * left) / 1000,
            y: picture.y + (picture.height * top) / 1000,
            width: (picture.width * (1000 - left) * width) / 1e6,
            height: (picture.height * (1000 - top) * height) / 1e6,
          },
        ])!;
        const { x, y, scale } = filled(fit(part, view), picture, view);
        const sees = (corner: number, room: number, from: number, size: number) =>
          corner <= from + 1e-6 && from + size <= corner + room / scale + 1e-6;
        expect(sees(x, view.width, part.x, part.width)).toBe(true);
        expect(sees(y, view.height, part.y, part.height)).toBe(true);
        // As much empty room as the buttons above take, and the margins: not more on one side than on the other.
        const empty = (corner: number, room: number, from: number, size: number) =>
          Math.max(0, from - corner, corner + room / scale - from - size) * scale;
        if (picture.width * scale >= view.width)
          expect(empty(x, view.width, picture.x, picture.width)).toBeLessThan(13);
        if (picture.height * scale >= view.height)
          expect(empty(y, view.height, picture.y, picture.height)).toBeLessThan(49);
      },
    ),
  );
});
