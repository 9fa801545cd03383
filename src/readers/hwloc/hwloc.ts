import { compareBdf, formatBdf, parseBdf } from "../../topology/bdf.js";
import { formatRuns, type Run } from "../../topology/cpu-list.js";
import type {
  FunctionDescription,
  HostBridgeDescription,
  NumaNodeDescription,
  SystemDescription,
} from "../../topology/description.js";
import type { Finding, FindingCode } from "../../topology/finding.js";
import { mergeFunction } from "../../topology/merge/merge.js";
import { Settlement } from "../../topology/merge/settlement.js";
import { defined } from "../config-space.js";
import { ReadError, type Reading } from "../reading.js";
import { readXml, rootElement, type XmlElement } from "../xml.js";
import { parseBitmap } from "./bitmap.js";
import { cpuFrom, kernelFrom, labelFrom } from "./infos.js";
import {
  type Below,
  firstBus,
  isJustBelow,
  knowsFastLinks,
  parseBuses,
  parseBusId,
  parseLinkSpeed,
  parsePciType,
} from "./pci.js";

/*
 *     <topology version="2.0">                                             1.x: no version
 *       <object type="Machine" complete_nodeset="0x3">
 *         <info name="OSRelease" value="6.1.0"/>                           3.x: below topology
 *         <object type="Package" complete_nodeset="0x1">                   what holds I/O is near it
 *           <object type="NUMANode" os_index="0" complete_cpuset="0xff"/>  1.x: holds packages
 *           <object type="Bridge" bridge_type="0-1" …>                     a host bridge
 *             <object type="Bridge" bridge_type="1-1" pci_busid=… …>
 *               <object type="PCIDev" pci_busid=… pci_type=… …>
 *                 <info name="PCIVendor" value="Intel Corporation"/>
 *                 <object type="OSDev" name="eth0"/>
 *
 * Functions that lstopo takes for unimportant are left out, and bridges with nothing below them, so that what is not
 * here is not known not to be there. hwloc makes up the host bridges: one for each bus that no bridge is above.
 */

/** Whether `text` is a topology in XML as `lstopo` exports it. */
export function looksLikeHwloc(text: string): boolean {
  return rootElement(text) === "topology";
}

/**
 * Reads a topology that hwloc exported (`lstopo file.xml`), of versions 1.x to 3.x: PCI functions and what they hang below,
 * the names of their devices, NUMA nodes, kernel and CPU. It shows no registers: neither BARs nor ACS.
 *
 * @param source its name, for findings and messages.
 * @throws ReadError with line, column and path for what is no such document, is damaged, or shows no PCI function or
 * several machines.
 */
export function readHwloc(text: string, source: string): Reading {
  const document = new Document(source);
  readXml(text, source, document);
  return document.reading();
}

/** An object that has begun and not ended. */
interface OpenObject {
  readonly type: string;
  /** Where I/O below it is near. */
  readonly numaNode: number | undefined;
  /** Of a bridge: its name, null for a host bridge, and its buses. */
  readonly bridge: { readonly name: string | null; readonly buses: Below } | null;
  /** The function that it is, or that it is a device of. */
  readonly function: OpenFunction | null;
  readonly infos: Map<string, string>;
}

/** A function of which the infos and devices are still to come. */
interface OpenFunction {
  readonly described: FunctionDescription;
  /** `NVSwitch`. */
  readonly subtype: string | undefined;
  readonly names: string[];
  /** Of its devices. */
  readonly infos: Map<string, string>;
}

const IO_TYPES = ["Bridge", "PCIDev", "OSDev"];

/** The versions whose files are known. */
const NEWEST_VERSION = 3;

class Document {
  readonly #findings: Finding[] = [];
  /** By name: one, but for files that somebody edited. */
  readonly #functions = new Map<string, FunctionDescription[]>();
  /** By root bus: the NUMA nodes they are near. */
  readonly #hostBridges = new Map<string, Set<number | undefined>>();
  readonly #numaNodes = new Map<number, readonly Run[] | undefined>();
  readonly #objects: OpenObject[] = [];
  /** Of the document and of the machine. */
  readonly #infos = new Map<string, string>();
  #packageInfos: ReadonlyMap<string, string> | undefined;
  #machineNodes: readonly Run[] | undefined;
  #hasMachine = false;
  #hasRoot = false;

