import { expect, test } from "vitest";
import { inChromium } from "./browser.js";
import { answer, isOpen } from "./steps.js";

inChromium("a machine of 20,000 functions", (pages) => {
  test("opens, moves, is searched and answered", async () => {
    const page = await pages.open();
    await page.evaluate(() => {
      const scope = globalThis as unknown as { longest: [string, number][]; doing: string };
      scope.longest = [];
      scope.doing = "opening";
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) scope.longest.push([scope.doing, Math.round(duration)]);
      }).observe({ type: "longtask", buffered: true });
    });
    const doing = (what: string) =>
      page.evaluate((now) => void ((globalThis as unknown as { doing: string }).doing = now), what);

    await page.getByRole("button", { name: "A made-up machine" }).click();
    await isOpen(page);
    await expect.poll(() => answer(page)).not.toBe("");
    expect(await page.locator(".app-facts").innerText()).toContain("20,000 functions");
    expect(await page.locator(".matrix-scroller").getAttribute("aria-rowcount")).toBe("1025");
    expect(await page.locator(".app-matrix").innerText()).toContain("more have no room here");

    await doing("moving the picture");
    const canvas = page.locator(".picture-canvas");
    await canvas.scrollIntoViewIfNeeded();
    await page.getByRole("button", { name: "Whole" }).click();
    const { x, y, width, height } = (await canvas.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 4, y + height / 4, { steps: 20 });
    await page.mouse.up();
    for (let step = 0; step < 10; step++) await page.mouse.wheel(0, -300);

    await doing("scrolling the matrix");
    for (let left = 0; left < 30_000; left += 3000) {
      await page.locator(".matrix-scroller").evaluate((grid, to) => grid.scrollTo(to, to), left);
    }
    await page.locator('.matrix-cell[data-row="800"]').first().waitFor({ state: "attached" });

    await doing("searching");
    await page.getByLabel("Find a function").fill("nvme");
    await page.getByRole("button", { name: "Next" }).click();
    await page.locator(".outline-found").first().waitFor();
    await page.locator(".outline-tree").focus();
    for (let step = 0; step < 10; step++) await page.keyboard.press("PageDown");
    expect(await page.locator(".outline-row").count()).toBeLessThan(60);

    await doing("turning a bridge");
    await page.locator(".what-if-list").getByRole("switch").first().click();
    await page.locator(".what-if-result p").waitFor();
    expect(await page.locator(".what-if-result").innerText()).toMatch(/would change/);

    const longest = await page.evaluate(() => (globalThis as unknown as { longest: [string, number][] }).longest);
    const worst = new Map<string, number>();
    for (const [what, duration] of longest) worst.set(what, Math.max(worst.get(what) ?? 0, duration));
    // Told, not asserted: the machine that runs this may be busy.
    console.log(
      `longest tasks of the page, in ms: ${[...worst].map(([what, ms]) => `${what} ${ms}`).join(", ") || "none"}`,
    );
  });
});
