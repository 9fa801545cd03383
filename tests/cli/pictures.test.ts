import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { capture, peerlane } from "./run.js";

const EXAMPLE = new URL("../../examples/nvlink-server.json", import.meta.url).pathname;

const MATRIX = [
  "\tGPU0\tGPU1\tmlx5_0\tCPU Affinity",
  "GPU0\t X \tNV4\tPXB\t0-15",
  "GPU1\tNV4\t X \tPHB\t0-15",
  "mlx5_0\tPXB\tPHB\t X \t",
  "",
].join("\n");

describe("peerlane export", () => {
  test.each([
    ["svg", /^<svg [^]*<\/svg>\n$/],
    ["dot", /^digraph peerlane \{[^]*\}\n$/],
    ["mermaid", /^%% PCI Express topology of nvlink-server\n/],
    ["markdown", /^## PCI Express topology of nvlink-server\n/],
  ])("--to %s prints the file and nothing else", (format, looks) => {
    const { code, out, err } = peerlane(["export", "--to", format, "-i", EXAMPLE]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(looks);
  });

  test("--of chooses what a picture is about", () => {
    const { out } = peerlane(["export", "--to", "dot", "--of", "GPU0,nvme", "-i", EXAMPLE]);
    expect(out).toContain("f0000_03_00_0 [");
    expect(out).not.toContain("f0000_04_00_0 [");
  });

  test("of a machine of which there is nothing but what nvidia-smi says: no empty picture, and its letters in the report", () => {
    const file = join(mkdtempSync(join(tmpdir(), "peerlane-")), "topo.txt");
    writeFileSync(file, MATRIX);
    const said = "nvidia-smi shows no functions: see `peerlane matrix --legend nvidia`";
    for (const format of ["svg", "dot", "mermaid"]) {
      expect(peerlane(["export", "--to", format, "-i", file])).toEqual({
        code: 2,
        out: "",
        err: `peerlane: --to ${format}: there is nothing to draw, for ${said}\n`,
      });
    }
    for (const command of ["tree", "list"]) {
      expect(peerlane([command, "-i", file])).toMatchObject({ code: 0, out: `${said}\n` });
    }
    const { code, out } = peerlane(["export", "--to", "markdown", "-i", file]);
    expect(code).toBe(0);
    expect(out).toContain("- no functions, for nvidia-smi shows none");
    expect(out).toContain("| 0 | GPU0 | X | NV4 | PXB |\n");
    expect(out).toContain("- `NV#` \\# NVLinks between the two");
    expect(out).not.toContain("- `SYS`");
    expect(out).not.toContain("```mermaid");
    expect(out).not.toContain("rules of");
  });

  test("says what does not go together", () => {
    const refused = (...words: string[]) => peerlane(["export", ...words, "-i", EXAMPLE]);
    expect(refused("--of", "gpu")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/^peerlane: --of: json is of all functions; choose with a picture/),
    });
    expect(refused("--to", "svg", "--json")).toMatchObject({ code: 2, out: "" });
    expect(refused("--to", "png").err).toContain("Allowed choices are json, dot, mermaid, svg, markdown");
    expect(peerlane(["export", "--to", "svg", "-i", capture("switch4-intel")]).code).toBe(0);
  });
});
