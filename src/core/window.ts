import type { Arena } from "./wasm.js";

type ColumnType = typeof Uint8Array | typeof Uint32Array | typeof Int32Array | typeof BigUint64Array;

/** A column of the staging window: its address, and a view of it that never detaches. */
export interface Column<Values> {
  readonly at: number;
  readonly values: Values;
}

export type Columns<Types extends Record<string, ColumnType>> = {
  readonly [Name in keyof Types]: Column<InstanceType<Types[Name]>>;
};

/**
 * Columns of `rows` rows through which batches go in and out. The window costs memory once, whatever the batch, and
 * stays within the processor's second cache.
 */
export function reserve<Types extends Record<string, ColumnType>>(arena: Arena, rows: number, types: Types) {
  const places = Object.entries(types).map(([name, type]) => {
    return { name, type, at: arena.take(rows * type.BYTES_PER_ELEMENT) };
  });
  /** To be called when the arena has its memory. */
  return (buffer: ArrayBuffer): Columns<Types> => {
    const columns = places.map(({ name, type, at }) => [name, { at, values: new type(buffer, at, rows) }]);
    return Object.fromEntries(columns) as Columns<Types>;
  };
}
