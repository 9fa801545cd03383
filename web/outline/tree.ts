import type { OutlineRow } from "../machine/protocol.js";

/** A row that is in sight unless something above it is folded. */
export interface Line {
  readonly row: OutlineRow;
  /** Its place in all rows. */
  readonly place: number;
  /** Whether it has rows below it; and if so, whether they are folded. */
  readonly isParent: boolean;
  readonly isFolded: boolean;
  /** Among those with the same row above: which one it is, from 1, and of how many. */
  readonly position: number;
  readonly siblings: number;
}

/** The rows that are left when some are folded. Rows are depth first, as the outline has them. */
export function linesOf(rows: readonly OutlineRow[], folded: ReadonlySet<string>): readonly Line[] {
  const positions = positionsOf(rows);
  const lines: Line[] = [];
  let hiddenBelow = Infinity;
  rows.forEach((row, place) => {
    if (row.depth > hiddenBelow) return;
    hiddenBelow = Infinity;
    const isParent = (rows[place + 1]?.depth ?? 0) > row.depth;
    const isFolded = isParent && folded.has(row.bdf);
    if (isFolded) hiddenBelow = row.depth;
    const [position, siblings] = positions[place]!;
    lines.push({ row, place, isParent, isFolded, position, siblings: siblings.count });
  });
  return lines;
}

/** Each row's position among its siblings, and how many there are. */
function positionsOf(rows: readonly OutlineRow[]): (readonly [number, { readonly count: number }])[] {
  const open: { count: number }[] = [];
  return rows.map(({ depth }) => {
    open.length = Math.min(open.length, depth + 1);
    while (open.length <= depth) open.push({ count: 0 });
    const siblings = open[depth]!;
    siblings.count++;
    return [siblings.count, siblings];
  });
}

/** The place of the row above a row; -1: none. */
export function parentOf(rows: readonly OutlineRow[], place: number): number {
  const { depth } = rows[place]!;
  for (let above = place - 1; above >= 0; above--) if (rows[above]!.depth < depth) return above;
  return -1;
}

/** Without what folds away a row. */
export function unfolded(rows: readonly OutlineRow[], folded: ReadonlySet<string>, place: number): ReadonlySet<string> {
  const open = new Set(folded);
  for (let above = parentOf(rows, place); above >= 0; above = parentOf(rows, above)) open.delete(rows[above]!.bdf);
  return open.size === folded.size ? folded : open;
}

/** Places of the rows that have all the words of a search, in any order and anywhere. */
export function search(rows: readonly OutlineRow[], text: string): readonly number[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return [];
  return rows.flatMap((row, place) => {
    const whole = wordsOf(row).toLowerCase();
    return words.every((word) => whole.includes(word)) ? [place] : [];
  });
}

/** All that a row says. */
function wordsOf({ bdf, alias, what, label, memory, link, acs }: OutlineRow): string {
  const marks = acs === null ? "" : acs.redirects === "unknown" ? "ACS not shown" : acs.bits && `ACS ${acs.bits}`;
  return [bdf, alias, what, label, memory, link, marks].filter((text) => text !== "").join(", ");
}
