import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { peerlane } from "../cli/run.js";
import { page } from "./pages.js";

// To write them anew: node dist/cli.js export --to svg -i SOURCE > docs/pictures/NAME.svg
test.each([
  ["nvlink-server", "examples/nvlink-server.json"],
  ["power9", "examples/power9.json"],
  ["gpu-server", "tests/fixtures/qemu/gpu-server-intel-iommu/snapshot.tar.gz"],
])("the picture of %s is what export --to svg prints of %s", (name, source) => {
  const path = new URL(`../../${source}`, import.meta.url).pathname;
  expect(peerlane(["export", "--to", "svg", "-i", path])).toEqual({
    code: 0,
    out: page(`docs/pictures/${name}.svg`),
    err: "",
  });
});

test("the pictures of the page are those that are shown, and load in a moment", () => {
  const shown = [page("README.md"), page("docs/page.md")].flatMap((text) => text.match(/[\w-]+\.png(?=")/g) ?? []);
  const folder = new URL("../../docs/pictures/", import.meta.url).pathname;
  const pictures = readdirSync(folder).filter((name) => name.endsWith(".png"));
  expect([...new Set(shown)].sort()).toEqual(pictures.sort());
  for (const name of pictures) {
    const bytes = readFileSync(`${folder}${name}`);
    expect(bytes.subarray(1, 4).toString(), name).toBe("PNG");
    expect(bytes.length, name).toBeLessThan(300_000);
  }
});
