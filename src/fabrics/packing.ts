import { PAGE } from "./addresses.js";
import { Output, type Placed } from "./output.js";
import { IN_APERTURE, PREFETCHABLE, type Writer } from "./writer.js";

const NONE = -1;
const MIB = 2 ** 20 / PAGE;
const LOG2_MIB = Math.log2(MIB);
const FIRST_APERTURE = 7;

/** What firmware leaves to devices below 4 GiB, and where it puts those that can live above. */
const LOW = { first: 0x9000_0000 / PAGE, end: 0xfc00_0000 / PAGE };
const HIGH = { first: 0x2000_0000_0000 / PAGE, end: 2 ** 63 / PAGE };

/**
 * Gives BARs addresses as firmware does: in each window what needs the greatest alignment comes first, and windows are
 * as large as what they hold, in whole MiB. Prefetchable BARs are placed high, the others below 4 GiB; where those of
 * a system do not fit there, all are placed high and share the prefetchable windows.
 *
 * @param windowLimit at most this many windows come out.
 * @param busOffset bytes from bus to CPU physical addresses.
 * @throws RangeError where a system needs addresses of 2^63 or more.
 */
export function pack(rows: Writer, windowLimit: number, busOffset: number): Placed {
  const out = new Output(rows, windowLimit, busOffset / PAGE);
  const packer = new Packer(rows, out);
  const { system } = rows.hostBridges;
  for (let first = 0; first < system.length;) {
    let end = first + 1;
    while (end < system.length && system[end] === system[first]) end++;
    packer.system(first, end);
    first = end;
  }
  return out.placed();
}

/**
 * The nodes of a system are its host bridges, then its functions. Each has two windows: 2 * node, and 2 * node + 1 for
 * what is prefetchable. A window and a BAR are *items* of the window above; BARs are numbered after the windows.
 */
class Packer {
  /** First item of each window; then the next item of each: those with the greatest alignment come first. */
  #head = new Int32Array(0);
  #next = new Int32Array(0);
  /** log2 of the alignment of each item in pages. */
  #alignment = new Uint8Array(0);
  /** Pages of each window. */
  #size = new Float64Array(0);
  /** First page of each item, counted from the window above until that one has its place. */
  #page = new Float64Array(0);
  /** First BAR of each function. */
  #firstBar = new Uint32Array(0);
  // The system at hand.
  #nodes = 0;
  #bridges = { first: 0, end: 0 };
  #functions = { first: 0, end: 0 };
  #bars = { first: 0, end: 0 };
  /** Whether BARs that are not prefetchable are placed low, in windows of their own. */
  #split = true;

  constructor(
    private readonly rows: Writer,
    private readonly out: Output,
  ) {}

  /** Systems have to come one after the other. */
  system(firstBridge: number, endBridge: number): void {
    const { rows } = this;
    this.#bridges = { first: firstBridge, end: endBridge };
    this.#functions = { first: rows.firstFunction[firstBridge]!, end: rows.firstFunction[endBridge]! };
    this.#nodes = endBridge - firstBridge + this.#functions.end - this.#functions.first;
    const first = this.#bars.end;
    let end = first;
    while (end < rows.bars.function.length && rows.bars.function[end]! < this.#functions.end) end++;
    this.#bars = { first, end };
    this.#makeRoom();
    this.#split = true;
    this.#measure();
    if (!this.#placeHostBridges()) {
      this.#split = false;
      this.#measure();
      this.#placeHostBridges();
    }
    this.#place();
  }

  #makeRoom(): void {
    const windows = 2 * this.#nodes;
    const items = windows + this.#bars.end - this.#bars.first;
    if (items > 2 ** 31) {
      const functions = this.#functions.end - this.#functions.first;
      throw new RangeError(`one system with ${functions} functions: expected fewer; lower hostBridges, raise systems`);
    }
    if (items > this.#next.length) {
      this.#next = new Int32Array(items);
      this.#alignment = new Uint8Array(items);
      this.#page = new Float64Array(items);
    }
    if (windows > this.#head.length) {
      this.#head = new Int32Array(windows);
      this.#size = new Float64Array(windows);
      this.#firstBar = new Uint32Array(windows / 2);
    }
  }

