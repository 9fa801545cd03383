import { NO_DISTANCE } from "../core.js";
import { ANSWERS, ROUTES } from "../explain/ruling.js";
import { NEARNESS } from "./said-near.js";

/** What decides how near a pair is. */
export interface Facts {
  readonly answer: (typeof ANSWERS)[number];
  readonly route: (typeof ROUTES)[number];
  /** Hops; `NO_DISTANCE`: not known. */
  readonly hops: number;
  /** Where they are not known: the letter that another tool has for the pair; null: there is none. */
  readonly letter: string | null;
  readonly sameNode: boolean | null;
  /** Bytes per second; null: not known. */
  readonly bandwidth: number | null;
}

/** How well a pair is allowed, the best first. `some-route`: allowed, the description leaves open which way. */
export const STANDINGS = ["direct", "some-route", "through-host-bridge", "unknown", "refused"] as const;

/** One of {@link STANDINGS}. */
export type Standing = (typeof STANDINGS)[number];

export function standingOf({ answer, route }: Pick<Facts, "answer" | "route">): Standing {
  if (answer !== "yes") return answer === "no" ? "refused" : "unknown";
  if (route === "through-host-bridge") return route;
  return route === "unknown" ? "some-route" : "direct";
}

/**
 * Numbers of ranks: pairs of which the same is known have the same. A rank is a vector of whole numbers, less being
 * better and the first number outweighing all that follow, so that sums of several pairs' ranks compare as ranks do:
 *
 *     refused | unknown or worse | through the host or worse | route unknown or worse       1 or 0 each
 *     distance not known, 1 or 0 | hops
 *     what another tool says in place of it: its letter's place among all of them, one that says nothing last
 *     on another NUMA node | not known to be on the same one                                1 or 0 each
 *     bandwidth, negative; 0: not known
 */
export class Ranks {
  readonly vectors: (readonly number[])[] = [];
  readonly facts: Facts[] = [];
  readonly #numbers = new Map<number, number>();
  readonly #rates = new Map<number | null, number>();

  of(facts: Facts): number {
    const { answer, route, hops, letter, sameNode, bandwidth } = facts;
    const isUnknown = hops === NO_DISTANCE;
    const nearness = !isUnknown ? 0 : letter === null ? NEARNESS.length : NEARNESS.indexOf(letter);
    let rate = this.#rates.get(bandwidth);
    if (rate === undefined) this.#rates.set(bandwidth, (rate = this.#rates.size));
    const node = sameNode === true ? 0 : sameNode === null ? 1 : 2;
    const said = ANSWERS.indexOf(answer) * ROUTES.length + ROUTES.indexOf(route);
    // Whole and below 2^53 as long as there are fewer than 3,000 different bandwidths.
    const kind = ((rate * 3 + node) * (NEARNESS.length + 1) + nearness) * ANSWERS.length * ROUTES.length + said;
    const key = kind * 2 ** 32 + hops;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.vectors.length;
      this.#numbers.set(key, number);
      this.facts.push(facts);
      const standing = STANDINGS.indexOf(standingOf(facts));
      this.vectors.push([
        ...[4, 3, 2, 1].map((least) => (standing >= least ? 1 : 0)),
        ...(isUnknown ? [1, 0] : [0, hops]),
        nearness,
        node === 2 ? 1 : 0,
        node >= 1 ? 1 : 0,
        // In whole megabytes per second: fractions would not add up exactly.
        bandwidth === null ? 0 : -Math.round(bandwidth / 1e6),
      ]);
    }
    return number;
  }

  /** Below 0: rank `a` is better than `b`; 0: they tie. */
  compare(a: number, b: number): number {
    const [one, other] = [this.vectors[a]!, this.vectors[b]!];
    const at = a === b ? -1 : one.findIndex((each, level) => each !== other[level]);
    return at === -1 ? 0 : one[at]! - other[at]!;
  }

  /** Whether what is not known of rank `a` may be such that it is as good as `b`, or better. */
  mayReach(a: number, b: number): boolean {
    const facts = this.facts[a]!;
    const standing = standingOf(facts);
    if (standing !== "unknown" && standing !== "some-route") return false;
    return this.compare(this.of({ ...facts, answer: "yes", route: "bus-address" }), b) <= 0;
  }
}
