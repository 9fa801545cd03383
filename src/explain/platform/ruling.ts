import { firstRefusal, outcomeOutsidePci, type PlatformOutcome, type PlatformQuestion } from "../../policy/platform.js";
import type { Direction, Policy } from "../../policy/policy.js";
import type { Ruling } from "../ruling.js";

/** Who asks whom: whether the initiator is in PCI, and the owner of the memory. */
export type Ends = Pick<PlatformQuestion, "initiator" | "owner">;

/** Whether requests from below a host bridge reach a range; `unknown`: the description does not show its windows. */
export type InboundState = PlatformQuestion["inbound"] | "unknown";

/**
 * What a policy's stance on devices outside PCI comes to, over all completions of what the description leaves open: one
 * at a time and in batches.
 */
export function rulePlatform(policy: Policy, ends: Ends, direction: Direction, inbound: InboundState): Ruling {
  const completions = inbound === "unknown" ? (["open", "closed"] as const) : [inbound];
  const [first, ...others] = completions.map((state) => outcomeOf(policy, ends, direction, state));
  if (others.every((outcome) => outcome === first)) return RULINGS[first!](ends);
  return [first, ...others].includes("allowed")
    ? { route: "unknown", code: "PLATFORM_OWNER" }
    : { route: "not-supported", code: "NOT_SUPPORTED" };
}

/** `both` is as good as the worse of reading and writing. */
function outcomeOf(
  policy: Policy,
  ends: Ends,
  direction: Direction,
  inbound: PlatformQuestion["inbound"],
): PlatformOutcome {
  const ways = direction === "both" ? (["read", "write"] as const) : [direction];
  return firstRefusal(ways.map((way) => outcomeOutsidePci(policy, { ...ends, direction: way, inbound })));
}

const RULINGS: Readonly<Record<PlatformOutcome, (ends: Ends) => Ruling>> = {
  allowed: ({ initiator, owner }) => {
    const touchesPci = initiator === "pci" || owner === "pci";
    return { route: touchesPci ? "through-host-bridge" : "interconnect", code: null };
  },
  "inbound-refused": () => ({ route: "not-supported", code: "NO_INBOUND_WINDOW" }),
  "policy-refused": () => ({ route: "not-supported", code: "PLATFORM_REFUSED" }),
};
