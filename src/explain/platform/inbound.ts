import type { Missing } from "../../policy/policy.js";
import { formatHex } from "../../topology/address.js";
import { Inbound } from "../../topology/inbound.js";
import { spanOf } from "../../topology/span.js";
import type { Topology } from "../../topology/topology.js";
import type { InboundState } from "./ruling.js";
import type { Ruling } from "../ruling.js";
import type { Culprit, Hint } from "../verdict.js";

// What functions reach outside PCI, through the inbound windows of their host bridges.

/** Memory outside PCI that is asked for. */
export interface Region {
  readonly address: bigint;
  readonly size: bigint;
}

interface Reasons {
  readonly culprits: readonly Culprit[];
  readonly hints: readonly Hint[];
  readonly missing: readonly Missing[];
}

/** Whether requests from below a root, by its ordinal, reach a range outside PCI. */
export function inboundState(topology: Topology, root: number, address: bigint, size: bigint): InboundState {
  const windows = topology.inbound.get(root);
  if (windows === undefined) return "unknown";
  return new Inbound(windows).holds(spanOf(address, size)) ? "open" : "closed";
}

/** Who is at fault, what would help, and what is not known, where a function asks a device outside PCI. */
export function inboundReasons(topology: Topology, root: number, { code }: Ruling, ranges: readonly Region[]): Reasons {
  if (code === "PLATFORM_OWNER") {
    const where = "the platform's manual; `inbound` of the host bridge in a machine description";
    return { culprits: [], hints: [], missing: [{ what: "whether the host bridge forwards requests to it", where }] };
  }
  if (code !== "NO_INBOUND_WINDOW") return { culprits: [], hints: [], missing: [] };
  const { bus } = topology.roots[root]!.root;
  const closed = ranges.find(({ address, size }) => inboundState(topology, root, address, size) === "closed");
  const place = closed === undefined ? "" : ` to ${formatHex(closed.address)}`;
  const culprit: Culprit = {
    bdf: bus,
    what: `no inbound window of the host bridge forwards requests${place}`,
    bits: [],
  };
  return { culprits: [culprit], hints: openElsewhere(topology, root, ranges), missing: [] };
}

/** Host bridges of the system from below which the same is reached. */
function openElsewhere(topology: Topology, root: number, ranges: readonly Region[]): Hint[] {
  const { system } = topology.roots[root]!.root;
  const others = [...topology.inbound.keys()].filter((other) => {
    if (topology.roots[other]!.root.system !== system) return false;
    return ranges.every(({ address, size }) => inboundState(topology, other, address, size) === "open");
  });
  if (others.length === 0) return [];
  const names = others.map((other) => topology.roots[other]!.root.bus).join(" or ");
  return [{ text: `use an initiator below host bridge ${names}, from where it is reached`, parameter: null }];
}
