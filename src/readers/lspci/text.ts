import { formatHex, formatSize, type Size } from "../../topology/address.js";
import type {
  AcsDescription,
  BarDescription,
  BusNumbers,
  FunctionDescription,
  LinkDescription,
  SriovDescription,
  WindowDescription,
} from "../../topology/description.js";
import { defined, isReset, kindOf } from "../config-space.js";
import type { LspciLine } from "./lines.js";
import { classCodeOf, labelAndIds } from "./names.js";

/** What the text of one function says. */
export interface TextReading {
  readonly function: FunctionDescription;
  /** Whether lspci itself could not read the function (`Unknown header type 7f`, ids `ffff:ffff`). */
  readonly unreadable: boolean;
  /** Whether something may be missing that would be shown: the text ends among the fields. */
  readonly isCut: boolean;
  /** Lines that begin like a field of lspci and do not go on like one. */
  readonly malformed: readonly LspciLine[];
  /** What lspci says about a capability list that it could not follow. */
  readonly brokenChain?: LspciLine;
  /** Whether it shows that the function is a PCI Express one. */
  readonly isExpress: boolean;
  /** Whether it shows a capability beyond the first 256 bytes of configuration space. */
  readonly showsExtended: boolean;
}

/**
 * Reads what stands behind the slot of a header line, and the fields below it. From what the fields do not show,
 * conclusions are drawn only where they are known to be whole.
 */
export function readTextBlock(
  bdf: string,
  header: string,
  fields: readonly LspciLine[],
  isWhole: boolean,
): TextReading {
  const block = new Block(isWhole);
  const malformed: LspciLine[] = [];
  for (const line of fields) {
    if (!ANY_FIELD.test(line.text)) continue;
    block.noteDetail(line.text);
    const rule = RULES.find(([start]) => start.test(line.text))!;
    const match = rule[1].exec(line.text);
    if (match === null) malformed.push(line);
    else rule[2](block, match, line);
  }
  return defined<TextReading>({
    function: block.describe(bdf, header),
    unreadable: block.unreadable,
    isCut: block.verbose && !isWhole,
    malformed,
    brokenChain: block.brokenChain,
    isExpress: block.hasExpress,
    showsExtended: block.showsExtended,
  });
}

/** Everything the fields of one function say, as they come. */
class Block {
  /** Body of the capability whose details follow; null above the first. */
  capability: string | null = null;
  unreadable = false;
  brokenChain: LspciLine | undefined;

  /** Whether `Flags:` (-v) or `Control:` (-vv) was there, so that the header registers are shown. */
  verbose = false;
  command: { value: number; mask: number } | undefined;
  hasCapabilityList: boolean | undefined;
  sawCapability = false;
  showsExtended = false;
  accessDenied = false;

  hasExpress = false;
  expressType: number | undefined;
  hasAcs = false;
  acsCapability: number | undefined;
  acsControl: number | undefined;
  hasSriov = false;
  sriov: Partial<Record<"control" | "totalVfs" | "numVfs" | "firstOffset" | "stride", number>> = {};
  vfDevice: string | undefined;
  linkAbility: LinkFields | undefined;
  linkStatus: LinkFields | undefined;

  bars: BarDescription[] = [];
  /** By the index of the BAR that can be resized. */
  sizes = new Map<number, readonly Size[]>();
  bus: BusNumbers | undefined;
  isCardbus = false;
  windows: WindowDescription[] = [];
  facts: FunctionDescription = { bdf: "" };

  constructor(private readonly isWhole: boolean) {}

  note(facts: Partial<FunctionDescription>): void {
    this.facts = { ...this.facts, ...facts };
  }

  knowCommand(bit: number, isSet: boolean): void {
    const { value, mask } = this.command ?? { value: 0, mask: 0 };
    this.command = { value: isSet ? value | bit : value & ~bit, mask: mask | bit };
  }

  /** Details prove a capability of which the own line is lost. */
  noteDetail(text: string): void {
    if (/^ACSC(?:ap|tl):/.test(text)) this.hasAcs = true;
    else if (/^(?:IOVCtl|Initial VFs|VF offset):/.test(text)) this.hasSriov = true;
    else if (/^Lnk(?:Cap|Sta):/.test(text)) this.hasExpress = true;
  }

