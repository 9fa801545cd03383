import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

/** The page as it was built. */
export const PAGE = new URL("../../web/dist/", import.meta.url).pathname;

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** Any static host serves the page, from any path. */
const PATH = "/some/where/";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".gz": "application/gzip",
};

/** Opens pages of their own, of which nothing may go wrong unseen. */
export interface Pages {
  open(hash?: string, options?: BrowserContextOptions): Promise<Page>;
  /** What has gone wrong in them so far, which is then forgiven. */
  trouble(): string[];
}

/**
 * Tests of what lies in a folder, in the system's Chromium; where there is none they are skipped, and where `CI` is `true` that is a failure. After
 * each: no request has left for another host, no error, no warning, nothing that the content security policy forbids.
 */
export function inChromium(title: string, tests: (pages: Pages) => void, folder = PAGE): void {
  if (!existsSync(CHROMIUM)) {
    test(title, ({ skip }) => {
      const what = `no ${CHROMIUM}: apt-get install chromium, or name one with CHROMIUM=`;
      if (process.env["CI"] === "true") throw new Error(what);
      skip(what);
    });
    return;
  }
  describe(title, () => {
    let browser: Browser;
    let origin = "";
    const open: Page[] = [];
    const trouble: string[] = [];
    const server = createServer((request, response) => {
      const path = new URL(request.url!, "http://localhost").pathname;
      const file = path === PATH ? "index.html" : path.slice(PATH.length);
      if (!path.startsWith(PATH) || file.includes("..") || !existsSync(folder + file)) {
        trouble.push(`not there: ${path}`);
        response.statusCode = 404;
        return response.end();
      }
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(readFileSync(folder + file));
    });

    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    });
    afterAll(async () => {
      await browser.close();
      server.closeAllConnections();
      server.close();
    });
    afterEach(async () => {
      for (const page of open.splice(0)) await page.context().close();
      expect(trouble.splice(0)).toEqual([]);
    });

    tests({
      trouble: () => trouble.splice(0),
      async open(hash = "", options = {}) {
        const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options });
        const page = await context.newPage();
        open.push(page);
        page.setDefaultTimeout(60_000);
        page.on("request", (request) => {
          const url = new URL(request.url());
          if (url.origin !== origin && url.protocol !== "blob:") trouble.push(`asks another host: ${request.url()}`);
        });
        page.on("console", (message) => {
          if (message.type() === "error" || message.type() === "warning") trouble.push(message.text());
        });
        page.on("pageerror", (error) => trouble.push(String(error.stack ?? error)));
        await page.exposeFunction("report", (text: string) => trouble.push(text));
        await page.addInitScript(() => {
          const { report } = globalThis as unknown as { report: (text: string) => void };
          document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
            report(`forbidden: ${violatedDirective} ${blockedURI}`),
          );
        });
        await page.goto(`${origin}${PATH}${hash}`);
        return page;
      },
    });
  });
}
