import { canonicalBdf, compareBdf, parseBdf } from "../topology/bdf.js";
import type {
  FunctionDescription,
  HostBridgeDescription,
  IommuMode,
  KernelDescription,
  SystemDescription,
  WindowDescription,
} from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { decompress } from "./archive.js";
import { defined } from "./config-space.js";
import { readCpuinfo } from "./cpuinfo.js";
import { readLastBus, readRanges } from "./device-tree.js";
import { baseName, type FileTree, namesOf } from "./file-tree.js";
import { readIomem } from "./iomem.js";
import { ReadError, type Reading } from "./reading.js";
import { withBusAddresses } from "./sysfs-addresses.js";
import { readFunction } from "./sysfs-function.js";

/*
 *     sys/bus/pci/devices/0000:03:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:03:00.0
 *                                                          └ root bus └ the bridge above
 *     sys/devices/…/0000:03:00.0/    config resource class vendor … driver -> iommu_group -> physfn -> net/ nvme/ …
 *     sys/devices/pci0000:00/pci_bus/0000:00/of_node -> ../../../../firmware/devicetree/base/pcie@10000000
 *     sys/kernel/iommu_groups/0/type
 *     proc/cpuinfo, iomem, cmdline, version, sys/kernel/osrelease, config.gz, device-tree/
 */
const DEVICES = "sys/bus/pci/devices";
const ROOT_BUS = /^pci([0-9a-f]{4,8}:[0-9a-f]{2})$/i;

/** Where `sys` and `proc` are in a tree, as prefixes of paths. */
interface Places {
  readonly sys: string;
  readonly proc: string;
  readonly top: string;
}

/** Whether a tree holds a machine's `sys/bus/pci/devices`: at its top, or below one directory there. */
export function looksLikeSysfs(tree: FileTree): boolean {
  return placesIn(tree).length > 0;
}

/** Reads the `/sys` and `/proc` of one machine, whole or as much of them as somebody kept. */
export async function readSysfs(tree: FileTree, source: string): Promise<Reading> {
  const [places, ...others] = placesIn(tree);
  if (places === undefined) {
    const found = tree.list("")?.slice(0, 8).join(", ") || "nothing";
    throw new ReadError(`expected ${DEVICES} at the top or in a directory there, found ${found}`, source);
  }
  if (others.length > 0) {
    const tops = [places, ...others].map(({ top }) => top).join(", ");
    throw new ReadError(`holds several machines (${tops}): give each one's directory by itself`, source);
  }
  const devices = readDevices(tree, places, source);
  const nodes = hostBridgeNodes(tree, places, devices.roots);
  const iomem = tree.text(`${places.proc}/iomem`);
  const memory = iomem === null ? null : readIomem(iomem, `${source}: proc/iomem`, nodes);
  const hostBridges = hostBridgesOf(tree, places, devices.roots, nodes, memory);
  const cpuinfo = tree.text(`${places.proc}/cpuinfo`);
  const cpu = cpuinfo === null ? {} : readCpuinfo(cpuinfo);
  const kernel = await readKernel(tree, places, source);
  const system = defined<SystemDescription>({
    kernel: Object.keys(kernel).length > 0 ? kernel : undefined,
    cpu: Object.keys(cpu).length > 0 ? cpu : undefined,
    iommu: readIommuMode(tree, places),
    functions: withBusAddresses(devices.functions, hostBridges, devices.roots),
    complete: devices.complete ? true : undefined,
    allAddresses: memory?.system.allAddresses,
    hostBridges,
    platformDevices: memory?.system.platformDevices,
    ranges: memory?.system.ranges,
  });
  return { system, findings: [...devices.findings, ...(memory?.findings ?? [])] };
}

