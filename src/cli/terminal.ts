import picocolors from "picocolors";
import type { Style } from "../writers/style.js";
import type { SharedOptions } from "./options.js";

const DEFAULT_WIDTH = 80;
const NARROWEST = 40;

/** How text is to look on this terminal, or in this pipe. */
export function terminalStyle(when: SharedOptions["color"]): Style {
  const colors = picocolors.createColors(hasColours(when));
  return {
    width: widthOf(process.env["COLUMNS"]),
    unicode: speaksUnicode(),
    good: colors.green,
    doubtful: colors.yellow,
    bad: colors.red,
    strong: colors.bold,
    faint: colors.dim,
  };
}

/** The option decides, then NO_COLOR (no-color.org), then FORCE_COLOR, then whether somebody is looking. */
export function hasColours(when: SharedOptions["color"]): boolean {
  const { NO_COLOR = "", FORCE_COLOR, TERM } = process.env;
  if (when === "always" || when === "never") return when === "always";
  if (NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return process.stdout.isTTY === true && TERM !== "dumb";
}

function widthOf(columns: string | undefined): number {
  const stated = Number(columns);
  const width = Number.isInteger(stated) && stated > 0 ? stated : process.stdout.columns || DEFAULT_WIDTH;
  return Math.max(width, NARROWEST);
}

function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}
