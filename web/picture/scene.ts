import type { Layout, PlacedBox, PlacedEdge, PlacedGroup } from "../../src/writers/pictures/svg-layout.js";
import type { PictureView } from "../machine/protocol.js";
import { arrange } from "./arrange.js";
import type { Area } from "./camera.js";

/** A box, or a port within one, by the name that the outline has for it. */
export interface Place {
  readonly name: string;
  readonly box: PlacedBox;
  /** Of the box, or of the port's row in it. */
  readonly area: Area;
  readonly isPort: boolean;
  readonly above: string | null;
  readonly below: readonly string[];
}

/** Boxes and lines where they are drawn, and who is who. */
export interface Scene extends Area {
  readonly groups: readonly PlacedGroup[];
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  readonly sideLinks: PictureView["sideLinks"];
  /** By name. */
  readonly places: ReadonlyMap<string, Place>;
  /** By the key of a box or port. */
  readonly names: ReadonlyMap<string, string>;
}

export function sceneOf({ layout, sideLinks }: Pick<PictureView, "layout" | "sideLinks">, aspect: number): Scene {
  const arranged = arrange(layout, aspect);
  const boxes = arranged.groups.flatMap((group) => group.boxes);
  const edges = arranged.groups.flatMap((group) => group.edges);
  return {
    x: 0,
    y: 0,
    width: arranged.width,
    height: arranged.height,
    groups: arranged.groups,
    boxes,
    edges,
    sideLinks,
    ...placesOf(arranged, edges),
  };
}

function placesOf({ groups }: Layout, edges: readonly PlacedEdge[]): Pick<Scene, "places" | "names"> {
  const drafts = new Map<string, { -readonly [Name in keyof Place]: Place[Name] }>();
  const names = new Map<string, string>();
  const belowOf = new Map<string, string[]>();
  const hang = (above: string, below: string) => {
    const list = belowOf.get(above);
    if (list === undefined) belowOf.set(above, [below]);
    else list.push(below);
  };
  for (const { boxes } of groups) {
    for (const placed of boxes) {
      const { box, x, y, width, height, rows } = placed;
      const { name } = box;
      names.set(box.key, name);
      drafts.set(name, {
        name,
        box: placed,
        area: { x, y, width, height },
        isPort: false,
        above: null,
        below: [],
      });
      if (box.shape === "device") continue;
      rows.forEach((row, index) => {
        const port = box.ports[index]!.name;
        const next = rows[index + 1]?.y ?? height - 4;
        names.set(row.key, port);
        drafts.set(port, {
          name: port,
          box: placed,
          area: { x, y: y + row.y, width, height: next - row.y },
          isPort: true,
          above: name,
          below: [],
        });
        hang(name, port);
      });
    }
  }
  for (const { from, to } of edges) {
    const [above, below] = [names.get(from)!, names.get(to)!];
    drafts.get(below)!.above = above;
    hang(above, below);
  }
  for (const [name, below] of belowOf) drafts.get(name)!.below = below;
  return { places: drafts, names };
}

/** A place for those who do not see it. */
export function wordsOf({ name, box, isPort }: Place): string {
  const row = isPort && box.box.shape !== "device" ? box.box.ports.findIndex((port) => port.name === name) : -1;
  const runs = row === -1 ? box.runs : box.rows[row]!.runs;
  return `${isPort ? "port " : ""}${runs.map(({ text }) => text).join(", ")}`;
}

/** What is at a point of the picture: a port before the box that it is in; null: nothing. */
export function placeAt({ boxes, places }: Scene, x: number, y: number): Place | null {
  const placed = boxes.find((box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height);
  if (placed === undefined) return null;
  const { box, rows } = placed;
  const row = rows.findLastIndex((each) => y >= placed.y + each.y);
  const name = box.shape === "device" || row === -1 ? box.name : box.ports[row]!.name;
  return places.get(name) ?? null;
}

/** Where an arrow key leads from a place; null: nowhere. */
export function neighbour({ places, boxes }: Scene, from: string | null, key: string): string | null {
  const place = from === null ? undefined : places.get(from);
  if (place === undefined) return boxes[0]?.box.name ?? null;
  const siblings =
    place.above === null
      ? boxes.filter(({ box }) => places.get(box.name)!.above === null).map(({ box }) => box.name)
      : places.get(place.above)!.below;
  const at = siblings.indexOf(place.name);
  switch (key) {
    case "ArrowRight":
      return place.below[0] ?? null;
    case "ArrowLeft":
      return place.above;
    case "ArrowUp":
      return siblings[at - 1] ?? null;
    case "ArrowDown":
      return siblings[at + 1] ?? null;
    default:
      return null;
  }
}
