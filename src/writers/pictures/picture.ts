import type { FunctionDescription, LinkDescription } from "../../topology/description.js";
import { isBridge } from "../../topology/class-code.js";
import { formatCpu, cpuOf } from "../../topology/cpu.js";
import { NumaNodes } from "../../topology/numa-nodes.js";
import type { Topology } from "../../topology/topology.js";
import { formatLink, idsOf, redirectBits, shortLabel, whatItIs } from "../describe.js";
import { extrasOf, extrasText, formatBandwidth } from "../links.js";
import { memorySizes } from "../list.js";
import { mattersToPeers } from "./matters.js";
import { Keys, printable } from "./names.js";
import { groupingsOf } from "./groupings.js";

/**
 * A machine as it is drawn, whatever the format:
 *
 *     group (NUMA node)   hub (host bridge)    hub (switch)          device
 *     +-----------------------------------------------------------------------+
 *     |                   0000:00              0000:01:00.0                   |
 *     |                     port 00:02.0 ----->  port 02:00.0 -----> GPU0     |
 *     |                     port 00:03.0         port 02:04.0 -----> mlx5_0   |
 *     +-----------------------------------------------------------------------+
 *
 * A host bridge is drawn as one box with its root ports, and a switch as one with its downstream ports. Texts are
 * printable, but not yet escaped for any format.
 */
export interface Picture {
  readonly title: string;
  /** Kernel, CPU, IOMMU: a few words each. */
  readonly facts: readonly string[];
  readonly groups: readonly Group[];
  readonly sideLinks: readonly SideEdge[];
  /** Names of devices outside PCI: the first of them, and how many there are beside. */
  readonly outside: { readonly names: readonly string[]; readonly more: number };
  /** What the reader has to know of what is drawn, in a sentence each. */
  readonly legend: readonly string[];
}

/** What is near one NUMA node; null: none is shown. */
export interface Group {
  readonly numaNode: number | null;
  readonly hubs: readonly Hub[];
}

/**
 * A box that others hang below. `not-shown` stands for a bridge that no source shows, `grouping` for what another tool
 * puts together, be it a bridge or not.
 */
export interface Hub extends Placed {
  readonly shape: "host-bridge" | "not-shown" | "switch" | "bridge" | "grouping";
  readonly ports: readonly Port[];
  /** Directly below it, and not below one of its ports. */
  readonly below: readonly Box[];
  /** The PCIe link above it; null: none, or not shown. */
  readonly link: PictureLink | null;
}

/** A bridge within the box of a hub: a root port or a downstream port. */
export interface Port extends Placed {
  readonly below: readonly Box[];
}

/** A function at the end of the tree. */
export interface Device {
  readonly shape: "device";
  readonly key: string;
  /** `dddd:bb:dd.f`. */
  readonly name: string;
  /** What the system calls it; empty: nothing. */
  readonly alias: string;
  readonly what: string;
  /** Sizes of its memory BARs; empty: none are shown. */
  readonly memory: string;
  /** What its makers call it, or its ids; empty: neither is shown. */
  readonly label: string;
  /** Side links, attachments to the host, and virtual functions that are not drawn. */
  readonly extras: readonly string[];
  readonly link: PictureLink | null;
}

/** Anything that hangs below a hub or a port. */
export type Box = Hub | Device;

interface Placed {
  /** Letters, digits and `_`: different for everything in the picture, and the same in every picture of the machine. */
  readonly key: string;
  /** `dddd:bb:dd.f`, or `dddd:bb` for what hangs below nothing. */
  readonly name: string;
  readonly what: string;
  /** `ACS RR CR`, or `ACS ?` where the source does not show it; empty: it redirects nothing. */
  readonly acs: string;
  /** How many functions below it, and below nothing else that is drawn, are left out. */
  readonly others: number;
}

/** The PCIe link above a box. */
export interface PictureLink {
  /** `x16 16GT/s`. */
  readonly now: string;
  /** What both of its ends could do, where that is more; null: it is not. */
  readonly most: string | null;
}

