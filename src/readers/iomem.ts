import { formatHex, formatSize } from "../topology/address.js";
import { canonicalBdf, compareBdf, parseBdf } from "../topology/bdf.js";
import type {
  BarDescription,
  FunctionDescription,
  HostBridgeDescription,
  PlatformDeviceDescription,
  RangeDescription,
  SystemDescription,
  WindowDescription,
} from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { checkLines } from "./bounds.js";
import type { Reading } from "./reading.js";

/*
 *     c0000000-febfffff : PCI Bus 0000:00              window of a host bridge: no PCI line around it
 *       fe000000-fe1fffff : PCI Bus 0000:06            window of a bridge, named after the bus below it
 *         fe004000-fe00bfff : 0000:06:00.0             BAR, or the aperture of virtual functions' BARs
 *           fe004000-fe007fff : 0000:06:00.1           BAR of a virtual function
 *             fe004000-fe007fff : nvme                 the driver's claim
 *     e0000000-efffffff : PCI ECAM 0000 [bus 00-ff]    not PCI's to give away
 *
 * With a device tree, host bridges are named after their nodes: `pcie@10000000`. The kernel stops indenting at five
 * levels and mail programs change indents, so ranges nest by containment, in the order of the file.
 */
const LINE = /^[>\s]*([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.*)\r?$/i;
const FUNCTION_NAME = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i;
const BUS_NAME = /^PCI Bus (\S+)$/i;
const ROOT_NAME = /^[0-9a-f]{4,8}:[0-9a-f]{2}$/;
const HOST_BRIDGE_NODE = /^(?:pci[\w-]*@[0-9a-f]+|[0-9a-f]+\.pcie?)$/i;
const CONFIG_SPACE_NAME = /^PCI (?:ECAM|MMCONFIG)\b|\.pcie? (?:config|ECAM)$/i;
/** What takes up addresses without being a device. */
const MEMORY_NAME =
  /^(?:ACPI|RAM buffer|Unusable|Persistent|Soft Reserved|CXL Window|Graphics Stolen|\w+ (?:ROM|RAM)\b)/i;

/** What a line stands for; `ignored` is what belongs to the line around it, such as a driver's claim. */
type Claim =
  | { readonly is: "function"; readonly bdf: string }
  | { readonly is: "bus"; readonly bus: string }
  | { readonly is: "host-bridge-node"; readonly node: string }
  | { readonly is: RangeDescription["kind"] | "platform" }
  | { readonly is: "ignored" };

interface Line {
  readonly start: bigint;
  readonly end: bigint;
  readonly name: string;
  readonly number: number;
  readonly claim: Claim;
  readonly around: Line | null;
  /** The innermost line that is PCI's: itself or one around it. */
  readonly pci: Line | null;
  /** The innermost that claims something else. */
  readonly other: Line | null;
}

/** Whether `text` is a `/proc/iomem`, perhaps with a prompt or a title around it. */
export function looksLikeIomem(text: string): boolean {
  let lines = 0;
  for (const line of text.split("\n")) {
    if (LINE.test(line) && ++lines === 2) return true;
  }
  return false;
}

/**
 * Reads `/proc/iomem`: who owns which CPU physical addresses. It shows ranges only, so BARs come without an index and
 * bridges without their windows. `roots` gives the root bus of host bridges that are named after device tree nodes;
 * without it, a function directly below such a host bridge tells.
 *
 * @param source its name, for findings.
 */
export function readIomem(text: string, source: string, roots: ReadonlyMap<string, string> = new Map()): Reading {
  const { lines, findings } = readLines(text, source);
  if (lines.length > 0 && lines.every((line) => line.end === 0n)) {
    const message =
      "all addresses are zero: /proc/iomem was read without privilege. Read it as root to see RAM, reserved ranges and owners";
    return { system: { functions: [] }, findings: [{ code: "MASKED_ADDRESSES", message, functions: [], source }] };
  }
  const system: SystemDescription = {
    functions: functionsOf(lines),
    allAddresses: true,
    hostBridges: hostBridgesOf(lines, roots),
    platformDevices: platformDevicesOf(lines),
    ranges: rangesOf(lines),
  };
  return { system, findings };
}

function readLines(text: string, source: string): { lines: Line[]; findings: Finding[] } {
  checkLines(text, source);
  const lines: Line[] = [];
  const findings: Finding[] = [];
  let around: Line | null = null;
  for (const [index, written] of text.split("\n").entries()) {
    const match = LINE.exec(written);
    if (match === null) continue;
    const start = BigInt(`0x${match[1]}`);
    const end = BigInt(`0x${match[2]}`);
    const number = index + 1;
    if (end < start) {
      const message = `expected a range that ends at or after its start, got ${match[1]}-${match[2]}`;
      findings.push({ code: "MALFORMED_LINE", message, functions: [], source, line: number });
      continue;
    }
    while (around !== null && !(around.start <= start && end <= around.end)) around = around.around;
    const name = match[3]!.trim();
    const line = lineOf({ start, end, name, number, around });
    lines.push(line);
    around = line;
  }
  return { lines, findings };
}

function lineOf(written: Omit<Line, "claim" | "pci" | "other">): Line {
  const { name, around } = written;
  const line = { ...written, claim: claimOf(name, around), pci: around?.pci ?? null, other: around?.other ?? null };
  if (isPci(line)) line.pci = line;
  else if (line.claim.is !== "ignored") line.other = line;
  return line;
}

function claimOf(name: string, around: Line | null): Claim {
  const bus = BUS_NAME.exec(name)?.[1];
  if (bus !== undefined) return { is: "bus", bus: bus.toLowerCase() };
  const owner = around?.pci;
  if (FUNCTION_NAME.test(name)) {
    const bdf = canonicalBdf(name)!;
    // A part of a BAR that its own driver claimed under the function's name.
    const isPart = owner?.claim.is === "function" && owner.claim.bdf === bdf;
    return isPart ? { is: "ignored" } : { is: "function", bdf };
  }
  if (owner?.claim.is === "function") return { is: "ignored" };
  if (HOST_BRIDGE_NODE.test(name)) return { is: "host-bridge-node", node: name };
  return otherClaim(name, around?.other?.claim);
}

/** RAM and configuration space keep what is inside them; a device keeps its drivers. */
function otherClaim(name: string, within: Claim | undefined): Claim {
  const claim: Claim = { is: nonPciKind(name) };
  switch (within?.is) {
    case "system-ram":
    case "config-space":
      return { is: "ignored" };
    case "platform":
    case "other":
      return claim.is === "system-ram" || claim.is === "config-space" ? claim : { is: "ignored" };
    default:
      return claim;
  }
}

function nonPciKind(name: string): RangeDescription["kind"] | "platform" {
  if (/^System RAM\b/.test(name)) return "system-ram";
  if (CONFIG_SPACE_NAME.test(name)) return "config-space";
  if (/^reserved$/i.test(name)) return "reserved";
  return name === "" || MEMORY_NAME.test(name) ? "other" : "platform";
}

function isPci(line: Pick<Line, "claim">): boolean {
  return line.claim.is === "function" || line.claim.is === "bus" || line.claim.is === "host-bridge-node";
}

/** Enters `item` under `key`. */
function addTo<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function functionsOf(lines: readonly Line[]): FunctionDescription[] {
  const bars = new Map<string, BarDescription[]>();
  const physicalFunctions = new Map<string, string>();
  for (const line of lines) {
    if (line.claim.is !== "function") continue;
    const { bdf } = line.claim;
    const range = { start: formatHex(line.start), size: formatSize(line.end - line.start + 1n) };
    addTo(bars, bdf, range);
    // Inside another function's BAR, with no bus between: that BAR is the aperture of its virtual functions.
    const owner = line.around?.pci?.claim;
    if (owner?.is === "function") physicalFunctions.set(bdf, owner.bdf);
  }
  return [...bars]
    .map(([bdf, own]) => {
      const physicalFunction = physicalFunctions.get(bdf);
      return physicalFunction === undefined ? { bdf, bars: own } : { bdf, physicalFunction, bars: own };
    })
    .sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
}

function hostBridgesOf(lines: readonly Line[], roots: ReadonlyMap<string, string>): HostBridgeDescription[] {
  const allRoots = new Map([...rootsFromFunctions(lines), ...roots]);
  const windows = new Map<string, WindowDescription[]>();
  for (const line of lines) {
    const root = rootOf(line, allRoots);
    if (root === undefined) continue;
    const window: WindowDescription = { kind: "mem", start: formatHex(line.start), end: formatHex(line.end) };
    addTo(windows, root, window);
  }
  return [...windows].map(([root, own]) => ({ root, windows: own }));
}

/** The root bus of a host bridge's window; a bus inside a function's BAR is the root bus of that device (VMD). */
function rootOf(line: Line, roots: ReadonlyMap<string, string>): string | undefined {
  if (line.claim.is === "host-bridge-node") return roots.get(line.claim.node);
  if (line.claim.is !== "bus") return undefined;
  const owner = line.around?.pci?.claim;
  const isRoot = owner === undefined || owner.is === "function";
  return isRoot && ROOT_NAME.test(line.claim.bus) ? line.claim.bus : undefined;
}

function rootsFromFunctions(lines: readonly Line[]): Map<string, string> {
  const roots = new Map<string, string>();
  for (const line of lines) {
    const owner = line.around?.pci?.claim;
    if (line.claim.is === "function" && owner?.is === "host-bridge-node") {
      roots.set(owner.node, line.claim.bdf.slice(0, line.claim.bdf.lastIndexOf(":")));
    }
  }
  return roots;
}

function platformDevicesOf(lines: readonly Line[]): PlatformDeviceDescription[] {
  const devices = new Map<string, PlatformDeviceDescription["regions"][number][]>();
  for (const line of lines) {
    if (line.claim.is !== "platform") continue;
    const region = { start: formatHex(line.start), size: formatSize(line.end - line.start + 1n) };
    addTo(devices, line.name, region);
  }
  return [...devices].map(([name, regions]) => ({ name, regions }));
}

function rangesOf(lines: readonly Line[]): RangeDescription[] {
  const ranges: RangeDescription[] = [];
  for (const { claim, name, start, end } of lines) {
    if (claim.is !== "system-ram" && claim.is !== "config-space" && claim.is !== "reserved" && claim.is !== "other")
      continue;
    const range = { kind: claim.is, start: formatHex(start), size: formatSize(end - start + 1n) };
    ranges.push(name === "" ? range : { ...range, name });
  }
  return ranges;
}
