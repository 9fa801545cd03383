import { formatHex, formatSize, type Hex, type Size } from "../topology/address.js";
import type {
  AcsDescription,
  BarDescription,
  BusNumbers,
  FunctionDescription,
  FunctionKind,
  LinkDescription,
  SriovDescription,
  WindowDescription,
} from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { ACS_EGRESS, vectorBits } from "../topology/register.js";

/*
 * The configuration space of one function (PCIe 6.0 chapter 7), little endian:
 *
 *         type 0, a device         type 1, a bridge           type 2, a CardBus bridge
 *     00  vendor, device           same                       same
 *     04  command, status          same                       same
 *     08  revision, class          same                       same
 *     0e  header type              same                       same
 *     10  BAR 0                    BAR 0                      BAR 0
 *     14  BAR 1                    BAR 1                      capability pointer
 *     18  BAR 2                    primary, secondary,        primary, secondary,
 *                                  subordinate bus            subordinate bus
 *     1c  BAR 3                    I/O base, limit            memory base 0, limit 0 (20)
 *     20  BAR 4                    memory base, limit
 *     24  BAR 5                    prefetchable base, limit   memory base 1, limit 1 (28)
 *     28                           its upper halves (2c)
 *     2c  subsystem                                           I/O base 0, limit 0 (30)
 *     30  expansion ROM            I/O upper halves
 *     34  capability pointer       capability pointer         I/O base 1, limit 1 (38)
 *     38                           expansion ROM
 *     3e                           bridge control             bridge control
 *     40  ───────────────── capabilities ─────────────────────────────────────────────
 *    100  ───────────────── extended capabilities, up to 1000 ────────────────────────
 */

/** What the configuration space of one function says, and what was odd about it. */
export interface DecodedFunction {
  readonly function: FunctionDescription;
  readonly findings: readonly Finding[];
}

/**
 * Whether the bytes are all that the function has (`whole`: 256 bytes then mean that there is no extended space) or
 * what somebody was allowed or cared to see (`part`: the 64 bytes of an unprivileged read, the 256 of `lspci -xxx`).
 * 4096 bytes are everything in either case.
 */
export type Extent = "whole" | "part";

/** Decodes the configuration space `bytes` of the function `bdf`, of which the source showed 64 bytes or more. */
export function decodeConfigSpace(bdf: string, bytes: Uint8Array, extent: Extent): DecodedFunction {
  const unreadable = (message: string): DecodedFunction => ({
    function: { bdf },
    findings: [{ code: "UNREADABLE_FUNCTION", message: `${bdf}: ${message}`, functions: [bdf] }],
  });
  if (bytes.length < 64) return unreadable(`${bytes.length} bytes of configuration space, expected at least 64`);
  if (bytes.every((byte) => byte === 0xff)) {
    return unreadable("configuration space reads all ones: the device is powered off, in reset or behind a dead link");
  }
  if (bytes.every((byte) => byte === 0)) {
    return unreadable("configuration space reads all zero, which no device does: the copy is damaged");
  }
  const registers = new Registers(bytes);
  const layout = HEADER_LAYOUTS[registers.byte(0x0e)! & 0x7f];
  if (layout === undefined) {
    return unreadable(`header type 0x${(registers.byte(0x0e)! & 0x7f).toString(16)}, expected 0, 1 or 2`);
  }

  const capabilities = walkCapabilities(registers, layout.capabilityPointer);
  const extended = walkExtended(registers, capabilities, extent);
  const headerType = registers.byte(0x0e)! & 0x7f;
  const classCode = hex(registers.dword(0x08)! >>> 8, 6);
  const express = expressType(registers, capabilities);
  const ids = decodeIds(registers, headerType);
  const bus = headerType === 0 ? undefined : busNumbers(registers);

  const decoded: FunctionDescription = defined({
    bdf,
    kind: kindOf({ classCode, headerType, expressType: express }),
    class: classCode,
    ...ids,
    serialNumber: serialNumber(registers, extended),
    // The ids of a virtual function read all ones (PCIe 6.0 9.3.4.1.1); a bridge is none either way.
    physicalFunction: ids.vendor !== undefined || headerType !== 0 ? null : undefined,
    bus,
    command: registers.word(0x04),
    // The BARs of a virtual function read zero: its ranges are in its physical function's SR-IOV capability.
    bars: ids.vendor === undefined ? undefined : rangesOf(registers, layout, capabilities, extended),
    windows: bus && (headerType === 1 ? bridgeWindows(registers, bus) : cardbusWindows(registers)),
    acs: acs(registers, extended),
    sriov: sriov(registers, extended),
    link: link(registers, capabilities, express),
    powerState: powerState(registers, capabilities),
  });
  const findings = [capabilities, extended].flatMap(({ trouble }) =>
    trouble === undefined
      ? []
      : [{ code: "CAPABILITY_CHAIN" as const, message: `${bdf}: ${trouble}`, functions: [bdf] }],
  );
  return { function: decoded, findings };
}

