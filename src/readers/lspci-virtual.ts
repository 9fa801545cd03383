import { formatHex, formatSize, toBigInt } from "../topology/address.js";
import { atRoutingId, formatBdf, parseBdf } from "../topology/bdf.js";
import type { BarDescription, FunctionDescription } from "../topology/description.js";

/*
 * An SR-IOV physical function says how many virtual functions it has switched on and where they are, but not how
 * large their BARs are; each virtual function shows its piece of the aperture, but not where the bus sees it.
 *
 *     physical function, BAR 7    bus fe600000         ├─ 0 ─┼─ 1 ─┼─ 2 ─┼ … ┼ total - 1 ┤
 *     virtual function 1, BAR 0   start, size                └─────┘
 */

/** Ties virtual functions to their physical functions, and gives each what the other shows of their common ranges. */
export function linkVirtualFunctions(functions: readonly FunctionDescription[]): FunctionDescription[] {
  const linked = new Map(functions.map((described) => [described.bdf, described]));
  for (const { bdf } of functions) {
    const physical = linked.get(bdf)!;
    for (const { number, virtual } of enabledVirtualFunctions(physical, linked)) {
      const parent = physical.parent === undefined ? {} : { parent: physical.parent };
      const bars = virtual.bars?.map((bar) => withBusAddress(bar, apertureOf(physical, bar), number));
      linked.set(virtual.bdf, { ...virtual, physicalFunction: bdf, ...parent, ...(bars && { bars }) });
      const apertures = physical.bars?.map((bar) => withPlace(bar, virtual, number, physical.sriov!.totalVfs));
      if (apertures !== undefined) linked.set(bdf, { ...linked.get(bdf)!, bars: apertures });
    }
  }
  return functions.map(({ bdf }) => linked.get(bdf)!);
}

function enabledVirtualFunctions(
  { bdf, sriov }: FunctionDescription,
  functions: ReadonlyMap<string, FunctionDescription>,
): { number: number; virtual: FunctionDescription }[] {
  if (!sriov || (sriov.control & 1) === 0) return [];
  const found = [];
  for (let number = 0; number < sriov.numVfs; number++) {
    const place = atRoutingId(parseBdf(bdf)!, sriov.firstOffset + number * sriov.stride);
    const virtual = place === null ? undefined : functions.get(formatBdf(place));
    if (virtual !== undefined && virtual.bdf !== bdf) found.push({ number, virtual });
  }
  return found;
}

function apertureOf(physical: FunctionDescription, bar: BarDescription): BarDescription | undefined {
  return physical.bars?.find(({ index }) => bar.index !== undefined && bar.index < 6 && index === bar.index + 7);
}

function withBusAddress(bar: BarDescription, aperture: BarDescription | undefined, number: number): BarDescription {
  if (aperture?.bus == null || bar.bus !== undefined || bar.start == null || bar.size === undefined) return bar;
  return { ...bar, bus: formatHex(toBigInt(aperture.bus) + BigInt(number) * toBigInt(bar.size)) };
}

function withPlace(
  aperture: BarDescription,
  virtual: FunctionDescription,
  number: number,
  total: number,
): BarDescription {
  if (aperture.index === undefined || aperture.index < 7 || aperture.start !== undefined) return aperture;
  const piece = virtual.bars?.find(({ index }) => index === aperture.index! - 7);
  if (piece?.start == null || piece.size === undefined) return aperture;
  const size = toBigInt(piece.size);
  return {
    ...aperture,
    start: formatHex(toBigInt(piece.start) - BigInt(number) * size),
    size: formatSize(BigInt(total) * size),
  };
}
