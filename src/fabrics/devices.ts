import { FUNCTION_KINDS } from "../topology/fabric/columns.js";
import type { FunctionKind } from "../topology/description.js";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What a synthetic endpoint can be. */
export type DeviceKind = "gpu" | "nic" | "nvme" | "accelerator";

export const DEVICE_KINDS: readonly DeviceKind[] = ["gpu", "nic", "nvme", "accelerator"];

/** A function of one kind: what its configuration space says whoever it is. */
export interface Part {
  /** Row in {@link FUNCTION_KINDS}. */
  readonly kind: number;
  readonly class: number;
  /** Vendor id << 16 | device id. */
  readonly identity: number;
}

export interface Bar {
  readonly index: number;
  /** Bytes, a power of two. */
  readonly size: number;
  /** Prefetchable and of 64 bits; otherwise neither. */
  readonly prefetchable: boolean;
}

/** An endpoint: its physical functions, and their virtual functions if it has any. */
export interface Device extends Part {
  readonly bars: readonly Bar[];
  readonly virtual: Part & { readonly bars: readonly Bar[] };
}

/** Shares its root bus with the root ports; by its identity Linux knows the host bridge. */
export const HOST_FUNCTION = part("rc-integrated-endpoint", 0x088000, 0x8086_09a2);
export const ROOT_PORT = part("root-port", 0x060400, 0x8086_347a);
export const UPSTREAM_PORT = part("upstream-port", 0x060400, 0x1000_c010);
export const DOWNSTREAM_PORT = part("downstream-port", 0x060400, 0x1000_c010);

/** GPUs by size of memory: 16, 32, 64 and 128 GiB. */
export const GPUS: readonly Device[] = [16, 32, 64, 128].map((memory) =>
  device(0x030200, 0x10de_20b5, [small(0, 16 * MIB), large(1, memory * GIB), large(3, 32 * MIB)], 0x10de_20b5, [
    small(0, 256 * KIB),
    large(1, 4 * GIB),
  ]),
);

export const NIC = device(0x020000, 0x15b3_101b, [large(0, 32 * MIB), small(2, 64 * KIB)], 0x15b3_101c, [
  large(0, 1 * MIB),
]);

export const NVME = device(0x010802, 0x144d_a824, [small(0, 16 * KIB)], 0x144d_a824, [small(0, 16 * KIB)]);

/** A device with whatever BARs one wants; its virtual functions have the same, of at least a page each. */
export function accelerator(bars: readonly Bar[]): Device {
  const virtualBars = bars.map((bar) => ({ ...bar, size: Math.max(bar.size, 4 * KIB) }));
  return device(0x120000, 0x10ee_5000, bars, 0x10ee_5000, virtualBars);
}

export const ACCELERATOR = accelerator([small(0, 64 * KIB), large(2, 64 * MIB)]);

/** A BAR of 32 bits, which takes one register. */
export function small(index: number, size: number): Bar {
  return { index, size, prefetchable: false };
}

/** A BAR of 64 bits, which takes two. */
export function large(index: number, size: number): Bar {
  return { index, size, prefetchable: true };
}

function device(
  classCode: number,
  identity: number,
  bars: readonly Bar[],
  virtualIdentity: number,
  virtualBars: readonly Bar[],
): Device {
  const virtual = { ...part("endpoint", classCode, virtualIdentity), bars: virtualBars };
  return { ...part("endpoint", classCode, identity), bars, virtual };
}

function part(kind: FunctionKind, classCode: number, identity: number): Part {
  return { kind: FUNCTION_KINDS.indexOf(kind), class: classCode, identity };
}
