import { DIRECTIONS } from "../../core.js";
import type { Direction, Missing } from "../../policy/policy.js";
import { toBigInt } from "../../topology/address.js";
import type { SideLinkDescription } from "../../topology/description.js";
import type { SideLink, Topology } from "../../topology/topology.js";
import type { Link } from "../verdict.js";

/** Whether a side link carries a request; `maybe`: some completion of the description says so and another not. */
export type Carries = (typeof CARRIES)[number];
const CARRIES = ["no", "maybe", "yes"] as const;
const NO_GROUP = -1;

/**
 * The side links that lead from a client to a provider (docs/semantics.md, Side links). One of them has to carry all of
 * a request.
 */
export class LinkGroup {
  readonly links: SideLinkDescription[] = [];

  constructor(
    /** Ids of both ends. */
    readonly client: number,
    readonly provider: number,
  ) {}

  /** @param direction its number in DIRECTIONS. */
  carries(direction: number): Carries {
    const found = this.links.map((link) => carries(link, DIRECTIONS[direction]!));
    return found.includes("yes") ? "yes" : found.includes("maybe") ? "maybe" : "no";
  }

  /** Those that do for a request what all of them together do, the one with most bandwidth first. */
  best(direction: number): [SideLinkDescription, ...SideLinkDescription[]] {
    const most = this.carries(direction);
    const like = this.links.filter((link) => carries(link, DIRECTIONS[direction]!) === most);
    const rank = ({ bandwidth = -1 }: SideLinkDescription) => bandwidth;
    return like.sort((a, b) => rank(b) - rank(a)) as [SideLinkDescription, ...SideLinkDescription[]];
  }
}

function carries({ read, write }: SideLinkDescription, direction: Direction): Carries {
  const asked = direction === "both" ? [read, write] : [direction === "read" ? read : write];
  if (asked.includes(false)) return "no";
  return asked.every((flag) => flag === true) ? "yes" : "maybe";
}

/** The side links of a topology, by the pair that they lead from and to. */
export class Links {
  /** By id of the client, and one more: where its groups begin. */
  readonly #first: Uint32Array;
  /** By group; beside them what each carries, in all directions, so that batches need look no further. */
  readonly #providers: Uint32Array;
  readonly #carries: Uint8Array;
  readonly #groups: readonly LinkGroup[];

  /** Null where the topology has none: then nobody need look. */
  static of({ sideLinks, size }: Topology): Links | null {
    return sideLinks.length === 0 ? null : new Links(sideLinks, size);
  }

  private constructor(sideLinks: readonly SideLink[], size: number) {
    const groups: LinkGroup[] = [];
    for (const { from, to, description } of sideLinks.flatMap(bothWays).sort(byPair)) {
      const last = groups.at(-1);
      if (last === undefined || last.client !== from || last.provider !== to) groups.push(new LinkGroup(from, to));
      groups.at(-1)!.links.push(description);
    }
    this.#groups = groups;
    this.#providers = Uint32Array.from(groups, ({ provider }) => provider);
    this.#carries = Uint8Array.from(
      groups.flatMap((group) => DIRECTIONS.map((_, direction) => CARRIES.indexOf(group.carries(direction)))),
    );
    this.#first = new Uint32Array(size + 2);
    for (const { client } of groups) this.#first[client + 1]!++;
    for (let id = 0; id <= size; id++) this.#first[id + 1]! += this.#first[id]!;
  }

  /** The links by which a client reaches a provider, by their ids; undefined: none. */
  group(provider: number, client: number): LinkGroup | undefined {
    return this.#groups[this.#find(provider, client)];
  }

  /** What those do for requests in a direction, by its number in DIRECTIONS; without any `no`. */
  carries(provider: number, client: number, direction: number): Carries {
    const at = this.#find(provider, client);
    return at === NO_GROUP ? "no" : CARRIES[this.#carries[at * DIRECTIONS.length + direction]!]!;
  }

  #find(provider: number, client: number): number {
    const end = this.#first[client + 1]!;
    for (let at = this.#first[client]!; at < end; at++) if (this.#providers[at] === provider) return at;
    return NO_GROUP;
  }

  /** The groups of a client. */
  groups(client: number): readonly LinkGroup[] {
    return this.#groups.slice(this.#first[client], this.#first[client + 1]);
  }
}

/** A link once for each way that requests may go. */
function bothWays(link: SideLink): SideLink[] {
  const { from, to, description } = link;
  return description.oneWay === true ? [link] : [link, { from: to, to: from, description }];
}

function byPair(a: SideLink, b: SideLink): number {
  return a.from - b.from || a.to - b.to;
}

/** Links as answers show them. */
export function linkOf(group: LinkGroup, direction: number): Link {
  const alike = group.best(direction);
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
 * The address that a range of CPU physical addresses has on the link that a group of links is shown by; null where the platform
 * is not said to give it one, or to give it several.
 */
export function linkAddressOf(group: LinkGroup, direction: number, address: bigint, size: bigint): bigint | null {
  const [{ addresses = [] }] = group.best(direction);
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

/** What would have to be known of links that may carry a request. */
export function missingFlags(group: LinkGroup, direction: number, names: string): Missing[] {
  const [{ kind, read, write }] = group.best(direction);
  const asked = DIRECTIONS[direction]!;
  const open = [
    ...(asked !== "write" && read === undefined ? ["reads"] : []),
    ...(asked !== "read" && write === undefined ? ["writes"] : []),
  ];
  return [
    { what: `whether the ${kind} link ${names} carries ${open.join(" and ")}`, where: WHERE[kind] ?? "its manual" },
  ];
}
