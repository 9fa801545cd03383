import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { MatrixDocument } from "../../src/writers/matrix.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";
import { capture, json } from "../cli/run.js";
import { inChromium } from "./browser.js";
import { answer, choose, isOpen, lspciOf, marks, marksOf, paste } from "./steps.js";

const SERVER = "gpu-server-intel-iommu";

/** Drops files on the page as a file manager does: above it first, then let go. */
async function drop(page: Page, files: readonly { readonly name: string; readonly bytes: Uint8Array }[]) {
  const given = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString("base64") }));
  const dataTransfer = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of all) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    return transfer;
  }, given);
  await page.dispatchEvent("body", "dragover", { dataTransfer });
  await page.locator(".open-over").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer });
  await page.locator(".open-over").waitFor({ state: "detached" });
}

/** Two machines in one description, of which the second redirects nothing. */
function twoMachines(): string {
  const { document } = json<{ peerlane: number; systems: readonly object[] }>([
    ...["export", "--to", "json", "-i", capture(SERVER)],
  ]);
  const { document: other } = json<{ systems: readonly object[] }>([
    ...["export", "--to", "json", "-i", capture("gpu-server-intel")],
  ]);
  const named = (system: object, name: string) => ({ ...system, name });
  return JSON.stringify({ ...document, systems: [named(document.systems[0]!, "n1"), named(other.systems[0]!, "n2")] });
}

