/**
 * Something odd that a reader or the topology met and could live with. Codes are stable; the message says what was
 * expected, what came and where.
 */
export interface Finding {
  /** Stable: scripts may compare it. */
  readonly code: FindingCode;
  /** For people. */
  readonly message: string;
  /** The functions (`dddd:bb:dd.f`) or host bridges (`dddd:bb`) concerned. */
  readonly functions: readonly string[];
  /** Where in the input: source name and line, where there is one. */
  readonly source?: string;
  /** From 1. */
  readonly line?: number;
}

/** What was odd: the first group is found by readers, the second by the topology. */
export type FindingCode =
  // readers
  | "UNREADABLE_FUNCTION" // configuration space that is no device's: all ones, all zero
  | "CAPABILITY_CHAIN" // looped, truncated or leading outside
  | "MALFORMED_LINE" // a field that has no place in the format
  | "CUT_SHORT" // the input ends in the middle of something
  | "SOURCES_DISAGREE" // two sources of one machine contradict each other, or one itself
  | "MASKED_ADDRESSES" // /proc/iomem read without privilege: all zero
  | "MISSING_FILE" // a file that the format promises and the source lacks
  // topology
  | "BAR_OVERLAP" // two functions claim one address
  | "BAR_OUTSIDE_WINDOW" // a BAR that no window of the bridge above it holds
  | "BUS_CLASH" // two bridges claim one bus, or one none
  | "PARENT_UNKNOWN" // nothing shows what the function hangs below
  | "ADDRESS_TOO_HIGH"; // at or above 2^63
