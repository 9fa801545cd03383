import { EXPORTS, RANGE_KINDS, RANKS, type Exported, type RangeKind, type Rank } from "./axes.js";
import { SectionError } from "./sections.js";
import { layout } from "./wasm.js";

/** What many ranges of addresses have in common. */
export interface Terms {
  readonly kind: RangeKind;
  readonly rank: Rank;
  /** PCI bus address minus CPU physical address; null: unknown. */
  readonly busOffset: bigint | null;
  /** Depth of the deepest bridge above the owner with memory decode off, ALWAYS for the owner itself, 0 for none. */
  readonly offFrom: number;
  /** The same for decode that is not known. */
  readonly unknownFrom: number;
  /** Of a window. */
  readonly window: "mem" | "pref" | null;
  /** Index of the BAR; null: not shown, or no BAR. */
  readonly bar: number | null;
  /** Null: not stated. */
  readonly exported: Exported;
}

/** Terms by row, each once. */
export class TermsTable {
  readonly rows: Terms[] = [];
  readonly #rowOf = new Map<string, number>();

  /** The row of these terms, which it gets where it has none yet. */
  row(terms: Terms): number {
    const { kind, rank, busOffset, offFrom, unknownFrom, window, bar, exported } = terms;
    const key = `${kind} ${rank} ${busOffset} ${offFrom} ${unknownFrom} ${window} ${bar} ${exported}`;
    let row = this.#rowOf.get(key);
    if (row === undefined) this.#rowOf.set(key, (row = this.rows.push(terms) - 1));
    return row;
  }
}

export function packTerms(rows: readonly Terms[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * layout.TERMS_BYTES);
  const memory = new DataView(bytes.buffer);
  rows.forEach(({ kind, rank, busOffset, offFrom, unknownFrom, window, bar, exported }, row) => {
    const at = row * layout.TERMS_BYTES;
    const index = window === null ? (bar ?? layout.NO_BAR) : Number(window === "pref");
    const meta =
      RANGE_KINDS.indexOf(kind) |
      (RANKS.indexOf(rank) << layout.RANK_SHIFT) |
      (index << layout.BAR_SHIFT) |
      (EXPORTS.indexOf(exported) << layout.EXPORTED_SHIFT);
    memory.setBigInt64(at + layout.TERMS_BUS_OFFSET, busOffset ?? 0n, true);
    memory.setUint32(at + layout.TERMS_OFF_FROM, offFrom, true);
    memory.setUint32(at + layout.TERMS_UNKNOWN_FROM, unknownFrom, true);
    memory.setUint32(at + layout.TERMS_META, busOffset === null ? meta : meta | layout.META_BUS_KNOWN, true);
  });
  return bytes;
}

/** @throws SectionError for kinds and ranks that there are not. */
export function unpackTerms(bytes: Uint8Array): Terms[] {
  const memory = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / layout.TERMS_BYTES) }, (_, row) => {
    const at = row * layout.TERMS_BYTES;
    const meta = memory.getUint32(at + layout.TERMS_META, true);
    const kind = RANGE_KINDS[meta & layout.KIND_MASK];
    const rank = RANKS[(meta >> layout.RANK_SHIFT) & layout.RANK_MASK];
    if (kind === undefined || rank === undefined)
      throw new SectionError("terms", `row ${row} has no such kind or rank`);
    const index = (meta >> layout.BAR_SHIFT) & layout.BAR_MASK;
    return {
      kind,
      rank,
      busOffset: (meta & layout.META_BUS_KNOWN) === 0 ? null : memory.getBigInt64(at + layout.TERMS_BUS_OFFSET, true),
      offFrom: memory.getUint32(at + layout.TERMS_OFF_FROM, true),
      unknownFrom: memory.getUint32(at + layout.TERMS_UNKNOWN_FROM, true),
      window: kind !== "window" ? null : index === 1 ? "pref" : "mem",
      bar: kind === "window" || index === layout.NO_BAR ? null : index,
      exported: EXPORTS[(meta >> layout.EXPORTED_SHIFT) & layout.EXPORTED_MASK]!,
    };
  });
}
