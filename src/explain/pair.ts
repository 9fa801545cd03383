import { OUTCOME_BITS, type Decision, type Path } from "../core.js";
import { distinct } from "../policy/missing.js";
import type { Direction, Missing } from "../policy/policy.js";
import type { Topology } from "../topology/topology.js";
import type { Code } from "./codes.js";
import type { Context } from "./context.js";
import { hostCulprits, missingAcs, missingPlace, redirectCulprits, testedFunctions, UNPLACED } from "./culprits.js";
import { egressHint, hostHints, redirectHint } from "./hints.js";
import { preciseReasons } from "./precise.js";
import type { Culprit, Hint, Route } from "./verdict.js";

export const ALLOWED = OUTCOME_BITS["bus-address"] | OUTCOME_BITS["through-host-bridge"];
const REFUSALS: readonly (readonly [number, Code])[] = [
  [OUTCOME_BITS["redirect-refused"], "ACS_REDIRECT"],
  [OUTCOME_BITS["egress-blocked"], "EGRESS_BLOCKED"],
  [OUTCOME_BITS["host-refused"], "HOST_BRIDGE_NOT_ALLOWED"],
  [OUTCOME_BITS["policy-refused"], "P2PDMA_NOT_BUILT"],
  [OUTCOME_BITS["systems-refused"], "DIFFERENT_SYSTEM"],
];

/** A decision holds the outcome of every completion of the description: known is what they agree on. */
export function answerOf(outcomes: number): "yes" | "no" | "unknown" {
  if ((outcomes & ALLOWED) === 0) return "no";
  return (outcomes & ~ALLOWED) === 0 ? "yes" : "unknown";
}

/** Why a pair is refused. */
export function refusalOf(outcomes: number): Code {
  return REFUSALS.find(([bit]) => outcomes === bit)?.[1] ?? "NOT_SUPPORTED";
}

/** The way of a pair that is allowed, where all completions agree on it. */
export function routeOf(outcomes: number, self: boolean): Route | "unknown" {
  if (outcomes === OUTCOME_BITS["bus-address"]) return self ? "local" : "bus-address";
  return outcomes === OUTCOME_BITS["through-host-bridge"] ? "through-host-bridge" : "unknown";
}

/** What keeps an answer, or a route, from being known. */
export function doubtOf({ relation, path }: Pick<Decision, "relation" | "path">): Code {
  if (UNPLACED.includes(relation)) return "PARENT_UNKNOWN";
  return KNOWN_PATHS.includes(path) ? "HOST_BRIDGE_UNKNOWN" : "ACS_UNREADABLE";
}

const KNOWN_PATHS: readonly Path[] = ["direct", "redirected", "blocked"];

/** Distance and common bridge of two functions, the bridge by name. */
export function hopsOf(
  topology: Topology,
  a: number,
  b: number,
): { distance: number | null; common: string | null | "unknown" } {
  const { bridge, distance } = topology.common(a, b);
  return { distance, common: typeof bridge === "number" ? topology.name(bridge) : bridge };
}

/** Who is at fault, what would change it, and what is not known. */
export function reasonsFor(
  context: Context,
  provider: number,
  client: number,
  decision: Decision,
  direction: Direction,
): { culprits: readonly Culprit[]; hints: Hint[]; missing: Missing[] } {
  const { topology, policy } = context;
  const { outcomes } = decision;
  const acs = acsReasons(context, provider, client, decision, direction);
  const roots = [...new Set([topology.rootOrdinal(provider), topology.rootOrdinal(client)])];
  const hosts = roots.map((root) => context.judgement(root));
  const hostsDecide = outcomes !== OUTCOME_BITS["bus-address"] && decision.relation !== "across-systems";
  const hostsRefuse = outcomes === OUTCOME_BITS["host-refused"] || outcomes === OUTCOME_BITS["policy-refused"];
  const hints: Hint[] = [];
  if (acs.culprits.length > 0 && !UNPLACED.includes(decision.relation)) {
    const hint = outcomes === OUTCOME_BITS["egress-blocked"] ? egressHint : redirectHint;
    hints.push(hint(acs.culprits, policy.kernel));
  }
  if (hostsRefuse) hints.push(...hostHints(hosts, outcomes === OUTCOME_BITS["host-refused"]));
  const missing: Missing[] = [];
  if (answerOf(outcomes) !== "no" && routeOf(outcomes, false) === "unknown") {
    missing.push(...missingPlace(topology, [provider, client]));
    // A long chain has more of them than a call takes arguments.
    for (const entry of acs.missing) missing.push(entry);
    if (hostsDecide && answerOf(outcomes) === "unknown")
      missing.push(...distinct(hosts.flatMap(({ missing }) => missing)));
  }
  return {
    culprits: hostsRefuse ? hostCulprits(context, [provider, client], hostRelation(decision)) : acs.culprits,
    hints,
    missing,
  };
}

/** Of the functions whose ACS decides: those that redirect or block, and what is not known of the others. */
function acsReasons(
  { topology, policy }: Context,
  provider: number,
  client: number,
  decision: Decision,
  direction: Direction,
): { readonly culprits: readonly Culprit[]; readonly missing: readonly Missing[] } {
  if (policy.paths === "precise") return preciseReasons(topology, provider, client, decision, direction);
  const tested = testedFunctions(topology, provider, client, decision);
  return { culprits: redirectCulprits(tested), missing: missingAcs(tested) };
}

function hostRelation({ relation }: Decision) {
  return relation === "across-host-bridges" ? relation : "same-host-bridge";
}
