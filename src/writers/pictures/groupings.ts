import type { NcclElement, SystemDescription } from "../../topology/description.js";
import {
  busIdOf,
  held,
  isDevice,
  linksOf,
  namesOf,
  netNamesOf,
  numaNodeOf,
  NVSWITCHES,
} from "../../topology/nccl-element.js";
import { printable } from "./names.js";
import type { Artist } from "./artist.js";
import {
  everything,
  type PictureBox,
  type PictureDevice,
  type PictureGroup,
  type PictureHub,
  type PictureSideLink,
} from "./picture.js";

/** What NCCL's or RCCL's file groups, for a machine of which nothing shows a tree. */
export interface Groupings {
  readonly groups: readonly PictureGroup[];
  readonly sideLinks: readonly PictureSideLink[];
  readonly legend: readonly string[];
}

/**
 * The groupings of the first such view; null: there is none, or it lacks a function that is to be drawn. Elements named
 * `pci` are drawn as groupings, for none of them need be a bridge.
 */
export function groupingsOf(system: SystemDescription, artist: Artist): Groupings | null {
  const view = system.views?.find((each) => each.tool !== "nvidia-smi");
  if (view === undefined) return null;
  const reader = new GroupingReader(artist);
  const groups = view.system.children
    .filter(({ element }) => element === "cpu")
    .map((cpu) => ({ numaNode: numaNodeOf(cpu), hubs: reader.hubs(cpu) }))
    .filter(({ hubs }) => hubs.length > 0);
  if (!reader.hasAll(groups)) return null;
  const tool = view.tool.toUpperCase();
  return {
    groups,
    sideLinks: reader.sideLinks(),
    legend: [`dotted: what ${tool}'s file groups, which need not be a bridge; the file shows no tree`],
  };
}

/** Deeper than NCCL reads: what is below is left to the reader of the file. */
const DEEPEST = 64;

class GroupingReader {
  readonly #functions = new Map<string, number>();
  readonly #links: { readonly kind: string; readonly from: string; readonly target: string; readonly count: number }[] =
    [];
  readonly #keyOf = new Map<string, string>();

  constructor(private readonly artist: Artist) {
    const { topology } = artist.machine;
    for (const id of artist.drawn) this.#functions.set(topology.registers(id)!.bdf, id);
  }

  /** What hangs below a CPU: devices that hang there alone are put together. */
  hubs(cpu: NcclElement): PictureHub[] {
    const boxes = cpu.children.flatMap((child) => this.#box(child, 1));
    const hubs = boxes.filter((box) => box.shape !== "device");
    const alone = boxes.filter((box) => box.shape === "device");
    if (alone.length === 0) return hubs;
    const key = this.artist.key(`g cpu ${cpu.attributes["numaid"] ?? ""}`);
    return [...hubs, grouping(key, "CPU", "of the file", alone)];
  }

  #box(element: NcclElement, depth: number): PictureBox[] {
    if (element.element !== "pci" || depth > DEEPEST) return [];
    const below = element.children.flatMap((child) => this.#box(child, depth + 1));
    const busid = element.attributes["busid"] ?? "";
    const own = isDevice(element) ? [this.#device(busid, element)] : [];
    if (below.length === 0) return own;
    const name = printable(busid === "" ? "pci" : busid);
    return [grouping(this.artist.key(`g${busid}`), name, "grouping", [...own, ...below])];
  }

  #device(busid: string, element: NcclElement): PictureDevice {
    const bdf = busIdOf(element) ?? busid;
    const id = this.#functions.get(bdf);
    const key = id === undefined ? this.artist.key(`g${busid}`) : this.artist.device(id).key;
    this.#keyOf.set(bdf, key);
    for (const { kind, target, count } of linksOf(element)) {
      if (kind === "c2c" || target === NVSWITCHES) continue;
      const links = Number(count ?? 1);
      this.#links.push({ kind, from: key, target, count: Number.isInteger(links) && links > 0 ? links : 1 });
    }
    if (id !== undefined) return { ...this.artist.device(id), ...namesIn(element, this.artist.device(id)) };
    const unnamed = { alias: "", what: "function", memory: "", label: "", extras: [], link: null };
    const device: PictureDevice = { shape: "device", key, name: printable(bdf), ...unnamed };
    return { ...device, ...namesIn(element, device) };
  }

  /** Both ends state each link, in a file that is whole. */
  sideLinks(): PictureSideLink[] {
    const edges = new Map<string, PictureSideLink>();
    for (const { kind, from, target, count } of this.#links) {
      const to = this.#keyOf.get(target);
      if (to === undefined || to === from) continue;
      const [first, second] = from < to ? [from, to] : [to, from];
      const key = `${kind} ${first} ${second}`;
      const known = edges.get(key)?.count ?? 0;
      edges.set(key, { kind, from: first, to: second, count: Math.max(known, count), oneWay: false });
    }
    return [...edges.values()];
  }

  /** Whether all that is to be drawn is, and once. */
  hasAll(groups: readonly PictureGroup[]): boolean {
    const keys = groups.flatMap(({ hubs }) => hubs.flatMap((hub) => Array.from(everything(hub), ({ key }) => key)));
    const all = new Set(keys);
    const drawn = Array.from(this.#functions.values(), (id) => this.artist.device(id).key);
    return all.size === keys.length && drawn.every((key) => all.has(key));
  }
}

function grouping(key: string, name: string, what: string, below: readonly PictureBox[]): PictureHub {
  return { shape: "grouping", key, name, what, acs: "", link: null, others: 0, ports: [], below };
}

function namesIn(element: NcclElement, { alias, what }: PictureDevice): Pick<PictureDevice, "alias" | "what"> {
  const [first = ""] = namesOf(element);
  if (held(element, "gpu").length > 0) return { alias: alias || printable(first || "GPU"), what: "GPU" };
  if (held(element, "nic").length === 0) return { alias, what };
  return { alias: alias || printable(netNamesOf(element).slice(0, 2).join(" ")), what: "NIC" };
}
