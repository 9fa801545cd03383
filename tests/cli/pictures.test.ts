import { describe, expect, test } from "vitest";
import { capture, peerlane } from "./run.js";

const EXAMPLE = new URL("../../examples/nvlink-server.json", import.meta.url).pathname;

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
