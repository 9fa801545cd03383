import { isGpuClass, isNetworkClass } from "../topology/class-code.js";
import type { FunctionDescription } from "../topology/description.js";
import { NumaNodes } from "../topology/numa-nodes.js";
import type { Topology } from "../topology/topology.js";
import type { ClaimedDevice, Near } from "./claims.js";

/**
 * Functions as letters know them. GPUs of NVIDIA are numbered as `nvidia-smi` numbers them, by segment, bus, device,
 * function; so are network functions of Mellanox, which mlx5_0, mlx5_1, … mostly follow.
 */
export function devicesOf(topology: Topology, ids: Iterable<number>): ClaimedDevice[] {
  const numbers = new Map<number, number>();
  const wanted = [...ids];
  for (const system of new Set(wanted.map((id) => topology.systemOf(id)))) {
    const counts = { gpu: 0, nic: 0 };
    for (const id of topology.functions(system)) {
      const description = topology.registers(id)!;
      const maker = isNvidiaGpu(description) ? "gpu" : isMellanoxNic(description) ? "nic" : null;
      if (maker !== null) numbers.set(id, counts[maker]++);
    }
  }
  const nodes = new NumaNodes(topology);
  return wanted.map((id) => {
    const description = topology.describe(id)!;
    const number = numbers.get(id) ?? null;
    return {
      name: topology.name(id),
      names: description.names ?? [],
      bdf: description.bdf,
      kind: kindOf(description, number !== null),
      number,
      near: nearOf(topology, id, nodes.near(id)),
      id,
    };
  });
}

function nearOf(topology: Topology, id: number, node: number | null | undefined): Near {
  if (typeof node !== "number") return {};
  const { numaNodes = [] } = topology.systems[topology.systemOf(id)]!;
  const cpus = numaNodes.find((each) => each.node === node)?.cpus;
  return { numaNodes: String(node), ...(cpus === undefined ? {} : { cpus }) };
}

function kindOf(description: FunctionDescription, isNumbered: boolean): ClaimedDevice["kind"] {
  const { class: code } = description;
  if (isGpuClass(code)) return "gpu";
  if (isNetworkClass(code)) return "nic";
  if (!isNumbered) return "other";
  return isNvidiaGpu(description) ? "gpu" : "nic";
}

/** A drawing (`lspci -t`) has no classes: of NVIDIA's cards the first function is the GPU, the others sound and USB. */
function isNvidiaGpu({ bdf, bus, vendor, class: code, label }: FunctionDescription): boolean {
  if (bus !== undefined || !isMadeBy("10de", "NVIDIA", vendor, label)) return false;
  return code === undefined ? bdf.endsWith(".0") : code.startsWith("0300") || code.startsWith("0302");
}

/** A network function of Mellanox; one whose class is not shown counts. */
export function isMellanoxNic({ bus, vendor, class: code, label }: FunctionDescription): boolean {
  return (
    bus === undefined && isMadeBy("15b3", "Mellanox", vendor, label) && (code === undefined || isNetworkClass(code))
  );
}

function isMadeBy(id: string, maker: string, vendor: string | undefined, label: string | undefined): boolean {
  return vendor === undefined ? label?.startsWith(maker) === true : vendor === id;
}
