// peerlane beside native C, plain JavaScript and the npm peers, in one run.
//
//   npm run bench               everything: table on standard output
//   npm run bench:quick         small sizes, all answers checked, no times to be judged
//
//   --json FILE   --plot FILE   --sizes 1e3,1e5   --kernels owner,map   --rounds 7   --contenders REGEXP   --quick

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { commonContenders } from "./contenders/js-common.mjs";
import { joinedContenders } from "./contenders/js-joined.mjs";
import { ownerContenders } from "./contenders/js-owner.mjs";
import { nativeContenders } from "./contenders/native.mjs";
import { ourContenders } from "./contenders/ours.mjs";
import { npmContenders } from "./contenders/npm.mjs";
import { weave } from "./fabric.mjs";
import { floorOf } from "./floor.mjs";
import { machine } from "./machine.mjs";
import { compile } from "./native.mjs";
import { plot } from "./plot.mjs";
import { expectSame } from "./reference.mjs";
import { race } from "./stopwatch.mjs";
import { table } from "./table.mjs";
import { KERNELS, tasksOf } from "./tasks.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
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
const rounds = Number(options.rounds ?? (quick ? 2 : 9));
const seconds = quick ? 0.002 : 0.06;
const unknown = kernels.filter((kernel) => !KERNELS.includes(kernel));
if (unknown.length > 0 || sizes.some((size) => !(size >= 100)) || !(rounds >= 1)) {
  throw new RangeError(`expected kernels of ${KERNELS.join(", ")}; sizes of at least 100; rounds of at least 1`);
}

const native = compile();
console.error(native.compiler);
const contenders = [
  ...ourContenders,
  ...commonContenders,
  ...ownerContenders,
  ...joinedContenders,
  ...npmContenders,
  ...(native.kernels === null ? [] : nativeContenders(native.kernels)),
].filter(({ name }) => new RegExp(options.contenders).test(name));

const rows = [];
const floors = [];
for (const size of sizes) {
  const fabric = weave(size);
  for (const kernel of kernels) {
    // A matrix does not care how large the fabric is.
    if (kernel === "matrix" && size !== sizes.findLast((size) => size <= 1e6)) continue;
    for (const task of tasksOf(kernel, fabric, { quick })) rows.push(...run(fabric, task));
    floors.push(...floorOf(kernel, fabric, native.kernels, { rounds, seconds }));
  }
}
const report = { rows, floors, machine: machine(native.compiler) };
console.log(table(report));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
if (options.plot !== undefined) writeFileSync(options.plot, plot(report));

/** Lets all contenders of a task answer, compares, and races them. */
function run(fabric, task) {
  const { kernel, size, mix } = task;
  const runners = contenders
    .filter((contender) => contender.kernel === kernel && !(fabric.size > contender.most))
    .map((contender) => {
      const rows = Math.max(1, Math.floor(task.rows * (contender.share ?? 1)));
      const runner = contender.start(fabric, { ...task, rows });
      const began = process.hrtime.bigint();
      runner.run();
      const first = Number(process.hrtime.bigint() - began) / rows;
      const what = `${kernel} ${size} ${mix} ${contender.name}`;
      expectSame(what, task.expected, runner.check?.() ?? runner.out);
      return { contender, run: runner.run, rows, first };
    });
  console.error(`${kernel} ${size} ${mix}: ${runners.length} contenders agree`);
  const times = race(runners, { rounds, seconds });
  return runners.map(({ contender: { name, family }, first }, index) => {
    return { kernel, size, mix, contender: name, family, ...times[index], first };
  });
}
