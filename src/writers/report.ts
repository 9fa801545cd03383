import { CODES } from "../explain/codes.js";
import { redirectHint } from "../explain/hints.js";
import type { Matrix, PeerDma } from "../explain/peer-dma.js";
import { ANSWERS } from "../explain/ruling.js";
import type { Culprit, Verdict } from "../explain/verdict.js";
import type { Claims } from "../letters/claims.js";
import { LEGENDS } from "../letters/dialect.js";
import { viewClaims } from "../letters/views.js";
import type { Topology } from "../topology/topology.js";
import { nameOf } from "./describe.js";
import { cellOf, matrixLegend } from "./matrix.js";
import { pictureMermaid } from "./pictures/mermaid.js";
import { printable } from "./pictures/names.js";
import { devicesOf, factsOf, pictureOf, type PictureOptions } from "./pictures/picture-of.js";
import { amount, type Picture } from "./pictures/picture.js";
import { missingText, policyDocument, policyText } from "./policy.js";

/** Wider tables are not read. */
const MOST_DEVICES = 32;
const MOST_REASONS = 12;
const MOST_MISSING = 12;

/**
 * A machine in Markdown, to be pasted into a bug report: its facts, who may reach whom, a picture (mermaid), the pairs that
 * are refused with the culprit and what to do, and what the source did not show. Serial numbers are not in it.
 *
 * @param options as for a picture; `most` is the picture's.
 * @throws RangeError as {@link pictureOf} does.
 */
export function reportMarkdown(peer: PeerDma, options: PictureOptions = {}): string {
  const { topology } = peer;
  const picture = pictureOf(topology, options);
  const ordinal = topology.systemOrdinal(options.system);
  const all = options.of === undefined ? devicesOf(topology, ordinal) : [...options.of];
  const ids = all.slice(0, MOST_DEVICES);
  const matrix = peer.matrix(ids);
  return [
    `## ${markdown(picture.title)}`,
    "",
    ...[...factsOf(topology, ordinal), extent(peer, ordinal), ...rules(peer, ids)].map((fact) => `- ${markdown(fact)}`),
    "",
    ...viewTables(peer, ordinal),
    ...matrixTable(peer, matrix, all.length),
    ...drawing(topology, picture, options),
    ...refusals(peer, matrix),
    ...whatIsMissing(peer, matrix),
  ]
    .join("\n")
    .trimEnd();
}

function extent({ topology }: PeerDma, ordinal: number): string {
  const { complete, views: [view] = [] } = topology.systems[ordinal]!;
  if (topology.functions(ordinal).length === 0 && view !== undefined) {
    return `no functions, for ${view.tool} shows none: lspci -vvv as root, or peerlane snapshot, would show them`;
  }
  const whole =
    complete === true ? "all of them" : complete === "likely" ? "likely all of them" : "there may be others";
  return `${amount(topology.functions(ordinal).length, "function")}, ${whole}`;
}

/** By whose rules, and what is taken for granted; nothing where there is nothing to decide about. */
function rules(peer: PeerDma, ids: readonly number[]): string[] {
  if (ids.length === 0) return [];
  const policy = policyDocument(peer, ids);
  const granted = [...policy.inferred, ...policy.assumed].map((text) => `taken for granted: ${text}`);
  return [`rules of ${policyText(policy)}`, ...granted];
}

/** What other tools say of a machine of which nothing shows a tree, in their letters. */
function viewTables({ topology }: PeerDma, ordinal: number): string[] {
  const isTreeless = topology.roots.every(({ root }) => root.system !== ordinal || !root.known);
  const { views = [] } = topology.systems[ordinal]!;
  return isTreeless ? views.flatMap((view) => lettersTable(viewClaims(view))) : [];
}

function lettersTable(claims: Claims): string[] {
  const { devices, dialect, origin } = claims;
  const shown = devices.slice(0, MOST_DEVICES);
  if (shown.length === 0) return [];
  const used = new Set<string>();
  const rows = shown.map(({ name, names }, row) => {
    const letters = shown.map((_, column) => claims.letter(row, column) ?? "");
    for (const letter of letters) used.add(letter).add(letter.replace(/\d+$/, "#"));
    return `| ${row} | ${markdown([name, ...names.slice(0, 1)].join(" "))} | ${letters.map(markdown).join(" | ")} |`;
  });
  const more = devices.length - shown.length;
  return [
    `### What ${markdown(origin)} says`,
    "",
    `| | | ${shown.map((_, column) => column).join(" | ")} |`,
    `|---|---|${shown.map(() => ":-:|").join("")}`,
    ...rows,
    "",
    ...(more > 0 ? [`${more} more are left out of the table.`, ""] : []),
    ...LEGENDS[dialect]
      .filter(([letter]) => used.has(letter))
      .map(([letter, meaning]) => `- \`${letter}\` ${markdown(meaning)}`),
    "",
  ];
}

/** The picture; nothing where there is nothing to draw. */
function drawing(topology: Topology, { groups, outside, legend }: Picture, options: PictureOptions): string[] {
  if (groups.length + outside.names.length === 0) return [];
  return [
    "### Topology",
    "",
    "```mermaid",
    pictureMermaid(topology, options),
    "```",
    "",
    ...legend.map((line) => `- ${markdown(line)}`),
    ...(legend.length === 0 ? [] : [""]),
  ];
}

