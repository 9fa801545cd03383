/** Numerical Recipes' linear congruence: the same numbers on every run. */
let state: u32 = 1;

export function random(below: u32): u32 {
  state = state * 1664525 + 1013904223;
  return (state >> 8) % below;
}

/** A number of at most `bits` bits. */
export function random64(bits: u64): u64 {
  const number = ((<u64>random(1 << 22)) << 42) | ((<u64>random(1 << 21)) << 21) | (<u64>random(1 << 21));
  return bits >= 64 ? number : number & (((<u64>1) << bits) - 1);
}
