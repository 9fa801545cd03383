/*
 *   GT/s per lane      of 8 bits on the wire    carry data
 *   2.5, 5             8b/10b                   8/10
 *   8, 16, 32          128b/130b                128/130
 *   64, 128            flits of 256 bytes       242/256
 */

/**
 * Bytes per second that a lane of `speed` GT/s carries in one direction once the encoding is taken off, as hwloc counts:
 * 0.25e9 at 2.5 GT/s.
 */
export function laneBandwidth(speed: number): number {
  return ((speed * 1e9) / 8) * (speed <= 5 ? 8 / 10 : speed <= 32 ? 128 / 130 : 242 / 256);
}

/** Whether two bandwidths are the same but for rounding: hwloc counts in single precision and writes six digits. */
export function isSameBandwidth(one: number, other: number): boolean {
  return Math.abs(one - other) < 1e-5 * Math.max(one, other) + 1e3;
}
