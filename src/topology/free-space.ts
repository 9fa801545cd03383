import { parseAddress, toBigInt } from "./address.js";
import type { Ref } from "./answers.js";
import type { BarDescription, FunctionDescription, WindowDescription } from "./description.js";
import type { Topology } from "./topology.js";

/*
 * Whether a BAR of another size finds room. It lies in a window of the bridge above, that window in one of the bridge
 * above that, and so on up to the host bridge:
 *
 *     host bridge   ├───────────────────────────────────────────────────────────┤
 *     root port       ├────────────────────────────┤   ├──────────────┤
 *     switch port     ├──────────────┤├────────────┤
 *     BARs            ├──────┤├─┤                         each at a multiple of its size
 *
 * What may lie where is Linux's rule (drivers/pci/setup-res.c), and PCIe 6.0 7.5.1.3's: what is not prefetchable in a
 * window that is not; what has 32 bits below 4 GiB; what is prefetchable in a prefetchable window, else in any. The
 * window of a bridge that is not prefetchable has registers of 32 bits. Windows are whole MiB.
 */

/** A memory BAR to find room for. */
export interface WantedBar {
  /** Bytes: a power of two, which is the BAR's alignment, too. */
  readonly size: bigint;
  readonly type: "mem32" | "mem64";
  readonly prefetchable: boolean;
}

/** A window on the way up that does not hold what would have to lie in it. */
export interface NarrowWindow {
  /** Name of the bridge or host bridge that it is of. */
  readonly bridge: string;
  readonly kind: "mem" | "pref";
  /** CPU physical address of its first byte; null: it is closed. */
  readonly start: bigint | null;
  /** Bytes it has; 0: it is closed. */
  readonly size: bigint;
  /** Bytes it needs for the BAR and for all else that is known to lie in it. */
  readonly needed: bigint;
}

/**
 * Whether a BAR finds room. `now`: in a gap of the window above it. `by-growing`: once the windows in `narrow` have
 * grown, in which nothing else lies. `by-rearranging`: once others move, too, which Linux does to no device in use: that
 * takes the firmware, or Linux when it boots. `no`: not even then, since the host bridge has too little. `unknown`: for
 * what is in `missing`.
 */
export interface Room {
  readonly answer: "now" | "by-growing" | "by-rearranging" | "no" | "unknown";
  /** CPU physical address of the lowest place that is free now; null: there is none, or none is known. */
  readonly start: bigint | null;
  /** From below: the first is the first that is too small. They are too small in any case, whatever is missing. */
  readonly narrow: readonly NarrowWindow[];
  /** What the description does not show, and the answer depends on. */
  readonly missing: readonly string[];
}

/** The room that the windows of a topology have. */
export class FreeSpace {
  #below: readonly (readonly number[])[] | null = null;

  constructor(private readonly topology: Topology) {}

  /**
   * Whether a BAR of a function could be of `size` bytes; those that it takes up now are free.
   *
   * @param size bytes: a power of two, at least 16.
   * @throws RangeError for no such function, for a BAR that is not shown, not memory or a virtual function's, and for a
   *   size that is none.
   */
  resized(ref: Ref, index: number, size: bigint): Room {
    const id = this.topology.id(ref);
    const name = this.topology.name(id);
    const description = this.topology.describe(id);
    const bar = description?.bars?.find((each) => each.index === index);
    if (bar === undefined)
      throw new RangeError(`expected a BAR that the description shows, got BAR ${index} of ${name}`);
    if (bar.type === "io" || bar.type === "rom" || index > 5) {
      throw new RangeError(`expected a memory BAR, 0 to 5, got BAR ${index} of ${name}, which is none`);
    }
    if (typeof description!.physicalFunction === "string") {
      throw new RangeError(`${name} is a virtual function, whose BARs are slots of its physical function's aperture`);
    }
    checkSize(size);
    const isWide = widthOf(bar);
    if (isWide === undefined || bar.prefetchable === undefined) {
      return unknown([], [`whether BAR ${index} of ${name} is prefetchable and has 64 bits`]);
    }
    const parent = this.topology.parent(id);
    if (parent === "unknown") return unknown([], [`what ${name} hangs below`]);
    return this.#climb(parent!, { owner: id, index }, sized(size, isWide, bar.prefetchable), address(bar.start));
  }

  /**
   * Whether one more BAR finds room below a bridge or host bridge.
   *
   * @throws RangeError for no such node, and for a size that is no power of two or below 16.
   */
  below(bridge: Ref, { size, type, prefetchable }: WantedBar): Room {
    const id = this.topology.id(bridge);
    checkSize(size);
    return this.#climb(id, NOBODY, sized(size, type === "mem64", prefetchable), null);
  }

