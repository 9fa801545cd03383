import { laneBandwidth } from "../topology/link-speed.js";

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** Bytes in the greatest unit that leaves a whole number: `256 MiB`. */
export function sizeText(bytes: bigint): string {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes >= 1024n && bytes % 1024n === 0n) {
    bytes /= 1024n;
    unit++;
  }
  return `${bytes} ${UNITS[unit]!}`;
}

/** What a link carries in each direction, before headers: `15.8 GB/s`. */
export function rateText(speed: number, width: number): string {
  return `${((laneBandwidth(speed) * width) / 1e9).toFixed(1)} GB/s`;
}