  describe(bdf: string, header: string): FunctionDescription {
    const heading = readHeading(header);
    this.unreadable ||= heading.vendor === "ffff";
    if (this.unreadable) {
      // The kernel still knows the BARs; the rest is from registers that read all ones.
      const placed = this.bars.filter(({ start }) => start !== null);
      const bars = placed.length > 0 ? placed : undefined;
      return defined<FunctionDescription>({ ...this.facts, ...withoutOnes(heading), bdf, bars });
    }
    const headerIsShown = this.headerIsShown();
    const headerType = this.bus !== undefined ? (this.isCardbus ? 2 : 1) : headerIsShown ? 0 : undefined;
    const listIsShown = this.listIsShown();
    const expressType = this.expressType ?? (listIsShown && !this.hasExpress ? null : undefined);
    return defined<FunctionDescription>({
      ...heading,
      ...this.facts,
      bdf,
      kind: kindOf({ classCode: heading.class, headerType, expressType }),
      physicalFunction: this.bus !== undefined || this.hasSriov ? null : undefined,
      bus: this.bus,
      command: this.command,
      bars: headerIsShown || (this.isWhole && this.bars.length > 0) ? this.describeBars() : undefined,
      windows: headerIsShown && this.bus ? openWindows(this.bus, this.windows) : undefined,
      acs: this.acs() ?? (listIsShown && !this.hasAcs ? null : undefined),
      sriov: this.describeSriov() ?? (listIsShown && !this.hasSriov ? null : undefined),
      link: this.link(expressType),
    });
  }

  /** Whether a BAR, a window or a bus that is not among the lines is absent: capabilities come behind them. */
  private headerIsShown(): boolean {
    return this.verbose && (this.isWhole || this.sawCapability || this.accessDenied);
  }

  /**
   * Whether a capability that is not among the lines is absent. No capability line at all proves nothing: whoever cut
   * the paste down may have cut them.
   */
  private listIsShown(): boolean {
    if (!this.isWhole || !this.verbose || this.accessDenied || this.brokenChain !== undefined) return false;
    return this.sawCapability || this.hasCapabilityList === false;
  }

  private describeBars(): BarDescription[] {
    return withoutUpperHalves(this.bars).map((bar) => {
      const sizes = this.sizes.get(bar.index ?? NaN);
      return sizes === undefined || bar.type === "io" ? bar : { ...bar, sizes };
    });
  }

  private acs(): AcsDescription | undefined {
    if (this.acsCapability === undefined || this.acsControl === undefined) return undefined;
    return { capability: this.acsCapability, control: this.acsControl };
  }

  private describeSriov(): SriovDescription | undefined {
    const { control, totalVfs, numVfs, firstOffset, stride } = this.sriov;
    // The apertures come last.
    if (!this.isWhole && this.isInSriov()) return undefined;
    if (control === undefined || totalVfs === undefined || numVfs === undefined) return undefined;
    if (firstOffset === undefined || stride === undefined) return undefined;
    return defined<SriovDescription>({ control, totalVfs, numVfs, firstOffset, stride, vfDevice: this.vfDevice });
  }

  isInSriov(): boolean {
    return this.capability?.startsWith(SRIOV) ?? false;
  }

  private link(expressType: number | null | undefined): LinkDescription | null | undefined {
    // What is not Express has no link, nor has what is integrated in the root complex.
    if (expressType === null || expressType === 9 || expressType === 10) return null;
    if (this.linkAbility === undefined && this.linkStatus === undefined) return undefined;
    return defined<LinkDescription>({
      speed: this.linkStatus?.speed,
      width: this.linkStatus?.width,
      maxSpeed: this.linkAbility?.speed,
      maxWidth: this.linkAbility?.width,
      port: this.linkAbility?.port,
    });
  }
}

interface LinkFields {
  readonly speed: number | null;
  readonly width: number | null;
  readonly port: number | undefined;
}

type Heading = Omit<FunctionDescription, "bdf">;

