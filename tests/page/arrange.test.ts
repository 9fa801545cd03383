import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Layout, PlacedBox } from "../../src/writers/pictures/svg-layout.js";
import { arrange } from "../../web/picture/arrange.js";
import { meet, type Area } from "../../web/picture/camera.js";
import { captureNames } from "../readers/fixtures.js";
import { drawnCapture, drawnMadeUp, layouts } from "./layouts.js";

const ASPECTS = [0.45, 1, 1.4, 2.5];

const boxesOf = ({ groups }: Layout) => groups.flatMap(({ boxes }) => boxes);
const edgesOf = ({ groups }: Layout) => groups.flatMap(({ edges }) => edges);

/** Pairs of areas that overlap, by a sweep from left to right. */
function overlaps(areas: readonly Area[]): (readonly [Area, Area])[] {
  const found: (readonly [Area, Area])[] = [];
  let open: Area[] = [];
  for (const area of areas.toSorted((one, other) => one.x - other.x)) {
    open = open.filter(({ x, width }) => x + width > area.x);
    for (const each of open) if (meet(each, area)) found.push([each, area]);
    open.push(area);
  }
  return found;
}

function isWithin(inner: Area, outer: Area): boolean {
  const slack = 1e-6;
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    inner.x + inner.width <= outer.x + outer.width + slack &&
    inner.y + inner.height <= outer.y + outer.height + slack
  );
}

/** Boxes by the keys of themselves and of their ports. */
function byKey(layout: Layout): Map<string, PlacedBox> {
  return new Map(
    boxesOf(layout).flatMap((box) => [box.box.key, ...box.rows.map(({ key }) => key)].map((key) => [key, box])),
  );
}

/** How far, in what belongs together, anything has moved otherwise than its box. */
function torn(layout: Layout, arranged: Layout): number {
  const [then, now] = [byKey(layout), byKey(arranged)];
  const moved = new Map(edgesOf(arranged).map((edge) => [edge.to, edge]));
  let most = 0;
  for (const { from, to, x1, y1, bend, x2, y2 } of edgesOf(layout)) {
    const edge = moved.get(to)!;
    const right = now.get(from)!.x - then.get(from)!.x;
    const down = now.get(from)!.y - then.get(from)!.y;
    most = Math.max(most, ...[edge.x1 - x1, edge.bend - bend, edge.x2 - x2].map((by) => Math.abs(by - right)));
    most = Math.max(most, ...[edge.y1 - y1, edge.y2 - y2].map((by) => Math.abs(by - down)));
  }
  return most;
}

function expectArranged(layout: Layout, aspect: number): Layout {
  const arranged = arrange(layout, aspect);
  const contents = (of: Layout) =>
    boxesOf(of)
      .map(({ x: _x, y: _y, ...box }) => box)
      .sort((one, other) => (one.box.key < other.box.key ? -1 : 1));
  expect(contents(arranged)).toEqual(contents(layout));
  const ends = (of: Layout) => edgesOf(of).map(({ from, to }) => `${from} ${to}`);
  expect(ends(arranged).sort()).toEqual(ends(layout).sort());
  expect(torn(layout, arranged)).toBeLessThan(1e-6);
  expect(arranged.groups.map(({ numaNode }) => numaNode)).toEqual(layout.groups.map(({ numaNode }) => numaNode));
  expect(overlaps(boxesOf(arranged))).toEqual([]);
  expect(overlaps(arranged.groups)).toEqual([]);
  for (const group of arranged.groups) {
    expect(group.boxes.filter((box) => !isWithin(box, group))).toEqual([]);
    expect(isWithin(group, { x: 0, y: 0, width: arranged.width, height: arranged.height })).toBe(true);
  }
  const boxes = byKey(arranged);
  const loose = edgesOf(arranged).filter(({ from, to, x1, y1, bend, x2, y2 }) => {
    const [above, below] = [boxes.get(from)!, boxes.get(to)!];
    const isAtBoth = Math.abs(x1 - above.x - above.width) < 1e-6 && Math.abs(x2 - below.x) < 1e-6;
    const isBeside = (y: number, box: PlacedBox) => y >= box.y && y <= box.y + box.height;
    return !(isAtBoth && isBeside(y1, above) && isBeside(y2, below) && x1 <= bend && bend <= x2);
  });
  expect(loose).toEqual([]);
  return arranged;
}

describe("nothing overlaps, nothing is lost, lines end where they did", () => {
  test.each(captureNames())("of %s", async (name) => {
    const { layout } = await drawnCapture(name);
    for (const aspect of ASPECTS) expectArranged(layout, aspect);
  });

  test("of 20,000 functions, in the shape of the screen", () => {
    const { layout } = drawnMadeUp(20_000);
    expect(boxesOf(layout).length).toBeGreaterThan(10_000);
    for (const aspect of ASPECTS) {
      const { width, height } = expectArranged(layout, aspect);
      expect(width / height / aspect).toBeGreaterThan(0.75);
      expect(width / height / aspect).toBeLessThan(1.35);
    }
  });

  test("of anything", () => {
    fc.assert(
      fc.property(layouts, fc.constantFrom(...ASPECTS), (layout, aspect) => void expectArranged(layout, aspect)),
      { numRuns: 200 },
    );
  });
});

test("as many host bridges as there can be fit in", () => {
  // Each alone on its own bus, as for a source that shows no bridges.
  const [box] = boxesOf(drawnMadeUp(10).layout);
  const boxes = Array.from({ length: 200_000 }, (_, at): PlacedBox => {
    const key = `n${at}`;
    return { ...box!, box: { ...box!.box, key }, rows: [], y: at * 100, height: 50 };
  });
  const group = { numaNode: null, x: 0, y: 0, width: box!.width, height: boxes.length * 100, boxes, edges: [] };
  const { groups, width, height } = arrange({ groups: [group], width: group.width, height: group.height }, 1.5);
  expect(groups[0]!.boxes).toHaveLength(200_000);
  expect(width / height).toBeGreaterThan(1);
  expect(width / height).toBeLessThan(2);
});

test("nothing stays nothing", () => {
  expect(arrange({ groups: [], width: 0, height: 0 }, 1.5)).toEqual({ groups: [], width: 0, height: 0 });
});