/** Links of one kind between two boxes, beside PCIe. */
export interface SideEdge {
  readonly kind: string;
  /** Keys. */
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly oneWay: boolean;
}

/** More labels than these on links beside PCIe hide the links that they are of: devices say how many they have. */
export const MOST_SIDE_LABELS = 8;

/** What a picture is to show. */
export interface PictureOptions {
  /** Ids of the functions it is about. Missing: those that may take part in peer-to-peer DMA; if there are none, all. */
  readonly of?: Iterable<number> | undefined;
  /** Which system, by its name or place in `systems`; needed where there are several. */
  readonly system?: string | number;
  /** The most functions that are drawn, bridges included; the others are counted. */
  readonly most?: number;
}

/** Nobody finds anything in a picture of more. */
export const MOST_DRAWN = 300;
const MOST_OUTSIDE = 8;

/**
 * What is to be drawn of a machine.
 *
 * @throws RangeError where it is not said which of several systems, for a system that there is not, and for an id that
 *   is no function's.
 */
export function pictureOf(topology: Topology, options: PictureOptions = {}): Picture {
  const ordinal = systemOrdinal(topology, options.system);
  const machine = new Machine(topology, ordinal);
  const { drawn, left } = choose(machine, options);
  const artist = new Artist(machine, drawn);
  const system = topology.systems[ordinal]!;
  const isTreeless = machine.roots.every((id) => !topology.isKnown(id));
  const grouped = isTreeless && options.of === undefined ? groupingsOf(system, artist) : null;
  const groups = grouped?.groups ?? artist.groups();
  const outside = topology.platformDevices.filter((device) => device.system === ordinal);
  return {
    title: printable(system.name === undefined ? "PCI Express topology" : `PCI Express topology of ${system.name}`),
    facts: factsOf(topology, ordinal).map(printable),
    groups,
    sideLinks: [...artist.sideLinks(), ...(grouped?.sideLinks ?? [])],
    outside: {
      names: outside.slice(0, MOST_OUTSIDE).map(({ description }) => printable(description.name)),
      more: Math.max(0, outside.length - MOST_OUTSIDE),
    },
    legend: [...artist.legend(groups), ...left, ...(grouped?.legend ?? [])],
  };
}

function systemOrdinal({ systems }: Topology, system: string | number | undefined): number {
  if (system === undefined && systems.length > 1) {
    throw new RangeError(`a picture is of one system, and there are ${systems.length}: name one of them`);
  }
  const found = typeof system === "string" ? systems.findIndex(({ name }) => name === system) : (system ?? 0);
  if (Number.isInteger(found) && found >= 0 && found < systems.length) return found;
  throw new RangeError(`expected the name of a system or its place from 0 to ${systems.length - 1}, got ${system}`);
}

/** Kernel, CPU and IOMMU of a system, as far as it shows them. */
export function factsOf(topology: Topology, ordinal: number): string[] {
  const system = topology.systems[ordinal]!;
  const { kernel, cpu, iommu } = system;
  const name = cpu?.model ?? formatCpu(cpuOf(system)?.cpu);
  return [
    ...(kernel?.release === undefined ? [] : [`Linux ${kernel.release}`]),
    ...(name === null || name === undefined ? [] : [name]),
    iommu === undefined ? "IOMMU mode not shown" : `IOMMU ${iommu}`,
  ];
}

/** The functions of one system, and what hangs below what. */
class Machine {
  /** Of host bridges and unknown roots. */
  readonly roots: readonly number[];
  /** By segment, bus, device, function. */
  readonly functions: Uint32Array;
  readonly #physical: ReadonlyMap<string, number>;

  constructor(
    readonly topology: Topology,
    readonly system: number,
  ) {
    this.roots = topology.roots.filter(({ root }) => root.system === system).map(({ id }) => id);
    this.functions = topology.functions(system);
    this.#physical = new Map(Array.from(this.functions, (id) => [topology.registers(id)!.bdf, id]));
  }

  /** The bridge or host bridge above, or what stands for one. */
  above(id: number): number {
    // Depth first, what two neighbours share is above the later one.
    return this.topology.commonId(id - 1, id);
  }

