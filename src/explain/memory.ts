import { OUTCOME_BITS, type Decision } from "../core.js";
import type { BarDescription, FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { decodeCulprits, termsOf } from "./culprits.js";
import { ALLOWED } from "./pair.js";
import type { Memory } from "./verdict.js";

/** Can the memory of `provider` be reached at all? Linux's peer-to-peer decision does not ask. */
export function memoryOf(topology: Topology, provider: number, decision: Decision): Memory {
  const description = topology.describe(provider)!;
  const bars = memoryBars(description);
  if (bars === undefined) return "unknown";
  if (bars.length === 0) return "none";
  const places = bars.map(placeOf);
  if (places.every((place) => place === null)) return "unassigned";
  if (isWithheld(bars) && decision.relation !== "self") return "withheld";
  const terms = termsOf(topology, provider, description);
  const { least, most } = turningDepths(topology, provider, decision);
  if (decodeCulprits(topology, provider, most, terms).off.length > 0) return "off";
  // The BAR that found no room is as a rule the large one, which is the memory that peers are after.
  if (places.includes(null)) return "unassigned";
  const { off, missing } = decodeCulprits(topology, provider, least, terms);
  return off.length + missing.length > 0 || places.includes(undefined) ? "unknown" : "ok";
}

/**
 * The same of a request that goes over a side link, which neither memory decode nor a bridge stands in the way of:
 * never `off`.
 */
export function memoryOverLink(topology: Topology, provider: number): Memory {
  const bars = memoryBars(topology.describe(provider)!);
  if (bars === undefined) return "unknown";
  if (bars.length === 0) return "none";
  const places = bars.map(placeOf);
  if (places.every((place) => place === null)) return "unassigned";
  if (isWithheld(bars)) return "withheld";
  return places.includes(null) ? "unassigned" : places.includes(undefined) ? "unknown" : "ok";
}

function placeOf({ start, bus }: BarDescription): string | null | undefined {
  return start === undefined ? bus : start;
}

/** Whether nobody but their owner reaches any of the BARs that have an address. */
function isWithheld(bars: readonly BarDescription[]): boolean {
  return bars.filter(({ start }) => start !== null).every(({ exported }) => exported === "none");
}

/**
 * The depth at which a request turns downward, and below which it passes the provider's bridges: that of the common
 * bridge or of the host bridge; the least and the most of all completions. One that is refused passes none.
 */
export function turningDepths(
  topology: Topology,
  provider: number,
  { common, relation, outcomes }: Decision,
): { readonly least: number; readonly most: number } {
  const own = topology.core.depth(provider);
  const turns: number[] = [];
  if ((outcomes & OUTCOME_BITS["through-host-bridge"]) !== 0) turns.push(0);
  if ((outcomes & OUTCOME_BITS["bus-address"]) !== 0) {
    // The client may hang below any bridge of the provider's chain, or below the provider.
    if (relation === "across-unknown") turns.push(0, own);
    else turns.push(topology.core.depth(common));
  }
  if ((outcomes & ~ALLOWED) !== 0) turns.push(own);
  return { least: Math.min(...turns), most: Math.max(...turns) };
}

/** BARs 0 to 5 that are memory; undefined where the description shows no BARs. */
function memoryBars({ bars }: FunctionDescription) {
  return bars?.filter(({ index, type }) => type !== "io" && type !== "rom" && (index === undefined || index < 6));
}
