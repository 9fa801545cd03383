import { parseBdf } from "../topology/bdf.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Upstream } from "./upstream.js";

/**
 * How kernel parameters name PCI functions (drivers/pci/pci.c, `pci_dev_str_match`):
 *
 *     0000:40:01.1/00.0/02.0     by path: the steps from the tail upward, then the bridge they start from
 *     └──┬───────┘└─ steps       a bus number alone may change with the next card; steps do not
 *        └ anchor                the segment may be left out, and is then 0
 *
 *     pci:10de:20b5:0:0          by ids: vendor, device, subsystem vendor, subsystem device; 0 stands for any
 *
 * A part that cannot be read is null: a path goes wrong only for functions for which Linux gets so far.
 */
export type DevicePattern =
  | { readonly by: "path"; readonly anchor: Place | null; readonly steps: readonly (number | null)[] }
  | { readonly by: "ids"; readonly ids: readonly [number, number, number, number] };

/** A function of a bus, as the registers number it. */
interface Place {
  readonly segment: number;
  readonly bus: number;
  readonly devfn: number;
}

/** `invalid`: Linux cannot read the pattern, and gives the whole parameter up. */
export type Match = "yes" | "no" | "unknown" | "invalid";

/** A pattern, and where in the text Linux reads on: null where it cannot read this one at all. */
export interface ParsedPattern {
  readonly pattern: DevicePattern | null;
  readonly end: number;
}

/** Reads the pattern that begins at `start`. A path ends at `;`, ids where they end. */
export function parseDevicePattern(text: string, start = 0): ParsedPattern {
  if (text.startsWith("pci:", start)) return parseIds(text, start);
  const semicolon = text.indexOf(";", start);
  const end = semicolon < 0 ? text.length : semicolon;
  const [head, ...tail] = text.slice(start, end).split("/");
  return { pattern: { by: "path", anchor: parseAnchor(head!), steps: tail.map(parseStep) }, end };
}

const IDS = /pci:\s*([0-9a-f]+):\s*([0-9a-f]+)(?::\s*([0-9a-f]+):\s*([0-9a-f]+))?/iy;

function parseIds(text: string, start: number): ParsedPattern {
  IDS.lastIndex = start;
  const match = IDS.exec(text);
  if (match === null) return { pattern: null, end: text.length };
  const [vendor, device, subsystemVendor, subsystemDevice] = match.slice(1).map((digits) => number(digits ?? "0"));
  return {
    pattern: { by: "ids", ids: [vendor!, device!, subsystemVendor!, subsystemDevice!] },
    end: IDS.lastIndex,
  };
}

/** Of more digits than an id has Linux keeps the last four. */
function number(digits: string): number {
  return parseInt(digits.slice(-4), 16);
}

const ANCHOR = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,8}):([0-9a-f]{1,8})\.([0-9a-f]{1,8})$/i;

function parseAnchor(text: string): Place | null {
  const match = ANCHOR.exec(text);
  if (match === null) return null;
  const [segment, bus, device, func] = match.slice(1).map((digits) => parseInt(digits ?? "0", 16));
  return { segment: segment!, bus: bus!, devfn: devfn(device!, func!) };
}

function parseStep(text: string): number | null {
  const match = /^([0-9a-f]{1,8})\.([0-9a-f]{1,8})$/i.exec(text);
  return match === null ? null : devfn(parseInt(match[1]!, 16), parseInt(match[2]!, 16));
}

/** As Linux packs them, whatever they are: 5 bits and 3. */
function devfn(device: number, func: number): number {
  return ((device & 0x1f) << 3) | (func & 7);
}

/** Whether a pattern stands for a function. */
export function matchDevice(pattern: DevicePattern, description: FunctionDescription, upstream: Upstream): Match {
  return pattern.by === "ids" ? matchIds(pattern.ids, description) : matchPath(pattern, description, upstream);
}

function matchIds(ids: readonly number[], description: FunctionDescription): Match {
  const { vendor, device, subsystemVendor, subsystemDevice } = description;
  const shown = [vendor, device, subsystemVendor, subsystemDevice];
  const matches = ids.map((id, at) => {
    if (id === 0) return "yes";
    const own = shown[at];
    return own === undefined ? "unknown" : parseInt(own, 16) === id ? "yes" : "no";
  });
  return matches.includes("no") ? "no" : matches.includes("unknown") ? "unknown" : "yes";
}

function matchPath(
  { anchor, steps }: Extract<DevicePattern, { by: "path" }>,
  description: FunctionDescription,
  upstream: Upstream,
): Match {
  let at = description;
  for (const step of [...steps].reverse()) {
    if (step === null) return "invalid";
    const own = parseBdf(at.bdf);
    if (own === null || devfn(own.device, own.function) !== step) return "no";
    const bridge = upstream(at);
    if (bridge === "unknown") return "unknown";
    if (bridge === null) return "no";
    at = bridge;
  }
  if (anchor === null) return "invalid";
  const own = parseBdf(at.bdf);
  const here = own !== null && own.segment === anchor.segment && own.bus === anchor.bus;
  return here && devfn(own.device, own.function) === anchor.devfn ? "yes" : "no";
}
