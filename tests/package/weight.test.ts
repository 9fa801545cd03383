import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";
import { Consumer, QUESTION, ROOT } from "./consumer.js";

const consumer = new Consumer();
const FOLDER = "node_modules/peerlane/dist";

/** An entry and all that it imports. */
function loaded(file: string, all = new Set<string>()): ReadonlySet<string> {
  if (all.has(file)) return all;
  all.add(file);
  const text = readFileSync(join(consumer.folder, FOLDER, file), "utf8");
  for (const [, other] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) loaded(other!, all);
  return all;
}

function compressed(entry: string): number {
  return [...loaded(entry)].reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(consumer.folder, FOLDER, file))).length,
    0,
  );
}

async function bundled(): Promise<number> {
  consumer.write(
    "app.mjs",
    `import { linux, PeerDma, Topology } from "peerlane";${QUESTION}console.log(ask(Topology.of(machine)));`,
  );
  const entry = join(consumer.folder, "app.mjs");
  const lib = { entry, formats: ["es" as const], fileName: () => "app.js" };
  await build({
    root: consumer.folder,
    configFile: false,
    logLevel: "error",
    build: { outDir: "bundled", lib, minify: "esbuild" },
  });
  return gzipSync(readFileSync(join(consumer.folder, "bundled/app.js"))).length;
}

test("nothing weighs more than the README says, nor much less", async () => {
  const weights: Readonly<Record<string, number>> = {
    "a program that asks": await bundled(),
    "`peerlane`": compressed("index.js"),
    "`peerlane/readers`": compressed("readers.js"),
    "`peerlane/writers`": compressed("writers.js"),
    "`peerlane/names`": compressed("names.js"),
    "the command line": compressed("cli.js"),
    "the tarball": consumer.packed!.size,
    "the tarball, unpacked": consumer.packed!.unpackedSize,
  };
  const [, table] = /## What it weighs\n([\s\S]*?)\n## /.exec(readFileSync(join(ROOT, "README.md"), "utf8"))!;
  const rows = [...table!.matchAll(/^\| (.*?) +\| +([\d.]+) (kB|MB) \|$/gm)];
  const budgets = rows.map(([, what, number, unit]) => {
    const name = Object.keys(weights).findLast((each) => what === each || what!.startsWith(`${each},`))!;
    return { name, budget: Number(number) * (unit === "kB" ? 1e3 : 1e6) };
  });
  expect(budgets.map(({ name }) => name).sort()).toEqual(Object.keys(weights).sort());
  const wrong = budgets.filter(({ name, budget }) => weights[name]! > budget || weights[name]! < budget * 0.6);
  expect(wrong.map(({ name, budget }) => `${name}: ${weights[name]} of ${budget}`)).toEqual([]);
});
