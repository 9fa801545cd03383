import { expectTopology, functionId } from "../../topology/arguments.js";
import { parseBdf } from "../../topology/bdf.js";
import type { Ref, Topology } from "../../topology/topology.js";

/**
 * `pci_find_common_upstream_dev()` as proposed in 2015 and 2018 and never merged (docs/semantics.md, The proposal of
 * 2018). For comparison only: it looks at bus numbers and not at segments, and returns what lies on the device's side
 * just below the shared bridge, so that its arguments cannot be swapped. {@link Topology.common} finds the bridge
 * itself.
 *
 * @throws TypeError for anything but a topology; RangeError for what names no function.
 * @returns an id, or null where the walk from `device` upwards meets no bus range with the other's bus number.
 */
export function findCommonUpstreamDevice2018(topology: Topology, device: Ref, other: Ref): number | null {
  expectTopology(topology);
  const target = busNumber(topology, functionId(topology, other));
  for (const id of topology.path(functionId(topology, device))) {
    if (topology.describe(id) === null) return null;
    const [first, last] = busRangeAround(topology, id);
    if (target >= first && target <= last) return id;
  }
  return null;
}

/** Bus numbers from the bus that a function sits on to the last below the bridge of that bus. */
function busRangeAround(topology: Topology, id: number): readonly [first: number, last: number] {
  const own = busNumber(topology, id);
  const parent = topology.path(id)[1]!;
  const bridge = topology.describe(parent);
  if (bridge === null) return [own, lastBusOf(topology, parent)];
  // Virtual functions beyond their physical function's bus sit on a bus of their own.
  const { secondary, subordinate } = bridge.bus ?? { secondary: own, subordinate: own };
  return own === secondary ? [own, subordinate] : [own, own];
}

/** Where the host bridge's range is not shown it ends before the next root bus of the segment. */
function lastBusOf(topology: Topology, host: number): number {
  const { root } = topology.roots.find(({ id }) => id === host)!;
  const described = topology.systems[root.system]!.hostBridges?.find((bridge) => bridge.root === root.bus)?.lastBus;
  if (described !== undefined) return described;
  const number = (bus: string) => parseInt(bus.slice(-2), 16);
  const later = topology.roots
    .filter((entry) => entry.root.system === root.system && entry.root.segment === root.segment)
    .map((entry) => number(entry.root.bus))
    .filter((bus) => bus > number(root.bus));
  return Math.min(0x100, ...later) - 1;
}

function busNumber(topology: Topology, id: number): number {
  return parseBdf(topology.describe(id)!.bdf)!.bus;
}
