import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ListDocument } from "../../src/writers/list.js";
import type { MatrixDocument } from "../../src/writers/matrix.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";
import type { WhatIfDocument } from "../../src/writers/what-if.js";
import { Session } from "../../web/machine/session.js";
import { AS_IT_IS } from "../../web/question.js";
import { capture, json, peerlane } from "../cli/run.js";
import { inChromium } from "./browser.js";
import { answer, choose, clickPair, isOpen, lspciOf, marks, marksOf, paste, pasteOnly } from "./steps.js";

const SERVER = "gpu-server-intel-iommu";

inChromium("the page", (pages) => {
  test.each([SERVER, "acs-off-intel", "sriov-intel", "rootports-qemu64"])(
    "%s: what is pasted gives the matrix of the command line",
    async (name) => {
      const page = await pages.open();
      await paste(page, lspciOf(name));
      await choose(page, "Between", "all");
      const { document } = json<MatrixDocument>(["matrix", "--of", "all", "-i", capture(name, "lspci.txt")]);
      await page.locator(`.matrix-scroller[aria-rowcount="${document.functions.length + 1}"]`).waitFor();
      expect(await marks(page)).toEqual(marksOf(document));
    },
  );

  test("the kernel and the CPU that a text lacks can be chosen, and the matrix is that of --kernel and --cpu", async () => {
    const page = await pages.open();
    const name = "rootports-amd";
    await paste(page, lspciOf(name));
    const told = async (...options: readonly string[]) => {
      const file = capture(name, "lspci.txt");
      const { document } = json<MatrixDocument>(["matrix", "--of", "endpoint", "-i", file, ...options]);
      await expect.poll(() => marks(page)).toEqual(marksOf(document));
      return document;
    };
    await choose(page, "Between", "endpoint");
    await told();
    await choose(page, "CPU", "AuthenticAMD:25");
    const allowed = await told("--cpu", "AuthenticAMD:25");
    expect(allowed.answer.flat()).toContain("yes");
    await choose(page, "CPU", "AuthenticAMD:21");
    await told("--cpu", "AuthenticAMD:21");
    await choose(page, "Linux", "4.20");
    const refused = await told("--cpu", "AuthenticAMD:21", "--kernel", "4.20");
    expect(refused.answer.flat()).toContain("no");
    expect(await page.locator(".what-if-result").innerText()).toMatch(/\d+ .*unknown|would change/);
    await page.getByRole("button", { name: "As it is again" }).click();
    await told();
  });

  test("a release or CPU that is none is said where it was typed", async () => {
    const page = await pages.open("#machine=sriov");
    await isOpen(page);
    await choose(page, "Linux", "other");
    await page.getByLabel("Linux: a release such as 6.12").fill("banana");
    await page.keyboard.press("Enter");
    expect(await page.locator("#what-if-kernel-problem").innerText()).toBe(
      'expected a release such as 6.12, got "banana"',
    );
    await page.getByLabel("Linux: a release such as 6.12").fill("4.19");
    await page.keyboard.press("Enter");
    await expect.poll(() => answer(page)).toContain("P2PDMA_NOT_BUILT");
  });

  test("a refused pair names the culprits of the command line, and turning them off lets it through", async () => {
    const page = await pages.open();
    await page.getByLabel("Files of a machine").setInputFiles(capture(SERVER));
    await isOpen(page);
    const [gpu, nic] = ["0000:24:00.0", "0000:25:00.0"];
    await clickPair(page, gpu, nic);
    const { document } = json<VerdictDocument>(["can", gpu, nic, "-i", capture(SERVER)]);
    expect(document.culprits.length).toBeGreaterThan(1);
    await expect.poll(() => answer(page)).toContain("ACS_REDIRECT");
    const faults = page.locator(".answer-culprit");
    expect(await faults.locator(".answer-name").allInnerTexts()).toEqual(document.culprits.map(({ bdf }) => bdf));
    expect(await faults.locator(".answer-fault").allInnerTexts()).toEqual(
      document.culprits.map(({ bits }) => `✕ redirects: ${bits.join(" ")}`),
    );
    const { out } = peerlane(["fix", gpu, nic, "-q", "-i", capture(SERVER)]);
    expect(await page.locator(".answer-parameter code").innerText()).toBe(`'${out.trim()}'`);
    const before = await marks(page);

    for (const { bdf } of document.culprits) {
      await page
        .locator(".answer-path")
        .getByRole("switch", { name: `${bdf} redirects peer-to-peer requests` })
        .click();
    }
    await expect.poll(() => answer(page)).toContain("Yes, directly");
    const off = document.culprits.flatMap(({ bdf }) => ["--acs", `off=${bdf}`]);
    const { changed } = json<WhatIfDocument>([
      "whatif",
      ...off,
      "--of",
      "gpu,nic,nvme",
      "-i",
      capture(SERVER),
    ]).document;
    expect(changed).toBeGreaterThan(1);
    expect(await page.locator(".what-if-result").innerText()).toContain(`${changed} of 702 pairs would change`);
    expect(await page.locator(".matrix-changed").count()).toBe(changed);

    await page.getByRole("button", { name: "As it is again" }).click();
    await expect.poll(() => answer(page)).toContain("ACS_REDIRECT");
    expect(await marks(page)).toEqual(before);
    expect(await page.locator(".matrix-changed").count()).toBe(0);
  });

  test("two devices of the outline are a pair", async () => {
    const page = await pages.open("#machine=gpu-server-off");
    await isOpen(page);
    const pick = async (bdf: string) => {
      await page.getByLabel("Find a function").fill(bdf);
      await page.getByRole("button", { name: "Next" }).click();
      await page.locator(".outline-row.outline-found").first().click();
    };
    await pick("0000:23:00.0");
    await expect.poll(() => page.locator(".app-next").innerText()).toBe("0000:23:00.0 is picked: pick another device.");
    await pick("0000:26:00.0");
    await expect.poll(() => answer(page)).toContain("Yes, directly");
    await expect.poll(() => page.evaluate(() => location.hash)).toContain("a=0000:23:00.0&b=0000:26:00.0");
  });

  test("a click in the picture picks a device, and dragging none", async () => {
    const page = await pages.open("#machine=amd-root-ports");
    await isOpen(page);
    await page.getByRole("button", { name: "Whole" }).click();
    const canvas = page.locator(".picture-canvas");
    const { x, y, width, height } = (await canvas.boundingBox())!;
    const picked = () => page.locator(".app-next").innerText();
    await page.mouse.move(x + width / 2, y + 10);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 60, y + 50, { steps: 5 });
    await page.mouse.up();
    expect(await picked()).toBe("");
    await page.getByRole("button", { name: "Whole" }).click();
    // The devices stand on the right.
    for (let down = 0.1; down < 1 && (await picked()) === ""; down += 0.05) {
      await page.mouse.click(x + width * 0.75, y + height * down);
    }
    expect(await picked()).toMatch(/^0000:\d\d:\d\d\.0 is picked/);
  });

  test("whose an address is, or that it is nobody's, or no address", async () => {
    const page = await pages.open("#machine=gpu-server");
    await isOpen(page);
    const { document } = json<ListDocument>(["list", "-i", capture(SERVER)]);
    const gpu = document.functions.find(({ bdf }) => bdf === "0000:23:00.0")!;
    const bar = gpu.bars!.findLast(({ start }) => start !== null)!;
    const field = page.getByLabel("A CPU physical address, or the line of an IOMMU fault");
    const ask = async (text: string) => {
      await field.fill(text);
      await field.press("Enter");
    };
    await ask(bar.start!);
    const said = page.locator(".address");
    await said.getByText("belongs to").waitFor();
    expect(await said.innerText()).toContain("0000:23:00.0");
    await ask("0x10");
    await expect.poll(() => said.innerText()).toContain("Reserved (not a device)");
    await ask("0xfffffffff000");
    await expect.poll(() => said.innerText()).toContain("NO_OWNER");
    await ask("f9000000");
    await expect
      .poll(() => said.getByRole("alert").innerText())
      .toBe("expected 0x… or decimal digits: for hexadecimal write 0xf9000000");
    await ask("hello");
    await expect.poll(() => said.getByRole("alert").innerText()).toContain("expected a CPU physical address such as");
    await ask(`DMAR: [DMA Write NO_PASID] Request device [24:00.0] fault addr ${bar.start} [fault reason 0x05] PTE`);
    await expect.poll(() => said.innerText()).toContain("0000:24:00.0");
    await ask("DMAR: [DMA Write] Request device [ee:00.0] fault addr 0x1000");
    await expect
      .poll(() => said.getByRole("alert").innerText())
      .toContain("0000:ee:00.0, which this machine does not have");
  });

  test("what is no dump of a machine is said to be none, and the page goes on", async () => {
    const page = await pages.open();
    const problem = page.locator(".open-problem");
    await pasteOnly(page, "hello, is this the place?");
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(
      /not a format that is known: it starts with "hello, is this the place\?".*lspci/s,
    );
    await page.locator("#open-text").fill("   ");
    await page.getByRole("button", { name: "Answer" }).click();
    expect(await problem.innerText()).toContain("There is nothing in it");
    const whole = readFileSync(capture(SERVER));
    await page
      .getByLabel("Files of a machine")
      .setInputFiles({ name: "cut.tar.gz", mimeType: "", buffer: whole.subarray(0, whole.length / 2) });
    await expect.poll(() => problem.innerText()).toContain("cut.tar.gz");
    await paste(page, lspciOf("sriov-intel"));
    expect(await problem.count()).toBe(0);
    expect(await page.locator(".app-facts").innerText()).toContain("23 functions");
  });

  test("several sources are put together, and one can be left out again", async () => {
    const page = await pages.open();
    const text = lspciOf("rootports-amd");
    await paste(page, text);
    expect(await page.locator(".app-facts").innerText()).not.toContain("AMD EPYC");
    await page.locator(".app-open summary").first().click();
    await page.getByLabel("The next one is of the same machine").check();
    await page.getByLabel("Files of a machine").setInputFiles({
      name: "cpuinfo",
      mimeType: "",
      buffer: Buffer.from(
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC 7763\n\n",
      ),
    });
    await expect.poll(() => page.locator(".app-facts").innerText()).toContain("AMD EPYC 7763");
    await page.locator(".app-open summary").first().click();
    await page.getByRole("button", { name: "Leave cpuinfo out" }).click();
    await expect.poll(() => page.locator(".app-facts").innerText()).not.toContain("AMD EPYC 7763");
  });

  test("a link carries the question, and answers it once the machine is there", async () => {
    const hash = "#a=0000:26:00.0&b=0000:23:00.0&kernel=6.12&off=0000:22:00.0,0000:22:03.0";
    const page = await pages.open(hash);
    expect(await page.locator(".open-question").innerText()).toContain(
      "May 0000:26:00.0 and 0000:23:00.0 reach each other?",
    );
    await page.getByLabel("Files of a machine").setInputFiles(capture(SERVER));
    await expect.poll(() => answer(page)).toContain("Yes, directly");
    await expect.poll(() => page.evaluate(() => location.hash)).toBe(hash);
    await page.reload();
    expect(await page.locator(".open-question").innerText()).toContain("0000:26:00.0");
  });

  test("one machine after another: nothing of the first is left", async () => {
    const page = await pages.open();
    await paste(page, lspciOf(SERVER));
    await expect.poll(() => answer(page)).not.toBe("");
    const first = await answer(page);
    await page.locator(".app-open summary").first().click();
    await page.getByRole("button", { name: "POWER9" }).click();
    await expect.poll(() => page.locator(".app-facts").innerText()).toContain("POWER9");
    await expect.poll(() => answer(page)).not.toBe(first);
    await expect.poll(() => page.evaluate(() => location.hash)).toContain("machine=power9");
  });

  test("what is copied for an issue is what the library writes, and the link has no machine in it", async () => {
    const page = await pages.open("", { permissions: ["clipboard-read", "clipboard-write"] });
    const text = lspciOf("switch4-intel");
    await paste(page, text);
    await expect.poll(() => answer(page)).not.toBe("");
    const [a, b] = await page.evaluate(() => {
      const search = new URLSearchParams(location.hash.slice(1));
      return [search.get("a")!, search.get("b")!];
    });
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.getByRole("button", { name: "Copy as Markdown" }).click();
    await page.getByText("Copied.").waitFor();
    const markdown = await copied();
    const session = new Session({ onProgress: () => {}, shipped: () => Promise.reject(new Error("none")) });
    const bytes = new TextEncoder().encode(text);
    await session.open({ kind: "files", files: [{ name: "pasted text", bytes }] });
    const settings = { ...AS_IT_IS, system: 0 };
    const rows = await session.outline(settings);
    const ids = [a, b].map((bdf) => rows.find((row) => row.bdf === bdf)!.id) as [number, number];
    expect(markdown).toBe(await session.report(settings, ids));
    expect(markdown).toContain("```mermaid");
    expect(markdown).toContain(`## May ${a} and ${b} reach each other?`);
    session.close();

    await page.getByRole("button", { name: "Copy link" }).click();
    await expect.poll(copied).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/some\/where\/#a=[0-9a-f:.]+&b=[0-9a-f:.]+$/);
  });

  test("the machine is saved without what tells it from others, and read again", async () => {
    const page = await pages.open();
    const text = lspciOf("switch4-intel").replace(
      /^(.*Capabilities: \[)(?=[0-9a-f]{3} v\d\] )/m,
      "\tCapabilities: [e00 v1] Device Serial Number de-ad-be-ef-00-11-22-33\n$1",
    );
    expect(text).toContain("de-ad-be-ef");
    await paste(page, text);
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the machine" }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe("machine.json");
    const content = readFileSync(await download.path(), "utf8");
    expect(content).not.toMatch(/de-ad-be-ef|serialNumber/);
    const before = await marks(page);
    await page
      .getByLabel("Files of a machine")
      .setInputFiles({ name: "machine.json", mimeType: "", buffer: Buffer.from(content) });
    await expect.poll(() => page.locator(".app-title").innerText()).toBe("machine.json");
    await expect.poll(() => marks(page)).toEqual(before);
  });
});
