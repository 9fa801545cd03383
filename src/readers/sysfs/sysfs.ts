import type {
  CpuDescription,
  FunctionDescription,
  HostBridgeDescription,
  IommuMode,
  KernelDescription,
  SystemDescription,
  WindowDescription,
} from "../../topology/description.js";
import { decompress } from "../files/archive.js";
import { defined } from "../config-space.js";
import { readCpuinfo } from "../cpuinfo.js";
import { readLastBus, readRanges } from "./device-tree.js";
import { baseName, type FileTree, namesOf } from "../files/file-tree.js";
import { readIomem } from "../iomem.js";
import { ReadError, type Reading } from "../reading.js";
import { withBusAddresses } from "./addresses.js";
import { DEVICES, type Places, readDevices, ROOT_BUS } from "./devices.js";
import { readNumaNodes } from "./numa.js";

/*
 *     sys/bus/pci/devices/0000:03:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:03:00.0
 *     sys/devices/…/0000:03:00.0/    config resource class vendor … driver -> iommu_group -> physfn -> net/ nvme/ …
 *     sys/devices/pci0000:00/pci_bus/0000:00/of_node -> ../../../../firmware/devicetree/base/pcie@10000000
 *     sys/kernel/iommu_groups/0/type
 *     sys/devices/system/node/node0/cpulist
 *     proc/cpuinfo, iomem, cmdline, version, sys/kernel/osrelease, config.gz, device-tree/
 */

/**
 * Reads the `/sys` and `/proc` of one machine, whole or as much of them as somebody kept.
 *
 * @param source name of the tree, for findings and messages.
 * @throws ReadError where it holds no machine, or several.
 */
export async function readSysfs(tree: FileTree, source: string): Promise<Reading> {
  const places = placesIn(tree, source);
  const devices = readDevices(tree, places, source);
  const nodes = hostBridgeNodes(tree, places, devices.roots);
  const iomem = tree.text(`${places.proc}/iomem`);
  const memory = iomem === null ? null : readIomem(iomem, `${source}: proc/iomem`, nodes);
  const hostBridges = hostBridgesOf(tree, places, devices.roots, nodes, memory);
  const cpuinfo = tree.text(`${places.proc}/cpuinfo`);
  const cpu = cpuinfo === null ? {} : readCpuinfo(cpuinfo, `${source}: proc/cpuinfo`);
  const kernel = await readKernel(tree, places, source);
  const system = defined<SystemDescription>({
    kernel: Object.keys(kernel).length > 0 ? kernel : undefined,
    cpu: Object.keys(cpu).length > 0 ? cpu : undefined,
    iommu: readIommuMode(tree, places) ?? iommuWithoutGroups(tree, places, devices.functions, cpu, kernel),
    functions: withBusAddresses(devices.functions, hostBridges, devices.roots),
    complete: devices.complete ? true : undefined,
    allAddresses: memory?.system.allAddresses,
    hostBridges,
    platformDevices: memory?.system.platformDevices,
    ranges: memory?.system.ranges,
    numaNodes: readNumaNodes(tree, places.sys),
  });
  return { system, findings: [...devices.findings, ...(memory?.findings ?? [])] };
}

/**
 * Where `sys` and `proc` of the one machine in a tree are.
 *
 * @throws ReadError where it holds no machine, or several.
 */
export function placesIn(tree: FileTree, source: string): Places {
  const [places, ...others] = allPlacesIn(tree);
  if (places === undefined) {
    const found = tree.list("")?.slice(0, 8).join(", ") || "nothing";
    throw new ReadError(`expected ${DEVICES} at the top or in a directory there, found ${found}`, source);
  }
  if (others.length > 0) {
    const tops = [places, ...others].map(({ top }) => top).join(", ");
    throw new ReadError(`holds several machines (${tops}): give each one's directory by itself`, source);
  }
  return places;
}

function allPlacesIn(tree: FileTree): Places[] {
  if (tree.isDirectory(DEVICES)) return [{ sys: "/sys", proc: "/proc", top: "" }];
  if (tree.isDirectory("bus/pci/devices")) return [{ sys: "", proc: "/proc", top: "" }];
  return (tree.list("") ?? [])
    .filter((name) => tree.isDirectory(`${name}/${DEVICES}`))
    .map((name) => ({ sys: `/${name}/sys`, proc: `/${name}/proc`, top: name }));
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
  for (const name of tree.list(`${places.sys}/devices`, ROOT_BUS) ?? []) {
    known.add(ROOT_BUS.exec(name)![1]!.toLowerCase());
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
  const release =
    tree.text(`${places.proc}/sys/kernel/osrelease`) ||
    /^Linux version (\S+)/.exec(tree.text(`${places.proc}/version`) ?? "")?.[1];
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

/** Since 3.6 the kernel gives every device that an IOMMU is in front of a group, and its directory a link to that. */
const FIRST_WITH_GROUPS = [3, 6] as const;

/** Where DMA is translated through IOMMU groups or not at all; POWER, s390 and others have ways of their own. */
const GROUPED_ARCHITECTURES: readonly (string | undefined)[] = ["x86", "arm64", "riscv64"];

/**
 * `off`, where a copy lacks the lists of groups and of IOMMUs, but kept the links of every device, also those that few
 * people ask for, and no device has one to a group.
 */
function iommuWithoutGroups(
  tree: FileTree,
  places: Places,
  functions: readonly FunctionDescription[],
  { architecture }: CpuDescription,
  { release }: KernelDescription,
): IommuMode | undefined {
  if (tree.has(`${places.sys}/kernel/iommu_groups`) || tree.has(`${places.sys}/class/iommu`)) return undefined;
  const [major, minor] = (release ?? "").split(".").map((part) => parseInt(part, 10));
  if (major === undefined || minor === undefined || !GROUPED_ARCHITECTURES.includes(architecture)) return undefined;
  const [first, firstMinor] = FIRST_WITH_GROUPS;
  if (!(major > first || (major === first && minor >= firstMinor))) return undefined;
  const keptLinks =
    functions.every(({ iommuGroup }) => iommuGroup === null) &&
    functions.some(({ driver }) => typeof driver === "string") &&
    functions.some(({ bdf }) =>
      ["firmware_node", "of_node"].some((link) => tree.has(`${places.sys}/bus/pci/devices/${bdf}/${link}`)),
    );
  return keptLinks ? "off" : undefined;
}

function iommuMode(type: string | null): IommuMode | undefined {
  if (type === "identity") return "passthrough";
  return type === "DMA" || type === "DMA-FQ" ? "translating" : undefined;
}