/**
 * The same registers with zeros in place of the device's serial number and of what was last read of its vital product
 * data. All else stays, so that they decode to the same; of a function that cannot be decoded the header is left.
 */
export function withoutSerialNumbers(bytes: Uint8Array): Uint8Array {
  const masked = bytes.slice();
  if (masked.length < 64) return masked;
  const registers = new Registers(bytes);
  const layout = HEADER_LAYOUTS[registers.byte(0x0e)! & 0x7f];
  if (layout === undefined) return bytes.every((byte) => byte === 0xff) ? masked : masked.fill(0, 64);
  const capabilities = walkCapabilities(registers, layout.capabilityPointer);
  for (const at of capabilities.all) {
    if (registers.byte(at) === VITAL_PRODUCT_DATA) masked.fill(0, at + 4, at + 8);
  }
  const extended = walkExtended(registers, capabilities, "part");
  const isSerialNumber = (at: number): boolean => registers.word(at) === SERIAL_NUMBER;
  // What is behind the place where a chain breaks off shows by its look alone.
  const found =
    extended.trouble === undefined ? [] : dwordsOf(bytes).filter((at) => looksLikeSerialNumber(registers, at));
  for (const at of [...[...extended.all].filter(isSerialNumber), ...found]) masked.fill(0, at + 4, at + 12);
  return masked;
}

function dwordsOf({ length }: Uint8Array): number[] {
  return Array.from({ length: Math.max(0, (length - 0x100) >> 2) }, (_, dword) => 0x100 + 4 * dword);
}

/** Its id, and the one version there is. */
function looksLikeSerialNumber(registers: Registers, at: number): boolean {
  return (registers.dword(at)! & 0xfffff) === (SERIAL_NUMBER | 0x10000);
}

/** What decides the kind of a function, as far as a source shows it. */
export interface KindEvidence {
  /** Four digits or more. */
  readonly classCode?: string | undefined;
  /** 0: a device, 1: a bridge, 2: a CardBus bridge. */
  readonly headerType?: number | undefined;
  /** PCIe device/port type; null: the function has no Express capability; missing: its capabilities are not shown. */
  readonly expressType?: number | null | undefined;
}

/** The kind of a function, or undefined where the evidence leaves it open. The one place that knows this rule. */
export function kindOf({ classCode, headerType, expressType }: KindEvidence): FunctionKind | undefined {
  const isHostBridge = classCode?.startsWith("0600") ?? false;
  // The DMI port of many Intel hosts calls itself a root port, but is a device: nothing hangs below it.
  if (isHostBridge && headerType === 0) return "host-bridge-function";
  if (headerType === 2) return "cardbus-bridge";
  if (expressType === undefined) return undefined;
  if (expressType !== null) return EXPRESS_KINDS[expressType];
  if (isHostBridge) return "host-bridge-function";
  if (headerType === undefined) return undefined;
  return headerType === 1 ? "pci-bridge" : "conventional";
}

/** Device/port types by their number in the Express capabilities register, bits 7:4 (PCIe 6.0 7.5.3.2). */
const EXPRESS_KINDS: readonly (FunctionKind | undefined)[] = [
  "endpoint",
  "legacy-endpoint",
  undefined,
  undefined,
  "root-port",
  "upstream-port",
  "downstream-port",
  "pcie-to-pci-bridge",
  "pci-to-pcie-bridge",
  "rc-integrated-endpoint",
  "rc-event-collector",
];

/** GT/s per lane by the code in link registers; null: none. */
const LINK_SPEEDS: readonly (number | null)[] = [null, 2.5, 5, 8, 16, 32, 64, 128];

/** Where a header type keeps what the types share. */
interface HeaderLayout {
  readonly capabilityPointer: number;
  /** Base address registers from 0x10 on. */
  readonly bars: number;
  readonly rom: number | null;
  /** Enhanced Allocation entries, from the start of that capability. */
  readonly allocations: number;
}

