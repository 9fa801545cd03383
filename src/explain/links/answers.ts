import { CODES, type Code } from "../codes.js";
import { linkAddressOf, linkOf, missingFlags, type LinkGroup } from "./links.js";
import type { Mapping, Verdict } from "../verdict.js";

// A side link is looked at before PCIe (docs/semantics.md, Side links): where one carries a request, what PCIe says of
// it does not matter; where one may, only what both completions agree on is known.

/**
 * Whether an answer of PCIe to a mapping request leaves the choice of the way open: the owner is known and is peer
 * memory, all of the range is its, and what stands against it concerns PCIe alone.
 */
export const CONCERNS_THE_WAY: Readonly<Record<Code, boolean>> = {
  ACS_REDIRECT: true,
  EGRESS_BLOCKED: true,
  HOST_BRIDGE_NOT_ALLOWED: true,
  NOT_SUPPORTED: true,
  DIFFERENT_SYSTEM: true,
  P2PDMA_NOT_BUILT: true,
  NO_OWNER: false,
  LEAVES_OWNER: false,
  NOT_A_PROVIDER: false,
  VF_NOT_ENABLED: false,
  MEMORY_DECODE_OFF: true,
  DMA_MASK: true,
  ACS_UNREADABLE: true,
  PARENT_UNKNOWN: true,
  HOST_BRIDGE_UNKNOWN: true,
  OWNER_UNKNOWN: false,
  OWNER_AMBIGUOUS: false,
  NO_ADDRESSES: false,
  MEMORY_DECODE_UNKNOWN: true,
  DMA_MASK_UNKNOWN: true,
  PLATFORM_OWNER: false,
  LINK_UNKNOWN: true,
  NO_INBOUND_WINDOW: false,
  PLATFORM_REFUSED: false,
  WITHHELD: false,
};

/** A verdict of PCIe's with side links beside it. */
export function verdictOver(group: LinkGroup, direction: number, pcie: Verdict): Verdict {
  const carries = group.carries(direction);
  const link = linkOf(group, direction);
  if (carries === "no") return { ...pcie, link };
  const { provider, client, distance, common, memory } = pcie;
  const judged = { provider, client, distance, common, memory, link, pcie };
  if (carries === "yes") {
    return { ...judged, answer: "yes", route: "side-link", culprits: [], hints: [], missing: [] };
  }
  const { culprits, hints } = pcie;
  const open = missingFlags(group, direction, `from ${client} to ${provider}`);
  const missing = pcie.answer === "no" ? open : [...open, ...pcie.missing];
  if (pcie.answer === "yes") return { ...judged, culprits, hints, missing, answer: "yes", route: "unknown" };
  return { ...judged, culprits, hints, missing, answer: "unknown", route: "unknown", code: "LINK_UNKNOWN" };
}

/** A mapping by PCIe with side links from the initiator to the owner beside it. */
export function mappingOver(group: LinkGroup, direction: number, pcie: Mapping): Mapping {
  if (!pcie.ok && !CONCERNS_THE_WAY[pcie.code]) return pcie;
  const carries = group.carries(direction);
  const link = linkOf(group, direction);
  if (carries === "no") return { ...pcie, link };
  const { initiator, address, size, owner, distance, common } = pcie;
  const asked = { initiator, address, size, owner, distance, common, link, pcie };
  if (carries === "yes") {
    return {
      ...asked,
      culprits: [],
      hints: [],
      missing: [],
      ok: true,
      route: "side-link",
      dmaAddress: null,
      translation: "link",
      linkAddress: linkAddressOf(group, direction, address, size),
    };
  }
  // One DMA address is asked for, and that of PCIe is not that of the link, whatever PCIe says.
  return {
    ...asked,
    culprits: pcie.culprits,
    hints: pcie.hints,
    missing: [...missingFlags(group, direction, `from ${initiator} to ${owner!.name}`), ...pcie.missing],
    ok: false,
    route: "unknown",
    code: "LINK_UNKNOWN",
    message: `${initiator} to ${owner!.name}: ${CODES.LINK_UNKNOWN}`,
  };
}