  constructor(private readonly source: string) {}

  open(element: XmlElement): void {
    if (!this.#hasRoot) this.#openRoot(element);
    else if (element.name === "object") this.#openObject(element);
    else if (element.name === "info") this.#info(element);
  }

  close(name: string): void {
    if (name !== "object") return;
    const closed = this.#objects.pop()!;
    if (closed.type === "Package" || closed.type === "Socket") this.#packageInfos ??= closed.infos;
    if (closed.function === null) return;
    if (closed.type !== "OSDev") this.#keep(closed.function, closed.infos);
    else for (const [name, value] of closed.infos) closed.function.infos.set(name, value);
  }

  reading(): Reading {
    if (!this.#hasMachine) throw new ReadError("holds no machine: expected an object of type Machine", this.source);
    if (this.#functions.size === 0) {
      throw new ReadError(
        "holds no PCI device: write the file on the machine itself, with lstopo --whole-io FILE.xml",
        this.source,
      );
    }
    const functions = [...this.#functions].map(([bdf, own]) => this.#settle(bdf, own));
    functions.sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
    const system = defined<SystemDescription>({
      kernel: kernelFrom(this.#infos),
      cpu: cpuFrom(this.#infos, this.#packageInfos ?? new Map()),
      functions,
      hostBridges: this.#hostBridges.size > 0 ? this.#describeHostBridges() : undefined,
      numaNodes: this.#numaNodes.size > 0 ? describeNumaNodes(this.#numaNodes) : undefined,
    });
    return { system, findings: this.#findings };
  }

  #openRoot(element: XmlElement): void {
    if (element.name !== "topology") throw element.error(`expected <topology>, got <${element.name}>`);
    this.#hasRoot = true;
    const { version } = element.attributes;
    if (version === undefined) return;
    const major = /^([0-9]{1,3})\.[0-9]+$/.exec(version)?.[1];
    if (major === undefined) throw element.error(`expected a version such as "2.0", got "${version}"`);
    if (Number(major) <= NEWEST_VERSION) return;
    const message =
      `hwloc XML of version ${version}: ${NEWEST_VERSION}.x is the newest that is known, and this is read as if it were. ` +
      "Check the result, or export it with an older lstopo";
    this.#find("MALFORMED_LINE", message, []);
  }

  #openObject(element: XmlElement): void {
    const { type } = element.attributes;
    if (type === undefined) throw element.error("expected an attribute type, as every object has");
    const above = this.#objects.at(-1);
    if (type === "Machine") this.#openMachine(element);
    if (type === "NUMANode") this.#addNumaNode(element);
    const numaNode = IO_TYPES.includes(type) ? above?.numaNode : this.#onlyNode(element);
    const buses = type === "Bridge" ? busesBelow(element) : null;
    const isHostBridge = buses !== null && isBelowHost(element);
    const isFunction = type === "PCIDev" || (buses !== null && !isHostBridge);
    const own = isFunction ? this.#function(element, above, buses, numaNode) : null;
    if (isHostBridge) this.#addHostBridge(element, above, firstBus(buses), numaNode);
    if (type === "OSDev" && element.attributes["name"]) above?.function?.names.push(element.attributes["name"]);
    this.#objects.push({
      type,
      numaNode,
      bridge: buses && { name: own?.described.bdf ?? null, buses },
      function: type === "OSDev" ? (above?.function ?? null) : own,
      infos: new Map(),
    });
  }

  #openMachine(element: XmlElement): void {
    if (this.#hasMachine) throw element.error("a second machine: give each machine's file by itself");
    this.#hasMachine = true;
    this.#machineNodes = bitmap(element, "complete_nodeset") ?? bitmap(element, "nodeset");
  }

  #addNumaNode(element: XmlElement): void {
    const { os_index } = element.attributes;
    if (os_index === undefined || !/^[0-9]{1,9}$/.test(os_index)) {
      throw element.error(`expected the number of the NUMA node as os_index, got ${quoted(os_index)}`);
    }
    const complete = bitmap(element, "complete_cpuset");
    const usable = bitmap(element, "cpuset");
    // What the complete set has besides may be offline, which Linux would not list, or only not allowed.
    const isWhole = complete === undefined || (usable !== undefined && formatRuns(complete) === formatRuns(usable));
    this.#numaNodes.set(Number(os_index), bitmap(element, "online_cpuset") ?? (isWhole ? usable : undefined));
  }

  /** The node that an object is near; undefined for several, and for that of a machine of one, which says nothing. */
  #onlyNode(element: XmlElement): number | undefined {
    const nodes = bitmap(element, "complete_nodeset") ?? bitmap(element, "nodeset");
    const only = onlyBit(nodes);
    return only !== undefined && onlyBit(this.#machineNodes) === undefined ? only : undefined;
  }

  #addHostBridge(element: XmlElement, above: OpenObject | undefined, root: string, numaNode: number | undefined): void {
    if (above !== undefined && IO_TYPES.includes(above.type)) {
      throw element.error(`a host bridge inside an object of type ${above.type}, which no machine has`);
    }
    this.#hostBridges.set(root, (this.#hostBridges.get(root) ?? new Set()).add(numaNode));
  }

