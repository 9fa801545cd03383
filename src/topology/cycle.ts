import type { Problem } from "./errors.js";

/** Of a long cycle. */
const SHOWN = 20;

/**
 * Names the functions of one cycle, each below the next.
 *
 * @param parents for each node 1 + the index of its parent, 0 for none; there has to be a cycle.
 */
export function cycleIn(parents: Uint32Array, nameOf: (node: number) => string): Problem {
  const nodes = cycle(parents);
  const names = nodes.slice(0, SHOWN).map(nameOf);
  const left = nodes.length - names.length;
  const shown = left === 0 ? names : [...names, `${left} more`];
  const message = `${shown.join(" below ")} below ${names[0]}: no function can be above itself`;
  return { code: "CYCLE", message, functions: names };
}

function cycle(parents: Uint32Array): number[] {
  const walks = new Uint32Array(parents.length);
  for (let start = 0; ; start++) {
    let node = start;
    while (walks[node] === 0 && parents[node] !== 0) {
      walks[node] = start + 1;
      node = parents[node]! - 1;
    }
    if (parents[node] === 0 || walks[node] !== start + 1) continue;
    const nodes = [node];
    for (let next = parents[node]! - 1; next !== node; next = parents[next]! - 1) nodes.push(next);
    return nodes;
  }
}
