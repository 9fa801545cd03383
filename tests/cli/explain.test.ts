import { describe, expect, test } from "vitest";
import { CODE_PAGES } from "../../src/writers/index.js";
import { json, peerlane } from "./run.js";

describe("peerlane explain", () => {
  test("says what a code means, when one meets it and what to do", () => {
    const { code, out } = peerlane(["explain", "acs_redirect"]);
    expect(code).toBe(0);
    expect(out).toContain("ACS_REDIRECT: a bridge on the way redirects");
    expect(out).toContain("peerlane fix A B");
  });

  test("lists every code, with -q one a line", () => {
    const { out } = peerlane(["explain"]);
    for (const { code } of CODE_PAGES) expect(out).toContain(code);
    const quiet = peerlane(["explain", "-q"]).out.trim().split("\n");
    expect(quiet).toEqual([...new Set(CODE_PAGES.map(({ code }) => code))]);
  });

  test("prints documents", () => {
    const { document } = json<{ codes: { code: string; group: string }[] }>(["explain", "PARENT_UNKNOWN"]);
    expect(document.codes.map(({ group }) => group)).toEqual(["unknown", "finding"]);
  });

  test.each([
    [["explain", "NOPE"], 'CODE: there is no code "NOPE"; `peerlane explain` lists those that there are'],
    [["explain", "acs-redirekt"], "did you mean ACS_REDIRECT"],
    [["explain", "mask"], "did you mean DMA_MASK or DMA_MASK_UNKNOWN? `peerlane explain` lists all"],
    [["explain", "DMA_MASK", "-i", "x"], "explain asks no machine: leave -i out"],
  ])("%j is asked wrongly", (words, message) => {
    const { code, out, err } = peerlane(words);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });
});
