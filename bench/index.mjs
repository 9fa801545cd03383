// peerlane beside native C, plain JavaScript and the npm peers, in one run.
//
//   npm run bench               everything: tables on standard output, progress on standard error
//   npm run bench:quick         small sizes, all answers checked, no times to be judged
//
//   --docs DIRECTORY    puts the results into performance.md there, between its markers, and draws performance.svg
//   --json FILE         the report; --from FILE shows such a report again instead of measuring
//   --plot FILE         the plot alone
//   --sizes 1e3,1e5   --kernels owner,map   --rounds 7   --contenders REGEXP   --quick

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { writeDocs } from "./docs.mjs";
import { plot } from "./plot.mjs";
import { runAll } from "./run.mjs";
import { summary, tables } from "./table.mjs";
import { KERNELS } from "./tasks.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    docs: { type: "string" },
    json: { type: "string" },
    from: { type: "string" },
    plot: { type: "string" },
    sizes: { type: "string" },
    kernels: { type: "string" },
    rounds: { type: "string" },
    contenders: { type: "string", default: "" },
  },
});
const { quick } = options;
const sizes = (options.sizes ?? (quick ? "1e3,5003" : "1e3,1e5,300007,1e6,1e7")).split(",").map(Number);
const kernels = options.kernels?.split(",") ?? KERNELS;
const rounds = Number(options.rounds ?? (quick ? 2 : 7));
const unknown = kernels.filter((kernel) => !KERNELS.includes(kernel));
if (unknown.length > 0 || sizes.some((size) => !(size >= 100)) || !(rounds >= 1)) {
  throw new RangeError(`expected kernels of ${KERNELS.join(", ")}; sizes of at least 100; rounds of at least 1`);
}

const save = (report) => {
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
};
const report =
  options.from === undefined
    ? runAll({ sizes, kernels, rounds, quick, wanted: new RegExp(options.contenders), save })
    : JSON.parse(readFileSync(options.from, "utf8"));
console.log([summary(report), tables(report)].join("\n\n"));
if (options.plot !== undefined) writeFileSync(options.plot, plot(report));
if (options.docs !== undefined) await writeDocs(options.docs, report);
