import type { Style } from "../../src/writers/style.js";
import type { Line, Span } from "./protocol.js";

/*
 * The writers' words with their looks, as data. A style marks what it is given: a mark that opens, the text, a mark that
 * closes, of characters that no text has (a private use area). Writers measure text, so that marks take no columns
 * there: they have the shape of a terminal's colours.
 */
const LOOKS = ["good", "doubtful", "bad", "strong", "faint"] as const;

const marked = (look: number) => (text: string) => `\x1b[9${look}m${text}\x1b[99m`;

/** For a part of the page that scrolls: wide, with line drawing. */
export const PAGE_STYLE: Style = {
  width: 100,
  unicode: true,
  good: marked(0),
  doubtful: marked(1),
  bad: marked(2),
  strong: marked(3),
  faint: marked(4),
};

/** What a writer wrote in {@link PAGE_STYLE}, line by line. Within one another the innermost look counts. */
export function linesOf(text: string): readonly Line[] {
  const looks: Span["look"][] = [];
  return text.split("\n").map((line) =>
    line.split(/(\x1b\[9\dm)/).flatMap((part): Span[] => {
      const [, digit] = /^\x1b\[9(\d)m$/.exec(part) ?? [];
      if (digit === undefined) return part === "" ? [] : [{ text: part, look: looks.at(-1) ?? "plain" }];
      const look = LOOKS[Number(digit)];
      if (look === undefined) looks.pop();
      else looks.push(look);
      return [];
    }),
  );
}
