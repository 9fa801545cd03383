// The batch calls in a page of the system's Chromium, and in this Node: the same file, the same questions.
//
//   npm run bench:chromium      table on standard output; without a Chromium it says so and does nothing
//
//   --docs DIRECTORY   puts the table into performance.md there, between its markers
//   --sizes 1e3,1e5    CHROMIUM=/path/to/chromium

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { replaceIn } from "./docs.mjs";
import { machine } from "./machine.mjs";
import { timePage } from "./page.mjs";
import { lay, origin, short } from "./table.mjs";

const PATIENCE_MS = 600_000;
const root = fileURLToPath(new URL("../", import.meta.url));
const { values: options } = parseArgs({
  options: { docs: { type: "string" }, sizes: { type: "string", default: "1e3,1e5,1e6" } },
});
const sizes = options.sizes.split(",").map(Number);
if (sizes.some((size) => !(size >= 100))) throw new RangeError("expected sizes of at least 100");
const chromium = process.env.CHROMIUM || "/usr/bin/chromium";

const PAGE = `<!doctype html><meta charset="utf-8"><title>peerlane</title><script type="module">
  const tell = (body) => fetch("/result", { method: "POST", body: JSON.stringify(body) });
  try {
    const { timePage } = await import("/bench/page.mjs");
    await tell({ rows: timePage(${JSON.stringify(sizes)}) });
  } catch (error) {
    await tell({ error: String(error?.stack ?? error) });
  }
</script>`;

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json" };

/** Serves the page, the benchmark and the built package; `taken` gets what the page posts. */
function serve(taken) {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    // A page that is isolated gets a clock that is fine enough.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (request.method === "POST") {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        response.end();
        taken(JSON.parse(Buffer.concat(chunks).toString()));
      });
      return;
    }
    if (pathname === "/") {
      response.setHeader("Content-Type", "text/html");
      response.end(PAGE);
      return;
    }
    const path = normalize(pathname);
    try {
      if (!path.startsWith("/bench/") && !path.startsWith("/dist/")) throw new Error("not served");
      response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
      response.end(readFileSync(join(root, path)));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
}

/** Opens the page. @returns what it posted */
function inChromium() {
  const profile = mkdtempSync(join(tmpdir(), "peerlane-chromium-"));
  return new Promise((resolve, reject) => {
    let browser;
    const server = serve(({ rows, error }) => done(error === undefined ? null : new Error(error), rows));
    const timer = setTimeout(() => done(new Error("the page did not answer")), PATIENCE_MS);
    const done = (error, rows) => {
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
      browser?.removeAllListeners("exit");
      browser?.once("exit", () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
      browser?.kill();
      if (error === null) resolve(rows);
      else reject(error);
    };
    server.listen(0, "127.0.0.1", () => {
      const address = `http://127.0.0.1:${server.address().port}/`;
      const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${profile}`];
      browser = spawn(chromium, [...flags, address], { stdio: "ignore" });
      browser.once("error", done);
      browser.once("exit", (code) => done(new Error(`${chromium} ended with ${code} before the page had answered`)));
    });
  });
}

const version = spawnSync(chromium, ["--version"], { encoding: "utf8" });
if (version.status !== 0) {
  console.log(`no times in a browser: no ${chromium} (CHROMIUM names another)`);
} else {
  const here = timePage(sizes);
  const there = await inChromium();
  const rows = here.map(({ call, size, ns }, row) => [
    `\`${call}\``,
    size.toLocaleString("en"),
    short(ns),
    short(there[row].ns),
  ]);
  const report = [
    `${origin(machine())}; ${version.stdout.trim()}. ns per question (of the matrix: per pair; building: per function).`,
    lay(["call", "size", "Node", "Chromium"], rows),
  ].join("\n\n");
  console.log(report);
  if (options.docs !== undefined) await replaceIn(join(options.docs, "performance.md"), { chromium: report });
}
