import { UNKNOWN_DISTANCE, type Matrix, type PeerDma } from "../explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../explain/ruling.js";
import { policyDocument, policyText, type PolicyDocument } from "./policy.js";
import { paragraph, shorten, widest, type Style } from "./style.js";

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
  const heads = rowHeads(peer, matrix, style);
  const width = Math.max(String(count - 1).length, widestCell(matrix)) + 1;
  const perBlock = Math.max(1, Math.floor((style.width - heads[0]!.length) / width));
  const rules = policyText(policyDocument(peer, matrix.ids));
  yield* paragraph("", `rows own the memory (provider), columns do the DMA (client); ${rules}`, style, 0);
  for (let first = 0; first < count; first += perBlock) {
    const columns = Array.from({ length: Math.min(perBlock, count - first) }, (_, index) => first + index);
    yield "";
    yield style.faint(" ".repeat(heads[0]!.length) + columns.map((column) => String(column).padStart(width)).join(""));
    for (let row = 0; row < count; row++) {
      const cells = columns.map((column) => painted(cellOf(matrix, row * count + column), width, style));
      yield heads[row]! + cells.join("");
    }
  }
  yield "";
  for (const [mark, meaning] of matrixLegend(matrix)) yield `  ${painted(mark, 2, style)}  ${meaning}`;
}

/** What the cells of a matrix mean. */
export function matrixLegend({ route }: Matrix): readonly (readonly [mark: string, meaning: string])[] {
  return route.includes(SIDE_LINK) ? [...LEGEND, LINKED] : LEGEND;
}

function widestCell(matrix: Matrix): number {
  let width = 0;
  for (let at = 0; at < matrix.route.length; at++) width = Math.max(width, cellOf(matrix, at).length);
  return width;
}

/** A pair in a few characters, which {@link matrixLegend} explains. */
export function cellOf({ distance, route, answer }: Matrix, at: number): string {
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

/** The column's number, the name, and what the system calls it. */
function rowHeads({ topology }: PeerDma, { ids }: Matrix, style: Style): string[] {
  const digits = String(ids.length - 1).length;
  const names = [...ids].map((id) => topology.name(id));
  const aliases = [...ids].map((id) => shorten(topology.describe(id)!.names?.[0] ?? "", 10, style));
  const [nameWidth, aliasWidth] = [names, aliases].map((texts) => widest(texts, (text) => text));
  return names.map((name, index) => {
    const alias = aliasWidth === 0 ? "" : ` ${aliases[index]!.padEnd(aliasWidth!)}`;
    return `${String(index).padStart(digits)} ${name.padEnd(nameWidth!)}${alias} `;
  });
}

function painted(cell: string, width: number, style: Style): string {
  const text = cell.padStart(width);
  if (cell === "-") return style.bad(text);
  if (cell === "?" || cell.endsWith("~")) return style.doubtful(text);
  if (cell === "=") return style.faint(text);
  return cell.endsWith("h") ? style.doubtful(text) : style.good(text);
}
