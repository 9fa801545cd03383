import { isBridge } from "../../src/topology/class-code.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { redirects } from "../../src/topology/register.js";
import type { Topology } from "../../src/topology/topology.js";
import { formatLink, redirectBits, shortLabel, whatItIs } from "../../src/writers/describe.js";
import { memorySizes } from "../../src/writers/list.js";
import type { AcsState, OutlineRow, Settings } from "./protocol.js";
import { canRedirect } from "./settled.js";

/** Host bridges and all below them, depth first, a function a row. */
export function outlineOf(topology: Topology, { system, redirects: turned }: Settings): OutlineRow[] {
  const roots = new Map(topology.roots.map(({ id, root }) => [id, root]));
  const rows: OutlineRow[] = [];
  let current: number | null = null;
  // Ids are numbered depth first.
  for (const id of Uint32Array.from(topology.functions(system)).sort()) {
    const above = topology.roots[topology.rootOrdinal(id)]!.id;
    if (above !== current) {
      current = above;
      const { bus, known } = roots.get(above)!;
      rows.push({ ...HOST_BRIDGE, id: above, bdf: bus, what: known ? "host bridge" : "above this bus: not shown" });
    }
    rows.push(rowOf(topology, id, turned));
  }
  return rows;
}

const HOST_BRIDGE = { depth: 0, alias: "", label: "", memory: "", link: "", isBridge: true, acs: null } as const;

function rowOf(topology: Topology, id: number, turned: Settings["redirects"]): OutlineRow {
  const description = topology.describe(id)!;
  const { bdf, names = [], physicalFunction } = description;
  return {
    id,
    bdf,
    depth: topology.core.depth(id),
    alias: names.slice(0, 2).join(" "),
    what: typeof physicalFunction === "string" ? `VF of ${physicalFunction}` : whatItIs(description),
    label: shortLabel(description) ?? "",
    memory: memorySizes(description),
    link: description.link ? formatLink(description.link) : "",
    isBridge: isBridge(description),
    acs: acsOf(description, turned),
  };
}

function acsOf(description: FunctionDescription, turned: Settings["redirects"]): AcsState | null {
  const { bdf, acs } = description;
  if (acs === null || (acs === undefined && !isBridge(description))) return null;
  const state = redirects(description);
  const bits = redirectBits(description);
  return {
    redirects: state === "unknown" ? "unknown" : state === "on",
    bits: bits === "unknown" ? "" : bits.join(" "),
    canTurn: canRedirect(description),
    turned: Object.hasOwn(turned, bdf),
  };
}
