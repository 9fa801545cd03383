// Mutation testing of the core: `npm run mutants:core -- --sample 200 --seed 1`.
//
// Every mutant is one edit of one file of assembly/ (operators.mjs), compiled in memory, and judged by the TypeScript
// tests of the core (rooms.mjs) in a process of its own. What has been judged is in build/mutants/core/, so that a run
// may be stopped at any time and goes on where it was.
//
//   --sample N   so many of all, drawn by --seed S (1); all without it
//   --file NAME  of assembly/NAME.ts only; may be given more than once
//   --jobs N     as many at once (2)
//   --again      judges survivors anew, after tests were added
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import asc from "assemblyscript/asc";
import { bundleTests, judgedAt } from "./judged.mjs";
import { mutantsOf } from "./operators.mjs";
import { rooms } from "./rooms.mjs";

const { values: options } = parseArgs({
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    file: { type: "string", multiple: true },
    jobs: { type: "string", default: "2" },
    again: { type: "boolean", default: false },
  },
});

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const PLACE = "build/mutants/core";
const CHECKPOINT = `${PLACE}/judged.jsonl`;
const JUDGE = fileURLToPath(new URL("judge.mjs", import.meta.url));
const MEBIBYTES = 3000; // no test of the core needs as much

// layout.ts is a table: the other side reads its numbers from the core itself, so that another number is no error.
const FILES = readdirSync("assembly")
  .filter((name) => name.endsWith(".ts") && name !== "layout.ts" && name !== "index.ts")
  .filter((name) => options.file === undefined || options.file.includes(name.slice(0, -3)))
  .map((name) => `assembly/${name}`);

const BUILDS = { "core.wasm": [], "core.simd.wasm": ["--enable", "simd"] };
const SETTINGS = "assembly/index.ts --config none --runtime stub --initialMemory 1 --maximumMemory 65536 --noAssert";
const QUICK = ["-O1"];
const RELEASE = ["-O3", "--converge"];

/** Both builds of the core with one file's text in place of its own; null where it does not compile. */
async function compile(mutant, optimization) {
  const wasm = {};
  for (const [name, flags] of Object.entries(BUILDS)) {
    const words = [...SETTINGS.split(" "), "--use", "abort=", "--outFile", name, ...flags, ...optimization];
    const { error } = await asc.main(words, {
      stdout: asc.createMemoryStream(),
      stderr: asc.createMemoryStream(),
      readFile: (file) =>
        file === mutant?.file ? mutated(mutant) : existsSync(file) ? readFileSync(file, "utf8") : null,
      writeFile: (file, content) => void (wasm[file] = content),
      listFiles: () => [],
    });
    if (error !== null) return null;
  }
  return wasm;
}

function mutated({ file, at, end, replacement }) {
  const text = readFileSync(file, "utf8");
  return text.slice(0, at) + replacement + text.slice(end);
}

const same = (one, other) => Object.keys(BUILDS).every((name) => Buffer.compare(one[name], other[name]) === 0);

/** Judges a build. Bounded by the processor time that the tests take, which no load of the machine changes. */
function judge(wasm, slot, tests, cpuSeconds) {
  const place = `${PLACE}/slot-${slot}`;
  mkdirSync(place, { recursive: true });
  for (const [name, bytes] of Object.entries(wasm)) writeFileSync(`${place}/${name}`, bytes);
  return new Promise((resolve) => {
    const command = `ulimit -t ${cpuSeconds}; exec "$0" "$@"`;
    const child = spawn("sh", ["-c", command, process.execPath, JUDGE, ...tests], { env: judgedAt(place) });
    let out = "";
    let bound = null;
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (out += data));
    const watch = setInterval(() => {
      if (residentMebibytes(child.pid) < MEBIBYTES) return;
      bound = "memory";
      child.kill("SIGKILL");
    }, 200);
    child.on("close", (code, signal) => {
      clearInterval(watch);
      const last = out.trim().split("\n").at(-1) ?? "";
      if (code === 0) resolve({ outcome: "survived", ...JSON.parse(last) });
      else if (signal !== null || code > 128) resolve({ outcome: "out of bounds", by: bound ?? "time" });
      else resolve({ outcome: "killed", by: last.slice(0, 400) });
    });
  });
}

function residentMebibytes(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // It has ended.
  }
}

