import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as changes from "../../src/changes/index.js";
import type { Recognition } from "../../src/changes/index.js";
import type { FunctionDescription, MachineDescription } from "../../src/index.js";
import { blocks, CLI, directory, page, ROOT, table } from "./pages.js";

const PAGE = page("docs/diff.md");
const RECOGNITIONS: Readonly<Record<Recognition, true>> = {
  "serial-number": true,
  slot: true,
  position: true,
  "only-one": true,
  name: true,
  "physical-function": true,
};

/** The redirects below one switch are off, and one drive is not there. */
function updated({ systems: [system] }: MachineDescription): MachineDescription {
  const functions = system!.functions
    .filter(({ bdf }) => bdf !== "0000:8c:00.0")
    .map((each): FunctionDescription =>
      each.bdf.startsWith("0000:02:") ? { ...each, acs: { ...each.acs!, control: 0x11 } } : each,
    );
  const kernel = { ...system!.kernel!, release: "6.12.41" };
  return { peerlane: 1, systems: [{ ...system!, kernel, functions }] };
}

describe("the page on differences", () => {
  test("shows what the command prints", () => {
    const before = readFileSync(join(ROOT, "examples/nvlink-server.json"), "utf8");
    const after = updated(JSON.parse(before) as MachineDescription);
    writeFileSync(join(directory, "before.json"), before);
    writeFileSync(join(directory, "after.json"), JSON.stringify(after));
    const words = ["diff", "before.json", "after.json"];
    const { stdout, status } = spawnSync(process.execPath, [CLI, ...words], {
      cwd: directory,
      encoding: "utf8",
      env: { LANG: "C.UTF-8" },
    });
    expect(status).toBe(1);
    expect(blocks(PAGE, "text")).toEqual([`$ peerlane ${words.join(" ")}\n${stdout}`]);
  });

  test("names every way in which functions are recognised, calls that there are, and options", () => {
    expect(table(PAGE, "recognised by").map(([by]) => by)).toEqual(Object.keys(RECOGNITIONS));
    for (const name of ["diffSystems", "verdictChanges", "matchFunctions"]) {
      expect(PAGE).toContain(`\`${name}(`);
      expect(changes).toHaveProperty(name);
    }
    const { stdout } = spawnSync(process.execPath, [CLI, "diff", "--help"], { encoding: "utf8", cwd: ROOT });
    for (const option of ["--old", "--new", "--of", "--kernel", "--cpu", "--iommu", "--json"]) {
      expect(PAGE).toContain(option);
      expect(stdout).toContain(option);
    }
    expect(stdout).not.toContain("--input");
  });

  test("names the fields of the document", () => {
    const example = join(ROOT, "examples/nvlink-server.json");
    const { stdout } = spawnSync(process.execPath, [CLI, "diff", example, example, "--json"], { encoding: "utf8" });
    const { systems, ...rest } = JSON.parse(stdout) as { systems: readonly object[] };
    for (const field of Object.keys(rest))
      expect(["old", "new"].includes(field) || PAGE.includes(`\`${field}`), field).toBe(true);
    const listed = table(PAGE, "field").flatMap(([fields]) => fields!.split(", "));
    expect(listed.sort()).toEqual(
      Object.keys(systems[0]!)
        .filter((field) => field !== "system")
        .sort(),
    );
  });
});
