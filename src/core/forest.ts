import { Arena, defaultBuild, instantiate, layout, view, type Build } from "./wasm.js";

/** A forest in depth-first order. Index 0 of each column is the node above all host bridges. */
export interface Forest {
  /** How many nodes there are, node 0 not counted. */
  readonly count: number;
  /** Index in the source, by id. */
  readonly order: Uint32Array;
  /** Id of the node above, by id. */
  readonly parents: Uint32Array;
  readonly records: Uint8Array;
}

/**
 * Numbers nodes depth first in a throw-away instance.
 *
 * @param parents for each node 1 + the index of its parent, 0 for a host bridge.
 * @param redirects,unreadable for each node whether its ACS redirects, whether its ACS is unknown.
 * @returns null where there is a cycle.
 */
export function numberForest(
  parents: Uint32Array,
  redirects: (node: number) => boolean,
  unreadable: (node: number) => boolean,
  build: Build = defaultBuild,
): Forest | null {
  const core = instantiate(build);
  const count = parents.length;
  const arena = new Arena(core);
  const source = arena.take(count * 4);
  const marks = arena.take(count);
  const firstChild = arena.take((count + 1) * 4);
  const nextSibling = arena.take((count + 1) * 4);
  const order = arena.take((count + 1) * 4);
  const column = arena.take((count + 1) * 4);
  const records = arena.take((count + 1) * layout.RECORD_BYTES);
  arena.commit();
  new Uint32Array(core.memory.buffer, source, count).set(parents);
  const mark = new Uint8Array(core.memory.buffer, marks, count);
  for (let node = 0; node < count; node++) mark[node] = (redirects(node) ? 1 : 0) | (unreadable(node) ? 2 : 0);
  if (core.numberForest(count, source, firstChild, nextSibling, order) !== count) return null;
  core.packForest(count, source, marks, order, firstChild, column, records);
  return {
    count,
    order: new Uint32Array(core.memory.buffer, order, count + 1).map((node) => node - 1),
    parents: new Uint32Array(core.memory.buffer, column, count + 1).slice(),
    records: new Uint8Array(core.memory.buffer, records, (count + 1) * layout.RECORD_BYTES).slice(),
  };
}

export function depthIn(forest: Forest, id: number): number {
  return view(forest.records).getUint32(id * layout.RECORD_BYTES + layout.RECORD_DEPTH, true);
}
