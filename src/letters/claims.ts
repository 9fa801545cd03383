import type { Dialect } from "./dialect.js";

/** What somebody says of some devices, pair by pair: the description in the letters of a dialect, or another tool. */
export interface Claims {
  readonly dialect: Dialect;
  /** Who says it, in a few words. */
  readonly origin: string;
  /** Whether any link beside PCIe is shown: where none is, there may be some nevertheless. */
  readonly showsLinks: boolean;
  /** Rows and columns. */
  readonly devices: readonly ClaimedDevice[];
  /**
   * How far apart two of them are, by their places in `devices`: in the kernel's dialect from the provider (row) to the
   * client, in the others in either order. Null: nothing is said.
   */
  letter(row: number, column: number): string | null;
  /** The same without links beside PCIe; null: nothing is said of that. */
  onPcie(row: number, column: number): string | null;
  /** What that rests on, as a clause without a full stop. */
  why(row: number, column: number): string;
}

/** A device as one side knows it. */
export interface ClaimedDevice {
  /** As it is printed. */
  readonly name: string;
  /** Whatever else it is called. */
  readonly names: readonly string[];
  /** `dddd:bb:dd.f`; null: not said. */
  readonly bdf: string | null;
  readonly kind: "gpu" | "nic" | "other";
  /** Its number among NVIDIA's GPUs, or Mellanox' network functions; null: neither, or not said. */
  readonly number: number | null;
  /** What is near it, as far as that is said. */
  readonly near?: Near;
  /** In a topology: its id. */
  readonly id?: number;
}

/** What is near a device, in lists as sysfs prints them: `0`, `0-31,64-95`. */
export interface Near {
  readonly numaNodes?: string;
  readonly cpus?: string;
}

/** The same of some of the devices, by their places. */
export function claimsAmong(claims: Claims, places: readonly number[]): Claims {
  return {
    ...claims,
    devices: places.map((place) => claims.devices[place]!),
    letter: (row, column) => claims.letter(places[row]!, places[column]!),
    onPcie: (row, column) => claims.onPcie(places[row]!, places[column]!),
    why: (row, column) => claims.why(places[row]!, places[column]!),
  };
}
