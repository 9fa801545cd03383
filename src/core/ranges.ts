import { packTerms, type Terms } from "./terms.js";
import { Arena, defaultBuild, instantiate, layout, type Build } from "./wasm.js";

/** Ranges of CPU physical addresses as columns, in any order. */
export interface RangeSource {
  /** Ordinal of the system. */
  readonly system: Uint32Array;
  /** CPU physical, below 2^63 with its size. */
  readonly start: BigUint64Array;
  /** At least 1. */
  readonly size: BigUint64Array;
  /** Id of the node; for kinds outside PCI a number below 2^31 of the caller's own. */
  readonly owner: Uint32Array;
  /** Row in the terms. */
  readonly terms: Uint32Array;
}

/** Sorted by start, the longer first, then in the order of the source; flattened into disjoint segments. */
export interface Ranges {
  readonly count: number;
  /** Row in the source, by range. */
  readonly order: Uint32Array;
  /** How many low bits no boundary uses. */
  readonly unit: number;
  readonly ranges: Uint8Array;
  readonly owners: Uint32Array;
  readonly terms: Uint8Array;
  readonly leaves: Uint8Array;
  /** A record per system, of which the displacement and the span are filled. */
  readonly systems: Uint8Array;
}

const OUTSIDE_PCI: readonly Terms["kind"][] = ["system-ram", "platform", "other"];

/**
 * Lays the systems' address spaces side by side and flattens all ranges into segments, in a throw-away instance.
 *
 * @throws RangeError where the spaces or the ranges are too many.
 */
export function buildRanges(
  source: RangeSource,
  terms: readonly Terms[],
  systems: number,
  build: Build = defaultBuild,
): Ranges {
  const count = source.start.length;
  if (count > layout.CLAIM_RANGE) {
    throw new RangeError(`expected at most ${layout.CLAIM_RANGE} address ranges, got ${count}`);
  }
  const core = instantiate(build);
  const arena = new Arena(core);
  const systemRows = arena.take(systems * layout.SYSTEM_BYTES);
  const termRows = arena.take(terms.length * layout.TERMS_BYTES);
  const ranges = arena.take(count * layout.RANGE_BYTES);
  const owners = arena.take(count * 4);
  const scratch = arena.take(0);
  const column = (bytes: number) => arena.take(count * bytes);
  const [starts, sizes, sourceOwners, sourceTerms, order] = [column(8), column(8), column(4), column(4), column(4)];
  // The systems are needed no more once the starts are displaced.
  const keys = column(8);
  const [spareKeys, spareOrder] = [column(8), column(4)];
  arena.commit();
  const put = (at: number, values: Uint32Array) => new Uint32Array(core.memory.buffer, at, count).set(values);
  put(keys, source.system);
  put(sourceTerms, source.terms);
  new BigUint64Array(core.memory.buffer, starts, count).set(source.start);
  new BigUint64Array(core.memory.buffer, sizes, count).set(source.size);
  markOwners(source, terms, new Uint32Array(core.memory.buffer, sourceOwners, count));
  const termBytes = packTerms(terms);
  new Uint8Array(core.memory.buffer, termRows, termBytes.length).set(termBytes);

  const total = BigInt.asUintN(64, core.displace(count, keys, starts, sizes, systems, systemRows));
  if (total >= SPACE) {
    throw new RangeError(
      `the systems' address spaces add up to 0x${total.toString(16)} bytes or more, the core holds ` +
        `0x${SPACE.toString(16)}: put fewer systems into one topology`,
    );
  }
  const unit = core.packRanges(
    count,
    starts,
    sizes,
    sourceOwners,
    sourceTerms,
    keys,
    order,
    spareKeys,
    spareOrder,
    ranges,
    owners,
  );
  const rows = new Uint32Array(core.memory.buffer, order, count).slice();

  arena.backTo(scratch);
  const [below, open] = [column(4), column(4)];
  const sweep = arena.take(layout.SWEEP_BYTES);
  const segmentStarts = arena.take((2 * count + 1) * 8);
  const segmentValues = arena.take((2 * count + 1) * 4);
  arena.commit();
  const segments = core.flatten(count, ranges, termRows, below, open, sweep, segmentStarts, segmentValues) >>> 0;
  const leafCount = core.packLeaves(segments, segmentStarts, segmentValues, unit, 0) >>> 0;
  const leaves = arena.take(leafCount * layout.LEAF_BYTES);
  arena.commit();
  core.packLeaves(segments, segmentStarts, segmentValues, unit, leaves);
  const bytes = (at: number, length: number) => new Uint8Array(core.memory.buffer, at, length);
  return {
    count,
    order: rows,
    unit,
    ranges: bytes(ranges, count * layout.RANGE_BYTES),
    owners: new Uint32Array(core.memory.buffer, owners, count),
    terms: termBytes,
    leaves: bytes(leaves, leafCount * layout.LEAF_BYTES),
    systems: bytes(systemRows, systems * layout.SYSTEM_BYTES),
  };
}

const SPACE = (1n << 63n) - 1n;

/** Owners outside PCI are told apart from nodes by their highest bit. */
function markOwners({ owner, terms: rows }: RangeSource, terms: readonly Terms[], into: Uint32Array): void {
  const outside = terms.map(({ kind }) => (OUTSIDE_PCI.includes(kind) ? layout.OUTSIDE : 0));
  for (let range = 0; range < owner.length; range++) into[range] = (owner[range]! | outside[rows[range]!]!) >>> 0;
}
