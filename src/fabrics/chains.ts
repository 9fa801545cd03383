import { DOWNSTREAM_PORT, NVME, ROOT_PORT, UPSTREAM_PORT } from "./devices.js";
import type { Rows } from "./rows.js";

/**
 * Deep fabrics do not exist, since a segment has 256 buses. Up to there they are numbered as an enumerator would; in
 * deeper ones requester ids go through all buses again and again, so that several functions have one name, and what
 * bus numbers a bridge has is left unknown.
 */
const BUSES = 256;
const ROOT_PORT_ID = 0x0008;

/** One chain: a root port, upstream and downstream ports in turn, and an endpoint at the end. */
export function walkChain(functions: number, rows: Rows): void {
  rows.system();
  const root = rows.hostBridge();
  let above = root;
  for (let depth = 0; depth < functions - 1; depth++) {
    const part = depth === 0 ? ROOT_PORT : depth % 2 === 1 ? UPSTREAM_PORT : DOWNSTREAM_PORT;
    above = rows.part(above, depth === 0 ? ROOT_PORT_ID : depth << 8, part);
    if (functions <= BUSES) rows.buses(above, depth + 1, functions - 1);
  }
  rows.endpoint(above, functions === 1 ? ROOT_PORT_ID : (functions - 1) << 8, NVME, 0);
  rows.closeHostBridge(Math.min(functions, BUSES));
}

/** A root port, and switch below switch: each has an endpoint at its first downstream port, the next at its second. */
export function walkCaterpillar(functions: number, rows: Rows): void {
  const switches = Math.ceil((functions - 1) / 4);
  const lastBus = 3 * switches;
  const numbered = lastBus < BUSES;
  rows.system();
  const root = rows.hostBridge();
  let above = rows.part(root, ROOT_PORT_ID, ROOT_PORT);
  if (numbered && switches > 0) rows.buses(above, 1, lastBus);
  for (let ordinal = 0; ordinal < switches; ordinal++) {
    const bus = 1 + 3 * ordinal;
    const upstream = rows.part(above, bus << 8, UPSTREAM_PORT);
    const first = rows.part(upstream, (bus + 1) << 8, DOWNSTREAM_PORT);
    rows.endpoint(first, (bus + 2) << 8, NVME, 0);
    const second = rows.part(upstream, ((bus + 1) << 8) | 0x08, DOWNSTREAM_PORT);
    if (numbered) {
      rows.buses(upstream, bus + 1, lastBus);
      rows.buses(first, bus + 2, bus + 2);
      // A port with nothing behind it has a bus of its own nevertheless, where there is one left.
      if (ordinal + 1 < switches) rows.buses(second, bus + 3, lastBus);
    }
    above = second;
  }
  rows.closeHostBridge(Math.min(lastBus + 1, BUSES));
}
