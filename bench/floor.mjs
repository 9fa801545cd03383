// The floor under every kernel: how long one line of memory takes, all of them independent, from as much memory as the
// kernel's structures take up.

import { generator } from "./random.mjs";
import { race } from "./stopwatch.mjs";

const LINE = 64;
const GATHERS = 1e6;

/** Bytes that a kernel reads at random: a record per node; a line per seven segments; both. */
function bytesOf(kernel, { forest, segments }) {
  const records = forest.nodes * 16;
  const lines = (segments.starts.length / 7) * LINE;
  return { commonUpstream: records, owner: lines, map: records + lines }[kernel];
}

/** @returns rows of kernel, size, bytes, ns; none for kernels that do not wander about in memory. */
export function floorOf(kernel, fabric, kernels, timing) {
  const bytes = bytesOf(kernel, fabric);
  if (bytes === undefined) return [];
  const random = generator(91);
  const numbers = Uint32Array.from({ length: GATHERS }, () => random.below(2 ** 32));
  let run;
  if (kernels !== null) {
    kernels.loadFloor(bytes);
    run = () => kernels.gatherLines(numbers, GATHERS);
  } else {
    const lines = new Float64Array((bytes / LINE + 1) * 8);
    const count = Math.floor(lines.length / 8);
    run = () => {
      let sum = 0;
      for (let row = 0; row < GATHERS; row++) sum += lines[Math.floor((numbers[row] / 2 ** 32) * count) * 8];
      return sum;
    };
  }
  const [{ ns }] = race([{ run, rows: GATHERS }], timing);
  return [{ kernel, size: fabric.size, bytes: Math.round(bytes), ns, by: kernels === null ? "js" : "native" }];
}
