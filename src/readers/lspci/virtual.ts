import { formatHex, formatSize, toBigInt } from "../../topology/address.js";
import { devfn, parseBdf, type Bdf } from "../../topology/bdf.js";
import type { BarDescription, FunctionDescription, SriovDescription } from "../../topology/description.js";

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
  for (const { bdf, sriov } of functions) {
    if (!sriov || (sriov.control & VF_ENABLE) === 0) continue;
    for (const { bdf: other } of functions) {
      const number = virtualNumber(parseBdf(bdf)!, sriov, parseBdf(other)!);
      if (number === null) continue;
      const [physical, virtual] = [linked.get(bdf)!, linked.get(other)!];
      linked.set(other, tied(virtual, physical, number));
      linked.set(bdf, withPlaces(physical, virtual, number));
    }
  }
  return functions.map(({ bdf }) => linked.get(bdf)!);
}

const VF_ENABLE = 1;

/** Which of the virtual functions of `physical` the function `other` is, from 0; null: none that is switched on. */
function virtualNumber(physical: Bdf, { numVfs, firstOffset, stride }: SriovDescription, other: Bdf): number | null {
  if (other.segment !== physical.segment) return null;
  const distance = routingId(other) - routingId(physical) - firstOffset;
  // With one virtual function the stride means nothing, and may be 0.
  const number = distance === 0 ? 0 : distance / stride;
  const isOne = Number.isInteger(number) && number >= 0 && number < numVfs;
  return isOne && firstOffset !== 0 ? number : null;
}

function routingId(bdf: Bdf): number {
  return (bdf.bus << 8) | devfn(bdf);
}

function tied(virtual: FunctionDescription, physical: FunctionDescription, number: number): FunctionDescription {
  const bars = virtual.bars?.map((bar) => withBusAddress(bar, apertureOf(physical, bar), number));
  const parent = physical.parent === undefined ? {} : { parent: physical.parent };
  return { ...virtual, ...parent, ...(bars && { bars }), physicalFunction: physical.bdf };
}

function withPlaces(physical: FunctionDescription, virtual: FunctionDescription, number: number): FunctionDescription {
  const total = physical.sriov!.totalVfs;
  const bars = physical.bars?.map((bar) => withPlace(bar, virtual, number, total));
  return { ...physical, ...(bars && { bars }) };
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
