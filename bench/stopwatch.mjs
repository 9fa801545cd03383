// benchmark.js as the stopwatch: contenders in a new order in each round, one short measurement each, and what counts
// is the median over the rounds.

import Benchmark from "benchmark";
import { generator } from "./random.mjs";

const WARM_UP_CALLS = 6;
const WARM_UP_SECONDS = 0.5;
/** A call that takes this long is a sample by itself. */
const LONG_SECONDS = 0.25;

/** The value below which a fraction of the sorted values lies, interpolated. */
export function quantile(sorted, fraction) {
  const at = (sorted.length - 1) * fraction;
  const below = Math.floor(at);
  return sorted[below] + (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]) * (at - below);
}

/** Until the engine has compiled it for good. @returns seconds per call, the first one not counted */
function warmUp(run) {
  run();
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let calls = 0;
  while (calls < WARM_UP_CALLS && (calls === 0 || seconds() < WARM_UP_SECONDS)) {
    run();
    calls++;
  }
  return seconds() / calls;
}

function measure({ run, minSamples }, seconds) {
  const bench = new Benchmark(run, { maxTime: seconds, minTime: seconds / 4, minSamples });
  bench.run();
  if (bench.error) throw bench.error;
  const sample = bench.stats.sample.slice().sort((a, b) => a - b);
  return quantile(sample, 0.5);
}

/**
 * @param runners `{ run, rows }`: a call that answers so many questions.
 * @returns for each runner, in ns per question: `ns` (median over the rounds), `min`, `q1`, `q3`.
 */
export function race(runners, { rounds, seconds, seed = 3 }) {
  const random = generator(seed);
  const entries = runners.map(({ run, rows }) => {
    return { run, rows, minSamples: warmUp(run) > LONG_SECONDS ? 1 : 3, times: [] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const entry of random.shuffle(entries.slice())) entry.times.push(measure(entry, seconds));
  }
  return entries.map(({ rows, times }) => {
    const sorted = times.map((time) => (time * 1e9) / rows).sort((a, b) => a - b);
    return { ns: quantile(sorted, 0.5), min: sorted[0], q1: quantile(sorted, 0.25), q3: quantile(sorted, 0.75) };
  });
}
