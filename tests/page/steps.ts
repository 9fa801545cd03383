import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { UNKNOWN_DISTANCE } from "../../src/explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import { cellOf, type MatrixDocument } from "../../src/writers/matrix.js";
import { capture } from "../cli/run.js";

/** Text of a capture, as somebody would paste it. */
export function lspciOf(name: string): string {
  return gunzipSync(readFileSync(capture(name, "lspci.txt"))).toString();
}

/** Pastes a text where the page says so, and waits for the answer. */
export async function paste(page: Page, text: string): Promise<void> {
  await pasteOnly(page, text);
  await isOpen(page);
}

/** The same for what may not be opened. */
export async function pasteOnly(page: Page, text: string): Promise<void> {
  const details = page.locator(".app-open");
  if ((await details.getAttribute("open")) === null) await details.locator("summary").first().click();
  await page.locator("#open-text").evaluate((area, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

/** Waits until a machine is in sight with all that belongs to it. */
export async function isOpen(page: Page): Promise<void> {
  await page.locator(".app-open:not([open])").waitFor();
  await page.locator(".matrix-cell, .app-matrix p").first().waitFor();
  await page.locator(".outline-row").first().waitFor();
}

/** Chooses by label. */
export async function choose(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).selectOption(value);
}

/** Marks of all cells by row and column, scrolled through as a person would. */
export async function marks(page: Page): Promise<string[][]> {
  return page.locator(".matrix-scroller").evaluate(async (scroller) => {
    const count = Number(scroller.getAttribute("aria-rowcount")) - 1;
    const found: string[][] = Array.from({ length: count }, () => Array.from({ length: count }, () => ""));
    const rest = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    for (let top = 0; top < count * 34; top += 300) {
      for (let left = 0; left < count * 34; left += 300) {
        scroller.scrollTo(left, top);
        await rest();
        for (const cell of scroller.querySelectorAll<HTMLElement>(".matrix-cell")) {
          found[Number(cell.dataset["row"])]![Number(cell.dataset["column"])] = cell.textContent!;
        }
      }
    }
    scroller.scrollTo(0, 0);
    await rest();
    return found;
  });
}

/** What the command line's `matrix --json` says, in the same marks. */
export function marksOf({ distance, route, answer }: MatrixDocument): string[][] {
  return route.map((row, at) =>
    row.map((_, column) =>
      cellOf(
        {
          distance: Int32Array.of(distance[at]![column] ?? UNKNOWN_DISTANCE),
          route: Uint8Array.of(ROUTES.indexOf(route[at]![column]!)),
          answer: Uint8Array.of(ANSWERS.indexOf(answer[at]![column]!)),
        },
        0,
      ),
    ),
  );
}

/** A cell by the addresses of its row and column; scrolls to it. */
export async function clickPair(page: Page, provider: string, client: string): Promise<void> {
  const grid = page.locator(".matrix-scroller");
  await grid.focus();
  await page.keyboard.press("Control+Home");
  const [row, column] = (await places(page, provider, client)) as [number, number];
  for (let at = 0; at < row; at++) await page.keyboard.press("ArrowDown");
  for (let at = 0; at < column; at++) await page.keyboard.press("ArrowRight");
  await grid.locator(`[data-row="${row}"][data-column="${column}"]`).click();
}

async function places(page: Page, ...bdfs: readonly string[]): Promise<number[]> {
  const names = await page.locator(".matrix-scroller").evaluate(async (scroller) => {
    const found: string[] = [];
    const rest = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    const count = Number(scroller.getAttribute("aria-rowcount")) - 1;
    for (let top = 0; top < count * 34; top += 300) {
      scroller.scrollTop = top;
      await rest();
      for (const head of scroller.querySelectorAll<HTMLElement>(".matrix-rowhead")) {
        const row = Number(head.parentElement!.getAttribute("aria-rowindex")) - 2;
        found[row] = head.title;
      }
    }
    scroller.scrollTop = 0;
    await rest();
    return found;
  });
  return bdfs.map((bdf) => {
    const at = names.findIndex((name) => name.endsWith(`(${bdf})`));
    if (at < 0) throw new Error(`no row for ${bdf} among ${names.join(", ")}`);
    return at;
  });
}

/** What the answer says, in one line. */
export async function answer(page: Page): Promise<string> {
  return (await page.locator(".answer-said").allInnerTexts()).join(" | ").replace(/\s+/g, " ");
}
