import { defineConfig } from "vite";
import { bytes } from "./bytes-plugin.js";

/** The page, as files that any static host serves from any path. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [bytes],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  worker: { format: "es", plugins: () => [bytes] },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // What is inlined would be a data: URL, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1024,
  },
});
