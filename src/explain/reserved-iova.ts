import type { WindowDescription } from "../topology/description.js";
import { toBigInt } from "../topology/address.js";
import type { Ref, Topology } from "../topology/topology.js";

/** PCI bus addresses. */
export interface BusRange {
  readonly start: bigint;
  /** The last one. */
  readonly end: bigint;
}

/**
 * The PCI bus addresses that no IOVA of an initiator may be in: the memory windows of its host bridge (docs/semantics.md,
 * Addresses). A switch without ACS would send an IOVA that equals a peer's bus address to the peer.
 *
 * @param initiator a function, or by name a device outside PCI, below no host bridge, for which nothing is reserved.
 * @throws RangeError for what names neither, or several.
 * @returns ascending; null where the description does not show the windows or their bus addresses.
 */
export function reservedFromIova(topology: Topology, initiator: Ref): readonly BusRange[] | null {
  if (topology.platformDevice(initiator) !== null) return [];
  const ordinal = topology.rootOrdinal(topology.id(initiator));
  const { root } = topology.roots[ordinal]!;
  const host = topology.systems[root.system]!.hostBridges?.find((bridge) => root.known && bridge.root === root.bus);
  const windows = host?.windows?.filter(({ kind }) => kind !== "io");
  if (windows === undefined) return null;
  const ranges: BusRange[] = [];
  for (const window of windows) {
    const range = busRange(topology, ordinal, window);
    if (range === null) return null;
    ranges.push(range);
  }
  return ranges.sort((a, b) => (a.start < b.start ? -1 : 1));
}

function busRange(topology: Topology, root: number, { start, end, bus, busEnd }: WindowDescription): BusRange | null {
  if (bus !== undefined && busEnd !== undefined) return { start: toBigInt(bus), end: toBigInt(busEnd) };
  if (start === undefined || end === undefined) return null;
  const window = { start: toBigInt(start), end: toBigInt(end) };
  const offset = bus === undefined ? offsetOf(topology, root, window) : toBigInt(bus) - window.start;
  return offset === null ? null : { start: window.start + offset, end: window.end + offset };
}

/** A window's offset is that of every BAR in it. */
function offsetOf(topology: Topology, root: number, window: BusRange): bigint | null {
  const first = topology.roots[root]!.id + 1;
  const next = topology.roots[root + 1]?.id ?? topology.size + 1;
  for (let id = first; id < next; id++) {
    for (const { start, bus, type } of topology.describe(id)!.bars ?? []) {
      if (type === "io" || typeof start !== "string" || typeof bus !== "string") continue;
      const address = toBigInt(start);
      if (address >= window.start && address <= window.end) return toBigInt(bus) - address;
    }
  }
  return null;
}
