import { ordinal, parseRelease } from "../policy/release.js";
import type { Ref, Topology } from "../topology/topology.js";

/** What Linux's own `dma_map_resource()` returns, which looks up no owner and asks no bridge. */
export type LinuxMapping =
  | { readonly result: "identity"; readonly dmaAddress: bigint }
  /** The IOMMU driver allots an IOVA. */
  | { readonly result: "iova"; readonly dmaAddress: null }
  | { readonly result: "error"; readonly dmaAddress: null }
  | { readonly result: "unknown"; readonly dmaAddress: null };

const NONE = { dmaAddress: null } as const;

/**
 * `dma_map_resource()` of a Linux release (docs/semantics.md, Addresses), to be held against {@link PeerDma.map}: from
 * 5.0 on the CPU physical address as it is, unless the initiator cannot drive its last byte; through a translating
 * IOMMU an IOVA. Unknown where the description does not show the IOMMU, and on POWER, where it depends on the
 * platform's own hooks.
 *
 * @throws RangeError where `release` does not begin with two numbers.
 */
export function linuxDmaMapResource(
  topology: Topology,
  release: string,
  initiator: Ref,
  address: bigint,
  size: bigint,
): LinuxMapping {
  const parsed = parseRelease(release);
  if (parsed === null) throw new RangeError(`expected a Linux release such as "6.12", got "${release}"`);
  const id = topology.id(initiator);
  const { cpu, iommu, name } = topology.systems[topology.systemOf(id)]!;
  if (iommu === undefined || cpu?.architecture?.startsWith("ppc") === true) return { result: "unknown", ...NONE };
  if (iommu === "translating") return { result: "iova", ...NONE };
  const checked = ordinal(parsed) >= ordinal({ major: 5, minor: 0 });
  const refusesRam = checked && ordinal(parsed) < ordinal({ major: 5, minor: 18 });
  const ram = topology.owners(address, name).owners.some(({ kind }) => kind === "system-ram");
  if (refusesRam && ram) return { result: "error", ...NONE };
  const bits = topology.describe(id)?.dmaMaskBits;
  const reachable = bits === undefined || bits >= 64 || address + size - 1n < 1n << BigInt(bits);
  return checked && !reachable ? { result: "error", ...NONE } : { result: "identity", dmaAddress: address };
}
