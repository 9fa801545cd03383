import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transformWithEsbuild } from "vite";
import { afterAll } from "vitest";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const CLI = join(ROOT, "dist/cli.js");

/** A place for what the programs of a test file read and write. */
export const directory = mkdtempSync(join(tmpdir(), "peerlane-docs-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

export function page(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The code of a page in one language, in the order of the page. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code]) => code!);
}

/** A program of a page as it runs against the built package. */
export async function compiled(code: string): Promise<string> {
  const built = (entry: string) => JSON.stringify(pathToFileURL(join(ROOT, "dist", entry)).href);
  const { code: script } = await transformWithEsbuild(code, "program.ts");
  return script.replace(/"peerlane(?:\/(\w+))?"/g, (_, entry: string = "index") => built(`${entry}.js`));
}

let programs = 0;

/** Runs a program of a page and returns what `report` evaluates to at its end. */
export async function run(code: string, report: string): Promise<unknown> {
  const file = join(directory, `program-${programs++}.mjs`);
  writeFileSync(file, await compiled(`${code}\nexport default ${report};`));
  return ((await import(pathToFileURL(file).href)) as { default: unknown }).default;
}

/** The cells of the table below a heading row that begins with these cells, without the quotes of code. */
export function table(text: string, ...heading: readonly string[]): string[][] {
  const lines = text.split("\n");
  const rows: string[][] = [];
  for (let at = 0; at < lines.length; at++) {
    if (!heading.every((cell, column) => cellsOf(lines[at]!)[column] === cell)) continue;
    for (let row = at + 2; lines[row]?.startsWith("|") === true; row++) rows.push(cellsOf(lines[row]!));
    return rows;
  }
  throw new Error(`no table begins with ${heading.join(" | ")}`);
}

function cellsOf(line: string): string[] {
  if (!line.startsWith("|")) return [];
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("`", ""));
}
