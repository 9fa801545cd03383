import { ACS_ABSENT, FUNCTION_KINDS, NO_ROW, SRIOV_UNKNOWN } from "../topology/fabric/columns.js";
import { loadPages, PAGE, store } from "./addresses.js";
import type { Bar, Device, Part } from "./devices.js";
import type { RowFacts } from "./facts.js";
import { Random } from "../random.js";
import type { Counter, Place, Rows } from "./rows.js";

const BUSES = 256;
const MEMORY_AND_BUS_MASTER = 0x0006;
const BUS_MASTER = 0x0004;
/** VF enable, VF memory space enable, ARI: functions above 7 are reached. */
const VFS_ENABLED = 0x0019;
const FIRST_APERTURE = 7;
const PORTS = [FUNCTION_KINDS.indexOf("root-port"), FUNCTION_KINDS.indexOf("downstream-port")];

/** In {@link Writer.placing}: prefetchable. The other bits: log2 of the alignment in pages. */
export const PREFETCHABLE = 0x80;
/** In {@link Writer.placing}: of a virtual function, and so where its physical function's aperture is. */
export const IN_APERTURE = 0xff;

/** Writes the rows of a walk, all but addresses: these are known when all BARs are. */
export class Writer implements Rows {
  readonly hostBridges: { readonly system: Uint32Array; readonly segment: Uint32Array; readonly bus: Uint8Array };
  readonly functions;
  readonly bars: { readonly function: Uint32Array; readonly index: Uint8Array; readonly size: BigUint64Array };
  /** How to place a BAR. */
  readonly placing: Uint8Array;
  /** The first function below each host bridge, and the number of functions. */
  readonly firstFunction: Uint32Array;
  readonly #sizes: Uint32Array;
  readonly #acs: Random;
  readonly #memory: Random;
  #system = -1;
  #hostBridge = 0;
  #function = 0;
  #bar = 0;
  #segment = 0;
  #bus = 0;

  constructor(
    private readonly counted: Counter,
    private readonly facts: RowFacts,
  ) {
    const [bridges, functions, bars] = [counted.hostBridgeBuses.length, counted.functions, counted.bars];
    this.hostBridges = {
      system: new Uint32Array(bridges),
      segment: new Uint32Array(bridges),
      bus: new Uint8Array(bridges),
    };
    this.functions = {
      parent: new Uint32Array(functions),
      requesterId: new Uint16Array(functions),
      kind: new Uint8Array(functions),
      acs: new Uint32Array(functions),
      command: new Uint16Array(functions),
      class: new Uint32Array(functions),
      identity: new Uint32Array(functions),
      buses: new Uint16Array(functions),
      physicalFunction: new Uint32Array(functions),
      sriovControl: new Uint16Array(functions),
      dmaMaskBits: new Uint8Array(functions),
    };
    this.bars = {
      function: new Uint32Array(bars),
      index: new Uint8Array(bars),
      size: new BigUint64Array(bars),
    };
    this.placing = new Uint8Array(bars);
    this.firstFunction = new Uint32Array(bridges + 1).fill(functions);
    this.#sizes = new Uint32Array(this.bars.size.buffer);
    this.#acs = new Random(facts.seed, 1);
    this.#memory = new Random(facts.seed, 2);
  }

  get full(): boolean {
    return this.#function >= this.counted.functions;
  }

  /** Size of a BAR. */
  pagesOf(bar: number): number {
    return loadPages(this.#sizes, bar);
  }

  system(): void {
    this.#system++;
    this.#segment = 0;
    this.#bus = 0;
  }

  hostBridge(): Place {
    const row = this.#hostBridge;
    if (this.#bus + this.counted.hostBridgeBuses[row]! > BUSES) {
      this.#segment++;
      this.#bus = 0;
    }
    this.hostBridges.system[row] = this.#system;
    this.hostBridges.segment[row] = this.#segment;
    this.hostBridges.bus[row] = this.#bus;
    this.firstFunction[row] = this.#function;
    return -1 - row;
  }

  closeHostBridge(buses: number): void {
    this.#hostBridge++;
    this.#bus += buses;
  }

  part(above: Place, requesterId: number, part: Part): Place {
    if (this.full) return this.#function;
    const row = this.#add(above, requesterId, part);
    if (PORTS.includes(part.kind)) this.functions.acs[row] = this.facts.acs.take(this.#acs);
    // What sysfs shows of bridges, whose driver does no DMA.
    this.functions.dmaMaskBits[row] = 32;
    return row;
  }

  buses(bridge: Place, secondary: number, subordinate: number): void {
    if (bridge >= this.counted.functions) return;
    this.functions.buses[bridge] = ((this.#bus + secondary) << 8) | (this.#bus + subordinate);
  }

  endpoint(above: Place, requesterId: number, device: Device, virtualFunctions: number): Place {
    if (this.full) return this.#function;
    const row = this.#add(above, requesterId, device);
    const { memoryOff } = this.facts;
    if (memoryOff > 0 && this.#memory.fraction() < memoryOff) this.functions.command[row] = BUS_MASTER;
    for (const bar of device.bars) this.#addBar(row, bar.index, bar.size, placingOf(bar));
    if (virtualFunctions === 0) return row;
    this.functions.sriovControl[row] = VFS_ENABLED;
    for (const bar of device.virtual.bars) {
      // As many BARs one after the other: aligned as one of them.
      this.#addBar(row, FIRST_APERTURE + bar.index, bar.size * virtualFunctions, placingOf(bar));
    }
    return row;
  }

  virtualFunction(above: Place, requesterId: number, device: Device, physicalFunction: Place): void {
    if (this.full) return;
    const row = this.#add(above, requesterId, device.virtual);
    // Its memory enable is wired to 0: the physical function's SR-IOV control decides.
    this.functions.command[row] = BUS_MASTER;
    this.functions.physicalFunction[row] = physicalFunction;
    for (const bar of device.virtual.bars) this.#addBar(row, bar.index, bar.size, IN_APERTURE);
  }

  #add(above: Place, requesterId: number, part: Part): Place {
    const row = this.#function++;
    const { functions } = this;
    functions.parent[row] = above < 0 ? -1 - above : this.counted.hostBridgeBuses.length + above;
    functions.requesterId[row] = (this.#bus << 8) + requesterId;
    functions.kind[row] = part.kind;
    functions.acs[row] = ACS_ABSENT;
    functions.command[row] = MEMORY_AND_BUS_MASTER;
    functions.class[row] = part.class;
    functions.identity[row] = part.identity;
    functions.physicalFunction[row] = NO_ROW;
    functions.sriovControl[row] = SRIOV_UNKNOWN;
    functions.dmaMaskBits[row] = 64;
    return row;
  }

  #addBar(row: number, index: number, size: number, placing: number): void {
    const bar = this.#bar++;
    this.bars.function[bar] = row;
    this.bars.index[bar] = index;
    store(this.#sizes, bar, size);
    this.placing[bar] = placing;
  }
}

function placingOf({ size, prefetchable }: Bar): number {
  return (prefetchable ? PREFETCHABLE : 0) | Math.max(0, Math.log2(size / PAGE));
}
