// The report as text: one table for each kernel and mix, contenders down, sizes across.

const FAMILIES = ["ours", "native", "js", "npm"];

/** @returns Markdown: medians in ns per question, with the quartiles. */
export function table({ rows, machine }) {
  const parts = [
    `${machine.date}, commit ${machine.commit}: Node ${machine.node}, ${machine.cores} x ${machine.cpu}, ` +
      `${machine.memoryGiB} GiB; ${machine.compiler}.`,
    "Medians over the rounds in ns per question, in parentheses the quartiles.",
  ];
  for (const [title, group] of Map.groupBy?.(rows, titleOf) ?? grouped(rows, titleOf)) {
    parts.push(`### ${title}`, lines(group).join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

const titleOf = ({ kernel, mix }) => (mix === "-" ? kernel : `${kernel}, ${mix}`);

/** In the order in which keys first come. */
export function grouped(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

function lines(rows) {
  const sizes = [...new Set(rows.map(({ size }) => size))].sort((a, b) => a - b);
  const contenders = [...grouped(rows, ({ contender }) => contender)].sort(
    ([, [a]], [, [b]]) => FAMILIES.indexOf(a.family) - FAMILIES.indexOf(b.family),
  );
  const cell = (row) => (row === undefined ? "-" : `${short(row.ns)} (${short(row.q1)}-${short(row.q3)})`);
  return [
    `| contender | ${sizes.map((size) => size.toLocaleString("en")).join(" | ")} |`,
    `|---|${sizes.map(() => "---:|").join("")}`,
    ...contenders.map(([name, own]) => {
      const cells = sizes.map((size) => cell(own.find((row) => row.size === size)));
      return `| ${name} | ${cells.join(" | ")} |`;
    }),
  ];
}

/** Three significant digits. */
export const short = (ns) => (ns >= 100 ? ns.toFixed(0) : ns.toPrecision(ns >= 10 ? 3 : 2));
