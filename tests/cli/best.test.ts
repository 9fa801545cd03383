import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { PartnersDocument } from "../../src/writers/index.js";
import { json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-best-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SERVER = "examples/nvlink-server.json";
type Document = Omit<PartnersDocument, "devices"> & {
  readonly devices: readonly (PartnersDocument["devices"] extends Iterable<infer Entry> ? Entry : never)[];
};

describe("peerlane best", () => {
  test("prints the nearest partner of each device, why some are refused, and settings", () => {
    const { code, out } = peerlane(["best", "--for", "GPU0,GPU1", "--of", "nics", "-i", SERVER]);
    expect(code).toBe(1);
    expect(out).toMatch(/^0000:03:00\.0 GPU0 +0000:05:00\.0 mlx5_0 +not-supported +4 +same/m);
    expect(out).toContain("ACS_REDIRECT, of which `peerlane can` and `peerlane explain` say");
    expect(out).toContain("  NCCL_IB_HCA='=mlx5_0'\n");
    expect(out).toContain("process of 0000:04:00.0 (CUDA 1): UCX_NET_DEVICES=mlx5_0:1");
    expect(out).toContain(`--disaggregation-ib-device '{"0":"mlx5_0","1":"mlx5_0"}'`);
  });

  test("prints documents, with the other roles where they differ", () => {
    const words = ["best", "--for", "GPU0,GPU1", "--exclusive", "--cpu", "AuthenticAMD:25", "-i", SERVER];
    const { code, document } = json<Document>(words);
    expect(code).toBe(0);
    expect(document).toMatchObject({ memory: "device", direction: "both", share: 1 });
    expect(document.devices.map(({ device, partners }) => [device, partners.map((each) => each.function)])).toEqual([
      ["0000:03:00.0", ["0000:05:00.0"]],
      ["0000:04:00.0", ["0000:0b:00.0"]],
    ]);
    expect(document.devices.map(({ nearest }) => nearest)).toEqual([true, false]);
    expect(document.devices[0]!.partners[0]).toEqual({
      function: "0000:05:00.0",
      names: ["mlx5_0"],
      verdict: "yes-through-host-bridge",
      route: "through-host-bridge",
      code: null,
      distance: 4,
      letter: null,
      sameNumaNode: true,
      bandwidth: null,
      memory: "ok",
      swapped: null,
    });
    expect(document.unused).toEqual(["0000:85:00.0", "0000:8b:00.0"]);
    expect(document.settings!.variables).toMatchObject({ NVSHMEM_HCA_PE_MAPPING: "mlx5_0:1:1,mlx5_1:1:1" });
  });

  test("with -q a line for each device", () => {
    const { out } = peerlane(["best", "--for", "GPU0,GPU1", "--share", "1", "--of", "mlx5_0", "-q", "-i", SERVER]);
    expect(out).toBe("0000:03:00.0 0000:05:00.0\n0000:04:00.0 none\n");
  });

  test("groups hold no virtual functions, and say so", () => {
    const functions = [
      {
        bdf: "0000:00:01.0",
        kind: "endpoint",
        class: "0200",
        physicalFunction: null,
        sriov: { control: 9, totalVfs: 1, numVfs: 1, firstOffset: 1, stride: 1 },
      },
      { bdf: "0000:00:01.1", kind: "endpoint", class: "0200", physicalFunction: "0000:00:01.0" },
      { bdf: "0000:00:02.0", kind: "endpoint", class: "0300", vendor: "10de" },
      { bdf: "0000:00:03.0", kind: "conventional", class: "0300", vendor: "1a03" },
    ];
    const file = join(directory, "vf.json");
    writeFileSync(file, JSON.stringify({ peerlane: 1, systems: [{ functions }] }));
    const { out, err } = peerlane(["best", "-i", file]);
    expect(out).toMatch(/0000:00:02\.0 +0000:00:01\.0/);
    expect(out).not.toContain("0000:00:01.1");
    expect(err).toContain("note: --of: virtual functions left out, 1 in all, such as 0000:00:01.1");
    expect(err).toContain("note: --for: displays of management controllers left out, 1 in all, such as 0000:00:03.0");
    expect(peerlane(["best", "--of", "00:01.1", "-q", "-i", file]).out).toBe("0000:00:02.0 0000:00:01.1\n");
    const none = peerlane(["best", "--for", "nvme", "-i", file]);
    expect([none.code, none.out]).toEqual([3, "the source shows no device to find partners for\n"]);
  });

  test.each([
    [["--share", "0"], "--share: expected how many devices may have one partner"],
    [["--share", "2", "--exclusive"], "cannot be used with"],
    [["--for", "gpux"], "groups are all, endpoint"],
    [["--of", ""], "--of: expected all, endpoint"],
    [["--memory", "mine"], "Allowed choices are device, candidate"],
  ])("%j is asked wrongly", (words, message) => {
    const { code, out, err } = peerlane(["best", ...words, "-i", SERVER]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });

  test("more pairs of one system than fit are refused before any work", () => {
    const file = join(directory, "fabric.bin");
    peerlane(["synth", "one-root", "--functions", "1e5", "-o", file]);
    const shape = peerlane(["synth", "gpu-servers", "--functions", "3000", "-o", file]);
    expect(shape.code).toBe(0);
    const { code, document } = json<Document>(["best", "-i", file]);
    expect([0, 1, 3]).toContain(code);
    expect(document.devices.length).toBeGreaterThan(100);
    expect(document.settings).toBeNull();
  });
});
