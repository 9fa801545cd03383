import { cpuListOf } from "../topology/cpu-list.js";
import type {
  CpuDescription,
  FunctionDescription,
  HostAttachmentDescription,
  LinkDescription,
  NcclElement,
  NumaNodeDescription,
  SideLinkDescription,
  SystemDescription,
} from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { mergeFunction } from "../topology/merge/merge.js";
import { Settlement } from "../topology/merge/settlement.js";
import { architectureOfNccl, familyOfNccl } from "../topology/nccl-cpu.js";
import { busIdOf, isFunction, isGpu, linksOf, namesOf, numaNodeOf } from "../topology/nccl-element.js";
import { defined } from "./config-space.js";
import { ReadError, type Reading } from "./reading.js";
import { readXml, rootElement, type XmlElement } from "./xml.js";

/*
 *     <system version="1">                                      1 NCCL, 2 RCCL
 *       <cpu host_hash= numaid= affinity= arch= vendor= familyid= modelid=>   a NUMA node, not a processor
 *         <pci busid= class= vendor= … link_speed= link_width=>               a switch, or a grouping that somebody made up
 *           <pci busid= …>                                                    an endpoint
 *             <gpu dev= sm= rank= gdr=>  <nvlink target= count= tclass=/> <xgmi …/> <c2c bw= count=/>  </gpu>
 *           <pci busid= …>
 *             <nic>  <net name= dev= speed= port= guid= …/>  </nic>
 *         <nic> … </nic>                                                      of no PCI function: bridges, tunnels
 */

/** Whether `text` is a topology file of NCCL or RCCL: its first element is a `system`. */
export function looksLikeNccl(text: string): boolean {
  return rootElement(text) === "system";
}

const TOOLS: Readonly<Record<string, "nccl" | "rccl">> = { 1: "nccl", 2: "rccl" };

/**
 * Reads what NCCL or RCCL makes of a machine, or what somebody wrote for it (`NCCL_TOPO_FILE`). All of it is kept, as
 * a view; of facts it yields the GPUs and network adapters, what links them beside PCIe, and the NUMA nodes.
 *
 * What stands between an endpoint and its processor is no fact: NCCL leaves out root ports and every other level, and who
 * writes a file for a virtual machine invents switches. Nothing tells such a file from a dump, so elements that group
 * others never become functions, and no parent follows from them; nor does it from bus numbers or segments.
 *
 * @returns one reading for each host (`host_hash`); the systems are named where there are several.
 * @throws ReadError for damaged XML, another root element, or a version that is neither NCCL's nor RCCL's.
 */
export function readNccl(text: string, source: string): readonly Reading[] {
  const { system, tool } = readElements(text, source);
  const hosts = hostsOf(system);
  return hosts.map(({ name, cpus }) => {
    const view = { tool, system: { ...system, children: cpus } };
    const host = readHost(cpus, source);
    const named = hosts.length > 1 ? { name } : {};
    return { system: { ...named, ...host.system, views: [view] }, findings: host.findings };
  });
}

/** An element whose children are still coming. */
interface OpenElement extends NcclElement {
  readonly children: NcclElement[];
}

function readElements(text: string, source: string): { system: NcclElement; tool: "nccl" | "rccl" } {
  const open: OpenElement[] = [];
  let system: NcclElement | undefined;
  let tool: "nccl" | "rccl" | undefined;
  readXml(text, source, {
    open(element) {
      const { name, attributes } = element;
      const made: OpenElement = { element: name, attributes: { ...attributes }, children: [] };
      const above = open.at(-1);
      if (above === undefined) {
        tool = toolOf(element);
        system = made;
      } else above.children.push(made);
      open.push(made);
    },
    close: () => void open.pop(),
  });
  return { system: system!, tool: tool! };
}

function toolOf(root: XmlElement): "nccl" | "rccl" {
  if (root.name !== "system") throw root.error(`expected the element system, got ${root.name}`);
  const { version } = root.attributes;
  const tool = version === undefined ? undefined : TOOLS[version];
  if (tool !== undefined) return tool;
  throw root.error(
    `expected version="1" (NCCL) or version="2" (RCCL), got ${version === undefined ? "none" : JSON.stringify(version)}`,
  );
}

/** The processors of each host. Who adds one by hand gives it no hash: it is part of the only host that has one. */
function hostsOf(system: NcclElement): readonly { readonly name: string; readonly cpus: readonly NcclElement[] }[] {
  const hashes = new Set(system.children.flatMap(({ attributes }) => attributes["host_hash"] ?? []));
  if (hashes.size <= 1) return [{ name: "", cpus: system.children }];
  const hosts = new Map<string, NcclElement[]>();
  for (const child of system.children) {
    const name = child.attributes["host_hash"] ?? "0x0";
    const cpus = hosts.get(name);
    if (cpus === undefined) hosts.set(name, [child]);
    else cpus.push(child);
  }
  return [...hosts].map(([name, cpus]) => ({ name, cpus }));
}

