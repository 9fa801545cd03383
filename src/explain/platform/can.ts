import { OUTCOME_BITS, type Decision } from "../../core.js";
import type { Direction } from "../../policy/policy.js";
import { toBigInt } from "../../topology/address.js";
import type { PlatformDevice, Topology } from "../../topology/topology.js";
import type { Context } from "../context.js";
import { inboundReasons, inboundState, type Region } from "./inbound.js";
import { memoryOf } from "../memory.js";
import { rulePlatform, type InboundState } from "./ruling.js";
import type { Ruling } from "../ruling.js";
import type { Memory, Verdict } from "../verdict.js";

/** One end of a question: a function by its id, or a device outside PCI. */
type Party = number | PlatformDevice;

/**
 * May `client` do DMA to the memory of `provider`, where one of them, or both, are outside PCI? Of a provider outside PCI
 * all regions have to be reached.
 */
export function canOutsidePci(context: Context, provider: Party, client: Party, direction: Direction): Verdict {
  const { topology, policy } = context;
  const apart = systemOf(topology, provider) !== systemOf(topology, client);
  const judged = {
    provider: nameOf(topology, provider),
    client: nameOf(topology, client),
    distance: null,
    common: null,
    memory: memoryOfParty(topology, provider, apart, provider === client),
    link: null,
    pcie: null,
  };
  if (apart) {
    return { ...judged, answer: "no", route: "not-supported", code: "DIFFERENT_SYSTEM", culprits: [], hints: [] };
  }
  const root = typeof client === "number" ? topology.rootOrdinal(client) : null;
  const regions = typeof provider === "number" || root === null ? [] : regionsOf(provider);
  const ruling: Ruling =
    provider === client
      ? { route: "local", code: null }
      : rulePlatform(
          policy,
          endsOf(provider, client),
          direction,
          root === null ? "open" : stateOf(topology, root, regions),
        );
  const { culprits, hints, missing } =
    root === null ? { culprits: [], hints: [], missing: [] } : inboundReasons(topology, root, ruling, regions);
  const reasons = { ...judged, culprits, hints };
  const { route, code } = ruling;
  if (route === "not-supported") return { ...reasons, answer: "no", route, code: code! };
  if (code !== null) return { ...reasons, answer: "unknown", route: "unknown", code, missing };
  return { ...reasons, answer: "yes", route, missing };
}

function endsOf(provider: Party, client: Party) {
  const place = (party: Party) => (typeof party === "number" ? "pci" : "platform");
  return { initiator: place(client), owner: place(provider) } as const;
}

function systemOf(topology: Topology, party: Party): number {
  return typeof party === "number" ? topology.systemOf(party) : party.system;
}

function nameOf(topology: Topology, party: Party): string {
  return typeof party === "number" ? topology.name(party) : party.name;
}

function regionsOf({ description }: PlatformDevice): Region[] {
  const regions = description.regions.map(({ start, size }) => ({ address: toBigInt(start), size: toBigInt(size) }));
  return regions.filter(({ size }) => size > 0n);
}

/** Whether requests from below a root reach all of some regions; of a device without any nobody knows. */
function stateOf(topology: Topology, root: number, regions: readonly Region[]): InboundState {
  const states = new Set(regions.map(({ address, size }) => inboundState(topology, root, address, size)));
  if (states.has("closed")) return "closed";
  return states.size === 0 || states.has("unknown") ? "unknown" : "open";
}

function memoryOfParty(topology: Topology, provider: Party, apart: boolean, itself: boolean): Memory {
  if (typeof provider !== "number") {
    const regions = provider.description.regions.filter(({ size }) => toBigInt(size) > 0n);
    if (regions.length === 0) return "none";
    return !itself && regions.every(({ exported }) => exported === "none") ? "withheld" : "ok";
  }
  // A request from outside PCI passes every bridge above the provider, one from another system none.
  const decision: Decision = {
    common: 0,
    distance: null,
    outcomes: OUTCOME_BITS[apart ? "systems-refused" : "through-host-bridge"],
    relation: apart ? "across-systems" : "across-host-bridges",
    path: "direct",
  };
  return memoryOf(topology, provider, decision);
}
