import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import { cellOf, matrixLegend } from "../../src/writers/matrix.js";
import type { Cells, MatrixView } from "../machine/protocol.js";

/** What a cell comes to, which is the colour of its fill. */
export type Kind = "self" | "good" | "doubtful" | "bad" | "unknown";

export function kindOf({ answer, route }: Cells, at: number): Kind {
  const way = ROUTES[route[at]!]!;
  if (way === "local") return "self";
  if (ANSWERS[answer[at]!] === "no") return "bad";
  if (ANSWERS[answer[at]!] === "unknown") return "unknown";
  return way === "through-host-bridge" || way === "unknown" ? "doubtful" : "good";
}

/** The mark of a cell, as the command line has it. */
export function markOf(cells: Cells, at: number): string {
  return cellOf(cells, at);
}

const MEANINGS: Readonly<Record<Kind, string>> = {
  self: "the function itself",
  good: "direct",
  doubtful: "allowed",
  bad: "refused",
  unknown: "unknown",
};

/** Where there is little room: of `NVIDIA GA100 [A100 PCIe 80GB]` what it is sold as, which tells it from its like. */
export function shortTitle(title: string): string {
  return /\[([^[\]]+)\]$/.exec(title)?.[1] ?? title;
}

/** A cell for those who do not see it; its mark is part of it, for those who say what they see. */
export function labelOf({ heads, now, before }: MatrixView, row: number, column: number): string {
  const at = row * heads.length + column;
  const was = before !== null && differs(now, before, at) ? `, was ${saidOf(before, at)}` : "";
  return `${heads[column]!.title} to the memory of ${heads[row]!.title}: ${saidOf(now, at)}, ${cellOf(now, at)}${was}`;
}

function saidOf(cells: Cells, at: number): string {
  const kind = kindOf(cells, at);
  if (kind !== "doubtful" && kind !== "good") return MEANINGS[kind];
  const hops = cells.distance[at]!;
  const way = kind === "good" && ROUTES[cells.route[at]!] === "side-link" ? "over a side link" : MEANINGS[kind];
  const through = ROUTES[cells.route[at]!] === "through-host-bridge" ? " through the host bridge" : "";
  return `${way}${through}${hops < 0 || way === "over a side link" ? "" : `, ${hops} hops`}`;
}

/** Whether a cell shows something else than it did. */
export function differs(now: Cells, before: Cells, at: number): boolean {
  return (
    now.answer[at] !== before.answer[at] ||
    now.route[at] !== before.route[at] ||
    now.distance[at] !== before.distance[at]
  );
}

/** What the marks mean, those that there are. */
export function legendOf({
  ids,
  now,
  counts,
}: Pick<MatrixView, "ids" | "now" | "counts">): readonly (readonly [mark: string, meaning: string, kind: Kind])[] {
  const routes = Uint8Array.from(counts, ({ route }) => route);
  const pairs = { answer: Uint8Array.from(counts, ({ answer }) => answer), route: routes, distance: FOUR_HOPS };
  const themselves = Array.from(ids, (_, place) => cellOf(now, place * (ids.length + 1)));
  const there = new Set([...themselves, ...counts.map((_, at) => cellOf(pairs, at))].map(shapeOf));
  return matrixLegend({ route: routes })
    .filter(([mark]) => there.has(shapeOf(mark)))
    .map(([mark, meaning]) => [mark, meaning, KINDS[shapeOf(mark)]!] as const);
}

/** As the legend has them, for as many kinds of pairs as there can be. */
const FOUR_HOPS = new Int32Array(ANSWERS.length * ROUTES.length).fill(4);

/** A mark without its number. */
function shapeOf(mark: string): string {
  return mark.replace(/^[\d?]+(?=[h~]$)|^\d+$/, "#");
}

const KINDS: Readonly<Record<string, Kind>> = {
  "#": "good",
  "#h": "doubtful",
  "#~": "doubtful",
  "=": "self",
  "-": "bad",
  "?": "unknown",
  L: "good",
};
