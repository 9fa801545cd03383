import type { Policy } from "./policy.js";

/**
 * The same policy with what the hardware does in place of what Linux tests (docs/semantics.md, Precise ACS): of the
 * functions below a common bridge only the two just below it matter, the client's for requests, the provider's for the
 * completions of reads. What is redirected is up to the host bridges, as the policy has it.
 */
export function precise(policy: Policy): Policy {
  return policy.paths === "precise" ? policy : { ...policy, name: `${policy.name}+precise`, paths: "precise" };
}
