import { describe, expect, test } from "vitest";
import type { ListDocument } from "../../src/writers/list.js";
import { json, peerlane } from "./run.js";

const NUMBERS = "00:00.0 0600: 8086:1237\n01:00.0 0302: 10de:2330\n02:00.0 0302: 10de:fffe\n03:00.0 0200: 0002:0001\n";
const labels = (input: string) =>
  json<ListDocument>(["list", "-i", "-"], { input }).document.functions.map(({ label }) => label);

describe("devices of which the source shows numbers alone", () => {
  test("have names, as far as anybody gave them some", () => {
    expect(labels(NUMBERS)).toEqual([
      "Intel Corporation 440FX - 82441FX PMC [Natoma]",
      "NVIDIA Corporation GH100 [H100 SXM5 80GB]",
      "NVIDIA Corporation Device fffe",
      null,
    ]);
    expect(peerlane(["tree", "-i", "-"], { input: NUMBERS }).out).toContain("NVIDIA GH100 [H100 SXM5 80GB]");
    expect(peerlane(["common", "01:00.0", "01:00.0", "-i", "-"], { input: NUMBERS }).out).toContain("NVIDIA GH100");
  });

  test("keep the names that the source has", () => {
    const named = `${NUMBERS}04:00.0 3D controller [0302]: Example Accelerator [10de:2330]\n`;
    expect(labels(named).at(-1)).toBe("Example Accelerator");
  });

  test("are exported as they were described", () => {
    const { out } = peerlane(["export", "-i", "-"], { input: NUMBERS });
    expect(out).toContain('"device": "2330"');
    expect(out).not.toContain("label");
  });
});
