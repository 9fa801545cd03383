// Bundles the fuzzer and runs it: outside of a test runner it is several times as fast.
import { spawnSync } from "node:child_process";
import { build } from "tsup";

await build({
  entry: { long: "tests/fuzz/long.ts", worker: "tests/fuzz/worker.ts" },
  outDir: "node_modules/.fuzz",
  format: ["esm"],
  platform: "node",
  target: "node20",
  loader: { ".wasm": "binary", ".bin": "binary" },
  noExternal: [/.*/],
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  config: false,
  silent: true,
});
const { status } = spawnSync(process.execPath, ["node_modules/.fuzz/long.js", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exitCode = status ?? 1;
