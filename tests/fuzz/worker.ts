import { parentPort, workerData } from "node:worker_threads";
import { Coverage } from "./coverage.js";
import { fuzz } from "./fuzz.js";
import { TARGETS } from "./targets.js";
import { HEAD_BYTES, type Report, type Task } from "./task.js";

// One target in a thread of its own: what hangs can be stopped, and what takes all memory takes this thread's.

const { name, seed, executions, milliseconds, corpus, present } = workerData as Task;
const head = new Int32Array(present, 0, 2);
const input = new Uint8Array(present, HEAD_BYTES);
const coverage = corpus === null ? new Coverage() : null;
const say = (report: Report) => parentPort!.postMessage(report);

const result = await fuzz(TARGETS[name]!, {
  seed,
  executions,
  milliseconds,
  ...(corpus === null ? {} : { corpus }),
  ...(coverage === null ? {} : { coverage }),
  before(bytes) {
    input.set(bytes.subarray(0, input.length));
    head[1] = bytes.length;
    Atomics.add(head, 0, 1);
  },
  found: (error, bytes) =>
    say({ kind: "found", error: error instanceof Error ? (error.stack ?? error.message) : String(error), bytes }),
});
say({ kind: "done", blocks: coverage?.blocks ?? null, ...result });
coverage?.close();
