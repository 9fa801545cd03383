import type { FunctionDescription } from "../topology/description.js";

/*
 * Devices whose isolation Linux knows otherwise than by the ACS capability, by their ids (its list of ACS quirks).
 */

/** Root ports of Intel's older chipsets: no capability, and a register elsewhere that Linux sets where there is an IOMMU. */
const CHIPSET_PORTS: readonly (readonly [first: number, last: number])[] = [
  [0x3b42, 0x3b51],
  [0x1c10, 0x1c1f],
  [0x1e10, 0x1e1f],
  [0x8c10, 0x8c1f],
  [0x9c10, 0x9c1b],
  [0x9c90, 0x9c9b],
  [0x1d10, 0x1d1e],
  [0x8d10, 0x8d1e],
  [0x8c90, 0x8c9e],
];

/** Root ports of later ones, whose control word is not where the capability has it: what is read there tells nothing. */
const MISPLACED_CONTROL: readonly (readonly [first: number, last: number])[] = [
  [0xa110, 0xa11f],
  [0xa167, 0xa16a],
  [0xa290, 0xa29f],
  [0xa2e7, 0xa2ee],
  [0x9d10, 0x9d1b],
];

/** Vendors of which Linux knows ports without capability that isolate; which of theirs is not told apart here. */
const ISOLATING_VENDORS: readonly string[] = ["177d", "10e8", "1def", "17cb", "1957", "1c36", "14e4", "0014", "1d17"];

/** Network adapters of several functions that do not talk to each other. */
const INTEL_ADAPTERS: readonly number[] = [
  0x10c6, 0x10db, 0x10dd, 0x10e1, 0x10f1, 0x10f7, 0x10f8, 0x10f9, 0x10fa, 0x10fb, 0x10fc, 0x1507, 0x1514, 0x151c,
  0x1529, 0x152a, 0x154d, 0x154f, 0x1551, 0x1558, 0x1509, 0x150e, 0x150f, 0x1510, 0x1511, 0x1516, 0x1527, 0x10c9,
  0x10e6, 0x10e7, 0x10e8, 0x150a, 0x150d, 0x1518, 0x1526, 0x10a7, 0x10a9, 0x10d6, 0x1521, 0x1522, 0x1523, 0x1524,
  0x105e, 0x105f, 0x1060, 0x10d9, 0x15b7, 0x15b8,
];
const OTHER_ADAPTERS: readonly string[] = ["1924:0903", "1924:0923", "19a2:0710", "10df:0720"];

/**
 * What Linux holds of a function's isolation whatever its ACS capability says; null: not known; undefined: nothing, and
 * the capability decides.
 *
 * @param shared whether other functions are in its slot.
 */
export function asserts(description: FunctionDescription, shared: boolean): boolean | null | undefined {
  const { vendor, device, kind, acs } = description;
  if (vendor === undefined || device === undefined) return undefined;
  const number = parseInt(device, 16);
  const isPort = kind === "root-port" || kind === "downstream-port";
  if (vendor === "8086") {
    if (kind === "root-port" && within(number, MISPLACED_CONTROL)) return null;
    if (kind === "root-port" && acs === null && within(number, CHIPSET_PORTS)) return true;
    if (kind === "rc-integrated-endpoint") return true;
    if (shared && INTEL_ADAPTERS.includes(number)) return true;
  }
  if (shared && OTHER_ADAPTERS.includes(`${vendor}:${device}`)) return true;
  return isPort && acs === null && ISOLATING_VENDORS.includes(vendor) ? null : undefined;
}

function within(number: number, ranges: readonly (readonly [number, number])[]): boolean {
  return ranges.some(([first, last]) => number >= first && number <= last);
}