  describe(id: number): FunctionDescription {
    return this.topology.describe(id)!;
  }

  /** The id of a virtual function's physical one; undefined: it is none. */
  physical(id: number): number | undefined {
    const { physicalFunction } = this.topology.registers(id)!;
    return typeof physicalFunction === "string" ? this.#physical.get(physicalFunction) : undefined;
  }

  hasExtras(id: number): boolean {
    const { links, attachments } = extrasOf(this.topology, id);
    return links.length + attachments.length > 0;
  }
}

/** The functions to be drawn, those above them included, and what is to be said of those that are not. */
function choose(
  machine: Machine,
  { of, most = MOST_DRAWN }: PictureOptions,
): { readonly drawn: ReadonlySet<number>; readonly left: readonly string[] } {
  const { topology } = machine;
  const wanted = of === undefined ? byDefault(machine) : asked(machine, of);
  const drawn = new Set<number>();
  let left = 0;
  for (const id of machine.functions) {
    if (!wanted.has(id) || drawn.has(id)) continue;
    const added = [id];
    for (let above = machine.above(id); topology.isFunction(above); above = machine.above(above)) {
      if (drawn.has(above)) break;
      added.push(above);
    }
    if (drawn.size + added.length > most) left++;
    else for (const each of added) drawn.add(each);
  }
  if (left === 0) return { drawn, left: [] };
  return { drawn, left: [`the picture has room for ${most} functions: ${left} that belong in it are left out`] };
}

/** Ids of the functions of a system that people ask about when they ask about peer-to-peer DMA, bridges left out. */
export function devicesOf(topology: Topology, system: number): number[] {
  const machine = new Machine(topology, system);
  const wanted = byDefault(machine);
  return [...machine.functions].filter((id) => wanted.has(id) && topology.registers(id)!.bus === undefined);
}

function byDefault(machine: Machine): ReadonlySet<number> {
  const { functions } = machine;
  const matter = functions.filter(
    (id) =>
      machine.physical(id) === undefined && (machine.hasExtras(id) || mattersToPeers(machine.topology.registers(id)!)),
  );
  return new Set(matter.length > 0 ? matter : functions);
}

function asked({ topology, system }: Machine, of: Iterable<number>): ReadonlySet<number> {
  const ids = new Set(of);
  for (const id of ids) {
    if (!topology.isFunction(id)) throw new RangeError(`${topology.name(id)} is a host bridge, expected functions`);
    if (topology.systemOf(id) !== system) throw new RangeError(`${topology.name(id)} is in another system`);
  }
  return ids;
}

/** Makes boxes of functions. */
export class Artist {
  readonly #keys = new Keys();
  readonly #keyOf = new Map<number, string>();
  readonly #below = new Map<number, number[]>();
  readonly #others = new Map<number, number>();
  readonly #virtual = new Map<number, number>();
  #undrawnRoots = 0;
  #undrawnFunctions = 0;

