// What is asked, drawn by a seed before anything is timed, with the answers known from the way they were drawn.

import { generator } from "./random.mjs";

export const PAIR_MIXES = ["same-system", "local", "uniform"];
export const ADDRESS_MIXES = ["random", "clustered"];

/**
 * Pairs of endpoints (functions without children).
 *
 * `same-system`: both drawn from one system; `local`: both below the grandparent of the first; `uniform`: from all.
 */
export function drawPairs(fabric, mix, count) {
  const { forest, endpoints } = fabric;
  const random = generator(11 + PAIR_MIXES.indexOf(mix));
  const [a, b] = [new Uint32Array(count), new Uint32Array(count)];
  const systemOf = (id) => forest.systemOfHost[forest.hosts[id]];
  const ranges = systemRanges(fabric);
  for (let row = 0; row < count; row++) {
    const at = random.below(endpoints.length);
    a[row] = endpoints[at];
    let [from, to] = [0, endpoints.length];
    if (mix === "same-system") [from, to] = ranges.get(systemOf(a[row]));
    else if (mix === "local") [from, to] = within(endpoints, at, forest, grandparent(forest, a[row]));
    b[row] = endpoints[from + random.below(to - from)];
    if (random.below(2) === 0) [a[row], b[row]] = [b[row], a[row]];
  }
  return { a, b };
}

/** By system, where its endpoints begin and end. */
function systemRanges({ once, endpoints, forest }) {
  return once("system ranges", () => {
    const ranges = new Map();
    endpoints.forEach((id, at) => {
      const system = forest.systemOfHost[forest.hosts[id]];
      const range = ranges.get(system);
      if (range === undefined) ranges.set(system, [at, at + 1]);
      else range[1] = at + 1;
    });
    return ranges;
  });
}

const grandparent = (forest, id) => forest.parents[forest.parents[id]] || forest.parents[id];

/** The endpoints below `top` around one of them: a subtree is one run of ids. */
function within(endpoints, at, forest, top) {
  const isBelow = (id) => {
    while (id > top) id = forest.parents[id];
    return id === top;
  };
  let [from, to] = [at, at + 1];
  while (from > 0 && isBelow(endpoints[from - 1])) from--;
  while (to < endpoints.length && isBelow(endpoints[to])) to++;
  return [from, to];
}

/**
 * Addresses with the systems they are asked in. About one in 32 lies just beyond the last BAR of its system.
 *
 * `random`: each within a random BAR; `clustered`: 64 after one another within 64 BARs whose rows follow one another.
 * `owners` and `bars` are known from the drawing: innermost BARs alone are drawn from.
 */
export function drawAddresses(fabric, mix, count) {
  const { forest, columns, segments, innermost, barStarts, barSizes } = fabric;
  const random = generator(31 + ADDRESS_MIXES.indexOf(mix));
  const address = new Float64Array(count);
  const system = new Uint32Array(count);
  const owner = new Uint32Array(count);
  const bar = new Uint32Array(count);
  const offset = new Float64Array(count);
  let cluster = 0;
  for (let row = 0; row < count; row++) {
    if (row % 64 === 0) cluster = random.below(Math.max(1, innermost.length - 64));
    const near = cluster + random.below(Math.min(64, innermost.length));
    bar[row] = innermost[mix === "clustered" ? near : random.below(innermost.length)];
    const id = forest.functionIds[columns.bars.function[bar[row]]];
    system[row] = forest.systemOfHost[forest.hosts[id]];
    if (random.below(32) === 0) {
      address[row] = segments.spans[system[row]] * segments.unit + random.below(2 ** 20);
    } else {
      offset[row] = random.below(2 ** 30) % barSizes[bar[row]];
      address[row] = barStarts[bar[row]] + offset[row];
      owner[row] = id;
    }
  }
  return { address, system, owner, bar, offset };
}

/** Requests: the addresses, each asked by an endpoint of the same system. About one in 32 leaves its owner. */
export function drawRequests(fabric, mix, count) {
  const { endpoints, barSizes } = fabric;
  const addresses = drawAddresses(fabric, mix, count);
  const random = generator(51 + ADDRESS_MIXES.indexOf(mix));
  const ranges = systemRanges(fabric);
  const initiator = new Uint32Array(count);
  const size = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const [from, to] = ranges.get(addresses.system[row]);
    initiator[row] = endpoints[from + random.below(to - from)];
    const rest = barSizes[addresses.bar[row]] - addresses.offset[row];
    size[row] = random.below(32) === 0 ? rest + 1 : Math.min(rest, 1 + random.below(4096));
  }
  return { ...addresses, initiator, size };
}

/** Endpoints of one system after another, as many as asked for (or as there are), in a random order. */
export function drawMembers(fabric, count) {
  const random = generator(71);
  return random.shuffle(fabric.endpoints.slice(0, count));
}
