import type { FunctionDescription, SystemDescription } from "../topology/description.js";

/** As the initiator sees it: `read` moves data from the provider to the client. */
export type Direction = "read" | "write" | "both";

/** What happens to a request in one completion of a description. */
export type Outcome =
  | "bus-address" // stays below the common bridge
  | "through-host-bridge"
  | "redirect-refused" // ACS redirects it and the host bridge does not take it
  | "host-refused" // no common bridge and the host bridge does not take it
  | "policy-refused"; // not whatever the topology

/** One completion of the question about a pair. Classes are the policy's own words for host bridges. */
export interface Question {
  /** `self`: a function and itself; otherwise the nearest thing that both hang below. */
  readonly relation: "self" | "common-bridge" | "same-host-bridge" | "across-host-bridges";
  /** Whether ACS redirects on the way, the common bridge included; `direct` where there is none. */
  readonly path: "direct" | "redirected";
  /** As the client sees it. */
  readonly direction: "read" | "write";
  /** Of the host bridge above the owner of the memory. */
  readonly providerClass: string;
  /** Of the host bridge above the function that does the DMA. */
  readonly clientClass: string;
}

/** A host bridge as a policy sees it. */
export interface HostBridge {
  /** Its root bus, `dddd:bb`; null where nothing shows which host bridge a bus hangs below. */
  readonly root: string | null;
  /** The functions on its root bus, in the order of enumeration; without BARs and windows where there are many. */
  readonly functions: readonly FunctionDescription[];
  /** The machine it is part of. */
  readonly system: SystemDescription;
}

/** A fact the description lacks, and what would show it. */
export interface Missing {
  /** The fact, for people. */
  readonly what: string;
  /** A command, file or option that shows it. */
  readonly where: string;
}

/** What a policy makes of a host bridge. */
export interface Judgement {
  /** Every class it has in some completion of the description; at least one. */
  readonly classes: readonly string[];
  /** A sentence about the host bridge, for people. */
  readonly because: string;
  /** Function that gives the host bridge its identity. */
  readonly identifiedBy?: string;
  /** What was taken for granted. */
  readonly assumed?: readonly string[];
  /** What would leave a single class. Empty where there is one. */
  readonly missing: readonly Missing[];
  /** What would make it acceptable, where that is known. */
  readonly remedy?: string;
}

/**
 * Who may reach whom, on one platform. A policy is stance only: it looks at nothing but its arguments, so that it can
 * be compiled once into one class byte per host bridge and one decision table.
 */
export interface Policy {
  /** For people. */
  readonly name: string;
  /** The kernel release whose rules these are. */
  readonly kernel?: string;
  /** What it had to infer about itself, such as the kernel release. */
  readonly inferred?: readonly string[];
  /** Added by the kernel to the distance of a pair whose route is through the host bridge. */
  readonly throughHostDistance: number;
  /**
   * Whose model of ACS tells whether a path is redirected: what the hardware does by direction (docs/semantics.md,
   * Precise ACS; {@link precise}), or, where it is missing, what Linux takes for it.
   */
  readonly paths?: "precise";
  /** What class a host bridge is of, with reasons; at most 16 sets of classes may differ in one topology. */
  judge(host: HostBridge): Judgement;
  /** What happens to the request of one completion; asked once for each question there is, never per pair. */
  decide(question: Question): Outcome;
}
