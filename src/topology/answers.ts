import type { Exported } from "../core.js";
import type { Addresses } from "./fabric/columns.js";
import type { Surrounding } from "./surroundings.js";

/**
 * A node by number (its id) or by name: `[system/]dddd:bb:dd.f`, `[system/]dddd:bb` for a host bridge, or a name such
 * as `nvme0`.
 */
export type Ref = number | string;

/** What two functions share. */
export interface Common {
  /**
   * Id of the nearest bridge that is above both, or one of them; null: none; `"unknown"`: the description does not show
   * it.
   */
  readonly bridge: number | null | "unknown";
  /** Whether both hang below one host bridge. */
  readonly sameHostBridge: boolean | "unknown";
  /** Hops as Linux counts them (docs/semantics.md, Distance); null: unknown, or in different systems. */
  readonly distance: number | null;
}

/** What pairs of nodes share, in columns: row i tells of pair i. Into columns that are left out nothing is put. */
export interface CommonColumns {
  /** Id of the nearest node above both, or one of them: a bridge or the host bridge; 0: none. */
  readonly common: Uint32Array;
  /** Hops as Linux counts them; 0xffffffff: unknown, or in different systems. */
  readonly distance?: Uint32Array;
  /** Row in `RELATIONS`; their number: in different systems. */
  readonly relation?: Uint8Array;
  /** Row in `PATHS`: whether ACS redirects on the way; meaningful where they share a bridge. */
  readonly path?: Uint8Array;
}

/** Who an address belongs to. */
export interface Owner {
  /** `pci`: a function's BAR; else what the description says it is. */
  readonly kind: "pci" | Surrounding["kind"];
  /** Id of the function; null for owners outside PCI. */
  readonly id: number | null;
  /** `dddd:bb:dd.f`, or what the source calls it. */
  readonly name: string;
  /** Index of the BAR; null: not shown, or no BAR. */
  readonly bar: number | null;
  /** CPU physical. */
  readonly start: bigint;
  /** Bytes; null: a BAR of unknown size or place, of which `start` is the least. */
  readonly size: bigint | null;
  /** Of the address in it. */
  readonly offset: bigint;
  /** What its exporter lets others do with the range; null: not stated. */
  readonly exported: Exported;
}

/** What the description says of one address. */
export interface Ownership {
  /**
   * `one`: owned. `none`: nobody's. `several`: ambiguous. `unknown`: the description does not show enough.
   * `leaves-owner`: the range begins in its owner and ends beyond it.
   */
  readonly answer: (typeof OWNER_ANSWERS)[number];
  /** The owner, also of a range that leaves it; the claimants; or who may own it. */
  readonly owners: readonly Owner[];
  /** The innermost window that forwards the address, where no owner is nearer: of a bridge or of a host bridge. */
  readonly window: { readonly id: number; readonly kind: "mem" | "pref" } | null;
}

/** Addresses to find the owners of, one a row. */
export interface OwnerQueries {
  /** CPU physical. As `Float64Array`: whole numbers below 2^53. */
  readonly address: Addresses;
  /** Bytes from there on that have to be the same owner's, at least 1; missing: the one byte at the address. */
  readonly size?: Addresses;
  /** The system of all rows by name or place in `systems`, or of each row by place; needed where there are several. */
  readonly system?: string | number | Uint32Array;
}

/** Owners in columns: row i answers query i. Into columns that are left out nothing is put. */
export interface OwnerColumns {
  /** Id of the one function that owns the address, or all of the range; 0: none does, or the owner is outside PCI. */
  readonly owner: Uint32Array;
  /** Row in {@link OWNER_ANSWERS}. */
  readonly answer?: Uint8Array;
  /** Of the address in its owner's range; meaningful where the answer is `one`. */
  readonly offset?: Addresses;
  /** Index of the BAR; {@link NO_BAR}: not known, or the owner is no BAR. */
  readonly bar?: Uint8Array;
}

/** What is said of an address or range; {@link Ownership} explains each. */
export const OWNER_ANSWERS = ["one", "none", "several", "unknown", "leaves-owner"] as const;
