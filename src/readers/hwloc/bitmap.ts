import { runsOf, type Run } from "../../topology/cpu-list.js";

/*
 * hwloc's bitmaps: 32 bits a word, the highest word first, words that are zero left out.
 *
 *     0x000000ff,0xffffff00    bits 8 to 39
 *     0xf0000000,,0x00000101   bits 0, 8 and 92 to 95
 *     0xf...f,0x00000001       bits 0, 32 and all above: it has no end
 */

/**
 * The bits that are set, lowest first, no two runs touching, and the last without end where the bitmap is; null where
 * `text` is no bitmap.
 */
export function parseBitmap(text: string): readonly Run[] | null {
  const words = text.split(",");
  const isEndless = words[0] === "0xf...f";
  if (isEndless) words.shift();
  if (!words.every((word) => /^(?:0x[0-9a-f]{1,8})?$/i.test(word))) return null;
  if (!isEndless && words[0] === "") return null;
  const runs = runsOf(words.reverse().map((word) => (word === "" ? 0 : parseInt(word, 16))));
  if (!isEndless) return runs;
  const end = words.length * 32;
  const last = runs.at(-1)?.last === end - 1 ? runs.pop() : undefined;
  return [...runs, { first: last?.first ?? end, last: Infinity }];
}
