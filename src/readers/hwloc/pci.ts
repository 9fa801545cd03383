import { formatBus, parseBdf, type Bdf } from "../../topology/bdf.js";
import type { BusNumbers, FunctionDescription } from "../../topology/description.js";
import { isSameBandwidth, laneBandwidth } from "../../topology/link-speed.js";

/*
 *     pci_busid="0000:04:00.0"
 *     pci_type="0200 [8086:10c9] [8086:a03c] 01 00"
 *               ├──┘  ├──┘ ├──┘  └───┬───┘ ├┘ └ programming interface, from 3.x on
 *               class vendor device  │     revision
 *                                    subsystem; of a bridge whatever its registers hold there
 *     pci_link_speed="15.753846"          GB/s, all lanes together, one direction; 0: not known
 *     bridge_type="0-1"                   above: 0 the host, 1 PCI; below: 1 PCI
 *     bridge_pci="0000:[04-08]"           buses below
 */

/** The buses below a bridge or host bridge. */
export interface Below extends BusNumbers {
  readonly segment: number;
}

const BUSES = /^([0-9a-f]{4,8}):\[([0-9a-f]{2})-([0-9a-f]{2})\]$/i;

/** Reads `bridge_pci`; null for anything else. */
export function parseBuses(text: string): Below | null {
  const match = BUSES.exec(text);
  if (match === null) return null;
  const [segment, secondary, subordinate] = match.slice(1).map((digits) => parseInt(digits, 16));
  return { segment: segment!, secondary: secondary!, subordinate: subordinate! };
}

/** The bus just below. */
export function firstBus({ segment, secondary }: Below): string {
  return formatBus(segment, secondary);
}

/** hwloc finds what is above a function by ranges of buses; only on the first bus of a range is that the bridge above. */
export function isJustBelow(bdf: Bdf, { segment, secondary }: Below): boolean {
  return bdf.segment === segment && bdf.bus === secondary;
}

/** Reads `pci_busid`, which always has its segment; null for anything else. */
export function parseBusId(text: string): Bdf | null {
  return text.split(":").length === 3 ? parseBdf(text) : null;
}

/** What `pci_type` says. */
export type PciIds = Pick<
  FunctionDescription,
  "class" | "vendor" | "device" | "subsystemVendor" | "subsystemDevice" | "revision"
>;

const IDS =
  /^([0-9a-f]{4}) \[([0-9a-f]{4}):([0-9a-f]{4})\] \[([0-9a-f]{4}):([0-9a-f]{4})\] ([0-9a-f]{2})(?: ([0-9a-f]{2}))?$/;

/**
 * Reads `pci_type`; null for anything else, `"unreadable"` for what hwloc writes where it could not read a function.
 */
export function parsePciType(text: string, isBridge: boolean): PciIds | "unreadable" | null {
  const match = IDS.exec(text.toLowerCase());
  if (match === null) return null;
  const [, code, vendor, device, subsystemVendor, subsystemDevice, revision, interfaceCode] =
    match as unknown as readonly [string, string, string, string, string, string, string, string | undefined];
  if ((vendor === "0000" && device === "0000") || (vendor === "ffff" && device === "ffff")) return "unreadable";
  return {
    // 3.x writes 00 where it read a file of older versions, which say none.
    class: interfaceCode === undefined || interfaceCode === "00" ? code : code + interfaceCode,
    vendor,
    device,
    ...(!isBridge && isSubsystem(subsystemVendor, subsystemDevice) && { subsystemVendor, subsystemDevice }),
    revision,
  };
}

/** Early versions kept the low bytes alone: `[00de:0088]` for 10de:0888. */
function isSubsystem(vendor: string, device: string): boolean {
  return !(vendor.startsWith("00") && device.startsWith("00"));
}

/** GT/s of a lane. */
const SPEEDS = [2.5, 5, 8, 16, 32, 64, 128];
const WIDTHS = [1, 2, 4, 8, 12, 16, 32];

/**
 * Bytes per second of a `pci_link_speed`, which is that of many a speed with many a width; null for what is no number
 * and undefined where it tells nothing: 0, what no link has (early versions counted otherwise), and, from versions that
 * take everything faster for 8 GT/s (before 2.2), what that would be.
 */
export function parseLinkSpeed(text: string, knowsFastLinks: boolean): number | undefined | null {
  if (!/^[0-9]+(?:\.[0-9]+)?$/.test(text)) return null;
  const bandwidth = Number(text) * 1e9;
  const isOf = (speed: number) => WIDTHS.some((width) => isSameBandwidth(bandwidth, laneBandwidth(speed) * width));
  if (bandwidth === 0 || !SPEEDS.some(isOf) || (!knowsFastLinks && isOf(8))) return undefined;
  return Math.round(bandwidth);
}

/** Whether `hwlocVersion` is of one that tells 16 GT/s from 8; true where it is not stated, as in files of 3.x. */
export function knowsFastLinks(version: string | undefined): boolean {
  if (version === undefined) return true;
  const [major, minor] = version.split(".").map(Number);
  return !(major! < 2 || (major === 2 && minor! < 2));
}
