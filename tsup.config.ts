import { defineConfig, type Options } from "tsup";

const shared: Options = {
  target: "es2022",
  // Base64 in the bundle, decoded on import: no path to resolve, so that every bundler and runtime takes it.
  loader: { ".wasm": "binary", ".bin": "binary" },
};

/** Larger than all else together, and needed by few commands: a file of its own that the command line loads when it must. */
const namesApart: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "names-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/names\/index\.js$/ }, () => ({ path: "./names.js", external: true }));
  },
};

/** The command line: one file starts faster than many, and nobody has to install what it alone needs. */
export const commandLine: Options = {
  ...shared,
  entry: { cli: "src/cli/main.ts" },
  format: ["esm"],
  platform: "node",
  esbuildPlugins: [namesApart],
  noExternal: [/.*/],
  removeNodeProtocol: false,
  // Less to parse at every start; names stay, so that a stack can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  // commander is CommonJS and requires Node's own modules.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
};

/** The library. */
export const library: Options = {
  ...shared,
  entry: {
    index: "src/index.ts",
    readers: "src/readers/index.ts",
    writers: "src/writers/index.ts",
    fabrics: "src/fabrics/index.ts",
    linux: "src/explain/linux/index.ts",
    nccl: "src/nccl/index.ts",
    transfer: "src/transfer/index.ts",
    partners: "src/partners/index.ts",
    doctor: "src/doctor/index.ts",
    edits: "src/edits/index.ts",
    names: "src/names/index.ts",
  },
  format: ["esm", "cjs"],
  platform: "neutral", // the same files run in Node and in browsers
  noExternal: [/.*/],
  dts: true,
  clean: ["!cli.js"], // the other half may be there already
};

export default defineConfig([library, commandLine]);
