import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LINT_RULES } from "../../src/nccl/index.js";
import { blocks, directory, page, run } from "./pages.js";
import { capture, peerlane } from "../cli/run.js";

const PAGE = page("docs/nccl.md");

describe("the page of topology files", () => {
  test("lists every code of the checker as the table of rules has it", () => {
    const rows = [...PAGE.matchAll(/^\| `([A-Z0-9_]+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm)];
    const written = Object.fromEntries(
      rows.map(([, code, severity, effect, advice]) => [code!, { severity, effect, advice }]),
    );
    expect(written).toEqual(LINT_RULES);
    expect(Object.keys(written)).toEqual(Object.keys(LINT_RULES));
  });

  test("its map is one of functions that a server has", () => {
    const map = join(directory, "map.txt");
    writeFileSync(map, blocks(PAGE, "text")[0]!);
    const words = ["export", "--to", "nccl-xml", "-i", capture("gpu-server-intel")];
    const { code, out, err } = peerlane([...words, "--guest-map", map]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const busids = [...out.matchAll(/busid="([^"]*)"/g)].map(([, busid]) => busid);
    expect(busids).toEqual(["ffff:ff:01.0", "0000:05:00.0", "0000:06:00.0", "ffff:ff:02.0", "0000:07:00.0"]);
  });

  test("its program says what its comments say", async () => {
    const report = "{ notes: notes.length, codes: findings.map(({ code }) => code) }";
    expect(await run(blocks(PAGE, "ts")[0]!, report)).toEqual({
      notes: 2,
      codes: ["CPU_INCOMPLETE", "LINK_MISSING"],
    });
  });
});
