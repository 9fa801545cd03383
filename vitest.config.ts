import { readFile } from "node:fs/promises";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    {
      name: "bytes",
      enforce: "pre",
      async load(id) {
        if (!/\.(?:wasm|bin)$/.test(id)) return null;
        const bytes = await readFile(id);
        return `export default Uint8Array.from(atob("${bytes.toString("base64")}"), (c) => c.charCodeAt(0));`;
      },
    },
  ],
  // Exhaustive tests take what they take; a slow machine is no failure.
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    globalSetup: ["tests/cli/build.ts"],
  },
});
