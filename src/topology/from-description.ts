import { buildForest, checkExtent, Core, TermsTable, type Build, type Forest } from "../core.js";
import { marksOf } from "./acs-marks.js";
import { parseBdf } from "./bdf.js";
import { CoreHandle, type Parts } from "./catalogue.js";
import { collectClaims, findOverlaps, type Node } from "./claims.js";
import { cycleIn } from "./cycle.js";
import { DescribedCatalogue } from "./described.js";
import type { MachineDescription } from "./description.js";
import { checkDmaMasks, packedDmaMask } from "./check-masks.js";
import { Problems, PROBLEMS_LIMIT } from "./errors.js";
import type { Finding } from "./finding.js";
import { Hosts } from "./hosts.js";
import { checkLinks } from "./links.js";
import { place, type Placement } from "./placement.js";
import { RangeRows } from "./range-rows.js";
import { checkRegisters } from "./check-registers.js";
import { checkSystemNames } from "./system-names.js";
import { openColumn, systemRows } from "./system-rows.js";
import { checkTypes } from "./validate.js";

/** Functions of a description, an object each: columns have room for more. */
export const DESCRIBED_LIMIT = 2 ** 22;

/**
 * Checks and packs a description.
 *
 * @throws TypeError for what is no description; RangeError for one of too many functions; TopologyError with the problems of one that cannot be true.
 */
export function partsFromDescription(machine: MachineDescription, build?: Build): Parts {
  checkShape(machine);
  const problems = new Problems();
  const findings: Finding[] = [];
  const { systems } = machine;
  checkDmaMasks(systems, problems);
  checkRegisters(systems, problems);
  // Nothing can be placed by numbers that are none.
  if (problems.count > 0) throw problems.error();
  checkSystemNames(systems, problems);
  const placement = place(systems, problems, findings);
  const { roots, functions } = placement;
  const extent = { nodes: roots.length + functions.length, hosts: roots.length, systems: systems.length };
  checkExtent({ ...extent, ranges: 0 });
  const forest = forestOf(placement, problems, build);
  const hosts = hostsOf(placement, forest, systems.length);
  const catalogue = new DescribedCatalogue(machine, hosts, sourceOf(placement, forest));
  const rows = new RangeRows(problems, findings);
  const all = nodesOf(placement, forest);
  const open = collectClaims(
    systems,
    {
      all,
      forest,
      physicalOf: ({ id }) => all[catalogue.physical(id)]?.description ?? undefined,
      hostBridgeId: (system, root) => catalogue.exact(system, root),
    },
    rows,
    findings,
  );
  checkLinks(systems, (system, bdf) => catalogue.exact(system, bdf), rows);
  if (problems.count > 0) throw problems.error();
  const several = systems.length > 1;
  const nameOf = (id: number) => `${several ? `${systems[all[id]!.system]!.name ?? ""}/` : ""}${catalogue.name(id)}`;
  findOverlaps(rows, nameOf, findings);
  checkExtent({ ...extent, ranges: rows.rows.length });
  const terms = new TermsTable();
  const builder = rows.builder(terms, systems.length, 0, build);
  const parts = {
    forest,
    hosts: hosts.rows(),
    systems: systemRows(systems, open, rows.addressed(systems.length)),
    ranges: builder.build(terms.rows),
  };
  return { core: new CoreHandle(Core.of(parts, build)), catalogue, open: openColumn(open), findings };
}

/** For callers without types; `readJson` of the readers checks what every field says, too. */
function checkShape(machine: MachineDescription): void {
  const count = countOf((machine as MachineDescription | null | undefined)?.systems);
  if (count > DESCRIBED_LIMIT) {
    throw new RangeError(
      `expected at most ${DESCRIBED_LIMIT} functions in a description, got ${count}: Topology.fromColumns has room for more`,
    );
  }
  const [problem, ...others] = checkTypes(machine);
  if (problem === undefined) return;
  const least = others.length + 1 === PROBLEMS_LIMIT ? "at least " : "";
  const more = others.length === 0 ? "" : `, and ${least}${others.length} more`;
  throw new TypeError(`expected a machine description: ${problem.path || "it"}: ${problem.message}${more}`);
}

/** Functions of what may be systems. */
function countOf(systems: unknown): number {
  if (!Array.isArray(systems)) return 0;
  return systems.reduce<number>((sum, system: unknown) => {
    const { functions } = (system ?? {}) as { readonly functions?: unknown };
    return sum + (Array.isArray(functions) ? functions.length : 0);
  }, 0);
}

/** @throws TopologyError at once for a cycle, since nothing further can be said about such a description. */
function forestOf({ roots, functions, parents }: Placement, problems: Problems, build?: Build): Forest {
  const marks = new Uint8Array(parents.length);
  const dmaBits = new Uint8Array(parents.length);
  functions.forEach(({ description }, index) => {
    const { acs } = description;
    const at = roots.length + index;
    marks[at] = marksOf(acs);
    dmaBits[at] = packedDmaMask(description.dmaMaskBits);
  });
  const forest = buildForest(parents, marks, dmaBits, build);
  if (forest !== null) return forest;
  const cycle = cycleIn(parents, (node) => functions[node - roots.length]!.description.bdf);
  problems.push(cycle);
  throw problems.error();
}

function hostsOf({ roots }: Placement, { order, count }: Forest, systems: number): Hosts {
  const ids = order.reduce<number[]>((found, source, id) => {
    if (id > 0 && source < roots.length) found.push(id);
    return found;
  }, []);
  const inOrder = ids.map((id) => roots[order[id]!]!);
  return new Hosts(
    {
      ids: Uint32Array.from(ids),
      system: Uint32Array.from(inOrder, ({ system }) => system),
      segment: Uint32Array.from(inOrder, ({ segment }) => segment),
      // A root bus in the shape of a function, whose bus number that is.
      bus: Uint8Array.from(inOrder, ({ bus }) => parseBdf(`${bus}:00.0`)?.bus ?? 0),
      place: inOrder.map(({ place }) => place),
    },
    count,
    systems,
  );
}

/** By id 1 + the index of the function, 0 for a root. */
function sourceOf({ roots }: Placement, { order }: Forest): Uint32Array {
  const source = order.map((row) => (row < roots.length ? 0 : row - roots.length + 1));
  source[0] = 0;
  return source;
}

function nodesOf({ roots, functions }: Placement, { order }: Forest): Node[] {
  return Array.from(order, (source, id) => {
    const root = id === 0 ? undefined : roots[source];
    if (root !== undefined) return { id, system: root.system, description: null, known: root.place === "host-bridge" };
    const found = id === 0 ? undefined : functions[source - roots.length];
    return { id, system: found?.system ?? 0, description: found?.description ?? null, known: true };
  });
}
