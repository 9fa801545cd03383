import { OUTCOME_BITS, type Decision } from "../core.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { decodeCulprits } from "./culprits.js";
import type { Memory } from "./verdict.js";

/** Can the memory of `provider` be reached at all? Linux's peer-to-peer decision does not ask. */
export function memoryOf(topology: Topology, provider: number, decision: Decision): Memory {
  const bars = memoryBars(topology.describe(provider)!);
  if (bars === undefined) return "unknown";
  if (bars.length === 0) return "none";
  const places = bars.map(({ start, bus }) => start ?? bus);
  if (places.every((place) => place === null)) return "unassigned";
  const { off, missing } = decodeCulprits(topology, provider, descendsFrom(topology, decision));
  if (off.length > 0) return "off";
  // The BAR that found no room is as a rule the large one, which is the memory that peers are after.
  if (places.includes(null)) return "unassigned";
  return missing.length > 0 || places.includes(undefined) ? "unknown" : "ok";
}

/** The depth below which a request passes the provider's bridges: that of the common bridge, or of the host bridge. */
export function descendsFrom(topology: Topology, { common, outcomes }: Decision): number {
  const through = (outcomes & OUTCOME_BITS["through-host-bridge"]) !== 0;
  return through || common === 0 ? 0 : topology.core.depth(common);
}

/** BARs 0 to 5 that are memory; undefined where the description shows no BARs. */
function memoryBars({ bars }: FunctionDescription) {
  return bars?.filter(({ index, type }) => type !== "io" && type !== "rom" && (index === undefined || index < 6));
}
