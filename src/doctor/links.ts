import type { Patient } from "./check.js";
import { NO_PAIRS, plus, talk, type Count, type Member } from "./party.js";

/** The pairs of talkers that reach each other over a side link, whatever becomes of them over PCIe. */
export class LinkedPairs {
  /** The later ones by the earlier. */
  readonly #pairs = new Map<Member, Set<Member>>();

  constructor({ peer, sideLinks }: Patient, members: readonly Member[]) {
    if (sideLinks.length === 0) return;
    const byId = new Map(members.map((member) => [member.id, member]));
    for (const { from, to } of sideLinks) {
      const [a, b] = [byId.get(Math.min(from, to)), byId.get(Math.max(from, to))];
      if (a === undefined || b === undefined || !talk(a, b) || this.has(a, b)) continue;
      const both = [peer.can(a.id, b.id), peer.can(b.id, a.id)];
      if (both.every(({ route }) => route === "side-link")) this.#add(a, b);
    }
  }

  #add(a: Member, b: Member): void {
    const others = this.#pairs.get(a);
    if (others === undefined) this.#pairs.set(a, new Set([b]));
    else others.add(b);
  }

  has(a: Member, b: Member): boolean {
    return this.#pairs.get(a.id < b.id ? a : b)?.has(a.id < b.id ? b : a) === true;
  }

  /** Those whose ends are in different groups. */
  between(groups: readonly (readonly Member[])[]): Count {
    if (this.#pairs.size === 0) return NO_PAIRS;
    const groupOf = new Map(groups.flatMap((group) => group.map((member) => [member, group] as const)));
    let count = NO_PAIRS;
    for (const [a, group] of groupOf) {
      for (const b of this.#pairs.get(a) ?? []) {
        const other = groupOf.get(b);
        if (other === undefined || other === group) continue;
        count = plus(count, { pairs: 1, owned: Number(a.owner || b.owner) });
      }
    }
    return count;
  }
}
