import { formatHex, formatSize, type Hex, toBigInt } from "../../topology/address.js";
import type { BarDescription, WindowDescription } from "../../topology/description.js";
import { defined } from "../config-space.js";

/*
 * `resource` in sysfs: a line `start end flags` for each index, in CPU addresses, ends included.
 *
 *     0-5    BARs
 *     6      expansion ROM
 *     7-12   apertures of the virtual functions' BARs   ┐ kernels without SR-IOV leave these six out,
 *     13-16  windows of a bridge                        ┘ and windows begin at 7
 */
const LINE = /^0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16})$/i;
const ROM = 6;
const FIRST_APERTURE = 7;
const FIRST_WINDOW = 13;

/** Resource flags of Linux (include/linux/ioport.h). */
const IO = 0x100;
const MEMORY = 0x200;
const PREFETCHABLE = 0x2000;
const WIDE = 0x100000;
const UNSET = 0x20000000;
/** In the low byte, which repeats the low bits of a memory BAR's register. */
const REGISTER_TYPE = 0x6;
const REGISTER_WIDE = 0x4;
/** What bridges forward in. */
const IO_GRANULE = 0x1000n;
const MEMORY_GRANULE = 0x100000n;
/** In the low byte of an expansion ROM's flags. */
const ROM_ENABLED = 0x1;

/** An IDE controller in compatibility mode sits at the ports that the PC gave it, and its BARs read zero. */
const IDE_CLASS = "0101";
const IDE_PORTS: readonly Hex[] = ["0x1f0", "0x3f6", "0x170", "0x376"];

interface Resource {
  readonly index: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly flags: number;
}

/** What the kernel knows of a function's addresses, by index; those that it knows nothing of are left out. */
export function readResources(text: string): readonly Resource[] | null {
  const lines = text.split("\n");
  const hasApertures = lines.length >= FIRST_WINDOW;
  const resources: Resource[] = [];
  for (const [line, written] of lines.entries()) {
    const match = LINE.exec(written);
    if (match === null) return null;
    const index = hasApertures || line < FIRST_APERTURE ? line : line - FIRST_APERTURE + FIRST_WINDOW;
    const [start, end, flags] = match.slice(1).map((digits) => BigInt(`0x${digits}`)) as [bigint, bigint, bigint];
    const type = Number(flags & 0xffffffffn);
    if ((type & (IO | MEMORY)) !== 0 && end >= start) resources.push({ index, start, end, flags: type });
  }
  return resources;
}

/**
 * The BARs by the kernel's resources and by the registers that configuration space shows (`decoded`). A BAR that only
 * its register knows found no room: what the register holds is then left over from the firmware, and no address.
 */
export function barsFrom(
  resources: readonly Resource[],
  decoded: readonly BarDescription[],
  classCode: string | undefined,
): BarDescription[] {
  const ports = classCode?.startsWith(IDE_CLASS) ? IDE_PORTS : [];
  const registers = new Map(decoded.map((bar) => [bar.index, bar]));
  const bars = resources
    .filter(({ index }) => index < FIRST_WINDOW)
    .map((resource) => barFrom(resource, registers.get(resource.index), ports[resource.index]));
  const known = new Set(bars.map((bar) => bar.index));
  for (const register of decoded) {
    if (!known.has(register.index)) bars.push({ ...register, start: null, bus: null });
  }
  return bars.sort((a, b) => a.index! - b.index!);
}

function barFrom(resource: Resource, register: BarDescription | undefined, fixedPort: Hex | undefined): BarDescription {
  const { index, start, end, flags } = resource;
  const isRom = index === ROM;
  const described = {
    index,
    type: (flags & IO) !== 0 ? "io" : isRom ? "rom" : isWide(flags) || register?.type === "mem64" ? "mem64" : "mem32",
    prefetchable: (flags & PREFETCHABLE) !== 0,
    size: end === 0n ? register?.size : formatSize(end - start + 1n),
    sizes: register?.sizes,
    romEnabled: isRom ? (register?.romEnabled ?? (flags & ROM_ENABLED) !== 0) : undefined,
  } as const;
  if (!isAssigned(resource)) return defined<BarDescription>({ ...described, start: null, bus: null });
  // The kernel writes a ROM's address only when somebody reads the ROM: until then the register may hold another one.
  const isWritten = !isRom || register?.romEnabled === true || register?.bus === formatHex(start);
  const bus = isWritten ? (register?.bus ?? fixedPort) : undefined;
  return defined<BarDescription>({ ...described, start: formatHex(start), bus });
}

/** POWER leaves the flag out, and may leave the bits of the register out as well. */
function isWide(flags: number): boolean {
  return (flags & WIDE) !== 0 || (flags & REGISTER_TYPE) === REGISTER_WIDE;
}

/** The open windows of a bridge; `decoded` holds what its registers say in bus addresses. */
export function windowsFrom(
  resources: readonly Resource[],
  decoded: readonly WindowDescription[],
): WindowDescription[] {
  const registers = [...decoded];
  return resources
    .filter((resource) => resource.index >= FIRST_WINDOW && isAssigned(resource))
    .map((resource) => {
      const { start, end } = resource;
      const kind = (resource.flags & IO) !== 0 ? "io" : (resource.flags & PREFETCHABLE) !== 0 ? "pref" : "mem";
      const register = registers.findIndex((window) => window.kind === kind && spans(window, end - start + 1n));
      const bus = register < 0 ? undefined : registers.splice(register, 1)[0]!.bus;
      return defined<WindowDescription>({ kind, start: formatHex(start), end: formatHex(end), bus });
    });
}

/**
 * Whether a register holds a window of this size, which it can say in whole granules only, and the kernel to the byte.
 */
function spans({ kind, bus, busEnd }: WindowDescription, size: bigint): boolean {
  if (bus === undefined || busEnd === undefined) return false;
  const written = toBigInt(busEnd) - toBigInt(bus) + 1n;
  return written >= size && written - size < (kind === "io" ? IO_GRANULE : MEMORY_GRANULE);
}

/** An address of zero is what a BAR has before it gets one; UNSET says so explicitly. */
function isAssigned({ start, flags }: Resource): boolean {
  return start !== 0n && (flags & UNSET) === 0;
}
