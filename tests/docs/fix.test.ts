import { describe, expect, test } from "vitest";
import { PROFILES } from "../../src/fix/profiles.js";
import { capture, peerlane } from "../cli/run.js";
import { blocks, page, ROOT, run, table } from "./pages.js";

const PAGE = page("docs/fix.md");

describe("the page on fixes", () => {
  test("its command begins as it shows", () => {
    const [[command, first]] = blocks(PAGE, "console").map((block) => block.trim().split("\n")) as [[string, string]];
    const words = command.slice("$ peerlane ".length).split(" ");
    const place = words.map((word) => (word.includes("/") ? capture(word.split("/")[0]!) : word));
    expect(peerlane(place)).toMatchObject({ code: 1, out: expect.stringMatching(new RegExp(`^${escaped(first)}\n`)) });
  });

  test("its program says what its comments say", async () => {
    const [program] = blocks(PAGE, "ts") as [string];
    const code = program.replace('"tests/fixtures', `"${ROOT}tests/fixtures`);
    const plan = await run(code, "{ ...plan, lines }");
    expect(plan).toMatchObject({
      status: "acs",
      changes: [{ bdf: "0000:02:00.0", now: 0x1d, clear: 0x0c, wanted: 0x11 }, { bdf: "0000:02:01.0" }],
      boot: { parameter: "pci=config_acs=xx100x1@0000:02:00.0;xx100x1@0000:02:01.0" },
      lines: [expect.stringContaining("GRUB_CMDLINE_LINUX=")],
    });
  });

  test("its options name every profile", () => {
    const options = table(PAGE, "option", "meaning").map(([option]) => option);
    expect(options).toEqual(expect.arrayContaining(PROFILES.map((name) => `--profile ${name}`)));
  });
});

function escaped(text: string): string {
  return text.replace(/[()[\].*+?^$|\\]/g, "\\$&");
}
