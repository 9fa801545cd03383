import type { RegisterWord } from "../topology/description.js";
import { knownBits, registerWord } from "../topology/register.js";

/** A register of which some bits are known; those that are not are clear in `value`. */
export interface Bits {
  readonly value: number;
  /** Which are known. */
  readonly mask: number;
}

/** Nothing known. */
export const NO_BITS: Bits = { value: 0, mask: 0 };

/** The known bits of a word that may be missing. */
export function bitsOf(word: RegisterWord | undefined): Bits {
  return word === undefined ? NO_BITS : knownBits(word);
}

/** The word as a description has it. */
export function wordOf({ value, mask }: Bits): RegisterWord {
  return registerWord(value, mask);
}

/** The bits of `from` where `where` is set, the bits of `word` elsewhere. */
export function take(word: Bits, from: Bits, where: number): Bits {
  return {
    value: (word.value & ~where) | (from.value & where),
    mask: (word.mask & ~where) | (from.mask & where),
  };
}

/** With these bits set to what `flags` has there. */
export function assign(word: Bits, where: number, flags: number): Bits {
  return take(word, { value: flags & where, mask: where }, where);
}

/** Without knowledge of these bits. */
export function forget(word: Bits, where: number): Bits {
  return take(word, NO_BITS, where);
}

/** What is known where either may be the case: the bits that both have. */
export function either(a: Bits, b: Bits): Bits {
  const mask = a.mask & b.mask & ~(a.value ^ b.value);
  return { value: a.value & mask, mask };
}

/** The bits that both know, and know differently. */
export function conflict(a: Bits, b: Bits): number {
  return a.mask & b.mask & (a.value ^ b.value);
}
