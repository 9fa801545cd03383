import type { Decision } from "../core.js";
import type { Direction, Missing } from "../policy/policy.js";
import { ACS_COMPLETION, ACS_EGRESS, ACS_REQUEST, bit, showsRedirects } from "../topology/register.js";
import type { Topology } from "../topology/topology.js";
import { acsCulprit, missingControl } from "./culprits.js";
import { egressOf } from "./egress.js";
import type { Culprit } from "./verdict.js";

interface Reasons {
  readonly culprits: readonly Culprit[];
  readonly missing: readonly Missing[];
}

const NONE: Reasons = { culprits: [], missing: [] };

/**
 * Who redirects or blocks where what the hardware does decides (docs/semantics.md, Precise ACS), and what is not known
 * of the two functions just below the bridge that a pair shares, or may share: first the provider's, then the client's.
 */
export function preciseReasons(
  topology: Topology,
  provider: number,
  client: number,
  { common, relation }: Decision,
  direction: Direction,
): Reasons {
  if (relation !== "common-bridge" && relation !== "same-unknown") return NONE;
  const [providerSide, clientSide] = [provider, client].map((id) => topology.core.childBelow(id, common));
  const back = direction === "write" ? NONE : completions(topology, providerSide!);
  const there = requests(topology, clientSide!, providerSide!);
  // What is blocked has no completion.
  if (there.blocked === true) return there;
  return { culprits: [...back.culprits, ...there.culprits], missing: [...back.missing, ...there.missing] };
}

function completions(topology: Topology, providerSide: number): Reasons {
  const description = providerSide === 0 ? null : topology.registers(providerSide)!;
  if (description === null || description.acs === null) return NONE;
  if (!showsRedirects(description.acs)) return { culprits: [], missing: [missingControl(description)] };
  if (bit(description.acs!.control, ACS_COMPLETION) === "off") return NONE;
  return { culprits: [acsCulprit(description, "redirects completions upstream", ACS_COMPLETION)], missing: [] };
}

function requests(topology: Topology, clientSide: number, providerSide: number): Reasons & { blocked?: true } {
  const description = clientSide === 0 ? null : topology.registers(clientSide)!;
  if (description === null || description.acs === null) return NONE;
  if (!showsRedirects(description.acs)) return { culprits: [], missing: [missingControl(description)] };
  const { control } = description.acs!;
  const { way, missing } =
    bit(control, ACS_EGRESS) === "on"
      ? egressOf(topology, clientSide, providerSide)
      : { way: bit(control, ACS_REQUEST) === "on" ? "redirected" : "direct", missing: [] };
  if (way === "blocked") {
    const target = topology.name(providerSide);
    const culprit = acsCulprit(description, `blocks peer-to-peer requests to port ${target}`, ACS_EGRESS);
    return { culprits: [culprit], missing, blocked: true };
  }
  if (way !== "redirected") return { culprits: [], missing };
  const culprit = acsCulprit(description, "redirects peer-to-peer requests upstream", ACS_REQUEST | ACS_EGRESS);
  return { culprits: [culprit], missing };
}
