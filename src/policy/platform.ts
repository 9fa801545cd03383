import type { Policy } from "./policy.js";

/**
 * One completion of a question in which a device outside PCI takes part. Who owns the memory hands it out, and both are
 * in one system: other cases are not asked.
 */
export interface PlatformQuestion {
  /** Who issues the requests: never PCI where the owner is. */
  readonly initiator: "pci" | "platform";
  /** Whose the memory is. */
  readonly owner: "pci" | "platform";
  /** As the initiator sees it. */
  readonly direction: "read" | "write";
  /**
   * Whether the host bridge above an initiator in PCI forwards requests from below to all of the memory; outside PCI
   * there is none in the way, and it is `open`.
   */
  readonly inbound: "open" | "closed";
}

/** What becomes of such a request. */
export type PlatformOutcome =
  | "allowed"
  | "inbound-refused" // the host bridge forwards no requests from below to the memory
  | "policy-refused"; // not whatever the host bridge does

/**
 * The stance of every policy that states none (docs/semantics.md, Platform devices): what the wires let through is
 * allowed. Linux's peer-to-peer DMA knows nothing but PCI, so that no release says otherwise.
 */
export function decidePlatform({ inbound }: PlatformQuestion): PlatformOutcome {
  return inbound === "open" ? "allowed" : "inbound-refused";
}

const OUTCOMES: readonly PlatformOutcome[] = ["allowed", "inbound-refused", "policy-refused"];

/**
 * What a policy has to say of a question, be it that it states nothing.
 *
 * @throws TypeError for a policy that answers with what is no outcome; nothing said is no permission.
 */
export function outcomeOutsidePci(
  policy: Pick<Policy, "name" | "platform">,
  question: PlatformQuestion,
): PlatformOutcome {
  if (policy.platform === undefined) return decidePlatform(question);
  const outcome = policy.platform(question);
  if (OUTCOMES.includes(outcome)) return outcome;
  throw new TypeError(
    `policy ${policy.name}: expected one of ${OUTCOMES.join(", ")}, got ${JSON.stringify(outcome)} ` +
      `for ${JSON.stringify(question)}`,
  );
}

/** Where all have to allow: of those that refuse the first says why. */
export function firstRefusal(outcomes: readonly PlatformOutcome[]): PlatformOutcome {
  return outcomes.find((outcome) => outcome !== "allowed") ?? "allowed";
}
