// The interval packages of the npm registry, one question at a time as their users ask. Not above a million functions:
// their objects would not fit. One index over the whole space, the systems side by side, as for everybody else.

import IntervalTree from "@flatten-js/interval-tree";
import Flatbush from "flatbush";
import createIntervalTree from "interval-tree-1d";
import { IntervalTree as NodeIntervalTree } from "node-interval-tree";
import { index, matches } from "static-interval-tree";

export const MOST = 1e6;
const SHARE = 1 / 32;

/** Segments that somebody owns, closed at both ends. */
function owned(fabric) {
  return fabric.once("owned", () => {
    const { starts, values } = fabric.segments;
    const list = [];
    values.forEach((id, at) => {
      if (id !== 0) list.push({ low: starts[at], high: starts[at + 1] - 1, id });
    });
    return list;
  });
}

/** Asks `find(place)` for each address of its system. */
function contender(name, build) {
  const start = (fabric, { questions: { address, system }, rows }) => {
    const { displacements, spans, unit } = fabric.segments;
    const find = fabric.once(name, () => build(owned(fabric)));
    const out = new Uint32Array(rows);
    const run = () => {
      for (let row = 0; row < rows; row++) {
        const place = Math.floor(address[row] / unit);
        out[row] = place < spans[system[row]] ? find(displacements[system[row]] + place) : 0;
      }
    };
    return { out: { owner: out }, run };
  };
  return { kernel: "owner", family: "npm", name, most: MOST, share: SHARE, start };
}

export const npmContenders = [
  contender("@flatten-js/interval-tree", (list) => {
    const tree = new IntervalTree();
    for (const { low, high, id } of list) tree.insert([low, high], id);
    return (place) => tree.search([place, place])[0] ?? 0;
  }),
  contender("node-interval-tree", (list) => {
    const tree = new NodeIntervalTree();
    for (const interval of list) tree.insert(interval);
    return (place) => tree.search(place, place)[0]?.id ?? 0;
  }),
  contender("static-interval-tree", (list) => {
    const tree = index(list.map(({ low, high, id }) => ({ start: low, end: high, id })));
    return (place) => matches(tree, { start: place, end: place })[0]?.id ?? 0;
  }),
  contender("interval-tree-1d", (list) => {
    const tree = createIntervalTree(list.map(({ low, high, id }) => [low, high, id]));
    let found = 0;
    const take = (interval) => {
      found = interval[2];
      return true;
    };
    return (place) => {
      found = 0;
      tree.queryPoint(place, take);
      return found;
    };
  }),
  contender("flatbush", (list) => {
    const tree = new Flatbush(list.length);
    for (const { low, high } of list) tree.add(low, 0, high, 0);
    tree.finish();
    return (place) => {
      const found = tree.search(place, 0, place, 0);
      return found.length === 0 ? 0 : list[found[0]].id;
    };
  }),
];
