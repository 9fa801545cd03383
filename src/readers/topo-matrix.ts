import { isCpuList } from "../topology/cpu-list.js";
import type { MatrixDeviceDescription, MatrixView } from "../topology/views.js";
import { listed } from "../topology/listed.js";
import type { Finding } from "../topology/finding.js";
import { checkLines } from "./bounds.js";
import { ReadError, type Reading } from "./reading.js";

// The matrix that `nvidia-smi topo -m` prints, or `-mp`, which leaves NVLink out. Here › is a tab:
//
//     ›GPU0›GPU1›NIC0›CPU Affinity›NUMA Affinity›GPU NUMA ID        the head: columns, then what stands behind each row
//     GPU0› X ›NV18›PIX›0-63,128-191›0››N/A                         a row of a GPU
//     GPU1›NV18› X ›NODE›0-63,128-191›0››N/A
//     NIC0›PIX›NODE› X ››››                                         NICs have nothing behind their rows
//
//     NIC Legend:
//
//       NIC0: mlx5_0
//
// Old drivers head columns by device (`mlx5_0`), have no NUMA columns and say SOC for SYS. In pastes runs of blanks stand
// for tabs, long lines go on in the next one, and heads or rows are missing.

/** A device as drivers of all ages name it. */
const DEVICE = /^(?:(?:GPU|NIC)\d+|[a-z]\w*\d)$/;
const NUMBERED = /^(?:GPU|NIC)\d+$/;
const CELL = /^(?:X|SYS|SOC|NODE|PHB|PXB|PIX|NV\d+)$/;
/** Words of the heads behind the devices' columns. */
const BEHIND = ["CPU", "NUMA", "GPU", "ID", "Affinity"];
const LEGEND_LINE = /^\s*(NIC\d+)\s*:\s+(\S+)\s*$/;
/** The states of `nvidia-smi topo -p2p`, whose matrix looks alike and has no distances. */
const STATE = /^(?:OK|CNS|GNS|TNS|NS|DR|U)$/;
const ROW_SOMEWHERE =
  /^[ \t>|]*(?:(?:GPU|NIC)\d+|[a-z][a-z0-9]*_\d+)[ \t|]+(?:X|SYS|SOC|NODE|PHB|PXB|PIX|NV\d+)(?=[\s|]|$)(?!.*[ \t](?:OK|[CGT]?NS|DR|U)(?:\s|$))/m;

/** Whether text holds such a matrix, or a row of one. */
export function looksLikeTopoMatrix(text: string): boolean {
  return ROW_SOMEWHERE.test(plain(text));
}

/**
 * Reads what `nvidia-smi topo -m` printed: claims of how far apart devices are, and no functions. What the text lacks is
 * null, what has no place in a matrix a finding. A text may hold several.
 *
 * @param source its name, for findings.
 * @throws ReadError where a matrix has more devices than any machine, or the text more matrices than a paste.
 */
export function readTopoMatrix(text: string, source: string): Reading {
  checkLines(text, source);
  const sheets: Sheet[] = [];
  plain(text)
    .split(/\r?\n/)
    .forEach((line, index) => readLine(line, index + 1, sheets));
  const filled = sheets.filter(({ rows }) => rows.length > 0);
  if (filled.length > MOST_MATRICES) {
    const { line } = filled[MOST_MATRICES]!.rows[0]!;
    const message = `expected at most ${MOST_MATRICES} matrices, here begins another: a row of a name that was there begins one`;
    throw new ReadError(message, source, line);
  }
  const drawn = filled.map((sheet) => draw(sheet, source));
  return {
    system: { functions: [], views: drawn.map(({ view }) => view) },
    findings: drawn.flatMap(({ findings }) => findings),
  };
}

