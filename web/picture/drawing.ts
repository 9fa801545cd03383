import {
  MARK,
  runWidth,
  SMALL,
  TEXT,
  type PlacedBox,
  type PlacedEdge,
  type Run,
} from "../../src/writers/pictures/svg-layout.js";
import { MOST_SIDE_LABELS } from "../../src/writers/pictures/picture.js";
import { areaIn, meet, type Area, type Camera, type Size } from "./camera.js";
import type { Colours } from "./colours.js";
import type { Scene } from "./scene.js";

/** What is emphasised, by name. */
export interface Lights {
  /** In the order in which they were chosen. */
  readonly chosen: readonly string[];
  readonly path: ReadonlySet<string>;
  readonly culprits: ReadonlySet<string>;
  /** Where the keyboard is; null: nowhere. */
  readonly focus: string | null;
  /** What was just brought into sight; null: nothing. */
  readonly shown: string | null;
}

/*
 * How much is drawn, by pixels per unit:
 *
 *     below 0.12    boxes as blocks of colour, no lines between them
 *     below 0.62    boxes with one name each, in letters of the screen's size
 *     from there    all that there is to be said
 */
const BLOCKS = 0.12;
const WORDS = 0.62;

const SANS = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const MONOSPACE = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Letters of a name where there is no room for more, in pixels of the screen. */
const NAME = 11;

/** Draws what of a scene is in sight. */
export function draw(
  context: CanvasRenderingContext2D,
  scene: Scene,
  camera: Camera,
  view: Size,
  { colours, lights, ratio }: { readonly colours: Colours; readonly lights: Lights; readonly ratio: number },
): void {
  const { scale } = camera;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, view.width, view.height);
  context.setTransform(ratio * scale, 0, 0, ratio * scale, -camera.x * scale * ratio, -camera.y * scale * ratio);
  new Pen(context, scene, areaIn(camera, view), scale, colours, lights).draw();
}

