import type { Decision, Relation } from "../core.js";
import type { Judgement, Missing, Policy, Question } from "../policy/policy.js";
import type { FunctionDescription } from "../topology/description.js";
import {
  ACS_BITS,
  ACS_REDIRECT,
  bit,
  COMMAND_MEMORY,
  decodesMemory,
  redirects,
  VF_ENABLE,
} from "../topology/register.js";
import type { Topology } from "../topology/topology.js";
import type { Context } from "./context.js";
import type { Culprit } from "./verdict.js";

const SHARED: readonly (Relation | "across-systems")[] = ["self", "common-bridge"];
export const UNPLACED: readonly (Relation | "across-systems")[] = ["same-unknown", "across-unknown"];

/**
 * The functions whose ACS decides, in the kernel's order (docs/semantics.md, Redirect): the provider and the bridges
 * above it up to and including the common one, then the client and its bridges without it. Where nothing shows whether
 * they meet, both whole chains. Without a common bridge ACS is not consulted: none.
 */
export function testedFunctions(
  topology: Topology,
  provider: number,
  client: number,
  { common, relation }: Decision,
): FunctionDescription[] {
  if (!SHARED.includes(relation) && !UNPLACED.includes(relation)) return [];
  const below = (id: number) => [...topology.path(id)].filter((node) => topology.describe(node) !== null);
  const providerSide = below(provider);
  const clientSide = below(client);
  if (SHARED.includes(relation)) {
    providerSide.length = providerSide.indexOf(common) + 1;
    clientSide.length = clientSide.indexOf(common);
  }
  return [...providerSide, ...clientSide].map((id) => topology.describe(id)!);
}

/** The functions among `tested` that redirect. */
export function redirectCulprits(tested: readonly FunctionDescription[]): Culprit[] {
  return tested.filter((description) => redirects(description) === "on").map(redirectCulprit);
}

function redirectCulprit({ bdf, acs }: FunctionDescription): Culprit {
  const bits = ACS_BITS.filter((_, index) => (acs!.control & ACS_REDIRECT & (1 << index)) !== 0);
  return {
    bdf,
    what: `ACS redirects peer-to-peer requests upstream (control 0x${acs!.control.toString(16).padStart(4, "0")})`,
    bits,
  };
}

/** What would have to be known of the functions among `tested`. */
export function missingAcs(tested: readonly FunctionDescription[]): Missing[] {
  return tested
    .filter((description) => redirects(description) === "unknown")
    .map(({ bdf }) => ({ what: `the ACS control word of ${bdf}`, where: "lspci -vvv or /sys, read as root" }));
}

/** What would have to be known of the place of both functions. */
export function missingPlace(topology: Topology, ids: readonly number[]): Missing[] {
  const unknown = ids.map((id) => topology.path(id).at(-1)!).filter((root) => !topology.isKnown(root));
  return [...new Set(unknown)].map((root) => ({
    what: `the bridge above bus ${topology.name(root)}`,
    where: "the whole output of lspci -v, or sysfs",
  }));
}

/** The host bridges that a refusal names, each once: those that would not even take requests from their like. */
export function hostCulprits(context: Context, ids: readonly number[], relation: Question["relation"]): Culprit[] {
  const { topology, policy } = context;
  const ordinals = [...new Set(ids.map((id) => topology.rootOrdinal(id)))];
  const refusing = ordinals.filter((ordinal) => refuses(policy, context.judgement(ordinal), relation));
  return (refusing.length > 0 ? refusing : ordinals).map((ordinal) => {
    const { because, identifiedBy } = context.judgement(ordinal);
    return { bdf: identifiedBy ?? topology.roots[ordinal]!.root.bus, what: because, bits: [] };
  });
}

function refuses(policy: Policy, { classes }: Judgement, relation: Question["relation"]): boolean {
  return classes.every((name) =>
    (["read", "write"] as const).some((direction) =>
      policy
        .decide({ relation, path: "direct", direction, providerClass: name, clientClass: name })
        .endsWith("refused"),
    ),
  );
}

/**
 * Who on the owner's chain, below the depth `from`, keeps memory requests from arriving, and of whom that is not known.
 */
export function decodeCulprits(
  topology: Topology,
  owner: number,
  from: number,
): { readonly off: readonly Culprit[]; readonly missing: readonly Missing[] } {
  const off: Culprit[] = [];
  const missing: Missing[] = from === 0 ? missingPlace(topology, [owner]) : [];
  for (const id of topology.path(owner)) {
    const description = topology.describe(id);
    if (description === null || (id !== owner && topology.core.depth(id) <= from)) continue;
    const physical = id === owner ? topology.physicalFunction(id) : undefined;
    const state = id === owner ? decodesMemory(description, physical) : bit(description.command, COMMAND_MEMORY);
    if (state === "off") off.push(decodeCulprit(description, physical));
    if (state === "unknown") {
      missing.push(
        physical === undefined
          ? { what: `the Command register of ${description.bdf}`, where: "lspci -vv or /sys" }
          : { what: `the SR-IOV control word of ${physical.bdf}`, where: "lspci -vvv or /sys, read as root" },
      );
    }
  }
  return { off, missing };
}

function decodeCulprit(description: FunctionDescription, physical: FunctionDescription | undefined): Culprit {
  const { bdf, powerState } = description;
  if (powerState === "D3hot" || powerState === "D3cold")
    return { bdf, what: `is powered down (${powerState})`, bits: [] };
  if (physical === undefined) return { bdf, what: "memory decode is off (Command register)", bits: ["Mem"] };
  const enabled = ((physical.sriov?.control ?? 0) & VF_ENABLE) !== 0;
  const bits = enabled ? ["VF MSE"] : ["VF Enable"];
  return { bdf: physical.bdf, what: `memory decode of its virtual functions is off (SR-IOV control)`, bits };
}
