import type { FunctionDescription, LinkDescription } from "../topology/description.js";
import { laneBandwidth } from "../topology/link-speed.js";
import type { Topology } from "../topology/topology.js";

/** From a function towards its host bridge: the nodes, and what the links up to each of them let through. */
interface Ascent {
  readonly nodes: Uint32Array;
  /** Bytes per second of the narrowest link that is crossed on the way out of node i; NaN: one is not shown. */
  readonly narrowest: Float64Array;
}

/**
 * How much fits through the PCIe links between two functions: of each link the speed that both ends are capable of, for
 * idle links slow down, and the width that it has.
 */
export class LinkRates {
  readonly #ascents = new Map<number, Ascent>();

  constructor(private readonly topology: Topology) {}

  /**
   * Bytes per second in each direction of the narrowest link; null: a link is not shown, or there is none.
   *
   * @param meeting the node at which the ways meet, itself not crossed; null: the requests go up to the root complex.
   */
  between(a: number, b: number, meeting: number | null): number | null {
    const rate = Math.min(this.#upTo(a, meeting), this.#upTo(b, meeting));
    return Number.isFinite(rate) ? rate : null;
  }

  #upTo(id: number, meeting: number | null): number {
    const { nodes, narrowest } = this.#ascent(id);
    // Nobody knows which links lead on from a node that stands for what is not shown.
    if (meeting === null && this.topology.hostBridge(id) === null) return NaN;
    const end = meeting === null ? nodes.length - 1 : nodes.indexOf(meeting);
    return end <= 0 ? Infinity : narrowest[end - 1]!;
  }

  #ascent(id: number): Ascent {
    let ascent = this.#ascents.get(id);
    if (ascent === undefined) {
      const nodes = this.topology.path(id);
      const narrowest = new Float64Array(nodes.length);
      let least = Infinity;
      nodes.forEach((node, at) => {
        least = Math.min(least, this.#linkAbove(node, nodes[at + 1]));
        narrowest[at] = least;
      });
      this.#ascents.set(id, (ascent = { nodes, narrowest }));
    }
    return ascent;
  }

  /** Of the link between a function and the port above it; Infinity: there is none; NaN: it is not shown. */
  #linkAbove(id: number, above: number | undefined): number {
    const lower = this.topology.registers(id);
    // Inside a switch, or at the root complex, there is no link.
    if (lower === null || isDownwardPort(lower) || lower.kind === "rc-integrated-endpoint") return Infinity;
    const upper = above === undefined ? null : this.topology.registers(above);
    const ends = [lower.link, upper !== null && isDownwardPort(upper) ? upper.link : undefined];
    return rateOf(ends.filter((link) => link !== undefined && link !== null));
  }
}

function isDownwardPort({ kind }: FunctionDescription): boolean {
  return kind === "root-port" || kind === "downstream-port";
}

/** Of a link, by what its ends say. */
function rateOf(ends: readonly LinkDescription[]): number {
  const speed = Math.min(...numbers(ends.map(({ maxSpeed, speed }) => maxSpeed ?? speed)));
  const [width = Math.min(...numbers(ends.map(({ maxWidth }) => maxWidth)))] = numbers(ends.map(({ width }) => width));
  const rate = width * laneBandwidth(speed);
  if (Number.isFinite(rate)) return rate;
  return numbers(ends.map(({ bandwidth }) => bandwidth))[0] ?? NaN;
}

function numbers(values: readonly (number | null | undefined)[]): number[] {
  return values.filter((value): value is number => typeof value === "number" && value > 0);
}
