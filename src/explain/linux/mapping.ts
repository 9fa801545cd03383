import { cpuOf } from "../../topology/cpu.js";
import { expectRelease, ordinal } from "../../policy/release.js";
import { expectTopology, functionId } from "../../topology/arguments.js";
import type { IommuMode, SystemDescription } from "../../topology/description.js";
import type { Ref, Topology } from "../../topology/topology.js";
import type { Mapping } from "../verdict.js";

/** What a DMA call of Linux itself returns, to be held against the answer that looks at owner and bridges. */
export interface LinuxMapping {
  /** The function of the kernel that does it in this release, such as `dma_map_resource`. */
  readonly call: string;
  /**
   * `identity`: the CPU physical address as it is. `bus-address`: the owner's. `iova`: what the IOMMU's driver allots.
   * `error`: no address. `absent`: there is no such call in this release, or nobody can get to it on this machine.
   * `unknown`: the description does not show what it depends on.
   */
  readonly result: "identity" | "bus-address" | "iova" | "error" | "absent" | "unknown";
  /** Null for an IOVA, which only the kernel knows, and where there is none. */
  readonly dmaAddress: bigint | null;
  /** What comes back in place of an address, such as `DMA_MAPPING_ERROR`; null: an address does, or it is not known. */
  readonly error: string | null;
  /** Why, in a sentence without a full stop. */
  readonly note: string;
}

/** What came of a call, whose name the caller adds. */
export type LinuxResult = Omit<LinuxMapping, "call">;

/** What takes the place of an address where one is expected. */
export const MAPPING_ERROR = "DMA_MAPPING_ERROR";

export function identity(address: bigint, note: string): LinuxResult {
  return { result: "identity", dmaAddress: address, error: null, note };
}

export function busAddress(address: bigint, note: string): LinuxResult {
  return { result: "bus-address", dmaAddress: address, error: null, note };
}

export function iova(note: string): LinuxResult {
  return { result: "iova", dmaAddress: null, error: null, note };
}

export function failure(error: string | null, note: string): LinuxResult {
  return { result: "error", dmaAddress: null, error, note };
}

export function absent(note: string): LinuxResult {
  return { result: "absent", dmaAddress: null, error: null, note };
}

export function unknown(note: string): LinuxResult {
  return { result: "unknown", dmaAddress: null, error: null, note };
}

/** What is the same in every completion of the description; else unknown. */
export function agreed(results: readonly LinuxResult[], open: string): LinuxResult {
  const [first, ...others] = results;
  const same = others.every(({ result, dmaAddress }) => result === first!.result && dmaAddress === first!.dmaAddress);
  return same ? first! : unknown(`not shown, and it depends on it: ${open}`);
}

/**
 * A release as a number that orders like releases.
 *
 * @throws TypeError for what is no text; RangeError where it does not begin with two numbers.
 */
export function releaseNumber(release: string): number {
  return ordinal(expectRelease(release));
}

/** How DMA calls come to an address: by the IOMMU's driver of an architecture, or directly. */
export interface DmaPath {
  readonly architecture: "x86" | "arm64" | "arm" | "ppc" | "other";
  readonly translating: boolean;
}

/** Who issues the DMA: a function, or a device outside PCI. */
export interface LinuxInitiator {
  /** Null: no function. */
  readonly id: number | null;
  /** Ordinal in `topology.systems`. */
  readonly system: number;
  /** Address bits it drives; missing: not stated, and taken to be all. */
  readonly maskBits?: number;
  /** One for each way to complete what the description leaves open. */
  readonly paths: readonly DmaPath[];
  /** What it leaves open, for people; empty: nothing. */
  readonly open: string;
}

/** @throws TypeError for anything but a topology; RangeError for what names no function or device outside PCI, or several. */
export function linuxInitiator(topology: Topology, ref: Ref): LinuxInitiator {
  expectTopology(topology);
  const device = topology.platformDevice(ref);
  const id = device === null ? functionId(topology, ref) : null;
  const system = device?.system ?? topology.systemOf(id!);
  const { dmaMaskBits: maskBits } = device?.description ?? topology.describe(id!)!;
  return { id, system, ...(maskBits === undefined ? {} : { maskBits }), ...pathsOf(topology.systems[system]!) };
}

function pathsOf(system: SystemDescription): Pick<LinuxInitiator, "paths" | "open"> {
  const architecture = architectureOf(system);
  const modes = system.iommu === undefined ? MODES : [system.iommu];
  const architectures = architecture === null ? ARCHITECTURES : [architecture];
  const open = [
    ...(system.iommu === undefined ? ["whether an IOMMU translates"] : []),
    ...(architecture === null ? ["the CPU's architecture"] : []),
  ];
  return {
    paths: architectures.flatMap((each) =>
      modes.map((mode) => ({ architecture: each, translating: mode === "translating" })),
    ),
    open: open.join(" and "),
  };
}

const MODES: readonly IommuMode[] = ["off", "translating"];
const ARCHITECTURES: readonly DmaPath["architecture"][] = ["x86", "arm64", "arm", "ppc", "other"];

function architectureOf(system: SystemDescription): DmaPath["architecture"] | null {
  const cpu = cpuOf(system)?.cpu;
  const name = cpu?.architecture;
  if (name === undefined) return cpu?.vendor === undefined ? null : "x86";
  if (/^(x86|i[3-6]86|amd64)/.test(name)) return "x86";
  if (/^(arm64|aarch64)/.test(name)) return "arm64";
  return name.startsWith("arm") ? "arm" : name.startsWith("ppc") ? "ppc" : "other";
}

/** Whether the initiator drives the last of `size` bytes from `address`. */
export function drives({ maskBits }: LinuxInitiator, address: bigint, size: bigint): boolean {
  return maskBits === undefined || maskBits >= 64 || address + size - 1n < 1n << BigInt(maskBits);
}

/**
 * Whether Linux's own answer is another than the one that looked; null: one of the two is not known.
 *
 * @param mapping what `PeerDma.map` says of the same request.
 */
export function differs(mapping: Mapping, { result, dmaAddress }: LinuxMapping): boolean | null {
  if (result === "unknown" || mapping.route === "unknown") return null;
  const refused = result === "error" || result === "absent";
  if (!mapping.ok || refused) return mapping.ok || !refused;
  if (mapping.translation === "iommu") return result !== "iova";
  return mapping.dmaAddress === null ? null : dmaAddress !== mapping.dmaAddress;
}
