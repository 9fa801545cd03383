import { readdirSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PAGE } from "./browser.js";

const index = readFileSync(`${PAGE}index.html`, "utf8");
const assets = readdirSync(`${PAGE}assets`);

test("the page may load and run only what lies beside it", () => {
  const [, policy] = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(index)!;
  expect(policy!.split(/;\s*/)).toEqual([
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  // The policy comes before anything that it is to govern.
  expect(index.indexOf("Content-Security-Policy")).toBeLessThan(index.search(/<(?:script|link)\b/));
});

test("nothing is written into the document that the policy would forbid", () => {
  expect(index).not.toMatch(/<style|\sstyle=|\son[a-z]+=/i);
  for (const [script] of index.matchAll(/<script[^>]*>(?!<\/script>)/g)) throw new Error(`inline script: ${script}`);
  for (const [, url] of index.matchAll(/(?:src|href)="([^"]*)"/g)) expect(url).toMatch(/^\.\/assets\//);
});

test("it fits what a phone loads in a moment", () => {
  const size = (ends: RegExp) =>
    assets.filter((name) => ends.test(name)).map((name) => gzipSync(readFileSync(`${PAGE}assets/${name}`)).length);
  const sum = (sizes: readonly number[]) => sizes.reduce((total, each) => total + each, 0);
  // Compressed: what draws the page; with it what reads and decides; and names of devices, if they are needed.
  const scripts = assets.filter((name) => name.endsWith(".js"));
  const main = sum(size(/^index-.*\.js$/).filter((bytes) => bytes < 200_000)) + sum(size(/\.css$/));
  expect(main).toBeLessThan(64 * 1024);
  expect(sum(size(/^worker-.*\.js$/))).toBeLessThan(256 * 1024);
  expect(scripts.length).toBe(3);
  const whole = assets.reduce((total, name) => total + statSync(`${PAGE}assets/${name}`).size, 0);
  expect(whole).toBeLessThan(2 * 1024 * 1024);
});

test("it is built to be used, and says nothing of where that was", () => {
  for (const name of assets.filter((each) => /\.(?:js|css)$/.test(each))) {
    const text = readFileSync(`${PAGE}assets/${name}`, "utf8");
    expect(text.includes(process.cwd()) || text.includes("fileName:"), name).toBe(false);
  }
});
