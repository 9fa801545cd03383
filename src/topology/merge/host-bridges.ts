import type { HostBridgeDescription, SystemDescription, WindowDescription } from "../description.js";
import { pick, present, type Said, type Settlement } from "./settlement.js";

/** Combines what several sources say of host bridges, and holds where they are near against their functions. */
export function mergeHostBridges(
  settlement: Settlement,
  systems: readonly Said<SystemDescription>[],
): readonly HostBridgeDescription[] | undefined {
  const said = pick(systems, "hostBridges");
  if (said.length === 0) return undefined;
  const nodes = systems.map((system) => new NodesOfBuses(system));
  const byRoot = new Map<string, Said<HostBridgeDescription>[]>();
  for (const { source, value } of said) {
    for (const hostBridge of value) {
      const own = byRoot.get(hostBridge.root);
      if (own === undefined) byRoot.set(hostBridge.root, [{ source, value: hostBridge }]);
      else own.push({ source, value: hostBridge });
    }
  }
  return [...byRoot].map(([root, own]) =>
    present<HostBridgeDescription>({
      root,
      lastBus: settlement.agreed(`${root}: lastBus`, pick(own, "lastBus"), [root]),
      numaNode: nearestNode(settlement, root, pick(own, "numaNode"), nodes),
      windows: unionOfWindows(pick(own, "windows")),
      inbound: settlement.agreed(`${root}: inbound`, pick(own, "inbound"), [root]),
    }),
  );
}

/** The NUMA nodes that one source puts the functions of each bus near. */
class NodesOfBuses {
  readonly source: string;
  readonly #byBus = new Map<string, Map<string, number | null | undefined>>();

  constructor({ source, value: system }: Said<SystemDescription>) {
    this.source = source;
    for (const { bdf, numaNode } of system.functions) {
      const bus = bdf.slice(0, bdf.lastIndexOf(":"));
      const nodes = this.#byBus.get(bus);
      if (nodes === undefined) this.#byBus.set(bus, new Map([[bdf, numaNode]]));
      else nodes.set(bdf, numaNode);
    }
  }

  /** By function. */
  on(bus: string): ReadonlyMap<string, number | null | undefined> {
    return this.#byBus.get(bus) ?? new Map();
  }
}

/**
 * hwloc puts a host bridge, with all that is below, where the first function on its root bus is near, by the CPUs that
 * are near that. It may have filtered out that very function, and by CPUs every machine has a nearest node where the
 * kernel names none: so it contradicts a source only if that has a node for each function that hwloc shows on the bus,
 * and none of the nodes on the bus is the one that hwloc names.
 */
function nearestNode(
  settlement: Settlement,
  root: string,
  said: readonly Said<number | null>[],
  nodes: readonly NodesOfBuses[],
): number | null | undefined {
  const node = settlement.first(`${root}: numaNode`, said, [root]);
  if (typeof node !== "number") return node;
  const { source } = said[0]!;
  const shown = nodes.filter((own) => own.source === source).flatMap((own) => [...own.on(root).keys()]);
  for (const other of nodes) {
    const theirs = other.on(root);
    const near = new Set(theirs.values());
    if (other.source === source || near.size === 0 || near.has(node)) continue;
    if (near.has(null) || near.has(undefined) || shown.some((bdf) => !theirs.has(bdf))) continue;
    const functions = `${[...near].join(" and ")} for the functions on that bus`;
    const sides = [said[0]!, { source: other.source, value: functions }];
    settlement.contradiction(`${root}: numaNode`, sides, [root, ...theirs.keys()]);
  }
  return node;
}

function unionOfWindows(said: readonly Said<readonly WindowDescription[]>[]): WindowDescription[] | undefined {
  if (said.length === 0) return undefined;
  const windows: WindowDescription[] = [];
  for (const window of said.flatMap(({ value }) => value)) {
    const match = windows.findIndex(
      (known) => known.start !== undefined && known.start === window.start && known.end === window.end,
    );
    if (match < 0) windows.push(window);
    else windows[match] = { ...window, ...windows[match]! };
  }
  return windows;
}
