// One fabric of a given size with what questions are drawn from.

import { plantForest } from "./forest.mjs";
import { PeerDma, Topology, linux } from "../dist/index.js";
import { CLASSES } from "./rules.mjs";
import { layOut, numbers } from "./segments.mjs";
import { synthesize } from "../dist/fabrics.js";

/**
 * Machines of some 2600 functions: four host bridges of eight root ports, one or two levels of switches below most of
 * them, and eight virtual functions for each function of a NIC. About one BAR for each function.
 */
const SHAPE = {
  hostBridges: 4,
  rootPorts: 8,
  switchLevels: [1, 2, 1, 0],
  fanout: [8, 4],
  vfs: { nic: 8 },
  acs: { off: 6, redirect: 3, none: 1 },
  seed: 7,
};

export function weave(size) {
  const columns = synthesize({ functions: size, ...SHAPE });
  const forest = plantForest(columns);
  const { topology, hostBridges, functions } = Topology.fromColumns(columns);
  const same = (ids, expected) => ids.length === expected.length && ids.every((id, row) => id === expected[row]);
  if (!same(hostBridges, forest.hostIds) || !same(functions, forest.functionIds)) {
    throw new Error("peerlane does not number depth first in the order of rows");
  }
  const peerDma = new PeerDma(topology, linux("6.12"));
  const segments = layOut(columns, forest);
  const hasChild = new Uint8Array(forest.nodes + 1);
  for (const parent of forest.parents) hasChild[parent] = 1;
  const endpoints = forest.functionIds.filter((id) => hasChild[id] === 0).sort();
  // An aperture (7 to 12) holds the BARs of virtual functions.
  const innermost = Uint32Array.from(columns.bars.index, (_, row) => row).filter((row) => columns.bars.index[row] < 7);
  const made = new Map();
  return {
    size,
    columns,
    forest,
    segments,
    /** By row of the BARs. */
    barStarts: numbers(columns.bars.start),
    barSizes: numbers(columns.bars.size),
    endpoints,
    innermost,
    /** By host bridge, in the order of ids: row in CLASSES. */
    classOfHost: Uint8Array.from(topology.roots, (_, root) => CLASSES.indexOf(peerDma.judgement(root).classes.join())),
    topology,
    peerDma,
    /** What several contenders share, made when first asked for. */
    once(name, make) {
      if (!made.has(name)) made.set(name, make());
      return made.get(name);
    },
  };
}
