import type { Topology } from "./topology.js";

/**
 * Which NUMA node is near what. Linux takes it from the root bus, so that what the host bridge says, or else functions
 * below it, holds for all of them, unless they contradict each other.
 */
export class NumaNodes {
  readonly #nearRoots = new Map<number, number | null | undefined>();

  constructor(private readonly topology: Topology) {}

  /** Near a function; null: Linux knows none; undefined: not shown. */
  near(id: number): number | null | undefined {
    const own = this.topology.registers(id)?.numaNode;
    return own !== undefined ? own : this.nearRoot(this.topology.rootOrdinal(id));
  }

  /** Near a root, by its ordinal in `roots`; null and undefined as for a function. */
  nearRoot(ordinal: number): number | null | undefined {
    if (!this.#nearRoots.has(ordinal)) this.#nearRoots.set(ordinal, this.#find(ordinal));
    return this.#nearRoots.get(ordinal);
  }

  #find(ordinal: number): number | null | undefined {
    const { topology } = this;
    const { id, root } = topology.roots[ordinal]!;
    const hostBridge = topology.systems[root.system]!.hostBridges?.find((each) => each.root === root.bus);
    if (hostBridge?.numaNode !== undefined) return hostBridge.numaNode;
    const end = topology.roots[ordinal + 1]?.id ?? topology.size + 1;
    let said: number | null | undefined;
    for (let below = id + 1; below < end; below++) {
      const node = topology.registers(below)!.numaNode;
      if (node === undefined || node === said) continue;
      if (said !== undefined) return undefined;
      said = node;
    }
    return said;
  }
}
