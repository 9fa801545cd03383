import type { Fabric, NodeColumns } from "./fabric.js";
import { FUNCTION_KINDS, type SystemFacts } from "./columns.js";
import type { Hosts } from "../hosts.js";
import { Problems } from "../errors.js";
import { checkSystemNames } from "../system-names.js";
import { checkSystemFacts } from "../validate.js";
import { columnBytes, jsonBytes, type Sections } from "../buffer/sections.js";

/** Columns by id and how many bits their numbers have. */
const NODE_COLUMNS = {
  requesterId: Uint16Array,
  kind: Uint8Array,
  acs: Uint32Array,
  command: Uint16Array,
  class: Uint32Array,
  identity: Uint32Array,
  buses: Uint16Array,
  physicalFunction: Uint32Array,
  sriovControl: Uint16Array,
  dmaMaskBits: Uint8Array,
} as const satisfies Record<keyof NodeColumns, unknown>;

const NODE = "nodes.";
const FIRST = "ranges.first";
const LIST = "ranges.list";
const SHOWN = "ranges.shown";
const FACTS = "systems.facts";
const FACTS_ROW = "systems.row";
const NAMES = "systems.names";

const WINDOWS_SHOWN = 1;
const BARS_SHOWN = 2;

/** A fabric as bytes, ready to be used as they are. Systems of which the same is known share it. */
export function fabricSections({ facts, nodes, ranges }: Fabric): ReadonlyMap<string, Uint8Array> {
  const sections = new Map<string, Uint8Array>();
  for (const name of Object.keys(NODE_COLUMNS)) {
    const column = nodes[name as keyof NodeColumns];
    if (column !== undefined) sections.set(`${NODE}${name}`, columnBytes(column));
  }
  sections.set(FIRST, columnBytes(ranges.first));
  sections.set(LIST, columnBytes(ranges.list));
  sections.set(SHOWN, Uint8Array.of((ranges.windowsShown ? WINDOWS_SHOWN : 0) | (ranges.barsShown ? BARS_SHOWN : 0)));
  const distinct = new Map<string, number>();
  const rows = Uint32Array.from(facts, ({ name: _, ...others }) => {
    const text = JSON.stringify(others);
    const row = distinct.get(text) ?? distinct.size;
    distinct.set(text, row);
    return row;
  });
  sections.set(FACTS, new TextEncoder().encode(`[${[...distinct.keys()].join(",")}]`));
  sections.set(FACTS_ROW, columnBytes(rows));
  sections.set(NAMES, jsonBytes(facts.map(({ name }) => name ?? null)));
  return sections;
}

/** @throws BufferError where a number leads out of the fabric. */
export function readFabric(sections: Sections, hosts: Hosts, nodes: number, ranges: number): Fabric {
  const columns: Partial<Record<keyof NodeColumns, Uint8Array | Uint16Array | Uint32Array>> = {};
  for (const [name, Type] of Object.entries(NODE_COLUMNS)) {
    if (!sections.has(`${NODE}${name}`) && name !== "requesterId") continue;
    columns[name as keyof NodeColumns] = sections.column<Uint8Array | Uint16Array | Uint32Array>(
      `${NODE}${name}`,
      Type,
      nodes + 1,
    );
  }
  if (columns.kind !== undefined) sections.atMost(`${NODE}kind`, columns.kind, FUNCTION_KINDS.length - 1);
  if (columns.physicalFunction !== undefined) {
    const name = `${NODE}physicalFunction`;
    sections.atMost(name, columns.physicalFunction, nodes);
    const host = columns.physicalFunction.findIndex((id) => id !== 0 && hosts.holds(id));
    if (host !== -1) throw sections.error(name, `expected a function in row ${host}, got a host bridge`, 4 * host);
  }
  const first = sections.column(FIRST, Uint32Array, nodes + 2);
  for (let id = 0; id <= nodes; id++) {
    if (first[id]! > first[id + 1]!)
      throw sections.error(FIRST, `row ${id + 1} is less than the one before`, 4 * id + 4);
  }
  const list = sections.column(LIST, Uint32Array, first[nodes + 1]!);
  sections.atMost(LIST, list, ranges - 1);
  const shown = sections.column(SHOWN, Uint8Array, 1)[0]!;
  return {
    facts: readFacts(sections, hosts.systems),
    hosts,
    nodes: columns as NodeColumns,
    ranges: { first, list, windowsShown: (shown & WINDOWS_SHOWN) !== 0, barsShown: (shown & BARS_SHOWN) !== 0 },
  };
}

function readFacts(sections: Sections, systems: number): SystemFacts[] {
  const distinct = sections.json(FACTS);
  if (!Array.isArray(distinct)) throw sections.error(FACTS, "expected an array");
  const [problem] = checkSystemFacts(distinct, "$");
  if (problem !== undefined) throw sections.error(FACTS, `${problem.path}: ${problem.message}`);
  const rows = sections.column(FACTS_ROW, Uint32Array, systems);
  sections.atMost(FACTS_ROW, rows, distinct.length - 1);
  const names = sections.json(NAMES);
  if (!Array.isArray(names) || names.length !== systems || !names.every(isName)) {
    throw sections.error(NAMES, `expected the names of ${systems} systems`);
  }
  const facts = names.map((name: string | null, system) => {
    const shared = (distinct as SystemFacts[])[rows[system]!]!;
    return name === null ? shared : { ...shared, name };
  });
  const problems = new Problems();
  checkSystemNames(facts, problems);
  if (problems.first !== undefined) throw sections.error(NAMES, problems.first.message);
  return facts;
}

function isName(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