  #function(
    element: XmlElement,
    above: OpenObject | undefined,
    below: Below | null,
    numaNode: number | undefined,
  ): OpenFunction {
    const { pci_busid, pci_type, pci_link_speed } = element.attributes;
    const place = parseBusId(pci_busid ?? "");
    if (place === null) {
      throw element.error(`expected pci_busid to be a function, such as 0000:04:00.0, got ${quoted(pci_busid)}`);
    }
    const bdf = formatBdf(place);
    if (above !== undefined && (above.type === "PCIDev" || above.type === "OSDev")) {
      throw element.error(`${bdf} is inside an object of type ${above.type}: only bridges have functions below them`);
    }
    const ids = pci_type === undefined ? {} : parsePciType(pci_type, below !== null);
    if (ids === null) {
      throw element.error(`expected pci_type to be such as "0200 [8086:10c9] [8086:a03c] 01", got ${quoted(pci_type)}`);
    }
    if (ids === "unreadable") {
      const message = `${bdf}: hwloc could not read it: the device is powered off, in reset or behind a dead link`;
      this.#find("UNREADABLE_FUNCTION", message, [bdf]);
    }
    const bandwidth = parseLinkSpeed(pci_link_speed ?? "0", knowsFastLinks(this.#hwlocVersion()));
    if (bandwidth === null) {
      throw element.error(`expected pci_link_speed to be in GB/s, such as 15.753846, got ${quoted(pci_link_speed)}`);
    }
    const isBelowBridge = above?.bridge != null && above.bridge.name !== null;
    const isKnown = above?.bridge != null && isJustBelow(place, above.bridge.buses);
    const described = defined<FunctionDescription>({
      bdf,
      ...(ids !== "unreadable" && ids),
      parent: isKnown ? above.bridge!.name : undefined,
      bus: below === null ? undefined : { secondary: below.secondary, subordinate: below.subordinate },
      // hwloc reads the register of whatever has one; what stands on a root bus has no link, but for root ports.
      link: bandwidth === undefined || (below === null && !isBelowBridge) ? undefined : { bandwidth },
      // hwloc looks where the first function of a host bridge is near, and puts the others there too.
      numaNode: above !== undefined && IO_TYPES.includes(above.type) ? undefined : numaNode,
    });
    return { described, subtype: element.attributes["subtype"], names: [], infos: new Map() };
  }

  /** Before 3.x among the infos of the machine, which come first; 3.x has them at its end. */
  #hwlocVersion(): string | undefined {
    return this.#infos.get("hwlocVersion");
  }

  #info({ attributes: { name, value } }: XmlElement): void {
    if (name === undefined || value === undefined) return;
    const object = this.#objects.at(-1);
    const infos = object === undefined || object.type === "Machine" ? this.#infos : object.infos;
    if (!infos.has(name)) infos.set(name, value);
  }

  #keep({ described, subtype, names, infos }: OpenFunction, own: ReadonlyMap<string, string>): void {
    const whole = defined<FunctionDescription>({
      ...described,
      slot: own.get("PCISlot") || undefined,
      names: names.length > 0 ? names : undefined,
      label: labelFrom(own, infos, subtype, described.device),
    });
    const others = this.#functions.get(described.bdf);
    if (others === undefined) this.#functions.set(described.bdf, [whole]);
    else others.push(whole);
  }

  #settle(bdf: string, own: readonly FunctionDescription[]): FunctionDescription {
    const settlement = new Settlement();
    const said = own.map((value, index) => ({ source: `object ${index + 1} of that name`, value }));
    const settled = mergeFunction(settlement, bdf, said);
    for (const { code, message, functions } of settlement.findings) this.#find(code, message, functions);
    return settled;
  }

  #describeHostBridges(): HostBridgeDescription[] {
    // The last bus of hwloc's ranges is the last that it met, not the last that may be handed out.
    return [...this.#hostBridges]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([root, nodes]) => {
        const [numaNode] = nodes;
        return defined<HostBridgeDescription>({ root, numaNode: nodes.size === 1 ? numaNode : undefined });
      });
  }

  #find(code: FindingCode, message: string, functions: readonly string[]): void {
    this.#findings.push({ code, message, functions, source: this.source });
  }
}

