import type { Policy } from "./policy.js";

/** The same policy with direction-aware ACS (docs/semantics.md, Precise ACS). */
export function precise(policy: Policy): Policy {
  return { ...policy, name: `${policy.name}+precise`, paths: "precise" };
}
