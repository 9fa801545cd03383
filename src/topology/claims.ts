import { ALWAYS, depthIn, type Forest, type Open, type RangeRow, type Rank } from "../core.js";
import { ADDRESS_LIMIT, parseAddress } from "./address.js";
import type {
  BarDescription,
  FunctionDescription,
  RangeDescription,
  SystemDescription,
  WindowDescription,
} from "./description.js";
import type { Problem } from "./errors.js";
import type { Finding } from "./finding.js";
import { bit, COMMAND_MEMORY, decodesMemory, type Known } from "./register.js";

/** A range of CPU physical addresses as people know it; the core's range has the same index. */
export interface Claim {
  readonly system: number;
  readonly kind: "pci" | "window" | "platform" | RangeDescription["kind"];
  /** Id of the function, or of the host bridge whose window this is. */
  readonly id: number | null;
  readonly name: string | null;
  readonly bar: number | null;
  readonly window: WindowDescription["kind"] | null;
  readonly start: bigint;
  readonly size: bigint;
  /** False where the range is what a BAR of unknown place or size may cover. */
  readonly certain: boolean;
}

export interface Claims {
  readonly rows: readonly RangeRow[];
  readonly claims: readonly Claim[];
  /** Per system: where an address that no claim holds may yet belong to something the description does not show. */
  readonly open: readonly Open[];
}

/** A node of the forest, for the claims of its function. */
export interface Node {
  readonly id: number;
  readonly system: number;
  /** Null for a host bridge. */
  readonly description: FunctionDescription | null;
  /** False for a root that stands for a bridge or host bridge which the description does not show. */
  readonly known: boolean;
}

/**
 * Collects whatever claims addresses of a system, in the order in which equal ranges nest: surroundings, windows of
 * host bridges, windows of bridges from the root down, then BARs.
 */
export function collectClaims(
  systems: readonly SystemDescription[],
  /** By id; index 0 is not used. Parents precede their children. */
  nodes: readonly Node[],
  forest: Forest,
  physicalOf: (node: Node) => FunctionDescription | undefined,
  hostBridgeId: (system: number, root: string) => number | undefined,
  problems: Problem[],
  findings: Finding[],
): Claims {
  return new Collector(systems, nodes, forest, physicalOf, hostBridgeId, problems, findings).collect();
}

class Collector {
  readonly #rows: RangeRow[] = [];
  readonly #claims: Claim[] = [];
  readonly #open: Open[];
  readonly #virtualStarts: ReadonlyMap<string, readonly bigint[]>;

  constructor(
    private readonly systems: readonly SystemDescription[],
    private readonly nodes: readonly Node[],
    private readonly forest: Forest,
    private readonly physicalOf: (node: Node) => FunctionDescription | undefined,
    private readonly hostBridgeId: (system: number, root: string) => number | undefined,
    private readonly problems: Problem[],
    private readonly findings: Finding[],
  ) {
    this.#open = systems.map(openness);
    this.#virtualStarts = startsOfVirtualBars(nodes);
  }

  collect(): Claims {
    this.systems.forEach((system, index) => this.#surroundings(system, index));
    for (const node of this.nodes.slice(1)) this.#windows(node);
    const { offFrom, unknownFrom } = this.#decodeAlongChains();
    for (const node of this.nodes.slice(1)) this.#bars(node, offFrom, unknownFrom);
    return { rows: this.#rows, claims: this.#claims, open: this.#open };
  }

  #surroundings(system: SystemDescription, index: number): void {
    for (const { kind, name, start, size } of system.ranges ?? []) {
      const live = kind === "system-ram";
      this.#add(
        `${kind} range ${name ?? ""}`.trim(),
        start,
        size,
        live ? "system-ram" : "other",
        live ? "live" : "surrounding",
        {
          system: index,
          kind,
          name: name ?? null,
        },
      );
    }
    for (const { name, regions } of system.platformDevices ?? []) {
      for (const { start, size } of regions) {
        this.#add(name, start, size, "platform", "platform", { system: index, kind: "platform", name });
      }
    }
    for (const { root, windows } of system.hostBridges ?? []) {
      for (const window of windows ?? [])
        this.#window(`host bridge ${root}`, window, index, this.hostBridgeId(index, root) ?? 0);
    }
  }

