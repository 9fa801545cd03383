import {
  buildForest,
  checkExtent,
  Core,
  type Extent,
  MARK_UNREADABLE,
  type Build,
  type Place,
  type Forest,
} from "../../core.js";
import { acsMarks } from "../acs-marks.js";
import { CoreHandle, type Parts } from "../catalogue.js";
import { checkShapes, checkValues } from "./check.js";
import { openness } from "../claims.js";
import { cycleIn } from "../cycle.js";
import { Problems } from "../errors.js";
import { FabricCatalogue, type NodeColumns } from "./fabric.js";
import { ACS_ABSENT, NO_ROW, type FabricColumns } from "./columns.js";
import { packFabricRanges } from "./ranges.js";
import { findContradictions, nameOfRow } from "./structure.js";
import type { Finding } from "../finding.js";
import { Hosts } from "../hosts.js";
import { checkLinks } from "../links.js";
import { RangeRows } from "../range-rows.js";
import { collectSurroundings } from "../surroundings.js";
import { checkSystemNames } from "../system-names.js";
import { openColumn, systemRows } from "../system-rows.js";

/** The parts of a topology, and the ids of the caller's rows. */
export interface FabricParts {
  readonly parts: Parts;
  readonly hostBridges: Uint32Array;
  readonly functions: Uint32Array;
}

/** Checks columns and packs them. Only systems and host bridges become objects. */
export function partsFromColumns(columns: FabricColumns, build?: Build): FabricParts {
  checkShapes(columns);
  checkExtent(extentOf(columns));
  checkValues(columns);
  const { systems, hostBridges, functions } = columns;
  const problems = new Problems();
  const findings: Finding[] = [];
  checkSystemNames(systems, problems);
  const rows = new RangeRows(problems, findings);
  systems.forEach((facts, system) => collectSurroundings(facts, system, rows));
  findContradictions(columns, problems);
  const forest = forestOf(columns, problems, build);
  if (problems.count > 0) throw problems.error();

  const roots = hostBridges.system.length;
  const { ids } = forest;
  const hosts = hostsOf(columns, forest, ids);
  const nodes = nodesOf(columns, forest, ids);
  const packed = packFabricRanges(columns, { forest, ids, hosts, nodes }, rows, build);
  // Functions of which no BAR is shown may have them anywhere.
  const hidden = columns.bars === undefined;
  const open = systems.map((facts, each) =>
    hidden && facts.allAddresses !== true && hosts.inSystem(each).length > 0 ? "everywhere" : openness(facts),
  );
  const core = Core.of(
    {
      forest,
      hosts: hosts.rows(),
      systems: systemRows(systems, open, packed.addressed),
      ranges: packed.ranges,
    },
    build,
  );
  const handle = new CoreHandle(core);
  const catalogue = new FabricCatalogue({ facts: [...systems], hosts, nodes, ranges: packed.byNode }, handle);
  checkLinks(systems, (system, bdf) => catalogue.find(system, bdf)[0], rows);
  if (problems.count > 0) throw problems.error();
  return {
    parts: { core: handle, catalogue, open: openColumn(open), findings },
    hostBridges: ids.slice(0, roots),
    functions: ids.slice(roots, roots + functions.parent.length),
  };
}

/** What is outside PCI is little beside the rest. */
function extentOf({ systems, hostBridges, functions, windows, bars }: FabricColumns): Extent {
  const hosts = hostBridges.system.length;
  return {
    nodes: hosts + functions.parent.length,
    hosts,
    systems: systems.length,
    ranges: (windows?.node.length ?? 0) + (bars?.function.length ?? 0),
  };
}

