import type { Hex, Size } from "./address.js";
import type { ViewDescription } from "./views.js";

export type * from "./views.js";

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
  /** At least one. */
  readonly systems: readonly SystemDescription[];
}

/** One machine: one CPU physical address space. */
export interface SystemDescription {
  /** Distinguishes the systems of one document; functions are then also written `name/dddd:bb:dd.f`. */
  readonly name?: string;
  /** Whose rules hold where nothing else is said. */
  readonly kernel?: KernelDescription;
  /** Of the first CPU, which is the one that Linux tests. */
  readonly cpu?: CpuDescription;
  /** What its IOMMU does for devices. */
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
  /** Devices outside PCI. */
  readonly platformDevices?: readonly PlatformDeviceDescription[];
  /** System RAM, configuration space and whatever else takes up CPU physical addresses without being a BAR. */
  readonly ranges?: readonly RangeDescription[];
  /** Links outside PCIe. What is not listed is taken not to be there. */
  readonly sideLinks?: readonly SideLinkDescription[];
  /** How devices are attached to the host beside PCIe; no verdict follows from them. */
  readonly hostAttachments?: readonly HostAttachmentDescription[];
  /** The NUMA nodes the source shows. */
  readonly numaNodes?: readonly NumaNodeDescription[];
  /** How other tools see the machine; no verdict follows from it. */
  readonly views?: readonly ViewDescription[];
}

/** The kernel that ran when the source was taken. */
export interface KernelDescription {
  /** As `uname -r` prints it. */
  readonly release?: string;
  /** As `/proc/cmdline` prints it. */
  readonly commandLine?: string;
  /** Whether CONFIG_PCI_P2PDMA is set. */
  readonly p2pdma?: boolean;
}

/** A processor, as far as policies ask. */
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
  /** x86: the model as `/proc/cpuinfo` prints it (base plus extended model). */
  readonly modelNumber?: number;
  /** Its name, for people. */
  readonly model?: string;
}

/**
 * `off`: no IOMMU between the devices and memory. `passthrough`: present, devices use bus addresses. `translating`:
 * devices use IOVAs.
 */
export type IommuMode = "off" | "passthrough" | "translating";

/** A PCI function: what its configuration space, its place and its system say of it. */
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
   * where `bus` of the bridges allows it. `"unknown"`: not stated, nor to be found by bus numbers, since the source may
   * have made them up. A virtual function has its physical function's parent.
   */
  readonly parent?: string | null;
  /** SR-IOV: the function this one is a virtual function of; null: it is none. */
  readonly physicalFunction?: string | null;
  /** Bus numbers of a bridge, as its registers (header type 1) or CardBus registers say. */
  readonly bus?: BusNumbers;
  /** Command register (configuration space 0x04). Bit 1: memory decode, bit 2: bus master. */
  readonly command?: RegisterWord;
  /** Those that are implemented, in any order; missing: not shown. */
  readonly bars?: readonly BarDescription[];
  /** A bridge's open windows; those that are closed are left out. */
  readonly windows?: readonly WindowDescription[];
  /** Null: no such capability. */
  readonly acs?: AcsDescription | null;
  /** Of a physical function; null: no such capability. */
  readonly sriov?: SriovDescription | null;
  /** Null: no PCIe link. */
  readonly link?: LinkDescription | null;
  /** Address bits the device can drive, as its driver or its data sheet says: at least 1; 64 or more: all. */
  readonly dmaMaskBits?: number;
  /** Power state as sysfs names it: `D0`, `D3hot`, `D3cold`, … */
  readonly powerState?: string;
  /** Name of the physical slot. */
  readonly slot?: string;
  readonly numaNode?: number | null;
  /** Number of its group; null: in none. */
  readonly iommuGroup?: number | null;
  /** Name of the driver that is bound; null: none. */
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

/** Bus numbers, each 0 to 255. */
export interface BusNumbers {
  /** Of the bus that the bridge is on. */
  readonly primary?: number;
  /** Of the bus just below. */
  readonly secondary: number;
  /** The highest below. */
  readonly subordinate: number;
}

/** A base address register, and the range of addresses behind it. */
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
  /**
   * The sizes that it can be given, in bytes, ascending (Resizable BAR, PCIe 6.0 7.8.6). Missing: not shown, or it has one
   * size for good.
   */
  readonly sizes?: readonly Size[];
  /** ROM only: the enable bit of its register. */
  readonly romEnabled?: boolean;
  /** What its exporter lets others do with it; missing: not stated, and then as Linux has it, which asks no exporter. */
  readonly exported?: ExportStance;
}

/**
 * Whether whoever owns a range lets others map it, which is up to the exporter alone. `direct`: to user space as it is,
 * such as persistent memory or a controller memory buffer. `driver`: through its driver only, such as GPU memory.
 * `none`: to nobody.
 */
export type ExportStance = "direct" | "driver" | "none";

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

