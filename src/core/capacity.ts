import { recordBytes } from "./forest.js";
import { layout, MEMORY_BYTES } from "./wasm.js";

/** How much of everything a topology has. */
export interface Extent {
  /** Host bridges, unknown roots and functions. */
  readonly nodes: number;
  readonly hosts: number;
  readonly systems: number;
  /** BARs, windows and whatever else claims addresses. */
  readonly ranges: number;
}

/** For what does not grow with the topology: header, table, staging columns, alignment. */
const OVERHEAD = 1 << 20;
const WORD = 4;

/**
 * The memory that an instance needs at least for a topology of this extent, in bytes: to number its nodes, to sort its
 * ranges, or to answer. More is needed by forests of the wide form, which only their depth tells, by trees of more
 * than 100,000 nodes, and where ranges are so far apart that leaves stay empty.
 */
export function memoryNeeded({ nodes, hosts, systems, ranges }: Extent): number {
  const record = recordBytes(false);
  const leaves = Math.ceil((2 * ranges + 1) / 7) * layout.LEAF_BYTES;
  const packedRanges = ranges * (layout.RANGE_BYTES + WORD);
  const numbering = nodes * (5 * WORD + 2 + record);
  const sorting = packedRanges + ranges * 32 + leaves + systems * layout.SYSTEM_BYTES;
  // A key per leaf in the tree's lowest level, an eighth of that above; the minima are 1 to 1.5 bytes a node.
  const answering =
    nodes * (WORD + record + 1.5) +
    hosts * (layout.HOST_BYTES + 1) +
    systems * layout.SYSTEM_BYTES +
    packedRanges +
    leaves * 1.15;
  return Math.ceil(Math.max(numbering, sorting, answering)) + OVERHEAD;
}

/** @throws RangeError for a topology of which it is clear beforehand that it does not fit into an instance's memory. */
export function checkExtent(extent: Extent): void {
  const bytes = memoryNeeded(extent);
  if (bytes <= MEMORY_BYTES) return;
  throw new RangeError(
    `expected a topology that fits into ${MEMORY_BYTES} bytes of WebAssembly memory; ${extent.nodes} nodes and ` +
      `${extent.ranges} address ranges need ${bytes}: divide the systems among several topologies`,
  );
}
