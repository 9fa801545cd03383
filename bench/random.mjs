/** A seeded generator (xorshift, 32 bits): every run draws the same. */
export function generator(seed) {
  let state = seed * 2654435761 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let skipped = 0; skipped < 8; skipped++) next();
  return {
    /** A whole number from 0 up to `limit`, exclusive; at most 2^32. */
    below: (limit) => Math.floor((next() / 2 ** 32) * limit),
    /** Puts an array into random order, in place. */
    shuffle(array) {
      for (let at = array.length - 1; at > 0; at--) {
        const other = Math.floor((next() / 2 ** 32) * (at + 1));
        [array[at], array[other]] = [array[other], array[at]];
      }
      return array;
    },
  };
}
