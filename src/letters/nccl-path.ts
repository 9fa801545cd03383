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
 * The way up from a device over PCI switches, as NCCL has it. Whether a switch whose identity is not shown is one of two
 * halves is left open: the way if it is, and if it is not.
 */
export interface NcclWay {
  readonly merged: WayEnds | null;
  readonly apart: WayEnds | null;
}

/** The keys of the first switch above a device and of the last; ways in one tree that share any share the last. */
interface WayEnds {
  readonly nearest: unknown;
  readonly last: unknown;
}

/** The way over some switches, the nearest first. */
export function ncclWay(switches: readonly NcclSwitch[]): NcclWay {
  return { merged: endsOf(flattened(switches, true)), apart: endsOf(flattened(switches, false)) };
}

function endsOf(switches: readonly NcclSwitch[]): WayEnds | null {
  return switches.length === 0 ? null : { nearest: switches[0]!.key, last: switches.at(-1)!.key };
}

/**
 * The letter of NCCL for two devices on PCIe, after the switches above each (NCCL, graph/paths.cc: a path from one switch
 * to another is PXB, one to or from a CPU is PHB, one between CPUs is SYS).
 */
export function ncclPcieLetter(a: NcclWay, b: NcclWay, meeting: () => Meeting): string {
  const merged = switchLetter(a.merged, b.merged);
  if (merged !== switchLetter(a.apart, b.apart)) return UNDECIDED;
  return merged ?? BETWEEN_CPUS[meeting()];
}

const BETWEEN_CPUS: Readonly<Record<Meeting, string>> = {
  "one-cpu": "PHB",
  "two-cpus": "SYS",
  "two-machines": "NET",
  unknown: UNDECIDED,
};

function switchLetter(a: WayEnds | null, b: WayEnds | null): "PIX" | "PXB" | null {
  if (a === null || b === null || a.last !== b.last) return null;
  return a.nearest === b.nearest ? "PIX" : "PXB";
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
