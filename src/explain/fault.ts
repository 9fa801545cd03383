import type { IommuMode } from "../topology/description.js";
import { toBigInt } from "../topology/address.js";
import { checkedRange, expectTopology, functionId } from "../topology/arguments.js";
import type { Ownership, Ref, Topology } from "../topology/topology.js";
import { cpuOf } from "../topology/cpu.js";
import { reservedFromIova } from "./reserved-iova.js";

/** What an address that is an IOVA, or should be, turns out to be. Stable: scripts may compare them. */
export const FAULT_CODES = {
  IOVA_ONLY: "nobody has that address: it can only be an IOVA of the requester's domain",
  RAW_PEER_ADDRESS: "it is the address of a BAR where an IOVA was due",
  RAW_WINDOW_ADDRESS: "no BAR has that address, but host bridges forward it, so that no IOVA equals it",
  RAW_MEMORY_ADDRESS: "RAM or something else outside PCI has that address where an IOVA was due",
  INTERRUPT_ADDRESS: "writes to that address are interrupts",
  IOVA_UNCHECKED: "it is an IOVA; the description does not show whether somebody has the same address",
} as const;

/** A key of {@link FAULT_CODES}. */
export type FaultCode = keyof typeof FAULT_CODES;

/** One way of reading an address. */
export interface FaultReading {
  /** What the requester put on the bus. */
  readonly as: "iova" | "bus-address";
  /** What it turns out to be; null: a bus address, which is whose it is. */
  readonly code: FaultCode | null;
  /** Whether nothing else comes into question; else it may be an IOVA that equals somebody's address by chance. */
  readonly certain: boolean;
}

/** An address out of a fault report: what the requester put on the bus. */
export interface FaultAddress {
  /** Id of the requester. */
  readonly requester: number;
  /** Of the requester's system; null: not known. */
  readonly iommu: IommuMode | null;
  /** Whether an IOMMU translates what the requester puts on the bus; null: not known. */
  readonly translated: boolean | null;
  /** Which CPU physical address it is if it is a bus address; null: not known. */
  readonly cpuAddress: bigint | null;
  /** Whose that is; null: the address is not known. */
  readonly ownership: Ownership | null;
  /** One where it is known whether an IOMMU translates, else both. */
  readonly readings: readonly FaultReading[];
}

/**
 * What an address is that a fault report names (DMAR, IO_PAGE_FAULT, SMMU): an IOVA where an IOMMU translates for the
 * requester, else a bus address. Linux hands out no IOVA within the memory windows of the requester's host bridge
 * (docs/semantics.md, Addresses), so that one there was not Linux's.
 *
 * @param size bytes that are to have one owner, at least 1.
 * @param refused whether an IOMMU is known to have refused the address, since it reported that: where the description does
 *   not show the mode, it is then taken to translate.
 * @throws RangeError for what names no function, and for an address or size that cannot be; TypeError for an address that
 *   is no bigint, or no topology.
 */
export function faultAddress(
  topology: Topology,
  requester: Ref,
  address: bigint,
  size: bigint = 1n,
  refused = false,
): FaultAddress {
  expectTopology(topology);
  const id = functionId(topology, requester);
  checkedRange(address, size);
  const ordinal = topology.systemOf(id);
  const { iommu = null } = topology.systems[ordinal]!;
  const translated = isTranslated(topology, id, iommu ?? (refused ? "translating" : null));
  const { cpuAddress, isForwarded } = behindHostBridge(topology, id, address);
  const ownership = cpuAddress === null ? null : topology.owners(cpuAddress, ordinal, size);
  const interrupt = isInterrupt(topology, id, address) ? INTERRUPT : null;
  const asIova = { as: "iova", ...(interrupt ?? told(isForwarded, ownership)) } as const;
  // Without an IOMMU too they are the local APICs'.
  const asBus = { as: "bus-address", ...(interrupt ?? { code: null, certain: true }) } as const;
  return {
    requester: id,
    iommu,
    translated,
    cpuAddress,
    ownership,
    readings: translated === true ? [asIova] : translated === false ? [asBus] : [asIova, asBus],
  };
}

