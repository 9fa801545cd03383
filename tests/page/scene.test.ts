import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neighbour, placeAt, sceneOf, wordsOf, type Place, type Scene } from "../../web/picture/scene.js";
import { captureNames } from "../readers/fixtures.js";
import { drawnCapture, drawnMadeUp, layouts } from "./layouts.js";

/** Every box, and every port of those that are not devices, by name. */
function namesIn({ boxes }: Scene): string[] {
  return boxes.flatMap(({ box }) =>
    box.shape === "device" ? [box.name] : [box.name, ...box.ports.map(({ name }) => name)],
  );
}

/** What is at a point, looking at every place: a port before the box that it is in. */
function seenAt({ places }: Scene, x: number, y: number): Place | null {
  const hit = [...places.values()].filter(
    ({ area }) => x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height,
  );
  return hit.find(({ isPort }) => isPort) ?? hit[0] ?? null;
}

function expectFound(scene: Scene): void {
  const names = namesIn(scene);
  expect(new Set(names).size).toBe(names.length);
  expect([...scene.places.keys()].sort()).toEqual(names.sort());
  const lost = [...scene.places.values()].filter(({ name, area, box, isPort }) => {
    // The middle of a box may be a port's; its title is its own.
    const y = isPort ? area.y + area.height / 2 : box.y + 4;
    return area.height <= 0 || placeAt(scene, area.x + area.width / 2, y)?.name !== name;
  });
  expect(lost).toEqual([]);
}

/** From nowhere, arrow keys lead to every place, and back the way they came. */
function expectTree(scene: Scene): void {
  const first = neighbour(scene, null, "ArrowDown");
  const reached = new Set<string>();
  const queue = first === null ? [] : [first];
  if (first !== null) expect(neighbour(scene, first, "ArrowUp")).toBeNull();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    expect(reached.has(name)).toBe(false);
    reached.add(name);
    const [right, down] = [neighbour(scene, name, "ArrowRight"), neighbour(scene, name, "ArrowDown")];
    if (right !== null) expect(neighbour(scene, right, "ArrowLeft")).toBe(name);
    if (down !== null) {
      expect(neighbour(scene, down, "ArrowUp")).toBe(name);
      expect(neighbour(scene, down, "ArrowLeft")).toBe(neighbour(scene, name, "ArrowLeft"));
    }
    queue.push(...[right, down].filter((each) => each !== null));
  }
  expect([...reached].sort()).toEqual(namesIn(scene).sort());
}

describe.each(captureNames())("%s", (capture) => {
  test("every box and port is found where it is drawn, by the keys, and in the outline", async () => {
    const { rows, ...view } = await drawnCapture(capture);
    const scene = sceneOf(view, 1.4);
    expectFound(scene);
    expectTree(scene);
    const listed = new Set(rows.map(({ bdf }) => bdf));
    expect(namesIn(scene).filter((name) => !listed.has(name))).toEqual([]);
    for (const place of scene.places.values()) expect(wordsOf(place)).toContain(place.name);
    for (const { from, to } of view.sideLinks) {
      for (const key of [from, to]) expect(scene.places.get(scene.names.get(key)!)?.box.box.key).toBe(key);
    }
  });
});

test("20,000 functions: every box and port is found, and what hangs below what is as in the outline", () => {
  const { rows, ...view } = drawnMadeUp(20_000);
  const scene = sceneOf(view, 1.4);
  expectFound(scene);
  const above: string[] = [];
  const astray = rows.filter(({ bdf, depth }) => {
    above.length = depth;
    above[depth] = bdf;
    // The nearest above it that is drawn: a switch is a box with its upstream port's name.
    const drawn = above.slice(0, depth).findLast((name) => scene.places.has(name)) ?? null;
    const place = scene.places.get(bdf);
    return place !== undefined && place.above !== drawn;
  });
  expect(astray).toEqual([]);
});

test("a point is whose it is drawn as; arrow keys make a tree of anything", () => {
  const share = fc.double({ min: -0.05, max: 1.05, noNaN: true });
  fc.assert(
    fc.property(layouts, fc.array(fc.tuple(share, share), { maxLength: 50 }), (layout, points) => {
      const scene = sceneOf({ layout, sideLinks: [] }, 1.4);
      expectFound(scene);
      expectTree(scene);
      for (const [right, down] of points) {
        const [x, y] = [right * scene.width, down * scene.height];
        expect(placeAt(scene, x, y)).toBe(seenAt(scene, x, y));
      }
    }),
    { numRuns: 100 },
  );
});

test("other keys lead nowhere, and nobody is beside what is not there", () => {
  const { layout, sideLinks } = drawnMadeUp(10);
  const scene = sceneOf({ layout, sideLinks }, 1.4);
  const [first] = scene.boxes;
  expect(neighbour(scene, first!.box.name, "Home")).toBeNull();
  // A machine that changed has another first place.
  expect(neighbour(scene, "gone", "ArrowDown")).toBe(first!.box.name);
  const nothing = sceneOf({ layout: { groups: [], width: 0, height: 0 }, sideLinks: [] }, 1.4);
  expect(neighbour(nothing, null, "ArrowDown")).toBeNull();
  expect(placeAt(nothing, 0, 0)).toBeNull();
});
