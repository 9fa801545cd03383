import { defineConfig } from "vitest/config";
import { bytes } from "../../web/bytes-plugin.js";
import { room } from "./rooms.mjs";

export default defineConfig({
  plugins: [bytes],
  test: { include: room().tests, testTimeout: 300_000, hookTimeout: 300_000 },
});
