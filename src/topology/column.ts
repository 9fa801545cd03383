type ColumnKind = { readonly name: string; new (rows: number): { readonly length: number } };

/**
 * Checks a column of a batch call, for callers without types as well.
 *
 * @throws TypeError for a column of another kind; RangeError for one with fewer rows.
 */
export function expectColumn(name: string, column: unknown, rows: number, ...kinds: readonly ColumnKind[]): void {
  const kind = kinds.find((each) => column instanceof each);
  if (kind === undefined) {
    const got = typeof column === "object" && column !== null ? column.constructor.name : String(column);
    throw new TypeError(`${name}: expected a ${kinds.map((each) => each.name).join(" or a ")}, got ${got}`);
  }
  const { length } = column as { readonly length: number };
  if (length < rows) throw new RangeError(`${name}: expected at least ${rows} rows, got ${length}`);
}

/** As {@link expectColumn}, with exactly as many rows. */
export function expectRows(name: string, column: unknown, rows: number, ...kinds: readonly ColumnKind[]): void {
  expectColumn(name, column, rows, ...kinds);
  const { length } = column as { readonly length: number };
  if (length !== rows) throw new RangeError(`${name}: expected ${rows} rows, got ${length}`);
}
