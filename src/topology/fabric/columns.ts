import type { FunctionKind, SystemDescription } from "../description.js";

/** A column of addresses or sizes. As `Float64Array`: whole numbers below 2^53. */
export type Addresses = BigUint64Array | Float64Array;

/** What is known of a system as a whole. */
export type SystemFacts = Omit<SystemDescription, "functions" | "hostBridges">;

/**
 * Many machines as columns: row i of each column of a group tells of the same host bridge, function, BAR or window.
 * All columns of a group have the same length; a column that is missing leaves its fact unknown for all rows, a
 * sentinel for one row.
 *
 * A *node row* names a host bridge or a function: host bridges come first, so that node row n is host bridge n, or
 * function n - (number of host bridges).
 */
export interface FabricColumns {
  /** By row; where there are several, each with a name of its own. */
  readonly systems: readonly SystemFacts[];
  /** In any order. */
  readonly hostBridges: {
    /** Row in `systems`. */
    readonly system: Uint32Array;
    /** PCI segment (domain). */
    readonly segment: Uint32Array;
    /** Root bus. */
    readonly bus: Uint8Array;
  };
  /** In any order, those below one bridge as they are enumerated. */
  readonly functions: {
    /** Node row of the bridge or host bridge above. Siblings are taken to be in the order of enumeration. */
    readonly parent: Uint32Array;
    /** Bus << 8 | device << 3 | function. */
    readonly requesterId: Uint16Array;
    /** Row in {@link FUNCTION_KINDS}. */
    readonly kind?: Uint8Array;
    /** ACS capability word << 16 | control word; {@link ACS_ABSENT}; 0: unknown. */
    readonly acs?: Uint32Array;
    /** Command register; {@link COMMAND_UNKNOWN}. */
    readonly command?: Uint16Array;
    /** Class code, 24 bits; 0: unknown. */
    readonly class?: Uint32Array;
    /** Vendor id << 16 | device id; 0: unknown. */
    readonly identity?: Uint32Array;
    /** Of a bridge: secondary bus << 8 | subordinate bus; 0: unknown, or no bridge. */
    readonly buses?: Uint16Array;
    /** Row in `functions` of the physical function of a virtual one; {@link NO_ROW}: it is none. */
    readonly physicalFunction?: Uint32Array;
    /** Control word of the SR-IOV capability of a physical function; {@link SRIOV_UNKNOWN}. */
    readonly sriovControl?: Uint16Array;
    /** Address bits that its driver says it can drive; 0: unknown. */
    readonly dmaMaskBits?: Uint8Array;
  };
  /** Memory BARs that have an address, of all functions that have any. Missing: where BARs are is not known. */
  readonly bars?: {
    /** Row in `functions`. */
    readonly function: Uint32Array;
    /** 0 to 5, 7 to 12 for those of virtual functions. */
    readonly index: Uint8Array;
    /** CPU physical. */
    readonly start: Addresses;
    /** Bytes, at least 1. */
    readonly size: Addresses;
    /** PCI bus address. May be the same array as `start`: all buses then use CPU physical addresses. */
    readonly bus?: Addresses;
    /** Row in `EXPORTS`: what its exporter lets others do with it; 0: not stated. */
    readonly exported?: Uint8Array;
  };
  /** Ranges that bridges and host bridges forward downward. */
  readonly windows?: {
    /** Node row of the bridge or host bridge. */
    readonly node: Uint32Array;
    /** 1: prefetchable, 0: not. */
    readonly prefetchable: Uint8Array;
    /** CPU physical. */
    readonly start: Addresses;
    /** Bytes, at least 1. */
    readonly size: Addresses;
  };
}

/** 0xffffffff. In a column of ACS words: the function has no ACS capability. */
export const ACS_ABSENT = 0xffffffff;
/** 0xffff. In a column of Command registers: not shown. */
export const COMMAND_UNKNOWN = 0xffff;
/** 0xffff. In a column of SR-IOV control words: not shown, or no such capability. */
export const SRIOV_UNKNOWN = 0xffff;
/** 0xffffffff. In a column of rows of physical functions: the function is no virtual one. */
export const NO_ROW = 0xffffffff;

/** Kinds by the number that stands for them in a column. */
export const FUNCTION_KINDS: readonly (FunctionKind | null)[] = [
  null, // unknown
  "host-bridge-function",
  "root-port",
  "upstream-port",
  "downstream-port",
  "endpoint",
  "legacy-endpoint",
  "rc-integrated-endpoint",
  "rc-event-collector",
  "pcie-to-pci-bridge",
  "pci-to-pcie-bridge",
  "pci-bridge",
  "cardbus-bridge",
  "conventional",
];
