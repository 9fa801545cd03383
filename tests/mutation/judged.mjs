import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * The tests that judge the core, the quickest first: nothing but what is asked through the WebAssembly itself. The specs
 * in tests/as are left out, for they are compiled together with the core.
 */
const TESTS = [
  "core/precise",
  "vectors/addresses",
  "vectors/precise",
  "vectors/decisions",
  "topology/claims",
  "topology/batch",
  "core/sections",
  "core/capacity",
  "explain/map-many",
  "core/core",
  "kernel/addresses",
  "kernel/kernel",
  "reference/columns",
  "reference/precise",
  "topology/buffer",
  "core/batches",
  "reference/ranges",
  "reference/places",
];

/** Where the judged build is, when the tests run. */
const PLACE = "PEERLANE_MUTANT";

/** @type {import("esbuild").Plugin} */
const apart = {
  name: "apart",
  setup(builder) {
    builder.onResolve({ filter: /^vitest$/ }, () => ({
      path: fileURLToPath(new URL("vitest-alone.mjs", import.meta.url)),
    }));
    builder.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: path.replace(/.*\//, ""), namespace: "mutant" }));
    builder.onLoad({ filter: /.*/, namespace: "mutant" }, ({ path }) => ({
      contents: `
        import { readFileSync } from "node:fs";
        export default new Uint8Array(readFileSync(process.env.${PLACE} + "/${path}"));`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    }));
    // Tests find their fixtures from where they stand.
    builder.onLoad({ filter: /\/(?:tests|src)\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return { contents: text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    });
  },
};

/** Bundles the tests into `directory`; returns their files and the environment in which they judge the build at a place. */
export async function bundleTests(directory) {
  await build({
    entryPoints: TESTS.map((name) => `tests/${name}.test.ts`),
    outdir: directory,
    outbase: ".",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["@vitest/*", "chai", "fast-check"],
    loader: { ".bin": "binary" },
    plugins: [apart],
    logLevel: "warning",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return TESTS.map((name) => `${directory}/tests/${name}.test.mjs`);
}

export const judgedAt = (place) => ({ ...process.env, [PLACE]: place });
