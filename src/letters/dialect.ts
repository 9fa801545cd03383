/** Whose letters for how far apart two devices are: those of `nvidia-smi topo -m`, of NCCL and RCCL, of Linux. */
export type Dialect = (typeof DIALECTS)[number];

/** All of them. */
export const DIALECTS = ["nvidia", "nccl", "kernel"] as const;

/** A letter, `#` for a number in it, and what it says. */
export type LegendEntry = readonly [letter: string, meaning: string];

/** What the description does not decide, in every dialect. */
export const UNDECIDED = "?";

const UNDECIDED_ENTRY: LegendEntry = [UNDECIDED, "the description lacks what the letter needs"];

/** The letters of each dialect, the nearest first. How they are decided: docs/letters.md. */
export const LEGENDS: Readonly<Record<Dialect, readonly LegendEntry[]>> = {
  nvidia: [
    ["X", "the device itself"],
    ["NV#", "# NVLinks between the two, however far apart they are on PCIe"],
    ["PIX", "at most one PCIe switch or bridge between them"],
    ["PXB", "several switches or bridges, and no host bridge"],
    ["PHB", "through their host bridge"],
    ["NODE", "through different host bridges of one NUMA node"],
    ["SYS", "through different NUMA nodes"],
    ["-", "in different machines"],
    UNDECIDED_ENTRY,
  ],
  nccl: [
    ["LOC", "the device itself, or another port of the same network adapter"],
    ["NVL", "NVLink between the two, or to a switch of it that both are linked to"],
    ["XGMI", "the same over AMD's links, as RCCL says it"],
    ["NVB", "NVLink by way of one other GPU"],
    ["C2C", "both linked to one CPU by C2C"],
    ["PIX", "below one PCIe switch"],
    ["PXB", "across several PCIe switches, and no CPU"],
    ["PHB", "through the CPU: a host bridge, or several of one NUMA node"],
    ["SYS", "through several NUMA nodes"],
    ["NET", "in different machines"],
    UNDECIDED_ENTRY,
  ],
  kernel: [
    ["B#", "PCI_P2PDMA_MAP_BUS_ADDR: # hops, below a common bridge, never up to the host"],
    ["H#", "PCI_P2PDMA_MAP_THRU_HOST_BRIDGE: # hops, the host bridge takes the requests"],
    ["~#", "allowed, # hops, but the description leaves open which of the two"],
    ["NS", "PCI_P2PDMA_MAP_NOT_SUPPORTED"],
    UNDECIDED_ENTRY,
  ],
};

/** What one letter says: its entry in the legend, with the number that it has; null: it is none of the dialect's. */
export function meaningOf(dialect: Dialect, letter: string): string | null {
  const [, number = "#"] = /(\d+)$/.exec(letter) ?? [];
  const shape = letter.replace(/\d+$/, "#");
  const entry = LEGENDS[dialect].find(([each]) => each === letter || each === shape);
  return entry === undefined ? null : entry[1].replace("#", number);
}