function readHost(cpus: readonly NcclElement[], source: string): Reading {
  const settlement = new Settlement();
  const findings: Finding[] = [];
  const endpoints = cpus.flatMap((cpu) => endpointsOf(cpu));
  const described = new Map<string, FunctionDescription[]>();
  const unnamed: string[] = [];
  for (const endpoint of endpoints) {
    const description = describeEndpoint(endpoint);
    if (description === null) {
      unnamed.push(endpoint.pci.attributes["busid"] ?? "");
      continue;
    }
    const alike = described.get(description.bdf);
    if (alike === undefined) described.set(description.bdf, [description]);
    else alike.push(description);
  }
  if (unnamed.length > 0) findings.push(withoutName(unnamed, source));
  const functions = [...described].map(([bdf, alike]) => {
    if (alike.length > 1) findings.push(listedTwice(bdf, alike.length, source));
    const said = alike.map((value, index) => ({ source: `${source}, element ${index + 1}`, value }));
    return mergeFunction(settlement, bdf, said);
  });
  const gpus = endpoints.filter(({ pci }) => isGpu(pci));
  const sideLinks = sideLinksOf(gpus, source, findings);
  const hostAttachments = attachmentsOf(gpus);
  const numaNodes = numaNodesOf(cpus);
  const cpu = cpuOf(cpus);
  const system = defined<SystemDescription>({
    cpu: Object.keys(cpu).length > 0 ? cpu : undefined,
    functions,
    sideLinks: sideLinks.length > 0 ? sideLinks : undefined,
    hostAttachments: hostAttachments.length > 0 ? hostAttachments : undefined,
    numaNodes: numaNodes.length > 0 ? numaNodes : undefined,
  });
  return { system, findings: [...findings, ...settlement.findings] };
}

/** An element `pci` that stands for a device, and the NUMA node it is in. */
interface Endpoint {
  readonly pci: NcclElement;
  /** Undefined: not stated, or none. */
  readonly numaNode: number | undefined;
}

function endpointsOf(cpu: NcclElement): Endpoint[] {
  if (cpu.element !== "cpu") return [];
  const numaNode = numaNodeOf(cpu) ?? undefined;
  const found: Endpoint[] = [];
  const walk = (element: NcclElement) => {
    if (isFunction(element)) found.push({ pci: element, numaNode });
    element.children.forEach(walk);
  };
  cpu.children.forEach(walk);
  return found;
}

/** Null where the element names no function. */
function describeEndpoint({ pci, numaNode }: Endpoint): FunctionDescription | null {
  const { attributes } = pci;
  const bdf = busIdOf(pci);
  if (bdf === null) return null;
  const names = namesOf(pci);
  return defined<FunctionDescription>({
    bdf,
    class: hexadecimal(attributes["class"], /^0x([0-9a-f]{4}(?:[0-9a-f]{2})?)$/i),
    vendor: hexadecimal(attributes["vendor"], ID),
    device: hexadecimal(attributes["device"], ID),
    subsystemVendor: hexadecimal(attributes["subsystem_vendor"], ID),
    subsystemDevice: hexadecimal(attributes["subsystem_device"], ID),
    parent: "unknown",
    link: linkOf(attributes),
    numaNode,
    names: names.length > 0 ? names : undefined,
  });
}

const ID = /^0x([0-9a-f]{4})$/i;

function hexadecimal(text: string | undefined, pattern: RegExp): string | undefined {
  return pattern.exec(text ?? "")?.[1]?.toLowerCase();
}

/**
 * NCCL takes the lesser of what the device and the port above it can do (`max_link_speed`), whatever the link runs at.
 * No speed and width 0: not readable.
 */
function linkOf({ link_speed, link_width }: NcclElement["attributes"]): LinkDescription | undefined {
  const speed = /^([0-9]+(?:\.[0-9]+)?) GT\/s(?: PCIe)?$/.exec(link_speed ?? "")?.[1];
  const width = /^[1-9][0-9]?$/.exec(link_width ?? "")?.[0];
  if (speed === undefined && width === undefined) return undefined;
  return defined<LinkDescription>({
    maxSpeed: speed === undefined ? undefined : Number(speed),
    maxWidth: width === undefined ? undefined : Number(width),
  });
}

/** More than any GPU has; who writes more means something else, or harm. */
export const MOST_LINKS = 256;

/** Links of one file: each is an entry of its own in a description. */
export const SIDE_LINKS_LIMIT = 2 ** 16;

