import { formatHex } from "../../topology/address.js";
import type { WindowDescription } from "../../topology/description.js";

/*
 * `ranges` of a PCI host bridge's node (IEEE 1275 PCI binding), in big-endian cells of 32 bits:
 *
 *     ┌───────────────────────────┬────────────────────┬─────────────┐
 *     │ PCI address, 3 cells      │ CPU address        │ size        │
 *     │ npt000ss …, high, low     │ 2 cells, or 1      │ 2 cells     │
 *     └───────────────────────────┴────────────────────┴─────────────┘
 *       p, bit 30: prefetchable     ss, bits 25:24: 1 I/O, 2 memory below 4 GiB, 3 memory
 */
const PCI_CELLS = 3;
const SIZE_CELLS = 2;
const PREFETCHABLE = 0x40000000;

/**
 * The memory windows of a host bridge, with their addresses on both sides. I/O is left out: its CPU addresses are not
 * those that the kernel gives I/O resources. Empty where the property does not divide into entries.
 */
export function readRanges(property: Uint8Array): WindowDescription[] {
  const cells = property.length / 4;
  const cpuCells = [2, 1].find((count) => cells % (PCI_CELLS + count + SIZE_CELLS) === 0);
  if (cpuCells === undefined) return [];
  const view = new DataView(property.buffer, property.byteOffset, property.byteLength);
  const number = (cell: number, count: number): bigint => {
    let value = 0n;
    for (let i = 0; i < count; i++) value = (value << 32n) | BigInt(view.getUint32(4 * (cell + i)));
    return value;
  };
  const windows: WindowDescription[] = [];
  for (let cell = 0; cell < cells; cell += PCI_CELLS + cpuCells + SIZE_CELLS) {
    const flags = view.getUint32(4 * cell);
    const size = number(cell + PCI_CELLS + cpuCells, SIZE_CELLS);
    if (((flags >>> 24) & 3) < 2 || size === 0n) continue;
    const start = number(cell + PCI_CELLS, cpuCells);
    windows.push({
      kind: (flags & PREFETCHABLE) === 0 ? "mem" : "pref",
      start: formatHex(start),
      end: formatHex(start + size - 1n),
      bus: formatHex(number(cell + 1, 2)),
    });
  }
  return windows;
}

/** The last bus number that a host bridge may hand out, from `bus-range`: the first and the last, a cell each. */
export function readLastBus(property: Uint8Array): number | undefined {
  if (property.length !== 8) return undefined;
  const last = new DataView(property.buffer, property.byteOffset).getUint32(4);
  return last <= 0xff ? last : undefined;
}
