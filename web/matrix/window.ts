/** Which of many equal cells are in sight, `from` included, `to` not. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Cells drawn beyond each edge, so that scrolling a little shows no gap. */
const BEYOND = 4;

/**
 * Of `count` cells of `size` pixels each, those that a view of `length` pixels shows that is scrolled by `scroll`, and a few
 * beyond.
 */
export function windowOf(scroll: number, length: number, size: number, count: number): Window {
  const from = Math.max(0, Math.min(count, Math.floor(scroll / size)) - BEYOND);
  const to = Math.min(count, Math.max(0, Math.ceil((scroll + length) / size)) + BEYOND);
  return { from: Math.min(from, to), to };
}

/** How far to scroll so that a cell is wholly in sight; as it is where it already is. */
export function scrollTo(scroll: number, length: number, size: number, cell: number): number {
  if (cell * size < scroll) return cell * size;
  return (cell + 1) * size > scroll + length ? (cell + 1) * size - length : scroll;
}

/** Where a key takes one in a table of `count` rows and columns; null: the key has no meaning here. */
export function moveBy(
  key: string,
  ctrl: boolean,
  [row, column]: readonly [number, number],
  count: number,
  page: number,
): readonly [number, number] | null {
  const last = count - 1;
  const within = (place: number) => Math.max(0, Math.min(last, place));
  switch (key) {
    case "ArrowUp":
      return [within(row - 1), column];
    case "ArrowDown":
      return [within(row + 1), column];
    case "ArrowLeft":
      return [row, within(column - 1)];
    case "ArrowRight":
      return [row, within(column + 1)];
    case "PageUp":
      return [within(row - page), column];
    case "PageDown":
      return [within(row + page), column];
    case "Home":
      return [ctrl ? 0 : row, 0];
    case "End":
      return [ctrl ? last : row, last];
    default:
      return null;
  }
}
