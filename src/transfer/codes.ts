/**
 * Why an exporter's memory cannot be handed to an importer, beyond the `CODES` of a mapping. Stable: scripts may compare
 * them. The first group is the export's, whoever imports it; the second the importer's; the third says what is not known.
 */
export const ATTACH_CODES = {
  NO_RANGES: "no range is exported",
  RANGE_EMPTY: "a range has no bytes",
  RANGE_NOT_ALIGNED: "a range does not begin and end with a page",
  RANGE_OVERFLOW: "a range ends beyond 2^64",
  RANGE_NOT_OWNED: "a range is not the exporter's memory",
  RANGE_LEAVES_BAR: "a range reaches beyond the end of its BAR",
  RANGES_IN_SEVERAL_BARS: "the ranges are in more than one BAR; an export is of one",
  NOT_A_MEMORY_BAR: "a range is in none of the BARs 0 to 5, such as the expansion ROM",

  PEER_TO_PEER_OFF: "the importer does not allow peer-to-peer",
  EXPORT_REVOKED: "the exporter's memory decode is off or it is powered down, which revokes the export",
  ONE_RANGE_ONLY: "iommufd takes an export of one range only",
  NOT_A_PCI_IMPORTER: "the importer is no PCI function",

  BAR_NOT_SHOWN: "the description does not show which BAR a range is in",
} as const;

/** A key of {@link ATTACH_CODES}. */
export type AttachCode = keyof typeof ATTACH_CODES;

/** Errors by the names that the kernel has for them. */
export type Errno = "EINVAL" | "ENODEV" | "EOPNOTSUPP" | "EOVERFLOW";

/** What Linux returns (vfio_pci_dmabuf.c and dma-buf-mapping.c of 6.19); null: it knows. */
export const ERRNOS: Readonly<Record<AttachCode, Errno | null>> = {
  NO_RANGES: "EINVAL",
  RANGE_EMPTY: "EINVAL",
  RANGE_NOT_ALIGNED: "EINVAL",
  RANGE_OVERFLOW: "EOVERFLOW",
  RANGE_NOT_OWNED: "EINVAL",
  RANGE_LEAVES_BAR: "EINVAL",
  RANGES_IN_SEVERAL_BARS: "EINVAL",
  NOT_A_MEMORY_BAR: "ENODEV",

  PEER_TO_PEER_OFF: "EOPNOTSUPP",
  EXPORT_REVOKED: "ENODEV",
  ONE_RANGE_ONLY: "EOPNOTSUPP",
  NOT_A_PCI_IMPORTER: "EINVAL",

  BAR_NOT_SHOWN: null,
};
