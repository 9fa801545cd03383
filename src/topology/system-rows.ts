import { OPEN, type Iommu, type Open, type SystemRow } from "../core.js";
import type { IommuMode } from "./description.js";

const IOMMU: Readonly<Record<IommuMode, Iommu>> = {
  off: "identity",
  passthrough: "identity",
  translating: "translating",
};

/**
 * Systems as the core knows them.
 *
 * @param open per system where an address without owner may yet have one.
 * @param addressed per system whether anything but windows claims addresses of it.
 */
export function systemRows(
  systems: readonly { readonly iommu?: IommuMode }[],
  open: readonly Open[],
  addressed: Uint8Array,
): SystemRow[] {
  return systems.map(({ iommu }, system) => ({
    open: addressed[system] === 0 ? "blank" : open[system]!,
    iommu: iommu === undefined ? "unknown" : IOMMU[iommu],
  }));
}

/** What the core does not tell of a system that is blank to it. */
export function openColumn(open: readonly Open[]): Uint8Array {
  return Uint8Array.from(open, (each) => OPEN.indexOf(each));
}
