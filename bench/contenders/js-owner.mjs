// Address to owner in plain JavaScript: binary search on sorted typed arrays.

const owner = (name, start) => ({ kernel: "owner", family: "js", name, start });

/** The last start that is not greater; no branch depends on what is found. */
export function lastNotGreater(starts, key) {
  let at = 0;
  for (let length = starts.length; length > 1;) {
    const half = length >>> 1;
    at += starts[at + half] <= key ? half : 0;
    length -= half;
  }
  return at;
}

function binarySearch(fabric, { questions: { address, system }, rows }) {
  const { starts, values, displacements, spans, unit } = fabric.segments;
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) {
      const place = Math.floor(address[row] / unit);
      const inSystem = system[row];
      out[row] = place < spans[inSystem] ? values[lastNotGreater(starts, displacements[inSystem] + place)] : 0;
    }
  };
  return { out: { owner: out }, run };
}

function binarySearchHalves(fabric, { questions: { address, system }, rows }) {
  const { starts, values, displacements, spans, unit } = fabric.segments;
  const [highs, lows] = fabric.once("halves", () => [
    Uint32Array.from(starts, (start) => start / 2 ** 32),
    Uint32Array.from(starts, (start) => start % 2 ** 32),
  ]);
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) {
      const place = Math.floor(address[row] / unit);
      if (place >= spans[system[row]]) {
        out[row] = 0;
        continue;
      }
      const key = displacements[system[row]] + place;
      const high = (key / 2 ** 32) >>> 0;
      const low = key >>> 0;
      let at = 0;
      for (let length = highs.length; length > 1;) {
        const half = length >>> 1;
        const there = at + half;
        if (highs[there] < high || (highs[there] === high && lows[there] <= low)) at = there;
        length -= half;
      }
      out[row] = values[at];
    }
  };
  return { out: { owner: out }, run };
}

export const ownerContenders = [
  owner("JS: binary search, Float64Array", binarySearch),
  owner("JS: binary search, two Uint32Array", binarySearchHalves),
];
