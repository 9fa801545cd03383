import type { Layout, PlacedBox, PlacedEdge, PlacedGroup } from "../../src/writers/pictures/svg-layout.js";
import { around, type Area } from "./camera.js";

/*
 * A layout has host bridge below host bridge, which for a large machine is a ribbon. Here they stand in columns, in an
 * area of about the shape of the screen:
 *
 *     +-NUMA node 0------------------+  +-NUMA node 1-----+
 *     | 0000:00 ...   0000:40 ...    |  | 0000:80 ...     |
 *     | 0000:20 ...   0000:60 ...    |  | 0000:a0 ...     |
 *     +------------------------------+  +-----------------+
 */
const GAP = 24;
/** Of a frame: around what is in it, and for its title. */
const FRAME = 14;
const TITLE = 22;

/** A host bridge and all below it. */
interface Island {
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  readonly area: Area;
}

/** The same boxes, arranged for a screen that is `aspect` times as wide as it is high. */
export function arrange(layout: Layout, aspect: number): Layout {
  const groups = layout.groups.map((group) => ({ group, islands: islandsOf(group) }));
  const islands = groups.flatMap((each) => each.islands);
  const total = sum(islands.map(({ area }) => area.height + GAP));
  const widest = greatest(islands.map(({ area }) => area.width + GAP));
  // So many columns of so much height have the shape that is wanted.
  const tall = total / Math.max(1, Math.sqrt((aspect * total) / widest));
  const placed = shelve(
    groups.map(({ group, islands }) => inColumns(group, islands, tall)),
    Math.sqrt(aspect * total * widest),
  );
  const whole = around(placed) ?? { x: 0, y: 0, width: 0, height: 0 };
  return { groups: placed, width: whole.width, height: whole.height };
}

function islandsOf({ boxes, edges }: PlacedGroup): Island[] {
  const above = new Map<string, number>();
  const found: { boxes: PlacedBox[]; edges: PlacedEdge[] }[] = [];
  const incoming = new Map(edges.map((edge) => [edge.to, edge]));
  // A box comes behind the one that it hangs below.
  for (const box of boxes) {
    const edge = incoming.get(box.box.key);
    const known = edge === undefined ? undefined : above.get(edge.from);
    const island = known ?? found.push({ boxes: [], edges: [] }) - 1;
    found[island]!.boxes.push(box);
    if (edge !== undefined) found[island]!.edges.push(edge);
    above.set(box.box.key, island);
    for (const { key } of box.rows) above.set(key, island);
  }
  return found.map((island) => ({ ...island, area: around(island.boxes)! }));
}

/** The islands of a group below each other, in as many columns as it takes to be no taller than that by much. */
function inColumns(group: PlacedGroup, islands: readonly Island[], tall: number): PlacedGroup {
  const columns: Island[][] = [];
  let height = Infinity;
  for (const island of islands) {
    // Half of an island may stand out below: less is left empty above.
    if (height + island.area.height / 2 > tall) {
      columns.push([]);
      height = 0;
    }
    columns.at(-1)!.push(island);
    height += island.area.height + GAP;
  }
  const isFramed = group.numaNode !== null;
  const boxes: PlacedBox[] = [];
  const edges: PlacedEdge[] = [];
  let x = isFramed ? FRAME : 0;
  let bottom = 0;
  for (const column of columns) {
    let y = isFramed ? TITLE + FRAME / 2 : 0;
    for (const { area, ...island } of column) {
      const [right, down] = [x - area.x, y - area.y];
      for (const box of island.boxes) boxes.push(movedBox(box, right, down));
      for (const edge of island.edges) edges.push(movedEdge(edge, right, down));
      y += area.height + GAP;
    }
    bottom = Math.max(bottom, y - GAP);
    x += greatest(column.map(({ area }) => area.width)) + GAP;
  }
  const margin = isFramed ? FRAME : 0;
  return { ...group, boxes, edges, x: 0, y: 0, width: x - GAP + margin, height: bottom + margin };
}

/** Groups in rows of about that width. */
function shelve(groups: readonly PlacedGroup[], width: number): PlacedGroup[] {
  let [x, y, height] = [0, 0, 0];
  return groups.map((group) => {
    if (x > 0 && x + group.width / 2 > width) {
      x = 0;
      y += height + GAP;
      height = 0;
    }
    const placed = movedGroup(group, x, y);
    x += group.width + GAP;
    height = Math.max(height, group.height);
    return placed;
  });
}

function movedGroup(group: PlacedGroup, right: number, down: number): PlacedGroup {
  return {
    ...group,
    x: group.x + right,
    y: group.y + down,
    boxes: group.boxes.map((box) => movedBox(box, right, down)),
    edges: group.edges.map((edge) => movedEdge(edge, right, down)),
  };
}

function movedBox(box: PlacedBox, right: number, down: number): PlacedBox {
  return { ...box, x: box.x + right, y: box.y + down };
}

function movedEdge(edge: PlacedEdge, right: number, down: number): PlacedEdge {
  const { x1, y1, bend, x2, y2 } = edge;
  return { ...edge, x1: x1 + right, y1: y1 + down, bend: bend + right, x2: x2 + right, y2: y2 + down };
}

/** Of as many as there are: a call has no room for all of them as arguments. */
function greatest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
