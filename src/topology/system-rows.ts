import { OPEN, type Iommu, type Open, type SystemRow } from "../core.js";
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
function iommuOf({ iommu, cpu, functions }: SystemLike): Iommu {
  if (iommu === undefined) return "unknown";
  return IOMMU[iommu] === "identity" && isPower(cpu, functions) ? "unknown" : IOMMU[iommu];
}

/** Where the CPU is not shown, its host bridges' ids tell. */
function isPower(cpu: SystemLike["cpu"], functions: SystemLike["functions"] = []): boolean {
  if (cpu?.architecture !== undefined) return cpu.architecture.startsWith("ppc");
  return cpu === undefined && functions.some(({ vendor, device }) => vendor === IBM && POWER_PORTS.has(device ?? ""));
}

const IBM = "1014";
/** Root ports of POWER8 and of POWER9 and 10. */
const POWER_PORTS = new Set(["03dc", "04c1", "0652"]);

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