  constructor(
    readonly machine: Machine,
    readonly drawn: ReadonlySet<number>,
  ) {
    const { topology, functions, roots } = machine;
    const nearest = new Map<number, number>(roots.map((id) => [id, id]));
    // Depth first: what is above was there before.
    for (const id of Uint32Array.from(functions).sort()) {
      const above = nearest.get(machine.above(id))!;
      nearest.set(id, drawn.has(id) ? id : above);
      if (drawn.has(id)) continue;
      const physical = machine.physical(id);
      if (physical !== undefined && drawn.has(physical)) count(this.#virtual, physical);
      else count(this.#others, above);
    }
    for (const id of functions) {
      if (!drawn.has(id)) continue;
      const above = machine.above(id);
      const siblings = this.#below.get(above);
      if (siblings === undefined) this.#below.set(above, [id]);
      else siblings.push(id);
      this.#keyOf.set(id, this.#keys.take(`f${topology.registers(id)!.bdf}`));
    }
  }

  /** Host bridges by NUMA node; those that nothing drawn is below are left out. */
  groups(): Group[] {
    const { topology, roots } = this.machine;
    const numaNodes = new NumaNodes(topology);
    const groups = new Map<number | null, Hub[]>();
    for (const id of roots) {
      const ordinal = topology.rootOrdinal(id);
      const { root } = topology.roots[ordinal]!;
      const below = this.#below.get(id) ?? [];
      if (below.length === 0) {
        this.#undrawnRoots++;
        this.#undrawnFunctions += this.#others.get(id) ?? 0;
        continue;
      }
      const node = numaNodes.nearRoot(ordinal) ?? null;
      const hub = this.#rootHub(id, root.bus, root.known, below);
      const hubs = groups.get(node);
      if (hubs === undefined) groups.set(node, [hub]);
      else hubs.push(hub);
    }
    const order = (node: number | null) => node ?? Infinity;
    return [...groups].sort(([a], [b]) => order(a) - order(b)).map(([numaNode, hubs]) => ({ numaNode, hubs }));
  }

  #rootHub(id: number, bus: string, known: boolean, below: readonly number[]): Hub {
    const here = {
      key: this.#keys.take(`${known ? "h" : "u"}${bus}`),
      name: bus,
      acs: "",
      link: null,
      others: this.#others.get(id) ?? 0,
    };
    if (!known) {
      return { ...here, shape: "not-shown", what: "above this bus: not shown", ports: [], below: this.#boxes(below) };
    }
    const ports = below.filter((each) => this.#isBridge(each));
    return {
      ...here,
      shape: "host-bridge",
      what: "host bridge",
      ports: ports.map((port) => this.#port(port)),
      below: this.#boxes(below.filter((each) => !ports.includes(each))),
    };
  }

  #boxes(ids: readonly number[]): Box[] {
    return ids.map((id) => (this.#isBridge(id) ? this.#hub(id) : this.device(id)));
  }

  #hub(id: number): Hub {
    const below = this.#below.get(id) ?? [];
    const isSwitch = this.machine.describe(id).kind === "upstream-port";
    const ports = isSwitch ? below.filter((each) => this.#isBridge(each)) : [];
    return {
      ...this.#placed(id),
      ...(isSwitch ? { shape: "switch", what: "switch, upstream port" } : { shape: "bridge" }),
      link: this.#link(id, this.machine.describe(id).link),
      ports: ports.map((port) => this.#port(port)),
      below: this.#boxes(below.filter((each) => !ports.includes(each))),
    };
  }

  #port(id: number): Port {
    return { ...this.#placed(id), below: this.#boxes(this.#below.get(id) ?? []) };
  }

  #placed(id: number): Placed {
    const description = this.machine.describe(id);
    const bits = redirectBits(description);
    const what = whatItIs(description);
    return {
      key: this.#keyOf.get(id)!,
      name: description.bdf,
      what: printable(what === "function" ? "bridge" : what),
      acs: bits === "unknown" ? "ACS ?" : bits.length > 0 ? `ACS ${bits.join(" ")}` : "",
      others: this.#others.get(id) ?? 0,
    };
  }

  /** The box of a function at the end of the tree. */
  device(id: number): Device {
    const description = this.machine.describe(id);
    const ids = idsOf(description);
    const virtual = this.#virtual.get(id) ?? 0;
    const { physicalFunction } = description;
    return {
      shape: "device",
      key: this.#keyOf.get(id)!,
      name: description.bdf,
      alias: printable((description.names ?? []).slice(0, 2).join(" ")),
      what: printable(typeof physicalFunction === "string" ? `VF of ${physicalFunction}` : whatItIs(description)),
      memory: memorySizes(description),
      label: printable(shortLabel(description) ?? (ids === null ? "" : `[${ids}]`)),
      extras: [
        ...extrasText(extrasOf(this.machine.topology, id)),
        ...(virtual === 0 ? [] : [`+ ${virtual} VF${virtual === 1 ? "" : "s"}`]),
      ].map(printable),
      link: this.#link(id, description.link),
    };
  }

  #isBridge(id: number): boolean {
    if ((this.#below.get(id)?.length ?? 0) > 0) return true;
    return isBridge(this.machine.topology.registers(id)!);
  }

  /** Both ends know their link: what neither can do is no degradation. */
  #link(id: number, own: LinkDescription | null | undefined): PictureLink | null {
    if (own === null) return null;
    const above = this.machine.above(id);
    const { link: other } = this.machine.topology.isFunction(above) ? this.machine.describe(above) : {};
    // The link of a switch's upstream port is not that of its downstream ports.
    const isInside = this.machine.topology.registers(id)!.kind === "downstream-port";
    const ends = [own, isInside ? undefined : other].filter((end) => end !== undefined && end !== null);
    const shown = ends.find(({ width, speed }) => typeof width === "number" && typeof speed === "number");
    if (shown === undefined) {
      const rate = ends.find(({ bandwidth }) => bandwidth !== undefined)?.bandwidth;
      return rate === undefined ? null : { now: formatBandwidth(rate), most: null };
    }
    const [now, most] = formatLink({
      speed: shown.speed!,
      width: shown.width!,
      maxSpeed: least(ends.map(({ maxSpeed }) => maxSpeed)),
      maxWidth: least(ends.map(({ maxWidth }) => maxWidth)),
    }).split(" of ") as [string, string?];
    return { now, most: most ?? null };
  }

  /** Links beside PCIe between functions that are drawn, those of one kind and way counted together. */
  sideLinks(): SideEdge[] {
    const { topology } = this.machine;
    const edges = new Map<string, { kind: string; from: string; to: string; count: number; oneWay: boolean }>();
    for (const { from, to, description } of topology.sideLinks) {
      const [a, b] = [this.#keyOf.get(from), this.#keyOf.get(to)];
      if (a === undefined || b === undefined) continue;
      const oneWay = description.oneWay === true;
      const [first, second] = oneWay || from < to ? [a, b] : [b, a];
      const key = `${description.kind} ${oneWay} ${first} ${second}`;
      const edge = edges.get(key);
      if (edge !== undefined) edge.count++;
      else edges.set(key, { kind: printable(description.kind), from: first, to: second, count: 1, oneWay });
    }
    return [...edges.values()];
  }

  /** The key of a box that no function has. */
  key(wish: string): string {
    return this.#keys.take(wish);
  }

  /** What has to be explained of what is drawn. */
  legend(groups: readonly Group[]): string[] {
    const boxes = groups.flatMap(({ hubs }) => hubs.flatMap((hub) => [...everything(hub)]));
    const acs = boxes.map((box) => ("acs" in box ? box.acs : ""));
    const has = (wanted: boolean, text: string) => (wanted ? [text] : []);
    return [
      ...has(
        acs.some((text) => text !== "" && text !== "ACS ?"),
        "ACS RR, CR, EC: the port redirects peer-to-peer requests (RR) or completions (CR) upstream, or controls egress (EC)",
      ),
      ...has(acs.includes("ACS ?"), "ACS ?: the source does not show whether the port redirects; run lspci as root"),
      ...has(
        boxes.some((box) => "link" in box && box.link?.most != null),
        "of x16 16GT/s: what both ends of the link could do; devices slow links down while they are idle",
      ),
      ...has(
        boxes.some((box) => "shape" in box && box.shape === "not-shown"),
        "dashed: the source does not show the bridge above",
      ),
      ...has(
        boxes.some((box) => "others" in box && box.others > 0),
        "and N others: functions that are not drawn",
      ),
      ...has(
        this.#undrawnFunctions > 0,
        `not drawn: ${amount(this.#undrawnRoots, "host bridge")} with ${amount(this.#undrawnFunctions, "function")}`,
      ),
    ];
  }
}

/** A box, its ports, and all that is below them. */
export function* everything(box: Box | Port): Generator<Box | Port> {
  yield box;
  if ("shape" in box && box.shape === "device") return;
  for (const below of box.below) yield* everything(below);
  if ("ports" in box) for (const port of box.ports) yield* everything(port);
}

function least(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : Math.min(...known);
}

function count(counts: Map<number, number>, id: number): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}

/** `1 other`, `2 functions`. */
export function amount(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
