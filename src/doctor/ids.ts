/**
 * How bad it is. `error`: peer-to-peer DMA fails, or data is lost. `warning`: it is slow, or may fail. `note`: worth
 * knowing.
 */
export type Severity = "error" | "warning" | "note";

/** The severities, worst first. */
export const SEVERITIES = ["error", "warning", "note"] as const satisfies readonly Severity[];

interface Meaning {
  /** The worst that a diagnosis of this id may be. */
  readonly severity: Severity;
  /** What is wrong, in a few words without a full stop. */
  readonly meaning: string;
}

/** Everything that a machine may be told it has. Ids are stable: scripts may compare them. */
export const DIAGNOSES = {
  ACS_REDIRECTS: { severity: "error", meaning: "ACS sends requests between devices up to the host" },
  HOST_BRIDGE_REFUSES: { severity: "error", meaning: "the kernel takes no requests through the host bridge" },
  MEMORY_DECODE_OFF: { severity: "error", meaning: "a device or a bridge above it answers no memory requests" },
  BUS_MASTER_OFF: {
    severity: "error",
    meaning: "a device sends no requests, or a bridge above it forwards none upwards",
  },
  BAR_UNASSIGNED: { severity: "error", meaning: "a memory BAR of a device has no address" },
  BAR_CONTESTED: { severity: "error", meaning: "two devices claim the same addresses" },
  BAR_NOT_FORWARDED: { severity: "error", meaning: "a BAR is in no window of the bridge above it" },
  BAR_BEYOND_REACH: { severity: "warning", meaning: "a BAR lies above the addresses that a device drives" },
  BAR_BELOW_CAPABILITY: { severity: "warning", meaning: "a GPU shows less of its memory than it could" },
  VF_BARS_UNASSIGNED: { severity: "warning", meaning: "the BARs of virtual functions have no address" },
  LINK_BELOW_CAPABILITY: { severity: "warning", meaning: "a link runs below what both of its ends can do" },
  DEVICE_ASLEEP: { severity: "note", meaning: "a device is powered down" },
  P2PDMA_NOT_BUILT_IN: { severity: "error", meaning: "the kernel has no peer-to-peer DMA" },
  IOMMU_TRANSLATES_BETWEEN_GPUS: {
    severity: "warning",
    meaning: "what GPUs send each other passes an IOMMU that translates",
  },
  KERNEL_OPTION_UNKNOWN: { severity: "warning", meaning: "the kernel has no such option, and ignores it" },
  ACS_OVERRIDE_ON: { severity: "warning", meaning: "pcie_acs_override pretends isolation and redirects nothing" },
  PARAMETER_NOT_TAKEN: { severity: "warning", meaning: "the kernel does not take a parameter as it is written" },
  PARAMETER_NAMES_NOTHING: { severity: "warning", meaning: "a parameter names nothing that it could change" },
  PARAMETER_WITHOUT_EFFECT: { severity: "warning", meaning: "a parameter had no effect" },
  PARAMETER_SIDE_EFFECT: { severity: "warning", meaning: "a parameter does more than is wanted" },
  KERNEL_NEWER_THAN_RULES: { severity: "note", meaning: "the kernel is newer than the rules that are known" },
  ACS_NOT_SHOWN: { severity: "note", meaning: "the ACS of functions between devices is not shown" },
} as const satisfies Readonly<Record<string, Meaning>>;

/** The id of a diagnosis. */
export type DiagnosisId = keyof typeof DIAGNOSES;

/** All ids, in the order of {@link DIAGNOSES}. */
export const DIAGNOSIS_IDS = Object.keys(DIAGNOSES) as readonly DiagnosisId[];
