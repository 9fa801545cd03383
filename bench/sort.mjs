/**
 * The rows of a column of whole numbers below 2^53, in ascending order; equal ones stay as they stand in `rows`.
 * A radix sort: least digit first, digits that are all the same skipped.
 */
export function sortedRows(column, rows = Uint32Array.from(column, (_, row) => row)) {
  const DIGIT = 2 ** 11;
  let from = rows.slice();
  let to = new Uint32Array(from.length);
  const most = column.reduce((greatest, value) => Math.max(greatest, value), 0);
  for (let unit = 1; unit <= most; unit *= DIGIT) {
    const places = new Uint32Array(DIGIT + 1);
    for (const row of from) places[(Math.floor(column[row] / unit) % DIGIT) + 1]++;
    if (places.includes(from.length)) continue;
    for (let digit = 1; digit < DIGIT; digit++) places[digit] += places[digit - 1];
    for (const row of from) to[places[Math.floor(column[row] / unit) % DIGIT]++] = row;
    [from, to] = [to, from];
  }
  return from;
}
