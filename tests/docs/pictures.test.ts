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