/** `Class: Name (rev xx) (prog-if xx [Name])`, with or without numbers. */
function readHeading(header: string): Heading {
  const [, className, rest] = /^(.*?):\s*(.*)$/.exec(header)!;
  const interfaceMatch = /\(prog-if ([0-9a-f]{2})\b.*$/i.exec(rest!);
  const name = interfaceMatch === null ? rest! : rest!.slice(0, interfaceMatch.index);
  const revision = /\(rev ([0-9a-f]{2})\)\s*$/i.exec(name);
  const classCode = classCodeOf(className!);
  // `(rev ff) (prog-if ff)` is what an unreadable function shows.
  const progInterface = revision?.[1] === "ff" ? "" : (interfaceMatch?.[1] ?? "");
  return defined<Heading>({
    class: classCode && classCode + progInterface,
    ...labelAndIds(revision === null ? name : name.slice(0, revision.index)),
    revision: revision?.[1],
  });
}

/** A heading without what is read from registers that are all ones. */
function withoutOnes({ revision: _revision, ...heading }: Heading): Heading {
  if (heading.vendor !== "ffff") return heading;
  const { vendor: _vendor, device: _device, label: _label, class: classCode, ...rest } = heading;
  return classCode === undefined || classCode.startsWith("ffff") ? rest : { ...rest, class: classCode };
}

/** What lspci calls device/port types, by their number (PCIe 6.0 7.5.3.2). */
const EXPRESS_TYPES: readonly (readonly [RegExp, number])[] = [
  [/^Endpoint/, 0],
  [/^Legacy Endpoint/, 1],
  [/^Root Port/, 4],
  [/^Upstream Port/, 5],
  [/^Downstream Port/, 6],
  [/^PCI-Express to PCI\/PCI-X Bridge/, 7],
  [/^PCI\/PCI-X to PCI-Express Bridge/, 8],
  [/^Root Complex Integrated Endpoint/, 9],
  [/^Root Complex Event Collector/, 10],
];

const COMMAND_BITS = flagBits([
  "I/O",
  "Mem",
  "BusMaster",
  "SpecCycle",
  "MemWINV",
  "VGASnoop",
  "ParErr",
  "Stepping",
  "SERR",
  "FastB2B",
  "DisINTx",
]);
/** What `Flags:` says of the command register; what it does not say is clear. */
const COMMAND_FLAGS: readonly (readonly [string, number])[] = [
  ["bus master", 0x004],
  ["VGA palette snoop", 0x020],
  ["stepping", 0x080],
  ["fast Back2Back", 0x200],
];
const IO_DECODE = 0x1;
const MEMORY_DECODE = 0x2;
const ACS_BITS = flagBits([
  "SrcValid",
  "TransBlk",
  "ReqRedir",
  "CmpltRedir",
  "UpstreamFwd",
  "EgressCtrl",
  "DirectTrans",
]);
const SRIOV_CONTROL_BITS = flagBits(["Enable", "Migration", "Interrupt", "MSE", "ARIHierarchy", "10BitTagReq"]);
const SRIOV = "Single Root I/O Virtualization";

/** `I/O behind bridge: f000-0fff [disabled]`; versions up to 3.4 leave closed windows out or print them untagged. */
const BEHIND_BRIDGE =
  /^(I\/O|Memory|Prefetchable memory) behind bridge: (?:(None|\[disabled\].*)|([0-9a-f]+)-([0-9a-f]+)(.*))$/i;

type Handler = (block: Block, match: RegExpExecArray, line: LspciLine) => void;

/** How a field begins, how the whole of it looks, and what it says. The first rule that begins alike decides. */
const RULES: readonly (readonly [RegExp, RegExp, Handler])[] = [
  [/^!!! Unknown header type/, /./, (block) => (block.unreadable = true)],
  [/^Capabilities: <access denied>/, /./, (block) => (block.accessDenied = true)],
  [/^Capabilities: \[/, /^Capabilities: \[[0-9a-f]{2,3}(?: v\d+)?\]\s*(.*)$/i, readCapability],
  [/^Express /, /^Express (?:\(v\d+\) )?(.*)$/, (block, [, type]) => readExpress(block, type!)],

  [/^Control: I\/O/, /^Control: (I\/O[+-].*)$/, readControl],
  [/^Status: Cap/, /^Status: Cap([+-])/, (block, [, sign]) => (block.hasCapabilityList = sign === "+")],
  [/^Status: D/, /^Status: D([0-3])\b/, readPowerState],
  [/^Flags: /, /^Flags: (.*)$/, readFlags],
  [/^Region \d/, /^Region (\d): (\[virtual\] )?(Memory|I\/O ports) at (\S+)(.*)$/, readRegion],
  [/^(?:\[virtual\] )?(?:Memory|I\/O ports) at /, /^()(\[virtual\] )?(Memory|I\/O ports) at (\S+)(.*)$/, readRegion],
  [/^(?:\[virtual\] )?Expansion ROM at /, /^(\[virtual\] )?Expansion ROM at (\S+)(.*)$/, readRom],
  [/^Bus: /, /^Bus: primary=([0-9a-f]{2}), secondary=([0-9a-f]{2}), subordinate=([0-9a-f]{2})/i, readBus],
  [/^(?:I\/O|Memory|Prefetchable memory) behind bridge:/, BEHIND_BRIDGE, readWindow],
  [/^(?:Memory|I\/O) window \d/, /^(Memory|I\/O) window \d: ([0-9a-f]+)-([0-9a-f]+)(.*)$/i, readCardbusWindow],

  [/^NUMA node: /, /^NUMA node: (\d+)/, (block, [, node]) => block.note({ numaNode: Number(node) })],
  [/^IOMMU group: /, /^IOMMU group: (\d+)/, (block, [, group]) => block.note({ iommuGroup: Number(group) })],
  [/^Physical Slot: /, /^Physical Slot: (.+)$/, (block, [, slot]) => block.note({ slot: slot! })],
  [/^Subsystem: /, /^Subsystem: (.*)$/, readSubsystem],
  [/^Kernel driver in use: /, /^Kernel driver in use: (\S+)/, (block, [, driver]) => block.note({ driver: driver! })],

  [/^LnkCap:/, /^LnkCap:(.*)$/, (block, [, fields]) => (block.linkAbility = linkFields(fields!))],
  [/^LnkSta:/, /^LnkSta:(.*)$/, (block, [, fields]) => (block.linkStatus = linkFields(fields!))],
  [/^ACSCap:/, /^ACSCap:\s*(SrcValid[+-].*)$/, (block, [, flags]) => (block.acsCapability = acsWord(flags!))],
  [/^ACSCtl:/, /^ACSCtl:\s*(SrcValid[+-].*)$/, (block, [, flags]) => (block.acsControl = acsWord(flags!))],
  [/^BAR \d: current size: /, /^BAR (\d): current size: (\S+), supported:(.*)$/, readSizes],
  [/^IOVCtl:/, /^IOVCtl:\s*(.*)$/, readSriovControl],
  [/^Initial VFs: /, /Total VFs: (\d+), Number of VFs: (\d+)/, readVfCounts],
  [/^VF offset: /, /^VF offset: (\d+), stride: (\d+), Device ID: ([0-9a-f]{4})/i, readVfPlaces],
];

/** Most lines of verbose output are none of these: one look tells. */
const ANY_FIELD = new RegExp(RULES.map(([start]) => start.source).join("|"));

function readCapability(block: Block, [, body]: RegExpExecArray, line: LspciLine): void {
  block.capability = body!;
  block.sawCapability = true;
  if (/^Capabilities: \[[1-9a-f][0-9a-f]{2}[ \]]/i.test(line.text)) block.showsExtended = true;
  if (body!.includes("<chain looped>") || body!.includes("<chain broken>")) block.brokenChain = line;
  if (body!.startsWith("Access Control Services")) block.hasAcs = true;
  if (body!.startsWith(SRIOV)) block.hasSriov = true;
  const express = /^Express (?:\(v\d+\) )?(.*)$/.exec(body!);
  if (express !== null) readExpress(block, express[1]!);
  const serial = /^Device Serial Number ([0-9a-f]{2}(?:-[0-9a-f]{2}){7})/i.exec(body!);
  if (serial !== null) block.note({ serialNumber: serial[1]!.toLowerCase() });
}

function readExpress(block: Block, text: string): void {
  block.hasExpress = true;
  block.expressType = EXPRESS_TYPES.find(([name]) => name.test(text))?.[1];
}

function readControl(block: Block, [, flags]: RegExpExecArray): void {
  block.verbose = true;
  block.command = word(flags!, COMMAND_BITS);
}

function readFlags(block: Block, [, flags]: RegExpExecArray): void {
  // A capability (power management, for one) may have flags of its own.
  if (block.capability !== null) return;
  block.verbose = true;
  for (const [name, bit] of COMMAND_FLAGS) block.knowCommand(bit, flags!.includes(name));
  const node = /NUMA node (\d+)/.exec(flags!);
  if (node !== null) block.note({ numaNode: Number(node[1]) });
  const group = /IOMMU group (\d+)/.exec(flags!);
  if (group !== null) block.note({ iommuGroup: Number(group[1]) });
}

function readPowerState(block: Block, [, state]: RegExpExecArray): void {
  if (block.capability?.startsWith("Power Management") ?? false) {
    block.note({ powerState: state === "3" ? "D3hot" : `D${state}` });
  }
}

/**
 * A BAR of the function itself, with its index from -vv on. Inside the SR-IOV capability it is the aperture of a BAR
 * of the virtual functions, and the address is what the register holds.
 */
function readRegion(block: Block, [, index, virtual, what, address, tail]: RegExpExecArray): void {
  const isVirtual = virtual !== undefined || tail!.includes("[virtual]");
  const at = parseRange(address!);
  if (block.isInSriov()) {
    block.bars.push(defined({ index: 7 + Number(index), ...memoryType(tail!), bus: at }));
    return;
  }
  if (block.capability !== null) return;
  const isIo = what !== "Memory";
  if (!isVirtual) knowDecode(block, isIo ? IO_DECODE : MEMORY_DECODE, tail!);
  // lspci guesses the type of a BAR that only the kernel knows: the legacy I/O ports of IDE controllers look like memory.
  const isLegacyIo = isVirtual && at !== null && BigInt(at) < 0x10000n;
  block.bars.push(
    defined<BarDescription>({
      index: index === "" ? undefined : Number(index),
      ...(isIo || isLegacyIo ? { type: "io" as const, prefetchable: false } : memoryType(tail!)),
      start: at,
      size: sizeOf(tail!),
    }),
  );
}

/** `BAR 1: current size: 256MB, supported: 64MB 128MB 256MB`; the virtual functions' BARs are another capability's. */
function readSizes(block: Block, [, index, , supported]: RegExpExecArray): void {
  if (!/^(?:Physical )?Resizable BAR/.test(block.capability ?? "")) return;
  const sizes = [...supported!.matchAll(/(?<=\s)(\d+)([MGTPE])B(?=\s|$)/g)].map(([, count, unit]) =>
    formatSize(BigInt(count!) << BigInt(10 * " KMGTPE".indexOf(unit!))),
  );
  if (sizes.length > 0) block.sizes.set(Number(index), sizes);
}

function readRom(block: Block, [, virtual, address, tail]: RegExpExecArray): void {
  const isVirtual = virtual !== undefined || tail!.includes("[virtual]");
  // `[disabled by cmd]`: the register enables it, the command register does not.
  const blockedByCommand = tail!.includes("[disabled by cmd]");
  const isEnabled = blockedByCommand || !tail!.includes("[disabled]");
  if (isEnabled && !isVirtual) knowDecode(block, MEMORY_DECODE, blockedByCommand ? "[disabled]" : "");
  block.bars.push(
    defined<BarDescription>({
      index: 6,
      type: "rom",
      start: parseRange(address!),
      size: sizeOf(tail!),
      romEnabled: isVirtual ? undefined : isEnabled,
    }),
  );
}

/** `[disabled]` behind a range says that the command register does not let the function decode it. */
function knowDecode(block: Block, bit: number, tail: string): void {
  if (((block.command?.mask ?? 0) & bit) === 0) block.knowCommand(bit, !tail.includes("[disabled]"));
}

function readBus(block: Block, [, primary, secondary, subordinate]: RegExpExecArray): void {
  const number = (digits: string | undefined) => parseInt(digits!, 16);
  block.verbose = true;
  block.bus = { primary: number(primary), secondary: number(secondary), subordinate: number(subordinate) };
}

function readWindow(block: Block, [, what, closed, base, limit, tail]: RegExpExecArray): void {
  if (closed !== undefined || tail!.includes("[disabled]") || tail!.includes("[empty]")) return;
  const kind = what === "I/O" ? "io" : what === "Memory" ? "mem" : "pref";
  const [start, end] = [BigInt(`0x${base}`), BigInt(`0x${limit}`)];
  // A bridge without an I/O or a prefetchable window reads zero there.
  const isMissing = start === 0n && ((kind === "io" && end === 0xfffn) || (kind === "pref" && end === 0xfffffn));
  if (start <= end && !isMissing) block.windows.push({ kind, start: formatHex(start), end: formatHex(end) });
}

function readCardbusWindow(block: Block, [, what, base, limit, tail]: RegExpExecArray): void {
  block.isCardbus = true;
  const kind = what === "I/O" ? "io" : tail!.includes("(prefetchable)") ? "pref" : "mem";
  const [start, end] = [BigInt(`0x${base}`), BigInt(`0x${limit}`)];
  const isUnset = start === 0n && end <= 0xfffn;
  if (start <= end && !isUnset) block.windows.push({ kind, start: formatHex(start), end: formatHex(end) });
}

/** Version 3.14 prints the upper half of a 64-bit BAR as one of its own. */
function withoutUpperHalves(bars: readonly BarDescription[]): BarDescription[] {
  return bars.filter(({ index }) => !bars.some((low) => low.type === "mem64" && low.index! + 1 === index));
}

/** Without the windows at 0 that a reset leaves behind. */
function openWindows(bus: BusNumbers, windows: readonly WindowDescription[]): WindowDescription[] {
  return windows.filter(({ start }) => !(isReset(bus) && start === "0x0"));
}

function readSubsystem(block: Block, [, name]: RegExpExecArray): void {
  if (block.capability !== null) return;
  const { vendor, device } = labelAndIds(name!);
  if (vendor !== undefined) block.note(defined({ subsystemVendor: vendor, subsystemDevice: device }));
}

function readVfCounts(block: Block, [, total, current]: RegExpExecArray): void {
  block.sriov.totalVfs = Number(total);
  block.sriov.numVfs = Number(current);
}

function readVfPlaces(block: Block, [, offset, stride, device]: RegExpExecArray): void {
  block.sriov.firstOffset = Number(offset);
  block.sriov.stride = Number(stride);
  block.vfDevice = device!.toLowerCase();
}

/** `Port #1, Speed 16GT/s (downgraded), Width x8`; x0 and `unknown` are what a link shows that is down. */
function linkFields(text: string): LinkFields {
  const speed = /Speed ([\d.]+)GT\/s/.exec(text);
  const width = /Width x(\d+)/.exec(text);
  const port = /Port #(\d+)/.exec(text);
  return {
    speed: speed && Number(speed[1]),
    width: width && Number(width[1]) > 0 ? Number(width[1]) : null,
    port: port === null ? undefined : Number(port[1]),
  };
}

function memoryType(tail: string): Pick<BarDescription, "type" | "prefetchable"> {
  const match = /\((32-bit|64-bit|low-1M|type 3), (non-)?prefetchable\)/.exec(tail);
  if (match === null) return {};
  const prefetchable = match[2] === undefined;
  if (match[1] === "type 3") return { prefetchable };
  return { type: match[1] === "64-bit" ? "mem64" : "mem32", prefetchable };
}

/** The address behind `at`; null for `<unassigned>`, `<ignored>` and the 0 that means the same. */
function parseRange(address: string): BarDescription["start"] & (string | null) {
  if (!/^[0-9a-f]+$/i.test(address)) return null;
  const value = BigInt(`0x${address}`);
  return value === 0n ? null : formatHex(value);
}

/** `[size=256K]`: exact, in the greatest unit that divides it. */
function sizeOf(tail: string): Size | undefined {
  const match = /\[size=(\d+)([KMGT]?)\]/.exec(tail);
  return match === null ? undefined : formatSize(BigInt(match[1]!) << BigInt(10 * " KMGT".indexOf(match[2] || " ")));
}

/** Undefined where the line lost some of its bits. */
function acsWord(flags: string): number | undefined {
  const { value, mask } = word(flags, ACS_BITS);
  return mask === 0x7f ? value : undefined;
}

function readSriovControl(block: Block, [, flags]: RegExpExecArray): void {
  const { value, mask } = word(flags!, SRIOV_CONTROL_BITS);
  // Old versions do not know the sixth.
  if ((mask & 0x1f) === 0x1f) block.sriov.control = value;
}

/** `Name+ Other-` as the bits of the names that are there. */
function word(flags: string, bits: ReadonlyMap<string, number>): { value: number; mask: number } {
  let value = 0;
  let mask = 0;
  for (const flag of flags.split(/[\s,]+/)) {
    const bit = /[+-]$/.test(flag) ? (bits.get(flag.slice(0, -1)) ?? 0) : 0;
    mask |= bit;
    if (flag.endsWith("+")) value |= bit;
  }
  return { value, mask };
}

/** Names of successive bits, from bit 0 on. */
function flagBits(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, bit) => [name, 1 << bit]));
}
