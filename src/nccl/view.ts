import { isGpuClass, isNetworkClass } from "../topology/class-code.js";
import { cpuMaskOf, cpuWords } from "../topology/cpu-list.js";
import type {
  CpuDescription,
  FunctionDescription,
  NcclElement,
  NcclView,
  SystemDescription,
} from "../topology/description.js";
import { listed } from "../topology/listed.js";
import { ncclArchitectureOf, ncclFamilyOf } from "../topology/nccl-cpu.js";
import { NumaNodes } from "../topology/numa-nodes.js";
import type { Topology } from "../topology/topology.js";

/** A view, and what NCCL may want that the description does not show. */
export interface NcclViewResult {
  /** Null: the description shows no GPU or network adapter whose place is known. */
  readonly view: NcclView | null;
  /** For people, a sentence each. */
  readonly notes: readonly string[];
}

/** Which functions a view shows beside the GPUs and network adapters of the machine itself. */
export interface NcclViewOptions {
  /** Virtual functions (`dddd:bb:dd.f`) to show: those of a machine are its guests' affair, and left out. */
  readonly virtualFunctions?: readonly string[];
}

/**
 * A machine as NCCL (or RCCL, where its GPUs are AMD's) would see it from `/sys`: its NUMA nodes, the switches that GPUs
 * and network adapters are below, and these. Of each switch the upstream port alone stands for it; root ports and
 * everything else is left out. What the description does not show is left out too: NCCL looks it up where it runs.
 *
 * Where a topology file was among the sources, its facts about GPUs, adapters and their links are put into that tree;
 * where there is no tree beside it, it is returned as it was read.
 *
 * @param system its place in `topology.systems`, or its name.
 * @throws RangeError for a system that the topology does not have.
 */
export function ncclView(
  topology: Topology,
  system: number | string = 0,
  options: NcclViewOptions = {},
): NcclViewResult {
  const ordinal = topology.systemOrdinal(system);
  const description = topology.describeSystem(ordinal);
  const told = description.views?.find((view) => view.tool !== "nvidia-smi");
  const devices = devicesOf(topology, ordinal, new Set(options.virtualFunctions));
  const placed = devices.filter(({ id }) => isPlaced(topology, id));
  if (placed.length === 0 && told !== undefined) return { view: told, notes: [] };
  const notes = notPlaced(topology, devices);
  if (placed.length === 0) return { view: null, notes };
  const tree = new Tree(topology, description);
  for (const { id } of placed) tree.add(id);
  const built = tree.view(told?.tool ?? dialectOf(placed));
  notes.push(...notWritten(description, placed), ...tree.notes);
  return { view: told === undefined ? built : withFactsOf(told, built, notes), notes };
}

interface Device {
  readonly id: number;
  readonly description: FunctionDescription;
}

const NVIDIA = "10de";
const AMD = "1002";

/** The GPUs that one of the two libraries drives, and all network adapters. Where there are NVIDIA's, it is NCCL's. */
function devicesOf(topology: Topology, ordinal: number, virtualFunctions: ReadonlySet<string>): Device[] {
  const found: Device[] = [];
  for (const id of topology.functions(ordinal)) {
    const description = topology.describe(id)!;
    const { class: code, bdf, physicalFunction } = description;
    if (!isGpuClass(code) && !isNetworkClass(code)) continue;
    if (typeof physicalFunction === "string" && !virtualFunctions.has(bdf)) continue;
    found.push({ id, description });
  }
  const driven = dialectOf(found) === "nccl" ? NVIDIA : AMD;
  return found.filter(({ description }) => {
    const maker = makerOf(description);
    // A screen of nobody knows whose is rather that of a management controller.
    return isNetworkClass(description.class) || (maker === undefined ? !isScreen(description) : maker === driven);
  });
}

function dialectOf(devices: readonly Device[]): "nccl" | "rccl" {
  const makers = devices.map(({ description }) =>
    isNetworkClass(description.class) ? undefined : makerOf(description),
  );
  return makers.includes(AMD) && !makers.includes(NVIDIA) ? "rccl" : "nccl";
}

function isScreen({ class: code }: FunctionDescription): boolean {
  return code?.startsWith("0300") === true;
}

/** The vendor's id, by what lspci prints where it prints names alone; undefined: not shown. */
function makerOf({ vendor, label }: FunctionDescription): string | undefined {
  if (vendor !== undefined || label === undefined) return vendor;
  return /^NVIDIA\b/.test(label) ? NVIDIA : /^(?:Advanced Micro Devices|AMD)\b/.test(label) ? AMD : "";
}

