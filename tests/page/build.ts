import { readdirSync, statSync } from "node:fs";
import { build } from "vite";

const ROOT = new URL("../..", import.meta.url).pathname;
const INPUTS = ["src", "web", "examples", "build/core.wasm", "build/core.simd.wasm", "package.json"];

/** Builds the page anew where anything it is made of has changed since. */
export default async function setup(): Promise<void> {
  const built = statSync(`${ROOT}web/dist/index.html`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!INPUTS.some((input) => newest(`${ROOT}${input}`) > built)) return;
  // As `npm run build:page` does it: under a test's own environment Vite would build for developers.
  const environment = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  await build({ root: `${ROOT}web`, configFile: `${ROOT}web/vite.config.ts`, logLevel: "error" });
  process.env["NODE_ENV"] = environment;
}

function newest(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  const inside = readdirSync(path).filter((name) => name !== "dist");
  return Math.max(0, ...inside.map((name) => newest(`${path}/${name}`)));
}
