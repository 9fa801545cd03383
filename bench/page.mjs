// The batch calls timed once, in whatever runs JavaScript: Node and a browser's page run this same file on the same
// questions.

import { ourContenders } from "./contenders/ours.mjs";
import { weave } from "./fabric.mjs";
import { expectSame } from "./reference.mjs";
import { tasksOf } from "./tasks.mjs";

const CALLS = [
  "commonMany, common alone",
  "commonMany, all answers",
  "ownerMany, BigUint64Array",
  "mapMany, BigUint64Array",
  "matrix",
  "Topology.fromColumns",
].map((name) => `peerlane: ${name}`);
/** One mix of each kernel; of matrices the last, 2048 x 2048 where the fabric is large enough. */
const MIXES = ["same-system", "random", "in order of ids", "-"];
const KERNELS = ["commonUpstream", "owner", "map", "matrix", "build"];

/** A browser shows the time in steps: a measurement spans many of them. */
const [WARM_UP_MS, SAMPLES, SAMPLE_MS] = [400, 5, 40];

function time(run) {
  const until = (milliseconds) => {
    const began = performance.now();
    let calls = 0;
    do {
      run();
      calls++;
    } while (performance.now() - began < milliseconds);
    return (performance.now() - began) / calls;
  };
  until(WARM_UP_MS);
  const samples = Array.from({ length: SAMPLES }, () => until(SAMPLE_MS));
  return samples.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)];
}

/** @returns rows of kernel, size, call and ns per question; throws where an answer is wrong. */
export function timePage(sizes) {
  const rows = [];
  for (const size of sizes) {
    const fabric = weave(size);
    for (const kernel of KERNELS) {
      if (kernel === "matrix" && size !== sizes.at(-1)) continue;
      const tasks = [...tasksOf(kernel, fabric, { quick: false })].filter(({ mix }) => MIXES.includes(mix));
      const task = tasks.at(-1);
      for (const contender of ourContenders.filter(({ name }) => CALLS.includes(name))) {
        if (contender.kernel !== kernel) continue;
        const { run, check, out } = contender.start(fabric, task);
        run();
        expectSame(contender.name, task.expected, check?.() ?? out);
        const call = contender.name.replace("peerlane: ", "");
        rows.push({ kernel, size: task.size, call, ns: (time(run) * 1e6) / task.rows });
      }
    }
    fabric.topology.close();
  }
  return rows;
}
