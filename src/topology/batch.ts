import { expectColumn, expectRows } from "./column.js";
import type { Addresses } from "./fabric/columns.js";
import type { CommonColumns, OwnerColumns, OwnerQueries } from "./answers.js";

const ADDRESSES = [BigUint64Array, Float64Array] as const;

/** @throws TypeError for what holds no columns at all. */
function expectColumns(name: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`${name}: expected an object of columns, got ${value === null ? "null" : typeof value}`);
}

export function checkPairs(a: Uint32Array, b: Uint32Array, into: CommonColumns | undefined): void {
  expectColumn("a", a, 0, Uint32Array);
  expectRows("b", b, a.length, Uint32Array);
  if (into === undefined) return;
  expectColumns("into", into);
  expectColumn("into.common", into.common, a.length, Uint32Array);
  if (into.distance !== undefined) expectColumn("into.distance", into.distance, a.length, Uint32Array);
  if (into.relation !== undefined) expectColumn("into.relation", into.relation, a.length, Uint8Array);
  if (into.path !== undefined) expectColumn("into.path", into.path, a.length, Uint8Array);
}

export function newCommonColumns(rows: number): Required<CommonColumns> {
  return {
    common: new Uint32Array(rows),
    distance: new Uint32Array(rows),
    relation: new Uint8Array(rows),
    path: new Uint8Array(rows),
  };
}

export function checkQueries(queries: OwnerQueries, into: OwnerColumns | undefined): void {
  expectColumns("queries", queries);
  const { address, size, system } = queries;
  expectColumn("address", address, 0, ...ADDRESSES);
  if (size !== undefined) expectRows("size", size, address.length, ...ADDRESSES);
  if (typeof system === "object") expectRows("system", system, address.length, Uint32Array);
  if (into === undefined) return;
  expectColumns("into", into);
  expectColumn("into.owner", into.owner, address.length, Uint32Array);
  if (into.answer !== undefined) expectColumn("into.answer", into.answer, address.length, Uint8Array);
  if (into.offset !== undefined) expectColumn("into.offset", into.offset, address.length, ...ADDRESSES);
  if (into.bar !== undefined) expectColumn("into.bar", into.bar, address.length, Uint8Array);
}

export function newOwnerColumns(address: Addresses): Required<OwnerColumns> {
  const rows = address.length;
  return {
    owner: new Uint32Array(rows),
    answer: new Uint8Array(rows),
    offset: address instanceof BigUint64Array ? new BigUint64Array(rows) : new Float64Array(rows),
    bar: new Uint8Array(rows),
  };
}

/** @throws RangeError for what is no size: below 1, 2^64 or more, or a number that is no whole one below 2^53. */
export function checkedSize(size: bigint | number): bigint {
  // As it mostly is: comparisons of bigints take time.
  if (size === 1n) return size;
  if (typeof size !== "bigint" && typeof size !== "number") {
    throw new TypeError(`expected the size as a bigint or a number, got ${size === null ? "null" : typeof size}`);
  }
  if (typeof size === "number" && !Number.isSafeInteger(size)) {
    throw new RangeError(`expected the size as a whole number of bytes, got ${size}`);
  }
  if (size >= 1 && size < TOO_HIGH) return BigInt(size);
  throw new RangeError(`expected a size of at least 1 byte and less than 2^64, got ${size}`);
}

const TOO_HIGH = 1n << 64n;

/** @throws RangeError for what is no address: outside [0, 2^64), or a number that is no whole one below 2^53. */
export function checkAddress(address: bigint | number): void {
  if (typeof address === "number") {
    if (Number.isSafeInteger(address) && address >= 0) return;
    throw new RangeError(`expected an address as a bigint or a whole number below 2^53, got ${address}`);
  }
  if (typeof address !== "bigint") throw new TypeError(`expected the address as a bigint, got ${typeof address}`);
  if (BigInt.asUintN(64, address) === address) return;
  throw new RangeError(`expected an address from 0 to 2^64 - 1, got ${address}`);
}