/** Rows own the memory, columns do the DMA. */
function matrixTable({ topology }: PeerDma, matrix: Matrix, all: number): string[] {
  const count = matrix.ids.length;
  if (count === 0) return [];
  const columns = Array.from({ length: count }, (_, index) => index);
  const rows = columns.map((row) => {
    const id = matrix.ids[row]!;
    const cells = columns.map((column) => cellOf(matrix, row * count + column));
    return `| ${row} | ${markdown(nameOf(topology.describe(id)!))} | ${markdown(topology.name(id))} | ${cells.join(" | ")} |`;
  });
  const used = new Set(Array.from(matrix.route, (_, at) => cellOf(matrix, at).replace(/^(?:[\d?]*(?=[h~])|\d+)/, "4")));
  return [
    "### Who may reach whom",
    "",
    "Rows own the memory (provider), columns do the DMA (client).",
    "",
    `| | provider | | ${columns.join(" | ")} |`,
    `|---|---|---|${columns.map(() => ":-:|").join("")}`,
    ...rows,
    "",
    ...(all > count ? [`${all - count} more are left out of the table.`, ""] : []),
    ...matrixLegend(matrix)
      .filter(([mark]) => used.has(mark))
      .map(([mark, meaning]) => `- \`${mark}\` ${markdown(meaning)}`),
    "",
  ];
}

/** Pairs that are refused for one reason. */
interface Reason {
  readonly verdict: Verdict & { readonly answer: "no" };
  readonly pairs: Set<string>;
}

function refusals(peer: PeerDma, matrix: Matrix): string[] {
  const reasons = new Map<string, Reason>();
  const redirecting = new Map<string, Culprit>();
  for (const [provider, client] of pairsWith(matrix, "no")) {
    const verdict = peer.can(provider, client);
    if (verdict.answer !== "no") continue;
    const culprits = [...verdict.culprits].sort((a, b) => (a.bdf < b.bdf ? -1 : 1));
    const key = JSON.stringify([verdict.code, culprits.map(({ bdf, bits }) => [bdf, bits])]);
    const reason: Reason = reasons.get(key) ?? { verdict: { ...verdict, culprits }, pairs: new Set() };
    reasons.set(key, reason);
    // Both ways in one line, where both are refused for it.
    const [a, b] = provider < client ? [provider, client] : [client, provider];
    reason.pairs.add(`${called(peer, a)} and ${called(peer, b)}`);
    if (verdict.code === "ACS_REDIRECT") {
      for (const culprit of culprits) if (culprit.bits.length > 0) redirecting.set(culprit.bdf, culprit);
    }
  }
  if (reasons.size === 0) return [];
  const shown = [...reasons.values()].slice(0, MOST_REASONS);
  const more = reasons.size - shown.length;
  return [
    "### What is refused, and why",
    "",
    "| refused | code | culprits | what to do |",
    "|---|---|---|---|",
    ...shown.map(reasonRow),
    "",
    ...(more > 0 ? [`${amount(more, "more combination")} of culprits ${more === 1 ? "is" : "are"} left out.`, ""] : []),
    ...[...new Set([...reasons.values()].map(({ verdict }) => verdict.code))].map(
      (code) => `- \`${code}\`: ${markdown(CODES[code])}`,
    ),
    "",
    ...remedy(peer, [...redirecting.values()]),
  ];
}

function reasonRow({ verdict, pairs }: Reason): string {
  const some = [...pairs].slice(0, 3);
  const more = pairs.size > some.length ? `, and ${amount(pairs.size - some.length, "more pair")}` : "";
  const culprits = verdict.culprits.map(
    ({ bdf, bits }) => `\`${bdf}\`${bits.length > 0 ? ` (${bits.join(" ")})` : ""}`,
  );
  const fixes = verdict.hints.map(({ text, parameter }) =>
    parameter === null ? markdown(text) : `\`'${parameter}'\` at boot`,
  );
  return `| ${some.join("; ")}${more} | \`${verdict.code}\` | ${culprits.join(", ")} | ${fixes.join("; ")} |`;
}

/** One parameter for all of them: nobody boots once per pair. */
function remedy({ policy }: PeerDma, culprits: readonly Culprit[]): string[] {
  if (culprits.length === 0) return [];
  const sorted = [...culprits].sort((a, b) => (a.bdf < b.bdf ? -1 : 1));
  const { text, parameter } = redirectHint(sorted, policy.kernel);
  return [
    `For all pairs that are refused as \`ACS_REDIRECT\`: ${markdown(text)}`,
    "",
    "```",
    `'${parameter}'`,
    "```",
    "",
  ];
}

function whatIsMissing(peer: PeerDma, matrix: Matrix): string[] {
  const missing = new Map<string, number>();
  for (const [provider, client] of pairsWith(matrix, "unknown")) {
    const verdict = peer.can(provider, client);
    if (verdict.answer !== "unknown") continue;
    for (const text of verdict.missing.map(missingText)) missing.set(text, (missing.get(text) ?? 0) + 1);
  }
  if (missing.size === 0) return [];
  const shown = [...missing].slice(0, MOST_MISSING);
  const more = missing.size - shown.length;
  return [
    "### What the source does not show",
    "",
    ...shown.map(([text, pairs]) => `- ${markdown(text)}: ${amount(pairs, "pair")}`),
    ...(more > 0 ? [`- and ${amount(more, "other fact")}`] : []),
    "",
  ];
}

function* pairsWith({ ids, answer }: Matrix, wanted: (typeof ANSWERS)[number]): Generator<[number, number]> {
  for (let at = 0; at < answer.length; at++) {
    if (ANSWERS[answer[at]!] === wanted) yield [ids[Math.floor(at / ids.length)]!, ids[at % ids.length]!];
  }
}

function called({ topology }: PeerDma, id: number): string {
  const { names } = topology.describe(id)!;
  return markdown(names?.[0] ?? topology.name(id));
}

/** Text that Markdown leaves as it is, and that mentions nobody. */
export function markdown(text: string): string {
  return printable(text)
    .replace(/[\\`*_{}[\]<>|#~!$&]/g, "\\$&")
    .replaceAll("@", "&#64;");
}
