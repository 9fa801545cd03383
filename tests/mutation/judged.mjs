import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Where the WebAssembly is that the tests ask, when they run. */
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
        export default new Uint8Array(readFileSync((process.env.${PLACE} ?? "build") + "/${path}"));`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    }));
    // Tests find their fixtures from where they stand.
    builder.onLoad({ filter: /\/(?:tests|src)\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return { contents: text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    });
  },
};

/** Bundles tests of these names, such as `core/precise`, into `directory`; returns their files. */
export async function bundleTests(names, directory) {
  await build({
    entryPoints: names.map((name) => `tests/${name}.test.ts`),
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
  return names.map((name) => `${directory}/tests/${name}.test.mjs`);
}

/** The environment in which tests ask the WebAssembly at a place. */
export const judgedAt = (place) => ({ ...process.env, [PLACE]: place });
