// How long a shell waits for `peerlane can A B` on a dump of some 300 functions: the captured random forest (76
// functions, lspci -D -vvvnnxxx) four times over, as four segments of one machine.
//
//   npm run bench:process

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const RUNS = 20;
const SEGMENTS = 4;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const text = gunzipSync(readFileSync(at("../tests/fixtures/qemu/random1-intel/lspci.txt.gz"))).toString();
const dump = Array.from({ length: SEGMENTS }, (_, segment) =>
  text.replace(/^0000:/gm, `${segment}`.padStart(4, "0") + ":"),
);
const directory = mkdtempSync(join(tmpdir(), "peerlane-bench-"));
const file = join(directory, "lspci.txt");
writeFileSync(file, dump.join(""));

function time(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status === null || status > 1) throw new Error(stderr);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function median(args) {
  const times = Array.from({ length: RUNS }, () => time(args)).sort((a, b) => a - b);
  return `median ${times[RUNS / 2].toFixed(0)} ms, ${times[0].toFixed(0)} to ${times[RUNS - 1].toFixed(0)} ms over ${RUNS} runs`;
}

const functions = dump.join("").match(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] /gm);
const [first, last] = [functions.at(1).trim(), functions.at(70).trim()];
console.log(
  `Node ${process.version}, ${functions.length} functions, ${(dump.join("").length / 1e6).toFixed(1)} MB of text`,
);
console.log(`node -e 0            ${median(["-e", "0"])}`);
console.log(`peerlane --version   ${median([at("../dist/cli.js"), "--version"])}`);
console.log(
  `peerlane can A B     ${median([at("../dist/cli.js"), "can", first, last, "-i", file, "--kernel", "6.12", "--cpu", "GenuineIntel:6"])}`,
);
rmSync(directory, { recursive: true });
