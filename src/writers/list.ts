import { isBridge } from "../topology/class-code.js";
import type { Hex, Size } from "../topology/address.js";
import { formatHex } from "../topology/address.js";
import type {
  AcsDescription,
  BarDescription,
  FunctionDescription,
  WindowDescription,
} from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import {
  bit,
  COMMAND_MEMORY,
  decodesMemory,
  knownBits,
  mayBeVirtual,
  WHOLE_WORD,
  type Known,
} from "../topology/register.js";
import type { Topology } from "../topology/topology.js";
import { formatBytes, idsOf, shortLabel, whatItIs } from "./describe.js";
import { extrasOf, type LinkEntry as SideLinkEntry } from "./links.js";
import { shorten, table, type Style } from "./style.js";

/** All functions, as `list --json` prints them. */
export interface ListDocument {
  /** By system, segment, bus, device, function. */
  readonly functions: readonly FunctionEntry[];
  readonly findings: readonly Finding[];
}

/** A function as `list` shows it. Null: absent or not shown; `unknown` names the fields that are not shown. */
export interface FunctionEntry {
  /** Its number in this topology, which `#ID` on the command line names. */
  readonly id: number;
  readonly bdf: string;
  readonly kind: string;
  readonly class: string | null;
  readonly vendor: string | null;
  readonly device: string | null;
  readonly parent: string | null | "unknown";
  readonly hostBridge: string;
  /** Bridges and host bridge above it; null: not shown. */
  readonly depth: number | null;
  readonly physicalFunction: string | null;
  readonly names: readonly string[];
  readonly label: string | null;
  readonly driver: string | null;
  readonly bars: readonly BarEntry[];
  readonly windows: readonly WindowEntry[];
  readonly acs: AcsEntry | null | "unknown";
  readonly link: LinkEntry | null;
  readonly numaNode: number | null;
  readonly iommuGroup: number | null;
  /** Its side links, where the description shows any of it. */
  readonly links?: readonly SideLinkEntry[];
  /** How it is attached to the host beside PCIe, such as `cxl`, where the description shows that. */
  readonly attachments?: readonly string[];
  readonly unknown: readonly string[];
}

interface AcsEntry {
  readonly capability: Hex;
  readonly control: Hex;
  /** Only where some bits of `control` are not known: those that are; the others are printed as clear. */
  readonly controlMask?: Hex;
}

interface BarEntry {
  readonly index: number | null;
  readonly start: Hex | null;
  readonly bus: Hex | null;
  readonly size: Size | null;
  /** Sizes that it can be given, where the description shows any. */
  readonly sizes?: readonly Size[];
  readonly type: string | null;
  readonly prefetchable: boolean | null;
  readonly enabled: boolean | null;
}

interface WindowEntry {
  readonly kind: string;
  readonly start: Hex | null;
  readonly end: Hex | null;
  readonly bus: Hex | null;
  readonly busEnd: Hex | null;
}

interface LinkEntry {
  readonly speed: number | null;
  readonly width: number | null;
  readonly maxSpeed: number | null;
  readonly maxWidth: number | null;
}

/** Every function with what the description holds of it. `findings` are the readers'; the topology's follow. */
export function listDocument(topology: Topology, findings: readonly Finding[] = []): ListDocument {
  const { functions, findings: all } = listSequence(topology, findings);
  return { functions: [...functions], findings: all };
}

/** The same for one walk through it: entries are made one after the other, and not kept. */
export function listSequence(
  topology: Topology,
  findings: readonly Finding[] = [],
): { readonly functions: Iterable<FunctionEntry>; readonly findings: readonly Finding[] } {
  return { functions: entriesOf(topology), findings: [...findings, ...topology.findings] };
}

function* entriesOf(topology: Topology): Generator<FunctionEntry> {
  for (const id of topology.functions()) yield functionEntry(topology, id);
}

/** One function as `list` shows it. */
export function functionEntry(topology: Topology, id: number): FunctionEntry {
  const description = topology.describe(id)!;
  const parent = topology.parent(id);
  const host = topology.hostBridge(id);
  const { link, acs } = description;
  const { links, attachments } = extrasOf(topology, id);
  return {
    id,
    bdf: topology.name(id),
    kind: description.kind ?? "unknown",
    class: description.class?.slice(0, 4) ?? null,
    vendor: description.vendor ?? null,
    device: description.device ?? null,
    parent: typeof parent !== "number" ? parent : topology.isFunction(parent) ? topology.name(parent) : null,
    hostBridge: host === null ? "unknown" : topology.name(host),
    depth: host === null ? null : topology.core.depth(id),
    physicalFunction: physicalFunctionOf(topology, id, description),
    names: description.names ?? [],
    label: description.label ?? null,
    driver: description.driver ?? null,
    bars: barEntries(description, topology.physicalFunction(id)),
    windows: (description.windows ?? []).map(windowEntry),
    acs: acs === undefined ? "unknown" : acs && acsEntry(acs),
    link: link
      ? {
          speed: link.speed ?? null,
          width: link.width ?? null,
          maxSpeed: link.maxSpeed ?? null,
          maxWidth: link.maxWidth ?? null,
        }
      : null,
    numaNode: description.numaNode ?? null,
    iommuGroup: description.iommuGroup ?? null,
    ...(links.length === 0 ? {} : { links }),
    ...(attachments.length === 0 ? {} : { attachments }),
    unknown: OPTIONAL.filter(
      (field) => description[field] === undefined && (field !== "windows" || isBridge(description)),
    ),
  };
}

