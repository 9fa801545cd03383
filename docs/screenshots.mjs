// The README's pictures of the page, in the system's Chromium.
//
//   npm run screenshots      builds the page, and writes docs/pictures/page-*.png
//
//   --only phone    --to DIRECTORY    CHROMIUM=/path/to/chromium

import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const here = fileURLToPath(new URL("./", import.meta.url));
const web = fileURLToPath(new URL("../web/", import.meta.url));
const { values: options } = parseArgs({ options: { only: { type: "string" }, to: { type: "string" } } });
const to = options.to ?? `${here}pictures`;

/** GPU and NIC below one switch, whose ports redirect. */
const REFUSED = "machine=gpu-server&a=0000:24:00.0&b=0000:25:00.0";

const DESKTOP = { viewport: { width: 1440, height: 960 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** What each shows, how wide, and how it comes about. */
const PICTURES = {
  page: { hash: REFUSED, ...DESKTOP },
  "page-what-if": {
    hash: `${REFUSED}&off=0000:22:01.0,0000:22:02.0`,
    ...DESKTOP,
    arrange: (page) => page.locator(".app-matrix").evaluate((panel) => panel.scrollIntoView({ block: "end" })),
  },
  "page-dark": { hash: "machine=nvlink-server", ...DESKTOP, colorScheme: "dark" },
  "page-phone": {
    hash: REFUSED,
    ...PHONE,
    colorScheme: "dark",
    arrange: (page) => page.locator(".app-answer").evaluate((panel) => panel.scrollIntoView()),
  },
};

await build({ root: web, configFile: `${web}vite.config.ts`, logLevel: "error" });
const server = await preview({
  root: web,
  configFile: `${web}vite.config.ts`,
  preview: { port: 0, host: "127.0.0.1" },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  mkdirSync(to, { recursive: true });
  for (const [name, { hash, arrange, ...context }] of Object.entries(PICTURES)) {
    if (options.only !== undefined && !name.includes(options.only)) continue;
    const page = await browser.newPage(context);
    const address = server.httpServer.address();
    await page.goto(`http://127.0.0.1:${address.port}/#${hash}`);
    await page.locator(".answer-said").first().waitFor();
    await page.locator(".outline-row").first().waitFor();
    await arrange?.(page);
    // The picture moves to what was asked about, and what was brought into sight is marked for a while.
    await page.waitForTimeout(2500);
    const path = `${to}/${name}.png`;
    await page.screenshot({ path });
    console.log(`${path}  ${Math.round(statSync(path).size / 1000)} kB`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
