import type { Iommu, Open, Path, Place, Relation, Status, Translation, Way } from "./axes.js";
import type { Terms } from "./terms.js";

// What goes into the core and comes out of it, one at a time and in columns.

/** A column of addresses, sizes or offsets. As `Float64Array`: whole numbers below 2^53. */
export type Addresses = BigUint64Array | Float64Array;

/** A policy as the kernels read it. */
export interface CompiledPolicy {
  /** One byte per host bridge, by ordinal. */
  readonly classes: Uint8Array;
  readonly classCount: number;
  /** Outcomes at [relation][path][direction][class of provider's host bridge][class of client's]. */
  readonly table: Uint8Array;
  /** For the direction-aware model of ACS (assembly/precise.ts); missing: Linux's. */
  readonly precise?: EgressRule;
}

/**
 * What an egress control vector makes of a request; null: it is not shown.
 *
 * @param clientSide id of the node below the common bridge that the request comes from, which has egress control.
 * @param providerSide id of the one that it goes to; 0: none, the request is to the common bridge itself.
 */
export type EgressRule = (clientSide: number, providerSide: number) => Way | null;

export interface HostRow {
  readonly system: number;
  readonly segment: number;
  readonly place: Place;
}

export interface SystemRow {
  readonly open: Open;
  readonly iommu: Iommu;
}

/** A range of addresses as the core holds it. */
export interface RangeRow {
  readonly system: number;
  /** CPU physical. */
  readonly start: bigint;
  readonly size: bigint;
  /** Id of the node; for kinds outside PCI the caller's own number. */
  readonly owner: number;
  readonly terms: Terms;
}

/** A pair's answer: `outcomes` holds a bit (OUTCOME_BITS) for each outcome that some completion has. */
export interface Decision {
  /** Id of the common bridge, of the common host bridge, or 0. */
  readonly common: number;
  /** Hops; null: not known, or in different systems. */
  readonly distance: number | null;
  readonly outcomes: number;
  readonly relation: Relation | "across-systems";
  readonly path: Path;
}

export interface Request extends Decision {
  readonly status: Status;
  /** The range that owns or may own the address; null: none. */
  readonly range: number | null;
  /** Of the address in its range. */
  readonly offset: bigint;
  /** What the initiator has to put on the bus; null: unknown, or an IOVA, or it cannot. */
  readonly dmaAddress: bigint | null;
  readonly translation: Translation;
}

/** What pairs share, one row per pair. Columns that are left out are not filled. */
export interface PairColumns {
  /** Id of the common bridge or host bridge; 0: none. */
  readonly common: Uint32Array;
  /** Hops, or NO_DISTANCE. */
  readonly distance?: Uint32Array;
  /** Row in RELATIONS; ACROSS_SYSTEMS. */
  readonly relation?: Uint8Array;
  /** Row in PATHS. */
  readonly path?: Uint8Array;
}

/** Answers for pairs, as `Answers` puts them. Columns that are left out are not filled. */
export interface AnswerColumns {
  readonly answer: Uint8Array;
  readonly route: Uint8Array;
  readonly code: Uint8Array;
  /** Id of the common bridge or host bridge; 0: none. */
  readonly common?: Uint32Array;
  /** Hops, or NO_DISTANCE. */
  readonly distance?: Uint32Array;
}

/** Answers for all ordered pairs, as `Phrases` puts them. */
export interface MatrixColumns {
  readonly distance: Int32Array;
  readonly route: Uint8Array;
  readonly answer: Uint8Array;
}

export interface ClaimColumns {
  /** Id of the node that alone owns the address; 0: none. */
  readonly owner: Uint32Array;
  /** Row in CLAIMS. */
  readonly claim?: Uint8Array;
  /** The range concerned; meaningless where the claim is "nobody". */
  readonly range?: Uint32Array;
  /** Of the address in its owner's range; 0 where nobody alone owns it. */
  readonly offset?: Addresses;
  /** Index of the BAR; NO_BAR: not shown, no BAR, or nobody alone owns the address. */
  readonly bar?: Uint8Array;
}

/** Answers to requests, as `Rulings` puts them. Columns that are left out are not filled. */
export interface RequestColumns {
  readonly route: Uint8Array;
  readonly code: Uint8Array;
  /** Row in TRANSLATIONS. */
  readonly translation?: Uint8Array;
  readonly owner?: Uint32Array;
  readonly common?: Uint32Array;
  readonly distance?: Uint32Array;
  readonly offset?: Addresses;
  /** NO_ADDRESS where there is none; in a Float64Array NaN. */
  readonly dmaAddress?: Addresses;
}
