import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { shapes } from "../../src/fabrics/index.js";
import { blocks, CLI, directory, page, run, table } from "./pages.js";

const PAGE = page("docs/fabrics.md");

describe("the page on fabrics", () => {
  test.each(
    // Those that read what the first one made run behind it.
    [blocks(PAGE, "")[0]!.trim().split("\n")],
  )("its commands run", (...commands) => {
    for (const command of commands) {
      const shell = `peerlane() { "${process.execPath}" "${CLI}" "$@"; }; set -o pipefail; ${command}`;
      const { status, stderr } = spawnSync("bash", ["-c", shell], { cwd: directory, encoding: "utf8" });
      expect([0, 1, 3], `${command}: ${stderr}`).toContain(status);
    }
  });

  test("its program runs", async () => {
    const report = "{ size: topology.size, functions: functions.length, systems: columns.systems.length }";
    expect(await run(blocks(PAGE, "ts")[0]!, report)).toMatchObject({ functions: 1_000_000, systems: 1000 });
  });

  test("lists the shapes", () => {
    const listed = table(PAGE, "shape").map(([name, description, functions]) => {
      return [name, description, Number(functions!.replaceAll(",", ""))];
    });
    const known = Object.entries(shapes).map(([name, { description, functions }]) => [name, description, functions]);
    expect(listed).toEqual(known);
  });

  test("lists the options of synth", () => {
    const { stdout } = spawnSync(process.execPath, [CLI, "synth", "--help"], { encoding: "utf8" });
    const flags = table(PAGE, "option", "synth").map(([, flag]) => flag!);
    for (const flag of flags) expect(stdout).toContain(flag);
  });
});
