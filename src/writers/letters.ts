import type { Claims, ClaimedDevice } from "../letters/claims.js";
import type { Comparison, Difference } from "../letters/compare.js";
import { LEGENDS, type Dialect, type LegendEntry } from "../letters/dialect.js";
import type { Match } from "../letters/match.js";
import { listed } from "../topology/listed.js";
import { gridLines, type GridHead } from "./grid.js";
import { amount } from "./pictures/picture.js";
import { paragraph, shorten, widest, type Style } from "./style.js";

/** Letters of a dialect, as `matrix --legend --json` prints them. */
export interface LettersDocument {
  readonly dialect: Dialect;
  /** Who says it: the description, or the tool that it holds the words of. */
  readonly origin: string;
  /** Names, by row and by column. */
  readonly functions: readonly string[];
  /** Row by row; null: nothing is said. */
  readonly letters: readonly (readonly (string | null)[])[];
  /** What each letter says; `#` stands for a number. */
  readonly legend: Readonly<Record<string, string>>;
}

/** Letters as scripts read them. */
export function lettersDocument(claims: Claims): LettersDocument {
  const { dialect, origin, devices } = claims;
  return {
    dialect,
    origin,
    functions: devices.map(({ name }) => name),
    letters: devices.map((_, row) => devices.map((_, column) => claims.letter(row, column))),
    legend: Object.fromEntries(LEGENDS[dialect]),
  };
}

const TITLES: Readonly<Record<Dialect, string>> = {
  nvidia: "letters of nvidia-smi topo -m",
  nccl: "letters of NCCL",
  kernel: "letters for Linux's peer-to-peer DMA: rows own the memory (provider), columns do the DMA (client)",
};

/**
 * Letters for people, line by line, the legend below.
 *
 * @param rules by whose rules, where the letters are a policy's.
 */
export function* lettersLines(claims: Claims, style: Style, rules = ""): Generator<string> {
  const { dialect, origin, devices } = claims;
  if (devices.length === 0) {
    yield "no functions to compare";
    return;
  }
  const title = `${TITLES[dialect]}, as ${origin} has it${rules === "" ? "" : `; ${rules}`}`;
  yield* paragraph("", title, style, 0);
  const heads = devices.map((device) => headOf(device, style));
  let lacksSome = false;
  const cell = (row: number, column: number) => {
    const letter = claims.letter(row, column);
    lacksSome ||= letter === null;
    return letter ?? UNSAID;
  };
  yield* gridLines({ heads, cell, paint: (text, padded) => painted(text, padded, style) }, style);
  yield "";
  yield* legendLines(dialect, style, lacksSome ? [[UNSAID, `${origin} lacks the cell`]] : []);
}

/** Where a text lacks a cell. */
const UNSAID = ".";

function headOf({ name, names }: ClaimedDevice, style: Style): GridHead {
  return { name, alias: shorten(names.find((other) => other !== name) ?? "", 10, style) };
}

function* legendLines(dialect: Dialect, style: Style, more: readonly LegendEntry[] = []): Generator<string> {
  const entries = [...LEGENDS[dialect], ...more];
  const width = widest(entries, ([letter]) => letter);
  for (const [letter, meaning] of entries) yield `  ${painted(letter, letter.padStart(width), style)}  ${meaning}`;
}

const NEAR = ["PIX", "PXB", "NVL", "NVB", "XGMI", "C2C"];
const SELF = ["X", "LOC"];
const FAR = ["SYS", "NS", "NET", "-"];

