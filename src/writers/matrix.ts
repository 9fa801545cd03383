import { UNKNOWN_DISTANCE, type Matrix, type PeerDma } from "../explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../explain/ruling.js";
import { gridLines } from "./grid.js";
import { policyDocument, policyText, type PolicyDocument } from "./policy.js";
import { paragraph, shorten, type Style } from "./style.js";

type MatrixRoute = (typeof ROUTES)[number];

/** All ordered pairs, as `matrix --json` prints them. */
export interface MatrixDocument {
  /** By whose rules. */
  readonly policy: PolicyDocument;
  /** Names, by row and by column. */
  readonly functions: readonly string[];
  /** What `pci_p2pdma_distance()` would return; null: unknown. Row: provider, column: client. */
  readonly distance: readonly (readonly (number | null)[])[];
  /** Row: provider, column: client. */
  readonly route: readonly (readonly MatrixRoute[])[];
  /** A pair may be allowed though its route is not known. */
  readonly answer: readonly (readonly (typeof ANSWERS)[number][])[];
}

/** All ordered pairs as scripts read them. */
export function matrixDocument(peer: PeerDma, { ids, distance, route, answer }: Matrix): MatrixDocument {
  const functions = [...ids].map((id) => peer.topology.name(id));
  const rows = <T>(cell: (index: number) => T): T[][] =>
    functions.map((_, row) => functions.map((_, column) => cell(row * functions.length + column)));
  return {
    policy: policyDocument(peer, ids),
    functions,
    distance: rows((at) => (distance[at] === UNKNOWN_DISTANCE ? null : distance[at]!)),
    route: rows((at) => ROUTES[route[at]!]!),
    answer: rows((at) => ANSWERS[answer[at]!]!),
  };
}

const LEGEND: readonly (readonly [mark: string, meaning: string])[] = [
  ["4", "bus-address: 4 hops, below a common bridge, never up to the host"],
  ["4h", "through-host-bridge: 4 hops, the host bridge takes the requests"],
  ["4~", "allowed, but the description leaves open which of the two"],
  ["=", "local: the function itself"],
  ["-", "not supported"],
  ["?", "unknown: the description lacks what the answer needs"],
];

const LINKED = ["L", "side-link: by a link beside PCIe, such as NVLink, whatever PCIe says"] as const;
const SIDE_LINK = ROUTES.indexOf("side-link");

/** All ordered pairs for people: as many columns beside each other as the screen holds, the legend below. */
export function matrixText(peer: PeerDma, matrix: Matrix, style: Style): string {
  return [...matrixLines(peer, matrix, style)].join("\n");
}

/** The same line by line, for more pairs than one text has room for. */
export function* matrixLines(peer: PeerDma, matrix: Matrix, style: Style): Generator<string> {
  const count = matrix.ids.length;
  if (count === 0) {
    yield "no functions to compare";
    return;
  }
  const heads = [...matrix.ids].map((id) => ({
    name: peer.topology.name(id),
    alias: shorten(peer.topology.describe(id)!.names?.[0] ?? "", 10, style),
  }));
  const rules = policyText(policyDocument(peer, matrix.ids));
  yield* paragraph("", `rows own the memory (provider), columns do the DMA (client); ${rules}`, style, 0);
  const cell = (row: number, column: number) => cellOf(matrix, row * count + column);
  yield* gridLines({ heads, cell, paint: (text, padded) => painted(text, padded, style) }, style);
  yield "";
  for (const [mark, meaning] of matrixLegend(matrix)) yield `  ${painted(mark, mark.padStart(2), style)}  ${meaning}`;
}

/** What the cells of a matrix mean. */
export function matrixLegend({ route }: Pick<Matrix, "route">): readonly (readonly [mark: string, meaning: string])[] {
  return route.includes(SIDE_LINK) ? [...LEGEND, LINKED] : LEGEND;
}

/** A pair in a few characters, which {@link matrixLegend} explains. */
export function cellOf({ distance, route, answer }: Omit<Matrix, "ids">, at: number): string {
  const hops = distance[at] === UNKNOWN_DISTANCE ? null : distance[at]!;
  switch (ROUTES[route[at]!]!) {
    case "local":
      return "=";
    case "not-supported":
      return "-";
    case "bus-address":
    case "system-memory":
    case "interconnect":
      return String(hops ?? "?");
    case "side-link":
      return "L";
    case "through-host-bridge":
      return `${hops ?? "?"}h`;
    case "unknown":
      return ANSWERS[answer[at]!] === "yes" ? `${hops ?? ""}~` : "?";
  }
}

function painted(cell: string, text: string, style: Style): string {
  if (cell === "-") return style.bad(text);
  if (cell === "?" || cell.endsWith("~")) return style.doubtful(text);
  if (cell === "=") return style.faint(text);
  return cell.endsWith("h") ? style.doubtful(text) : style.good(text);
}
