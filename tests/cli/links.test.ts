import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { MatrixDocument, VerdictDocument } from "../../src/writers/index.js";
import { json, peerlane } from "./run.js";

const SERVER = fileURLToPath(new URL("../../examples/nvlink-server.json", import.meta.url));

describe("a machine with side links", () => {
  test.each([
    ["GPU0", "GPU3", "yes", 0],
    ["GPU0", "GPU5", "no", 1],
    ["mlx5_0", "GPU0", "no", 1],
  ])("can %s %s is %s, exit code %i", (provider, client, word, code) => {
    expect(peerlane(["can", provider, client, "-i", SERVER, "-q"])).toEqual({ code, out: `${word}\n`, err: "" });
  });

  test("map over a link is a yes without a DMA address", () => {
    const words = ["map", "GPU3", "0x380000000000", "4K", "-i", SERVER];
    const { code, document } = json(words);
    expect(code).toBe(0);
    expect(document).toMatchObject({ ok: true, route: "side-link", dmaAddress: null, translation: "link" });
    expect(peerlane([...words, "-q"]).out).toBe("yes\n");
  });

  test("matrix has the route of the link and Linux's distance", () => {
    const { document } = json<MatrixDocument>(["matrix", "--of", "GPU0,GPU3,GPU5", "-i", SERVER]);
    expect(document.route).toEqual([
      ["local", "side-link", "not-supported"],
      ["side-link", "local", "not-supported"],
      ["not-supported", "not-supported", "local"],
    ]);
    expect(document.distance).toEqual([
      [0, -1, -1],
      [-1, 0, -1],
      [-1, -1, 0],
    ]);
    expect(document.answer[0]).toEqual(["yes", "yes", "no"]);
  });

  test("can shows an attachment to the host, which is no route", () => {
    const { code, document } = json<VerdictDocument>(["can", "accel0", "GPU4", "-i", SERVER]);
    expect([code, document.route, document.link]).toEqual([1, "not-supported", null]);
    expect(document.attachments).toEqual([{ bdf: "0000:90:00.0", kind: "cxl" }]);
  });

  test("a link to nobody is exit code 2 and says where to look", () => {
    const sideLinks = [{ kind: "nvlink", from: "0000:00:01.0", to: "0000:09:00.0" }];
    const systems = [{ functions: [{ bdf: "0000:00:01.0", parent: null }], sideLinks }];
    const { code, out, err } = peerlane(["tree", "-i", "-"], { input: JSON.stringify({ peerlane: 1, systems }) });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/FUNCTION_MISSING: the nvlink link from 0000:00:01.0 to 0000:09:00.0 names 0000:09:00.0/);
  });
});
