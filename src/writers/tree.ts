import type { Topology } from "../topology/topology.js";
import { formatBytes, formatLink, idsOf, redirectBits, shortLabel, whatItIs } from "./describe.js";
import { functionEntry, memorySizes, type FunctionEntry } from "./list.js";
import { shorten, type Style } from "./style.js";

/** The machine, as `tree --json` prints it. */
export interface TreeDocument {
  /** In the order of ids. */
  readonly hostBridges: readonly HostBridgeEntry[];
}

/** A host bridge; `known` false: a bus of which nothing shows what it hangs below. */
export interface HostBridgeEntry {
  readonly bus: string;
  readonly known: boolean;
  readonly numaNode: number | null;
  readonly children: readonly TreeEntry[];
}

/** A function, and what hangs below it. */
export interface TreeEntry extends FunctionEntry {
  readonly children: readonly TreeEntry[];
}

/** Ids of the functions and host bridges directly below each node. */
type Children = ReadonlyMap<number, readonly number[]>;

/** The functions nested as they hang below one another. */
export function treeDocument(topology: Topology): TreeDocument {
  const below = childrenOf(topology);
  const entry = (id: number): TreeEntry => ({
    ...functionEntry(topology, id),
    children: (below.get(id) ?? []).map(entry),
  });
  return {
    hostBridges: topology.roots.map(({ id, root }) => ({
      bus: topology.name(id),
      known: root.known,
      numaNode: hostBridgeAt(topology, id)?.numaNode ?? null,
      children: (below.get(id) ?? []).map(entry),
    })),
  };
}

/** The machine as people draw it: `lspci -t` with names, sizes, links and the bridges that redirect. */
export function treeText(topology: Topology, style: Style): string {
  const below = childrenOf(topology);
  const lines: string[] = [];
  const draw = (id: number, indent: string, last: boolean): void => {
    const [branch, trunk] = style.unicode ? [last ? "└─ " : "├─ ", "│  "] : [last ? "`- " : "|- ", "|  "];
    lines.push(functionLine(topology, id, indent + branch, style));
    const children = below.get(id) ?? [];
    children.forEach((child, index) => draw(child, indent + (last ? "   " : trunk), index === children.length - 1));
  };
  for (const { id } of topology.roots) {
    if (lines.length > 0) lines.push("");
    lines.push(hostBridgeLine(topology, id, style));
    const children = below.get(id) ?? [];
    children.forEach((child, index) => draw(child, "", index === children.length - 1));
  }
  return lines.join("\n");
}

/** In the order of names, since that is how people look for one. */
function childrenOf(topology: Topology): Children {
  const below = new Map<number, number[]>();
  for (const id of topology.functions()) {
    const parent = topology.path(id)[1]!;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [id]);
    else siblings.push(id);
  }
  return below;
}

function hostBridgeAt(topology: Topology, id: number) {
  const { root } = topology.roots[topology.rootOrdinal(id)]!;
  return topology.systems[root.system]!.hostBridges?.find((hostBridge) => hostBridge.root === root.bus);
}

function hostBridgeLine(topology: Topology, id: number, style: Style): string {
  const name = topology.name(id);
  if (!topology.isKnown(id)) return `bus ${style.strong(name)}  ${style.doubtful("nothing shows the bridge above it")}`;
  const hostBridge = hostBridgeAt(topology, id);
  const numa =
    typeof hostBridge?.numaNode === "number" && hostBridge.numaNode >= 0 ? `  NUMA node ${hostBridge.numaNode}` : "";
  const bytes = (hostBridge?.windows ?? [])
    .filter(({ kind, start, end }) => kind !== "io" && start !== undefined && end !== undefined)
    .reduce((sum, { start, end }) => sum + BigInt(end!) - BigInt(start!) + 1n, 0n);
  return `host bridge ${style.strong(name)}${numa}${bytes > 0n ? style.faint(`  ${formatBytes(bytes)} of windows`) : ""}`;
}

/** Facts first, the label last: that is what a narrow screen can do without. */
function functionLine(topology: Topology, id: number, lead: string, style: Style): string {
  const description = topology.describe(id)!;
  const name = topology.name(id);
  const { bus, names, physicalFunction } = description;
  const parts: [text: string, paint: (text: string) => string][] = [];
  const add = (text: string | null | undefined, paint = (same: string) => same) => {
    if (text) parts.push([text, paint]);
  };
  add(names?.slice(0, 2).join(" "), style.strong);
  add(typeof physicalFunction === "string" ? `VF of ${physicalFunction}` : whatItIs(description));
  if (bus !== undefined) add(busRange(bus.secondary, bus.subordinate));
  if (bus === undefined) add(memorySizes(description));
  add(formatLink(description.link), style.faint);
  const bits = redirectBits(description);
  if (bits === "unknown") add(bus === undefined ? null : "ACS ?", style.doubtful);
  else if (bits.length > 0) add(`ACS ${bits.join(" ")}`, style.bad);
  let room = style.width - lead.length - name.length;
  let line = `${lead}${bus === undefined ? name : style.strong(name)}`;
  for (const [text, paint] of parts) {
    line += `  ${paint(text)}`;
    room -= text.length + 2;
  }
  const label =
    bus === undefined
      ? (shortLabel(description) ?? (idsOf(description) === null ? null : `[${idsOf(description)}]`))
      : null;
  return label !== null && room > 10 ? `${line}  ${style.faint(shorten(label, room - 2, style))}` : line;
}

function busRange(secondary: number, subordinate: number): string {
  if (secondary === 0) return "[no buses]";
  const hex = (bus: number) => bus.toString(16).padStart(2, "0");
  return secondary === subordinate ? `[${hex(secondary)}]` : `[${hex(secondary)}-${hex(subordinate)}]`;
}