/** Whether it is a host bridge, and no function; a function below another bus is the other kind of bridge. */
function isBelowHost(element: XmlElement): boolean {
  const { bridge_type } = element.attributes;
  if (bridge_type === "0-1") return true;
  if (bridge_type === "1-1") return false;
  throw element.error(`expected bridge_type to be 0-1 (of a host) or 1-1 (of a bus), got ${quoted(bridge_type)}`);
}

function busesBelow(element: XmlElement): Below {
  const { bridge_pci } = element.attributes;
  const buses = parseBuses(bridge_pci ?? "");
  if (buses !== null) return buses;
  throw element.error(`expected bridge_pci to be the buses below, such as 0000:[04-08], got ${quoted(bridge_pci)}`);
}

/**
 * From 2.x on nodes without CPUs have those of the nodes near them, and which of the two Linux lists the CPUs of is not
 * told: of nodes that share any, they are unknown.
 */
function describeNumaNodes(nodes: ReadonlyMap<number, readonly Run[] | undefined>): NumaNodeDescription[] {
  const runs = [...nodes].flatMap(([node, cpus]) => (cpus ?? []).map((run) => ({ node, ...run })));
  runs.sort((a, b) => a.first - b.first);
  const shared = new Set<number>();
  let highest = { node: -1, last: -1 };
  for (const { node, first, last } of runs) {
    if (first <= highest.last) shared.add(node).add(highest.node);
    if (last > highest.last) highest = { node, last };
  }
  return [...nodes]
    .sort(([a], [b]) => a - b)
    .map(([node, cpus]) =>
      defined<NumaNodeDescription>({ node, cpus: cpus && !shared.has(node) ? formatRuns(cpus) : undefined }),
    );
}

function onlyBit(runs: readonly Run[] | undefined): number | undefined {
  const [run] = runs ?? [];
  return run !== undefined && runs!.length === 1 && run.first === run.last ? run.first : undefined;
}

/** Undefined where the object lacks the attribute, or has all bits set, which says nothing. */
function bitmap(element: XmlElement, name: string): readonly Run[] | undefined {
  const text = element.attributes[name];
  if (text === undefined) return undefined;
  const runs = parseBitmap(text);
  if (runs === null) throw element.error(`expected ${name} to be a bitmap, such as 0x000000ff, got ${quoted(text)}`);
  return runs.at(-1)?.last === Infinity ? undefined : runs;
}

function quoted(text: string | undefined): string {
  return text === undefined ? "nothing" : `"${text.slice(0, 80)}"`;
}
