// The whole race: every fabric, every kernel, every mix; answers compared before anything is timed.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commonContenders } from "./contenders/js-common.mjs";
import { joinedContenders } from "./contenders/js-joined.mjs";
import { ownerContenders } from "./contenders/js-owner.mjs";
import { nativeContenders } from "./contenders/native.mjs";
import { npmContenders } from "./contenders/npm.mjs";
import { ourContenders } from "./contenders/ours.mjs";
import { weave } from "./fabric.mjs";
import { floorOf } from "./floor.mjs";
import { machine } from "./machine.mjs";
import { memoryOf } from "./memory.mjs";
import { compile } from "./native.mjs";
import { expectSame } from "./reference.mjs";
import { race } from "./stopwatch.mjs";
import { tasksOf } from "./tasks.mjs";

/** Where a round takes seconds, fewer of them do. */
const [MANY, ROUNDS_OF_MANY] = [2e6, 3];

/**
 * @param wanted a pattern for the names of contenders.
 * @param save called with the report as it grows, so that nothing measured is lost.
 * @returns the report: `rows`, `floors`, `memory`, `firstCalls`, `machine`.
 */
export function runAll({ sizes, kernels, rounds, quick, wanted, save }) {
  const began = performance.now();
  const tell = (text) => console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
  const native = compile();
  tell(native.compiler);
  const contenders = [
    ...ourContenders,
    ...commonContenders,
    ...ownerContenders,
    ...joinedContenders,
    ...npmContenders,
    ...(native.kernels === null ? [] : nativeContenders(native.kernels)),
  ].filter(({ name }) => wanted.test(name));
  const report = { rows: [], floors: [], memory: [], firstCalls: [], machine: machine(native.compiler) };
  const largestScanned = sizes.findLast((size) => size <= 1e6) ?? sizes[0];
  for (const size of sizes) {
    const timing = { rounds: size >= MANY ? Math.min(rounds, ROUNDS_OF_MANY) : rounds, seconds: quick ? 0.002 : 0.06 };
    const fabric = weave(size);
    tell(`${size} functions, ${fabric.segments.ranges} BARs`);
    report.memory.push(memoryOf(fabric));
    for (const kernel of kernels) {
      if (kernel === "build" && kernels.length > 1) {
        report.rows.push(...buildAlone(size, { rounds, quick, wanted }));
        tell(`build ${size}: timed in a process of its own`);
        continue;
      }
      // A matrix does not care how large the fabric is.
      if (kernel === "matrix" && size !== largestScanned) continue;
      for (const task of tasksOf(kernel, fabric, { quick })) {
        const rows = runTask(contenders, fabric, task, timing);
        report.rows.push(...rows);
        tell(`${kernel} ${task.size} ${task.mix}: ${rows.length} contenders agree and are timed`);
      }
      report.floors.push(...floorOf(kernel, fabric, native.kernels, timing));
    }
    fabric.topology.close();
    save(report);
  }
  if (kernels.some((kernel) => kernel !== "build")) report.firstCalls = firstCalls(largestScanned);
  save(report);
  tell("done");
  return report;
}

/** Lets all contenders of a task answer, compares, and races them. */
function runTask(contenders, fabric, task, timing) {
  const { kernel, size, mix } = task;
  const runners = contenders
    .filter((contender) => contender.kernel === kernel && !(fabric.size > contender.most))
    .map((contender) => {
      const rows = Math.max(1, Math.floor(task.rows * (contender.share ?? 1)));
      const runner = contender.start(fabric, { ...task, rows });
      runner.run();
      expectSame(`${kernel} ${size} ${mix} ${contender.name}`, task.expected, runner.check?.() ?? runner.out);
      return { contender, run: runner.run, rows };
    });
  const times = race(runners, timing);
  return runners.map(({ contender: { name, family } }, index) => {
    return { kernel, size, mix, contender: name, family, ...times[index] };
  });
}

/** What other contenders leave behind in the heap makes the allocations of building several times dearer. */
function buildAlone(size, { rounds, quick, wanted }) {
  const script = fileURLToPath(new URL("index.mjs", import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), "peerlane-build-"));
  const file = join(directory, "report.json");
  const options = ["--kernels", "build", "--sizes", `${size}`, "--rounds", `${rounds}`, "--contenders", wanted.source];
  try {
    execFileSync(process.execPath, [script, ...options, "--json", file, ...(quick ? ["--quick"] : [])], {
      stdio: "ignore",
    });
    return JSON.parse(readFileSync(file, "utf8")).rows;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** In a process of its own, where nothing has run before. */
function firstCalls(size) {
  const script = fileURLToPath(new URL("first-call.mjs", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, `${size}`], { encoding: "utf8" }));
}
