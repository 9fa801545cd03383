import { devicesOf } from "../letters/devices.js";
import type { FunctionDescription } from "../topology/description.js";
import { listed } from "../topology/listed.js";
import type { Topology } from "../topology/topology.js";
import type { Partners } from "./partners.js";

/** What software that is to use the partners takes, ready to be pasted. */
export interface Settings {
  /** Device by device, in their order. */
  readonly ranks: readonly RankSettings[];
  /** Names of environment variables for all processes, and their values. */
  readonly variables: Readonly<Record<string, string>>;
  /** sglang's `--disaggregation-ib-device`, and Mooncake's `device_name`; null: not all that it needs is known. */
  readonly sglang: Readonly<Record<string, string>> | null;
  /** What to know about them, or why some are missing, a sentence each. */
  readonly notes: readonly string[];
}

/** What one process is to be started with, that of one device. */
export interface RankSettings {
  /** Id of the device. */
  readonly device: number;
  /** CUDA's number of it where `CUDA_DEVICE_ORDER=PCI_BUS_ID` is set; null: not known, or none of NVIDIA's GPUs. */
  readonly cudaOrdinal: number | null;
  /** RDMA names of its partners, in their order. */
  readonly rdma: readonly string[];
  /** Names of environment variables, and their values. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Settings of NCCL, UCX, NVSHMEM and sglang for GPUs whose partners are network adapters; null: they are not, or in
 * several systems.
 */
export function settingsOf(topology: Topology, found: readonly Partners[]): Settings | null {
  const [system, ...others] = new Set(found.map(({ device }) => topology.systemOf(device)));
  if (system === undefined || others.length > 0) return null;
  const partners = found.flatMap(({ partners }) => partners.map(({ id }) => id));
  if (
    !areAll(
      topology,
      "gpu",
      found.map(({ device }) => device),
    ) ||
    !areAll(topology, "nic", partners)
  )
    return null;
  const numbers = cudaOrdinals(topology, system);
  const unnamed = new Set<string>();
  const ranks = found.map(({ device, partners }): RankSettings => {
    const rdma = partners.flatMap(({ id }) => {
      const name = rdmaNameOf(topology.describe(id)!);
      if (name === null) unnamed.add(topology.name(id));
      return name ?? [];
    });
    return { device, cudaOrdinal: numbers.get(device) ?? null, rdma, variables: ownVariables(rdma) };
  });
  const all = [...new Set(ranks.flatMap(({ rdma }) => rdma))];
  const isWhole = unnamed.size === 0 && ranks.every(({ rdma }) => rdma.length > 0);
  const notes: string[] = [];
  if (unnamed.size > 0) {
    notes.push(
      `the source shows no RDMA name of ${listed([...unnamed], SHOWN)}; /sys does (directories infiniband), and so does \`rdma link\``,
    );
  }
  const areNumbered = ranks.every(({ cudaOrdinal }) => cudaOrdinal !== null);
  if (all.length === 0) return { ranks, variables: {}, sglang: null, notes };
  if (areNumbered) notes.push("CUDA numbers GPUs by bus only where CUDA_DEVICE_ORDER=PCI_BUS_ID is set");
  const hasTies = ranks.some(({ rdma }) => rdma.length > 1);
  if (isWhole && hasTies)
    notes.push("NVSHMEM takes one adapter for each process: --exclusive or --share chooses among those that tie");
  const refused = found.filter(({ partners }) => partners[0]?.answer === "no").length;
  if (refused > 0) {
    notes.push(
      `for ${refused === found.length ? "all" : `${refused} of ${found.length}`} devices these are the nearest, and refused: data then goes by system memory`,
    );
  }
  notes.push("whether the ports of the adapters are up is not looked at");
  return {
    ranks,
    variables: {
      ...(areNumbered && all.length > 0 ? { CUDA_DEVICE_ORDER: "PCI_BUS_ID" } : {}),
      // In front of the list: names are compared as a whole, or mlx5_1 would be mlx5_10 too.
      ...(all.length === 0 ? {} : { NCCL_IB_HCA: `=${all.join(",")}` }),
      ...(isWhole && !hasTies ? nvshmemVariables(inOrder(ranks)) : {}),
    },
    sglang: isWhole && areNumbered ? sglangMap(ranks) : null,
    notes,
  };
}

function areAll(topology: Topology, kind: "gpu" | "nic", ids: readonly number[]): boolean {
  return ids.length > 0 && devicesOf(topology, ids).every((device) => device.kind === kind);
}

/** How many names a note has room for. */
const SHOWN = 5;

function ownVariables(rdma: readonly string[]): Record<string, string> {
  return rdma.length === 0
    ? {}
    : { NCCL_IB_HCA: `=${rdma.join(",")}`, UCX_NET_DEVICES: rdma.map((name) => `${name}:1`).join(",") };
}

/** A process for each device, in the order of their numbers: port 1 of its adapter is for one process. */
function nvshmemVariables(ranks: readonly RankSettings[]): Record<string, string> {
  return {
    NVSHMEM_ENABLE_NIC_PE_MAPPING: "1",
    NVSHMEM_HCA_PE_MAPPING: ranks.map(({ rdma }) => `${rdma[0]!}:1:1`).join(","),
  };
}

function inOrder(ranks: readonly RankSettings[]): readonly RankSettings[] {
  return [...ranks].sort((a, b) => (a.cudaOrdinal ?? 0) - (b.cudaOrdinal ?? 0));
}

function sglangMap(ranks: readonly RankSettings[]): Record<string, string> {
  return Object.fromEntries(ranks.map(({ cudaOrdinal, rdma }) => [String(cudaOrdinal), rdma.join(",")]));
}

/**
 * What RDMA software calls a function: `mlx5_0`, `mlx5_bond_0`, `rocep65s0f0`, `bnxt_re1`, `efa_0`, … Names of network
 * interfaces are none, and `ibp65s0` may be either.
 */
export function rdmaNameOf({ names = [] }: FunctionDescription): string | null {
  return names.find((name) => RDMA.test(name)) ?? null;
}

const RDMA = new RegExp(
  [
    "(?:mlx[45]|mthca|hfi1|qib|cxgb4|i40iw|irdma|bnxt_re|efa|erdma|hns|ionic|mana|ocrdma|qedr|rxe|siw|usnic|vmw_pvrdma|hbl)_?(?:bond_?)?[0-9]+",
    // As rdma-core names them by their place in the machine.
    "(?:roce|iw|opa|rdma|usnic)(?:P[0-9]+)?(?:o[0-9]+|s[0-9]+|p[0-9]+s[0-9]+)(?:f[0-9]+)?(?:v[0-9]+)?",
  ]
    .map((form) => `^${form}$`)
    .join("|"),
);

/**
 * CUDA's numbers, which are known where the description is of a whole machine: those of NVIDIA's GPUs by segment, bus,
 * device, function. One that another driver has, such as vfio-pci, is none of CUDA's.
 */
function cudaOrdinals(topology: Topology, system: number): ReadonlyMap<number, number> {
  const { complete = false } = topology.systems[system]!;
  if (complete === false) return new Map();
  const all = devicesOf(topology, topology.functions(system));
  const numbered = all.flatMap(({ id, kind, number }) => (kind === "gpu" && number !== null ? [id!] : []));
  const usable = numbered.filter((id) => (topology.registers(id)!.driver ?? "nvidia") === "nvidia");
  return new Map(usable.map((id, number) => [id, number]));
}