/** What a root bus hangs below. */
export interface HostBridgeDescription {
  /** Its root bus, `dddd:bb`. */
  readonly root: string;
  /** The last bus number it may hand out. */
  readonly lastBus?: number;
  readonly numaNode?: number | null;
  readonly windows?: readonly WindowDescription[];
  /**
   * CPU physical ranges, all of them, that requests from below reach outside PCI besides system RAM; missing: not known.
   */
  readonly inbound?: readonly InboundDescription[];
}

/** A range of CPU physical addresses that a host bridge lets requests from below reach. */
export interface InboundDescription {
  readonly start: Hex;
  /** Bytes, at least 1. */
  readonly size: Size;
}

/** ACS extended capability (PCIe 6.0 7.7.11): its capability and control words. */
export interface AcsDescription {
  /** 16 bits. */
  readonly capability: number;
  /**
   * Bit 2: request redirect, bit 3: completion redirect, bit 5: egress control. Known in part where a description tells
   * of a boot that has not happened, and some bits are what the firmware leaves.
   */
  readonly control: RegisterWord;
  /** The control word as the firmware left it, before the kernel changed it: 16 bits; missing: not known. */
  readonly firmware?: number;
  /** Egress control vector: 32 bits a word, the lowest port numbers first; missing: not shown, or not implemented. */
  readonly egressVector?: readonly number[];
}

/** SR-IOV extended capability (PCIe 6.0 9.3.3). */
export interface SriovDescription {
  /** Control word. Bit 0: VF enable, bit 3: VF memory space enable. */
  readonly control: number;
  /** The most virtual functions. */
  readonly totalVfs: number;
  /** How many there are while bit 0 of `control` is set. */
  readonly numVfs: number;
  /** From the requester id of this function to that of its first virtual one. */
  readonly firstOffset: number;
  /** Between the requester ids of virtual functions. */
  readonly stride: number;
  /** Device id of the virtual functions. */
  readonly vfDevice?: string;
}

/** Speeds in GT/s per lane, widths in lanes; null: down or not readable. */
export interface LinkDescription {
  readonly speed?: number | null;
  readonly width?: number | null;
  readonly maxSpeed?: number | null;
  readonly maxWidth?: number | null;
  /** Bytes per second in each direction, where the source gives neither speed nor width. */
  readonly bandwidth?: number;
  /** Port number, 0 to 255 (Link Capabilities): what egress control vectors call the port. */
  readonly port?: number;
}

/** A device outside PCI whose registers take up CPU physical addresses. */
export interface PlatformDeviceDescription {
  readonly name: string;
  readonly regions: readonly RegionDescription[];
  /** Address bits it can drive as an initiator: at least 1; 64 or more: all. */
  readonly dmaMaskBits?: number;
}

/** A range of CPU physical addresses that a device outside PCI answers. */
export interface RegionDescription {
  readonly start: Hex;
  /** Bytes, at least 1. */
  readonly size: Size;
  /** As of a BAR. */
  readonly exported?: ExportStance;
}

/** A range of CPU physical addresses that no BAR and no platform device takes up. */
export interface RangeDescription {
  readonly kind: "system-ram" | "config-space" | "reserved" | "other";
  /** As `/proc/iomem` names it. */
  readonly name?: string;
  /** CPU physical. */
  readonly start: Hex;
  /** Bytes, at least 1. */
  readonly size: Size;
}

/**
 * A link between two functions that is not PCIe: a route of its own, never a shortcut in the tree (docs/semantics.md,
 * Side links). Several between the same two are as many entries.
 */
export interface SideLinkDescription {
  /** `nvlink`, `xgmi`, or another name in lower case. */
  readonly kind: string;
  /** `dddd:bb:dd.f`. */
  readonly from: string;
  /** `dddd:bb:dd.f`; another function than `from`. */
  readonly to: string;
  /** True: requests go from `from` to `to` alone. Else both ways: that is what a link is, and no fact that is missing. */
  readonly oneWay?: boolean;
  /** Bytes per second in each direction. */
  readonly bandwidth?: number;
  /** Whether it carries reads, as the initiator sees it. */
  readonly read?: boolean;
  /** Whether it carries writes. */
  readonly write?: boolean;
  /** Whether it carries atomic operations. */
  readonly atomics?: boolean;
  /** Whether the caches of both ends are kept coherent over it. */
  readonly coherent?: boolean;
  /** Where the platform gives memory of either end an address on the link. */
  readonly addresses?: readonly LinkAddressDescription[];
}

/** Memory that has an address on a side link. */
export interface LinkAddressDescription {
  /** CPU physical address of the first byte. */
  readonly start: Hex;
  /** Bytes, at least 1. */
  readonly size: Size;
  /** Address of the first byte on the link. */
  readonly link: Hex;
}

/** A coherent attachment of a device to the host: implies no route between devices. */
export interface HostAttachmentDescription {
  /** `capi`, `opencapi`, `cxl`, `c2c`, or another name in lower case. */
  readonly kind: string;
  /** `dddd:bb:dd.f`. */
  readonly function: string;
}

/** A NUMA node. */
export interface NumaNodeDescription {
  /** Its number, as Linux counts. */
  readonly node: number;
  /** Its CPUs, as sysfs lists them: `0-31,64-95`; empty: it has none. */
  readonly cpus?: string;
}
