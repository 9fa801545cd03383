import type { Decision, Relation, Terms } from "../core.js";
import type { Judgement, Missing, Policy, Question } from "../policy/policy.js";
import { parseAddress } from "../topology/address.js";
import type { FunctionDescription } from "../topology/description.js";
import {
  ACS_BITS,
  ACS_REDIRECT,
  bit,
  COMMAND_MEMORY,
  decodesMemory,
  formatWord,
  knownBits,
  redirects,
  showsRedirects,
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
 * they meet, both whole chains. Without a common bridge ACS is not consulted: none. Those that are known not to redirect
 * are left out: a chain may be long, and nobody asks for them.
 */
export function testedFunctions(
  topology: Topology,
  provider: number,
  client: number,
  { common, relation }: Decision,
): FunctionDescription[] {
  const shared = SHARED.includes(relation);
  if (!shared && !UNPLACED.includes(relation)) return [];
  const turn = shared ? topology.core.depth(common) : 1;
  const tested = [...notDirect(topology, provider, turn), ...notDirect(topology, client, shared ? turn + 1 : turn)];
  return tested.map((id) => topology.registers(id)!);
}

/** What redirects, or may, from a function up to the depth `least`: each record names the next, so none is passed. */
function notDirect({ core }: Topology, id: number, least: number): number[] {
  const next = (node: number) => Math.max(core.redirectDepth(node), core.unreadableDepth(node));
  const found: number[] = [];
  let depth = next(id);
  // A chain in memory is made only where somebody on it is to be named.
  if (depth < least) return found;
  const chain = core.ancestors(id);
  for (; depth >= least; depth = next(chain[chain.length - depth]!)) found.push(chain[chain.length - 1 - depth]!);
  return found;
}

/** The functions among `tested` that redirect. */
export function redirectCulprits(tested: readonly FunctionDescription[]): Culprit[] {
  return tested
    .filter((description) => redirects(description) === "on")
    .map((description) => acsCulprit(description, "redirects peer-to-peer requests upstream", ACS_REDIRECT));
}

/** @param mask the bits of the ACS control word that are at fault where they are set. */
export function acsCulprit({ bdf, acs }: FunctionDescription, does: string, mask: number): Culprit {
  const bits = ACS_BITS.filter((_, index) => (knownBits(acs!.control).value & mask & (1 << index)) !== 0);
  return { bdf, what: `ACS ${does} (control ${formatWord(acs!.control)})`, bits };
}

/** What would have to be known of the functions among `tested`. */
export function missingAcs(tested: readonly FunctionDescription[]): Missing[] {
  return tested.filter(({ acs }) => !showsRedirects(acs)).map(missingControl);
}

export function missingControl({ bdf }: FunctionDescription): Missing {
  return { what: `the ACS control word of ${bdf}`, where: "lspci -vvv or /sys, read as root" };
}

/** What would have to be known of the place of both functions. */
export function missingPlace(topology: Topology, ids: readonly number[]): Missing[] {
  const unknown = ids.map((id) => topology.roots[topology.rootOrdinal(id)]!.id).filter((id) => !topology.isKnown(id));
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
 *
 * @param terms of a BAR of the owner, where they are at hand: they tell above which depth every bridge lets through.
 */
export function decodeCulprits(
  topology: Topology,
  owner: number,
  from: number,
  terms: Terms | null,
): { readonly off: readonly Culprit[]; readonly missing: readonly Missing[] } {
  const off: Culprit[] = [];
  const missing: Missing[] = from === 0 ? missingPlace(topology, [owner]) : [];
  for (const id of suspects(topology, owner, from, terms)) {
    const description = topology.registers(id)!;
    const physical = id === owner ? topology.physicalFunction(id) : undefined;
    const state = id === owner ? decodesMemory(description, physical) : bit(description.command, COMMAND_MEMORY);
    if (state === "off") off.push(decodeCulprit(description, physical));
    if (state === "unknown") {
      missing.push(missingDecode(description, physical));
    }
  }
  return { off, missing };
}

function missingDecode(description: FunctionDescription, physical: FunctionDescription | undefined): Missing {
  const { bdf, command } = description;
  if (physical !== undefined) {
    return { what: `the SR-IOV control word of ${physical.bdf}`, where: "lspci -vvv or /sys, read as root" };
  }
  // A bit that is shown and does not tell: that of a virtual function is always clear.
  return bit(command, COMMAND_MEMORY) === "off"
    ? { what: `whether ${bdf} is a virtual function`, where: "/sys, or lspci -vvv read as root" }
    : { what: `the Command register of ${bdf}`, where: "lspci -vv or /sys" };
}

/** The owner, and the bridges of its chain below the depth `from` of which not all are known to let requests through. */
function* suspects(topology: Topology, owner: number, from: number, terms: Terms | null): Generator<number> {
  yield owner;
  const own = topology.core.depth(owner);
  const deepest =
    terms === null ? own - 1 : Math.max(...[terms.offFrom, terms.unknownFrom].map((depth) => upTo(depth, own)));
  if (deepest <= from) return;
  const chain = topology.path(owner);
  for (let depth = deepest; depth > from; depth--) yield chain[own - depth]!;
}

/** Terms name the owner itself where that keeps requests out, and then no bridge. */
function upTo(depth: number, own: number): number {
  return Math.min(depth, own - 1);
}

/** Terms of one of a function's BARs; null where none can be looked up by its address. */
export function termsOf(topology: Topology, id: number, { bars }: FunctionDescription): Terms | null {
  const { core } = topology;
  for (const { start } of bars ?? []) {
    const address = typeof start === "string" ? parseAddress(start) : null;
    if (address === null) continue;
    const { claim, range } = core.claim(topology.systemOf(id), address);
    if (claim === "nobody" || claim === "hole") continue;
    const { owner, terms } = core.range(range);
    if (owner === id && (terms.kind === "bar" || terms.kind === "not-peer")) return terms;
  }
  return null;
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
