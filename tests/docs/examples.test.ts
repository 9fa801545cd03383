import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatJson } from "../../src/writers/index.js";
import { read } from "../../src/readers/index.js";
import { Topology } from "../../src/index.js";
import { captureFile } from "../readers/fixtures.js";
import { ROOT } from "./pages.js";

const example = (name: string) => readFileSync(join(ROOT, "examples", name));

describe("the machines among the examples", () => {
  test.each([
    ["power9.json", "ppc-powernv9"],
    ["arm64-virt.json", "arm64-virt-dt"],
  ])("%s is the captured machine %s", async (name, capture) => {
    const { machine } = await read([{ name: capture, bytes: captureFile(capture, "snapshot.tar.gz") }]);
    expect(example(name).toString()).toBe(`${formatJson(machine)}\n`);
  });

  test.each(["arm-soc.json", "arm64-virt.json", "nvlink-server.json", "power9.json"])(
    "%s is read without a word, and nothing about it is odd",
    async (name) => {
      const { machine, findings } = await read([{ name, bytes: example(name) }]);
      expect(findings).toEqual([]);
      expect(Topology.of(machine).findings).toEqual([]);
    },
  );
});
