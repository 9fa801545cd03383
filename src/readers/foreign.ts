/** A format of other tools that shows too little of a machine to answer from, and what shows more. */
interface ForeignFormat {
  readonly matches: RegExp;
  readonly name: string;
  readonly instead: string;
}

const FULL_LSPCI = "sudo lspci -D -vvvnnxxxx";

const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  {
    matches: /^\s*<(?:[^]{0,2000}?<)?system version=/,
    name: "an NCCL or RCCL topology in XML",
    instead: `the output of ${FULL_LSPCI} of that machine`,
  },
  {
    matches: /^[0-9a-f:]+\.[0-7] "[^"]*" "[^"]*" "/im,
    name: "the output of lspci -m or -mm",
    instead: `the output of ${FULL_LSPCI}`,
  },
  {
    matches: /^(?:Slot|Device):\t[0-9a-f:]+\.[0-7]\r?\nClass:\t/im,
    name: "the output of lspci -vm or -vmm",
    instead: `the output of ${FULL_LSPCI}`,
  },
  {
    matches: /^\s*(?:GPU0|NIC0|mlx\d_0)(?:[ \t]+(?:GPU|NIC|mlx)[\w]+)*[ \t]+CPU Affinity\b|^GPU0[ \t]+X[ \t]/m,
    name: "the output of nvidia-smi topo -m",
    instead: `the output of ${FULL_LSPCI} of that machine`,
  },
];

/** What `text` is and what to give instead, where it is output of a known tool that no reader is for. */
export function describeForeign(text: string): string | null {
  const format = FOREIGN_FORMATS.find(({ matches }) => matches.test(text));
  return format === undefined
    ? null
    : `this is ${format.name}, which peerlane does not read: give ${format.instead} instead`;
}