  #windows({ id, system, description }: Node): void {
    for (const window of description?.windows ?? []) this.#window(description!.bdf, window, system, id);
  }

  #window(owner: string, window: WindowDescription, system: number, id: number): void {
    if (window.kind === "io" || window.start === undefined || window.end === undefined) return;
    const start = this.#number(window.start, `${owner}, window`);
    const end = this.#number(window.end, `${owner}, window`);
    if (start === null || end === null) return;
    if (end < start) {
      this.#problem(
        "RANGE_WRAPS",
        `${owner}: window ${window.start} to ${window.end} ends before it starts: leave a closed window out`,
        owner,
      );
      return;
    }
    this.#range(owner, start, end - start + 1n, "window", "surrounding", {
      system,
      kind: "window",
      id,
      window: window.kind,
    });
  }

  /**
   * For each node the depth of the deepest function at or above it whose memory decode is off (or not known): a
   * request has to pass those of the bridges on its way down.
   */
  #decodeAlongChains(): { offFrom: Uint32Array; unknownFrom: Uint32Array } {
    const offFrom = new Uint32Array(this.nodes.length);
    const unknownFrom = new Uint32Array(this.nodes.length);
    for (const { id, description, known } of this.nodes.slice(1)) {
      const parent = this.forest.parents[id]!;
      if (!known) {
        // Bridges above that are not described: whatever comes through a host bridge passes them.
        unknownFrom[id] = 1;
        continue;
      }
      const own: Known = description === null ? "on" : bit(description.command, COMMAND_MEMORY);
      offFrom[id] = own === "off" ? depthIn(this.forest, id) : offFrom[parent]!;
      unknownFrom[id] = own === "unknown" ? depthIn(this.forest, id) : unknownFrom[parent]!;
    }
    return { offFrom, unknownFrom };
  }

  #bars(node: Node, offFrom: Uint32Array, unknownFrom: Uint32Array): void {
    const { id, system, description } = node;
    if (description === null) return;
    const parent = this.forest.parents[id]!;
    if (description.bars === undefined) {
      this.#anywhereBelow(node);
      return;
    }
    const own = decodesMemory(description, this.physicalOf(node));
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
      const start = this.#number(bar.start, label);
      if (start === null) continue;
      const more = { system, kind: "pci" as const, id, bar: bar.index ?? null };
      if (bar.size === undefined) {
        // Naturally aligned: it cannot be larger than the lowest bit of its address.
        const reach = start === 0n ? ADDRESS_LIMIT : start & -start;
        this.#range(label, start, reach, "bar", bar.index === 6 ? "maybe" : "unsized", more, from);
        continue;
      }
      const size = this.#number(bar.size, label);
      if (size === null) continue;
      const { kind, rank } = this.#isAperture(node, bar, start, size) ? APERTURE : standing(bar, own);
      this.#range(label, start, size, kind, rank, more, from, this.#busOffset(node, bar, start, size));
      this.#checkWindow(description, this.nodes[parent]?.description ?? null, bar, start, size);
    }
  }

  /** A range that holds BARs of virtual functions is for these, even where no index says so (`/proc/iomem`). */
  #isAperture({ system, description }: Node, { index }: BarDescription, start: bigint, size: bigint): boolean {
    if (index !== undefined) return index >= FIRST_APERTURE;
    const inside = this.#virtualStarts.get(`${system} ${description!.bdf}`) ?? [];
    return inside.some((virtual) => virtual >= start && virtual < start + size);
  }

  /** A BAR whose place is not shown lies in some window of the bridge above; without windows it may be anywhere. */
  #anywhereBelow({ id, system, description }: Node): void {
    if (this.systems[system]!.allAddresses === true) return;
    const parent = this.nodes[this.forest.parents[id]!]!;
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
      const more = { system, kind: "pci" as const, id, bar: null };
      this.#range(description!.bdf, start, end - start + 1n, "bar", "maybe", more);
    }
  }

  /**
   * docs/semantics.md, Addresses: what the register holds, else the offset of the host bridge's window around the
   * range.
   */
  #busOffset({ id, system }: Node, bar: BarDescription, start: bigint, size: bigint): bigint | null {
    if (bar.bus !== undefined && bar.bus !== null) {
      const bus = this.#number(bar.bus, `bus address of BAR ${bar.index ?? ""}`);
      return bus === null ? null : bus - start;
    }
    let root = id;
    while (this.forest.parents[root] !== 0) root = this.forest.parents[root]!;
    for (const hostBridge of this.systems[system]!.hostBridges ?? []) {
      if (this.hostBridgeId(system, hostBridge.root) !== root) continue;
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

  #add(
    label: string,
    start: string,
    size: string | number,
    kind: RangeRow["kind"],
    rank: Rank,
    more: Pick<Claim, "system" | "kind"> & Partial<Claim>,
  ): void {
    const first = this.#number(start, label);
    const bytes = this.#number(size, label);
    if (first !== null && bytes !== null) this.#range(label, first, bytes, kind, rank, more);
  }

  #range(
    label: string,
    start: bigint,
    size: bigint,
    kind: RangeRow["kind"],
    rank: Rank,
    more: Pick<Claim, "system" | "kind"> & Partial<Claim>,
    from: { offFrom: number; unknownFrom: number } = { offFrom: 0, unknownFrom: 0 },
    busOffset: bigint | null = null,
  ): void {
    const hex = (value: bigint) => `0x${value.toString(16)}`;
    if (size === 0n) return;
    if (start + size > 1n << 64n) {
      this.#problem("RANGE_WRAPS", `${label}: ${hex(size)} bytes at ${hex(start)} end beyond 2^64`, label);
      return;
    }
    if (start + size >= ADDRESS_LIMIT) {
      if (rank !== "maybe" && rank !== "unsized") {
        this.findings.push({
          code: "ADDRESS_TOO_HIGH",
          message: `${label} at ${hex(start)} ends at or above 2^63; no CPU addresses that, it is left out`,
          functions: namesIn(label),
        });
        return;
      }
      size = ADDRESS_LIMIT - 1n - start;
      if (size <= 0n) return;
    }
    this.#rows.push({ system: more.system, start, size, busOffset, owner: more.id ?? 0, kind, rank, ...from });
    const certain = rank !== "maybe" && rank !== "unsized";
    this.#claims.push({ id: null, name: null, bar: null, window: null, ...more, start, size, certain });
  }

  #number(value: string | number, label: string): bigint | null {
    const parsed =
      typeof value === "number"
        ? Number.isSafeInteger(value) && value >= 0
          ? BigInt(value)
          : null
        : parseAddress(value);
    if (parsed === null) {
      this.#problem(
        "BAD_NUMBER",
        `${label}: expected an address or size such as "0xf9000000", got ${JSON.stringify(value)}`,
        label,
      );
    }
    return parsed;
  }

  #problem(code: Problem["code"], message: string, name: string): void {
    this.problems.push({ code, message, functions: namesIn(name) });
  }
}

