import { defineConfig } from "vitest/config";
import { bytes } from "./web/bytes-plugin.js";

export default defineConfig({
  plugins: [bytes],
  // Exhaustive tests take what they take; a slow machine is no failure.
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ["tests/cli/build.ts", "tests/page/build.ts"],
  },
});
