import { ALWAYS, depthIn, parentIn, type Forest, type Open, type Rank, type RangeKind, type Terms } from "../core.js";
import { ADDRESS_LIMIT, formatHex, parseAddress } from "./address.js";
import type {
  BarDescription,
  FunctionDescription,
  InboundDescription,
  SystemDescription,
  WindowDescription,
} from "./description.js";
import type { SystemFacts } from "./fabric/columns.js";
import type { Finding } from "./finding.js";
import { isCertain, type Range, type RangeRows } from "./range-rows.js";
import { bit, COMMAND_MEMORY, decodesMemory, VF_ENABLE, type Known } from "./register.js";
import { collectSurroundings } from "./surroundings.js";

/** A node of the forest, for the claims of its function. */
export interface Node {
  readonly id: number;
  readonly system: number;
  /** Null for a host bridge. */
  readonly description: FunctionDescription | null;
  /** False for a root that stands for a bridge or host bridge which the description does not show. */
  readonly known: boolean;
}

/** The nodes of described systems, and how they find one another. */
export interface Nodes {
  /** By id; index 0 is not used. Parents precede their children. */
  readonly all: readonly Node[];
  readonly forest: Forest;
  physicalOf(node: Node): FunctionDescription | undefined;
  hostBridgeId(system: number, root: string): number | undefined;
}

/**
 * Collects whatever claims addresses of a system, in the order in which equal ranges nest: surroundings, windows of
 * host bridges, windows of bridges from the root down, then BARs.
 *
 * @returns per system, where an address that no range holds may yet belong to something the description does not show.
 */
export function collectClaims(
  systems: readonly SystemDescription[],
  nodes: Nodes,
  rows: RangeRows,
  findings: Finding[],
): readonly Open[] {
  return new Collector(systems, nodes, rows, findings).collect();
}

class Collector {
  readonly #open: Open[];
  readonly #virtualStarts: ReadonlyMap<string, readonly bigint[]>;

  constructor(
    private readonly systems: readonly SystemDescription[],
    private readonly nodes: Nodes,
    private readonly rows: RangeRows,
    private readonly findings: Finding[],
  ) {
    this.#open = systems.map(openness);
    this.#virtualStarts = startsOfVirtualBars(nodes.all);
  }

  collect(): readonly Open[] {
    this.systems.forEach((system, index) => {
      collectSurroundings(system, index, this.rows);
      for (const { root, windows, inbound } of system.hostBridges ?? []) {
        for (const window of inbound ?? []) this.#checkInbound(`host bridge ${root}, inbound window`, window);
        const id = this.nodes.hostBridgeId(index, root) ?? 0;
        for (const window of windows ?? []) this.#window(`host bridge ${root}`, window, index, id);
      }
    });
    const nodes = this.nodes.all.slice(1);
    for (const node of nodes) this.#windows(node);
    const { offFrom, unknownFrom } = this.#decodeAlongChains();
    for (const node of nodes) this.#bars(node, offFrom, unknownFrom);
    return this.#open;
  }

