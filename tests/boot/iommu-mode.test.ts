import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/boot/command-line.js";
import { iommuRequest, parametersForIommu } from "../../src/boot/iommu-mode.js";

const INTEL = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
const AMD = { architecture: "x86", vendor: "AuthenticAMD", family: 25 };
const ARM = { architecture: "arm64" };

describe("parameters that ask for an IOMMU mode", () => {
  test.each([
    ["off", INTEL, { on: false }],
    ["off", AMD, { on: false, allOff: true }],
    ["off", ARM, {}],
    ["passthrough", INTEL, { on: true, mode: "passthrough" }],
    ["passthrough", AMD, { mode: "passthrough" }],
    ["passthrough", ARM, { mode: "passthrough" }],
    ["translating", INTEL, { on: true, mode: "translating" }],
    ["translating", AMD, { mode: "translating" }],
    ["translating", ARM, { mode: "translating" }],
  ] as const)("%s on %j is what they are read as", (mode, cpu, request) => {
    expect(iommuRequest(parseCommandLine(parametersForIommu(mode, cpu)), cpu)).toEqual(request);
  });

  test("win over those that stand in front of them", () => {
    for (const cpu of [INTEL, AMD]) {
      const line = `intel_iommu=on iommu=pt ${parametersForIommu("translating", cpu)}`;
      expect(iommuRequest(parseCommandLine(line), cpu).mode).toBe("translating");
    }
    const off = parseCommandLine(`intel_iommu=on iommu=pt ${parametersForIommu("off", INTEL)}`);
    expect(iommuRequest(off, INTEL).on).toBe(false);
  });
});