/** By header type. */
const HEADER_LAYOUTS: readonly HeaderLayout[] = [
  { capabilityPointer: 0x34, bars: 6, rom: 0x30, allocations: 4 },
  { capabilityPointer: 0x34, bars: 2, rom: 0x38, allocations: 8 },
  { capabilityPointer: 0x14, bars: 1, rom: null, allocations: 4 },
];

const POWER_MANAGEMENT = 0x01;
const VITAL_PRODUCT_DATA = 0x03;
const PCI_X = 0x07;
const EXPRESS = 0x10;
const ENHANCED_ALLOCATION = 0x14;
const SERIAL_NUMBER = 0x0003;
const ACCESS_CONTROL = 0x000d;
const SRIOV = 0x0010;
const RESIZABLE_BAR = 0x0015;

/** Little-endian reads that are undefined past what the source showed. */
class Registers {
  constructor(private readonly bytes: Uint8Array) {}

  get length(): number {
    return this.bytes.length;
  }

  byte(at: number): number | undefined {
    return this.bytes[at];
  }

  word(at: number): number | undefined {
    return at + 2 > this.bytes.length ? undefined : this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  dword(at: number): number | undefined {
    return at + 4 > this.bytes.length ? undefined : (this.word(at)! | (this.word(at + 2)! << 16)) >>> 0;
  }
}

/** Capabilities by their id, the first of each. */
interface CapabilityList {
  readonly at: ReadonlyMap<number, number>;
  /** Where each of the chain begins. */
  readonly all: ReadonlySet<number>;
  /** Whether the chain was seen to its end, so that what is not in it is absent. */
  readonly complete: boolean;
  readonly trouble?: string;
}

/** The chain in the first 256 bytes: id, next, in two bytes. Absent where status bit 4 says so. */
function walkCapabilities(registers: Registers, pointerAt: number): CapabilityList {
  const at = new Map<number, number>();
  const all = new Set<number>();
  if ((registers.word(0x06)! & 0x10) === 0) return { at, all, complete: true };
  let position = registers.byte(pointerAt)! & ~3;
  while (position !== 0) {
    const where = `capability list at 0x${position.toString(16)}`;
    if (position < 0x40) return { at, all, complete: false, trouble: `${where}: points into the header` };
    if (all.has(position)) return { at, all, complete: false, trouble: `${where}: loops` };
    const header = registers.word(position);
    if (header === undefined) return { at, all, complete: false };
    const id = header & 0xff;
    if (id === 0xff) return { at, all, complete: false, trouble: `${where}: reads all ones` };
    all.add(position);
    if (!at.has(id)) at.set(id, position);
    position = (header >> 8) & ~3;
  }
  return { at, all, complete: true };
}

/** The chain from 0x100 on: id 15:0, version 19:16, next 31:20. It is not sorted. */
function walkExtended(registers: Registers, standard: CapabilityList, extent: Extent): CapabilityList {
  const at = new Map<number, number>();
  const all = new Set<number>();
  if (registers.length <= 0x100) {
    const hasNone = standard.complete && !standard.at.has(EXPRESS) && !standard.at.has(PCI_X);
    return { at, all, complete: hasNone || (extent === "whole" && registers.length === 0x100) };
  }
  let position = 0x100;
  while (position !== 0) {
    const where = `extended capability list at 0x${position.toString(16)}`;
    if (position < 0x100) return { at, all, complete: false, trouble: `${where}: points below 0x100` };
    if (all.has(position)) return { at, all, complete: false, trouble: `${where}: loops` };
    const header = registers.dword(position);
    if (header === undefined) {
      const end = `0x${registers.length.toString(16)}`;
      return { at, all, complete: false, trouble: `${where}: the source ends at ${end}` };
    }
    if (header === 0 || header === 0xffffffff) {
      // At 0x100 this is how a function without extended capabilities looks.
      if (position === 0x100) return { at, all, complete: true };
      const reads = header === 0 ? "zero" : "all ones";
      return { at, all, complete: false, trouble: `${where}: reads ${reads}, expected a capability` };
    }
    all.add(position);
    const id = header & 0xffff;
    if (!at.has(id)) at.set(id, position);
    position = (header >>> 20) & ~3;
  }
  return { at, all, complete: true };
}

/** What `decode` makes of capability `id`; null: the function has none; undefined: not shown. */
function ofCapability<T>(
  list: CapabilityList,
  id: number,
  decode: (at: number) => T | undefined,
): T | null | undefined {
  const at = list.at.get(id);
  if (at !== undefined) return decode(at);
  return list.complete ? null : undefined;
}

function decodeIds(registers: Registers, headerType: number) {
  const vendor = registers.word(0x00)!;
  // A virtual function reads all ones here: its ids are in its physical function's SR-IOV capability.
  const known = vendor !== 0xffff;
  const hasSubsystem = headerType === 0 && registers.dword(0x2c)! !== 0;
  return {
    vendor: known ? hex(vendor, 4) : undefined,
    device: known ? hex(registers.word(0x02)!, 4) : undefined,
    subsystemVendor: hasSubsystem ? hex(registers.word(0x2c)!, 4) : undefined,
    subsystemDevice: hasSubsystem ? hex(registers.word(0x2e)!, 4) : undefined,
    revision: hex(registers.byte(0x08)!, 2),
  };
}

function busNumbers(registers: Registers): BusNumbers {
  return { primary: registers.byte(0x18)!, secondary: registers.byte(0x19)!, subordinate: registers.byte(0x1a)! };
}

function rangesOf(
  registers: Registers,
  layout: HeaderLayout,
  capabilities: CapabilityList,
  extended: CapabilityList,
): BarDescription[] {
  const resizable = resizableBars(registers, extended);
  const ranges = decodeRanges(registers, layout, capabilities, extended);
  return ranges.map((bar) => ({ ...bar, ...(bar.type === "io" ? {} : resizable.get(bar.index!)) }));
}

/** Every range of addresses that the function claims for itself or for its virtual functions. */
function decodeRanges(
  registers: Registers,
  layout: HeaderLayout,
  capabilities: CapabilityList,
  extended: CapabilityList,
): BarDescription[] {
  const sriovAt = extended.at.get(SRIOV);
  return [
    ...decodeBars(registers, 0x10, layout.bars, 0),
    ...decodeRom(registers, layout.rom),
    ...(sriovAt === undefined ? [] : decodeBars(registers, sriovAt + 0x24, 6, 7)),
    ...enhancedAllocation(registers, capabilities, layout),
  ];
}

/**
 * Base address registers, bit 0 set for I/O; a memory BAR's bits 2:1 are 2 where it goes on in the next register, and
 * bit 3 says prefetchable. One that reads zero is left out: unimplemented and never assigned look alike.
 */
function decodeBars(registers: Registers, first: number, count: number, firstIndex: number): BarDescription[] {
  const bars: BarDescription[] = [];
  for (let i = 0; i < count; i++) {
    const low = registers.dword(first + 4 * i);
    if (low === undefined) break;
    if (low === 0 || low === 0xffffffff) continue;
    const index = firstIndex + i;
    if ((low & 1) === 1) {
      bars.push({ index, type: "io", prefetchable: false, bus: assigned(BigInt((low & ~3) >>> 0)) });
      continue;
    }
    const width = (low >> 1) & 3;
    const prefetchable = (low & 8) !== 0;
    const address = BigInt((low & ~0xf) >>> 0);
    if (width === 2) {
      i++;
      const high = i < count ? registers.dword(first + 4 * i) : undefined;
      if (high !== undefined) bars.push({ index, type: "mem64", prefetchable, bus: assigned(wide(address, high)) });
    } else if (width !== 3) {
      bars.push({ index, type: "mem32", prefetchable, bus: assigned(address) });
    }
  }
  return bars;
}

/** Address in bits 31:11, enabled by bit 0. */
function decodeRom(registers: Registers, at: number | null): BarDescription[] {
  const value = at === null ? undefined : registers.dword(at);
  if (value === undefined || value === 0 || value === 0xffffffff) return [];
  const bus = assigned(BigInt((value & ~0x7ff) >>> 0));
  return [{ index: 6, type: "rom", bus, romEnabled: (value & 1) === 1 }];
}

/**
 * The windows of a type 1 header. Limits are inclusive; base above limit means closed.
 *
 *     kind  base  limit  granule  low nibble 1 means
 *     io    1c    1d     4 KiB    16 more bits at 30 and 32
 *     mem   20    22     1 MiB    -
 *     pref  24    26     1 MiB    32 more bits at 28 and 2c
 */
function bridgeWindows(registers: Registers, bus: BusNumbers): WindowDescription[] {
  const ioBase = registers.byte(0x1c)!;
  const ioLimit = registers.byte(0x1d)!;
  const ioIsWide = (ioBase & 0xf) === 1;
  const upperIo = (at: number) => (ioIsWide ? registers.word(at)! * 0x10000 : 0);
  const prefBase = registers.word(0x24)!;
  const prefLimit = registers.word(0x26)!;
  const prefIsWide = (prefBase & 0xf) === 1;
  const upperPref = (at: number) => (prefIsWide ? registers.dword(at)! : 0);
  const memBase = registers.word(0x20)!;
  const memLimit = registers.word(0x22)!;
  const inMebibytes = (value: number) => BigInt(((value & 0xfff0) << 16) >>> 0);

  const io = openWindow(
    "io",
    BigInt(upperIo(0x30) + ((ioBase & 0xf0) << 8)),
    BigInt(upperIo(0x32) + ((ioLimit & 0xf0) << 8) + 0xfff),
  );
  const mem = openWindow("mem", inMebibytes(memBase), inMebibytes(memLimit) + 0xfffffn);
  const pref = openWindow(
    "pref",
    wide(inMebibytes(prefBase), upperPref(0x28)),
    wide(inMebibytes(prefLimit), upperPref(0x2c)) + 0xfffffn,
  );
  // The I/O and prefetchable windows are optional, and read zero where a bridge has none.
  const ioExists = ioBase !== 0 || ioLimit !== 0;
  const prefExists = prefBase !== 0 || prefLimit !== 0;
  const windows = [...(ioExists ? io : []), ...mem, ...(prefExists ? pref : [])];
  return isReset(bus) ? windows.filter((window) => window.bus !== "0x0") : windows;
}

/** Whether a bridge's bus numbers are those of reset: a window at 0 is then what reset left, not a claim. */
export function isReset(bus: BusNumbers): boolean {
  return bus.secondary === 0 && bus.subordinate === 0;
}

/** Two memory windows of 4 KiB granules, prefetchable by bridge control bits 8 and 9, and two I/O windows. */
function cardbusWindows(registers: Registers): WindowDescription[] {
  const control = registers.word(0x3e)!;
  const windows: WindowDescription[] = [];
  for (const i of [0, 1]) {
    const base = registers.dword(0x1c + 8 * i)!;
    const limit = registers.dword(0x20 + 8 * i)!;
    const kind = (control & (0x100 << i)) === 0 ? "mem" : "pref";
    if (limit !== 0) windows.push(...openWindow(kind, BigInt(base), BigInt(limit) + 0xfffn));
  }
  for (const i of [0, 1]) {
    const base = registers.dword(0x2c + 8 * i)!;
    const mask = (base & 3) === 1 ? 0xfffffffc : 0xfffc;
    const limit = registers.dword(0x30 + 8 * i)! & mask;
    if (limit !== 0) windows.push(...openWindow("io", BigInt((base & mask) >>> 0), BigInt(limit >>> 0) + 3n));
  }
  return windows;
}

function openWindow(kind: WindowDescription["kind"], base: bigint, limit: bigint): WindowDescription[] {
  return base > limit ? [] : [{ kind, bus: formatHex(base), busEnd: formatHex(limit) }];
}

function expressType(registers: Registers, capabilities: CapabilityList): number | null | undefined {
  return ofCapability(capabilities, EXPRESS, (at) => {
    const flags = registers.word(at + 2);
    return flags === undefined ? undefined : (flags >> 4) & 0xf;
  });
}

/** Link capabilities at 0c, port number in bits 31:24; link status at 12; in both speed in bits 3:0, width in 9:4. */
function link(
  registers: Registers,
  capabilities: CapabilityList,
  express: number | null | undefined,
): LinkDescription | null | undefined {
  return ofCapability(capabilities, EXPRESS, (at) => {
    const ability = registers.dword(at + 0x0c);
    const status = registers.word(at + 0x12);
    if (express === undefined || ability === undefined || status === undefined) return undefined;
    // What is integrated in the root complex has no link.
    if (express === 9 || express === 10) return null;
    return {
      speed: LINK_SPEEDS[status & 0xf] ?? null,
      width: (status >> 4) & 0x3f || null,
      maxSpeed: LINK_SPEEDS[ability & 0xf] ?? null,
      maxWidth: (ability >> 4) & 0x3f || null,
      port: ability >>> 24,
    };
  });
}

function powerState(registers: Registers, capabilities: CapabilityList): string | undefined {
  const at = capabilities.at.get(POWER_MANAGEMENT);
  const status = at === undefined ? undefined : registers.word(at + 4);
  return status === undefined ? undefined : ["D0", "D1", "D2", "D3hot"][status & 3];
}

/** Capability word at 4, control word at 6, from 8 on the egress control vector where there is one. */
function acs(registers: Registers, extended: CapabilityList): AcsDescription | null | undefined {
  return ofCapability(extended, ACCESS_CONTROL, (at) => {
    const capability = registers.word(at + 4);
    const control = registers.word(at + 6);
    if (capability === undefined || control === undefined) return undefined;
    const egressVector =
      (capability & ACS_EGRESS) === 0 ? undefined : vector(registers, at + 8, vectorBits(capability));
    return defined<AcsDescription>({ capability, control, egressVector });
  });
}

/** `bits` bits as 32 of them a word; undefined where not all are there. */
function vector(registers: Registers, at: number, bits: number): number[] | undefined {
  const words = Array.from({ length: Math.ceil(bits / 32) }, (_, word) => registers.dword(at + 4 * word));
  return words.every((word) => word !== undefined) ? words : undefined;
}

function serialNumber(registers: Registers, extended: CapabilityList): string | undefined {
  const at = extended.at.get(SERIAL_NUMBER);
  const low = at === undefined ? undefined : registers.dword(at + 4);
  const high = at === undefined ? undefined : registers.dword(at + 8);
  // Zeros are no serial number: they stand where one was taken out.
  if (low === undefined || high === undefined || (low === 0 && high === 0)) return undefined;
  return (hex(high, 8) + hex(low, 8)).match(/../g)!.join("-");
}

/*
 *     SR-IOV   08 control      0c initial VFs   10 number of VFs   14 first offset   1a device id of the VFs
 *              0a status       0e total VFs                        16 stride         24 six VF BARs
 */
function sriov(registers: Registers, extended: CapabilityList): SriovDescription | null | undefined {
  return ofCapability(extended, SRIOV, (at) => {
    if (registers.word(at + 0x1a) === undefined) return undefined;
    return {
      control: registers.word(at + 0x08)!,
      totalVfs: registers.word(at + 0x0e)!,
      numVfs: registers.word(at + 0x10)!,
      firstOffset: registers.word(at + 0x14)!,
      stride: registers.word(at + 0x16)!,
      vfDevice: hex(registers.word(at + 0x1a)!, 4),
    };
  });
}

/*
 * Enhanced Allocation (PCIe 6.0 7.8.5): fixed ranges instead of BARs. Entries begin at 4, on bridges at 8:
 *
 *     ┌──────────┬────────┬──────────────┬────────────────────┬─────────┬────────────┐
 *     │ enable 31│        │ secondary    │ primary properties │ bei 7:4 │ words that │
 *     │          │        │ 23:16        │ 15:8               │         │ follow 2:0 │
 *     ├──────────┴────────┴──────────────┴────────────────────┴─────────┴────────────┤
 *     │ base 31:2, bit 1: its upper half follows                                     │
 *     │ maximum offset 31:2, bit 1: its upper half follows                           │
 *     │ upper half of the base, upper half of the maximum offset, each if announced  │
 *     └──────────────────────────────────────────────────────────────────────────────┘
 */
function enhancedAllocation(
  registers: Registers,
  capabilities: CapabilityList,
  layout: HeaderLayout,
): BarDescription[] {
  const at = capabilities.at.get(ENHANCED_ALLOCATION);
  if (at === undefined) return [];
  const bars: BarDescription[] = [];
  let position = at + layout.allocations;
  for (let left = (registers.byte(at + 2) ?? 0) & 0x3f; left > 0; left--) {
    const head = registers.dword(position);
    if (head === undefined) break;
    bars.push(...allocatedBar(registers, position, head));
    position += 4 * (1 + (head & 7));
  }
  return bars;
}

/** BAR equivalent indicators: 0-5 the BARs, 8 the ROM, 9-14 the virtual functions' BARs. */
function allocatedBar(registers: Registers, position: number, head: number): BarDescription[] {
  const indicator = (head >>> 4) & 0xf;
  const index =
    indicator <= 5 ? indicator : indicator === 8 ? 6 : indicator >= 9 && indicator <= 14 ? indicator - 2 : null;
  const primary = ALLOCATED_TYPES.get((head >>> 8) & 0xff);
  const type = primary ?? ALLOCATED_TYPES.get((head >>> 16) & 0xff);
  const low = registers.dword(position + 4);
  const offset = registers.dword(position + 8);
  if (head >>> 31 === 0 || index === null || type === undefined || low === undefined || offset === undefined) return [];
  const baseIsWide = (low & 2) !== 0;
  const offsetIsWide = (offset & 2) !== 0;
  const baseUpper = baseIsWide ? registers.dword(position + 12) : 0;
  const offsetUpper = offsetIsWide ? registers.dword(position + (baseIsWide ? 16 : 12)) : 0;
  if (baseUpper === undefined || offsetUpper === undefined) return [];
  const size = wide(BigInt((offset | 3) >>> 0), offsetUpper) + 1n;
  return [
    defined<BarDescription>({
      index,
      type: index === 6 ? "rom" : type.io ? "io" : baseIsWide ? "mem64" : "mem32",
      prefetchable: type.prefetchable,
      bus: formatHex(wide(BigInt((low & ~3) >>> 0), baseUpper)),
      // An aperture holds as many of these as there are virtual functions.
      size: index >= 7 ? undefined : formatSize(size),
    }),
  ];
}

/** Enhanced Allocation properties that are BARs: memory, I/O, and the same of virtual functions. */
const ALLOCATED_TYPES: ReadonlyMap<number, { io: boolean; prefetchable: boolean }> = new Map([
  [0x00, { io: false, prefetchable: false }],
  [0x01, { io: false, prefetchable: true }],
  [0x02, { io: true, prefetchable: false }],
  [0x03, { io: false, prefetchable: true }],
  [0x04, { io: false, prefetchable: false }],
]);

/*
 * Resizable BAR (PCIe 6.0 7.8.6): up to six pairs of registers, the first at 4. Bit n of all sizes is 2^n MiB:
 *
 *     ┌────────────────────────────────────────────────────────────┬───────────────┐
 *     │ sizes 2^27 MiB to 1 MiB, 31:4                              │               │
 *     ├──────────────────────────────────┬──────┬────────────┬─────┴──────┬────────┤
 *     │ sizes 2^43 to 2^28 MiB, 31:16    │      │ size, 13:8 │ pairs, 7:5 │ BAR 2:0│
 *     └──────────────────────────────────┴──────┴────────────┴────────────┴────────┘
 */
function resizableBars(
  registers: Registers,
  extended: CapabilityList,
): ReadonlyMap<number, Pick<BarDescription, "size" | "sizes">> {
  const bars = new Map<number, Pick<BarDescription, "size" | "sizes">>();
  const at = extended.at.get(RESIZABLE_BAR);
  // The number of pairs is in the first of them; one that is out of bounds says that it is no such capability.
  const pairs = at === undefined ? 0 : ((registers.dword(at + 8) ?? 0) >>> 5) & 7;
  for (let pair = 0; pair < pairs && pairs <= 6; pair++) {
    const ability = registers.dword(at! + 4 + 8 * pair);
    const control = registers.dword(at! + 8 + 8 * pair);
    if (ability === undefined || control === undefined) break;
    const bits = BigInt(ability >>> 4) | (BigInt(control >>> 16) << 28n);
    const sizes = Array.from({ length: 44 }, (_, bit) => bit).filter((bit) => ((bits >> BigInt(bit)) & 1n) === 1n);
    const size = mebibytes((control >>> 8) & 0x3f);
    bars.set(control & 7, sizes.length === 0 ? { size } : { size, sizes: sizes.map(mebibytes) });
  }
  return bars;
}

/** 2^n MiB. */
function mebibytes(exponent: number): Size {
  return formatSize(1n << BigInt(20 + exponent));
}

function assigned(address: bigint): Hex | null {
  return address === 0n ? null : formatHex(address);
}

function wide(low: bigint, high: number): bigint {
  return low | (BigInt(high) << 32n);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** The same object without the fields that are undefined, which in a description would mean what missing means. */
export function defined<T extends object>(loose: Loose<T>): T {
  return Object.fromEntries(Object.entries(loose).filter(([, value]) => value !== undefined)) as T;
}
