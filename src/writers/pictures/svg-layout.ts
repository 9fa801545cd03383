import { hierarchy, tree } from "d3-hierarchy";
import {
  amount,
  type PictureBox,
  type PictureDevice,
  type PictureGroup,
  type PictureHub,
  type Picture,
  type PictureLink,
} from "./picture.js";
import { fitted, monospaceWidth, textWidth } from "./text-width.js";

/** A run of text within a box, from its left edge and its top. */
export interface Run {
  readonly x: number;
  /** Of the base line. */
  readonly y: number;
  readonly text: string;
  readonly look: "name" | "strong" | "plain" | "faint" | "redirects" | "unknown";
}

/** A box in its place; `rows` are its ports. */
export interface PlacedBox {
  readonly box: PictureBox;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly runs: readonly Run[];
  readonly rows: readonly { readonly key: string; readonly y: number; readonly runs: readonly Run[] }[];
}

/** From a box or port to the box below it: from (`x1`, `y1`), bending before `bend`, then straight on to (`x2`, `y2`). */
export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly link: PictureLink | null;
  readonly x1: number;
  readonly y1: number;
  readonly bend: number;
  readonly x2: number;
  readonly y2: number;
}

/** A NUMA node's frame; without a NUMA node there is no frame to be drawn. */
export interface PlacedGroup {
  readonly numaNode: number | null;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
}

/** Everything in its place, from (0, 0). */
export interface Layout {
  readonly groups: readonly PlacedGroup[];
  readonly width: number;
  readonly height: number;
}

/** Sizes of letters. */
export const TEXT = 12;
export const SMALL = 10.5;

const PADDING = 9;
const LINE = 15;
const ROW = 19;
const GAP = 8;
const WIDEST = 260;
const BEND = 44;
const FRAME = 14;
const FRAME_TITLE = 22;

interface Sized extends Omit<PlacedBox, "x" | "y"> {
  readonly below: readonly { readonly from: string; readonly fromY: number; readonly sized: Sized }[];
}

/** Host bridges on the left, what hangs below them in columns to the right of them, group below group. */
export function layOut({ groups }: Picture): Layout {
  const sized = groups.map((group) => ({ group, hubs: group.hubs.map(sizeOf) }));
  const columns = columnsOf(sized.flatMap(({ hubs }) => hubs));
  const last = columns.at(-1);
  const width = last === undefined ? 0 : last.x + last.width + FRAME;
  const placed: PlacedGroup[] = [];
  let y = 0;
  for (const { group, hubs } of sized) {
    const made = placeGroup(group, hubs, columns, y, width);
    placed.push(made);
    y += made.height + 2 * GAP;
  }
  return { groups: placed, width, height: Math.max(0, y - 2 * GAP) };
}

interface Column {
  readonly x: number;
  readonly width: number;
  /** Where edges to its boxes are straight. */
  readonly bend: number;
}

function columnsOf(hubs: readonly Sized[]): Column[] {
  const columns: Column[] = [];
  let level: readonly Sized[] = hubs;
  for (let right = 0; level.length > 0; level = level.flatMap(({ below }) => below.map((each) => each.sized))) {
    const width = greatest(level, (sized) => sized.width);
    const labels = greatest(level, ({ box }) => linkWidth(box.link));
    const bend = right + BEND;
    const x = columns.length === 0 ? FRAME : bend + labels + 8;
    columns.push({ x, width, bend });
    right = x + width;
  }
  return columns;
}

/** Of as many as there are: a call has no room for all of them as arguments. */
function greatest<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((most, item) => Math.max(most, measure(item)), -Infinity);
}

function linkWidth(link: PictureLink | null): number {
  if (link === null) return 0;
  return 8 + Math.max(textWidth(link.now, SMALL), link.most === null ? 0 : textWidth(`of ${link.most}`, SMALL));
}

function placeGroup(
  { numaNode }: PictureGroup,
  hubs: readonly Sized[],
  columns: readonly Column[],
  top: number,
  width: number,
): PlacedGroup {
  // A root that is not drawn holds the hubs together.
  const forest = hierarchy<Sized | null>(null, (sized) =>
    sized === null ? hubs : sized.below.map((each) => each.sized),
  );
  const arranged = tree<Sized | null>()
    .nodeSize([1, 1])
    .separation(
      (a, b) => ((a.data?.height ?? 0) + (b.data?.height ?? 0)) / 2 + (a.parent === b.parent ? GAP : 2 * GAP),
    )(forest);
  const nodes = arranged.descendants().filter(({ data }) => data !== null);
  const highest = -greatest(nodes, ({ x, data }) => data!.height / 2 - x);
  const lowest = greatest(nodes, ({ x, data }) => x + data!.height / 2);
  const title = numaNode === null ? 0 : FRAME_TITLE;
  const margin = numaNode === null ? 0 : FRAME;
  const down = top + title + (title === 0 ? margin : 4) - highest;
  const boxes = new Map<Sized, PlacedBox>();
  for (const { x, depth, data } of nodes) {
    const { below: _, ...own } = data!;
    boxes.set(data!, { ...own, x: columns[depth - 1]!.x, y: x + down - own.height / 2 });
  }
  const edges = nodes.flatMap(({ data, depth }) =>
    data!.below.map(({ from, fromY, sized }) => {
      const [above, box] = [boxes.get(data!)!, boxes.get(sized)!];
      const { x, bend } = columns[depth]!;
      return {
        from,
        to: box.box.key,
        link: box.box.link,
        x1: above.x + above.width,
        y1: above.y + fromY,
        bend,
        x2: x,
        y2: box.y + Math.min(box.height / 2, 18),
      };
    }),
  );
  return {
    numaNode,
    x: 0,
    y: top,
    width,
    height: lowest + down + margin - top,
    boxes: [...boxes.values()],
    edges,
  };
}

