/** How text is to look. Colour only repeats what the words say. */
export interface Style {
  /** Columns of the screen. */
  readonly width: number;
  /** Whether line drawing characters can be shown. */
  readonly unicode: boolean;
  good(text: string): string;
  doubtful(text: string): string;
  bad(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

const asIs = (text: string): string => text;

/** No colours, 80 columns, ASCII: reads the same everywhere. */
export const PLAIN_STYLE: Style = {
  width: 80,
  unicode: false,
  good: asIs,
  doubtful: asIs,
  bad: asIs,
  strong: asIs,
  faint: asIs,
};

/** `text` in at most `width` columns. */
export function shorten(text: string, width: number, { unicode }: Style): string {
  if (text.length <= width) return text;
  const mark = unicode ? "…" : "...";
  return width <= mark.length ? text.slice(0, Math.max(width, 0)) : text.slice(0, width - mark.length).trimEnd() + mark;
}

/** Indented below a heading: the heading once, the text wrapped at words beside it. */
export function paragraph(heading: string, text: string, { width }: Style, indent = 11): string[] {
  const room = Math.max(width - indent, 24);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && visible(line) + 1 + visible(word) > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((content, index) => `${(index === 0 ? heading : "").padEnd(indent)}${content}`);
}

/** Columns that `text` takes up: colours take none. */
function visible(text: string): number {
  return text.replace(/\x1b\[\d+m/g, "").length;
}

/** Columns as wide as their widest cell, line by line; the last one is not padded. */
export function* table(rows: readonly (readonly string[])[]): Generator<string> {
  const widths = (rows[0] ?? []).map((_, column) => widest(rows, (row) => row[column]!));
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]!));
    yield cells.join("  ").trimEnd();
  }
}

/** Length of the longest text of any number of items; 0 without any. */
export function widest<Item>(items: Iterable<Item>, textOf: (item: Item) => string): number {
  let width = 0;
  for (const item of items) width = Math.max(width, textOf(item).length);
  return width;
}
