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
  P2PDMA_NOT_BUILT_IN: { severity: "error", meaning: "the kernel has no peer-to-peer DMA" },
  IOMMU_TRANSLATES_BETWEEN_GPUS: {
    severity: "warning",
    meaning: "what GPUs send each other passes an IOMMU that translates",
  },
  KERNEL_NEWER_THAN_RULES: { severity: "note", meaning: "the kernel is newer than the rules that are known" },
  ACS_NOT_SHOWN: { severity: "note", meaning: "the ACS of functions between devices is not shown" },
} as const satisfies Readonly<Record<string, Meaning>>;

/** The id of a diagnosis. */
export type DiagnosisId = keyof typeof DIAGNOSES;

/** All ids, in the order of {@link DIAGNOSES}. */
export const DIAGNOSIS_IDS = Object.keys(DIAGNOSES) as readonly DiagnosisId[];
