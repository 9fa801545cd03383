/**
 * The CPUs of a bit mask as sysfs lists them: `0-31,64-95`; empty where no bit is set.
 *
 * @param mask words of at most 32 bits in hexadecimal, the highest first, as `cpumap` and `local_cpus` print them.
 * @returns null where `mask` is no such mask.
 */
export function cpuListOf(mask: string): string | null {
  const words = mask.trim().split(",").reverse();
  const ranges: { first: number; last: number }[] = [];
  for (const [index, word] of words.entries()) {
    if (!/^[0-9a-f]{1,8}$/i.test(word)) return null;
    const bits = parseInt(word, 16);
    for (let bit = 0; bit < WORD; bit++) {
      if (((bits >>> bit) & 1) === 0) continue;
      const cpu = index * WORD + bit;
      const open = ranges.at(-1);
      if (open?.last === cpu - 1) open.last = cpu;
      else ranges.push({ first: cpu, last: cpu });
    }
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/**
 * The mask of a list of CPUs: whole words of eight digits, the highest first.
 *
 * @param list as sysfs prints it: `0-31,64-95`.
 * @param words at least so many: masks of one machine are of one length.
 * @returns null where `list` is no such list, is out of order, or names a CPU above 2^20.
 */
export function cpuMaskOf(list: string, words = 1): string | null {
  const ranges = cpuRanges(list);
  if (ranges === null) return null;
  const mask = new Uint32Array(Math.max(words, cpuWords(list)));
  for (const { first, last } of ranges) {
    for (let cpu = first; cpu <= last; cpu++) mask[Math.trunc(cpu / WORD)]! |= 1 << (cpu % WORD);
  }
  return Array.from(mask, (bits) => bits.toString(16).padStart(8, "0"))
    .reverse()
    .join(",");
}

/** How many words the mask of a list of CPUs takes; 0 where it names none. */
export function cpuWords(list: string): number {
  const last = cpuRanges(list)?.at(-1)?.last;
  return last === undefined ? 0 : Math.trunc(last / WORD) + 1;
}

/** Bits of a word. */
const WORD = 32;

/** More than Linux can be built for. */
const HIGHEST_CPU = 1 << 20;

function cpuRanges(list: string): readonly { readonly first: number; readonly last: number }[] | null {
  const ranges: { first: number; last: number }[] = [];
  for (const part of list === "" ? [] : list.split(",")) {
    const match = /^([0-9]{1,7})(?:-([0-9]{1,7}))?$/.exec(part.trim());
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first <= (ranges.at(-1)?.last ?? -1) || last < first || last > HIGHEST_CPU) return null;
    ranges.push({ first, last });
  }
  return ranges;
}
