import {
  layOut,
  MARK,
  runWidth,
  SMALL,
  TEXT,
  type PlacedBox,
  type PlacedEdge,
  type PlacedGroup,
  type Run,
} from "./svg-layout.js";
import { amount, MOST_SIDE_LABELS, type PictureBox, type Picture, type PictureSideLink } from "./picture.js";
import { escapeXml } from "./names.js";
import { textWidth, wrapped } from "./text-width.js";

const MARGIN = 16;
const NARROWEST = 520;

/**
 * The picture as SVG that stands alone: no script, no font to load, light and dark as the reader's system is, and named
 * for those who hear rather than see it. What colours say is said in words as well.
 */
export function pictureSvg(picture: Picture): string {
  const layout = layOut(picture);
  const arcs = placeArcs(picture.sideLinks, layout.groups, layout.width);
  const width = Math.ceil(Math.max(arcs.right, NARROWEST) + 2 * MARGIN);
  const room = width - 2 * MARGIN;
  const head = [
    ...wrapped(picture.title, 16, room).map((text) => ({ text, look: "title", height: 24 })),
    ...wrapped(picture.facts.join("  ·  "), TEXT, room).map((text) => ({ text, look: "faint", height: 18 })),
  ];
  const foot = [...outsideText(picture), ...picture.legend, ...sideLegend(picture)].flatMap((entry) =>
    wrapped(entry, SMALL, room).map((text) => ({ text, look: "small", height: 16 })),
  );
  const top = MARGIN + sum(head) + 8;
  const bottom = top + layout.height + 10;
  const height = Math.ceil(bottom + sum(foot) + MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="graphics-document document" aria-labelledby="peerlane-title peerlane-desc">`,
    `<title id="peerlane-title">${escapeXml(picture.title)}</title>`,
    `<desc id="peerlane-desc">${escapeXml(inWords(picture))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...column(head, MARGIN),
    `<g transform="translate(${MARGIN} ${round(top)})">`,
    ...layout.groups.map(frame),
    ...layout.groups.flatMap(({ edges }) => edges.map(edge)),
    ...arcs.drawn,
    ...layout.groups.flatMap(({ boxes }) => boxes.map(drawBox)),
    "</g>",
    ...column(foot, bottom),
    "</svg>",
  ].join("\n");
}

const SANS =
  'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif';
const MONOSPACE = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';

const STYLE = `
text { font: ${TEXT}px ${SANS}; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.name { font-family: ${MONOSPACE} }
.strong { font-weight: 600 }
.faint, .small { fill: #59636e }
.small, .faint, .link, .redirects, .unknown { font-size: ${SMALL}px }
.head { font-size: ${TEXT}px }
.redirects, .unknown { font-weight: 600 }
text.redirects { fill: #b3261e } text.unknown { fill: #7a5c00 }
.paper { fill: #ffffff }
.numa { fill: none; stroke: #afb8c1 }
.box { stroke: #818b98; fill: #ffffff }
.host-bridge { fill: #e8eef7 } .switch { fill: #f1ecfa } .bridge { fill: #f2f3f5 }
.not-shown { fill: none; stroke-dasharray: 6 4 } .grouping { fill: none; stroke-dasharray: 2 3 }
.device { stroke: #1f2328 }
.edge { fill: none; stroke: #818b98; stroke-width: 1.4 }
.degraded { stroke: #b35900; stroke-width: 1.8 } text.degraded { fill: #9a4a00; stroke: none }
.side { fill: none; stroke: #1a7f37; stroke-width: 1.6; stroke-dasharray: 7 3 } text.side { fill: #116329; stroke: none; font-size: ${SMALL}px }
.mark { fill: none; stroke: #b3261e } .mark.unknown { stroke: #7a5c00; stroke-dasharray: 3 2 }
.rule { stroke: #818b98; stroke-opacity: .35 }
@media screen and (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.faint, .small { fill: #9198a1 }
text.redirects { fill: #ff8e84 } text.unknown { fill: #e3b341 }
.paper { fill: #0d1117 }
.numa { stroke: #444c56 }
.box { stroke: #768390; fill: #161b22 }
.host-bridge { fill: #16263d } .switch { fill: #251d38 } .bridge { fill: #1c2128 }
.not-shown, .grouping { fill: none }
.device { stroke: #c9d1d9 }
.edge { stroke: #768390 }
.degraded { stroke: #f0883e } text.degraded { fill: #f0a35e }
.side { stroke: #3fb950 } text.side { fill: #7ee787 }
.mark { stroke: #ff8e84; fill: none } .mark.unknown { stroke: #e3b341 }
}
`;

function column(lines: readonly { text: string; look: string; height: number }[], top: number): string[] {
  let y = top;
  return lines.map(({ text, look, height }) => {
    y += height;
    return `<text class="${look}${look === "faint" ? " head" : ""}" x="${MARGIN}" y="${round(y - 5)}">${escapeXml(text)}</text>`;
  });
}

function sum(lines: readonly { height: number }[]): number {
  return lines.reduce((total, { height }) => total + height, 0);
}

function frame({ numaNode, x, y, width, height }: PlacedGroup): string {
  if (numaNode === null) return "";
  return (
    `<g role="graphics-object group" aria-label="NUMA node ${numaNode}">` +
    `<rect class="numa" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="8"/>` +
    `<text class="small" x="${round(x + 14)}" y="${round(y + 17)}">NUMA node ${numaNode}</text></g>`
  );
}

function edge({ from, to, link, x1, y1, bend, x2, y2 }: PlacedEdge): string {
  const middle = (x1 + bend) / 2;
  const way = `M${round(x1)} ${round(y1)}C${round(middle)} ${round(y1)} ${round(middle)} ${round(y2)} ${round(bend)} ${round(y2)}H${round(x2)}`;
  const degraded = link?.most == null ? "" : " degraded";
  const path = `<path class="edge${degraded}" data-from="${from}" data-to="${to}" d="${way}"/>`;
  if (link === null) return path;
  const label = (text: string, y: number) =>
    `<text class="link${degraded}" text-anchor="end" x="${round(x2 - 6)}" y="${round(y)}">${escapeXml(text)}</text>`;
  return path + label(link.now, y2 - 4) + (link.most === null ? "" : label(`of ${link.most}`, y2 + 12));
}

function drawBox({ box, x, y, width, height, runs, rows }: PlacedBox): string {
  const look = box.shape === "device" ? "device" : box.shape;
  const parts = [
    `<g id="${box.key}" role="graphics-symbol img" transform="translate(${round(x)} ${round(y)})"><title>${escapeXml(boxInWords(box))}</title>`,
    `<rect class="box ${look}" width="${round(width)}" height="${round(height)}" rx="5"/>`,
    ...runs.map(run),
    ...rows.map(
      (row) =>
        `<g id="${row.key}" transform="translate(0 ${round(row.y)})"><path class="rule" d="M0 0H${round(width)}"/>${row.runs.map(run).join("")}</g>`,
    ),
    "</g>",
  ];
  return parts.join("");
}

function run({ x, y, text, look }: Run): string {
  const written = `<text class="${look}" x="${round(x)}" y="${round(y)}">${escapeXml(text)}</text>`;
  if (look !== "redirects" && look !== "unknown") return written;
  const width = runWidth(text, look) + 2 * MARK;
  return `<rect class="mark ${look}" x="${round(x - MARK)}" y="${round(y - 11)}" width="${round(width)}" height="14" rx="3"/>${written}`;
}

/** Arcs on the right of the boxes, wider the farther apart their ends are. */
function placeArcs(
  links: readonly PictureSideLink[],
  groups: readonly PlacedGroup[],
  width: number,
): { readonly right: number; readonly drawn: readonly string[] } {
  const boxes = new Map(groups.flatMap((group) => group.boxes.map((placed) => [placed.box.key, placed] as const)));
  const inside = groups.some(({ numaNode }) => numaNode !== null) ? 10 : 0;
  const ends = links.flatMap((link) => {
    const [from, to] = [boxes.get(link.from), boxes.get(link.to)];
    return from === undefined || to === undefined ? [] : [{ link, from, to }];
  });
  const height = Math.max(1, ...ends.map(({ from, to }) => Math.abs(from.y - to.y)));
  let right = width;
  const drawn = ends.map(({ link, from, to }) => {
    const [y1, y2] = [from, to].map((box) => box.y + box.height / 2) as [number, number];
    const [x1, x2] = [from.x + from.width, to.x + to.width];
    const reach = width + inside + 16 + 90 * Math.sqrt(Math.abs(y1 - y2) / height);
    const text = `${link.kind} x${link.count}`;
    const summit = (x1 + x2) / 8 + (reach * 3) / 4;
    const isLabelled = ends.length <= MOST_SIDE_LABELS;
    right = Math.max(right, summit + (isLabelled ? textWidth(text, SMALL) + 8 : 4));
    const label = `<text class="side" x="${round(summit + 4)}" y="${round((y1 + y2) / 2 + 4)}">${escapeXml(text)}</text>`;
    const way = `M${round(x1)} ${round(y1)}C${round(reach)} ${round(y1)} ${round(reach)} ${round(y2)} ${round(x2)} ${round(y2)}`;
    const title = `<title>${escapeXml(`${text}: ${from.box.name} ${link.oneWay ? "to" : "and"} ${to.box.name}`)}</title>`;
    return `<g><path class="side" data-from="${link.from}" data-to="${link.to}" d="${way}">${title}</path>${isLabelled ? label : ""}</g>`;
  });
  return { right, drawn };
}

function sideLegend({ sideLinks }: Picture): string[] {
  const kinds = [...new Set(sideLinks.map(({ kind }) => kind))];
  return kinds.length === 0 ? [] : [`dashed arcs on the right: ${kinds.join(", ")}, routes beside PCIe`];
}

function outsideText({ outside: { names, more } }: Picture): string[] {
  if (names.length === 0) return [];
  return [`outside PCI: ${names.join(", ")}${more === 0 ? "" : ` and ${amount(more, "other")}`}`];
}

/** The whole in a few sentences. */
function inWords({ facts, groups, sideLinks }: Picture): string {
  const parts = groups.map(({ numaNode, hubs }) => {
    const where = numaNode === null ? "" : `NUMA node ${numaNode}: `;
    return where + hubs.map(({ what, name }) => `${what} ${name}`).join(", ");
  });
  const links =
    sideLinks.length === 0
      ? []
      : [
          amount(
            sideLinks.reduce((all, { count }) => all + count, 0),
            "side link",
          ),
        ];
  return [...facts, ...parts, ...links].join(". ");
}

function boxInWords(box: PictureBox): string {
  if (box.shape !== "device") return [box.what, box.name, box.acs].filter((text) => text !== "").join(" ");
  return [box.alias, box.name, box.what, box.memory, ...box.extras, box.label].filter((text) => text !== "").join(" ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
