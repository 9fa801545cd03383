import type { HostBridgeDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { formatBytes, formatLink, idsOf, redirectBits, shortLabel, whatItIs } from "./describe.js";
import { extrasOf, extrasText } from "./links.js";
import { functionEntry, memorySizes, type FunctionEntry } from "./list.js";
import { platformEntries, platformLines, type PlatformEntry } from "./platform.js";
import { shorten, type Style } from "./style.js";

/** The machine, as `tree --json` prints it. */
export interface TreeDocument {
  /** In the order of ids. */
  readonly hostBridges: readonly HostBridgeEntry[];
  /** Devices outside PCI; missing: there are none. */
  readonly platformDevices?: readonly PlatformEntry[];
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

/** The functions nested as they hang below one another. */
export function treeDocument(topology: Topology): TreeDocument {
  const { hostBridges, ...others } = treeSequence(topology);
  return { hostBridges: [...hostBridges], ...others };
}

/** The same for one walk through it: a host bridge and what is below it is made after the other, and not kept. */
export function treeSequence(
  topology: Topology,
): Pick<TreeDocument, "platformDevices"> & { readonly hostBridges: Iterable<HostBridgeEntry> } {
  const platformDevices = platformEntries(topology);
  return { hostBridges: hostBridgeEntries(topology), ...(platformDevices.length === 0 ? {} : { platformDevices }) };
}

function* hostBridgeEntries(topology: Topology): Generator<HostBridgeEntry> {
  const below = new Below(topology);
  const facts = new HostBridges(topology);
  for (const [ordinal, { id, root }] of topology.roots.entries()) {
    const end = topology.roots[ordinal + 1]?.id ?? topology.size + 1;
    // Depth first, what hangs below a node has greater ids: it is there when the node is made.
    const made = new Map<number, TreeEntry>();
    const childrenOf = (node: number) => {
      const children = Array.from(below.of(node), (child) => made.get(child)!);
      for (const child of below.of(node)) made.delete(child);
      return children;
    };
    for (let node = end - 1; node > id; node--) {
      made.set(node, { ...functionEntry(topology, node), children: childrenOf(node) });
    }
    const numaNode = facts.at(ordinal)?.numaNode ?? null;
    yield { bus: topology.name(id), known: root.known, numaNode, children: childrenOf(id) };
  }
}

/** How many levels the tree's deepest function hangs below its host bridge: readers of JSON have their limits. */
export function treeDepth(topology: Topology): number {
  let deepest = 0;
  for (let id = 1; id <= topology.size; id++) deepest = Math.max(deepest, topology.core.depth(id));
  return deepest;
}

/** The machine as people draw it: `lspci -t` with names, sizes, links and the bridges that redirect. */
export function treeText(topology: Topology, style: Style): string {
  return [...treeLines(topology, style)].join("\n");
}

/** No machine is as deep: what hangs deeper is not indented further, but says how deep it hangs. */
const MOST_INDENTED = 32;

/** The same line by line, for larger fabrics than one text has room for. */
export function* treeLines(topology: Topology, style: Style): Generator<string> {
  const below = new Below(topology);
  const facts = new HostBridges(topology);
  for (const [ordinal, { id: root }] of topology.roots.entries()) {
    if (ordinal > 0) yield "";
    yield hostBridgeLine(topology, root, facts.at(ordinal), style);
    // What stands before the functions at each level; beyond the last, before all that are deeper.
    const indents = [""];
    let id = below.first(root);
    let level = 0;
    while (id !== 0) {
      const last = below.next(id) === 0;
      const [branch, trunk] = style.unicode ? [last ? "└─ " : "├─ ", "│  "] : [last ? "`- " : "|- ", "|  "];
      const deep = level < MOST_INDENTED ? "" : `(depth ${level + 1}) `;
      const indent = indents[Math.min(level, MOST_INDENTED)]!;
      yield functionLine(topology, id, indent + deep + branch, style);
      if (level < MOST_INDENTED) indents[level + 1] = indent + (last ? "   " : trunk);
      const child = below.first(id);
      if (child !== 0) level++;
      else {
        while (id !== root && below.next(id) === 0) {
          id = below.parent(id);
          level--;
        }
      }
      id = child !== 0 ? child : id === root ? 0 : below.next(id);
    }
  }
  if (topology.roots.length > 0 && topology.platformDevices.length > 0) yield "";
  yield* platformLines(topology, style);
}

/** What hangs directly below each node, in the order of names, since that is how people look for one. */
class Below {
  // By id; 0: none.
  readonly #parent: Uint32Array;
  readonly #first: Uint32Array;
  readonly #next: Uint32Array;

  constructor(topology: Topology) {
    const rows = topology.size + 1;
    this.#parent = new Uint32Array(rows);
    this.#first = new Uint32Array(rows);
    this.#next = new Uint32Array(rows);
    // Each goes in front of those that were there: from the last to the first.
    const functions = topology.functions();
    for (let at = functions.length - 1; at >= 0; at--) {
      const id = functions[at]!;
      // Depth first, what two neighbours share is above the later one.
      const parent = topology.commonId(id - 1, id);
      this.#parent[id] = parent;
      this.#next[id] = this.#first[parent]!;
      this.#first[parent] = id;
    }
  }

  first(id: number): number {
    return this.#first[id]!;
  }

  next(id: number): number {
    return this.#next[id]!;
  }

  parent(id: number): number {
    return this.#parent[id]!;
  }

  *of(id: number): Generator<number> {
    for (let child = this.first(id); child !== 0; child = this.next(child)) yield child;
  }
}

/** What the description holds of host bridges, asked for in the order of their ordinals. */
class HostBridges {
  #system = -1;
  #byRoot: ReadonlyMap<string, HostBridgeDescription> = new Map();

  constructor(private readonly topology: Topology) {}

  at(ordinal: number): HostBridgeDescription | undefined {
    const { root } = this.topology.roots[ordinal]!;
    if (root.system !== this.#system) {
      const all = this.topology.systems[root.system]!.hostBridges ?? [];
      this.#byRoot = new Map([...all].reverse().map((hostBridge) => [hostBridge.root, hostBridge]));
      this.#system = root.system;
    }
    return this.#byRoot.get(root.bus);
  }
}

function hostBridgeLine(
  topology: Topology,
  id: number,
  hostBridge: HostBridgeDescription | undefined,
  style: Style,
): string {
  const name = topology.name(id);
  if (!topology.isKnown(id)) return `bus ${style.strong(name)}  ${style.doubtful("nothing shows the bridge above it")}`;
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
  for (const text of extrasText(extrasOf(topology, id))) add(text, style.good);
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
