import { expect, test } from "vitest";
import { lintTopology, ncclXml } from "../../src/nccl/index.js";
import { viewOf } from "./files.js";

test("a file is written as NCCL writes it, whatever it was read from", () => {
  const text = `<?xml version="1.0"?>\n<!-- x -->\n<system   version='1'\n><cpu\tnumaid="0"  arch="arm64"  ></cpu>
    <cpu numaid="1" arch="arm64"><pci
      busid="0000:01:00.0"\tclass="0x030200" link_speed="" link_width="0"><!-- y --><gpu dev="0"></gpu></pci></cpu></system>`;
  expect(lintTopology(text).findings.some(({ severity }) => severity === "error")).toBe(true);
  const written = ncclXml(viewOf(text));
  expect(written).toBe(`<system version="1">
  <cpu numaid="0" arch="arm64"/>
  <cpu numaid="1" arch="arm64">
    <pci busid="0000:01:00.0" class="0x030200" link_speed="" link_width="0">
      <gpu dev="0"/>
    </pci>
  </cpu>
</system>
`);
  expect(lintTopology(written).findings.map(({ code }) => code)).toEqual(["LINK_MISSING", "LINK_ZERO"]);
});

test("values that would end an attribute or an element are read back as they were", () => {
  const value = `a"b'c<d>&amp;\n\te`;
  const view = { tool: "nccl", system: { element: "system", attributes: { version: "1", name: value }, children: [] } };
  const written = ncclXml({ ...view, tool: "nccl" });
  expect(viewOf(written).system.attributes["name"]).toBe(value);
  expect(lintTopology(written).findings.map(({ code }) => code)).toEqual(["ENTITY"]);
});