  /**
   * From a bridge upwards, until what grows finds room: the BAR, then the window that has to grow for it, and so on.
   *
   * @param at where it lies now.
   */
  #climb(bridge: number, self: Self, wanted: Piece, at: bigint | null): Room {
    const narrow: NarrowWindow[] = [];
    const missing: string[] = [];
    // Whether nothing but what grows has to move.
    let isAlone = true;
    for (;;) {
      const name = this.topology.name(bridge);
      const hidden: string[] = [];
      const windows = this.#windowsOf(bridge, hidden).filter((window) => suits(window, wanted));
      if (hidden.length > 0) return unknown(narrow, [...missing, ...hidden]);
      if (windows.length === 0) return unknown(narrow, [...missing, `a window of ${name} that may hold it`]);
      const others = this.#piecesBelow(bridge, self, missing);

      const start = lowest(windows.flatMap((window) => firstGap(window, others, wanted) ?? []));
      if (start !== null && isAlone) {
        if (missing.length > 0) return unknown(narrow, missing);
        if (narrow.length === 0) return { answer: "now", start, narrow, missing };
        return { answer: "by-growing", start: null, narrow, missing };
      }
      const [window, needed] = closest(windows, others, wanted, at);
      if (needed <= window.size) {
        if (missing.length > 0) return unknown(narrow, missing);
        return { answer: "by-rearranging", start: null, narrow, missing };
      }

      const { kind, size } = window;
      narrow.push({ bridge: name, kind, start: size === 0n ? null : window.start, size, needed });
      const parent = this.topology.parent(bridge);
      if (parent === null) return { answer: "no", start: null, narrow, missing: [] };
      if (parent === "unknown") return unknown(narrow, [`what ${name} hangs below`]);
      const inside = others.filter((piece) => isIn(piece, window));
      // The other BARs of the function are its driver's to move.
      isAlone &&= inside.every(({ owner }) => owner === self.owner && narrow.length === 1);
      wanted = windowPiece(window, needed, [...inside, wanted]);
      at = narrow.at(-1)!.start;
      self = { owner: bridge, kind };
      bridge = parent;
    }
  }

  /** The memory windows of a bridge or host bridge. Of one that is closed a bridge has the registers all the same. */
  #windowsOf(id: number, missing: string[]): readonly Window[] {
    const name = this.topology.name(id);
    const isHost = !this.topology.isFunction(id);
    const shown = isHost ? this.#hostWindows(id) : this.topology.describe(id)!.windows;
    if (shown === undefined) missing.push(`the windows of ${name}`);
    const windows = placed(shown ?? [], isHost, name, missing);
    if (isHost || shown === undefined) return windows;
    const closed = (["pref", "mem"] as const).filter((kind) => !shown.some((window) => window.kind === kind));
    return [
      ...windows,
      ...closed.map((kind) => ({ kind, start: 0n, size: 0n, side: kind === "mem" ? "below" : "either" }) as const),
    ];
  }

  #hostWindows(id: number): readonly WindowDescription[] | undefined {
    const { topology } = this;
    const { system, bus } = topology.roots[topology.rootOrdinal(id)]!.root;
    return topology.systems[system]!.hostBridges?.find(({ root }) => root === bus)?.windows;
  }

  /** What lies just below a bridge, but for `self`: the BARs of the functions there, and the windows of bridges. */
  #piecesBelow(bridge: number, self: Self, missing: string[]): readonly PlacedPiece[] {
    const { topology } = this;
    const { complete, platformDevices = [], ranges = [] } = topology.systems[topology.systemOf(bridge)]!;
    const name = topology.name(bridge);
    if (complete !== true && complete !== "likely") missing.push(`whether there are other functions below ${name}`);
    const pieces: PlacedPiece[] = [];
    for (const id of this.#childrenOf(bridge)) {
      const description = topology.describe(id)!;
      // The BARs of virtual functions are slots of their physical function's apertures.
      if (typeof description.physicalFunction === "string") continue;
      if (description.bars === undefined) missing.push(`the BARs of ${description.bdf}`);
      for (const bar of description.bars ?? []) {
        if (id !== self.owner || bar.index !== self.index) pieces.push(...barPiece(id, description, bar, missing));
      }
      for (const window of placed(description.windows ?? [], false, description.bdf, missing)) {
        if (id === self.owner && window.kind === self.kind) continue;
        pieces.push({ ...windowPiece(window, window.size, this.#barsIn(id, window)), start: window.start, owner: id });
      }
    }
    if (topology.isFunction(bridge)) return pieces;
    const fixed = [
      ...platformDevices.flatMap(({ regions }) => regions),
      ...ranges.filter(({ kind }) => kind === "config-space" || kind === "system-ram"),
    ].map(({ start, size }) => ({
      ...sized(toBigInt(size), false, false),
      align: 1n,
      start: toBigInt(start),
      owner: 0,
    }));
    return [...pieces, ...fixed.filter((range) => !pieces.some((piece) => overlap(range, piece)))];
  }

  /** The BARs of all functions below a bridge that lie in its window. */
  #barsIn(bridge: number, window: Window): readonly PlacedPiece[] {
    const found: PlacedPiece[] = [];
    const { core } = this.topology;
    for (let id = bridge + 1; id <= this.topology.size && core.depth(id) > core.depth(bridge); id++) {
      const description = this.topology.describe(id)!;
      for (const bar of description.bars ?? []) found.push(...barPiece(id, description, bar, []));
    }
    return found.filter((piece) => isIn(piece, window));
  }

  #childrenOf(bridge: number): readonly number[] {
    return (this.#below ??= childrenIn(this.topology))[bridge]!;
  }
}

