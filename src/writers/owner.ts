import { formatHex, formatSize, type Hex, type Size } from "../topology/address.js";
import type { IommuMode } from "../topology/description.js";
import type { Owner, Ownership, Ref, Topology } from "../topology/topology.js";
import { CODES, type Code } from "../explain/codes.js";
import { FAULT_CODES, faultAddress, type FaultReading } from "../explain/fault.js";
import { formatBytes, nameOf } from "./describe.js";
import { paragraph, type Style } from "./style.js";

/** Whose an address is, as `owner --json` prints it. */
export interface OwnerDocument {
  /** CPU physical. */
  readonly address: Hex;
  /** Bytes; null: not asked for. */
  readonly size: Size | null;
  /** Null: nobody, or not one alone. */
  readonly owner: OwnerEntry | null;
  /** Everyone who claims it: several where the claim is ambiguous. */
  readonly owners: readonly OwnerEntry[];
  /** Who may own it, where the description does not show enough. */
  readonly candidates: readonly OwnerEntry[];
  /** The innermost window that forwards the address, where no owner is nearer. */
  readonly window: { readonly bridge: string; readonly kind: "mem" | "pref" } | null;
  /** Why there is no owner, or not of all of the range. */
  readonly reason: Code | null;
  /** Where a requester was named: what the address is that it put on the bus. `owner` is then that of `cpuAddress`. */
  readonly fault?: FaultDocument;
}

/** What an address is that a fault report names. */
export interface FaultDocument {
  /** Name of the function. */
  readonly requester: string;
  /** Null: not known. */
  readonly iommu: IommuMode | null;
  /** Whether an IOMMU translates what the requester puts on the bus; null: not known. */
  readonly translated: boolean | null;
  /** Which CPU physical address it is if it is a bus address; null: not known. */
  readonly cpuAddress: Hex | null;
  /** One where it is known whether an IOMMU translates, else both. */
  readonly readings: readonly (FaultReading & { readonly meaning: string })[];
}

/** Who owns an address, or claims it. */
export interface OwnerEntry {
  readonly kind: "pci" | "platform" | "system-ram" | "config-space" | "other";
  /** Of the function, in this topology; null: no function. */
  readonly id: number | null;
  readonly bdf: string | null;
  readonly bar: number | null;
  /** As the source names it. */
  readonly name: string;
  /** CPU physical. */
  readonly start: Hex;
  /** Bytes; null: not shown. */
  readonly size: Size | null;
  /** Of the address from the start, in bytes. */
  readonly offset: Size;
  /** What its exporter lets others do with it; null: not stated. */
  readonly exported: Owner["exported"];
}

/** Whose a CPU physical address is, and whether a range from there stays with the owner. */
export function ownerDocument(
  topology: Topology,
  address: bigint,
  size: bigint | null,
  system?: string | number,
): OwnerDocument {
  return ownershipDocument(topology, topology.owners(address, system, size ?? 1n), address, size, system);
}

/**
 * The same of an address that a requester put on the bus, as a fault report names it, and what such an address is.
 *
 * @param requester a function.
 */
export function faultDocument(
  topology: Topology,
  requester: Ref,
  address: bigint,
  size: bigint | null,
  refused = false,
): OwnerDocument {
  const found = faultAddress(topology, requester, address, size ?? 1n, refused);
  const { iommu, translated, cpuAddress } = found;
  const ownership = found.ownership ?? { answer: "unknown", owners: [], window: null };
  return {
    ...ownershipDocument(topology, ownership, address, size, topology.systemOf(found.requester)),
    fault: {
      requester: topology.name(found.requester),
      iommu,
      translated,
      cpuAddress: cpuAddress === null ? null : formatHex(cpuAddress),
      readings: found.readings.map((reading) => ({ ...reading, meaning: meaningOf(reading) })),
    },
  };
}

function meaningOf({ code }: FaultReading): string {
  return code === null ? "it is a bus address: whoever owns it was meant" : FAULT_CODES[code];
}

function ownershipDocument(
  topology: Topology,
  found: Ownership,
  address: bigint,
  size: bigint | null,
  system: string | number | undefined,
): OwnerDocument {
  const owners = found.owners.map(ownerEntry);
  return {
    address: formatHex(address),
    size: size === null ? null : formatSize(size),
    owner: found.answer === "one" || found.answer === "leaves-owner" ? owners[0]! : null,
    owners: found.answer === "unknown" ? [] : owners,
    candidates: found.answer === "unknown" ? owners : [],
    window: found.window && { bridge: topology.name(found.window.id), kind: found.window.kind },
    reason: reasonOf(found, topology.hasAddresses(system)),
  };
}

/** An owner as every command shows it. */
export function ownerEntry({ kind, id, name, bar, start, size, offset, exported }: Owner): OwnerEntry {
  return {
    kind: kind === "reserved" ? "other" : kind,
    id,
    bdf: id === null ? null : name,
    bar,
    name,
    start: formatHex(start),
    size: size === null ? null : formatSize(size),
    offset: formatSize(offset),
    exported,
  };
}

function reasonOf({ answer, owners }: Ownership, hasAddresses: boolean): Code | null {
  switch (answer) {
    case "several":
      return "OWNER_AMBIGUOUS";
    case "none":
      return hasAddresses ? "NO_OWNER" : "NO_ADDRESSES";
    case "unknown":
      return hasAddresses ? "OWNER_UNKNOWN" : "NO_ADDRESSES";
    case "leaves-owner":
      return "LEAVES_OWNER";
    case "one": {
      const owner = owners[0]!;
      return owner.bar !== null && owner.bar >= 7 ? "VF_NOT_ENABLED" : null;
    }
  }
}