function painted(letter: string, text: string, style: Style): string {
  if (SELF.includes(letter)) return style.faint(text);
  if (FAR.includes(letter)) return style.bad(text);
  return NEAR.includes(letter) || /^(?:NV|B)[\d#]/.test(letter) ? style.good(text) : style.doubtful(text);
}

/** A comparison, as `matrix --compare --json` prints it. */
export interface ComparisonDocument {
  readonly dialect: Dialect;
  readonly theirs: string;
  readonly ours: string;
  readonly counts: { readonly equal: number; readonly different: number; readonly notComparable: number };
  readonly devices: readonly { readonly theirs: string; readonly ours: string; readonly by: Match["by"] }[];
  readonly assumed: readonly string[];
  /** Devices that the other side lacks. */
  readonly unmatched: { readonly theirs: readonly string[]; readonly ours: readonly string[] };
  readonly different: readonly DifferenceEntry[];
  readonly notComparable: readonly DifferenceEntry[];
  /** Devices, by our names, that the two sides put near other NUMA nodes or CPUs. */
  readonly nearElsewhere: readonly {
    readonly device: string;
    readonly what: "numaNodes" | "cpus";
    readonly theirs: string;
    readonly ours: string;
  }[];
  readonly legend: Readonly<Record<string, string>>;
}

/** A cell that differs, or cannot be compared; null: nothing is said. */
export interface DifferenceEntry {
  /** Names of our side. */
  readonly a: string;
  readonly b: string;
  readonly theirs: string | null;
  readonly ours: string | null;
  readonly reason: string;
}

/** A comparison as scripts read it. */
export function comparisonDocument(comparison: Comparison): ComparisonDocument {
  const { theirs, ours, matches, assumptions, unmatched, equal, different, notComparable, nearElsewhere } = comparison;
  const nameIn = (claims: Claims) => (place: number) => claims.devices[place]!.name;
  const entry = ({ row, column, ...said }: Difference): DifferenceEntry => {
    const [a, b] = [row, column].map((place) => nameIn(ours)(matches[place]!.ours));
    return { a: a!, b: b!, ...said };
  };
  return {
    dialect: ours.dialect,
    theirs: theirs.origin,
    ours: ours.origin,
    counts: { equal, different: different.length, notComparable: notComparable.length },
    devices: matches.map((match) => ({
      theirs: nameIn(theirs)(match.theirs),
      ours: nameIn(ours)(match.ours),
      by: match.by,
    })),
    assumed: assumptions,
    unmatched: { theirs: unmatched.theirs.map(nameIn(theirs)), ours: unmatched.ours.map(nameIn(ours)) },
    different: different.map(entry),
    notComparable: notComparable.map(entry),
    nearElsewhere: nearElsewhere.map(({ device, ...said }) => ({
      device: nameIn(ours)(matches[device]!.ours),
      ...said,
    })),
    legend: Object.fromEntries(LEGENDS[ours.dialect]),
  };
}

/** A comparison in one word; partly: some pairs are equal, and others cannot be compared. */
export function comparisonWord(comparison: Comparison): "equal" | "partly" | "different" | "unknown" {
  const { equal, different, notComparable, nearElsewhere } = comparison;
  if (different.length + nearElsewhere.length > 0) return "different";
  if (equal === 0) return "unknown";
  return notComparable.length === 0 ? "equal" : "partly";
}

/**
 * A comparison for people: the counts, the cells that differ and why, then what could not be compared.
 *
 * @param file what it was read from, for the title.
 * @param none why there is nothing to compare on our side, where it is known.
 */
export function* comparisonLines(
  comparison: Comparison,
  style: Style,
  { file = "", none = "" }: { readonly file?: string; readonly none?: string } = {},
): Generator<string> {
  const { theirs, ours, matches, assumptions, unmatched, equal, different, notComparable, nearElsewhere } = comparison;
  const elsewhere = new Set(nearElsewhere.map(({ device }) => device)).size;
  const counts =
    `${equal} equal, ${different.length} different, ${notComparable.length} not comparable` +
    (elsewhere > 0 ? `, ${elsewhere} near elsewhere` : "");
  yield* paragraph("", `${headword(comparison, style)}: ${counts}`, style, 0);
  const said = file === "" || file === theirs.origin ? theirs.origin : `${theirs.origin} (${file})`;
  yield* paragraph("", `${said} against ${ours.origin}, ${TITLES[ours.dialect]}`, style, 0);
  yield* differenceLines(comparison, different, style);
  yield* nearLines(comparison, style);
  yield* reasonLines(comparison, notComparable, style);
  if (assumptions.length + unmatched.theirs.length > 0 || matches.length === 0) yield "";
  if (matches.length === 0) yield* paragraph("  devices", noMatchText(comparison, none), style);
  for (const text of assumptions) yield* paragraph("  assumed", text, style);
  if (unmatched.theirs.length > 0) {
    const names = unmatched.theirs.map((place) => theirs.devices[place]!.name).join(", ");
    yield* paragraph("  left out", `${names}: not found on our side; --name tells, as in --name GPU0=41:00.0`, style);
  }
  yield "";
  yield* legendLines(ours.dialect, style);
}

/** Why no device is found on both sides. */
function noMatchText({ theirs, ours }: Comparison, none: string): string {
  if (ours.devices.length === 0) return none === "" ? "there are no functions to compare" : none;
  const sides = `${theirs.origin} has ${kindsText(theirs)}, ${ours.origin} ${kindsText(ours)}`;
  const addresses = theirs.devices.every(({ bdf }) => bdf === null)
    ? "the one gives no addresses, and neither names nor numbers tell"
    : "neither addresses nor names nor numbers tell";
  return `none is found on both sides: ${sides}; ${addresses} which is which. --name does, as in --name GPU0=41:00.0`;
}

const KINDS = { gpu: "GPU", nic: "network adapter", other: "other device" } as const;

function kindsText({ devices }: Claims): string {
  const counts = (["gpu", "nic", "other"] as const).flatMap((kind) => {
    const count = devices.filter((device) => device.kind === kind).length;
    return count === 0 ? [] : [amount(count, KINDS[kind])];
  });
  return counts.length === 0 ? "no devices" : counts.join(", ");
}

function headword(comparison: Comparison, style: Style): string {
  const word = comparisonWord(comparison);
  if (word === "different") return style.bad("DIFFERENT");
  if (word === "partly") return style.doubtful("PARTLY EQUAL");
  return word === "equal" ? style.good("EQUAL") : style.doubtful("NOT COMPARABLE");
}

function* differenceLines(comparison: Comparison, different: readonly Difference[], style: Style): Generator<string> {
  for (const { row, column, theirs, ours, reason } of different) {
    yield "";
    yield `${pairText(comparison, row, column)}: ${style.strong(theirs ?? UNSAID)} there, ${style.strong(ours ?? UNSAID)} here`;
    yield* paragraph("  why", reason, style);
  }
}

const NEARBY = { numaNodes: "NUMA node", cpus: "CPUs" } as const;

function* nearLines({ theirs, ours, matches, nearElsewhere }: Comparison, style: Style): Generator<string> {
  if (nearElsewhere.length > 0) yield "";
  for (const { device, what, theirs: there, ours: here } of nearElsewhere) {
    const [their, our] = [theirs.devices[matches[device]!.theirs]!.name, ours.devices[matches[device]!.ours]!.name];
    const name = their === our ? their : `${their} (${our})`;
    yield* paragraph(
      "",
      `${name}: near ${NEARBY[what]} ${style.strong(there)} there, ${style.strong(here)} here`,
      style,
    );
  }
}

const SHOWN_PAIRS = 4;

/** A reason without the functions, buses and nodes that it names: reasons that differ in these alone are alike. */
function patternOf(reason: string): string {
  return reason.replace(/[0-9a-f]{4,}:[0-9a-f]{2}(?::[0-9a-f]{2}\.[0-7])?|\bNV\d+/g, "…");
}

/** Pairs that cannot be compared, those of like reasons together, with the reason of the first. */
function* reasonLines(comparison: Comparison, pairs: readonly Difference[], style: Style): Generator<string> {
  const byReason = new Map<string, Difference[]>();
  for (const pair of pairs) {
    const pattern = patternOf(pair.reason);
    const own = byReason.get(pattern);
    if (own === undefined) byReason.set(pattern, [pair]);
    else own.push(pair);
  }
  for (const own of byReason.values()) {
    const names = own.map(({ row, column }) => pairText(comparison, row, column));
    const { reason } = own[0]!;
    const others = own.some((pair) => pair.reason !== reason) ? "; likewise the others" : "";
    yield "";
    yield* paragraph("", `${listed(names, SHOWN_PAIRS)}: ${style.doubtful("not comparable")}`, style, 0);
    yield* paragraph("  why", `${reason}${others}`, style);
  }
}

/** `GPU0-GPU1 (0000:01:00.0, 0000:41:00.0)`. */
function pairText({ theirs, ours, matches }: Comparison, row: number, column: number): string {
  const ends = [row, column].map((place) => {
    const { theirs: their, ours: our } = matches[place]!;
    return { there: theirs.devices[their]!.name, here: ours.devices[our]!.name };
  });
  const there = ends.map((end) => end.there).join(" - ");
  return ends.every((end) => end.there === end.here) ? there : `${there} (${ends.map((end) => end.here).join(", ")})`;
}
