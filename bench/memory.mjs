// What a topology takes up in linear memory, by what it is for.

const BLOCK_SHIFT = 5;

/** @returns size, functions, ranges and bytes: in all, per function, per range. */
export function memoryOf({ size, topology, forest }) {
  const { core } = topology;
  const sections = Object.fromEntries(Array.from(core.sections(), ([name, bytes]) => [name, bytes.length]));
  const leaves = sections.leaves;
  // Not among the sections because they follow from them: minima over blocks, and the tree, a key for each leaf in its
  // lowest level and an eighth of that above.
  const blocks = (core.count >>> BLOCK_SHIFT) + 1;
  const longest = forest.hostIds.reduce((most, id, row) => {
    return Math.max(most, (forest.hostIds[row + 1] ?? forest.nodes + 1) - id);
  }, 0);
  const minima = blocks * (32 - Math.clz32((longest >>> BLOCK_SHIFT) + 2)) * 4;
  const tree = (leaves / 64) * 8 * (9 / 8);
  const functions = forest.functionIds.length;
  const ranges = core.rangeCount;
  return {
    size,
    functions,
    ranges,
    bytes: core.memoryBytes,
    sections,
    perFunction: (sections.keys + sections.records + minima) / functions,
    indexPerRange: (leaves + tree + sections.owners) / ranges,
    recordPerRange: sections.ranges / ranges,
  };
}