/** What takes up addresses, wherever it lies. */
interface Piece {
  /** Bytes. */
  readonly size: bigint;
  /** It begins at a multiple of this. */
  readonly align: bigint;
  /** Whether it may lie at or above 4 GiB. */
  readonly isWide: boolean;
  readonly isPrefetchable: boolean;
}

/** One that lies somewhere. */
interface PlacedPiece extends Piece {
  readonly start: bigint;
  readonly owner: number;
}

interface Window {
  readonly kind: "mem" | "pref";
  readonly start: bigint;
  /** Bytes; 0: it is closed. */
  readonly size: bigint;
  /** On which side of 4 GiB on the bus it lies for good; `either`: it may move above. */
  readonly side: "below" | "above" | "either";
}

/** Who is looking for room: a BAR of a function, or a window of a bridge. */
interface Self {
  readonly owner: number;
  readonly index?: number;
  readonly kind?: "mem" | "pref";
}

const NOBODY: Self = { owner: 0 };
const MIB = 1n << 20n;
const FOUR_GIB = 1n << 32n;

function unknown(narrow: readonly NarrowWindow[], missing: readonly string[]): Room {
  return { answer: "unknown", start: null, narrow, missing: [...new Set(missing)] };
}

function checkSize(size: bigint): void {
  if (size >= 16n && size <= 1n << 62n && (size & (size - 1n)) === 0n) return;
  throw new RangeError(`expected the size of a BAR, a power of two from 16 to 2^62, got ${size}`);
}

function sized(size: bigint, isWide: boolean, isPrefetchable: boolean): Piece {
  return { size, align: size, isWide, isPrefetchable };
}

function address(start: BarDescription["start"]): bigint | null {
  return start === undefined || start === null ? null : parseAddress(start);
}

/** Whether a BAR has 64 bits: by its type, or since it lies where no other can. */
function widthOf({ type, start, bus }: BarDescription): boolean | undefined {
  if (type !== undefined) return type === "mem64";
  return (address(bus) ?? address(start) ?? 0n) >= FOUR_GIB ? true : undefined;
}

/** A BAR where it lies; nothing where it lies nowhere. An aperture is as aligned as the slots that it consists of. */
function barPiece(
  owner: number,
  { bdf, sriov }: FunctionDescription,
  bar: BarDescription,
  missing: string[],
): PlacedPiece[] {
  if (bar.type === "io" || bar.start === null) return [];
  const start = address(bar.start);
  if (start === null || bar.size === undefined) {
    missing.push(`place and size of BAR ${bar.index ?? "?"} of ${bdf}`);
    return [];
  }
  const size = toBigInt(bar.size);
  if (size === 0n) return [];
  const slots = (bar.index ?? 0) > 6 && sriov && sriov.totalVfs > 0 ? BigInt(sriov.totalVfs) : 1n;
  const align = size % slots === 0n ? size / slots : size & -size;
  return [{ owner, start, size, align, isWide: widthOf(bar) ?? false, isPrefetchable: bar.prefetchable ?? false }];
}

/** A window of so many bytes as a piece of the one around it: as aligned as what lies in it. */
function windowPiece({ kind }: Window, bytes: bigint, inside: readonly Piece[]): Piece {
  const align = inside.reduce((most, piece) => (piece.align > most ? piece.align : most), MIB);
  const isPrefetchable = kind === "pref";
  return {
    size: roundUp(bytes, MIB),
    align,
    isPrefetchable,
    isWide: isPrefetchable && inside.every(({ isWide }) => isWide),
  };
}