function placesIn(tree: FileTree): Places[] {
  if (tree.isDirectory(DEVICES)) return [{ sys: "/sys", proc: "/proc", top: "" }];
  if (tree.isDirectory("bus/pci/devices")) return [{ sys: "", proc: "/proc", top: "" }];
  return (tree.list("") ?? [])
    .filter((name) => tree.isDirectory(`${name}/${DEVICES}`))
    .map((name) => ({ sys: `/${name}/sys`, proc: `/${name}/proc`, top: name }));
}

interface Devices {
  readonly functions: readonly FunctionDescription[];
  /** Root buses, by the functions below them. */
  readonly roots: ReadonlyMap<string, string>;
  readonly complete: boolean;
  readonly findings: readonly Finding[];
}

function readDevices(tree: FileTree, places: Places, source: string): Devices {
  const directory = `${places.sys}/bus/pci/devices`;
  const functions: FunctionDescription[] = [];
  const roots = new Map<string, string>();
  const findings: Finding[] = [];
  const withoutConfig: string[] = [];
  const withoutResource: string[] = [];
  const slots = readSlots(tree, places);
  let complete = true;
  for (const name of tree.list(directory) ?? []) {
    const bdf = canonicalBdf(name);
    if (bdf === null) {
      complete = false;
      const message = `${DEVICES}: expected a function dddd:bb:dd.f, got "${name}"`;
      findings.push({ code: "MALFORMED_LINE", message, functions: [], source });
      continue;
    }
    const path = `${directory}/${name}`;
    const place = placeOf(tree, path);
    if (place.root !== undefined) roots.set(bdf, place.root);
    const read = readFunction(tree, path, bdf);
    if (!read.hasConfig) withoutConfig.push(bdf);
    if (!read.hasResource) withoutResource.push(bdf);
    functions.push(
      defined<FunctionDescription>({ ...read.function, parent: place.parent, slot: slots.get(bdf.slice(0, -2)) }),
    );
    findings.push(...read.findings.map((finding) => ({ ...finding, source })));
  }
  findings.push(...missing("config", withoutConfig, source), ...missing("resource", withoutResource, source));
  functions.sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
  return { functions, roots, complete, findings };
}

function missing(file: string, functions: readonly string[], source: string): Finding[] {
  if (functions.length === 0) return [];
  const message = `no readable ${file} file for ${functions.length === 1 ? functions[0]! : `${functions.length} functions`}`;
  return [{ code: "MISSING_FILE", message, functions, source }];
}

/** The bridge above and the root bus, as the link's path leads through them. Bridges of other buses end the way up. */
function placeOf(tree: FileTree, path: string): { parent?: string | null; root?: string } {
  const above = namesOf(tree.link(path) ?? "").slice(0, -1);
  const next = above.at(-1) ?? "";
  const root = above.findLast((name) => ROOT_BUS.test(name));
  const rootBus = root === undefined ? {} : { root: ROOT_BUS.exec(root)![1]!.toLowerCase() };
  if (ROOT_BUS.test(next)) return { parent: null, ...rootBus };
  const parent = canonicalBdf(next);
  return parent === null ? rootBus : { parent, ...rootBus };
}

/** Slot names by `dddd:bb:dd`, which all functions of a device share. */
function readSlots(tree: FileTree, places: Places): ReadonlyMap<string, string> {
  const slots = new Map<string, string>();
  const directory = `${places.sys}/bus/pci/slots`;
  for (const name of tree.list(directory) ?? []) {
    const address = canonicalBdf(`${tree.text(`${directory}/${name}/address`) ?? ""}.0`);
    if (address !== null) slots.set(address.slice(0, -2), name);
  }
  return slots;
}

