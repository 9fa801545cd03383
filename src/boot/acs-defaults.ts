import type { FunctionDescription } from "../topology/description.js";
import { assign, type Bits } from "./bits.js";

/** What Linux sets of its own: source validation, request and completion redirect, upstream forwarding. */
export const KERNEL_BITS = 0x1d;
/** Translation blocking, which it sets with `pci=noats`, and for ports that the firmware calls external. */
const TRANSLATION_BLOCKING = 0x02;

/** The control word as the kernel sets it at probe where an IOMMU asked for isolation; else as the firmware left it. */
export function kernelDefault(firmware: Bits, capability: number, requested: boolean, noAts: boolean): Bits {
  if (!requested) return firmware;
  const bits = (noAts ? KERNEL_BITS | TRANSLATION_BLOCKING : KERNEL_BITS) & capability;
  return assign(firmware, bits, bits);
}

/** Root ports of Intel's Sunrise and Union Point chipsets, whose control register Linux writes elsewhere. */
const INTEL_ELSEWHERE: readonly (readonly [number, number])[] = [
  [0xa110, 0xa11f],
  [0xa167, 0xa16a],
  [0xa290, 0xa29f],
  [0xa2e7, 0xa2ee],
  [0x9d10, 0x9d1b],
];

/** Whether Linux leaves the standard control word of a function alone, whatever it is asked. */
export function isLeftAlone({ vendor, device, kind }: FunctionDescription): boolean {
  if (vendor !== "8086" || device === undefined || kind !== "root-port") return false;
  const id = parseInt(device, 16);
  return INTEL_ELSEWHERE.some(([first, last]) => id >= first && id <= last);
}
