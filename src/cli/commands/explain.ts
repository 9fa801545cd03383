import { CODE_PAGES, explainCode } from "../../writers/code-pages.js";
import { codeLines, codesDocument, codeText } from "../../writers/codes.js";
import type { Reference } from "../command.js";
import { EXIT, UsageError } from "../exit.js";

export const explain: Reference = {
  name: "explain",
  arguments: [["[code]", "such as ACS_REDIRECT; without it, all of them in a line each"]],
  summary: "what a code means, when one meets it, and what to do",
  detail: "With -q the codes only, one a line. Exit code 0.",
  answer([code]) {
    const pages = code === undefined ? CODE_PAGES : explainCode(code);
    if (pages.length === 0) {
      throw new UsageError(`CODE: there is no code "${code}"; \`peerlane explain\` lists those that there are`);
    }
    return {
      exit: EXIT.yes,
      document: () => codesDocument(pages),
      text: (style) =>
        code === undefined ? codeLines(style) : pages.map((page) => codeText(page, style)).join("\n\n"),
      word: () => [...new Set(pages.map((page) => page.code))],
    };
  },
};