/** The answer in one word: the owner's name, `none`, `ambiguous` or `unknown`. */
export function ownerWord({ owner, reason }: OwnerDocument): string {
  if (owner !== null) return owner.name;
  return reason === "OWNER_AMBIGUOUS" ? "ambiguous" : reason === "NO_OWNER" ? "none" : "unknown";
}

/** The answer for people. */
export function ownerText(topology: Topology, document: OwnerDocument, style: Style): string {
  const { owner, owners, candidates, window, reason, fault } = document;
  const address = fault?.cpuAddress ?? document.address;
  const lines = fault === undefined ? [] : faultLines(document, fault, style);
  const belongs =
    owner === null
      ? [`${style.strong(address)}: ${headline(reason!, style)}`]
      : [
          `${style.strong(address)} belongs to ${style.strong(entryText(topology, owner))}`,
          ...paragraph("  range", rangeText(owner), style),
          ...paragraph("  offset", `${formatHex(BigInt(owner.offset))} from its start`, style),
          ...exportedLines(owner.exported, style),
        ];
  lines.push(...belongs);
  if (owner === null)
    for (const claimant of owners)
      lines.push(...paragraph("  claimed", `${entryText(topology, claimant)}, ${rangeText(claimant)}`, style));
  for (const candidate of candidates) lines.push(...paragraph("  perhaps", entryText(topology, candidate), style));
  if (window !== null) lines.push(...paragraph("  window", `forwarded by ${window.bridge} (${window.kind})`, style));
  if (owner !== null && reason !== null) lines.push(...paragraph("  but", `${reason}: ${CODES[reason]}`, style));
  if (reason === "NO_ADDRESSES" || reason === "OWNER_UNKNOWN") {
    lines.push(...paragraph("  to know", "/proc/iomem read as root, or lspci -vv of the whole machine", style));
  }
  return lines.join("\n");
}

const UNSHOWN = "not shown whether it translates: --iommu says so";

function faultLines({ address }: OwnerDocument, fault: FaultDocument, style: Style): string[] {
  const { requester, iommu, translated, cpuAddress, readings } = fault;
  const mode = translated === false && iommu === "translating" ? "translating, but not for this function" : iommu;
  const unsaid = translated === true ? "not shown; it reported the address, so that it is on" : UNSHOWN;
  return [
    `${style.strong(address)} as ${style.strong(requester)} put it on the bus`,
    ...paragraph("  IOMMU", mode ?? unsaid, style),
    ...readings.flatMap((reading) => paragraph(READ_AS[reading.as], readingText(reading), style)),
    ...(cpuAddress === null || cpuAddress === address
      ? []
      : paragraph("  CPU", `${cpuAddress}: the host bridge's windows have an offset`, style)),
    ...readings.flatMap(({ code }) => (code === null ? [] : [`  more     peerlane explain ${code}`])),
  ];
}

const READ_AS = { iova: "  as IOVA", "bus-address": "  as bus" } as const;

function readingText({ code, certain, meaning }: FaultDocument["readings"][number]): string {
  if (code === null) return meaning;
  const chance = certain || code === "IOVA_UNCHECKED" ? "" : ", or an IOVA that equals it by chance";
  return `${meaning}${chance} (${code})`;
}

const EXPORTED: Readonly<Record<NonNullable<OwnerEntry["exported"]>, string>> = {
  direct: "direct: its exporter lets it be mapped to user space as it is",
  driver: "driver: under its driver's control, user space gets it through the driver only",
  none: "none: its exporter hands it out to nobody",
};

/** The exporter's stance, where it is stated. */
export function exportedLines(exported: OwnerEntry["exported"], style: Style): string[] {
  return exported === null ? [] : paragraph("  exported", EXPORTED[exported], style);
}

function headline(reason: Code, style: Style): string {
  const paint = reason === "NO_OWNER" ? style.bad : style.doubtful;
  return paint(`${CODES[reason]} (${reason})`);
}

const KINDS: Readonly<Record<OwnerEntry["kind"], string>> = {
  pci: "PCI function",
  platform: "platform device",
  "system-ram": "system RAM",
  "config-space": "configuration space",
  other: "not a device",
};

/** `0000:23:00.0 BAR 2 (GPU0)`, `System RAM`, `pl011@9000000 (platform device)`. */
export function entryText(topology: Topology, { kind, id, bdf, bar, name }: OwnerEntry): string {
  if (id === null) return name.toLowerCase() === KINDS[kind].toLowerCase() ? name : `${name} (${KINDS[kind]})`;
  const what = nameOf(topology.describe(id)!);
  return `${bdf}${bar === null ? "" : ` ${barText(bar)}`} (${what})`;
}

function barText(bar: number): string {
  return bar === 6 ? "ROM" : bar >= 7 ? `BAR ${bar} (kept for virtual functions)` : `BAR ${bar}`;
}

function rangeText({ start, size }: OwnerEntry): string {
  if (size === null) return `from ${start}, of unknown size`;
  const bytes = BigInt(size);
  return `${start} to ${formatHex(BigInt(start) + bytes - 1n)}, ${formatBytes(bytes)}`;
}
