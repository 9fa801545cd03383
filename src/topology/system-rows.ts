import { OPEN, type Iommu, type Open, type SystemRow } from "../core.js";
import { cpuOf } from "./cpu.js";
import type { IommuMode, SystemDescription } from "./description.js";

const IOMMU: Readonly<Record<IommuMode, Iommu>> = {
  off: "identity",
  passthrough: "identity",
  translating: "translating",
};

/**
 * What happens to addresses at the host bridge. Without translation they stay as they are, but for POWER, whose host bridges
 * put an offset of their own to them that no source shows.
 */
function iommuOf(system: SystemLike): Iommu {
  if (system.iommu === undefined) return "unknown";
  const isPower = cpuOf(system)?.cpu.architecture?.startsWith("ppc") === true;
  return isPower && system.iommu !== "translating" ? "unknown" : IOMMU[system.iommu];
}

type SystemLike = Pick<SystemDescription, "iommu" | "cpu"> & Partial<Pick<SystemDescription, "functions">>;

/**
 * Systems as the core knows them.
 *
 * @param open per system where an address without owner may yet have one.
 * @param addressed per system whether anything but windows claims addresses of it.
 */
export function systemRows(systems: readonly SystemLike[], open: readonly Open[], addressed: Uint8Array): SystemRow[] {
  return systems.map((facts, system) => ({
    open: addressed[system] === 0 ? "blank" : open[system]!,
    iommu: iommuOf(facts),
  }));
}

/** What the core does not tell of a system that is blank to it. */
export function openColumn(open: readonly Open[]): Uint8Array {
  return Uint8Array.from(open, (each) => OPEN.indexOf(each));
}