/** Without what terminals, mails and issue trackers put around it: colours, quotation marks, table lines, hard blanks. */
function plain(text: string): string {
  return text
    .replace(/\x1b?\[[0-9;]*m/g, "")
    .replaceAll("\u00a0", " ")
    .replace(/^(?:[ \t]*>)+ ?/gm, "")
    .replace(/^[ \t]*\|(.*)\|[ \t]*$/gm, (_, inner: string) => inner.replaceAll("|", " "));
}

/** A matrix as its lines give it. */
interface Sheet {
  /** Null: the head is missing. */
  readonly head: { readonly line: number; readonly columns: string[] } | null;
  readonly rows: Row[];
  /** Of the rows. */
  readonly names: Set<string>;
  readonly legend: Map<string, string>;
  /** Whether what comes next may go on with the last row. */
  open: boolean;
}

interface Row {
  readonly line: number;
  readonly name: string;
  readonly cells: string[];
  /** What stands behind the cells. */
  behind: string[];
}

function readLine(line: string, number: number, sheets: Sheet[]): void {
  const words = line.split(/\s+/).filter((word) => word !== "");
  const sheet = sheets.at(-1);
  const [, named, legend] = LEGEND_LINE.exec(line) ?? [];
  if (named !== undefined) {
    sheet?.legend.set(named, legend!);
    return;
  }
  const columns = headColumns(words);
  if (columns !== null) {
    // A long head goes on in the next line.
    if (sheet !== undefined && sheet.head !== null && sheet.rows.length === 0)
      for (const column of columns) sheet.head.columns.push(column);
    else if (columns.length > 0) newSheet(sheets, { line: number, columns });
    return;
  }
  const [first, ...rest] = words;
  const isRow = first !== undefined && DEVICE.test(first) && CELL.test(rest[0] ?? "");
  if (isRow && !rest.some((word) => STATE.test(word))) {
    const target = sheet === undefined || sheet.names.has(first) ? newSheet(sheets, null) : sheet;
    const cells = leadingCells(rest, target.head?.columns.length ?? Infinity);
    target.names.add(first);
    target.rows.push({ line: number, name: first, cells, behind: behindCells(line, rest, cells.length) });
    target.open = true;
    return;
  }
  const row = sheet?.open === true ? sheet.rows.at(-1) : undefined;
  if (row !== undefined && isRest(row, words, sheet!)) {
    const cells = leadingCells(words, sheet!.head!.columns.length - row.cells.length);
    for (const cell of cells) row.cells.push(cell);
    row.behind = words.slice(cells.length);
  } else if (words.length > 0 && sheet !== undefined) sheet.open = false;
}

function newSheet(sheets: Sheet[], head: Sheet["head"]): Sheet {
  const sheet: Sheet = { head, rows: [], names: new Set(), legend: new Map(), open: false };
  sheets.push(sheet);
  return sheet;
}

/** The devices of a line that is a head, or goes on with one; null: it is none. */
function headColumns(words: readonly string[]): string[] | null {
  const columns = words.filter((word) => DEVICE.test(word));
  if (words.some((word) => !DEVICE.test(word) && !BEHIND.includes(word))) return null;
  return columns.some((word) => NUMBERED.test(word)) || words.includes("Affinity") ? columns : null;
}

function leadingCells(words: readonly string[], most: number): string[] {
  const end = words.findIndex((word, at) => at >= most || !CELL.test(word));
  return words.slice(0, end === -1 ? words.length : end);
}

/** Tabs keep the place of what is empty. */
function behindCells(line: string, words: readonly string[], cells: number): string[] {
  const behind = line.includes("\t")
    ? line
        .trimStart()
        .split("\t")
        .slice(cells + 1)
    : words.slice(cells);
  return behind.map((word) => word.trim());
}

/** Whether a line is what was wrapped off the row before: cells that it still lacks, or what stands behind them. */
function isRest(row: Row, words: readonly string[], { head }: Sheet): boolean {
  if (head === null || words.length === 0) return false;
  const lacking = head.columns.length - row.cells.length;
  if (row.behind.some((word) => word !== "")) return false;
  if (lacking > 0) return CELL.test(words[0]!);
  return words.every((word) => isCpuList(word) || word === NOTHING);
}

const NOTHING = "N/A";

interface Drawn {
  readonly view: MatrixView;
  readonly findings: readonly Finding[];
}

/** Rows that are missing are named up to here. */
const NAMED = 32;

/** Far more than anybody pastes: each is held against the machine. */
export const MOST_MATRICES = 256;

/** Far more than a machine has: what is drawn is their square. */
export const MOST_DEVICES = 1024;

/** A matrix of what was found, with what is missing or odd. */
function draw({ head, rows, legend }: Sheet, source: string): Drawn {
  const findings: Finding[] = [];
  const note = (code: Finding["code"], message: string, line: number) =>
    findings.push({ code, message, functions: [], source, line });
  const widest = Math.max(
    rows.length,
    head?.columns.length ?? 0,
    rows.reduce((most, { cells }) => Math.max(most, cells.length), 0),
  );
  if (widest > MOST_DEVICES) {
    const line = head?.line ?? rows[0]!.line;
    throw new ReadError(`expected a matrix of at most ${MOST_DEVICES} devices, it has ${widest}`, source, line);
  }
  const columns = head?.columns ?? columnsOf(rows);
  if (head === null) {
    note("CUT_SHORT", "the matrix has no head: its columns are told by the X of each row", rows[0]!.line);
  }
  const names = [...new Set([...columns.filter((name) => name !== null), ...rows.map(({ name }) => name)])];
  if (names.length > MOST_DEVICES) {
    const line = head?.line ?? rows[0]!.line;
    throw new ReadError(`expected a matrix of at most ${MOST_DEVICES} devices, it has ${names.length}`, source, line);
  }
  const rowOf = new Map(rows.map((row) => [row.name, row]));
  const missing = names.filter((name) => !rowOf.has(name));
  if (missing.length > 0) {
    note("CUT_SHORT", `the matrix lacks the rows of ${listed(missing, NAMED)}`, head?.line ?? rows[0]!.line);
  }
  const cellsOf = new Map<string, Map<string, string>>();
  for (const row of rows) cellsOf.set(row.name, placed(row, columns, note));
  const cells = names.map((row) => names.map((column) => cellsOf.get(row)?.get(column) ?? null));
  names.forEach((row, one) =>
    names.slice(0, one).forEach((column, other) => {
      const [here, there] = [cells[one]![other]!, cells[other]![one]!];
      if (here !== null && there !== null && here !== there) {
        const { line } = rowOf.get(row)!;
        note(
          "SOURCES_DISAGREE",
          `the matrix contradicts itself: ${row} to ${column} is ${here}, back it is ${there}`,
          line,
        );
      }
    }),
  );
  const devices = names.map((name) => deviceOf(name, legend.get(name), rowOf.get(name)?.behind ?? []));
  return { view: { tool: "nvidia-smi", devices, cells }, findings };
}

/** Without a head: the device of a column is the one whose row has its X there; null: nothing tells. */
function columnsOf(rows: readonly Row[]): (string | null)[] {
  const width = Math.max(...rows.map(({ cells }) => cells.length));
  const columns = Array.from({ length: width }, (): string | null => null);
  for (const { name, cells } of rows) {
    const at = cells.indexOf("X");
    if (at !== -1) columns[at] ??= name;
  }
  return columns;
}

/** The cells of a row by column, as far as their place is certain. */
function placed(
  { name, line, cells }: Row,
  columns: readonly (string | null)[],
  note: (code: Finding["code"], message: string, line: number) => void,
): Map<string, string> {
  const found = new Map<string, string>();
  const self = columns.indexOf(name);
  if (cells.length < columns.length) {
    note("CUT_SHORT", `the row of ${name} has ${cells.length} cells for ${columns.length} columns`, line);
  }
  if (self !== -1 && cells.length > self && cells[self] !== "X") {
    note("MALFORMED_LINE", `the row of ${name} has no X in its own column: its cells are left out`, line);
    return found;
  }
  cells.forEach((cell, at) => {
    const column = columns[at];
    if (typeof column === "string") found.set(column, cell);
    else note("MALFORMED_LINE", `the row of ${name}: nothing tells whose column ${at + 1} is, which has ${cell}`, line);
  });
  return found;
}

function deviceOf(name: string, legend: string | undefined, behind: readonly string[]): MatrixDeviceDescription {
  const [cpus, numaNodes] = behind;
  return {
    name,
    ...(legend === undefined ? {} : { legend }),
    ...(cpus && isCpuList(cpus) ? { cpus } : {}),
    ...(numaNodes && isCpuList(numaNodes) ? { numaNodes } : {}),
  };
}
