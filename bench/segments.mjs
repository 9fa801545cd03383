// The fabric's BARs as sorted, disjoint segments of one space, in plain typed arrays: what all contenders but ours are
// loaded with. Nothing of this is timed.

import { sortedRows } from "./sort.mjs";

/** The most that all BARs start and end at a multiple of, from 16 bytes to 4 KiB. */
function unitOf(columns) {
  let unit = 4096;
  for (const column of columns) {
    for (const value of column) while (value % unit !== 0) unit /= 2;
  }
  if (unit < 16) throw new RangeError("a BAR starts or ends at no multiple of 16 bytes");
  return unit;
}

/** A column of addresses as numbers. */
export function numbers(column) {
  if (column instanceof Float64Array) return column;
  const halves = new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
  return Float64Array.from(column, (_, row) => halves[2 * row] + halves[2 * row + 1] * 2 ** 32);
}

/** A column of whole numbers times `unit`, a power of two, as 64-bit integers; made without a BigInt for each. */
export function wide(column, unit = 1) {
  const halves = new Uint32Array(column.length * 2);
  column.forEach((value, row) => {
    const low = (value % 2 ** 32) * unit;
    halves[2 * row] = low % 2 ** 32;
    halves[2 * row + 1] = Math.floor(value / 2 ** 32) * unit + Math.floor(low / 2 ** 32);
  });
  return new BigUint64Array(halves.buffer);
}

/**
 * All BARs in one space, the systems side by side.
 *
 * @returns in units of `unit` bytes: `starts` of segments in order, by system its `displacements` and `spans`
 *   (addresses from there on are nobody's), and the whole `space`; `values`: by segment the owner's id, 0 for nobody.
 */
export function layOut({ systems, bars }, forest) {
  const rows = bars.function.length;
  const [bytesAt, bytes] = [numbers(bars.start), numbers(bars.size)];
  const unit = unitOf([bytesAt, bytes]);
  const systemOf = (bar) => forest.systemOfHost[forest.hosts[forest.functionIds[bars.function[bar]]]];
  const spans = new Float64Array(systems.length);
  for (let bar = 0; bar < rows; bar++) {
    const system = systemOf(bar);
    spans[system] = Math.max(spans[system], (bytesAt[bar] + bytes[bar]) / unit);
  }
  const displacements = new Float64Array(systems.length);
  let space = 0;
  spans.forEach((span, system) => {
    displacements[system] = space;
    space += span;
  });
  if (space >= 2 ** 53 || space * unit >= 2 ** 63) throw new RangeError("the systems do not fit side by side");

  const starts = new Float64Array(rows);
  const sizes = bytes.map((size) => size / unit);
  for (let bar = 0; bar < rows; bar++) starts[bar] = displacements[systemOf(bar)] + bytesAt[bar] / unit;
  // Of those that start together the largest first: the others lie within it.
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const largestFirst = sortedRows(sizes.map((size) => largest - size));
  const order = sortedRows(starts, largestFirst);
  const flat = flatten(order, starts, sizes, (bar) => forest.functionIds[bars.function[bar]]);
  return { ...flat, displacements, spans, space, unit, ranges: rows };
}

/** Ranges that nest or lie apart: the innermost owns. */
function flatten(order, rangeStarts, sizes, ownerOf) {
  const starts = new Float64Array(2 * order.length + 2);
  const values = new Uint32Array(starts.length);
  let count = 0;
  const cut = (start, value) => {
    if (count > 0 && starts[count - 1] === start) count--;
    starts[count] = start;
    values[count++] = value;
  };
  cut(0, 0);
  const ends = [Infinity];
  const owners = [0];
  const closeUntil = (place) => {
    while (ends.length > 1 && ends.at(-1) <= place) {
      const end = ends.pop();
      owners.pop();
      cut(end, owners.at(-1));
    }
  };
  for (const row of order) {
    closeUntil(rangeStarts[row]);
    ends.push(rangeStarts[row] + sizes[row]);
    owners.push(ownerOf(row));
    cut(rangeStarts[row], owners.at(-1));
  }
  closeUntil(Number.MAX_VALUE);
  return { starts: starts.slice(0, count), values: values.slice(0, count) };
}
