import { describe, expect, test } from "vitest";
import { PAIRS_LIMIT, SHARED_PAIRS_LIMIT } from "../../src/partners/index.js";
import { peerlane } from "../cli/run.js";
import { blocks, page, run } from "./pages.js";

const PAGE = page("docs/partners.md");

describe("the page on partners", () => {
  test("its command prints what it shows", () => {
    const [block] = blocks(PAGE, "console");
    const [command, ...output] = block!.split("\n");
    expect(command).toMatch(/^\$ peerlane best /);
    expect(peerlane(command!.split(" ").slice(2)).out).toBe(output.join("\n"));
  });

  test("its program finds what its comments say", async () => {
    expect(await run(blocks(PAGE, "ts")[0]!, "{ names, variables: settings.variables }")).toMatchObject({
      names: [["0000:05:00.0"], ["0000:0b:00.0"]],
      variables: { NCCL_IB_HCA: "=mlx5_0,mlx5_1" },
    });
  });

  test("its limits are those of the library", () => {
    for (const limit of [PAIRS_LIMIT, SHARED_PAIRS_LIMIT]) expect(PAGE).toContain(limit.toLocaleString("en-US"));
  });
});
