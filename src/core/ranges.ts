import { packTerms, type Terms } from "./terms.js";
import { Arena, defaultBuild, instantiate, layout, type Build, type Exports } from "./wasm.js";

/** Ranges of CPU physical addresses as columns, in any order. */
export interface RangeColumns {
  /** Ordinal of the system. */
  readonly system: Uint32Array;
  /** CPU physical, below 2^63 with its size: pairs of 32-bit words, low word first. */
  readonly start: Uint32Array;
  /** At least 1, in words as well. */
  readonly size: Uint32Array;
  /** Id of the node. */
  readonly owner: Uint32Array;
  /** Row in the terms. */
  readonly terms: Uint32Array;
}

/** One row of them. */
export interface PlainRange {
  readonly system: number;
  readonly start: bigint;
  readonly size: bigint;
  /** Id of the node; for kinds outside PCI a number below 2^31 of the caller's own. */
  readonly owner: number;
  readonly terms: Terms;
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
 * Lays the systems' address spaces side by side and flattens all ranges into segments, in a throw-away instance, in
 * whose memory the caller fills in the columns.
 */
export class RangeBuilder {
  /** To be filled in, every row, before `build`. */
  readonly columns: RangeColumns;
  readonly #core: Exports;
  readonly #arena: Arena;
  readonly #places: Readonly<Record<"systems" | "ranges" | "owners" | "order" | "scratch", number>> &
    Readonly<Record<"starts" | "sizes" | "sourceOwners" | "sourceTerms" | "keys", number>>;

  /** @throws RangeError where the ranges are too many. */
  constructor(
    readonly count: number,
    readonly systems: number,
    build: Build = defaultBuild,
  ) {
    if (count > layout.CLAIM_RANGE) {
      throw new RangeError(`expected at most ${layout.CLAIM_RANGE} address ranges, got ${count}`);
    }
    const core = instantiate(build);
    const arena = new Arena(core);
    const column = (bytes: number) => arena.take(count * bytes);
    const places = {
      systems: arena.take(systems * layout.SYSTEM_BYTES),
      ranges: column(layout.RANGE_BYTES),
      owners: column(4),
      scratch: arena.take(0),
      order: column(4),
      starts: column(8),
      sizes: column(8),
      sourceOwners: column(4),
      sourceTerms: column(4),
      keys: column(8),
    };
    arena.commit();
    const words = (at: number, many = 1) => new Uint32Array(core.memory.buffer, at, many * count);
    this.#core = core;
    this.#arena = arena;
    this.#places = places;
    this.columns = {
      // The systems are needed no more once the starts are displaced, and the keys only then.
      system: words(places.keys),
      start: words(places.starts, 2),
      size: words(places.sizes, 2),
      owner: words(places.sourceOwners),
      terms: words(places.sourceTerms),
    };
  }

  put(row: number, range: PlainRange, terms: number): void {
    const { columns } = this;
    columns.system[row] = range.system;
    columns.start[2 * row] = Number(range.start & 0xffffffffn);
    columns.start[2 * row + 1] = Number(range.start >> 32n);
    columns.size[2 * row] = Number(range.size & 0xffffffffn);
    columns.size[2 * row + 1] = Number(range.size >> 32n);
    // Owners outside PCI are told apart from nodes by their highest bit.
    columns.owner[row] = OUTSIDE_PCI.includes(range.terms.kind) ? (range.owner | layout.OUTSIDE) >>> 0 : range.owner;
    columns.terms[row] = terms;
  }

  /**
   * Builds them, once.
   *
   * @throws RangeError where the systems' spaces are too many or too large.
   */
  build(terms: readonly Terms[]): Ranges {
    const { count } = this;
    const [core, arena, places] = [this.#core, this.#arena, this.#places];
    const { starts, sizes, keys, order, ranges } = places;
    const total = BigInt.asUintN(64, core.displace(count, keys, starts, sizes, this.systems, places.systems));
    if (total >= SPACE) {
      throw new RangeError(
        `the systems' address spaces add up to 0x${total.toString(16)} bytes or more, the core holds ` +
          `0x${SPACE.toString(16)}: put fewer systems into one topology`,
      );
    }
    // Nothing is in the records yet: there is room for what sorting moves about.
    const [spareKeys, spareOrder] = [ranges, ranges + count * 8];
    const [sourceOwners, sourceTerms] = [places.sourceOwners, places.sourceTerms];
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
      places.owners,
    );

    const rows = new Uint32Array(core.memory.buffer, order, count).slice();

    arena.backTo(places.scratch);
    const column = (bytes: number, rows = count) => arena.take(rows * bytes);
    const termBytes = packTerms(terms);
    const termRows = column(1, termBytes.length);
    const [below, open] = [column(4), column(4)];
    const sweep = arena.take(layout.SWEEP_BYTES);
    const [segmentStarts, segmentValues] = [column(8, 2 * count + 1), column(4, 2 * count + 1)];
    arena.commit();
    const bytes = (at: number, length: number) => new Uint8Array(core.memory.buffer, at, length);
    bytes(termRows, termBytes.length).set(termBytes);
    const segments = core.flatten(count, ranges, termRows, below, open, sweep, segmentStarts, segmentValues) >>> 0;
    const leafCount = core.packLeaves(segments, segmentStarts, segmentValues, unit, 0) >>> 0;
    const leaves = arena.take(leafCount * layout.LEAF_BYTES);
    arena.commit();
    core.packLeaves(segments, segmentStarts, segmentValues, unit, leaves);
    return {
      count,
      order: rows,
      unit,
      ranges: bytes(ranges, count * layout.RANGE_BYTES),
      owners: new Uint32Array(core.memory.buffer, places.owners, count),
      terms: termBytes,
      leaves: bytes(leaves, leafCount * layout.LEAF_BYTES),
      systems: bytes(places.systems, this.systems * layout.SYSTEM_BYTES),
    };
  }
}

const SPACE = (1n << 63n) - 1n;
