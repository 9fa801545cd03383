import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DIALECTS, LEGENDS } from "../../src/letters/dialect.js";
import * as writers from "../../src/writers/index.js";
import { CLI, page, ROOT, table } from "./pages.js";

const PAGE = page("docs/letters.md");

describe("the page on letters", () => {
  test.each(DIALECTS)("has the letters of %s with what each says", (dialect) => {
    const listed = table(PAGE, dialect, "says").map(([letter, meaning]) => [letter, meaning]);
    expect(listed).toEqual(LEGENDS[dialect]);
  });

  test("names calls that there are", () => {
    for (const name of ["claimsOf", "viewClaims", "compareClaims"]) {
      expect(PAGE).toContain(`\`${name}(`);
      expect(writers).toHaveProperty(name);
    }
  });

  test("names options that there are", () => {
    const { stdout } = spawnSync(process.execPath, [CLI, "matrix", "--help"], { encoding: "utf8", cwd: ROOT });
    for (const option of ["--legend", "--compare", "--name", "--of"]) {
      expect(PAGE).toContain(option);
      expect(stdout).toContain(option);
    }
    const example = join(ROOT, "examples/nvlink-server.json");
    const { status } = spawnSync(process.execPath, [CLI, "matrix", "--legend", "nvidia", "-i", example]);
    expect(status).toBe(0);
  });
});
