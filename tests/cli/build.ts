import { readdirSync, statSync } from "node:fs";
import { build } from "tsup";
import { commandLine, library as libraryOptions } from "../../tsup.config.js";

const ROOT = new URL("../..", import.meta.url).pathname;
const OUTPUT = `${ROOT}dist/cli.js`;
const INPUTS = ["src", "build", "tsup.config.ts", "package.json"];

/** Builds the command line anew where anything it is made of has changed since. */
export default async function setup(): Promise<void> {
  const built = statSync(OUTPUT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!INPUTS.some((input) => newest(`${ROOT}${input}`) > built)) return;
  await build({ ...commandLine, config: false, silent: true });
  const names = { names: "src/names/index.ts" };
  await build({
    ...libraryOptions,
    entry: names,
    format: ["esm"],
    dts: false,
    clean: false,
    config: false,
    silent: true,
  });
}

function newest(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}
