/*
 * hwloc's bitmaps: 32 bits a word, the highest word first, words that are zero left out.
 *
 *     0x000000ff,0xffffff00    bits 8 to 39
 *     0xf0000000,,0x00000101   bits 0, 8 and 92 to 95
 *     0xf...f,0x00000001       bits 0, 32 and all above: it has no end
 */

/** From the first to the last, both included; the last of a bitmap without end is Infinity. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** The bits that are set, lowest first, no two runs touching; null where `text` is no bitmap. */
export function parseBitmap(text: string): readonly Run[] | null {
  const words = text.split(",");
  const isEndless = words[0] === "0xf...f";
  if (isEndless) words.shift();
  if (!words.every((word) => /^(?:0x[0-9a-f]{1,8})?$/i.test(word))) return null;
  if (!isEndless && words[0] === "") return null;
  const runs: { first: number; last: number }[] = [];
  const add = (first: number, last: number) => {
    const before = runs.at(-1);
    if (before?.last === first - 1) before.last = last;
    else runs.push({ first, last });
  };
  words.reverse().forEach((word, index) => {
    const bits = word === "" ? 0 : parseInt(word, 16);
    for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) add(index * 32 + bit, index * 32 + bit);
  });
  if (isEndless) add(words.length * 32, Infinity);
  return runs;
}

/** As Linux lists them: `0-31,64-95`; empty for none. */
export function formatRuns(runs: readonly Run[]): string {
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join();
}