function isPlaced(topology: Topology, id: number): boolean {
  return topology.hostBridge(id) !== null && topology.path(id).every((above) => topology.isKnown(above));
}

function notPlaced(topology: Topology, devices: readonly Device[]): string[] {
  const missing = devices.filter(({ id }) => !isPlaced(topology, id)).map(({ description: { bdf } }) => bdf);
  return missing.length === 0 ? [] : [`left out, since nothing shows what they hang below: ${list(missing)}`];
}

function notWritten({ cpu }: SystemDescription, placed: readonly Device[]): string[] {
  const notes: string[] = [];
  if (ncclArchitectureOf(cpu) === undefined) {
    notes.push("the CPU is not shown, and NCCL needs its arch, vendor and familyid: add /proc/cpuinfo with -i");
  }
  const nowhere = placed.filter(({ description: { link } }) => rateOf(link) === undefined);
  if (nowhere.length > 0) {
    const names = list(nowhere.map(({ description: { bdf } }) => bdf));
    notes.push(`the link speed is not shown, and NCCL looks it up or takes 8 GT/s: ${names}`);
  }
  return notes;
}

interface PciElement extends NcclElement {
  readonly children: PciElement[];
}

/** The elements `cpu`, and the elements `pci` below them, each once. */
class Tree {
  readonly notes: string[] = [];
  readonly #cpus = new Map<string, PciElement[]>();
  readonly #elements = new Map<number, PciElement>();
  readonly #withoutNode: string[] = [];
  readonly #numaNodes: NumaNodes;

  constructor(
    private readonly topology: Topology,
    private readonly system: SystemDescription,
  ) {
    this.#numaNodes = new NumaNodes(topology);
  }

  add(id: number): void {
    this.#element(id);
  }

  view(tool: "nccl" | "rccl"): NcclView {
    if (this.#withoutNode.length > 0) {
      this.notes.push(`the NUMA node is not shown, and numaid="-1" is written: ${list(this.#withoutNode)}`);
    }
    const words = Math.max(1, ...(this.system.numaNodes ?? []).map(({ cpus }) => cpuWords(cpus ?? "")));
    const cpus = [...this.#cpus]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([numaId, children]) => ({
        element: "cpu",
        attributes: this.#cpuAttributes(numaId, words),
        children: inOrder(children),
      }));
    const attributes = { version: tool === "nccl" ? "1" : "2" };
    return { tool, system: { element: "system", attributes, children: cpus } };
  }

  /**
   * NCCL goes up two levels at a time: from a device past the downstream port to the switch's upstream port, and from
   * there past the root port to the processor.
   */
  #element(id: number): PciElement {
    const known = this.#elements.get(id);
    if (known !== undefined) return known;
    const path = this.topology.path(id);
    const above = path.length > 3 ? path[2]! : null;
    const description = this.topology.describe(id)!;
    const port = path.length > 2 ? this.topology.describe(path[1]!) : null;
    const made: PciElement = { element: "pci", attributes: pciAttributes(description, port), children: [] };
    this.#elements.set(id, made);
    const siblings = above === null ? this.#below(this.#numaIdOf(id)) : this.#element(above).children;
    siblings.push(made);
    return made;
  }

  #below(numaId: string): PciElement[] {
    const children = this.#cpus.get(numaId) ?? [];
    this.#cpus.set(numaId, children);
    return children;
  }

  /** The node of the topmost element, as NCCL reads it; -1: none. */
  #numaIdOf(id: number): string {
    const node = this.#numaNodes.near(id);
    if (node === undefined) this.#withoutNode.push(this.topology.registers(id)!.bdf);
    return String(node ?? -1);
  }

  #cpuAttributes(numaid: string, words: number): Record<string, string> {
    const list = this.system.numaNodes?.find(({ node }) => String(node) === numaid)?.cpus;
    const affinity = list === undefined ? null : cpuMaskOf(list, words);
    return { numaid, ...(affinity === null ? {} : { affinity }), ...cpuAttributes(this.system.cpu) };
  }
}

/** By bus id, as NCCL keeps them, which numbers adapters in that order. */
function inOrder(elements: readonly PciElement[]): PciElement[] {
  const busId = ({ attributes }: PciElement) => attributes["busid"]!;
  return [...elements]
    .sort((a, b) => (busId(a) < busId(b) ? -1 : 1))
    .map((element) => ({ ...element, children: inOrder(element.children) }));
}

