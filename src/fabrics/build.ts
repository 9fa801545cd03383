import type { FabricColumns, SystemFacts } from "../topology/fabric/columns.js";
import type { RowFacts } from "./facts.js";
import type { Placed } from "./output.js";
import { pack } from "./packing.js";
import { ROW_LIMIT } from "./plan.js";
import { Counter, type Rows } from "./rows.js";
import { Writer } from "./writer.js";

/** Gives the BARs of all rows their addresses. */
export type Placing = (rows: Writer, windowLimit: number, busOffset: number) => Placed;

/**
 * Columns of a fabric.
 *
 * @param walk shows the fabric row by row, the same one each time it is called.
 * @param functions how many there shall be; null: as many as the walk shows.
 * @throws RangeError where the walk shows fewer functions, or there is no memory for them.
 */
export function build(
  walk: (rows: Rows) => void,
  functions: number | null,
  facts: RowFacts,
  placing: Placing = pack,
): FabricColumns {
  const counted = new Counter(functions ?? ROW_LIMIT + 1);
  walk(counted);
  if (functions !== null && counted.functions < functions) {
    throw new RangeError(
      `functions: expected at most the ${counted.functions} of the given systems, got ${functions}: ` +
        "leave systems out, or raise it",
    );
  }
  try {
    const rows = new Writer(counted, facts);
    walk(rows);
    const { start, bus, windows } = placing(rows, counted.windows, facts.busOffset);
    return {
      systems: systemsOf(counted.systems, facts.system),
      hostBridges: rows.hostBridges,
      functions: rows.functions,
      bars: { ...rows.bars, start, bus },
      ...(windows === undefined ? {} : { windows }),
    };
  } catch (error) {
    if (!(error instanceof RangeError) || !/allocation|array length/i.test(error.message)) throw error;
    throw new RangeError(`no memory for ${counted.functions} functions and ${counted.bars} BARs: make fewer`, {
      cause: error,
    });
  }
}

function systemsOf(count: number, facts: SystemFacts): SystemFacts[] {
  return Array.from({ length: count }, (_, ordinal) => ({ name: `s${ordinal}`, ...facts }));
}
