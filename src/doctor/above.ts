import type { Topology } from "../topology/topology.js";

/**
 * Asks for the nearest function above another, that one excluded, of which something is true. Each is asked about once,
 * however many are below it.
 */
export function nearestAbove(topology: Topology, isWanted: (id: number) => boolean): (id: number) => number | null {
  const found = new Map<number, number | null>();
  return (id) => {
    const passed: number[] = [];
    let at = id;
    let nearest: number | null = null;
    for (;;) {
      const known = found.get(at);
      if (known !== undefined) {
        nearest = known;
        break;
      }
      passed.push(at);
      const parent = topology.parent(at);
      if (typeof parent !== "number" || !topology.isFunction(parent)) break;
      if (isWanted(parent)) {
        nearest = parent;
        break;
      }
      at = parent;
    }
    for (const each of passed) found.set(each, nearest);
    return nearest;
  };
}
