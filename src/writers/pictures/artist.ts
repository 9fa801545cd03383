import type { FunctionDescription, LinkDescription } from "../../topology/description.js";
import { isBridge } from "../../topology/class-code.js";
import { NumaNodes } from "../../topology/numa-nodes.js";
import type { Topology } from "../../topology/topology.js";
import { formatLink, idsOf, redirectBits, shortLabel, whatItIs } from "../describe.js";
import { extrasOf, extrasText, formatBandwidth } from "../links.js";
import { memorySizes } from "../list.js";
import { Keys, printable } from "./names.js";
import {
  amount,
  everything,
  type PictureBox,
  type PictureDevice,
  type PictureGroup,
  type PictureHub,
  type PictureLink,
  type Placed,
  type PicturePort,
  type PictureSideLink,
} from "./picture.js";

/** The functions of one system, and what hangs below what. */
export class Machine {
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
  groups(): PictureGroup[] {
    const { topology, roots } = this.machine;
    const numaNodes = new NumaNodes(topology);
    const groups = new Map<number | null, PictureHub[]>();
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

  #rootHub(id: number, bus: string, known: boolean, below: readonly number[]): PictureHub {
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
    return { ...here, shape: "host-bridge", what: "host bridge", ...this.#portsAndBelow(below) };
  }

  #boxes(ids: readonly number[]): PictureBox[] {
    return ids.map((id) => (this.#isBridge(id) ? this.#hub(id) : this.device(id)));
  }

  #hub(id: number): PictureHub {
    const below = this.#below.get(id) ?? [];
    const { kind, link } = this.machine.describe(id);
    const here = { ...this.#placed(id), link: this.#link(id, link) };
    return kind === "upstream-port"
      ? { ...here, shape: "switch", what: "switch, upstream port", ...this.#portsAndBelow(below) }
      : { ...here, shape: "bridge", ports: [], below: this.#boxes(below) };
  }

  /** Bridges directly below are ports of the same box. */
  #portsAndBelow(ids: readonly number[]): Pick<PictureHub, "ports" | "below"> {
    return {
      ports: ids.filter((id) => this.#isBridge(id)).map((id) => this.#port(id)),
      below: this.#boxes(ids.filter((id) => !this.#isBridge(id))),
    };
  }

  #port(id: number): PicturePort {
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
  device(id: number): PictureDevice {
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
  sideLinks(): PictureSideLink[] {
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
  legend(groups: readonly PictureGroup[]): string[] {
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

function least(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : Math.min(...known);
}

function count(counts: Map<number, number>, id: number): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
