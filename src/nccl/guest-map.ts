import { canonicalBdf } from "../topology/bdf.js";
import type { NcclElement, NcclView } from "../topology/description.js";
import { listed } from "../topology/listed.js";
import { busIdOf, isDevice, isGpuClassText } from "../topology/nccl-element.js";
import { ReadError } from "../readers/reading.js";

/*
 *     # host        guest          what the guest calls its NUMA node, where that differs
 *     0000:17:00.0  0000:05:00.0
 *     0000:65:00.0  0000:06:00.0   numa=1
 */

/** A function that a host passes through to a guest. */
export interface GuestFunction {
  /** What the host calls it, `dddd:bb:dd.f`. */
  readonly host: string;
  /** What the guest calls it, `dddd:bb:dd.f`. */
  readonly guest: string;
  /** The guest's NUMA node; missing: numbered as the host's. */
  readonly numaNode?: number;
  /** Where the map says so, for messages. */
  readonly line: number;
}

/** Which functions a guest has, and what it calls them. */
export interface GuestMap {
  /** Name of the map, for messages. */
  readonly source: string;
  /** At least one. */
  readonly functions: readonly GuestFunction[];
}

/**
 * Reads a map of a guest's functions: a line for each, with its name on the host, in the guest and, where the guest
 * numbers it differently, `numa=N`. What follows a `#` is a comment.
 *
 * @throws ReadError for a line that is none of these, a function that is mapped twice, or where none is.
 */
