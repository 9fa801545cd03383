import type { Hex, Size } from "./address.js";

/**
 * What a source showed of one or several machines: plain data that survives `JSON.stringify`.
 *
 * One rule runs through the whole document: **a field that is missing is unknown, `null` is known to be absent.**
 * Registers are kept as words, so that later questions can look at other bits of them.
 * `machine.schema.json` says the same as these types.
 */
export interface MachineDescription {
  /** Version of this format. */
  readonly peerlane: 1;
  readonly systems: readonly SystemDescription[];
}

/** One machine: one CPU physical address space. */
export interface SystemDescription {
  /** Distinguishes the systems of one document; functions are then also written `name/dddd:bb:dd.f`. */
  readonly name?: string;
  readonly kernel?: KernelDescription;
  readonly cpu?: CpuDescription;
  readonly iommu?: IommuMode;
  /**
   * The functions in the order in which the kernel enumerated them (by segment, bus, device, function, then those
   * that were plugged in later). The kernel identifies a host bridge by the first function on its root bus.
   */
  readonly functions: readonly FunctionDescription[];
  /**
   * True where `functions` holds every function of the system; `"likely"` where the source looks whole but may be a
   * selection (text of lspci). Otherwise there may be others: nobody can say that an address inside a window has no
   * owner. Which function is the first on a root bus is known from `true` alone.
   */
  readonly complete?: boolean | "likely";
  /**
   * True where the description holds every range of CPU physical addresses that anything claims, as `/proc/iomem`
   * does: what no range holds belongs to nobody.
   */
  readonly allAddresses?: boolean;
  /** The host bridges the source shows. Those that `parent: null` implies need not be listed. */
  readonly hostBridges?: readonly HostBridgeDescription[];
  readonly platformDevices?: readonly PlatformDeviceDescription[];
  /** System RAM, configuration space and whatever else takes up CPU physical addresses without being a BAR. */
  readonly ranges?: readonly RangeDescription[];
  readonly sideLinks?: readonly SideLinkDescription[];
  readonly hostAttachments?: readonly HostAttachmentDescription[];
}

export interface KernelDescription {
  /** As `uname -r` prints it. */
  readonly release?: string;
  readonly commandLine?: string;
  /** Whether CONFIG_PCI_P2PDMA is set. */
  readonly p2pdma?: boolean;
}

export interface CpuDescription {
  /** As `uname -m` prints it, without width or endianness: `x86`, `arm64`, `ppc64`, `riscv64`, … */
  readonly architecture?: string;
  /**
   * x86: `GenuineIntel`, `AuthenticAMD`, `HygonGenuine`, … as `/proc/cpuinfo` prints it; elsewhere what it prints as
   * implementer.
   */
  readonly vendor?: string;
  /** x86: the family as `/proc/cpuinfo` prints it (base plus extended family). */
  readonly family?: number;
  readonly model?: string;
}

/**
 * `off`: no IOMMU between the devices and memory. `passthrough`: present, devices use bus addresses. `translating`:
 * devices use IOVAs.
 */
export type IommuMode = "off" | "passthrough" | "translating";

export interface FunctionDescription {
  /** `dddd:bb:dd.f`, lower case, the segment in at least four digits. */
  readonly bdf: string;
  readonly kind?: FunctionKind;
  /** Class code: `"0604"`, or `"060400"` with the programming interface. */
  readonly class?: string;
  readonly vendor?: string;
  readonly device?: string;
  readonly subsystemVendor?: string;
  readonly subsystemDevice?: string;
  readonly revision?: string;
  readonly serialNumber?: string;
  /**
   * The bridge above; null: the function sits on a root bus. Missing: not stated, and then found by bus numbers
   * where `bus` of the bridges allows it. A virtual function has its physical function's parent.
   */
  readonly parent?: string | null;
  /** SR-IOV: the function this one is a virtual function of; null: it is none. */
  readonly physicalFunction?: string | null;
  /** Bus numbers of a bridge, as its registers (header type 1) or CardBus registers say. */
  readonly bus?: BusNumbers;
  /** Command register (configuration space 0x04). Bit 1: memory decode, bit 2: bus master. */
  readonly command?: RegisterWord;
  readonly bars?: readonly BarDescription[];
  /** A bridge's open windows; those that are closed are left out. */
  readonly windows?: readonly WindowDescription[];
  readonly acs?: AcsDescription | null;
  readonly sriov?: SriovDescription | null;
  readonly link?: LinkDescription | null;
  /** Address bits the device can drive, as its driver or its data sheet says. */
  readonly dmaMaskBits?: number;
  /** Power state as sysfs names it: `D0`, `D3hot`, `D3cold`, … */
  readonly powerState?: string;
  readonly slot?: string;
  readonly numaNode?: number | null;
  readonly iommuGroup?: number | null;
  readonly driver?: string | null;
  /** What the system calls it: `nvme0`, `mlx5_0`, `eth0`, `card1`, … */
  readonly names?: readonly string[];
  /** What its makers call it, as lspci prints it. */
  readonly label?: string;
}