/** Root buses by the names of the device tree nodes that describe their host bridges. */
function hostBridgeNodes(tree: FileTree, places: Places, roots: ReadonlyMap<string, string>): Map<string, string> {
  const nodes = new Map<string, string>();
  const oneOfEach = new Map([...roots].map(([bdf, root]) => [root, bdf]));
  for (const [root, bdf] of oneOfEach) {
    const path = namesOf(tree.link(`${places.sys}/bus/pci/devices/${bdf}`) ?? "").filter((name) => name !== "..");
    const hostBridge = path.slice(0, path.findLastIndex((name) => name.toLowerCase() === `pci${root}`) + 1);
    const node = tree.link(`${places.sys}/${hostBridge.join("/")}/pci_bus/${root}/of_node`);
    if (node !== null) nodes.set(baseName(node), root);
  }
  return nodes;
}

function hostBridgesOf(
  tree: FileTree,
  places: Places,
  roots: ReadonlyMap<string, string>,
  nodes: ReadonlyMap<string, string>,
  memory: Reading | null,
): HostBridgeDescription[] {
  const known = new Set(roots.values());
  for (const name of tree.list(`${places.sys}/devices`) ?? []) {
    const root = ROOT_BUS.exec(name)?.[1];
    if (root !== undefined) known.add(root.toLowerCase());
  }
  const windows = new Map<string, WindowDescription[]>();
  const lastBuses = new Map<string, number | undefined>();
  for (const [node, root] of nodes) {
    const ranges = tree.file(`${places.proc}/device-tree/${node}/ranges`);
    if (ranges !== null) windows.set(root, readRanges(ranges));
    const buses = tree.file(`${places.proc}/device-tree/${node}/bus-range`);
    if (buses !== null) lastBuses.set(root, readLastBus(buses));
  }
  for (const hostBridge of memory?.system.hostBridges ?? []) {
    known.add(hostBridge.root);
    const own = windows.get(hostBridge.root) ?? [];
    const others = hostBridge.windows?.filter(({ start }) => !own.some((window) => window.start === start)) ?? [];
    windows.set(hostBridge.root, [...own, ...others]);
  }
  return [...known]
    .sort()
    .map((root) => defined<HostBridgeDescription>({ root, lastBus: lastBuses.get(root), windows: windows.get(root) }));
}

async function readKernel(tree: FileTree, places: Places, source: string): Promise<KernelDescription> {
  const version = tree.text(`${places.proc}/version`) ?? "";
  const release =
    (tree.text(`${places.proc}/sys/kernel/osrelease`) || undefined) ?? /^Linux version (\S+)/.exec(version)?.[1];
  const packed = tree.file(`${places.proc}/config.gz`);
  const config =
    packed === null
      ? tree.text(`${places.top === "" ? "" : `/${places.top}`}/boot/config-${release ?? ""}`)
      : new TextDecoder().decode(await decompress(packed, "gzip", `${source}: proc/config.gz`));
  return defined<KernelDescription>({
    release,
    commandLine: tree.text(`${places.proc}/cmdline`) ?? undefined,
    p2pdma: config === null ? undefined : readP2pdma(config),
  });
}

/** An option that cannot be chosen is not mentioned at all in a kernel's configuration. */
function readP2pdma(config: string): boolean | undefined {
  return /^CONFIG_PCI=y$/m.test(config) ? /^CONFIG_PCI_P2PDMA=y$/m.test(config) : undefined;
}

/** What the IOMMU groups' types agree on. Neither groups nor an IOMMU, where the kernel would list them: off. */
function readIommuMode(tree: FileTree, places: Places): IommuMode | undefined {
  const groups = tree.list(`${places.sys}/kernel/iommu_groups`);
  if (groups?.length === 0 && tree.list(`${places.sys}/class/iommu`)?.length === 0) return "off";
  const modes = new Set(
    (groups ?? []).map((name) => iommuMode(tree.text(`${places.sys}/kernel/iommu_groups/${name}/type`))),
  );
  const [mode] = modes;
  return modes.size === 1 ? mode : undefined;
}

function iommuMode(type: string | null): IommuMode | undefined {
  if (type === "identity") return "passthrough";
  return type === "DMA" || type === "DMA-FQ" ? "translating" : undefined;
}
