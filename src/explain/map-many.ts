import { DIRECTIONS, Rulings, type Addresses, type CompiledPolicy, type Core } from "../core.js";
import type { Direction } from "../policy/policy.js";
import { checkedSize } from "../topology/batch.js";
import { expectColumn, expectRows } from "../topology/column.js";
import { CODE_NUMBERS, ROUTES, rule } from "./ruling.js";

/** Mapping requests, one a row. */
export interface MapRequests {
  /** Ids of the functions that issue the DMA. */
  readonly initiator: Uint32Array;
  /** CPU physical, in the initiator's own system; as `Float64Array` whole numbers below 2^53. */
  readonly address: Addresses;
  /** Bytes, at least 1: one size for all rows, or one per row. */
  readonly size: Addresses | number | bigint;
  /** As the initiator sees it: one for all rows, or per row its index in `DIRECTIONS`. Default: `both`. */
  readonly direction?: Direction | Uint8Array;
}

/** Answers to mapping requests, one a row. Columns that are left out of what the caller provides are not filled. */
export interface MapColumns {
  /** Index in `ROUTES`. */
  readonly route: Uint8Array;
  /** Index in `CODE_NUMBERS`; 0: allowed. */
  readonly code: Uint8Array;
  /** Id of the function that owns the first byte; 0: nobody alone, or no function. */
  readonly owner?: Uint32Array;
  /** Of the first byte in its owner's range. */
  readonly offset?: Addresses;
  /** Id of the common bridge or host bridge; 0: none, or nothing was decided. */
  readonly common?: Uint32Array;
  /** Hops; `NO_DISTANCE`: not known, or nothing was decided. */
  readonly distance?: Uint32Array;
  /** What the initiator has to put on the bus; `NO_ADDRESS` (as `Float64Array` NaN): refused, unknown, an IOVA, or a side link. */
  readonly dmaAddress?: Addresses;
  /** Index in `TRANSLATIONS`. */
  readonly translation?: Uint8Array;
}

export function mapColumns(rows: number): Required<MapColumns> {
  return {
    route: new Uint8Array(rows),
    code: new Uint8Array(rows),
    owner: new Uint32Array(rows),
    offset: new BigUint64Array(rows),
    common: new Uint32Array(rows),
    distance: new Uint32Array(rows),
    dmaAddress: new BigUint64Array(rows),
    translation: new Uint8Array(rows),
  };
}

/** Requests that the core has answered. */
export interface Answered {
  readonly initiator: Uint32Array;
  readonly address: Addresses;
  /** Of each row, or of all rows. */
  readonly size: Addresses | bigint;
  /** Place in `DIRECTIONS`, of each row, or of all rows. */
  readonly direction: Uint8Array | number;
}

/** Answers that always tell the owners. */
export type Overlaid = MapColumns & Required<Pick<MapColumns, "owner">>;

/** A second pass over answers in columns, for what is not in the core. */
export interface Overlay {
  apply(answered: Answered, into: Overlaid): void;
}

/** Answers requests in columns; see `PeerDma.mapMany`. */
export function mapMany<Into extends MapColumns>(
  core: Core,
  policy: CompiledPolicy,
  requests: MapRequests,
  given: Into | undefined,
  overlays: readonly Overlay[],
): Into | Required<MapColumns> {
  if (typeof requests !== "object" || requests === null) {
    throw new TypeError(`expected requests as an object of columns, got ${String(requests)}`);
  }
  const { initiator, address, size, direction = "both" } = requests;
  expectColumn("initiator", initiator, 0, Uint32Array);
  const rows = initiator.length;
  expectRows("address", address, rows, BigUint64Array, Float64Array);
  if (typeof size === "object") expectRows("size", size, rows, BigUint64Array, Float64Array);
  if (typeof direction === "object") expectRows("direction", direction, rows, Uint8Array);
  const into = given ?? mapColumns(rows);
  expectColumn("into.route", into.route, rows, Uint8Array);
  expectColumn("into.code", into.code, rows, Uint8Array);
  for (const name of ["owner", "common", "distance"] as const) {
    if (into[name] !== undefined) expectColumn(`into.${name}`, into[name], rows, Uint32Array);
  }
  for (const name of ["offset", "dmaAddress"] as const) {
    if (into[name] !== undefined) expectColumn(`into.${name}`, into[name], rows, BigUint64Array, Float64Array);
  }
  if (into.translation !== undefined) expectColumn("into.translation", into.translation, rows, Uint8Array);
  const bytes = typeof size === "object" ? size : checkedSize(size);
  const way = typeof direction === "string" ? directionIndex(direction) : direction;
  if (overlays.length === 0) {
    core.requestMany(policy, RULINGS, initiator, address, bytes, way, into);
    return into;
  }
  const filled = { ...into, owner: into.owner ?? new Uint32Array(rows) };
  core.requestMany(policy, RULINGS, initiator, address, bytes, way, filled);
  for (const overlay of overlays) overlay.apply({ initiator, address, size: bytes, direction: way }, filled);
  return into;
}

const RULINGS = new Rulings((status, decision) => {
  const { route, code } = rule(status, decision);
  return { route: ROUTES.indexOf(route), code: CODE_NUMBERS.indexOf(code) };
});

/** @throws RangeError for a word that is no direction. */
export function directionIndex(direction: Direction): number {
  const index = DIRECTIONS.indexOf(direction);
  if (index === -1) throw new RangeError(`expected a direction (${DIRECTIONS.join(", ")}), got ${String(direction)}`);
  return index;
}
