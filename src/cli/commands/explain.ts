import { CODE_PAGES, explainCode } from "../../writers/code-pages.js";
import { codeLines, codesDocument, codeText } from "../../writers/codes.js";
import type { Reference } from "../command.js";
import { EXIT, UsageError } from "../exit.js";
import { editsBetween } from "../spelling.js";

export const explain: Reference = {
  name: "explain",
  arguments: [["[code]", "such as ACS_REDIRECT; without it, all of them in a line each"]],
  summary: "what a code means, when one meets it, and what to do",
  detail: "With -q the codes only, one a line. Exit code 0.",
  answer([code]) {
    const pages = code === undefined ? CODE_PAGES : explainCode(code);
    if (pages.length === 0) {
      throw new UsageError(`CODE: there is no code "${code}"; ${advice(code!)}`);
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

const SUGGESTIONS = 3;

/** Codes that differ in few letters, else those that have a word of it. */
function advice(text: string): string {
  const wanted = text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
  const all = [...new Set(CODE_PAGES.map(({ code }) => code))];
  const limit = Math.max(2, Math.floor(wanted.length / 4));
  const near = all
    .map((code) => ({ code, edits: editsBetween(wanted, code, limit) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits)
    .map(({ code }) => code);
  const words = new Set(wanted.split("_").filter((word) => word.length >= 3));
  const meant = near.length > 0 ? near : all.filter((code) => code.split("_").some((word) => words.has(word)));
  if (meant.length === 0) return "`peerlane explain` lists those that there are";
  return `did you mean ${meant.slice(0, SUGGESTIONS).join(" or ")}? \`peerlane explain\` lists all`;
}
