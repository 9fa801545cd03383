import { readdirSync, statSync } from "node:fs";
import { build } from "vite";

const ROOT = new URL("../..", import.meta.url).pathname;
const INPUTS = ["src", "web", "examples", "build/core.wasm", "build/core.simd.wasm", "package.json"];

/** Builds the page anew where anything it is made of has changed since. */
export default async function setup(): Promise<void> {
  const built = statSync(`${ROOT}web/dist/index.html`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!INPUTS.some((input) => newest(`${ROOT}${input}`) > built)) return;
  await build({ root: `${ROOT}web`, configFile: `${ROOT}web/vite.config.ts`, logLevel: "error" });
}

function newest(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  const inside = readdirSync(path).filter((name) => name !== "dist");
  return Math.max(0, ...inside.map((name) => newest(`${path}/${name}`)));
}
