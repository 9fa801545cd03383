/** CPUs, or bits, from the first to the last, both included. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** The bits that are set, lowest first, no two runs touching; `words` of 32 bits, the lowest first. */
export function runsOf(words: readonly number[]): Run[] {
  const runs: { first: number; last: number }[] = [];
  words.forEach((word, index) => {
    for (let bit = 0; bit < WORD; bit++) {
      if (((word >>> bit) & 1) === 0) continue;
      const at = index * WORD + bit;
      const open = runs.at(-1);
      if (open?.last === at - 1) open.last = at;
      else runs.push({ first: at, last: at });
    }
  });
  return runs;
}

/** As Linux lists them: `0-31,64-95`; empty for none. */
export function formatRuns(runs: readonly Run[]): string {
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** Whether `text` is such a list, in order and of CPUs below 2^20; an empty one, of no CPU, is. */
export function isCpuList(text: string): boolean {
  return cpuRuns(text) !== null;
}

/**
 * The CPUs of a bit mask as sysfs lists them: `0-31,64-95`; empty where no bit is set.
 *
 * @param mask words of at most 32 bits in hexadecimal, the highest first, as `cpumap` and `local_cpus` print them.
 * @returns null where `mask` is no such mask.
 */
export function cpuListOf(mask: string): string | null {
  const words = mask.trim().split(",").reverse();
  if (!words.every((word) => /^[0-9a-f]{1,8}$/i.test(word))) return null;
  return formatRuns(runsOf(words.map((word) => parseInt(word, 16))));
}

/**
 * The mask of a list of CPUs: whole words of eight digits, the highest first.
 *
 * @param list as sysfs prints it: `0-31,64-95`.
 * @param words at least so many: masks of one machine are of one length.
 * @returns null where `list` is no such list, is out of order, or names a CPU above 2^20.
 */
export function cpuMaskOf(list: string, words = 1): string | null {
  const runs = cpuRuns(list);
  if (runs === null) return null;
  const mask = new Uint32Array(Math.max(words, cpuWords(list)));
  for (const { first, last } of runs) {
    for (let cpu = first; cpu <= last; cpu++) mask[Math.trunc(cpu / WORD)]! |= 1 << (cpu % WORD);
  }
  return Array.from(mask, (bits) => bits.toString(16).padStart(8, "0"))
    .reverse()
    .join(",");
}

/** How many words the mask of a list of CPUs takes; 0 where it names none. */
export function cpuWords(list: string): number {
  const last = cpuRuns(list)?.at(-1)?.last;
  return last === undefined ? 0 : Math.trunc(last / WORD) + 1;
}

/** Whether either list holds all of the other, each of CPUs or of NUMA nodes; null where one is no such list. */
export function areNested(one: string, other: string): boolean | null {
  const [a, b] = [cpuRuns(one), cpuRuns(other)];
  return a === null || b === null ? null : holdsAll(a, b) || holdsAll(b, a);
}

function holdsAll(outer: readonly Run[], inner: readonly Run[]): boolean {
  const joined: { first: number; last: number }[] = [];
  for (const { first, last } of outer) {
    const open = joined.at(-1);
    if (open?.last === first - 1) open.last = last;
    else joined.push({ first, last });
  }
  let at = 0;
  return inner.every(({ first, last }) => {
    while (at < joined.length && joined[at]!.last < first) at++;
    return at < joined.length && joined[at]!.first <= first && last <= joined[at]!.last;
  });
}

/** Bits of a word. */
const WORD = 32;

/** More than Linux can be built for. */
const HIGHEST_CPU = 1 << 20;

function cpuRuns(list: string): readonly Run[] | null {
  const runs: Run[] = [];
  for (const part of list === "" ? [] : list.split(",")) {
    const match = /^([0-9]{1,7})(?:-([0-9]{1,7}))?$/.exec(part.trim());
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first <= (runs.at(-1)?.last ?? -1) || last < first || last > HIGHEST_CPU) return null;
    runs.push({ first, last });
  }
  return runs;
}
