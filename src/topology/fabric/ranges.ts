import { TermsTable, type Build, type Forest, type RangeColumns, type Ranges } from "../../core.js";
import type { NodeColumns, NodeRanges } from "./fabric.js";
import { BarTerms } from "./bars.js";
import type { FabricColumns } from "./columns.js";
import type { Hosts } from "../hosts.js";
import type { RangeRows } from "../range-rows.js";
import { checkRanges, wordsOf } from "./words64.js";

/** The nodes that the rows of the columns became. */
interface Placed {
  readonly forest: Forest;
  /** By node row. */
  readonly ids: Uint32Array;
  readonly hosts: Hosts;
  readonly nodes: NodeColumns;
}

export interface FabricRanges {
  readonly ranges: Ranges;
  readonly byNode: NodeRanges;
  /** One byte per system: whether anything but windows claims addresses of it. */
  readonly addressed: Uint8Array;
}

/**
 * Packs the surroundings, which `rows` holds, then the windows and BARs of each node in the order of ids: so equal
 * windows nest from the root down.
 *
 * @throws RangeError for a range of no bytes or beyond 2^63, naming its row.
 */
export function packFabricRanges(columns: FabricColumns, placed: Placed, rows: RangeRows, build?: Build): FabricRanges {
  const { windows, bars, hostBridges, systems } = columns;
  const { ids, hosts } = placed;
  const functionIds = ids.subarray(hostBridges.system.length);
  const terms = new TermsTable();
  // Where each node's ranges end, one place further; filling them in moves that on to where the next one's end.
  const ends = new Uint32Array(placed.forest.count + 3);
  if (windows !== undefined) count(windows.node, ids, ends);
  if (bars !== undefined) count(bars.function, functionIds, ends);
  for (let id = 1; id < ends.length; id++) ends[id]! += ends[id - 1]!;

  const builder = rows.builder(terms, systems.length, ends.at(-1), build);
  const outside = rows.rows.length;
  const places = new Places(builder.columns, ends.subarray(1), outside);
  if (windows !== undefined) putWindows(windows, ids, places, terms);
  if (bars !== undefined) putBars(bars, functionIds, placed, places, terms);
  const first = ends.subarray(0, placed.forest.count + 2);
  const { system } = builder.columns;
  for (let host = 0; host < hosts.count; host++) {
    system.fill(hosts.system(host), outside + first[hosts.id(host)]!, outside + first[hosts.end(host)]!);
  }
  const addressed = addressedIn(builder.columns, terms, systems.length);
  const ranges = builder.build(terms.rows);
  const list = new Uint32Array(ranges.count - outside);
  for (let range = 0; range < ranges.count; range++) {
    const row = ranges.order[range]!;
    if (row >= outside) list[row - outside] = range;
  }
  const byNode = { first, list, windowsShown: windows !== undefined, barsShown: bars !== undefined };
  return { ranges, byNode, addressed };
}

/** Counts each node's rows, two places further. */
function count(rows: Uint32Array, ids: Uint32Array, ends: Uint32Array): void {
  for (let row = 0; row < rows.length; row++) ends[ids[rows[row]!]! + 2]!++;
}

/** Hands out the places of each node's ranges, and fills them in. */
class Places {
  constructor(
    private readonly columns: RangeColumns,
    private readonly next: Uint32Array,
    private readonly outside: number,
  ) {}

  /** @param start,size words of 64-bit columns, of which `row` is the row. */
  put(id: number, start: Uint32Array, size: Uint32Array, row: number, terms: number): void {
    const { columns } = this;
    const place = this.outside + this.next[id]!++;
    columns.start[2 * place] = start[2 * row]!;
    columns.start[2 * place + 1] = start[2 * row + 1]!;
    columns.size[2 * place] = size[2 * row]!;
    columns.size[2 * place + 1] = size[2 * row + 1]!;
    columns.owner[place] = id;
    columns.terms[place] = terms;
  }
}

function putWindows(
  windows: NonNullable<FabricColumns["windows"]>,
  ids: Uint32Array,
  places: Places,
  table: TermsTable,
): void {
  const [start, size] = [wordsOf(windows.start, "windows.start"), wordsOf(windows.size, "windows.size")];
  checkRanges(start, size, "windows");
  const shared = {
    kind: "window",
    rank: "surrounding",
    busOffset: null,
    offFrom: 0,
    unknownFrom: 0,
    bar: null,
    exported: null,
  } as const;
  const [mem, pref] = [table.row({ ...shared, window: "mem" }), table.row({ ...shared, window: "pref" })];
  const { node, prefetchable } = windows;
  for (let row = 0; row < node.length; row++) {
    places.put(ids[node[row]!]!, start, size, row, prefetchable[row] === 0 ? mem : pref);
  }
}

function putBars(
  bars: NonNullable<FabricColumns["bars"]>,
  functionIds: Uint32Array,
  { forest, nodes }: Placed,
  places: Places,
  table: TermsTable,
): void {
  const [start, size] = [wordsOf(bars.start, "bars.start"), wordsOf(bars.size, "bars.size")];
  checkRanges(start, size, "bars");
  const bus = bars.bus === undefined ? null : bars.bus === bars.start ? start : wordsOf(bars.bus, "bars.bus");
  const terms = new BarTerms(table, forest, nodes, start, bus, bars.exported ?? null);
  for (let row = 0; row < bars.function.length; row++) {
    const id = functionIds[bars.function[row]!]!;
    places.put(id, start, size, row, terms.row(row, id, bars.index[row]!));
  }
}

function addressedIn({ system, terms }: RangeColumns, table: TermsTable, systems: number): Uint8Array {
  const addressed = new Uint8Array(systems);
  const counts = Uint8Array.from(table.rows, ({ kind }) => (kind === "window" ? 0 : 1));
  for (let range = 0; range < system.length; range++) {
    if (counts[terms[range]!] === 1) addressed[system[range]!] = 1;
  }
  return addressed;
}
