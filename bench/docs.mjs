// Results as part of docs/performance.md: each run replaces what stands between its two markers.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { plot } from "./plot.mjs";
import { summary, tables } from "./table.mjs";

/** Replaces the text between `<!-- name: begin -->` and `<!-- name: end -->`. */
export function between(text, name, content) {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`expected the markers ${begin} and ${end}, in this order`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

export async function replaceIn(file, parts) {
  let text = readFileSync(file, "utf8");
  for (const [name, content] of Object.entries(parts)) text = between(text, name, content);
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: "markdown", printWidth: 120 }));
}

/** Writes performance.svg and the marked parts of performance.md, which has to be there. */
export async function writeDocs(directory, report) {
  await replaceIn(join(directory, "performance.md"), {
    "bench summary": summary(report),
    "bench tables": tables(report),
  });
  writeFileSync(join(directory, "performance.svg"), plot(report));
}
