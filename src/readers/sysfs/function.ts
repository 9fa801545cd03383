import { canonicalBdf } from "../../topology/bdf.js";
import type { FunctionDescription, LinkDescription, WindowDescription } from "../../topology/description.js";
import type { Finding } from "../../topology/finding.js";
import { decodeConfigSpace, defined, kindOf } from "../config-space.js";
import { baseName, type FileTree } from "../files/file-tree.js";
import { namesBelow } from "./names.js";
import { barsFrom, readResources, windowsFrom } from "./resource.js";

/** Bytes of configuration space that every function has; extended capabilities come after them. */
export const CONVENTIONAL_LENGTH = 256;

/** What a function's directory shows, and whether it lacks `resource`. */
export interface FunctionReading {
  readonly function: FunctionDescription;
  readonly findings: readonly Finding[];
  readonly hasResource: boolean;
}

/**
 * Reads the directory of one function; everything but its place in the tree, which only the path to it shows. The
 * bytes of its `config` come from the caller, who knows from those of the others whether they were cut.
 */
export function readFunction(
  tree: FileTree,
  path: string,
  bdf: string,
  config: Uint8Array | null,
  isCut: boolean,
): FunctionReading {
  // An unprivileged read ends after 64 bytes; what is longer is all there is.
  const extent = isCut || (config !== null && config.length < CONVENTIONAL_LENGTH) ? "part" : "whole";
  const decoded = config === null ? { function: { bdf }, findings: [] } : decodeConfigSpace(bdf, config, extent);
  const shown = decoded.function;
  const resourceText = tree.text(`${path}/resource`);
  const resources = resourceText === null ? null : readResources(resourceText);
  const hexFile = (name: string, digits: number) => hexDigits(tree.text(`${path}/${name}`), digits);
  const classCode = hexFile("class", 6);
  const driver = ownLink(tree, path, "driver");
  const isBridge = classCode?.startsWith("06") ?? false;
  const description = defined<FunctionDescription>({
    ...shown,
    bdf,
    kind: shown.kind ?? kindOf({ classCode }),
    class: classCode ?? shown.class,
    // Opening a file costs more than decoding a register, so files are for what the registers do not show.
    vendor: shown.vendor ?? hexFile("vendor", 4),
    device: shown.device ?? hexFile("device", 4),
    ...(shown.subsystemVendor === undefined && !isBridge
      ? subsystem(hexFile("subsystem_vendor", 4), hexFile("subsystem_device", 4))
      : {}),
    revision: shown.revision ?? hexFile("revision", 2),
    physicalFunction: firstKnown(physicalFunction(ownLink(tree, path, "physfn")), shown.physicalFunction),
    bars: resources === null ? shown.bars : barsFrom(resources, shown.bars ?? [], classCode),
    windows: windowsOf(resources, shown),
    link: shown.link === undefined ? readLink(tree, path) : shown.link,
    // Without a driver this is the kernel's default of 32 bits, and bridges' drivers never set it; 0: no mask is set.
    dmaMaskBits:
      typeof driver === "string" && !isBridge ? decimal(tree.text(`${path}/dma_mask_bits`)) || undefined : undefined,
    // The register says what state the device is in, the file what state the kernel believes it to be in.
    powerState: shown.powerState ?? powerState(tree.text(`${path}/power_state`)),
    numaNode: numaNode(tree.text(`${path}/numa_node`)),
    iommuGroup: numberOrNull(ownLink(tree, path, "iommu_group")),
    driver,
    names: namesBelow(tree, path),
    label: tree.text(`${path}/label`) || undefined,
  });
  return {
    function: description,
    findings: decoded.findings,
    hasResource: resources !== null,
  };
}

function windowsOf(
  resources: ReturnType<typeof readResources>,
  shown: FunctionDescription,
): readonly WindowDescription[] | undefined {
  if (resources === null) return shown.windows;
  const windows = windowsFrom(resources, shown.windows ?? []);
  return windows.length > 0 || shown.bus !== undefined ? windows : undefined;
}

function hexDigits(text: string | null, digits: number): string | undefined {
  const value = /^0x([0-9a-f]+)$/i.exec(text ?? "")?.[1]?.toLowerCase();
  return value?.length === digits ? value : undefined;
}

/** The kernel prints zeros where a function has no subsystem ids. */
function subsystem(vendor: string | undefined, device: string | undefined) {
  if (vendor === undefined || device === undefined || (vendor === "0000" && device === "0000")) return {};
  return { subsystemVendor: vendor, subsystemDevice: device };
}

/**
 * The last name of a link in a function's directory; null: there is none. Missing: perhaps whoever copied the files
 * left links out, since not even `subsystem` is there, which every device has.
 */
function ownLink(tree: FileTree, path: string, name: string): string | null | undefined {
  const target = tree.link(`${path}/${name}`);
  if (target !== null) return baseName(target);
  return tree.has(`${path}/subsystem`) ? null : undefined;
}

/** Null is known, too: only what is missing gives way. */
function firstKnown<T>(first: T | undefined, second: T | undefined): T | undefined {
  return first !== undefined ? first : second;
}

function physicalFunction(link: string | null | undefined): string | null | undefined {
  return typeof link === "string" ? (canonicalBdf(link) ?? undefined) : link;
}

function numberOrNull(link: string | null | undefined): number | null | undefined {
  return typeof link === "string" ? decimal(link) : link;
}

function numaNode(text: string | null): number | null | undefined {
  return text === "-1" ? null : decimal(text);
}

function powerState(text: string | null): string | undefined {
  return text !== null && /^D[0-3]/.test(text) ? text : undefined;
}

function decimal(text: string | null): number | undefined {
  return text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

function readLink(tree: FileTree, path: string): LinkDescription | undefined {
  const link = defined<LinkDescription>({
    speed: linkSpeed(tree.text(`${path}/current_link_speed`)),
    width: linkWidth(tree.text(`${path}/current_link_width`)),
    maxSpeed: linkSpeed(tree.text(`${path}/max_link_speed`)),
    maxWidth: linkWidth(tree.text(`${path}/max_link_width`)),
  });
  return Object.keys(link).length > 0 ? link : undefined;
}

/** `8 GT/s`, `8.0 GT/s PCIe`; `Unknown` while the link is down. */
function linkSpeed(text: string | null): number | null | undefined {
  if (text === null) return undefined;
  const speed = /^([0-9]+(?:\.[0-9]+)?) GT\/s/.exec(text)?.[1];
  return speed !== undefined ? Number(speed) : /^Unknown/.test(text) ? null : undefined;
}

/** 0 and 255 are what the kernel prints while the link is down. */
function linkWidth(text: string | null): number | null | undefined {
  const width = decimal(text);
  return width === 0 || width === 255 ? null : width;
}
