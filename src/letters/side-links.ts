import type { Topology } from "../topology/topology.js";

/** A function that only passes links on: bridges of no other kind have this class, NVSwitches among them. */
const LINK_SWITCH_CLASS = "0680";

/** The links beside PCIe that letters know, of one kind: who is linked to whom, and by how many. */
export class LinkCounts {
  readonly #ends = new Map<number, Map<number, number>>();
  readonly #switches = new Set<number>();

  constructor(topology: Topology, kind: string) {
    for (const { from, to, description } of topology.sideLinks) {
      if (description.kind !== kind) continue;
      this.#count(from, to);
      this.#count(to, from);
      for (const end of [from, to]) {
        if (topology.describe(end)?.class?.startsWith(LINK_SWITCH_CLASS) === true) this.#switches.add(end);
      }
    }
  }

  #count(from: number, to: number): void {
    let own = this.#ends.get(from);
    if (own === undefined) this.#ends.set(from, (own = new Map()));
    own.set(to, (own.get(to) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.#ends.size === 0;
  }

  /** How many links lead from one to the other, straight or through switches; 0: none. */
  between(a: number, b: number): number {
    const [own, others] = [this.#ends.get(a), this.#ends.get(b)];
    if (own === undefined || others === undefined) return 0;
    const straight = own.get(b);
    if (straight !== undefined) return straight;
    let count = 0;
    for (const [end, links] of own) {
      if (this.#switches.has(end)) count += Math.min(links, others.get(end) ?? 0);
    }
    return count;
  }

  /** Whether some other function, and no switch, is linked to both. */
  haveNeighbour(a: number, b: number): boolean {
    const others = this.#ends.get(b);
    if (others === undefined) return false;
    return [...(this.#ends.get(a)?.keys() ?? [])].some((end) => !this.#switches.has(end) && others.has(end));
  }
}