/** Both ends list the links between them, each as many as there are. */
function sideLinksOf(gpus: readonly Endpoint[], source: string, findings: Finding[]): SideLinkDescription[] {
  const names = new Set(gpus.map(({ pci }) => busIdOf(pci)));
  const counts = new Map<string, { readonly link: SideLinkDescription; readonly said: Map<string, number> }>();
  for (const { pci } of gpus) {
    const end = busIdOf(pci);
    for (const { kind, target, count: stated } of linksOf(pci)) {
      if (kind === "c2c") continue;
      const count = Number(stated);
      // Links to an NVSwitch, or to nobody knows what, stay in the view.
      if (end === null || target === end || !names.has(target)) continue;
      if (!Number.isInteger(count) || count < 1 || count > MOST_LINKS) {
        findings.push(badCount(kind, end, target, stated, source));
        continue;
      }
      const [from, to] = end < target ? [end, target] : [target, end];
      const name = `${kind} ${from} ${to}`;
      const known = counts.get(name) ?? { link: { kind, from, to }, said: new Map<string, number>() };
      const sum = (known.said.get(end) ?? 0) + count;
      if (sum > MOST_LINKS) {
        findings.push(badCount(kind, end, target, String(sum), source));
        continue;
      }
      known.said.set(end, sum);
      counts.set(name, known);
    }
  }
  const most = [...counts.values()].reduce((sum, { said }) => sum + Math.max(...said.values()), 0);
  if (most > SIDE_LINKS_LIMIT) {
    throw new ReadError(
      `${most} links between GPUs, expected at most ${SIDE_LINKS_LIMIT}, which no machine has`,
      source,
    );
  }
  return [...counts.values()].flatMap(({ link, said }) => {
    const [first, second] = [...said.values()];
    if (second !== undefined && second !== first) findings.push(countsDiffer(link, said, source));
    return Array.from({ length: Math.max(...said.values()) }, () => ({ ...link }));
  });
}

function attachmentsOf(gpus: readonly Endpoint[]): HostAttachmentDescription[] {
  const attached = gpus
    .filter(({ pci }) => linksOf(pci).some(({ kind }) => kind === "c2c"))
    .flatMap(({ pci }) => busIdOf(pci) ?? []);
  return [...new Set(attached)].map((bdf) => ({ kind: "c2c", function: bdf }));
}

/** A node that is listed twice has the CPUs that both say. */
function numaNodesOf(cpus: readonly NcclElement[]): NumaNodeDescription[] {
  const nodes = new Map<number, Set<string>>();
  for (const cpu of cpus) {
    const node = numaNodeOf(cpu);
    if (cpu.element !== "cpu" || node === null) continue;
    const { affinity, affinity_offset: offset } = cpu.attributes;
    const list = affinity === undefined || (offset ?? "0") !== "0" ? null : cpuListOf(affinity);
    const lists = nodes.get(node) ?? new Set<string>();
    nodes.set(node, list === null ? lists : lists.add(list));
  }
  return [...nodes]
    .sort(([a], [b]) => a - b)
    .map(([node, lists]) => ({ node, ...(lists.size === 1 ? { cpus: [...lists][0]! } : {}) }));
}

/** What all processors that say anything agree on. */
function cpuOf(cpus: readonly NcclElement[]): CpuDescription {
  const agreed = (name: string) => {
    const values = new Set(cpus.flatMap(({ attributes }) => attributes[name] ?? []));
    return values.size === 1 ? [...values][0] : undefined;
  };
  const family = wholeNumber(agreed("familyid"));
  const arch = agreed("arch");
  return defined<CpuDescription>({
    architecture: arch === undefined ? undefined : architectureOfNccl(arch),
    vendor: agreed("vendor"),
    family: family === undefined ? undefined : familyOfNccl(family),
    modelNumber: wholeNumber(agreed("modelid")),
  });
}

function wholeNumber(text: string | undefined): number | undefined {
  const match = /^(?:0x[0-9a-f]{1,4}|[0-9]{1,5})$/i.exec(text ?? "");
  return match === null ? undefined : Number(match[0]);
}

const SHOWN = 5;

function withoutName(busids: readonly string[], source: string): Finding {
  const shown = busids.slice(0, SHOWN).map((busid) => (busid === "" ? "none" : JSON.stringify(busid)));
  const more = busids.length > SHOWN ? ` and ${busids.length - SHOWN} more` : "";
  const message = `expected a busid dddd:bb:dd.f for each pci, got ${shown.join(", ")}${more}: left out of the functions`;
  return { code: "MALFORMED_LINE", message, functions: [], source };
}

function listedTwice(bdf: string, times: number, source: string): Finding {
  const message = `${bdf} is listed ${times} times: taken as one function`;
  return { code: "SOURCES_DISAGREE", message, functions: [bdf], source };
}

function badCount(kind: string, from: string, to: string, count: string | undefined, source: string): Finding {
  const message = `${from}: expected a count of ${kind} links to ${to} from 1 to ${MOST_LINKS}, got ${count ?? "none"}`;
  return { code: "MALFORMED_LINE", message, functions: [from, to], source };
}

function countsDiffer(
  { kind, from, to }: SideLinkDescription,
  said: ReadonlyMap<string, number>,
  source: string,
): Finding {
  const sides = [...said].map(([end, count]) => `${end} lists ${count}`).join(", ");
  const message = `the ${kind} links between ${from} and ${to}: ${sides}; the larger number is taken`;
  return { code: "SOURCES_DISAGREE", message, functions: [from, to], source };
}
