// The report as Markdown.

import { ratiosOf } from "./ratios.mjs";

const FAMILIES = ["ours", "native", "js", "npm"];

/** In the order in which keys first come. */
export function grouped(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

export const sizesOf = (rows) => [...new Set(rows.map(({ size }) => size))].sort((a, b) => a - b);
const count = (number) => number.toLocaleString("en");

/** Three significant digits, or two below ten. */
export const short = (ns) => (ns >= 100 ? ns.toFixed(0) : ns.toPrecision(ns >= 9.95 ? 3 : 2));

/** A table, the first columns to the left (one unless told) and the others to the right. */
export function lay(head, rows, left = 1) {
  return [
    `| ${head.join(" | ")} |`,
    `|${head.map((_, column) => (column < left ? "---|" : "---:|")).join("")}`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

/** Where and of what a report was made. */
export function origin({ date, commit, node, cpu, cores, memoryGiB }) {
  return `${date.slice(0, 10)}, commit ${commit}: Node ${node}, ${cores} x ${cpu}, ${memoryGiB} GiB`;
}

/** What a reader wants to know first: ratios, memory, first calls. */
export function summary({ rows, memory, firstCalls, machine }) {
  const parts = [`${origin(machine)}; ${machine.compiler}.`];
  const ratios = ratiosOf(rows);
  if (ratios.length > 0) {
    parts.push(
      "### Ours against the best of the others",
      "Their time by ours, so that 1 is as fast and 2 twice as fast as they are. In parentheses what was wanted: at " +
        "least / aim. ✗ is below the first, ✓ reaches it, ✓✓ reaches the aim.",
      ...[...grouped(ratios, ({ what }) => what.startsWith("matrix")).values()].map(ratioTable),
    );
  }
  if (memory.length > 0) parts.push("### Memory", memoryText, memoryTable(memory));
  if (firstCalls.length > 0) {
    const [{ rows: questions, size }] = firstCalls;
    parts.push(
      "### The first call",
      `The first batch of ${count(questions)} questions in a new process, on ${count(size)} functions, and the same ` +
        "batch again once the engine has compiled everything for speed. ns per question.",
      lay(
        ["call", "first", "later"],
        firstCalls.map(({ call, first, later }) => [`\`${call}\``, short(first), short(later)]),
      ),
    );
  }
  return parts.join("\n\n");
}

function ratioTable(claims) {
  const sizes = sizesOf(claims.flatMap(({ cells }) => cells));
  return lay(
    ["ours : theirs", "mix", ...sizes.map(count)],
    claims.map(({ what, mix, cells }) => [
      what,
      mix,
      ...sizes.map((size) => {
        const cell = cells.find((cell) => cell.size === size);
        return cell === undefined ? "-" : ratioCell(cell);
      }),
    ]),
    2,
  );
}

function ratioCell({ ratio, atLeast, aim }) {
  const digits = ratio >= 9.95 ? ratio.toFixed(0) : ratio.toPrecision(2);
  if (atLeast === undefined) return digits;
  const mark = ratio >= aim ? "✓✓" : ratio >= atLeast ? "✓" : "✗";
  return `${digits} ${mark} (${atLeast} / ${aim})`;
}

const memoryText =
  "Bytes of linear memory. A function: key, record and its share of the block minima; wanted at most 21. A range: " +
  "leaf, tree and owner; wanted at most 15.4. Its record holds start, size, terms and cover, which mappings and " +
  "overlaps read.";

const memoryTable = (memory) =>
  lay(
    ["functions", "ranges", "all, MB", "a function", "a range", "its record"],
    memory.map(({ functions, ranges, bytes, perFunction, indexPerRange, recordPerRange }) => [
      count(functions),
      count(ranges),
      (bytes / 1e6).toFixed(1),
      perFunction.toFixed(1),
      indexPerRange.toFixed(1),
      recordPerRange.toFixed(1),
    ]),
  );

/** One table for each kernel and mix, contenders down, sizes across. */
export function tables({ rows }) {
  const parts = ["Medians over the rounds in ns per question, in parentheses the quartiles."];
  for (const [title, group] of grouped(rows, titleOf)) parts.push(`### ${title}`, raceTable(group));
  return parts.join("\n\n");
}

export const titleOf = ({ kernel, mix }) => (mix === "-" ? kernel : `${kernel}, ${mix}`);

function raceTable(rows) {
  const sizes = sizesOf(rows);
  const contenders = [...grouped(rows, ({ contender }) => contender)].sort(
    ([, [a]], [, [b]]) => FAMILIES.indexOf(a.family) - FAMILIES.indexOf(b.family),
  );
  const cell = (row) => (row === undefined ? "-" : `${short(row.ns)} (${short(row.q1)}-${short(row.q3)})`);
  return lay(
    ["contender", ...sizes.map(count)],
    contenders.map(([name, own]) => [name, ...sizes.map((size) => cell(own.find((row) => row.size === size)))]),
  );
}
