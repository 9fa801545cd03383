/**
 * Why there is no plain "yes". Stable: scripts may compare them.
 * The first group refuses; the second says what is not known.
 */
export const CODES = {
  ACS_REDIRECT: "a bridge on the way redirects peer-to-peer requests upstream, and the host bridge does not take them",
  EGRESS_BLOCKED: "a port on the way blocks peer-to-peer requests to the provider's port (ACS egress control)",
  HOST_BRIDGE_NOT_ALLOWED: "no common bridge, and requests may not pass through the host bridge",
  NOT_SUPPORTED: "refused in every case, though the description leaves open for which reason",
  DIFFERENT_SYSTEM: "the functions are in different systems; no bus connects them",
  P2PDMA_NOT_BUILT: "the kernel has no peer-to-peer DMA: older than 4.20, or built without CONFIG_PCI_P2PDMA",
  NO_OWNER: "nobody owns the address",
  LEAVES_OWNER: "the range reaches beyond the end of its owner",
  NOT_A_PROVIDER: "the address belongs to something that is not peer memory",
  VF_NOT_ENABLED: "the address is kept for virtual functions that are not enabled",
  MEMORY_DECODE_OFF: "the owner, or a bridge above it, does not decode memory requests",
  DMA_MASK: "the DMA address is beyond what the initiator can drive",
  NO_INBOUND_WINDOW: "the host bridge above the initiator forwards no requests from below to the address",
  PLATFORM_REFUSED: "the policy does not let PCI functions and devices outside PCI reach each other this way",
  WITHHELD: "the owner hands this memory out to nobody",

  ACS_UNREADABLE: "the ACS registers on the way are not shown",
  PARENT_UNKNOWN: "nothing shows what the functions hang below",
  HOST_BRIDGE_UNKNOWN: "whether the kernel lets requests pass through the host bridge is not known",
  OWNER_UNKNOWN: "the description does not show everything that may own the address",
  OWNER_AMBIGUOUS: "several claim the address",
  NO_ADDRESSES: "the description holds no CPU physical addresses",
  MEMORY_DECODE_UNKNOWN: "whether the owner and the bridges above it decode memory requests is not shown",
  DMA_MASK_UNKNOWN: "whether the initiator can drive the DMA address is not known",
  PLATFORM_OWNER: "whether the host bridge forwards requests to this platform device is not known",
  LINK_UNKNOWN: "whether the side link between them carries the request is not shown, and it decides",
} as const;

/** A key of {@link CODES}. */
export type Code = keyof typeof CODES;
