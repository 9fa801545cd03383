import { checkedSize } from "./batch.js";
import type { Ref, Topology } from "./topology.js";

// What callers without types may get wrong.

/**
 * Told by what it can do: as CommonJS each entry of the package has a class of its own.
 *
 * @throws TypeError for anything but a topology.
 */
export function expectTopology(topology: Topology): void {
  if (typeof (topology as Topology | null)?.ownerMany !== "function")
    throw new TypeError("expected a Topology: Topology.of(machine) makes one");
}

/**
 * The id of a function.
 *
 * @throws RangeError for what names none, or several.
 */
export function functionId(topology: Topology, ref: Ref): number {
  const id = topology.id(ref);
  if (topology.isFunction(id)) return id;
  throw new RangeError(`expected a function, got the host bridge ${topology.name(id)}`);
}

/**
 * The bytes of a range of addresses.
 *
 * @throws TypeError where the address is no bigint, or the size neither bigint nor number; RangeError for a size below 1
 *   or a range that is not within [0, 2^64).
 */
export function checkedRange(address: bigint, size: bigint | number): bigint {
  if (typeof address !== "bigint") throw new TypeError(`expected the address as a bigint, got ${typeof address}`);
  const bytes = checkedSize(size);
  if (address < 0n || address + bytes > 1n << 64n) {
    throw new RangeError(`expected a range of at least 1 byte within [0, 2^64), got ${bytes} bytes at ${address}`);
  }
  return bytes;
}