/** Windows whose place is known. Without its bus address a window is taken to lie there as it does for the CPU. */
function placed(windows: readonly WindowDescription[], isHost: boolean, name: string, missing: string[]): Window[] {
  return windows.flatMap(({ kind, start, end, bus }) => {
    if (kind === "io") return [];
    const [first, last] = [parseAddress(start ?? ""), parseAddress(end ?? "")];
    if (first === null || last === null) {
      missing.push(`where the windows of ${name} are`);
      return [];
    }
    const size = last - first + 1n;
    const onBus = parseAddress(bus ?? "") ?? first;
    const isBelow = (!isHost && kind === "mem") || onBus + size <= FOUR_GIB;
    return [{ kind, start: first, size, side: !isBelow ? "above" : isHost || kind === "mem" ? "below" : "either" }];
  });
}

function suits({ kind, side }: Window, { isWide, isPrefetchable }: Piece): boolean {
  return (kind === "mem" || isPrefetchable) && (side !== "above" || isWide);
}

/** The lowest place between others where a piece fits. */
function firstGap(window: Window, others: readonly PlacedPiece[], piece: Piece): bigint | null {
  const end = window.start + window.size;
  let start = roundUp(window.start, piece.align);
  for (const other of others.toSorted((a, b) => compare(a.start, b.start))) {
    if (overlap({ ...piece, start }, other)) start = roundUp(other.start + other.size, piece.align);
  }
  return start + piece.size <= end ? start : null;
}

/**
 * The window that lacks least for a piece and all that lies in it now, and the bytes that it needs. That in which the
 * piece lies goes first.
 */
function closest(
  windows: readonly Window[],
  others: readonly PlacedPiece[],
  piece: Piece,
  at: bigint | null,
): readonly [Window, bigint] {
  const all = windows.map((window) => {
    const inside = others.filter((other) => isIn(other, window));
    const bytes = needed(window, [...inside, piece]);
    return { window, bytes, lack: bytes - window.size };
  });
  // None below 4 GiB can grow beyond that.
  const possible = all.filter(({ window, bytes }) => window.side !== "below" || bytes <= FOUR_GIB);
  const choices = (possible.length > 0 ? possible : all).toSorted((a, b) => compare(a.lack, b.lack));
  const [least] = choices;
  const own = choices.find(({ window: { start, size } }) => at !== null && at >= start && at < start + size);
  const { window, bytes } = least!.lack <= 0n ? least! : (own ?? least!);
  return [window, bytes];
}

/** Bytes that a window needs for all pieces: from where it begins, or from where the greatest of them may. */
function needed({ start, size }: Window, pieces: readonly Piece[]): bigint {
  const fromHere = packed(pieces, start) - start;
  const anywhere = packed(pieces, 0n);
  return fromHere <= size || anywhere <= size ? fromHere : anywhere;
}

/** Where the last piece ends if all are laid out from `base` on, the most aligned first, each in the first gap. */
function packed(pieces: readonly Piece[], base: bigint): bigint {
  const laid: { start: bigint; end: bigint }[] = [];
  let last = base;
  const order = pieces.toSorted((a, b) => compare(b.align, a.align) || compare(b.size, a.size));
  for (const { size, align } of order) {
    let start = roundUp(base, align);
    let place = 0;
    for (; place < laid.length && laid[place]!.start < start + size; place++) {
      if (laid[place]!.end > start) start = roundUp(laid[place]!.end, align);
    }
    laid.splice(place, 0, { start, end: start + size });
    if (start + size > last) last = start + size;
  }
  return last;
}

function isIn({ start, size }: PlacedPiece, window: Window): boolean {
  return start >= window.start && start + size <= window.start + window.size;
}

function overlap(a: Pick<PlacedPiece, "start" | "size">, b: Pick<PlacedPiece, "start" | "size">): boolean {
  return a.start < b.start + b.size && b.start < a.start + a.size;
}

function lowest(values: readonly bigint[]): bigint | null {
  return values.reduce<bigint | null>((least, value) => (least === null || value < least ? value : least), null);
}

function roundUp(value: bigint, align: bigint): bigint {
  return ((value + align - 1n) / align) * align;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By id what hangs directly below. */
function childrenIn(topology: Topology): readonly (readonly number[])[] {
  const children: number[][] = Array.from({ length: topology.size + 1 }, () => []);
  for (let id = 1; id <= topology.size; id++) {
    const parent = topology.parent(id);
    if (typeof parent === "number") children[parent]!.push(id);
  }
  return children;
}
