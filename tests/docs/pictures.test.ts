import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Topology } from "../../src/index.js";
import { read } from "../../src/readers/index.js";
import { pictureOf, pictureSvg } from "../../src/writers/index.js";
import { captureFile } from "../readers/fixtures.js";
import { page } from "./pages.js";

// To write them anew: peerlane export --to svg -i examples/nvlink-server.json > docs/pictures/nvlink-server.svg, and so on.
describe("the pictures are what export --to svg prints", () => {
  test.each(["nvlink-server", "power9"])("of the example %s", (name) => {
    const text = readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), "utf8");
    expect(page(`docs/pictures/${name}.svg`)).toBe(`${pictureSvg(pictureOf(Topology.of(JSON.parse(text))))}\n`);
  });

  test("of the server that `npm run example` asks about", async () => {
    const bytes = captureFile("gpu-server-intel-iommu", "snapshot.tar.gz");
    const { machine } = await read([{ name: "snapshot.tar.gz", bytes }]);
    expect(page("docs/pictures/gpu-server.svg")).toBe(`${pictureSvg(pictureOf(Topology.of(machine)))}\n`);
  });
});