/** A function in no IOMMU group has no IOMMU in front of it, where groups are how Linux keeps them. */
function isTranslated(topology: Topology, id: number, iommu: IommuMode | null): boolean | null {
  if (iommu !== "translating") return iommu === null ? null : false;
  const hasGroups = /^(?:x86|arm64)$/.test(architectureOf(topology, id) ?? "");
  return !(hasGroups && topology.registers(id)!.iommuGroup === null);
}

const INTERRUPT = { code: "INTERRUPT_ADDRESS", certain: true } as const;

/** Where message signalled interrupts of x86 are written to (Intel SDM 3A 11.11.1). */
function isInterrupt(topology: Topology, id: number, address: bigint): boolean {
  return architectureOf(topology, id) === "x86" && address >> 20n === 0xfeen;
}

/** @param isForwarded whether the requester's host bridge forwards the address, so that Linux hands out no such IOVA. */
function told(isForwarded: boolean, ownership: Ownership | null): Omit<FaultReading, "as"> {
  switch (ownership?.answer) {
    case "none":
      return isForwarded || ownership.window !== null
        ? { code: "RAW_WINDOW_ADDRESS", certain: isForwarded }
        : { code: "IOVA_ONLY", certain: true };
    case "one":
    case "leaves-owner":
    case "several":
      return ownership.owners.some(({ kind }) => kind === "pci")
        ? { code: "RAW_PEER_ADDRESS", certain: isForwarded }
        : { code: "RAW_MEMORY_ADDRESS", certain: isForwarded };
    default:
      return isForwarded ? { code: "RAW_WINDOW_ADDRESS", certain: true } : { code: "IOVA_UNCHECKED", certain: false };
  }
}

/** Where a bus address leads to. */
interface Forwarded {
  /** Null: not known. */
  readonly cpuAddress: bigint | null;
  /** Whether it is in a window of the host bridge, which sends it to a BAR below, if there is one. */
  readonly isForwarded: boolean;
}

/** What a bus address below the requester's host bridge is to the CPU. */
function behindHostBridge(topology: Topology, requester: number, address: bigint): Forwarded {
  const ordinal = topology.rootOrdinal(requester);
  const { id, root } = topology.roots[ordinal]!;
  const end = topology.roots[ordinal + 1]?.id ?? topology.size + 1;
  for (let below = id + 1; below < end; below++) {
    for (const { type, start, bus, size } of topology.describe(below)!.bars ?? []) {
      if (type === "io" || typeof start !== "string" || typeof bus !== "string" || size === undefined) continue;
      const offset = address - toBigInt(bus);
      if (offset >= 0n && offset < toBigInt(size)) return { cpuAddress: toBigInt(start) + offset, isForwarded: true };
    }
  }
  const host = topology.systems[root.system]!.hostBridges?.find((each) => root.known && each.root === root.bus);
  for (const { kind, start, end: last, bus } of host?.windows ?? []) {
    if (kind === "io" || start === undefined || last === undefined || bus === undefined) continue;
    const offset = address - toBigInt(bus);
    if (offset >= 0n && offset <= toBigInt(last) - toBigInt(start)) {
      return { cpuAddress: toBigInt(start) + offset, isForwarded: true };
    }
  }
  const isForwarded = reservedFromIova(topology, requester)?.some(
    (window) => window.start <= address && address <= window.end,
  );
  // Beyond its windows a host bridge takes the CPU's addresses, but for those of POWER, which put an offset to them.
  const isOffset = architectureOf(topology, requester)?.startsWith("ppc") === true;
  return { cpuAddress: isOffset ? null : address, isForwarded: isForwarded ?? false };
}

function architectureOf(topology: Topology, id: number): string | undefined {
  return cpuOf(topology.systems[topology.systemOf(id)]!)?.cpu.architecture;
}