  /** What is reached through it claims its addresses itself. */
  #checkInbound(label: string, window: InboundDescription): void {
    const start = this.rows.number(window.start, label);
    const size = this.rows.number(window.size, label);
    if (start === null || size === null || start + size <= 1n << 64n) return;
    this.rows.problem("RANGE_WRAPS", `${label}: ${window.size} bytes at ${window.start} end beyond 2^64`, label);
  }

  #windows({ id, system, description }: Node): void {
    for (const window of description?.windows ?? []) this.#window(description!.bdf, window, system, id);
  }

  #window(owner: string, window: WindowDescription, system: number, id: number): void {
    if (window.kind === "io" || window.start === undefined || window.end === undefined) return;
    const start = this.rows.number(window.start, `${owner}, window`);
    const end = this.rows.number(window.end, `${owner}, window`);
    if (start === null || end === null) return;
    if (end < start) {
      this.rows.problem(
        "RANGE_WRAPS",
        `${owner}: window ${window.start} to ${window.end} ends before it starts: leave a closed window out`,
        owner,
      );
      return;
    }
    const terms = { ...NOWHERE, kind: "window", rank: "surrounding", window: window.kind } as const;
    this.rows.add(owner, { system, start, size: end - start + 1n, owner: id }, terms);
  }

  /**
   * For each node the depth of the deepest function at or above it whose memory decode is off (or not known): a
   * request has to pass those of the bridges on its way down.
   */
  #decodeAlongChains(): { offFrom: Uint32Array; unknownFrom: Uint32Array } {
    const { all, forest } = this.nodes;
    const offFrom = new Uint32Array(all.length);
    const unknownFrom = new Uint32Array(all.length);
    for (const { id, description, known } of all.slice(1)) {
      const parent = parentIn(forest, id);
      if (!known) {
        // Bridges above that are not described: whatever comes through a host bridge passes them.
        unknownFrom[id] = 1;
        continue;
      }
      const own: Known = description === null ? "on" : bit(description.command, COMMAND_MEMORY);
      offFrom[id] = own === "off" ? depthIn(forest, id) : offFrom[parent]!;
      unknownFrom[id] = own === "unknown" ? depthIn(forest, id) : unknownFrom[parent]!;
    }
    return { offFrom, unknownFrom };
  }

  #bars(node: Node, offFrom: Uint32Array, unknownFrom: Uint32Array): void {
    const { id, system, description } = node;
    if (description === null) return;
    const parent = parentIn(this.nodes.forest, id);
    if (description.bars === undefined) {
      this.#anywhereBelow(node);
      return;
    }
    const own = decodesMemory(description, this.nodes.physicalOf(node));
    const from = {
      offFrom: own === "off" ? ALWAYS : offFrom[parent]!,
      unknownFrom: own === "unknown" ? ALWAYS : unknownFrom[parent]!,
    };
    for (const bar of description.bars) {
      if (bar.type === "io" || bar.start === null) continue;
      if (bar.start === undefined) {
        if (bar.bus !== null) this.#anywhereBelow(node);
        continue;
      }
      const label = `${description.bdf} BAR ${bar.index ?? "of unknown index"}`;
      const start = this.rows.number(bar.start, label);
      if (start === null) continue;
      const terms = { ...NOWHERE, ...from, bar: bar.index ?? null, exported: bar.exported ?? null };
      if (bar.size === undefined) {
        // Naturally aligned: it cannot be larger than the lowest bit of its address.
        const reach = start === 0n ? ADDRESS_LIMIT : start & -start;
        const rank = bar.index === 6 ? "maybe" : "unsized";
        this.rows.add(label, { system, start, size: reach, owner: id }, { ...terms, kind: "bar", rank });
        continue;
      }
      const size = this.rows.number(bar.size, label);
      if (size === null) continue;
      const busOffset = this.#busOffset(node, bar, start, size);
      const range = { system, start, size, owner: id };
      if (this.#isAperture(node, bar, start, size)) {
        this.#aperture(label, range, description.sriov, { ...terms, ...APERTURE, busOffset });
      } else {
        this.rows.add(label, range, { ...terms, ...standing(bar, own), busOffset });
      }
      this.#checkWindow(description, this.nodes.all[parent]?.description ?? null, bar, start, size);
    }
  }

  /** A range that holds BARs of virtual functions is for these, even where no index says so (`/proc/iomem`). */
  #isAperture({ system, description }: Node, { index }: BarDescription, start: bigint, size: bigint): boolean {
    if (index !== undefined) return index >= FIRST_APERTURE;
    const inside = this.#virtualStarts.get(`${system} ${description!.bdf}`) ?? [];
    return inside.some((virtual) => virtual >= start && virtual < start + size);
  }

  /** Nobody answers in an aperture but virtual functions; where some may be whose BARs are not shown is not known. */
  #aperture(label: string, range: Range, sriov: FunctionDescription["sriov"], terms: Terms): void {
    const enabled = enabledPart(range.size, sriov);
    if (enabled < range.size) this.rows.add(label, range, { ...terms, unknownFrom: 0 });
    this.rows.add(label, { ...range, size: enabled }, { ...terms, unknownFrom: ALWAYS });
  }

  /** A BAR whose place is not shown lies in some window of the bridge above; without windows it may be anywhere. */
  #anywhereBelow({ id, system, description }: Node): void {
    if (this.systems[system]!.allAddresses === true) return;
    const parent = this.nodes.all[parentIn(this.nodes.forest, id)]!;
    const windows = parent.description?.windows;
    if (windows === undefined || windows.some((window) => window.kind !== "io" && window.start === undefined)) {
      this.#open[system] = "everywhere";
      return;
    }
    for (const window of windows) {
      if (window.kind === "io" || window.end === undefined) continue;
      const start = parseAddress(window.start!);
      const end = parseAddress(window.end);
      if (start === null || end === null || end < start) continue;
      const range = { system, start, size: end - start + 1n, owner: id };
      this.rows.add(description!.bdf, range, { ...NOWHERE, kind: "bar", rank: "maybe" });
    }
  }

  /**
   * docs/semantics.md, Addresses: what the register holds, else the offset of the host bridge's window around the
   * range.
   */
  #busOffset({ id, system }: Node, bar: BarDescription, start: bigint, size: bigint): bigint | null {
    if (bar.bus !== undefined && bar.bus !== null) {
      const bus = this.rows.number(bar.bus, `bus address of BAR ${bar.index ?? ""}`);
      return bus === null ? null : bus - start;
    }
    let root = id;
    for (let above = id; above !== 0; above = parentIn(this.nodes.forest, above)) root = above;
    for (const hostBridge of this.systems[system]!.hostBridges ?? []) {
      if (this.nodes.hostBridgeId(system, hostBridge.root) !== root) continue;
      for (const window of hostBridge.windows ?? []) {
        if (window.kind === "io" || window.start === undefined || window.end === undefined) continue;
        const [first, bus] = [parseAddress(window.start), parseAddress(window.bus ?? "")];
        if (holds(window, start, size) && first !== null && bus !== null) return bus - first;
      }
    }
    return null;
  }

  #checkWindow(
    description: FunctionDescription,
    bridge: FunctionDescription | null,
    bar: BarDescription,
    start: bigint,
    size: bigint,
  ): void {
    // A bridge with subtractive decode forwards what nobody else claims.
    if (bridge?.windows === undefined || bridge.class === "060401" || bar.index === 6) return;
    const windows = bridge.windows.filter((window) => window.kind !== "io");
    if (windows.some((window) => window.start === undefined || window.end === undefined)) return;
    if (windows.some((window) => holds(window, start, size))) return;
    this.findings.push({
      code: "BAR_OUTSIDE_WINDOW",
      message: `${description.bdf} BAR ${bar.index ?? "?"} at ${bar.start} is in no window of ${bridge.bdf} above it`,
      functions: [description.bdf, bridge.bdf],
    });
  }
}

