import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { inChromium } from "../page/browser.js";
import { ANSWER, Consumer, QUESTION } from "./consumer.js";

const consumer = new Consumer();

/** As careful pages have it: no script but the page's own, and WebAssembly. */
const PAGE = (script: string) =>
  `<!doctype html><html lang="en"><head><title>consumer</title><link rel="icon" href="data:,">` +
  `<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'wasm-unsafe-eval'">` +
  `<script type="module" src="${script}"></script></head><body></body></html>`;
const TELL = `${QUESTION}document.body.textContent = ask(Topology.of(machine)); globalThis.open = () => Topology.of(machine); globalThis.ask = ask;`;

beforeAll(async () => {
  consumer.write("index.html", PAGE("./bundled/app.js"));
  consumer.write("app.mjs", `import { linux, PeerDma, Topology } from "peerlane";${TELL}`);
  consumer.write("plain.html", PAGE("./plain.mjs.js"));
  consumer.write(
    "plain.mjs.js",
    `import { linux, PeerDma, Topology } from "./node_modules/peerlane/dist/index.js";${TELL}`,
  );
  await build({
    root: consumer.folder,
    configFile: false,
    logLevel: "error",
    build: {
      outDir: "bundled",
      lib: { entry: join(consumer.folder, "app.mjs"), formats: ["es"], fileName: () => "app.js" },
      minify: true,
    },
  });
});

test("a bundler leaves out what a program does not use", () => {
  expect(readdirSync(join(consumer.folder, "bundled"))).toEqual(["app.js"]);
  const [app, all] = [readFileSync(join(consumer.folder, "bundled/app.js")), allOfIndex()];
  expect(gzipSync(app).length).toBeLessThan(all);
});

/** Compressed, what a program loads that asks without a bundler. */
function allOfIndex(): number {
  const folder = join(consumer.folder, "node_modules/peerlane/dist");
  return gzipSync(readFileSync(join(folder, "index.cjs"))).length;
}

inChromium(
  "the packed tarball in a browser",
  (pages) => {
    const said = (page: Page) => expect.poll(() => page.textContent("body")).toBe(ANSWER);

    test("answers where a bundler put it together", async () => {
      await said(await pages.open());
    });

    test("answers as it is, without a bundler", async () => {
      await said(await pages.open("plain.html"));
    });

    test("a hundred topologies are open at once; where there is no room for one more, it says so", async () => {
      const page = await pages.open();
      await said(page);
      const { answers, count, refusal, again } = await page.evaluate(() => {
        const { open, ask } = globalThis as unknown as { open: () => { close(): void }; ask: (of: unknown) => string };
        const live: { close(): void }[] = [];
        let refusal = "";
        while (refusal === "" && live.length < 20_000) {
          try {
            live.push(open());
          } catch (error) {
            refusal = String(error);
          }
        }
        const count = live.length;
        const answers = [...new Set([...live.slice(0, 100), live.at(-1)].map(ask))];
        for (const each of live.splice(0)) each.close();
        return { answers, count, refusal, again: ask(open()) };
      });
      expect(count).toBeGreaterThanOrEqual(100);
      expect(answers).toEqual([ANSWER]);
      expect(refusal).toBe(
        "RangeError: memory for one more topology is not to be had: close topologies that are no longer used, or put " +
          "their machines as systems into one topology",
      );
      expect(again).toBe(ANSWER);
    });
  },
  `${consumer.folder}/`,
);
