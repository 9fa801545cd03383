import { NumaNodes } from "../topology/numa-nodes.js";
import type { Topology } from "../topology/topology.js";

/** What letters ask of a topology: which switches stand above a function, and which NUMA node is near it. */
export class Surroundings {
  readonly #paths = new Map<number, readonly number[]>();
  readonly #isSwitch = new Map<number, boolean>();
  readonly #nodes: NumaNodes;

  constructor(readonly topology: Topology) {
    this.#nodes = new NumaNodes(topology);
  }

  /** From a function up to its host bridge, both included. */
  path(id: number): readonly number[] {
    let path = this.#paths.get(id);
    if (path === undefined) this.#paths.set(id, (path = [...this.topology.path(id)]));
    return path;
  }

  /**
   * Whether a bridge is one on its own: a switch, for which its upstream port stands, or a bridge to or from conventional
   * PCI. Where its kind is not shown, what is below a port is a switch and what is below a switch is a port.
   */
  isSwitch(bridge: number): boolean {
    let known = this.#isSwitch.get(bridge);
    if (known === undefined) {
      const kind = this.topology.describe(bridge)?.kind;
      if (kind === "root-port" || kind === "downstream-port") known = false;
      else if (kind !== undefined) known = true;
      else {
        const parent = this.path(bridge)[1]!;
        known = this.topology.isFunction(parent) && !this.isSwitch(parent);
      }
      this.#isSwitch.set(bridge, known);
    }
    return known;
  }

  /**
   * Whether switches above two functions are told from their ports: by kind, or by counting from a host bridge.
   */
  arePortsTold(a: number, b: number): boolean {
    const { topology } = this;
    if (topology.hostBridge(a) !== null) return true;
    return [a, b].every((id) =>
      this.path(id)
        .slice(1, -1)
        .every((each) => topology.describe(each)!.kind !== undefined),
    );
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
    const [one, other] = [a, b].map((id) => topology.name(this.path(id).at(-1)!));
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
    const between = this.switchesBetween(a, b, bridge);
    const others = between.filter((id) => id !== bridge).map((id) => topology.name(id));
    const meet = this.isSwitch(bridge) ? `they meet at ${name}` : `they are both below port ${name}`;
    return others.length === 0 ? meet : `${meet}, with ${others.join(" and ")} on the way`;
  }

  /** The switches and bridges that requests pass between two functions with a bridge in common. */
  switchesBetween(a: number, b: number, bridge: number): readonly number[] {
    const below = (id: number) => {
      const end = this.path(id).indexOf(bridge);
      return this.path(id)
        .slice(1, Math.max(end, 1))
        .filter((each) => this.isSwitch(each));
    };
    return [...below(a), ...(this.isSwitch(bridge) ? [bridge] : []), ...below(b)];
  }
}
