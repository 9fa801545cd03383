import { DIRECTIONS } from "../core.js";
import type { Direction, Missing } from "../policy/policy.js";
import { toBigInt } from "../topology/address.js";
import type { SideLinkDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import type { Link } from "./verdict.js";

/** Whether a side link carries a request; `maybe`: some completion of the description says so and another not. */
export type Carries = "yes" | "no" | "maybe";

/**
 * The side links that lead from an initiator to a provider (docs/semantics.md, Side links). One of them has to carry
 * all of a request: there are as many answers as directions, made once.
 */
export class Lane {
  readonly links: SideLinkDescription[] = [];
  readonly #carries: Carries[] = DIRECTIONS.map(() => "no");

  add(link: SideLinkDescription): void {
    this.links.push(link);
    DIRECTIONS.forEach((direction, index) => {
      this.#carries[index] = better(this.#carries[index]!, carries(link, direction));
    });
  }

  /** @param direction its number in DIRECTIONS. */
  carries(direction: number): Carries {
    return this.#carries[direction]!;
  }

  /** Those that do for a request what the lane does for it, the one with most bandwidth first. */
  best(direction: number): [SideLinkDescription, ...SideLinkDescription[]] {
    const like = this.links.filter((link) => carries(link, DIRECTIONS[direction]!) === this.carries(direction));
    const rank = ({ bandwidth = -1 }: SideLinkDescription) => bandwidth;
    return like.sort((a, b) => rank(b) - rank(a)) as [SideLinkDescription, ...SideLinkDescription[]];
  }
}

function carries({ read, write }: SideLinkDescription, direction: Direction): Carries {
  const asked = direction === "both" ? [read, write] : [direction === "read" ? read : write];
  if (asked.includes(false)) return "no";
  return asked.every((flag) => flag === true) ? "yes" : "maybe";
}

function better(a: Carries, b: Carries): Carries {
  if (a === "yes" || b === "yes") return "yes";
  return a === "maybe" || b === "maybe" ? "maybe" : "no";
}

/** The side links of a topology, by the pair that they lead from and to. */
export class Links {
  readonly #lanes = new Map<number, Map<number, Lane>>();

  /** Null where the topology has none: then nobody need look. */
  static of({ sideLinks }: Topology): Links | null {
    if (sideLinks.length === 0) return null;
    const links = new Links();
    for (const { from, to, description } of sideLinks) {
      links.#lane(from, to).add(description);
      if (description.oneWay !== true) links.#lane(to, from).add(description);
    }
    return links;
  }

  private constructor() {}

  /** The lane on which a client reaches a provider; undefined: none. */
  lane(provider: number, client: number): Lane | undefined {
    return this.#lanes.get(client)?.get(provider);
  }

  /** The lanes of a client, by provider. */
  lanes(client: number): Iterable<readonly [provider: number, lane: Lane]> {
    return this.#lanes.get(client) ?? [];
  }

  #lane(client: number, provider: number): Lane {
    let lanes = this.#lanes.get(client);
    if (lanes === undefined) this.#lanes.set(client, (lanes = new Map<number, Lane>()));
    let lane = lanes.get(provider);
    if (lane === undefined) lanes.set(provider, (lane = new Lane()));
    return lane;
  }
}

/** A lane as answers show it. */
export function linkOf(lane: Lane, direction: number): Link {
  const alike = lane.best(direction);
  const [{ kind, bandwidth, read, write, atomics, coherent }] = alike;
  return {
    kind,
    bandwidth: bandwidth ?? null,
    read: read ?? null,
    write: write ?? null,
    atomics: atomics ?? null,
    coherent: coherent ?? null,
    count: alike.length,
  };
}

/**
 * The address that a range of CPU physical addresses has on the link that a lane is shown by; null where the platform
 * is not said to give it one, or to give it several.
 */
export function linkAddressOf(lane: Lane, direction: number, address: bigint, size: bigint): bigint | null {
  const [{ addresses = [] }] = lane.best(direction);
  const found = new Set<bigint>();
  for (const { start, size: bytes, link } of addresses) {
    const offset = address - toBigInt(start);
    if (offset >= 0n && offset + size <= toBigInt(bytes)) found.add(toBigInt(link) + offset);
  }
  const [only] = found;
  return found.size === 1 ? only! : null;
}

/** Which commands show what a kind of link carries. */
const WHERE: Readonly<Record<string, string>> = {
  nvlink: "nvidia-smi topo -p2p r, and w for writes",
  xgmi: "amd-smi topology",
};

/** What would have to be known of a lane that may carry a request. */
export function missingFlags(lane: Lane, direction: number, names: string): Missing[] {
  const [{ kind, read, write }] = lane.best(direction);
  const asked = DIRECTIONS[direction]!;
  const open = [
    ...(asked !== "write" && read === undefined ? ["reads"] : []),
    ...(asked !== "read" && write === undefined ? ["writes"] : []),
  ];
  return [
    { what: `whether the ${kind} link ${names} carries ${open.join(" and ")}`, where: WHERE[kind] ?? "its manual" },
  ];
}
