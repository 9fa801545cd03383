/** A format of other tools that shows too little of a machine to answer from, and what shows more. */
interface ForeignFormat {
  readonly matches: RegExp;
  readonly name: string;
  readonly instead: string;
}

const FULL_LSPCI = "sudo lspci -D -vvvnnxxxx";

const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  {
    matches: /^\s*<[^]{0,2000}?(?:<!DOCTYPE topology\b|<topology\b)/i,
    name: "hwloc XML",
    instead: `the output of ${FULL_LSPCI}, or the .tar.bz2 of hwloc-gather-topology`,
  },
];

/** What `text` is and what to give instead, where it is output of a known tool that no reader is for. */
export function describeForeign(text: string): string | null {
  const format = FOREIGN_FORMATS.find(({ matches }) => matches.test(text));
  return format === undefined
    ? null
    : `this is ${format.name}, which peerlane does not read: give ${format.instead} instead`;
}
