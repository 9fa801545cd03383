/**
 * Numbers that look random and are the same for the same seed on every machine. Each `stream` of a seed is a sequence
 * of its own, so that one more question about one thing does not change the answers about another.
 */
export class Random {
  #state: number;

  constructor(seed: number, stream: number) {
    this.#state = scramble(seed ^ scramble(stream + 1));
  }

  /** At least 0 and below 1. */
  fraction(): number {
    // A Weyl sequence, scrambled: every state is met once before the first comes back.
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return scramble(this.#state) / 0x1_0000_0000;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }
}

/** Each bit of the result depends on each of the 32 bits of `value`. */
function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
