import { cpuListOf, isCpuList } from "../../topology/cpu-list.js";
import type { NumaNodeDescription } from "../../topology/description.js";
import { defined } from "../config-space.js";
import type { FileTree } from "../files/file-tree.js";

/*
 *     sys/devices/system/node/node0/cpulist    0-15,32-47
 *     sys/devices/system/node/node0/cpumap     0000ffff,0000ffff    the highest CPUs first, 32 a word
 */
const NODE = /^node([0-9]{1,9})$/;
const MAP = /^[0-9a-f]{1,8}(?:,[0-9a-f]{8})*$/i;

/** The NUMA nodes of a machine; undefined where its `sys` does not show them. */
export function readNumaNodes(tree: FileTree, sys: string): NumaNodeDescription[] | undefined {
  const directory = `${sys}/devices/system/node`;
  const nodes = (tree.list(directory, NODE) ?? []).map((name) =>
    defined<NumaNodeDescription>({
      node: Number(NODE.exec(name)![1]),
      cpus: cpusOf(tree.text(`${directory}/${name}/cpulist`), () => tree.text(`${directory}/${name}/cpumap`)),
    }),
  );
  return nodes.length > 0 ? nodes.sort((a, b) => a.node - b.node) : undefined;
}

/** Old copies have the map only, which says the same. */
function cpusOf(list: string | null, map: () => string | null): string | undefined {
  if (list !== null) return isCpuList(list) ? list : undefined;
  const words = map();
  return words !== null && MAP.test(words) ? cpuListOf(words)! : undefined;
}
