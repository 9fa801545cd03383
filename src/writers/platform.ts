import { formatHex, type Hex } from "../topology/address.js";
import type { PlatformDevice, Topology } from "../topology/topology.js";
import { formatBytes } from "./describe.js";
import { shorten, type Style } from "./style.js";

/** A device outside PCI, as `tree --json` prints it. */
export interface PlatformEntry {
  readonly name: string;
  /** CPU physical addresses; `end` is the last. */
  readonly regions: readonly { readonly start: Hex; readonly end: Hex }[];
}

/** The devices outside PCI of all systems. */
export function platformEntries(topology: Topology): PlatformEntry[] {
  return topology.platformDevices.map((device) => ({
    name: device.name,
    regions: regionsOf(device).map(({ start, size }) => ({
      start: formatHex(start),
      end: formatHex(start + size - 1n),
    })),
  }));
}

/** `/proc/iomem` names hundreds: a tree is of PCI. */
const MOST_SHOWN = 20;

/** The first of them in a line each, below a heading; none: no lines. */
export function* platformLines({ platformDevices }: Topology, style: Style): Generator<string> {
  if (platformDevices.length === 0) return;
  yield "outside PCI";
  for (const device of platformDevices.slice(0, MOST_SHOWN)) yield platformLine(device, style);
  const more = platformDevices.length - MOST_SHOWN;
  if (more > 0) yield style.faint(`  ${style.unicode ? "…" : "..."} and ${more} more`);
}

function platformLine(device: PlatformDevice, style: Style): string {
  const regions = regionsOf(device).map(
    ({ start, size }) => `${formatHex(start)}-${formatHex(start + size - 1n)} (${formatBytes(size)})`,
  );
  const room = Math.max(20, style.width - device.name.length - 4);
  return `  ${style.strong(device.name)}${regions.length > 0 ? `  ${style.faint(shorten(regions.join(", "), room, style))}` : ""}`;
}

/** Those that have a byte. */
function regionsOf({ description }: PlatformDevice): { readonly start: bigint; readonly size: bigint }[] {
  const regions = description.regions.map(({ start, size }) => ({ start: BigInt(start), size: BigInt(size) }));
  return regions.filter(({ size }) => size > 0n);
}