/** Without `/proc/iomem` nothing shows RAM and platform devices; without all functions, not what windows hold. */
export function openness({ complete, allAddresses }: SystemFacts): Open {
  if (allAddresses === true) return "nowhere";
  return complete === true || complete === "likely" ? "outside-windows" : "everywhere";
}

/** Whether a window whose addresses are shown holds the whole of a range. */
function holds({ start, end }: WindowDescription, first: bigint, size: bigint): boolean {
  const [from, to] = [parseAddress(start ?? ""), parseAddress(end ?? "")];
  return from !== null && to !== null && from <= first && first + size - 1n <= to;
}

/** Index of the first aperture of virtual functions' BARs. */
export const FIRST_APERTURE = 7;
const APERTURE: Standing = { kind: "not-peer", rank: "aperture" };

/**
 * How many of the first bytes of an aperture may be virtual functions' that are enabled. They share it in equal slots,
 * in order (PCIe 6.0 9.3.3.14); all of it where the registers are not shown, or contradict one another.
 */
function enabledPart(size: bigint, sriov: FunctionDescription["sriov"]): bigint {
  if (!sriov) return size;
  const { control, totalVfs, numVfs } = sriov;
  if ((control & VF_ENABLE) === 0) return 0n;
  if (totalVfs === 0 || numVfs > totalVfs) return size;
  return (size * BigInt(numVfs) + BigInt(totalVfs) - 1n) / BigInt(totalVfs);
}

interface Standing {
  readonly kind: RangeKind;
  readonly rank: Rank;
}

/** Where the BARs of virtual functions start, by their system and physical function. */
function startsOfVirtualBars(nodes: readonly Node[]): ReadonlyMap<string, readonly bigint[]> {
  const starts = new Map<string, bigint[]>();
  for (const { system, description } of nodes.slice(1)) {
    if (typeof description?.physicalFunction !== "string") continue;
    const physical = `${system} ${description.physicalFunction}`;
    const own = (description.bars ?? []).flatMap(({ start }) => parseAddress(start ?? "") ?? []);
    starts.set(physical, [...(starts.get(physical) ?? []), ...own]);
  }
  return starts;
}

/** What a BAR is to a mapping, and who wins where it overlaps others. */
function standing(bar: BarDescription, decode: Known): Standing {
  if (bar.index === 6 || bar.type === "rom") {
    return { kind: "not-peer", rank: bar.romEnabled === true && decode !== "off" ? "live" : "silent" };
  }
  return { kind: "bar", rank: decode === "off" ? "silent" : "live" };
}

/** BARs of different functions over the same addresses. */
export function findOverlaps({ rows }: RangeRows, nameOf: (id: number) => string, findings: Finding[]): void {
  const bars = rows
    .filter(({ terms }) => terms.kind === "bar" && isCertain(terms))
    .map(({ system, start, size, owner, terms: { bar } }) => ({ system, start, end: start + size, owner, bar }))
    .sort((a, b) => a.system - b.system || (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  let reaching = bars[0];
  for (const bar of bars.slice(1)) {
    const before = reaching!;
    if (before.system === bar.system && bar.start < before.end && before.owner !== bar.owner) {
      const names = [nameOf(before.owner), nameOf(bar.owner)];
      const [first, second] = [`${names[0]} BAR ${before.bar ?? "?"}`, `${names[1]} BAR ${bar.bar ?? "?"}`];
      findings.push({
        code: "BAR_OVERLAP",
        message: `${first} and ${second} both claim ${formatHex(bar.start)}`,
        functions: names,
      });
    }
    if (before.system !== bar.system || bar.end > before.end) reaching = bar;
  }
}

const NOWHERE: Pick<Terms, "busOffset" | "offFrom" | "unknownFrom" | "window" | "bar" | "exported"> = {
  busOffset: null,
  offFrom: 0,
  unknownFrom: 0,
  window: null,
  bar: null,
  exported: null,
};
