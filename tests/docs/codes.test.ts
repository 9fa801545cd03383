import { describe, expect, test } from "vitest";
import { DIAGNOSES } from "../../src/doctor/ids.js";
import { CODES, FAULT_CODES } from "../../src/index.js";
import { ATTACH_CODES } from "../../src/transfer/index.js";
import { CODE_PAGES, codesMarkdown, explainCode } from "../../src/writers/index.js";
import { page } from "./pages.js";

describe("the page of codes", () => {
  test("is what the table says", () => {
    // To write it anew: node -e 'import("./dist/writers.js").then((w) => process.stdout.write(w.codesMarkdown()))'
    expect(page("docs/codes.md")).toBe(codesMarkdown());
  });

  test("has every code of an answer once, with what it means, when one meets it and what to do", () => {
    const answers = CODE_PAGES.filter(({ group }) => group === "refusal" || group === "unknown");
    expect(answers.map(({ code }) => code)).toEqual(Object.keys(CODES));
    for (const { code, meaning, cause, remedy } of CODE_PAGES) {
      expect(meaning, code).toMatch(/[^.]$/);
      expect(cause, code).toMatch(/\.$/);
      expect(remedy, code).toMatch(/[.:`]$/);
    }
  });

  test("has every code of the other tables", () => {
    const paged = new Set<string>(CODE_PAGES.map(({ code }) => code));
    for (const table of [FAULT_CODES, DIAGNOSES, ATTACH_CODES]) {
      for (const code of Object.keys(table)) expect(paged.has(code), code).toBe(true);
    }
  });

  test("is of one group for each heading", () => {
    const groups = [...new Set(CODE_PAGES.map(({ group }) => group))];
    expect(codesMarkdown().match(/^## /gm)).toHaveLength(groups.length);
  });

  test("explains a code that is an answer and a finding as both, however it is spelled", () => {
    expect(explainCode("parent-unknown").map(({ group }) => group)).toEqual(["unknown", "finding"]);
    expect(explainCode(" Iova only ").map(({ code }) => code)).toEqual(["IOVA_ONLY"]);
    expect(explainCode("NO_SUCH_CODE")).toEqual([]);
  });
});