function acsEntry({ capability, control }: AcsDescription): AcsEntry {
  const { value, mask } = knownBits(control);
  const words = { capability: formatHex(capability), control: formatHex(value) };
  return mask === WHOLE_WORD ? words : { ...words, controlMask: formatHex(mask) };
}

/** Fields that a description may lack and whose entry does not tell that from absence. */
const OPTIONAL = ["bars", "driver", "iommuGroup", "link", "names", "numaNode", "physicalFunction", "windows"] as const;

/** Named as the topology names it, with its system where there are several. */
function physicalFunctionOf(
  topology: Topology,
  id: number,
  { bdf, physicalFunction }: FunctionDescription,
): string | null {
  if (typeof physicalFunction !== "string") return null;
  return topology.name(id).slice(0, -bdf.length) + physicalFunction;
}

function barEntries(description: FunctionDescription, physical: FunctionDescription | undefined): BarEntry[] {
  const bars = [...(description.bars ?? [])];
  bars.sort((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity) || 0);
  return bars.map((bar) => ({
    index: bar.index ?? null,
    start: bar.start ?? null,
    bus: bar.bus ?? null,
    size: bar.size ?? null,
    ...(bar.sizes && { sizes: bar.sizes }),
    type: bar.type ?? null,
    prefetchable: bar.prefetchable ?? null,
    enabled: isEnabled(bar, description, physical),
  }));
}

const COMMAND_IO = 0x1;

/** Whether the function answers requests to a BAR; null where the description does not show the bits that decide. */
function isEnabled(
  bar: BarDescription,
  description: FunctionDescription,
  physical: FunctionDescription | undefined,
): boolean | null {
  if (bar.type === "io") return known(bit(description.command, COMMAND_IO));
  if (bar.index !== undefined && bar.index >= 7) {
    return known(decodesMemory({ bdf: "", physicalFunction: description.bdf }, description));
  }
  const virtual = typeof description.physicalFunction === "string";
  const own = bit(description.command, COMMAND_MEMORY);
  const plain = own === "off" && mayBeVirtual(description) ? "unknown" : own;
  const memory = known(virtual ? decodesMemory(description, physical) : plain);
  if (bar.index !== 6 && bar.type !== "rom") return memory;
  if (memory === false || bar.romEnabled === false) return false;
  return memory === null || bar.romEnabled === undefined ? null : true;
}

function known(state: Known): boolean | null {
  return state === "unknown" ? null : state === "on";
}

function windowEntry({ kind, start, end, bus, busEnd }: WindowDescription): WindowEntry {
  return { kind, start: start ?? null, end: end ?? null, bus: bus ?? null, busEnd: busEnd ?? null };
}

/** The functions, one a line: name, what it is, ids, driver, memory, label. */
export function listText(topology: Topology, style: Style): string {
  return [...listLines(topology, style)].join("\n");
}

/** The same line by line, for more functions than one text has room for. */
export function* listLines(topology: Topology, style: Style): Generator<string> {
  const rows = Array.from(topology.functions(), (id) => {
    const description = topology.describe(id)!;
    return [
      topology.name(id),
      whatItIs(description),
      idsOf(description) ?? "-",
      description.driver ?? "-",
      memorySizes(description) || "-",
      [...(description.names ?? []).slice(0, 2), shortLabel(description) ?? ""].join(" ").trim() || "-",
    ];
  });
  rows.unshift(["function", "what", "ids", "driver", "memory", "name"]);
  let heading = true;
  for (const line of table(rows)) {
    yield heading ? style.faint(line) : shorten(line, style.width, style);
    heading = false;
  }
}

/** Sizes of the memory BARs: `64K 32G`; `?` for one whose size is not shown; empty without any. */
export function memorySizes({ bars }: FunctionDescription): string {
  return (bars ?? [])
    .filter(({ index, type }) => type !== "io" && type !== "rom" && (index === undefined || index < 6))
    .map(({ size }) => (size === undefined ? "?" : formatBytes(BigInt(size))))
    .join(" ");
}
