import { widest, type Style } from "./style.js";

/** What stands in front of a row, and over the column of the same number. */
export interface GridHead {
  readonly name: string;
  /** What the system calls it; empty: nothing. */
  readonly alias: string;
}

/** Cells by row and column, and how they are to look. */
export interface Grid {
  readonly heads: readonly GridHead[];
  cell(row: number, column: number): string;
  /** A cell, already padded. */
  paint(cell: string, padded: string): string;
}

/** A square table for people: as many columns beside each other as the screen holds, one block below the other. */
export function* gridLines(grid: Grid, style: Style): Generator<string> {
  const heads = rowHeads(grid.heads);
  const count = heads.length;
  const { cells, texts } = cellsOf(grid);
  const width =
    Math.max(
      String(count - 1).length,
      widest(texts, (text) => text),
    ) + 1;
  const perBlock = Math.max(1, Math.floor((style.width - heads[0]!.length) / width));
  for (let first = 0; first < count; first += perBlock) {
    const columns = Array.from({ length: Math.min(perBlock, count - first) }, (_, index) => first + index);
    yield "";
    yield style.faint(" ".repeat(heads[0]!.length) + columns.map((column) => String(column).padStart(width)).join(""));
    for (let row = 0; row < count; row++) {
      const painted = columns.map((column) => {
        const cell = texts[cells[row * count + column]!]!;
        return grid.paint(cell, cell.padStart(width));
      });
      yield heads[row]! + painted.join("");
    }
  }
}

/** Row by row which of a few texts stands where: each cell is asked for once, and many take little room. */
function cellsOf({ heads, cell }: Grid): { readonly cells: Uint32Array; readonly texts: readonly string[] } {
  const count = heads.length;
  const cells = new Uint32Array(count * count);
  const places = new Map<string, number>();
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const text = cell(row, column);
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      cells[row * count + column] = place;
    }
  }
  return { cells, texts: [...places.keys()] };
}

/** The column's number, the name, and what the system calls it. */
function rowHeads(heads: readonly GridHead[]): string[] {
  const digits = String(heads.length - 1).length;
  const nameWidth = widest(heads, ({ name }) => name);
  const aliasWidth = widest(heads, ({ alias }) => alias);
  return heads.map(({ name, alias }, index) => {
    const padded = aliasWidth === 0 ? "" : ` ${alias.padEnd(aliasWidth)}`;
    return `${String(index).padStart(digits)} ${name.padEnd(nameWidth)}${padded} `;
  });
}