/** Without `/proc/iomem` nothing shows RAM and platform devices; without all functions, not what windows hold. */
function openness({ complete, allAddresses }: SystemDescription): Open {
  if (allAddresses === true) return "nowhere";
  return complete === true || complete === "likely" ? "outside-windows" : "everywhere";
}

/** The functions and host bridges that a label mentions. */
function namesIn(label: string): string[] {
  return label.match(/[0-9a-f]{4,8}:[0-9a-f]{2}(?::[0-9a-f]{2}\.[0-7])?/g) ?? [];
}

/** Whether a window whose addresses are shown holds the whole of a range. */
function holds({ start, end }: WindowDescription, first: bigint, size: bigint): boolean {
  const [from, to] = [parseAddress(start ?? ""), parseAddress(end ?? "")];
  return from !== null && to !== null && from <= first && first + size - 1n <= to;
}

/** Index of the first aperture of virtual functions' BARs. */
const FIRST_APERTURE = 7;
const APERTURE: Standing = { kind: "not-peer", rank: "aperture" };

interface Standing {
  readonly kind: RangeRow["kind"];
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
export function findOverlaps({ rows, claims }: Claims, nameOf: (id: number) => string, findings: Finding[]): void {
  const bars = rows
    .map((row, index) => ({ ...row, end: row.start + row.size, bar: claims[index]!.bar }))
    .filter((row) => row.kind === "bar" && row.rank !== "maybe" && row.rank !== "unsized")
    .sort((a, b) => a.system - b.system || (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  let reaching = bars[0];
  for (const bar of bars.slice(1)) {
    const before = reaching!;
    if (before.system === bar.system && bar.start < before.end && before.owner !== bar.owner) {
      const names = [nameOf(before.owner), nameOf(bar.owner)];
      findings.push({
        code: "BAR_OVERLAP",
        message: `${names[0]} BAR ${before.bar ?? "?"} and ${names[1]} BAR ${bar.bar ?? "?"} both claim 0x${bar.start.toString(16)}`,
        functions: names,
      });
    }
    if (before.system !== bar.system || bar.end > before.end) reaching = bar;
  }
}
