/**
 * The name of a PCI function: segment, bus, device, function.
 *
 *     0000:41:00.0
 *     └─┬┘ ├┘ ├┘ └ function  0-7
 *       │  │  └─── device    00-1f
 *       │  └────── bus       00-ff
 *       └───────── segment   0000-ffffffff, at least four digits
 */
export interface Bdf {
  /** 0 to 2^32 - 1. */
  readonly segment: number;
  /** 0 to 255. */
  readonly bus: number;
  /** 0 to 31. */
  readonly device: number;
  /** 0 to 7. */
  readonly function: number;
}

const PATTERN = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;

/**
 * Reads the spellings in use: `41:00.0`, `0000:41:00.0`, `00000000:41:00.0`, either case.
 * Returns null for anything else (a device above 1f included), so that callers can say what they expected and where.
 */
export function parseBdf(text: string): Bdf | null {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const device = parseInt(match[3]!, 16);
  if (device > 0x1f) return null;
  return {
    segment: match[1] === undefined ? 0 : parseInt(match[1], 16),
    bus: parseInt(match[2]!, 16),
    device,
    function: parseInt(match[4]!, 16),
  };
}

/** `dddd:bb:dd.f` in lower case, the segment as Linux prints it (four digits, more only where needed). */
export function formatBdf(bdf: Bdf): string {
  return `${formatBus(bdf.segment, bdf.bus)}:${byte(bdf.device)}.${bdf.function}`;
}

/** `dddd:bb`, the name of a bus and of the host bridge whose root bus it is. */
export function formatBus(segment: number, bus: number): string {
  return `${segment < 0x1_0000 ? byte(segment >>> 8) + byte(segment & 0xff) : segment.toString(16)}:${byte(bus)}`;
}

/** The canonical spelling of `text`, or null where `text` names no function. */
export function canonicalBdf(text: string): string | null {
  const bdf = parseBdf(text);
  return bdf === null ? null : formatBdf(bdf);
}

/** Order of segments, then buses, devices, functions: negative, 0 or positive, as for `sort`. */
export function compareBdf(a: Bdf, b: Bdf): number {
  return a.segment - b.segment || a.bus - b.bus || a.device - b.device || a.function - b.function;
}

/** Device and function as the eight bits that stand on the bus: `device << 3 | function`. */
export function devfn(bdf: Bdf): number {
  return (bdf.device << 3) | bdf.function;
}

/** Every answer has a name in it, and most of the time that an answer takes would go into padding. */
const BYTES = Array.from({ length: 0x100 }, (_, value) => value.toString(16).padStart(2, "0"));

function byte(value: number): string {
  return BYTES[value] ?? value.toString(16);
}