  /** From the leaves to the host bridges: how large each window is, and where in it its items are. */
  #measure(): void {
    const { function: owner } = this.rows.bars;
    this.#head.fill(NONE, 0, 2 * this.#nodes);
    let bar = this.#bars.end - 1;
    for (let row = this.#functions.end - 1; row >= this.#functions.first; row--) {
      const above = 2 * this.#above(row);
      for (; bar >= this.#bars.first && owner[bar] === row; bar--) {
        const placing = this.rows.placing[bar]!;
        if (placing === IN_APERTURE) continue;
        this.#insert(above + this.#pool(bar), this.#itemOf(bar), placing & ~PREFETCHABLE);
      }
      const own = 2 * this.#nodeOf(row);
      for (const pool of POOLS) if (this.#close(own + pool)) this.#insert(above + pool, own + pool);
    }
    for (let window = 0; window < 2 * (this.#bridges.end - this.#bridges.first); window++) this.#close(window);
  }

  /** Puts an item into a window, before those of equal alignment: items come last to first. */
  #insert(window: number, item: number, alignment = this.#alignment[item]!): void {
    this.#alignment[item] = alignment;
    let before = NONE;
    let after = this.#head[window]!;
    while (after !== NONE && this.#alignment[after]! > alignment) {
      before = after;
      after = this.#next[after]!;
    }
    this.#next[item] = after;
    if (before === NONE) this.#head[window] = item;
    else this.#next[before] = item;
  }

  /** Lays the items of a window out. False: there are none. */
  #close(window: number): boolean {
    const first = this.#head[window]!;
    if (first === NONE) return false;
    const windows = 2 * this.#nodes;
    let end = 0;
    for (let item = first; item !== NONE; item = this.#next[item]!) {
      this.#page[item] = end = upTo(POWERS[this.#alignment[item]!]!, end);
      end += item < windows ? this.#size[item]! : this.rows.pagesOf(item - windows + this.#bars.first);
    }
    this.#size[window] = upTo(MIB, end);
    this.#alignment[window] = Math.max(LOG2_MIB, this.#alignment[first]!);
    return true;
  }

  /** One after the other. False: what has to be below 4 GiB does not fit there. */
  #placeHostBridges(): boolean {
    const next = [LOW.first, HIGH.first];
    const windows = 2 * (this.#bridges.end - this.#bridges.first);
    for (let window = 0; window < windows; window++) {
      if (this.#head[window] === NONE) continue;
      const pool = window % 2;
      const page = upTo(POWERS[this.#alignment[window]!]!, next[pool]!);
      this.#page[window] = page;
      next[pool] = page + this.#size[window]!;
    }
    if (next[1]! + this.out.offset > HIGH.end) {
      const system = this.rows.hostBridges.system[this.#bridges.first];
      throw new RangeError(
        `the BARs of system s${system} end beyond 2^63: expected fewer or smaller ones; ` +
          "lower hostBridges, bars or busOffset",
      );
    }
    return next[0]! <= LOW.end;
  }

  /** From the host bridges to the leaves: adds where each window is to where its items are in it. */
  #place(): void {
    const { rows, out } = this;
    const { function: owner, index } = rows.bars;
    const page = this.#page;
    for (let row = this.#bridges.first; row < this.#bridges.end; row++) {
      this.#emit(2 * (row - this.#bridges.first), row);
    }
    let bar = this.#bars.first;
    let physical = -1;
    let firstVirtual = 0;
    for (let row = this.#functions.first; row < this.#functions.end; row++) {
      const above = 2 * this.#above(row);
      const own = 2 * this.#nodeOf(row);
      for (const pool of POOLS) if (this.#head[own + pool] !== NONE) page[own + pool]! += page[above + pool]!;
      this.#emit(own, rows.hostBridges.system.length + row);
      this.#firstBar[row - this.#functions.first] = bar;
      if (rows.functions.physicalFunction[row] !== physical) {
        physical = rows.functions.physicalFunction[row]!;
        firstVirtual = row;
      }
      for (; bar < this.#bars.end && owner[bar] === row; bar++) {
        const item = this.#itemOf(bar);
        if (rows.placing[bar] === IN_APERTURE) {
          const aperture = this.#barOf(physical, FIRST_APERTURE + index[bar]!);
          page[item] = page[this.#itemOf(aperture)]! + (row - firstVirtual) * rows.pagesOf(bar);
        } else {
          page[item]! += page[above + this.#pool(bar)]!;
        }
        out.bar(bar, page[item]!);
      }
    }
  }

  /** Writes the windows of a node that hold anything. */
  #emit(window: number, node: number): void {
    for (const pool of POOLS) {
      if (this.#head[window + pool] === NONE) continue;
      this.out.window(node, pool, this.#page[window + pool]!, this.#size[window + pool]!);
    }
  }

  #barOf(row: number, index: number): number {
    let bar = this.#firstBar[row - this.#functions.first]!;
    while (this.rows.bars.index[bar] !== index) bar++;
    return bar;
  }

  #itemOf(bar: number): number {
    return 2 * this.#nodes + bar - this.#bars.first;
  }

  #pool(bar: number): number {
    return this.#split && this.rows.placing[bar]! < PREFETCHABLE ? 0 : 1;
  }

  #nodeOf(row: number): number {
    return this.#bridges.end - this.#bridges.first + row - this.#functions.first;
  }

  /** The node above a function. */
  #above(row: number): number {
    const node = this.rows.functions.parent[row]!;
    const bridges = this.rows.hostBridges.system.length;
    return node < bridges ? node - this.#bridges.first : this.#nodeOf(node - bridges);
  }
}

const POOLS = [0, 1] as const;
const POWERS = Float64Array.from({ length: 64 }, (_, exponent) => 2 ** exponent);

/** The next multiple. */
function upTo(multiple: number, pages: number): number {
  return Math.ceil(pages / multiple) * multiple;
}
