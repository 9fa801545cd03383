import type { FunctionDescription } from "../topology/description.js";
import type { Patient } from "./check.js";
import { hasMemory, tradeOf } from "./talkers.js";

/*
 * Pairs that would talk, counted without being looked at. A pair talks unless both are NICs, which have no memory for
 * each other, or both are functions of one device:
 *
 *     pairs(S) = (|S|² - nics(S)² - Σ over devices d in S of (|d|² - nics(d)²)) / 2
 *
 * so that it takes three numbers of a set, and one pass over its members.
 */

/** What counts of a function, for the pairs it is one of. */
export interface Member {
  readonly id: number;
  readonly nic: boolean;
  /** Whether it is known to have memory for the other one. */
  readonly owner: boolean;
  /** Number of the device that it is a function of. */
  readonly device: number;
}

/** The talkers of a system. Whoever names functions means every pair of them. */
export function membersOf({ topology, talkers, chosen }: Patient): Member[] {
  const devices = new Map<string, number>();
  return Array.from(talkers, (id, row) => {
    const description = topology.registers(id)!;
    if (chosen) return { id, nic: false, owner: true, device: row };
    const key = deviceOf(description);
    let device = devices.get(key);
    if (device === undefined) devices.set(key, (device = devices.size));
    return { id, nic: tradeOf(description) === "nic", owner: hasMemory(description), device };
  });
}

/** A virtual function is part of the device of its physical one, though its number may be another device's. */
function deviceOf({ bdf, physicalFunction }: FunctionDescription): string {
  return (physicalFunction ?? bdf).replace(/\.[0-7]$/, "");
}

/** Whether two members talk. */
export function talk(a: Member, b: Member): boolean {
  return a.device !== b.device && !(a.nic && b.nic);
}

/** A set of members that knows how many of its pairs talk. */
export class Party {
  #all = 0;
  #nics = 0;
  #within = 0;
  readonly #devices = new Map<number, { all: number; nics: number }>();

  add({ device, nic }: Member): void {
    let own = this.#devices.get(device);
    if (own === undefined) this.#devices.set(device, (own = { all: 0, nics: 0 }));
    this.#within -= own.all ** 2 - own.nics ** 2;
    own.all++;
    this.#all++;
    if (nic) {
      own.nics++;
      this.#nics++;
    }
    this.#within += own.all ** 2 - own.nics ** 2;
  }

  /** Unordered pairs. */
  get pairs(): number {
    return (this.#all ** 2 - this.#nics ** 2 - this.#within) / 2;
  }

  static of(members: Iterable<Member>): Party {
    const party = new Party();
    for (const member of members) party.add(member);
    return party;
  }
}

/** How many pairs there are, and how many of them have an end that is known to have memory for the other. */
export interface Count {
  readonly pairs: number;
  readonly owned: number;
}

export const NO_PAIRS: Count = { pairs: 0, owned: 0 };

export function plus(a: Count, b: Count): Count {
  return { pairs: a.pairs + b.pairs, owned: a.owned + b.owned };
}

export function minus(a: Count, b: Count): Count {
  return { pairs: a.pairs - b.pairs, owned: a.owned - b.owned };
}

/** The pairs that talk. */
export function pairsWithin(members: readonly Member[]): Count {
  const { pairs } = Party.of(members);
  return { pairs, owned: pairs - Party.of(members.filter(({ owner }) => !owner)).pairs };
}

/** The pairs that talk and whose members are in different groups. */
export function pairsBetween(groups: readonly (readonly Member[])[]): Count {
  return groups.reduce((count, group) => minus(count, pairsWithin(group)), pairsWithin(groups.flat()));
}

/** How many groups {@link firstPairs} looks at. */
const GROUPS = 8;

/**
 * Some pairs that talk and whose members are in different groups, owners of memory first: examples, not all.
 */
export function firstPairs(groups: readonly (readonly Member[])[]): (readonly [Member, Member])[] {
  const some = representatives(groups);
  const found = some.flatMap(([a, own], row) =>
    some.slice(row + 1).flatMap(([b, other]) => (own !== other && talk(a, b) ? [sorted(a, b)] : [])),
  );
  return found.sort(([a, b], [c, d]) => worth(c, d) - worth(a, b) || a.id - c.id || b.id - d.id);
}

function sorted(a: Member, b: Member): readonly [Member, Member] {
  return a.id < b.id ? [a, b] : [b, a];
}

function worth(a: Member, b: Member): number {
  return Number(a.owner) + Number(b.owner);
}

/** Of each of some groups one that owns memory, one NIC, and one that is neither. */
function representatives(groups: readonly (readonly Member[])[]): [Member, number][] {
  const [owners, others, nics] = KINDS.map((isKind) =>
    groups
      .flatMap((group, place): [Member, number][] => {
        const member = group.find(isKind);
        return member === undefined ? [] : [[member, place]];
      })
      .slice(0, GROUPS),
  );
  return [...owners!, ...others!, ...nics!];
}

const KINDS: readonly ((member: Member) => boolean)[] = [
  ({ owner }) => owner,
  ({ owner, nic }) => !owner && !nic,
  ({ nic }) => nic,
];
