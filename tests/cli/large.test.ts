import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import type { CommonDocument } from "../../src/writers/common.js";
import type { ListDocument } from "../../src/writers/list.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";
import { json, peerlane } from "./run.js";

const folder = mkdtempSync(`${tmpdir()}/peerlane-`);
afterAll(() => rmSync(folder, { recursive: true }));

function made(shape: string, functions: number): string {
  const path = `${folder}/${shape}.bin`;
  const { err } = peerlane(["synth", shape, "--functions", String(functions), "-o", path]);
  expect(err).toBe("");
  return path;
}

describe("functions that share a name", () => {
  const file = made("caterpillar", 2001);
  const { functions } = json<ListDocument>(["list", "-i", file]).document;
  const ends = functions.filter(({ kind }) => kind === "endpoint");
  const first = ends.find(({ bdf }, at) => ends[at + 1]?.bdf === bdf)!;
  const second = ends[ends.indexOf(first) + 1]!;
  const [a, b] = [`#${first.id}`, `#${second.id}`];

  test("are asked by id", () => {
    expect(first.bdf).toBe(second.bdf);
    const common = json<CommonDocument>(["common", a, b, "-i", file]);
    expect(common).toMatchObject({ code: 0, document: { a: first.bdf, b: second.bdf } });
    expect(common.document.distance).toBeGreaterThan(2);
    expect(json<VerdictDocument>(["can", a, b, "-i", file]).document).toMatchObject({
      verdict: "yes",
      route: "bus-address",
    });
    const start = second.bars[0]!.start!;
    for (const words of [
      ["common", a, b],
      ["can", a, b],
      ["map", a, start, "4K"],
      ["matrix", "--of", `${a},${b}`],
    ]) {
      expect([words, peerlane([...words, "-i", file])]).toMatchObject([words, { code: 0, err: "" }]);
    }
    expect(peerlane(["owner", start, "-i", file])).toMatchObject({ code: 0, err: "" });
  });

  test("are told so", () => {
    expect(peerlane(["can", first.bdf, b, "-i", file])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^peerlane: PROVIDER: "\S+" names \d+ functions: write '#ID' in quotes, with an id /),
    });
    expect(peerlane(["can", "#99999", b, "-i", file])).toMatchObject({
      code: 2,
      err: "peerlane: PROVIDER: no function has the id 99999: ids are those that `list --json` shows\n",
    });
    expect(peerlane(["can", "#1", b, "-i", file]).err).toContain("is a host bridge");
    expect(peerlane(["--help"]).out).toContain("'#ID'");
  });

  test("hang in a tree that is too deep to be nested", () => {
    expect(peerlane(["tree", "--json", "-i", file])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("take `list --json`"),
    });
    expect(peerlane(["tree", "-i", file]).out.split("\n")).toHaveLength(2003);
  });
});

test("an owner is named as by every other command, with its system where the source has several", () => {
  const file = made("gpu-servers", 120);
  const [entry] = json<ListDocument>(["list", "-i", file]).document.functions.filter(
    ({ bdf, bars }) => bdf.startsWith("s1/") && bars.length > 0,
  );
  const start = entry!.bars[0]!.start!;
  const ask = (...words: string[]) => peerlane([...words, "-i", file]).out;
  expect(ask("owner", start, "--system", "s1", "-q")).toBe(`${entry!.bdf}\n`);
  expect(ask("owner", start, "--system", "s1")).toContain(`belongs to ${entry!.bdf} `);
  expect(ask("map", entry!.bdf, start, "4K")).toContain(entry!.bdf);
});