/** @throws TopologyError at once for a cycle, since nothing further can be said about such columns. */
function forestOf(columns: FabricColumns, problems: Problems, build?: Build): Forest {
  const { hostBridges, functions } = columns;
  const roots = hostBridges.system.length;
  const count = roots + functions.parent.length;
  const parents = new Uint32Array(count);
  const marks = new Uint8Array(count);
  const acs = functions.acs;
  for (let row = 0; row < functions.parent.length; row++) {
    parents[roots + row] = functions.parent[row]! + 1;
    const word = acs === undefined ? 0 : acs[row]!;
    if (word === 0) marks[roots + row] = MARK_UNREADABLE;
    else if (word !== ACS_ABSENT) marks[roots + row] = acsMarks(word);
  }
  const dmaBits = functions.dmaMaskBits === undefined ? null : new Uint8Array(count);
  if (functions.dmaMaskBits !== undefined) dmaBits!.set(functions.dmaMaskBits, roots);
  const forest = buildForest(parents, marks, dmaBits, build);
  if (forest !== null) return forest;
  const cycle = cycleIn(parents, (node) => nameOfRow(columns, node - roots));
  problems.push(cycle);
  throw problems.error();
}

function hostsOf({ hostBridges, systems }: FabricColumns, forest: Forest, ids: Uint32Array): Hosts {
  const count = hostBridges.system.length;
  const sorted = ids.slice(0, count).sort();
  const columns = {
    ids: sorted,
    system: new Uint32Array(count),
    segment: new Uint32Array(count),
    bus: new Uint8Array(count),
    place: new Array<Place>(count).fill("host-bridge"),
  };
  sorted.forEach((id, host) => {
    const row = forest.order[id]!;
    columns.system[host] = hostBridges.system[row]!;
    columns.segment[host] = hostBridges.segment[row]!;
    columns.bus[host] = hostBridges.bus[row]!;
  });
  return new Hosts(columns, forest.count, systems.length);
}

function nodesOf({ hostBridges, functions }: FabricColumns, { order, count }: Forest, ids: Uint32Array): NodeColumns {
  const roots = hostBridges.system.length;
  const { parent: _, physicalFunction, ...plain } = functions;
  const runs = runsOf(order, count, roots);
  const gathered: { -readonly [Name in keyof NodeColumns]?: Uint8Array | Uint16Array | Uint32Array } = {};
  for (const [name, column] of Object.entries(plain)) {
    if (column !== undefined) gathered[name as keyof NodeColumns] = gather(column, runs, count);
  }
  if (physicalFunction !== undefined) {
    const physical = gather(physicalFunction, runs, count);
    for (let id = 1; id <= count; id++) {
      const row = physical[id]!;
      physical[id] = order[id]! < roots || row === NO_ROW ? 0 : ids[roots + row]!;
    }
    gathered.physicalFunction = physical;
  }
  return gathered as NodeColumns;
}

/** Where functions follow one another as nodes as they do as rows: id and row of the first, and how many. */
function runsOf(order: Uint32Array, count: number, roots: number): Uint32Array {
  let runs = new Uint32Array(RUN * 1024);
  let end = 0;
  for (let id = 1; id <= count;) {
    const row = order[id]!;
    let length = 1;
    while (id + length <= count && order[id + length] === row + length && row + length !== roots) length++;
    if (row >= roots) {
      if (end === runs.length) {
        const longer = new Uint32Array(2 * end);
        longer.set(runs);
        runs = longer;
      }
      runs[end] = id;
      runs[end + 1] = row - roots;
      runs[end + 2] = length;
      end += RUN;
    }
    id += length;
  }
  return runs.subarray(0, end);
}

const RUN = 3;
/** From this length on, copying a run at once is quicker than one by one. */
const LONG_RUN = 32;

/** A column by id of one by row. */
function gather<T extends Uint8Array | Uint16Array | Uint32Array>(column: T, runs: Uint32Array, count: number): T {
  const byId = new (column.constructor as new (length: number) => T)(count + 1);
  for (let at = 0; at < runs.length; at += RUN) {
    const [id, row, length] = [runs[at]!, runs[at + 1]!, runs[at + 2]!];
    if (length >= LONG_RUN) byId.set(column.subarray(row, row + length), id);
    else for (let step = 0; step < length; step++) byId[id + step] = column[row + step]!;
  }
  return byId;
}