/** The first `count` of a shuffle that depends on nothing but the seed. */
function sample(mutants, count, seed) {
  const rank = (mutant) =>
    createHash("sha256")
      .update(`${seed} ${idOf(mutant)}`)
      .digest("hex");
  const ranked = mutants.map((mutant) => ({ mutant, rank: rank(mutant) }));
  ranked.sort((one, other) => (one.rank < other.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ mutant }) => mutant);
}

const idOf = ({ file, at, end, replacement }) => `${file}:${at}-${end}:${replacement}`;

/** What a run before this one found out, of the sources as they are now. */
function judgedBefore(sources) {
  const judged = new Map();
  if (!existsSync(CHECKPOINT)) return judged;
  for (const line of readFileSync(CHECKPOINT, "utf8").trim().split("\n")) {
    const row = JSON.parse(line);
    if (row.sources !== sources || (options.again && row.outcome === "survived")) judged.delete(row.id);
    else judged.set(row.id, row);
  }
  return judged;
}

const hash = createHash("sha256");
for (const name of readdirSync("assembly").sort()) hash.update(readFileSync(`assembly/${name}`));
const sources = hash.digest("hex").slice(0, 16);

const all = FILES.flatMap(mutantsOf);
const mutants = options.sample === undefined ? all : sample(all, Number(options.sample), options.seed);
const judged = judgedBefore(sources);
const todo = mutants.filter((mutant) => !judged.has(idOf(mutant)));
console.log(
  `${all.length} mutants in ${FILES.length} files, ${mutants.length} of them asked for, ${todo.length} to judge`,
);

if (todo.length > 0) {
  rmSync(`${PLACE}/bundle`, { recursive: true, force: true });
  const tests = await bundleTests(rooms.assembly.tests, `${PLACE}/bundle`);
  const original = { quick: await compile(null, QUICK), release: await compile(null, RELEASE) };
  const clean = await judge(original.quick, "clean", tests, 3600);
  if (clean.outcome !== "survived") throw new Error(`the core as it is does not pass: ${clean.by}`);
  console.log(`the core as it is passes ${clean.passed} tests in ${clean.cpuSeconds.toFixed(1)} s`);
  const bound = Math.ceil(clean.cpuSeconds * 3 + 10);

  const verdictOn = async (mutant, slot) => {
    const quick = await compile(mutant, QUICK);
    if (quick === null) return { outcome: "does not compile" };
    if (same(quick, original.quick)) return { outcome: "equivalent" };
    const verdict = await judge(quick, slot, tests, bound);
    if (verdict.outcome !== "survived") return verdict;
    const release = await compile(mutant, RELEASE);
    return { outcome: release !== null && same(release, original.release) ? "equivalent" : "survived" };
  };

  let next = 0;
  let done = 0;
  const worker = async (slot) => {
    while (next < todo.length) {
      const mutant = todo[next++];
      const { at, end, ...shown } = mutant;
      const row = { sources, id: idOf(mutant), ...shown, ...(await verdictOn(mutant, slot)) };
      appendFileSync(CHECKPOINT, `${JSON.stringify(row)}\n`);
      judged.set(row.id, row);
      console.log(`${++done}/${todo.length} ${describe(row)}: ${row.outcome}`);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, (_, slot) => worker(slot)));
}

function describe({ file, line, original, replacement }) {
  const short = (text) => text.replace(/\s+/g, " ").slice(0, 90);
  return `${file}:${line} ${short(original)} → ${short(replacement)}`;
}

// Survivors, then the table ─────────────────────────────────────────────────────────────────────────────────────────

const OUTCOMES = ["killed", "out of bounds", "does not compile", "equivalent", "survived"];
const rows = mutants.map((mutant) => judged.get(idOf(mutant)));
for (const row of rows) if (row.outcome === "survived") console.log(`survived: ${describe(row)}`);
console.log(`\n| file | mutants | ${OUTCOMES.join(" | ")} | told |\n|${" --- |".repeat(OUTCOMES.length + 3)}`);
for (const file of [...FILES, "all"]) {
  const here = rows.filter((row) => file === "all" || row.file === file);
  const count = (outcome) => here.filter((row) => row.outcome === outcome).length;
  const found = count("killed") + count("out of bounds");
  const told = here.length === 0 ? "" : `${((100 * found) / Math.max(1, found + count("survived"))).toFixed(1)} %`;
  console.log(`| ${file} | ${here.length} | ${OUTCOMES.map(count).join(" | ")} | ${told} |`);
}
