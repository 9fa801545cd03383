import { shown } from "./counts.js";
import type { Random } from "../random.js";

/** Things of which each is drawn as often as its weight says. */
export class Weighted<T> {
  /** Those that can be drawn. */
  readonly things: readonly T[];
  readonly #ends: readonly number[];

  constructor(entries: readonly (readonly [thing: T, weight: number])[]) {
    const possible = entries.filter(([, weight]) => weight > 0);
    this.things = possible.map(([thing]) => thing);
    let end = 0;
    this.#ends = possible.map(([, weight]) => (end += weight));
  }

  take(random: Random): T {
    if (this.things.length === 1) return this.things[0]!;
    const at = random.fraction() * this.#ends[this.#ends.length - 1]!;
    let index = 0;
    while (index < this.things.length - 1 && at >= this.#ends[index]!) index++;
    return this.things[index]!;
  }

  /**
   * @throws TypeError for a weight that is no number; RangeError for a negative or infinite one, or where none is
   *   above 0. Both begin with the option's name.
   */
  static of<K extends string>(option: string, weights: Readonly<Partial<Record<K, number>>>): Weighted<K> {
    const entries = Object.entries(weights) as [K, number][];
    for (const [thing, weight] of entries) {
      if (typeof weight !== "number") {
        throw new TypeError(`${option}.${thing}: expected a weight, got ${shown(weight)}`);
      }
      if (!(weight >= 0 && weight < Infinity)) {
        throw new RangeError(`${option}.${thing}: expected a weight of at least 0, got ${weight}`);
      }
    }
    const weighted = new Weighted(entries);
    if (weighted.things.length === 0) throw new RangeError(`${option}: expected a weight above 0, got none`);
    return weighted;
  }
}
