import { PAGE, storePages } from "./addresses.js";
import type { Placed } from "./output.js";
import { Random } from "../random.js";
import type { Writer } from "./writer.js";

const FIRST = 0x2000_0000_0000 / PAGE;
/** Pages from the start of one BAR to that of the next: 1 to this. */
const STRIDE = 32;
/** Sizes in pages. */
const LEAST = 64;
const MOST = 256;

/**
 * Places the BARs of each system so that each reaches into several others without lying in one of them, with sizes
 * that no real BAR has: ranges aligned to their size nest or are apart. There are no windows.
 */
export function overlap(rows: Writer, seed: number): Placed {
  const { system } = rows.hostBridges;
  const { function: owner, size } = rows.bars;
  const random = new Random(seed, 3);
  const start = new BigUint64Array(owner.length);
  const halves = { start: new Uint32Array(start.buffer), size: new Uint32Array(size.buffer) };
  let bridge = -1;
  let page = FIRST;
  let end = FIRST;
  for (let bar = 0; bar < owner.length; bar++) {
    while (bridge + 1 < system.length && owner[bar]! >= rows.firstFunction[bridge + 1]!) {
      bridge++;
      if (bridge === 0 || system[bridge] !== system[bridge - 1]) page = end = FIRST;
    }
    // The end moves on as the start does: no range holds another one.
    const last = Math.max(end + 1, page + LEAST + random.below(MOST - LEAST + 1));
    storePages(halves.start, bar, page);
    storePages(halves.size, bar, last - page);
    end = last;
    page += 1 + random.below(STRIDE);
  }
  return { start, bus: start };
}
