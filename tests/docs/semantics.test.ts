import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { policyNamed } from "../../src/policy/named.js";
import { blocks, CLI, page, ROOT, table } from "./pages.js";

const PAGE = page("docs/semantics.md");

/** Where a source that a page names is: a capture or an example. */
function placeOf(word: string): string {
  const places = ["tests/fixtures/qemu", "examples", ""].map((folder) => join(ROOT, folder, word));
  return word.includes("/") || word.endsWith(".json") ? (places.find((place) => existsSync(place)) ?? word) : word;
}

describe("the page on semantics", () => {
  const shown = blocks(PAGE, "console").map((block) => block.split("\n"));

  test.each(shown)("shows what this prints: %s", (command, ...output) => {
    const args = command!.replace("$ peerlane ", "").split(" ").map(placeOf);
    const { stdout } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" });
    expect(stdout).toBe(output.join("\n"));
  });

  test("has a command to show", () => {
    expect(shown.length).toBeGreaterThan(0);
  });

  test("names only policies that there are", () => {
    const names = table(PAGE, "name", "decides").flatMap(([cell]) => cell!.replace(" to ", ",").split(/,\s+/));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(policyNamed(name).name).not.toBe("");
  });
});
