// Runs the bundled tests in the order given until one fails. Exit code 0: all passed; 1: one failed, which is printed.
import { pathToFileURL } from "node:url";
import { startTests } from "@vitest/runner";

const files = process.argv.slice(2);

function fail(where, error) {
  console.log(JSON.stringify({ where, error: String(error?.message ?? error).slice(0, 300) }));
  process.exit(1);
}

const name = (task) => (task.suite === undefined ? task.name : `${name(task.suite)} > ${task.name}`);

const runner = {
  config: {
    root: process.cwd(),
    passWithNoTests: false,
    allowOnly: false,
    sequence: { hooks: "stack", setupFiles: "list", concurrent: false, shuffle: false, seed: 1 },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxConcurrency: 1,
    retry: 0,
    includeTaskLocation: false,
    setupFiles: [],
    diffOptions: {},
    tags: [],
    strictTags: false,
  },
  importFile: (file) => import(pathToFileURL(file).href),
  onAfterRunTask(task) {
    if (task.result?.state === "fail") fail(name(task), task.result.errors?.[0]);
  },
  onAfterRunSuite(suite) {
    if (suite.result?.state === "fail") fail(name(suite), suite.result.errors?.[0]);
  },
};

const before = process.cpuUsage();
let passed = 0;
const count = (task) => {
  if (task.type === "test" && task.result?.state === "pass") passed++;
  for (const child of task.tasks ?? []) count(child);
};
const seconds = {};
for (const file of files) {
  const from = process.cpuUsage();
  for (const done of await startTests([file], runner)) {
    if (done.result?.state === "fail") fail(file, done.result.errors?.[0]);
    count(done);
  }
  const { user, system } = process.cpuUsage(from);
  seconds[file.replace(/.*\/tests\//, "")] = (user + system) / 1e6;
}
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ passed, cpuSeconds: (user + system) / 1e6, seconds }));
