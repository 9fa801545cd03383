import type { FunctionDescription } from "../topology/description.js";
import { NumaNodes } from "../topology/numa-nodes.js";
import type { Topology } from "../topology/topology.js";

/** Switches named one by one in a text; of the others it says how many there are. */
const NAMED = 6;

/** What stands from a bridge, itself included, up to its host bridge. */
interface Ascent {
  /** Whether the bridge is a port, so that what hangs below it may be a switch. */
  readonly isPort: boolean;
  /** How many switches and bridges on their own there are. */
  readonly switches: number;
  /** Whether the kind of each is shown. */
  readonly areKindsShown: boolean;
}

/** Of a host bridge, or of what stands for one that is not shown. */
const TOP: Ascent = { isPort: false, switches: 0, areKindsShown: true };

/** What letters ask of a topology: which switches stand above a function, and which NUMA node is near it. */
export class Surroundings {
  readonly #ascents = new Map<number, Ascent>();
  readonly #nodes: NumaNodes;

  constructor(readonly topology: Topology) {
    this.#nodes = new NumaNodes(topology);
  }

  /**
   * Whether a bridge is one on its own: a switch, for which its upstream port stands, or a bridge to or from conventional
   * PCI. Where its kind is not shown, what is below a port is a switch and what is below a switch is a port.
   */
  isSwitch(bridge: number): boolean {
    return !this.#ascent(bridge).isPort;
  }

  /**
   * Whether switches above two functions are told from their ports: by kind, or by counting from a host bridge.
   */
  arePortsTold(a: number, b: number): boolean {
    if (this.topology.hostBridge(a) !== null) return true;
    return [a, b].every((id) => this.#above(id).areKindsShown);
  }

  /** Each bridge is looked at once, however many functions hang below it and however deep. */
  #ascent(bridge: number): Ascent {
    const { topology } = this;
    const unseen: number[] = [];
    let at: number | null | "unknown" = bridge;
    let ascent: Ascent | undefined;
    while (ascent === undefined) {
      if (typeof at !== "number" || !topology.isFunction(at)) ascent = TOP;
      else if ((ascent = this.#ascents.get(at)) === undefined) {
        unseen.push(at);
        at = topology.parent(at);
      }
    }
    for (const id of unseen.reverse()) {
      ascent = belowOf(ascent, topology.registers(id)!.kind);
      this.#ascents.set(id, ascent);
    }
    return ascent;
  }

  #above(id: number): Ascent {
    const parent = this.topology.parent(id);
    return typeof parent === "number" ? this.#ascent(parent) : TOP;
  }

  /** The NUMA node near a function; null: Linux knows none; undefined: not shown. */
  numaNode(id: number): number | null | undefined {
    return this.#nodes.near(id);
  }

  /** Whether the NUMA nodes near two functions of one system are the same, as far as that is shown. */
  sameNode(a: number, b: number): boolean | "unknown" {
    const [one, other] = [this.numaNode(a), this.numaNode(b)];
    if (this.topology.systems[this.topology.systemOf(a)]!.numaNodes?.length === 1) return true;
    if (typeof one !== "number" || typeof other !== "number") return "unknown";
    return one === other;
  }

  /** `0000:41:00.0 is near NUMA node 0`, or what there is instead. */
  nodeText(id: number): string {
    const node = this.numaNode(id);
    const name = this.topology.name(id);
    if (node === undefined) return `the NUMA node near ${name} is not shown`;
    return node === null ? `Linux knows no NUMA node near ${name}` : `${name} is near NUMA node ${node}`;
  }

  /** What stands where the ways of two functions meet, or that they do not. */
  meetingText(a: number, b: number): string {
    const { topology } = this;
    if (a === b) return "it is one function";
    if (topology.systemOf(a) !== topology.systemOf(b)) return "they are in different machines";
    const { bridge, sameHostBridge } = topology.common(a, b);
    if (bridge === "unknown") return `nothing shows what ${this.#orphans(a, b)} below`;
    if (bridge !== null) return this.#bridgesText(a, b, bridge);
    const [one, other] = [a, b].map((id) => topology.name(topology.roots[topology.rootOrdinal(id)]!.id));
    if (sameHostBridge === true) return `they meet at host bridge ${one} and at no bridge below it`;
    return `they are below different host bridges, ${one} and ${other}; ${this.nodeText(a)}, ${this.nodeText(b)}`;
  }

  #orphans(a: number, b: number): string {
    const orphans = [a, b].filter((id) => this.topology.hostBridge(id) === null).map((id) => this.topology.name(id));
    return orphans.length === 2 ? `${orphans.join(" and ")} hang` : `${orphans[0]} hangs`;
  }

  #bridgesText(a: number, b: number, bridge: number): string {
    const { topology } = this;
    const name = topology.name(bridge);
    const others = [...this.#switchesBelow(bridge, a), ...this.#switchesBelow(bridge, b)].map((id) =>
      topology.name(id),
    );
    const meet = this.isSwitch(bridge) ? `they meet at ${name}` : `they are both below port ${name}`;
    if (others.length === 0) return meet;
    if (others.length <= NAMED) return `${meet}, with ${others.join(" and ")} on the way`;
    return `${meet}, with ${others.slice(0, NAMED).join(", ")} and ${others.length - NAMED} more on the way`;
  }

  /** From a function up to a bridge above it, both left out. */
  #switchesBelow(bridge: number, id: number): number[] {
    const path = [...this.topology.path(id)];
    return path.slice(1, Math.max(path.indexOf(bridge), 1)).filter((each) => this.isSwitch(each));
  }

  /** How many switches and bridges requests pass between two functions with a bridge in common, which counts too. */
  countSwitches(a: number, b: number, bridge: number): number {
    const below = (id: number) => (id === bridge ? 0 : this.#above(id).switches - this.#ascent(bridge).switches);
    return below(a) + below(b) + (this.isSwitch(bridge) ? 1 : 0);
  }
}

function belowOf(above: Ascent, kind: FunctionDescription["kind"]): Ascent {
  const isPort = kind === undefined ? !above.isPort : kind === "root-port" || kind === "downstream-port";
  return {
    isPort,
    switches: above.switches + (isPort ? 0 : 1),
    areKindsShown: above.areKindsShown && kind !== undefined,
  };
}
