import { isBridge, isGpuClass, isNetworkClass } from "../topology/class-code.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";

/** What a device is to its peers, by its class code. */
export type Trade = "gpu" | "accelerator" | "nic" | "nvme";

/**
 * The functions of a system that do DMA with each other: GPUs and accelerators, NICs, NVMe controllers, by segment,
 * bus, device, function.
 */
export function talkersOf(topology: Topology, system: number): Uint32Array {
  return topology.functions(system).filter((id) => tradeOf(topology.registers(id)!) !== null);
}

/** Null: it is no talker. */
export function tradeOf(description: FunctionDescription): Trade | null {
  const { class: code, kind } = description;
  // Peer-to-peer is between PCI Express devices: what hangs below a bridge to PCI shares a bus with others.
  if (kind === "conventional" || isBridge(description)) return null;
  if (isGpuClass(code)) return isScreen(description) ? null : "gpu";
  if (code?.startsWith("12") === true) return "accelerator";
  if (isNetworkClass(code)) return "nic";
  return code?.startsWith("0108") === true ? "nvme" : null;
}

/** Display controllers that nobody computes on: the service processor's, and those whose memory is the system's. */
function isScreen({ vendor, kind }: FunctionDescription): boolean {
  return kind === "rc-integrated-endpoint" || (vendor !== undefined && SERVICE_PROCESSORS.includes(vendor));
}

/** ASPEED and Matrox. */
const SERVICE_PROCESSORS: readonly string[] = ["1a03", "102b"];

/**
 * Whether it is known to have memory that others may be given: a GPU, an accelerator, or an NVMe controller with a
 * memory BAR beside its registers, which is where controller memory buffers mostly are (NVMe 2.0 3.1.4.11).
 */
export function hasMemory(description: FunctionDescription): boolean {
  const trade = tradeOf(description);
  if (trade !== "nvme") return trade !== null && trade !== "nic";
  return (description.bars ?? []).some(({ index, type, size, exported }) => {
    if (exported !== undefined) return exported !== "none";
    return (index === 2 || index === 4) && isMemory(type) && size !== undefined && BigInt(size) >= LEAST_BUFFER;
  });
}

function isMemory(type: string | undefined): boolean {
  return type === undefined || type === "mem32" || type === "mem64";
}

/** Smaller BARs hold tables of interrupts. */
const LEAST_BUFFER = 1n << 17n;
