import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { isGpuClass } from "../topology/class-code.js";

/*
 * NVIDIA's GB300 servers, where a ConnectX has a second function for the GPU's memory (Data Direct):
 *
 *     Grace root port    SV off                       xx111x0
 *      └ ConnectX switch
 *         ├ port         requests pass                xx110x1
 *         │  └ DMA function of the ConnectX
 *         └ port         completions pass             xx101x1
 *            └ ConnectX switch
 *               └ GPU
 *
 * The DMA function asks, the GPU answers: what one port lets pass the other need not. All other ports redirect as usual, and
 * with all ACS off the driver refuses. The values are those of rdma_topo of rdma-core, which writes the same.
 */

/** What counts as the goal of a fix. */
export const PROFILES = ["linux", "precise", "gb300"] as const;

/** One of {@link PROFILES}: what Linux tests, what the hardware needs, or what servers of one kind need. */
export type Profile = (typeof PROFILES)[number];

/** Which functions of a GB300 server have to have which ACS bits. Ids are those of the topology. */
export interface DirectComplex {
  readonly gpu: number;
  readonly dma: number;
  readonly wanted: readonly WantedBits[];
}

/** Bits of the ACS control word of one function that have to be set, and clear; the others are as they are. */
export interface WantedBits {
  readonly id: number;
  readonly set: number;
  readonly clear: number;
  readonly why: string;
}

const DMA_FUNCTION = "15b3:2100";
const SWITCH = "15b3:197c";
/** Grace, and Vera, whose root ports are used alike. */
const ROOT_PORTS: readonly string[] = ["10de:22b1", "10de:22b2", "10de:22b8", "10de:2f95", "10de:2f96"];

/** The functions through which a ConnectX of a system reaches its GPU's memory; none: it is no such server. */
export function dmaFunctions(topology: Topology, system: number): number[] {
  return [...topology.functions(system)].filter((id) => idsOf(topology.registers(id)!) === DMA_FUNCTION);
}

/**
 * The complex that holds a DMA function and the GPU below the same root port.
 *
 * @returns what is not as it is there, as a sentence without a full stop, where they are in none.
 */
export function directComplex(topology: Topology, a: number, b: number): DirectComplex | string {
  const dma = [a, b].find((id) => idsOf(topology.registers(id)!) === DMA_FUNCTION);
  const gpu = [a, b].find((id) => isNvidiaGpu(topology.registers(id)!));
  if (dma === undefined || gpu === undefined) {
    return `the profile gb300 is about a GPU of NVIDIA and the DMA function (${DMA_FUNCTION}) of a ConnectX below the same root port`;
  }
  const { bridge } = topology.common(dma, gpu);
  const [toDma, toGpu] = [dma, gpu].map((id) => {
    const chain = topology.path(id);
    return typeof bridge === "number" ? chain[chain.indexOf(bridge) - 1] : undefined;
  });
  const root = functionsOf(topology, dma).at(-1)!;
  const ids = (id: number | undefined) => (id === undefined ? "" : idsOf(topology.registers(id)!));
  if (ids(toDma) !== SWITCH || ids(toGpu) !== SWITCH || !ROOT_PORTS.includes(ids(root))) {
    return `${topology.name(dma)} and ${topology.name(gpu)} do not meet at a ConnectX switch below a root port of Grace or Vera`;
  }
  return {
    gpu,
    dma,
    wanted: [
      { id: toDma!, set: SV | CR | UF, clear: RR, why: "requests of the DMA function have to pass here" },
      { id: toGpu!, set: SV | RR | UF, clear: CR, why: "completions of the GPU have to pass here" },
      { id: root, set: RR | CR | UF, clear: SV, why: "puts both into one IOMMU group, which the driver asks for" },
    ],
  };
}

const [SV, RR, CR, UF] = [0x01, 0x04, 0x08, 0x10];

function functionsOf(topology: Topology, id: number): number[] {
  return [...topology.path(id)].filter((each) => topology.isFunction(each));
}

function isNvidiaGpu({ vendor, class: code }: FunctionDescription): boolean {
  return vendor === "10de" && isGpuClass(code);
}

function idsOf({ vendor, device }: FunctionDescription): string {
  return `${vendor}:${device}`;
}