/** In NCCL's order. */
function pciAttributes(description: FunctionDescription, port: FunctionDescription | null): Record<string, string> {
  const { bdf, class: code, vendor, device, subsystemVendor, subsystemDevice, link } = description;
  const rate = rateOf(link);
  const speeds = [rate?.speed, rateOf(port?.link)?.speed].filter((speed) => speed !== undefined);
  const widths = [rate?.width, rateOf(port?.link)?.width].filter((width) => width !== undefined);
  return stated({
    busid: bdf,
    class: hexadecimal(code),
    vendor: hexadecimal(vendor),
    device: hexadecimal(device),
    subsystem_vendor: hexadecimal(subsystemVendor),
    subsystem_device: hexadecimal(subsystemDevice),
    link_speed: rate === undefined ? undefined : `${Math.min(...speeds).toFixed(1)} GT/s PCIe`,
    link_width: rate === undefined ? undefined : String(Math.min(...widths)),
  });
}

function hexadecimal(digits: string | undefined): string | undefined {
  return digits === undefined ? undefined : `0x${digits}`;
}

/** What a link can do, else what it does. */
function rateOf(link: FunctionDescription["link"]): { readonly speed: number; readonly width: number } | undefined {
  const speed = link?.maxSpeed ?? link?.speed;
  const width = link?.maxWidth ?? link?.width;
  return typeof speed === "number" && typeof width === "number" ? { speed, width } : undefined;
}

function cpuAttributes(cpu: CpuDescription | undefined): Record<string, string> {
  const arch = ncclArchitectureOf(cpu);
  if (cpu === undefined || arch !== "x86_64") return stated({ arch });
  const { vendor, family, modelNumber } = cpu;
  return stated({
    arch,
    vendor,
    familyid: family === undefined ? undefined : String(ncclFamilyOf(family)),
    modelid: modelNumber === undefined ? undefined : String(modelNumber),
  });
}

function stated(attributes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/**
 * What a file says of the machine that `built` shows the tree of: devices keep their GPU or adapter with its links,
 * processors the adapters that are of no PCI function; attributes that the machine's description leaves open are taken
 * from the file.
 */
function withFactsOf(told: NcclView, built: NcclView, notes: string[]): NcclView {
  const left = new Map<string, NcclElement>();
  const collect = (element: NcclElement) => {
    const { busid } = element.attributes;
    if (element.element === "pci" && busid !== undefined && !left.has(busid)) left.set(busid, element);
    element.children.forEach(collect);
  };
  collect(told.system);
  const cpus = new Map(told.system.children.map((cpu) => [cpu.attributes["numaid"] ?? "", cpu]));
  const joined = (element: NcclElement): NcclElement => {
    const isCpu = element.element === "cpu";
    const name = element.attributes[isCpu ? "numaid" : "busid"]!;
    const found = isCpu ? cpus : left;
    const other = found.get(name);
    found.delete(name);
    return {
      element: element.element,
      attributes: merged(element.attributes, other?.attributes ?? {}),
      children: [...element.children.map(joined), ...outsidePci(other)],
    };
  };
  const children = built.system.children.map(joined);
  const others = [...cpus.values()].flatMap((cpu) => {
    const own = outsidePci(cpu);
    return own.length === 0 ? [] : [{ ...cpu, children: own }];
  });
  const lost = [...left.values()].filter((element) => outsidePci(element).length > 0);
  if (lost.length > 0) {
    const names = list(lost.map(({ attributes }) => attributes["busid"]!));
    notes.push(`left out, since they are in the topology file alone: ${names}`);
  }
  return { tool: told.tool, system: { ...told.system, children: [...children, ...others] } };
}

function outsidePci(element: NcclElement | undefined): NcclElement[] {
  return (element?.children ?? []).filter((child) => child.element !== "pci");
}

/** As NCCL writes them. */
const ORDER = (
  "host_hash numaid affinity arch busid class vendor familyid modelid device subsystem_vendor subsystem_device " +
  "link_speed link_width"
).split(" ");

/** What the machine's description says, else what the file says; others than NCCL writes at the end. */
function merged(known: NcclElement["attributes"], told: NcclElement["attributes"]): Readonly<Record<string, string>> {
  const all = { ...told, ...known };
  const names = [...new Set([...ORDER, ...Object.keys(all)])].filter((name) => name in all);
  return Object.fromEntries(names.map((name) => [name, all[name]!]));
}

const SHOWN = 5;

function list(names: readonly string[]): string {
  return listed(names, SHOWN);
}
