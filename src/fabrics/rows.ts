import type { Device, Part } from "./devices.js";
import { BAR_LIMIT, ROW_LIMIT, tooManyRows } from "./plan.js";

/** What something hangs below: the row of a function, or -1 - the row of a host bridge. */
export type Place = number;

/**
 * Takes rows in depth-first order. A fabric is walked twice with the same result: once to count the rows, once to
 * write them into columns of exactly that size. Requester ids and bus numbers count from the host bridge's root bus.
 */
export interface Rows {
  /** Nothing more is taken: the fabric has as many functions as it shall have. */
  readonly full: boolean;
  system(): void;
  hostBridge(): Place;
  /** @param buses how many bus numbers it took, its root bus included. */
  closeHostBridge(buses: number): void;
  /** A bridge, or the host function. */
  part(above: Place, requesterId: number, part: Part): Place;
  /** Bus numbers of a bridge, once they are known. */
  buses(bridge: Place, secondary: number, subordinate: number): void;
  /** A physical function with the apertures of its virtual ones. */
  endpoint(above: Place, requesterId: number, device: Device, virtualFunctions: number): Place;
  /** The next virtual function of a physical one. */
  virtualFunction(above: Place, requesterId: number, device: Device, physicalFunction: Place): void;
}

/** How many rows a walk has. */
export class Counter implements Rows {
  systems = 0;
  functions = 0;
  bars = 0;
  /** At most two for each bridge and host bridge. */
  windows = 0;
  /** Buses of each host bridge. */
  readonly hostBridgeBuses: number[] = [];

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.functions >= this.limit;
  }

  system(): void {
    this.systems++;
  }

  hostBridge(): Place {
    this.windows += 2;
    return -1 - this.hostBridgeBuses.length;
  }

  closeHostBridge(buses: number): void {
    this.hostBridgeBuses.push(buses);
    if (this.functions > ROW_LIMIT) throw tooManyRows(`more than ${ROW_LIMIT} functions`);
    if (this.bars > BAR_LIMIT) throw tooManyRows(`more than ${BAR_LIMIT} BARs`);
  }

  part(): Place {
    if (!this.full) {
      this.functions++;
      this.windows += 2;
    }
    return 0;
  }

  buses(): void {}

  endpoint(_above: Place, _requesterId: number, { bars, virtual }: Device, virtualFunctions: number): Place {
    if (!this.full) {
      this.functions++;
      this.bars += bars.length + (virtualFunctions === 0 ? 0 : virtual.bars.length);
    }
    return 0;
  }

  virtualFunction(_above: Place, _requesterId: number, { virtual }: Device): void {
    if (this.full) return;
    this.functions++;
    this.bars += virtual.bars.length;
  }
}
