import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { ListDocument } from "../../src/writers/list.js";
import type { MatrixDocument } from "../../src/writers/matrix.js";
import { peerlane } from "../cli/run.js";
import { REAL } from "../readers/fixtures.js";
import { inChromium } from "./browser.js";
import { choose, marks, marksOf } from "./steps.js";

/** Of so many functions all pairs are looked at. */
const ALL_PAIRS = 24;
/** More than a test hands to a browser. */
const MOST_BYTES = 10_000_000;

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

/** Opens a file in place of what was open, and returns what the page says of it: what is wrong, or its facts. */
async function open(page: Page, path: string, name: string): Promise<{ problem: string | null; facts: string }> {
  await page.getByLabel("Files of a machine").setInputFiles({ name, mimeType: "", buffer: readFileSync(path) });
  const problem = page.locator(".open-problem");
  const source = page.locator(".open-sources li").first();
  const isSettled = async () => (await problem.isVisible()) || ((await source.textContent()) ?? "").includes(name);
  await source.or(problem).first().waitFor({ state: "attached" });
  await expect.poll(isSettled, { timeout: 60_000 }).toBe(true);
  if (await problem.isVisible()) return { problem: await problem.innerText(), facts: "" };
  await page.locator(".matrix-cell, .app-matrix p").first().waitFor();
  return { problem: null, facts: await page.locator(".app-facts").innerText() };
}

/** Dumps of real machines, read where they lie; they are not part of the repository. */
inChromium("the page and dumps of real machines", (pages) => {
  const directories =
    REAL === null ? [] : readdirSync(REAL).filter((name) => statSync(join(REAL!, name)).isDirectory());

  test.skipIf(REAL === null).each(directories)(
    "%s: it reads what the command reads, and says what the command says",
    async (directory) => {
      let page = await pages.open();
      const paths = filesBelow(join(REAL!, directory)).filter((path) => statSync(path).size < MOST_BYTES);
      for (const path of paths) {
        const name = relative(REAL!, path).replaceAll("/", " ");
        const { code, out, err } = peerlane(["list", "--json", "-i", path]);
        const { problem, facts } = await open(page, path, name);
        if (code === 2) {
          expect(problem, name).not.toBeNull();
          const [said] = err.split("\n");
          expect(problem!.replaceAll(/\s+/g, " "), name).toContain(said!.split(": ").at(-1)!.slice(0, 60));
          // Another page, as what is wrong stays in sight.
          page = await pages.open();
          continue;
        }
        expect(problem, name).toBeNull();
        const { functions } = JSON.parse(out) as ListDocument;
        // Of several machines the page shows one.
        if (functions.some(({ bdf }) => bdf.includes("/"))) continue;
        expect(facts, name).toContain(`${functions.length.toLocaleString("en-US")} functions`);
        if (functions.length > ALL_PAIRS || functions.length < 2) continue;
        await choose(page, "Between", "all");
        const matrix = JSON.parse(peerlane(["matrix", "--of", "all", "--json", "-i", path]).out) as MatrixDocument;
        await expect.poll(() => marks(page), { message: name }).toEqual(marksOf(matrix));
      }
    },
  );
});