/** What the page's worker gets from another host, which would answer anybody. */
async function askedByWorker(page: Page): Promise<string> {
  const other = createServer((_, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.end("hello");
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  try {
    expect(await (await fetch(url)).text()).toBe("hello");
    const [worker] = page.workers();
    return await worker!.evaluate(async (address) => {
      try {
        return await (await fetch(address)).text();
      } catch {
        return "refused";
      }
    }, url);
  } finally {
    other.closeAllConnections();
    other.close();
  }
}

inChromium("the page from day to day", (pages) => {
  test("what is dropped is opened, several files as one machine", async () => {
    const page = await pages.open();
    await drop(page, [
      { name: "lspci.txt", bytes: Buffer.from(lspciOf("rootports-amd")) },
      {
        name: "cpuinfo",
        bytes: Buffer.from(
          "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel name\t: AMD EPYC 7763\n\n",
        ),
      },
    ]);
    await isOpen(page);
    expect(await page.locator(".app-title").innerText()).toBe("lspci.txt and 1 more");
    expect(await page.locator(".app-facts").innerText()).toContain("AMD EPYC 7763");
    await drop(page, [{ name: "holiday.jpg", bytes: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0) }]);
    await expect.poll(() => page.locator(".open-problem").innerText()).toContain("holiday.jpg");
    // What was open still is.
    expect(await page.locator(".app-facts").innerText()).toContain("AMD EPYC 7763");
  });

  test("a paste that was not made as root is answered as far as it shows, and says what is missing", async () => {
    const text = lspciOf(SERVER).replace(/\tCapabilities: .*\n(?:\t\t.*\n)*/g, "\tCapabilities: <access denied>\n");
    const page = await pages.open("#a=0000:24:00.0&b=0000:25:00.0");
    await paste(page, text);
    await expect.poll(() => answer(page)).toContain("Not known");
    expect(await page.locator(".app-count").allInnerTexts()).toEqual(["582 refused", "120 unknown"]);
    expect(await page.locator(".answer-remedy").innerText()).toContain("root");
    await choose(page, "Between", "gpu");
    const { document } = json<MatrixDocument>(["matrix", "--of", "gpu", "-i", "-"], { input: text });
    const pairs = document.answer.flatMap((row, at) => row.filter((_, column) => column !== at));
    const count = (wanted: string) => pairs.filter((each) => each === wanted).length;
    expect(count("yes")).toBe(0);
    await expect
      .poll(() => page.locator(".app-count").allInnerTexts())
      .toEqual([`${count("no")} refused`, `${count("unknown")} unknown`]);
    expect(await page.locator(".matrix-legend dt").allInnerTexts()).toEqual(["-", "?"]);
  });

  test("the picture is drawn as soon as a machine is open, whatever way it came", async () => {
    /** How many colours there are among the points of a grid. */
    const colours = (page: Page) =>
      page.locator(".picture-canvas").evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = [width, height];
        const context = copy.getContext("2d", { willReadFrequently: true })!;
        context.drawImage(element as HTMLCanvasElement, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        const points = new Uint32Array(data.buffer);
        return new Set(points.filter((_, at) => at % 101 === 0)).size;
      });
    for (const hash of ["", "#machine=power9", "#a=0000:24:00.0&b=0000:25:00.0"]) {
      const page = await pages.open(hash);
      // Frames come late where a browser has much to do.
      await page.addInitScript(() => {
        const soon = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (frame) => window.setTimeout(() => soon(frame), 1500);
      });
      await page.reload();
      if (!hash.includes("machine")) await paste(page, lspciOf(SERVER));
      await isOpen(page);
      await expect.poll(() => answer(page)).not.toBe("");
      await expect.poll(() => colours(page), { message: hash }).toBeGreaterThan(20);
      await page.locator(".app-open summary").first().click();
      await page.getByRole("button", { name: "AMD, devices on root ports" }).click();
      await expect.poll(() => page.locator(".app-title").innerText()).toBe("AMD, devices on root ports");
      await expect.poll(() => colours(page), { message: hash }).toBeGreaterThan(20);
    }
  });

  test("a source of several machines is asked about one after the other", async () => {
    const text = twoMachines();
    const page = await pages.open("#system=n2&a=0000:24:00.0&b=0000:25:00.0");
    await paste(page, text);
    await expect.poll(() => answer(page)).toContain("Yes, directly");
    for (const [system, is] of [
      ["n1", "No"],
      ["n2", "Yes, directly"],
    ] as const) {
      await page.getByLabel("System", { exact: true }).selectOption(system);
      await choose(page, "Between", "gpu");
      const { document } = json<MatrixDocument>(["matrix", "--of", "gpu", "--system", system, "-i", "-"], {
        input: text,
      });
      await expect.poll(() => marks(page)).toEqual(marksOf(document));
      await page.locator('.matrix-cell[data-row="0"][data-column="1"]').click();
      await expect.poll(() => answer(page)).toContain(is);
      await expect.poll(() => page.evaluate(() => location.hash)).toContain(`system=${system}`);
    }
  });

  test("a cell that is pointed at says why", async () => {
    const page = await pages.open(`#machine=gpu-server`);
    await isOpen(page);
    const cell = page.locator('.matrix-cell[data-row="1"][data-column="2"]');
    await cell.hover();
    const { document } = json<MatrixDocument>(["matrix", "--of", "gpu,nic,nvme", "-i", capture(SERVER)]);
    const [provider, client] = [document.functions[1]!, document.functions[2]!];
    const { document: verdict } = json<VerdictDocument>(["can", provider, client, "-i", capture(SERVER)]);
    const reason = page.locator(".matrix-reason");
    await reason.waitFor();
    expect(verdict.culprits.length).toBeGreaterThan(0);
    for (const { bdf, bits } of verdict.culprits) {
      expect(await reason.innerText()).toContain(`${bdf} (${bits.join(" ")})`);
    }
    await page.mouse.move(0, 0);
    await reason.waitFor({ state: "detached" });
  });

  test("the colours that were chosen are remembered, and nothing else is", async () => {
    const page = await pages.open("#machine=sriov", { colorScheme: "light" });
    await isOpen(page);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await choose(page, "Colours", "dark");
    await expect.poll(paper).not.toBe(light);
    const dark = await paper();
    await page.reload();
    expect(await paper()).toBe(dark);
    const kept = await page.evaluate(async () => ({
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      cookies: document.cookie,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
    }));
    expect(kept).toEqual({ local: ["peerlane-theme"], session: [], cookies: "", databases: 0, caches: 0 });
    await choose(page, "Colours", "auto");
    await expect.poll(paper).toBe(light);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
  });

  test("a link makes no sense, or asks about what is not there: the page says what there is", async () => {
    const page = await pages.open(
      "#a=0000:ee:00.0&b=banana&kernel=soon&off=everything&rules=mine&address=0x&iommu=maybe",
    );
    await paste(page, lspciOf("sriov-intel"));
    await expect.poll(() => answer(page)).not.toBe("");
    const [, search] = (await page.evaluate(() => location.hash)).split("#");
    expect([...new URLSearchParams(search).keys()].filter((name) => name !== "address").sort()).toEqual(["a", "b"]);
    const unknown = await pages.open("#machine=pdp-11");
    await expect
      .poll(() => unknown.locator(".open-problem").innerText())
      .toMatch(/no machine named "pdp-11" comes with this page; there are gpu-server, /);
  });

  test("another link in the same tab asks its question of the machine that is open", async () => {
    const page = await pages.open();
    await paste(page, lspciOf(SERVER));
    await expect.poll(() => answer(page)).not.toBe("");
    await page.evaluate(() => (location.hash = "#a=0000:26:00.0&b=0000:23:00.0&off=0000:22:00.0,0000:22:03.0"));
    await expect.poll(() => answer(page)).toContain("Yes, directly");
    expect(await page.locator(".answer-name").first().innerText()).toBe("0000:26:00.0");
    await page.evaluate(() => (location.hash = "#a=0000:26:00.0&b=0000:23:00.0"));
    await expect.poll(() => answer(page)).toContain("No");
    await page.evaluate(() => (location.hash = "#address=0x10"));
    await expect.poll(() => page.locator(".address").innerText()).toContain("0x10");
    await page.evaluate(() => (location.hash = "#machine=power9"));
    await expect.poll(() => page.locator(".app-facts").innerText()).toContain("POWER9");
  });

  test("asks no other host, even if it were made to", async () => {
    const page = await pages.open("#machine=sriov");
    await isOpen(page);
    const ask = () =>
      fetch("http://localhost:9/").then(
        () => "answered",
        () => "refused",
      );
    expect(await page.evaluate(ask)).toBe("refused");
    await expect.poll(() => pages.trouble().join()).toContain("forbidden: connect-src http://localhost:9/");
    // Nor may it be made to run what was not served with it.
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.hasRun = true";
      document.head.append(script);
    });
    expect(await page.evaluate(() => "hasRun" in globalThis)).toBe(false);
    await expect.poll(() => pages.trouble().join()).toContain("forbidden: script-src-elem inline");
  });

  test("a host may send the policy, which then holds in the worker as well, and packed files unpacked", async () => {
    const page = await pages.open();
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
    await page.route("**/*", async (route) => {
      const response = await route.fetch();
      const isPacked = route.request().url().endsWith(".gz");
      await route.fulfill({
        response,
        headers: {
          ...response.headers(),
          "content-security-policy": `${policy}; frame-ancestors 'none'`,
          "x-content-type-options": "nosniff",
          ...(isPacked ? { "content-encoding": "gzip" } : {}),
        },
      });
    });
    await page.reload();
    await page.getByRole("button", { name: "GPU server, IOMMU on" }).click();
    await isOpen(page);
    await expect.poll(() => answer(page)).toContain("ACS_REDIRECT");
    expect(await askedByWorker(page)).toBe("refused");
  });

  test("the worker, which reads the machine, can ask no other host either", async () => {
    const page = await pages.open("#machine=sriov");
    await isOpen(page);
    expect(await askedByWorker(page)).toBe("refused");
  });

  test("what has no room is said to have none, and the page goes on", async () => {
    const page = await pages.open();
    const functions = Array.from({ length: 100_001 }, (_, at) => {
      const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
      return {
        bdf: `${hex(at >> 16, 4)}:${hex((at >> 8) & 255, 2)}:${hex((at >> 3) & 31, 2)}.${at & 7}`,
        kind: "endpoint",
      };
    });
    const buffer = Buffer.from(JSON.stringify({ peerlane: 1, systems: [{ functions }] }));
    await page.getByLabel("Files of a machine").setInputFiles({ name: "fabric.json", mimeType: "", buffer });
    await expect
      .poll(() => page.locator(".open-problem").innerText(), { timeout: 60_000 })
      .toContain("100,001 functions: a page has room for 100,000");
    await paste(page, lspciOf("sriov-intel"));
    expect(await page.locator(".app-facts").innerText()).toContain("23 functions");
  });
});
