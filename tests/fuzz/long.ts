import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { TARGETS } from "./targets.js";
import { HEAD_BYTES, type Done, type Report, type Task } from "./task.js";

// npm run fuzz                               every target for a minute, all cores
// npm run fuzz -- lspci buffer --seconds 600 --executions 1000000 --seed 7
//
// Inputs that something came out of that should not have are written to tests/fuzz/found/.

/** No input of a few kilobytes needs as long as that, on any machine. */
const HANGS_AFTER = 60_000;
const HEAP_MB = 512;
/** Of the time, to find inputs that reach something new; four times as many are run in the rest, which counts nothing. */
const SEARCH = 0.25;
const FOUND = new URL("../../tests/fuzz/found/", import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    executions: { type: "string", default: "Infinity" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [seconds, executions, seed] = [Number(values.seconds), Number(values.executions), Number(values.seed)];
const names = positionals.length > 0 ? positionals : Object.keys(TARGETS);
const strangers = names.filter((name) => TARGETS[name] === undefined);
if (strangers.length > 0 || !(seconds > 0) || !(executions > 0) || !Number.isInteger(seed)) {
  throw new RangeError(
    `expected targets of ${Object.keys(TARGETS).join(", ")}; --seconds and --executions above 0; a whole --seed`,
  );
}

const total = { executions: 0, findings: 0 };
const kinds = new Set<string>();
const waiting = [...names];
console.log(`seed ${seed}`);
console.log(["target", "executions", "per second", "corpus", "blocks", "slowest", "found"].join("\t"));
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(`${total.executions} executions, ${total.findings} findings`);
process.exitCode = total.findings > 0 ? 1 : 0;

async function work(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await runTarget(name);
}

async function runTarget(name: string): Promise<void> {
  const started = performance.now();
  const found = { count: 0 };
  const part = (share: number) => ({ name, executions: executions * share, milliseconds: seconds * 1000 * share });
  const search = await runThread({ ...part(SEARCH), seed, corpus: null }, found);
  const { corpus } = search ?? {};
  const more = corpus && (await runThread({ ...part(1 - SEARCH), seed: seed + 1, corpus }, found));
  if (!search || !more) return;
  const done = search.executions + more.executions;
  total.executions += done;
  const rate = Math.round((done * 1000) / (performance.now() - started));
  const slowest = [search, more].map((part) => part.slowest).sort((a, b) => b.milliseconds - a.milliseconds)[0]!;
  const slow = `${slowest.milliseconds.toFixed(0)} ms of ${slowest.bytes.length} B`;
  console.log([name, done, rate, search.corpus.length, search.blocks, slow, found.count].join("\t"));
}

/** Null: it did not come to an end. */
function runThread(task: Omit<Task, "present">, found: { count: number }): Promise<Done | null> {
  const { name } = task;
  const present = new SharedArrayBuffer(HEAD_BYTES + (1 << 17));
  const head = new Int32Array(present, 0, 2);
  const worker = new Worker(new URL("worker.js", import.meta.url), {
    workerData: { ...task, present } satisfies Task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const keep = (error: string, bytes: Uint8Array) => {
    found.count++;
    total.findings++;
    // One of a kind is enough.
    const kind = error
      .split("\n")
      .slice(0, 3)
      .join("\n")
      .replace(/[0-9]+/g, "0");
    if (kinds.has(kind)) return;
    kinds.add(kind);
    mkdirSync(FOUND, { recursive: true });
    const path = new URL(`${name}-${createHash("sha1").update(bytes).digest("hex").slice(0, 12)}`, FOUND);
    writeFileSync(path, bytes);
    console.log(`${name}: ${error}\n  ${path.pathname}`);
  };
  const presentInput = () => new Uint8Array(present, HEAD_BYTES, head[1]).slice();
  return new Promise((resolve) => {
    let begun = 0;
    let done: Done | null = null;
    const watch = setInterval(() => {
      if (done === null && Atomics.load(head, 0) === begun) {
        keep(`hangs: longer than ${HANGS_AFTER} ms`, presentInput());
        void worker.terminate();
      }
      begun = Atomics.load(head, 0);
    }, HANGS_AFTER);
    worker.on("message", (report: Report) => {
      if (report.kind === "found") keep(report.error, report.bytes);
      else done = report;
    });
    worker.on("error", (error) => {
      keep(String(error.stack ?? error), presentInput());
    });
    worker.on("exit", () => {
      clearInterval(watch);
      resolve(done);
    });
  });
}
