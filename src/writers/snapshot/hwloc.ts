import type { FileTree } from "../../readers/files/file-tree.js";
import type { Places } from "../../readers/sysfs/devices.js";
import { THROUGH_FUNCTION } from "../../readers/sysfs/names.js";

/** The names a path leads through: one, each of several, or all directories that match. */
type Pattern = readonly (string | readonly string[] | RegExp)[];

const FUNCTION = ["bus/pci/devices", /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i] as const;
const CPU = ["devices/system/cpu", /^cpu[0-9]+$/] as const;
const NODE = ["devices/system/node", /^node[0-9]+$/] as const;
const INITIATORS = [...NODE, /^access[01]$/, "initiators"] as const;
const PAGES = [/^hugepages-[0-9]+kB$/, "nr_hugepages"] as const;

/*
 * The files from which hwloc (2.9) makes packages, cores, caches, memory and PCI devices: those that its
 * hwloc-gather-topology collects, but for what names the machine or carries serial numbers (DMI, MAC addresses), and
 * for cgroups and mounts, which say what one process may use and not what there is.
 */
const IN_PROC: Pattern = [["cpuinfo", "meminfo"]];
const IN_SYS: readonly Pattern[] = [
  ["devices/system/cpu", ["online", "possible", "present", "kernel_max"]],
  [...CPU, ["online", "cpu_capacity"]],
  [...CPU, "topology", ["physical_package_id", "die_id", "cluster_id", "core_id", "book_id", "drawer_id"]],
  [...CPU, "topology", ["package_cpus", "die_cpus", "cluster_cpus", "core_cpus"]],
  [...CPU, "topology", ["core_siblings", "thread_siblings", "book_siblings", "drawer_siblings"]],
  [...CPU, "cache", /^index[0-9]+$/, ["type", "level", "id", "size", "shared_cpu_map"]],
  [...CPU, "cache", /^index[0-9]+$/, ["coherency_line_size", "number_of_sets", "physical_line_partition"]],
  [...CPU, "cpufreq", ["cpuinfo_max_freq", "base_frequency"]],
  ["devices/system/node", ["online", "possible"]],
  [...NODE, ["cpumap", "meminfo", "distance"]],
  [...NODE, "hugepages", ...PAGES],
  [...NODE, "memory_side_cache", /^index[0-9]+$/, ["size", "line_size", "indexing"]],
  [...INITIATORS, ["read_bandwidth", "write_bandwidth", "read_latency", "write_latency"]],
  ["kernel/mm/hugepages", ...PAGES],
  [...FUNCTION, ["class", "vendor", "device", "subsystem_vendor", "subsystem_device", "config"]],
  [...FUNCTION, ["local_cpus", "current_link_speed", "current_link_width"]],
];

/** Directories in which the names alone say something: which nodes are initiators. */
const NAMES: Pattern = [...INITIATORS, /^node[0-9]+$/];

/** Lists of what drivers make of PCI functions. */
const CLASSES = ["net", "infiniband", "drm", "dma", "ve", "bxi"];

/** Asks `tree` for all that hwloc would. */
export function askAsHwloc(tree: FileTree, { sys, proc }: Places): void {
  for (const path of expand(tree, proc, IN_PROC)) tree.file(path);
  for (const pattern of IN_SYS) for (const path of expand(tree, sys, pattern)) tree.file(path);
  for (const path of expand(tree, sys, NAMES)) tree.has(path);
  for (const name of CLASSES) tree.links(`${sys}/class/${name}`, THROUGH_FUNCTION);
  // `class/block` has the partitions as well as the disks.
  for (const name of tree.links(`${sys}/block`, THROUGH_FUNCTION).keys()) tree.link(`${sys}/class/block/${name}`);
}

function* expand(tree: FileTree, path: string, [next, ...rest]: Pattern): Generator<string> {
  if (next === undefined) {
    yield path;
    return;
  }
  const names = next instanceof RegExp ? (tree.list(path, next) ?? []) : typeof next === "string" ? [next] : next;
  for (const name of names) yield* expand(tree, `${path}/${name}`, rest);
}
