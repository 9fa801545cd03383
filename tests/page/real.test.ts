import { readdirSync, statSync } from "node:fs";
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

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

/** Opens a file as the only one, and returns what the page says of it: what is wrong, or its facts. */
async function openAlone(page: Page, path: string): Promise<{ problem: string | null; facts: string }> {
  const again = page.getByRole("button", { name: "Start with another machine" });
  await page.locator(".app-open").evaluate((details) => ((details as HTMLDetailsElement).open = true));
  if (await again.isVisible()) await again.click();
  await page.getByLabel("Files of a machine").setInputFiles(path);
  const problem = page.locator(".open-problem");
  const sources = page.locator(".open-sources li");
  await expect
    .poll(async () => (await problem.isVisible()) || (await sources.count()) > 0, { timeout: 60_000 })
    .toBe(true);
  if (await problem.isVisible()) return { problem: await problem.innerText(), facts: "" };
  await page.locator(".matrix-cell, .app-matrix p").first().waitFor();
  return { problem: null, facts: await page.locator(".app-facts").innerText() };
}

/** Dumps of real machines, read where they lie; they are not part of the repository. */
inChromium("the page and dumps of real machines", (pages) => {
  const paths = REAL === null ? [] : filesBelow(REAL).filter((path) => statSync(path).size < 10_000_000);
  test.skipIf(REAL === null)("reads what the command reads, and says what the command says", async () => {
    let page = await pages.open();
    let compared = 0;
    for (const path of paths) {
      const name = relative(REAL!, path);
      const { code, out, err } = peerlane(["list", "--json", "-i", path]);
      const { problem, facts } = await openAlone(page, path);
      if (code === 2) {
        expect(problem, name).not.toBeNull();
        const [said] = err.replace(/^peerlane: /, "").split("\n");
        expect(problem!.replaceAll(/\s+/g, " "), name).toContain(said!.split(": ").at(-1)!.slice(0, 60));
        // Another page, as what is wrong stays in sight.
        page = await pages.open();
        continue;
      }
      const { functions } = JSON.parse(out) as ListDocument;
      expect(problem, name).toBeNull();
      const systems = new Set(functions.map(({ system }) => system)).size;
      if (systems > 1) continue;
      expect(facts, name).toContain(`${functions.length.toLocaleString("en-US")} functions`);
      if (functions.length > ALL_PAIRS || functions.length < 2) continue;
      await choose(page, "Between", "all");
      const matrix = JSON.parse(peerlane(["matrix", "--of", "all", "--json", "-i", path]).out) as MatrixDocument;
      await expect.poll(() => marks(page), { message: name }).toEqual(marksOf(matrix));
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });
});