class Pen {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly scene: Scene,
    private readonly sight: Area,
    private readonly scale: number,
    private readonly colours: Colours,
    private readonly lights: Lights,
  ) {}

  draw(): void {
    const { scene, sight, scale } = this;
    for (const group of scene.groups)
      if (group.numaNode !== null && meet(group, sight)) this.#frame(group, group.numaNode);
    const lit = scene.edges.filter((edge) => this.#isLit(edge));
    if (scale >= BLOCKS) for (const edge of scene.edges) if (meet(edgeArea(edge), sight)) this.#edge(edge);
    for (const edge of lit) this.#edge(edge, true);
    if (scale >= BLOCKS) this.#sideLinks();
    const boxes = scene.boxes.filter((box) => meet(box, sight));
    if (scale < BLOCKS) this.#blocks(boxes);
    else for (const box of boxes) this.#box(box);
    this.#marks();
  }

  /** Pixels of the screen in units of the picture. */
  #pixels(count: number): number {
    return count / this.scale;
  }

  #isLit({ from, to }: PlacedEdge): boolean {
    const { path } = this.lights;
    const { names } = this.scene;
    return path.size > 0 && path.has(names.get(to)!) && path.has(names.get(from)!);
  }

  #frame({ x, y, width, height }: Area, numaNode: number): void {
    const { context, colours } = this;
    context.strokeStyle = colours.line;
    context.lineWidth = Math.max(1, this.#pixels(1));
    context.beginPath();
    context.roundRect(x, y, width, height, 8);
    context.stroke();
    context.fillStyle = colours.soft;
    const size = Math.max(SMALL, this.#pixels(NAME));
    context.font = `${size}px ${SANS}`;
    context.textBaseline = "alphabetic";
    context.fillText(`NUMA node ${numaNode}`, x + 14, y + Math.max(17, size));
  }

  #edge(edge: PlacedEdge, isLit = false): void {
    const { context, colours } = this;
    const { link, x1, y1, bend, x2, y2 } = edge;
    const middle = (x1 + bend) / 2;
    const isDegraded = link?.most != null;
    context.strokeStyle = isLit ? colours.accent : isDegraded ? colours.doubtful : colours.soft;
    context.lineWidth = isLit ? Math.max(3, this.#pixels(3)) : Math.max(1.2, this.#pixels(0.75));
    context.beginPath();
    context.moveTo(x1, y1);
    context.bezierCurveTo(middle, y1, middle, y2, bend, y2);
    context.lineTo(x2, y2);
    context.stroke();
    if (link === null || isLit || this.scale < WORDS) return;
    context.font = `${SMALL}px ${SANS}`;
    context.fillStyle = isDegraded ? colours.doubtful : colours.soft;
    context.textAlign = "right";
    context.fillText(link.now, x2 - 6, y2 - 4);
    if (link.most !== null) context.fillText(`of ${link.most}`, x2 - 6, y2 + 12);
    context.textAlign = "left";
  }

  /** Curves between boxes, beside all else. */
  #sideLinks(): void {
    const { context, colours, scene } = this;
    context.strokeStyle = context.fillStyle = colours.good;
    context.lineWidth = Math.max(1.6, this.#pixels(1));
    context.setLineDash([7, 3]);
    const isLabelled = scene.sideLinks.length <= MOST_SIDE_LABELS && this.scale >= WORDS;
    for (const { kind, count, from, to } of scene.sideLinks) {
      const [one, other] = [from, to].map((key) => scene.places.get(scene.names.get(key) ?? "")?.area);
      if (one === undefined || other === undefined) continue;
      const [x1, y1] = [one.x + one.width, one.y + one.height / 2];
      const [x2, y2] = [other.x + other.width, other.y + other.height / 2];
      const reach = Math.max(x1, x2) + 20 + Math.min(140, Math.abs(y1 - y2) / 5 + Math.abs(x1 - x2) / 10);
      context.beginPath();
      context.moveTo(x1, y1);
      context.bezierCurveTo(reach, y1, reach, y2, x2, y2);
      context.stroke();
      if (!isLabelled) continue;
      context.font = `${SMALL}px ${SANS}`;
      context.fillText(`${kind} x${count}`, (x1 + x2) / 8 + (reach * 3) / 4 + 4, (y1 + y2) / 2 + 4);
    }
    context.setLineDash([]);
  }

  /** So small that only colours are seen: one stroke for all of a colour. */
  #blocks(boxes: readonly PlacedBox[]): void {
    const { context } = this;
    const least = this.#pixels(1.5);
    for (const isDevice of [false, true]) {
      context.fillStyle = isDevice ? this.colours.soft : this.colours.line;
      context.beginPath();
      for (const { box, x, y, width, height } of boxes) {
        if ((box.shape === "device") === isDevice) context.rect(x, y, Math.max(width, least), Math.max(height, least));
      }
      context.fill();
    }
  }

  #box(placed: PlacedBox): void {
    const { context, colours, scale } = this;
    const { box, x, y, width, height, runs, rows } = placed;
    const isDashed = box.shape === "not-shown" || box.shape === "grouping";
    context.fillStyle = box.shape === "device" ? colours.card : colours.raised;
    context.strokeStyle = box.shape === "device" ? colours.ink : colours.soft;
    context.lineWidth = Math.max(1, this.#pixels(0.75));
    if (isDashed) context.setLineDash([6, 4]);
    context.beginPath();
    context.roundRect(x, y, width, height, 5);
    context.fill();
    context.stroke();
    if (isDashed) context.setLineDash([]);
    if (scale < WORDS) return this.#shortly(placed);
    for (const run of runs) this.#run(run, x, y);
    for (const row of rows) {
      context.strokeStyle = colours.line;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, y + row.y);
      context.lineTo(x + width, y + row.y);
      context.stroke();
      for (const run of row.runs) this.#run(run, x, y + row.y);
    }
  }

  #run({ x, y, text, look }: Run, left: number, top: number): void {
    const { context, colours } = this;
    const isMark = look === "redirects" || look === "unknown";
    const size = isMark || look === "faint" ? SMALL : TEXT;
    const weight = isMark || look === "strong" ? "600 " : "";
    context.font = `${weight}${size}px ${look === "name" ? MONOSPACE : SANS}`;
    context.fillStyle =
      look === "redirects"
        ? colours.bad
        : look === "unknown"
          ? colours.doubtful
          : look === "faint"
            ? colours.soft
            : colours.ink;
    context.fillText(text, left + x, top + y);
    if (!isMark) return;
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 1;
    if (look === "unknown") context.setLineDash([3, 2]);
    context.strokeRect(left + x - MARK, top + y - 11, runWidth(text, look) + 2 * MARK, 14);
    if (look === "unknown") context.setLineDash([]);
  }

  /** One name, as large as letters have to be, cut off where the box ends. */
  #shortly({ box, x, y, width, height }: PlacedBox): void {
    const { context, colours } = this;
    const size = this.#pixels(NAME);
    if (height < size) return;
    const text = box.shape === "device" ? box.alias || box.label || box.what : box.name.replace(/^0000:/, "");
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.font = `${size}px ${box.shape === "device" ? SANS : MONOSPACE}`;
    context.fillStyle = colours.ink;
    const inset = this.#pixels(3);
    context.fillText(text, x + inset, y + Math.min(height / 2 + size * 0.35, size + inset));
    if (box.shape === "device" && height > 2.4 * size) {
      context.font = `${size * 0.9}px ${MONOSPACE}`;
      context.fillStyle = colours.soft;
      context.fillText(box.name.replace(/^0000:/, ""), x + inset, y + 2.1 * size + inset);
    }
    context.restore();
  }

  /** Above all else: what is on the way, who is at fault, what is chosen, where the keyboard is. */
  #marks(): void {
    const { colours, lights, scene } = this;
    for (const name of lights.path) this.#outline(name, colours.accent, 2);
    for (const name of lights.culprits) {
      this.#outline(name, colours.bad, 3);
      const area = scene.places.get(name)?.area;
      if (area !== undefined) this.#badge("✕", area.x, area.y + area.height / 2, colours.bad, colours.card);
    }
    lights.chosen.forEach((name, index) => {
      this.#outline(name, colours.accent, 3);
      const area = scene.places.get(name)?.area;
      if (area === undefined) return;
      this.#badge(index === 0 ? "A" : "B", area.x + area.width, area.y, colours.accent, colours["on-accent"]);
    });
    if (lights.shown !== null) this.#outline(lights.shown, colours.doubtful, 4, 4);
    if (lights.focus !== null) this.#outline(lights.focus, colours.ink, 2, 5);
  }

  #outline(name: string, colour: string, pixels: number, distance = 0): void {
    const place = this.scene.places.get(name);
    if (place === undefined || !meet(place.area, this.sight)) return;
    const { context } = this;
    const { x, y, width, height } = place.area;
    const away = this.#pixels(distance);
    context.strokeStyle = colour;
    context.lineWidth = this.#pixels(pixels);
    context.beginPath();
    context.roundRect(x - away, y - away, width + 2 * away, height + 2 * away, place.isPort ? 3 : 5);
    context.stroke();
  }

  #badge(text: string, x: number, y: number, fill: string, ink: string): void {
    const { context } = this;
    const radius = this.#pixels(9);
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = ink;
    context.font = `700 ${this.#pixels(12)}px ${SANS}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, x, y);
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
  }
}

function edgeArea({ x1, y1, x2, y2 }: PlacedEdge): Area {
  return { x: x1, y: Math.min(y1, y2) - 12, width: x2 - x1, height: Math.abs(y1 - y2) + 24 };
}
