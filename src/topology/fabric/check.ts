import { EXPORTS } from "../../core.js";
import { checkSystemFacts } from "../validate.js";
import { FUNCTION_KINDS, NO_ROW, type FabricColumns } from "./columns.js";

type ColumnType = { readonly name: string; readonly BYTES_PER_ELEMENT: number; new (count: number): object };
type Types = Readonly<Record<string, readonly ColumnType[]>>;

const ADDRESSES = [BigUint64Array, Float64Array];
const GROUPS: Readonly<Record<string, { readonly needed: Types; readonly optional: Types }>> = {
  hostBridges: { needed: { system: [Uint32Array], segment: [Uint32Array], bus: [Uint8Array] }, optional: {} },
  functions: {
    needed: { parent: [Uint32Array], requesterId: [Uint16Array] },
    optional: {
      kind: [Uint8Array],
      acs: [Uint32Array],
      command: [Uint16Array],
      class: [Uint32Array],
      identity: [Uint32Array],
      buses: [Uint16Array],
      physicalFunction: [Uint32Array],
      sriovControl: [Uint16Array],
      dmaMaskBits: [Uint8Array],
    },
  },
  bars: {
    needed: { function: [Uint32Array], index: [Uint8Array], start: ADDRESSES, size: ADDRESSES },
    optional: { bus: ADDRESSES, exported: [Uint8Array] },
  },
  windows: {
    needed: { node: [Uint32Array], prefetchable: [Uint8Array], start: ADDRESSES, size: ADDRESSES },
    optional: {},
  },
};
const MANDATORY: readonly string[] = ["hostBridges", "functions"];
const KNOWN = ["systems", ...Object.keys(GROUPS)];

/** The greatest class code, of 24 bits. */
const MOST_CLASS = 0xffffff;
/** BARs 0 to 5 and, of virtual functions, 7 to 12; the ROM at 6 is no memory. */
const MOST_BAR = 12;
const ROM = 6;

/**
 * Whether columns are columns, of one length in each group, and systems what `machine.schema.json` says.
 *
 * @throws TypeError for a column of the wrong kind, one that is none of those known, or a fact of a system that cannot
 *   be; RangeError for a column of the wrong length.
 */
export function checkShapes(columns: FabricColumns): void {
  if (typeof columns !== "object" || columns === null) {
    throw new TypeError(`expected the columns of a fabric, got ${columns === null ? "null" : typeof columns}`);
  }
  expectKnown("", columns, KNOWN);
  if (!Array.isArray(columns.systems)) {
    throw new TypeError("systems: expected an array with what is known of each system, {} where nothing is");
  }
  const [problem] = checkSystemFacts(columns.systems, "systems");
  if (problem !== undefined) throw new TypeError(`${problem.path}: ${problem.message}`);
  for (const [name, { needed, optional }] of Object.entries(GROUPS)) {
    const group: unknown = columns[name as keyof FabricColumns];
    if (group !== undefined || MANDATORY.includes(name)) checkGroup(name, group, needed, optional);
  }
}

/**
 * Everything that can be said of values one by one; addresses are checked where they are packed.
 *
 * @throws RangeError for a value outside its range, with its row.
 */
export function checkValues(columns: FabricColumns): void {
  const { systems, hostBridges, functions, bars, windows } = columns;
  const nodes = hostBridges.system.length + functions.parent.length;
  checkRows("hostBridges.system", hostBridges.system, systems.length, "systems");
  checkRows("functions.parent", functions.parent, nodes, "host bridges, then functions");
  checkRows("functions.physicalFunction", functions.physicalFunction, functions.parent.length, "functions", NO_ROW);
  checkMost("functions.kind", functions.kind, FUNCTION_KINDS.length - 1, "a row of FUNCTION_KINDS");
  checkMost("functions.class", functions.class, MOST_CLASS, "a class code");
  checkMost("functions.dmaMaskBits", functions.dmaMaskBits, 64, "a number of bits");
  if (bars !== undefined) {
    checkRows("bars.function", bars.function, functions.parent.length, "functions");
    checkMost("bars.index", bars.index, MOST_BAR, "a BAR");
    checkMost("bars.exported", bars.exported, EXPORTS.length - 1, "a row of EXPORTS");
    const rom = bars.index.indexOf(ROM);
    if (rom !== -1) throw new RangeError(`bars.index row ${rom}: expected 0 to 5 or 7 to 12, got 6, which is a ROM`);
  }
  if (windows !== undefined) {
    checkRows("windows.node", windows.node, nodes, "host bridges, then functions");
    checkMost("windows.prefetchable", windows.prefetchable, 1, "whether it is prefetchable");
  }
}

function checkGroup(name: string, group: unknown, needed: Types, optional: Types): void {
  if (typeof group !== "object" || group === null) {
    throw new TypeError(`${name}: expected an object of columns, got ${group === null ? "null" : typeof group}`);
  }
  expectKnown(`${name}.`, group, [...Object.keys(needed), ...Object.keys(optional)]);
  const columns = group as Readonly<Record<string, unknown>>;
  const [first] = Object.keys(needed) as [string];
  for (const [column, types] of [...Object.entries(needed), ...Object.entries(optional)]) {
    const value = columns[column];
    if (value === undefined && column in optional) continue;
    if (!types.some((type) => value instanceof type)) {
      const expected = types.map((type) => type.name).join(" or a ");
      throw new TypeError(`${name}.${column}: expected a ${expected}, got ${kindOf(value)}`);
    }
    const [length, rows] = [lengthOf(value), lengthOf(columns[first])];
    if (length !== rows) {
      throw new RangeError(`${name}.${column}: expected ${rows} rows as in ${name}.${first}, got ${length}`);
    }
  }
}

/** A fact under a misspelled name would be unknown, which nobody would notice. */
function expectKnown(prefix: string, given: object, known: readonly string[]): void {
  const name = Object.keys(given).find((each) => !known.includes(each));
  if (name === undefined) return;
  throw new TypeError(`${prefix}${name}: no such column: expected one of ${known.join(", ")}`);
}

function checkRows(name: string, column: Uint32Array | undefined, count: number, of: string, none?: number): void {
  if (column === undefined) return;
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!;
    if (value < count || value === none) continue;
    const allowed = count === 0 ? "there are none" : `0 to ${count - 1}`;
    throw new RangeError(`${name} row ${row}: expected a row of ${of} (${allowed}), got ${value}`);
  }
}

function checkMost(name: string, column: Uint8Array | Uint32Array | undefined, most: number, what: string): void {
  if (column === undefined) return;
  for (let row = 0; row < column.length; row++) {
    if (column[row]! > most)
      throw new RangeError(`${name} row ${row}: expected ${what}, 0 to ${most}, got ${column[row]}`);
  }
}

function lengthOf(column: unknown): number {
  return (column as Uint8Array).length;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === "object" ? `${value.constructor?.name ?? "object"}` : typeof value;
}
