import type { FunctionDescription } from "../topology/description.js";
import type { Patient } from "./check.js";
import { tradeOf } from "./talkers.js";

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
  /** Number of the device that it is a function of. */
  readonly device: number;
}

/** The talkers of a system. Whoever names functions means every pair of them. */
export function membersOf({ topology, talkers, chosen }: Patient): Member[] {
  const devices = new Map<string, number>();
  return Array.from(talkers, (id, row) => {
    const description = topology.registers(id)!;
    if (chosen) return { id, nic: false, device: row };
    const key = deviceOf(description);
    let device = devices.get(key);
    if (device === undefined) devices.set(key, (device = devices.size));
    return { id, nic: tradeOf(description) === "nic", device };
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

/** How many pairs talk whose members are in different groups. */
export function pairsBetween(groups: Iterable<readonly Member[]>): number {
  const all = new Party();
  let within = 0;
  for (const group of groups) {
    within += Party.of(group).pairs;
    for (const member of group) all.add(member);
  }
  return all.pairs - within;
}

/** How many members of each group {@link firstPairs} looks at: two, one of them no NIC where there is one. */
const OF_EACH = 2;
/** How many groups. */
const GROUPS = 8;

/** Some pairs that talk and whose members are in different groups, in the order of the members: examples, not all. */
export function firstPairs(groups: readonly (readonly Member[])[]): (readonly [Member, Member])[] {
  const some = representatives(groups).sort(([a], [b]) => a.id - b.id);
  return some.flatMap(([a, own], row) =>
    some.slice(row + 1).flatMap(([b, other]) => (own !== other && talk(a, b) ? [[a, b] as const] : [])),
  );
}

function representatives(groups: readonly (readonly Member[])[]): [Member, number][] {
  // Nothing talks among groups of NICs alone: some that have others come first.
  const others = groups.flatMap((group, own) => (group.some(({ nic }) => !nic) ? [own] : []));
  const alone = groups.flatMap((_, own) => (others.includes(own) ? [] : [own]));
  return [...others.slice(0, GROUPS), ...alone.slice(0, GROUPS)].flatMap((own) => {
    const group = groups[own]!;
    const nic = group.find((member) => member.nic);
    const first = group.find((member) => !member.nic);
    const second = group.find((member) => !member.nic && member.device !== first?.device);
    return [first, nic ?? second]
      .slice(0, OF_EACH)
      .flatMap((member): [Member, number][] => (member === undefined ? [] : [[member, own]]));
  });
}
