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

/**
 * GB/s of a lane in each direction, by its GT/s: 8b/10b up to 5, 128b/130b up to 32, from 64 on 236 bytes of a flit of 256
 * (PCIe 6.0 4.2).
 */
const LANE: ReadonlyMap<number, number> = new Map([
  [2.5, 2.5 * (8 / 10 / 8)],
  [5, 5 * (8 / 10 / 8)],
  [8, 8 * (128 / 130 / 8)],
  [16, 16 * (128 / 130 / 8)],
  [32, 32 * (128 / 130 / 8)],
  [64, 64 * (236 / 256 / 8)],
  [128, 128 * (236 / 256 / 8)],
]);

/** What a link carries in each direction, before headers: `15.8 GB/s`; null for a speed that is none. */
export function rateText(speed: number, width: number): string | null {
  const lane = LANE.get(speed);
  return lane === undefined ? null : `${(lane * width).toFixed(1)} GB/s`;
}
