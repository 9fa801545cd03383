import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import type { AxeResults } from "axe-core";
import { expect, test } from "vitest";
import { inChromium } from "./browser.js";
import { answer, isOpen, pasteOnly } from "./steps.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds wrong with what is in sight, a line each. */
async function faults(page: Page): Promise<string[]> {
  // Evaluated from outside: the page's own policy forbids it nothing.
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  return violations.map(
    ({ id, impact, nodes }) =>
      `${impact} ${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`).join("; ")}`,
  );
}

const WIDTHS = { desk: { width: 1400, height: 1000 }, phone: { width: 360, height: 740 } } as const;

/** Whether the page as a whole has to be scrolled sideways. */
function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

inChromium("the page for everybody", (pages) => {
  test.each([
    ["light", "desk"],
    ["dark", "desk"],
    ["light", "phone"],
    ["dark", "phone"],
  ] as const)("in %s colours on a %s nothing is in anybody's way", async (colorScheme, size) => {
    const page = await pages.open("", { colorScheme, viewport: WIDTHS[size] });
    expect(await faults(page)).toEqual([]);
    expect(await isTooWide(page)).toBe(false);

    await pasteOnly(page, "not a machine");
    await page.locator(".open-problem").waitFor();
    expect(await faults(page)).toEqual([]);

    for (const machine of ["AMD, devices on root ports", "GPUs with NVLink", "GPU server, IOMMU on"]) {
      const details = page.locator(".app-open");
      if ((await details.getAttribute("open")) === null) await details.locator("summary").first().click();
      await page.getByRole("button", { name: machine }).click();
      await isOpen(page);
      await expect.poll(() => answer(page)).not.toBe("");
      await page
        .locator(".app-main details")
        .evaluateAll((all) => all.forEach((each) => each.setAttribute("open", "")));
      expect(await faults(page), machine).toEqual([]);
      expect(await isTooWide(page), machine).toBe(false);
    }
    await page.getByRole("button", { name: "Let all through" }).click();
    await page.locator(".matrix-changed").first().waitFor();
    expect(await faults(page)).toEqual([]);
  });

  test("everything is reached by the keyboard alone", async () => {
    const page = await pages.open();
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 120; presses++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
      }
      throw new Error(`${selector} is not reached by Tab`);
    };
    await tabTo(".open-shipped li:nth-child(2) button");
    await page.keyboard.press("Enter");
    await isOpen(page);
    await expect.poll(() => answer(page)).not.toBe("");

    await tabTo(".picture-canvas");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(".picture [role=status]").innerText()).toMatch(/^port 0000:/);

    await tabTo(".answer-name");
    await tabTo(".switch");
    await tabTo(".matrix-scroller");
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".matrix-frame [role=status]").innerText()).toMatch(/: direct, .* hops/);
    await page.keyboard.press("Enter");
    await expect.poll(() => answer(page)).toContain("Yes, directly");

    await tabTo(".outline-tree");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    const active = () =>
      page.locator(".outline-tree").evaluate((tree) => {
        const row = document.getElementById(tree.getAttribute("aria-activedescendant")!)!;
        return [row.getAttribute("aria-expanded"), row.textContent!.replace(/\s+/g, " ")].join(" ");
      });
    await expect.poll(active).toMatch(/^false ▸ ?0000:00 host bridge/);
    await page.keyboard.type("nvme");
    await expect.poll(active).toMatch(/NVMe/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".app-next").innerText()).toMatch(/is picked/);
  });

  test("on paper stand the picture, the answer and the matrix", async () => {
    const page = await pages.open("#machine=gpu-server", { colorScheme: "dark" });
    await isOpen(page);
    await expect.poll(() => answer(page)).not.toBe("");
    await page.emulateMedia({ media: "print" });
    for (const [part, isThere] of [
      [".picture-canvas", true],
      [".answer-said", true],
      [".matrix-cell >> nth=0", true],
      [".app-open", false],
      [".what-if", false],
    ] as const) {
      expect(await page.locator(part).isVisible(), part).toBe(isThere);
    }
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toMatch(/rgb\(2\d\d, 2\d\d, 2\d\d\)/);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
  });
});
