import type { Ref, Topology } from "./topology.js";

/**
 * The id of a function, for whoever has no use for a host bridge.
 *
 * @throws RangeError for what names no function, several, or a host bridge.
 */
export function functionId(topology: Topology, ref: Ref): number {
  const id = topology.id(ref);
  if (topology.isFunction(id)) return id;
  throw new RangeError(`expected a function, got the host bridge ${topology.name(id)}`);
}