/**
 * What a function is, by its PCIe device/port type (PCIe 6.0 7.5.3.2) or else by header type and class.
 * `host-bridge-function`: a function of class 0600, a sibling of the others on its root bus and parent of none.
 */
export type FunctionKind =
  | "host-bridge-function"
  | "root-port"
  | "upstream-port"
  | "downstream-port"
  | "endpoint"
  | "legacy-endpoint"
  | "rc-integrated-endpoint"
  | "rc-event-collector"
  | "pcie-to-pci-bridge"
  | "pci-to-pcie-bridge"
  | "pci-bridge"
  | "cardbus-bridge"
  | "conventional";

/** A register of which every bit is known, or the known bits (`mask`) of one. */
export type RegisterWord = number | { readonly value: number; readonly mask: number };

export interface BusNumbers {
  readonly primary?: number;
  readonly secondary: number;
  readonly subordinate: number;
}

export interface BarDescription {
  /**
   * 0-5 the function's BARs, 6 its expansion ROM, 7-12 the apertures of its virtual functions' BARs 0-5.
   * Missing: the source shows the range alone (`/proc/iomem`).
   */
  readonly index?: number;
  /** Missing: a memory BAR of unknown width. */
  readonly type?: "mem32" | "mem64" | "io" | "rom";
  readonly prefetchable?: boolean;
  /** CPU physical address; null: none assigned. */
  readonly start?: Hex | null;
  /** PCI bus address: what the register holds; null: none assigned. */
  readonly bus?: Hex | null;
  /** Bytes. An aperture (7-12) spans all `totalVfs` functions. */
  readonly size?: Size;
  /** ROM only: the enable bit of its register. */
  readonly romEnabled?: boolean;
}

/** A range of addresses that a bridge or host bridge forwards to the bus below it. `end` is the last address. */
export interface WindowDescription {
  readonly kind: "io" | "mem" | "pref";
  /** CPU physical addresses; missing where the source shows bus addresses only. */
  readonly start?: Hex;
  readonly end?: Hex;
  /** PCI bus address of the first byte. */
  readonly bus?: Hex;
  /** Bus address of the last byte, where `end` is missing. */
  readonly busEnd?: Hex;
}

export interface HostBridgeDescription {
  /** Its root bus, `dddd:bb`. */
  readonly root: string;
  /** The last bus number it may hand out. */
  readonly lastBus?: number;
  readonly numaNode?: number | null;
  readonly windows?: readonly WindowDescription[];
}

/** ACS extended capability (PCIe 6.0 7.7.11): its capability and control words. */
export interface AcsDescription {
  readonly capability: number;
  readonly control: number;
}

/** SR-IOV extended capability (PCIe 6.0 9.3.3). */
export interface SriovDescription {
  /** Control word. Bit 0: VF enable, bit 3: VF memory space enable. */
  readonly control: number;
  readonly totalVfs: number;
  readonly numVfs: number;
  readonly firstOffset: number;
  readonly stride: number;
  /** Device id of the virtual functions. */
  readonly vfDevice?: string;
}

/** Speeds in GT/s per lane; null: down or not readable. */
export interface LinkDescription {
  readonly speed?: number | null;
  readonly width?: number | null;
  readonly maxSpeed?: number | null;
  readonly maxWidth?: number | null;
}

/** A device outside PCI whose registers take up CPU physical addresses. */
export interface PlatformDeviceDescription {
  readonly name: string;
  readonly regions: readonly { readonly start: Hex; readonly size: Size }[];
  readonly dmaMaskBits?: number;
}

export interface RangeDescription {
  readonly kind: "system-ram" | "config-space" | "reserved" | "other";
  /** As `/proc/iomem` names it. */
  readonly name?: string;
  readonly start: Hex;
  readonly size: Size;
}

/** A link between two functions that is not PCIe: a route of its own, never a shortcut in the tree. */
export interface SideLinkDescription {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** Bytes per second in each direction. */
  readonly bandwidth?: number;
  readonly read?: boolean;
  readonly write?: boolean;
  readonly atomics?: boolean;
}

/** A coherent attachment of a device to the host (CAPI, CXL, C2C): implies no route between devices. */
export interface HostAttachmentDescription {
  readonly kind: string;
  readonly function: string;
}