export function readGuestMap(text: string, source: string): GuestMap {
  const functions: GuestFunction[] = [];
  const seen = { host: new Map<string, number>(), guest: new Map<string, number>() };
  text.split(/\r?\n/).forEach((content, index) => {
    const line = index + 1;
    const [host, guest, numa, ...others] = content.replace(/#.*/, "").trim().split(/\s+/) as [string, ...string[]];
    if (host === "") return;
    if (guest === undefined || others.length > 0) {
      throw new ReadError(`expected "HOST GUEST" or "HOST GUEST numa=N", got "${content.trim()}"`, source, line);
    }
    const names = { host: nameIn(host, source, line), guest: nameIn(guest, source, line) };
    for (const side of ["host", "guest"] as const) {
      const before = seen[side].get(names[side]);
      if (before !== undefined) {
        throw new ReadError(`the ${side}'s ${names[side]} is mapped in line ${before} already`, source, line);
      }
      seen[side].set(names[side], line);
    }
    functions.push({ ...names, ...(numa === undefined ? {} : { numaNode: numaIn(numa, source, line) }), line });
  });
  if (functions.length > 0) return { source, functions };
  throw new ReadError(
    "maps no function: expected a line for each that is passed through, such as 0000:17:00.0 0000:05:00.0",
    source,
  );
}

function nameIn(text: string, source: string, line: number): string {
  const bdf = canonicalBdf(text);
  if (bdf !== null) return bdf;
  throw new ReadError(`expected a function as dddd:bb:dd.f, got "${text}"`, source, line);
}

function numaIn(text: string, source: string, line: number): number {
  const node = /^numa=([0-9]{1,4})$/.exec(text)?.[1];
  if (node !== undefined) return Number(node);
  throw new ReadError(`expected numa= and the number of a NUMA node, got "${text}"`, source, line);
}

/**
 * The file for a guest, from its host's view: the host's switches, as they are, above the functions that are passed
 * through. Functions have the guest's names. Switches, which the guest does not see, have names that are made up
 * (`ffff:ff:01.0`, …) and the host's ids, by which NCCL tells switches that show themselves as two levels. Which CPUs a
 * NUMA node has is the guest's affair and left out: NCCL looks it up there.
 *
 * @throws ReadError for a function that is no GPU or network adapter in `host`.
 */
export function guestView(host: NcclView, { source, functions }: GuestMap): NcclView {
  const wanted = new Map(functions.map((mapped) => [mapped.host, mapped]));
  const found = new Set<string>();
  const cpus = new Map<string, NcclElement>();
  let switches = 0;

  /** What of an element the guest has, in the NUMA node that is asked for; null: nothing. */
  const kept = (element: NcclElement, numaId: string, ownNuma: string): NcclElement | null => {
    const mapped = wanted.get(busIdOf(element) ?? "");
    if (mapped !== undefined && isDevice(element)) {
      if (String(mapped.numaNode ?? ownNuma) !== numaId) return null;
      found.add(mapped.host);
      return {
        ...element,
        attributes: { ...element.attributes, busid: mapped.guest },
        children: guestLinks(element, wanted),
      };
    }
    if (element.element !== "pci") return null;
    const number = switches++;
    const children = element.children.flatMap((child) => kept(child, numaId, ownNuma) ?? []);
    if (children.length > 0) {
      return { ...element, attributes: { ...element.attributes, busid: inventedName(number) }, children };
    }
    switches = number;
    return null;
  };

  for (const cpu of host.system.children) {
    const own = cpu.attributes["numaid"] ?? "-1";
    const nodes = new Set([own, ...functions.flatMap(({ numaNode }) => (numaNode === undefined ? [] : `${numaNode}`))]);
    for (const numaId of nodes) {
      const children = cpu.children.flatMap((child) => kept(child, numaId, own) ?? []);
      if (children.length === 0) continue;
      const { affinity: _, affinity_offset: __, host_hash: ___, ...attributes } = cpu.attributes;
      const before = cpus.get(numaId);
      cpus.set(numaId, {
        element: "cpu",
        attributes: before?.attributes ?? { ...attributes, numaid: numaId },
        children: [...(before?.children ?? []), ...children],
      });
    }
  }
  const missing = functions.find((mapped) => !found.has(mapped.host));
  if (missing !== undefined) throw notThere(missing, host, source);
  return { tool: host.tool, system: { ...host.system, children: [...cpus.values()] } };
}

const SHOWN = 8;

function notThere({ host: bdf, line }: GuestFunction, host: NcclView, source: string): ReadError {
  const devices: string[] = [];
  const collect = (element: NcclElement) => {
    if (isDevice(element)) devices.push(element.attributes["busid"] ?? "");
    else element.children.forEach(collect);
  };
  collect(host.system);
  const message = `the host has no GPU or network adapter ${bdf}: expected its name there first, the guest's second`;
  return new ReadError(`${message}; it has ${listed(devices, SHOWN)}`, source, line);
}

/**
 * What the guest has of a GPU's links. Numbers and names of GPUs and adapters are the guest's affair, and NCCL would
 * believe the host's: it finds them itself, and what they are below by their bus ids.
 */
function guestLinks({ children }: NcclElement, wanted: ReadonlyMap<string, GuestFunction>): NcclElement[] {
  return children.flatMap((child) => {
    const links = child.children.flatMap((link) => withGuestTarget(link, wanted));
    const { sm } = child.attributes;
    const attributes: Record<string, string> = sm === undefined ? {} : { sm };
    return child.element === "gpu" && links.length > 0 ? [{ ...child, attributes, children: links }] : [];
  });
}

/** A link to a GPU that the guest does not have is none of the guest's; where it leads to no GPU, it stays. */
function withGuestTarget(link: NcclElement, wanted: ReadonlyMap<string, GuestFunction>): NcclElement[] {
  const target = canonicalBdf(link.attributes["target"] ?? "");
  if (target === null || (link.element !== "nvlink" && link.element !== "xgmi")) return [link];
  const mapped = wanted.get(target);
  if (mapped !== undefined) return [{ ...link, attributes: { ...link.attributes, target: mapped.guest } }];
  return isGpuClassText(link.attributes["tclass"] ?? "0x03") ? [] : [link];
}

/** Names that no function has, 32 devices a bus: `ffff:ff:01.0`, …, `ffff:ff:1f.0`, `ffff:fe:00.0`, … */
function inventedName(number: number): string {
  const at = number + 1;
  const hexadecimal = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const [segment, bus] = [0xffff - (at >> 13), 0xff - ((at >> 5) & 0xff)];
  return `${hexadecimal(segment, 4)}:${hexadecimal(bus, 2)}:${hexadecimal(at & 31, 2)}.0`;
}
