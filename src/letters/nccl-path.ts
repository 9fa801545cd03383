import { UNDECIDED } from "./dialect.js";

/** A PCI switch as NCCL has it: one node, whatever its ports. */
export interface NcclSwitch {
  /** Equal for the same switch. */
  readonly key: unknown;
  readonly identity: NcclIdentity;
}

/** As configuration space has them, four hexadecimal digits; undefined: not shown. */
export interface NcclIdentity {
  readonly vendor: string | undefined;
  readonly device: string | undefined;
  readonly subsystemVendor: string | undefined;
  readonly subsystemDevice: string | undefined;
}

/** Whether two ways that share no switch meet at one CPU: one NUMA node. */
export type Meeting = "one-cpu" | "two-cpus" | "two-machines" | "unknown";

/**
 * The letter of NCCL for two devices on PCIe, after the switches above each, the nearest first (NCCL, graph/paths.cc:
 * a path from one switch to another is PXB, one to or from a CPU is PHB, one between CPUs is SYS).
 */
export function ncclPcieLetter(a: readonly NcclSwitch[], b: readonly NcclSwitch[], meeting: () => Meeting): string {
  // Whether an unknown switch is one of two halves is left open: both ways have to agree.
  const [merged, apart] = [true, false].map((assumed) => switchLetter(flattened(a, assumed), flattened(b, assumed)));
  if (merged !== apart) return UNDECIDED;
  return merged ?? BETWEEN_CPUS[meeting()];
}

const BETWEEN_CPUS: Readonly<Record<Meeting, string>> = {
  "one-cpu": "PHB",
  "two-cpus": "SYS",
  "two-machines": "NET",
  unknown: UNDECIDED,
};

function switchLetter(a: readonly NcclSwitch[], b: readonly NcclSwitch[]): "PIX" | "PXB" | null {
  const up = a.findIndex(({ key }) => b.some((other) => other.key === key));
  if (up === -1) return null;
  const down = b.findIndex(({ key }) => key === a[up]!.key);
  return up + down === 0 ? "PIX" : "PXB";
}

/**
 * The switches without the lower halves of those that Broadcom makes of two levels, which NCCL takes for one (graph/topo.cc,
 * ncclTopoFlattenBcmSwitches). A switch that has swallowed one is no half of another.
 */
function flattened(nearestFirst: readonly NcclSwitch[], assumed: boolean): NcclSwitch[] {
  const kept: NcclSwitch[] = [];
  let above: NcclSwitch | null = null;
  for (const each of [...nearestFirst].reverse()) {
    if (above !== null && areHalves(above.identity, each.identity, assumed)) above = null;
    else kept.push((above = each));
  }
  return kept.reverse();
}

/** `vendor:device subsystem`, a dot for any digit; by generation, upper and lower half. */
const HALVES: readonly (readonly [upper: string, lower: string])[] = [
  ["1000:c010 1000:a...", "1000:c010 1000:a..."],
  ["1000:c030 1000:0...", "1000:c030 1000:1..."],
];

function areHalves(upper: NcclIdentity, lower: NcclIdentity, assumed: boolean): boolean {
  const [above, below] = [spelled(upper), spelled(lower)];
  return HALVES.some(([first, second]) => {
    const answers = [fits(first, above), fits(second, below)];
    return !answers.includes(false) && (assumed || !answers.includes("unknown"));
  });
}

function spelled({ vendor, device, subsystemVendor, subsystemDevice }: NcclIdentity): string {
  const [a, b, c, d] = [vendor, device, subsystemVendor, subsystemDevice].map((digits) => digits ?? "????");
  return `${a}:${b} ${c}:${d}`;
}

/** Whether an identity is of a pattern; unknown where what is not shown of it decides. */
function fits(pattern: string, identity: string): boolean | "unknown" {
  const digits = [...pattern].map((digit, at) => ({ digit, shown: identity[at]! }));
  if (digits.some(({ digit, shown }) => digit !== "." && shown !== "?" && shown !== digit)) return false;
  return digits.every(({ digit, shown }) => digit === "." || shown === digit) ? true : "unknown";
}