function sizeOf(box: PictureBox): Sized {
  return box.shape === "device" ? sizeOfDevice(box) : sizeOfHub(box);
}

function sizeOfDevice(device: PictureDevice): Sized {
  const { alias, name, what, memory, label, extras } = device;
  const lines = [
    texts([
      [fitted(alias === "" ? what : alias, TEXT, WIDEST - 100), "strong"],
      [name, "name"],
    ]),
    ...filled([
      [[alias === "" ? "" : what, memory, ...extras].filter((text) => text !== "").join("  "), "plain"],
      [label, "faint"],
    ]),
  ];
  return { box: device, ...written(lines), rows: [], below: [] };
}

function sizeOfHub(hub: PictureHub): Sized {
  const lines = [
    [
      [hub.name, "name"],
      [hub.what, "plain"],
    ] as Piece[],
    texts([
      [hub.acs, acsLook(hub.acs)],
      [[portsText(hub), othersText(hub.others)].filter((text) => text !== "").join(", "), "faint"],
    ]),
  ].filter((line) => line.length > 0);
  const { width, height, runs } = written(lines);
  const usual = hub.shape === "switch" ? "downstream port" : "root port";
  let bottom = height - PADDING + 3;
  let widest = width;
  const rows = hub.ports.map((port) => {
    const pieces = texts([
      [port.name, "name"],
      [port.what === usual ? "" : port.what, "plain"],
      [port.acs, acsLook(port.acs)],
      [othersText(port.others), "faint"],
    ]);
    const line = lineOf(pieces, ROW / 2 + 4);
    widest = Math.max(widest, line.width + 2 * PADDING);
    const y = bottom;
    bottom += ROW;
    return { key: port.key, y, runs: line.runs };
  });
  const below = [
    ...hub.below.map((box) => ({ from: hub.key, fromY: PADDING + LINE / 2, sized: sizeOf(box) })),
    ...hub.ports.flatMap((port, index) =>
      port.below.map((box) => ({ from: port.key, fromY: rows[index]!.y + ROW / 2, sized: sizeOf(box) })),
    ),
  ];
  return { box: hub, width: widest, height: rows.length === 0 ? height : bottom + 4, runs, rows, below };
}

/** In one line where that is not too wide, else each in its own. */
function filled(all: readonly Piece[]): Piece[][] {
  const pieces = texts(all);
  const width = pieces.reduce((total, [text, look]) => total + runWidth(text, look) + 8, 0);
  return width <= WIDEST ? (pieces.length === 0 ? [] : [pieces]) : pieces.map((piece) => [piece]);
}

type Piece = readonly [text: string, look: Run["look"]];

function texts(pieces: readonly Piece[]): Piece[] {
  return pieces.filter(([text]) => text !== "");
}

function acsLook(acs: string): Run["look"] {
  return acs === "ACS ?" ? "unknown" : "redirects";
}

function portsText({ shape, ports }: PictureHub): string {
  return ports.length === 0 ? "" : shape === "switch" ? "downstream ports" : "root ports";
}

function othersText(others: number): string {
  return others === 0 ? "" : `and ${amount(others, "other")}`;
}

function written(lines: readonly (readonly Piece[])[]): Pick<PlacedBox, "width" | "height" | "runs"> {
  const made = lines.map((line, index) => lineOf(line, PADDING + LINE * index + 11));
  return {
    width: Math.max(...made.map(({ width }) => width)) + 2 * PADDING,
    height: 2 * PADDING + LINE * lines.length - 3,
    runs: made.flatMap(({ runs }) => runs),
  };
}

/** Room that the frame around a mark takes on each side. */
export const MARK = 4;

function lineOf(pieces: readonly Piece[], y: number): { readonly width: number; readonly runs: Run[] } {
  let x = PADDING;
  const runs: Run[] = [];
  for (const [whole, look] of pieces) {
    const size = look === "name" || look === "strong" || look === "plain" ? TEXT : SMALL;
    const isMark = look === "redirects" || look === "unknown";
    const text = look === "name" ? whole : fitted(whole, size, WIDEST);
    const width = runWidth(text, look);
    runs.push({ x: isMark ? x + MARK : x, y, text, look });
    x += width + (isMark ? 2 * MARK : 0) + 8;
  }
  return { width: x - 8 - PADDING, runs };
}

/** How wide a run is, as far as one can tell. */
export function runWidth(text: string, look: Run["look"]): number {
  switch (look) {
    case "name":
      return monospaceWidth(text, TEXT);
    case "strong":
      return textWidth(text, TEXT, { bold: true });
    case "plain":
      return textWidth(text, TEXT);
    case "redirects":
    case "unknown":
      return textWidth(text, SMALL, { bold: true });
    case "faint":
      return textWidth(text, SMALL);
  }
}
