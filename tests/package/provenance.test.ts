import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Consumer, ROOT } from "./consumer.js";

// SECURITY.md says where the WebAssembly comes from.

const consumer = new Consumer();
const elsewhere = mkdtempSync(join(tmpdir(), "peerlane-core-"));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

const COMPILER = join(ROOT, "node_modules/assemblyscript/bin/asc.js");

describe.each([
  ["release", "core.wasm"],
  ["simd", "core.simd.wasm"],
])("the core's %s build", (target, file) => {
  const built = readFileSync(join(ROOT, "build", file));

  test("is what the sources compile to, wherever they are", () => {
    for (const part of ["assembly", "asconfig.json"])
      cpSync(join(ROOT, part), join(elsewhere, part), { recursive: true });
    execFileSync(process.execPath, [COMPILER, "--target", target], { cwd: elsewhere });
    expect(readFileSync(join(elsewhere, "build", file)).equals(built)).toBe(true);
  });

  test("has the sum that SECURITY.md gives", () => {
    const sums = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
    const sum = createHash("sha256").update(built).digest("hex");
    // Where the sources changed on purpose: `sha256sum build/core.wasm build/core.simd.wasm`.
    expect(sums).toContain(`| \`build/${file}\``);
    expect(sums).toContain(`\`${sum}\``);
  });

  test("is in what is packed, byte by byte", () => {
    const base64 = built.toString("base64");
    const folder = join(consumer.folder, "node_modules/peerlane/dist");
    const holding = readdirSync(folder).filter((name) => readFileSync(join(folder, name), "latin1").includes(base64));
    // Once for modules, whichever entry is used first; in the command line; and in each CommonJS entry that asks.
    expect(holding.filter((name) => name.startsWith("chunk-"))).toHaveLength(1);
    expect(holding).toEqual(expect.arrayContaining(["cli.js", "index.cjs"]));
  });
});

test("the core imports nothing: it can reach nothing but its own memory", () => {
  for (const file of ["core.wasm", "core.simd.wasm"]) {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(join(ROOT, "build", file))))).toEqual([]);
  }
});
