import type { Direction, Question } from "../policy/policy.js";
import type { FunctionDescription } from "../topology/description.js";
import { bit } from "../topology/register.js";
import type { Ref } from "../topology/topology.js";
import type { PeerDma } from "./peer-dma.js";
import type { Route } from "./verdict.js";

const REQUEST_REDIRECT = 0x04 | 0x20;
const COMPLETION_REDIRECT = 0x08;

/**
 * The route by what the hardware does rather than by what Linux takes for it (docs/semantics.md, Precise ACS): only the
 * two functions just below the common bridge matter, the client's for requests, the provider's for the completions of
 * reads. A request that is redirected is up to the host bridge, as the policy has it.
 *
 * @throws RangeError for what names no function.
 */
export function preciseRoute(
  peerDma: PeerDma,
  provider: Ref,
  client: Ref,
  direction: Direction = "both",
): Route | "not-supported" | "unknown" {
  const { topology } = peerDma;
  const { bridge } = topology.common(provider, client);
  if (typeof bridge !== "number") {
    const verdict = peerDma.can(provider, client, direction);
    return (verdict.pcie ?? verdict).route;
  }
  if (topology.id(provider) === topology.id(client)) return "local";
  const request = redirected(childBelow(peerDma, client, bridge), REQUEST_REDIRECT);
  const completion =
    direction === "write" ? "off" : redirected(childBelow(peerDma, provider, bridge), COMPLETION_REDIRECT);
  const worse = direction === "write" ? "write" : "read";
  if (request === "off" && completion === "off") return byPolicy(peerDma, provider, "direct", worse);
  if (request === "on" || completion === "on") return byPolicy(peerDma, provider, "redirected", worse);
  return "unknown";
}

/** The node on the way from `ref` up to `bridge` that is just below it; null where `ref` is the bridge. */
function childBelow({ topology }: PeerDma, ref: Ref, bridge: number): FunctionDescription | null {
  const path = topology.path(ref);
  const at = path.indexOf(bridge);
  return at === 0 ? null : topology.describe(path[at - 1]!);
}

function redirected(description: FunctionDescription | null, bits: number) {
  if (description === null || description.acs === null) return "off";
  return bit(description.acs?.control, bits);
}

/** What the policy makes of a path below one host bridge, over all classes that the host bridge may have. */
function byPolicy(peerDma: PeerDma, ref: Ref, path: Question["path"], direction: "read" | "write") {
  const { topology, policy } = peerDma;
  const { classes } = peerDma.judgement(topology.rootOrdinal(topology.id(ref)));
  const outcomes = classes.map((name) =>
    policy.decide({ relation: "common-bridge", path, direction, providerClass: name, clientClass: name }),
  );
  const routes = new Set(
    outcomes.map((outcome) => (outcome.endsWith("refused") ? "not-supported" : (outcome as Route))),
  );
  return routes.size === 1 ? [...routes][0]! : "unknown";
}
