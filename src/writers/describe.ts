import type { FunctionDescription, FunctionKind, LinkDescription } from "../topology/description.js";
import { ACS_BITS, ACS_REDIRECT, knownBits, redirects } from "../topology/register.js";
import { formatBandwidth } from "./links.js";

const BRIDGES: Readonly<Partial<Record<FunctionKind, string>>> = {
  "host-bridge-function": "host bridge function",
  "root-port": "root port",
  "upstream-port": "upstream port",
  "downstream-port": "downstream port",
  "pcie-to-pci-bridge": "PCIe-to-PCI bridge",
  "pci-to-pcie-bridge": "PCI-to-PCIe bridge",
  "pci-bridge": "PCI bridge",
  "cardbus-bridge": "CardBus bridge",
};

/**
 * Class codes (PCI Code and ID Assignment 1.1) whose plain name says more than their number; the longest match wins.
 */
const CLASSES: Readonly<Record<string, string>> = {
  "00": "unclassified",
  "01": "storage",
  "0106": "SATA",
  "0107": "SAS",
  "0108": "NVMe",
  "02": "network",
  "0207": "InfiniBand",
  "03": "display",
  "0302": "3D controller",
  "04": "multimedia",
  "0403": "audio",
  "05": "memory",
  "0502": "CXL memory",
  "0600": "host bridge function",
  "0601": "ISA bridge",
  "0604": "PCI bridge",
  "07": "communication",
  "08": "system peripheral",
  "0c03": "USB",
  "0c05": "SMBus",
  "0d": "wireless",
  "12": "accelerator",
};

/** What a function is, in a word or two. */
export function whatItIs({ kind, class: code }: FunctionDescription): string {
  const bridge = kind === undefined ? undefined : BRIDGES[kind];
  if (bridge !== undefined) return bridge;
  if (code === undefined) return kind?.replaceAll("-", " ") ?? "function";
  return CLASSES[code.slice(0, 4)] ?? CLASSES[code.slice(0, 2)] ?? `class ${code.slice(0, 4)}`;
}

/** What the system calls a function, else what its makers call it, else what it is. */
export function nameOf(description: FunctionDescription): string {
  return description.names?.[0] ?? shortLabel(description) ?? whatItIs(description);
}

/** The makers' name without their legal form. */
export function shortLabel({ label }: FunctionDescription): string | null {
  if (label === undefined || label === "") return null;
  return label
    .replace(
      /,? (?:Inc\.?|Corporation|Corp\.?|Co\.?,? Ltd\.?|Ltd\.?|Limited|GmbH|LLC|Technologies|Electronics)(?=[ ,]|$)/g,
      "",
    )
    .replace(/^Advanced Micro Devices \[AMD(?:\/ATI)?\] /, "AMD ");
}

/** `10de:20b5`; null where the source does not show it. */
export function idsOf({ vendor, device }: FunctionDescription): string | null {
  return vendor === undefined || device === undefined ? null : `${vendor}:${device}`;
}

/** Bytes in the largest unit that holds them, as people say them: `16K`, `1.5G`. */
export function formatBytes(bytes: bigint): string {
  let value = Number(bytes);
  let unit = 0;
  for (; value >= 1024 && unit < 6; unit++) value /= 1024;
  return `${Number(value.toFixed(1))}${["", "K", "M", "G", "T", "P", "E"][unit]}`;
}

/** `x8 16GT/s`, and what it could be where it is less, or else `15.8 GB/s`; empty where the source shows no link. */
export function formatLink(link: LinkDescription | null | undefined): string {
  if (link?.bandwidth !== undefined && link.width === undefined) return formatBandwidth(link.bandwidth);
  if (typeof link?.width !== "number" || typeof link.speed !== "number") return "";
  const { width, speed, maxWidth, maxSpeed } = link;
  const now = `x${width} ${speed}GT/s`;
  const below =
    (typeof maxWidth === "number" && width < maxWidth) || (typeof maxSpeed === "number" && speed < maxSpeed);
  return below ? `${now} of x${maxWidth ?? "?"} ${maxSpeed ?? "?"}GT/s` : now;
}

/** The redirecting bits that are set, as lspci abbreviates them; `unknown` where the source does not show them. */
export function redirectBits(description: FunctionDescription): readonly string[] | "unknown" {
  const state = redirects(description);
  if (state !== "on") return state === "off" ? [] : "unknown";
  return ACS_BITS.filter((_, index) => (knownBits(description.acs!.control).value & ACS_REDIRECT & (1 << index)) !== 0);
}
