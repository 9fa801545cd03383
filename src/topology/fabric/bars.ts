import { ALWAYS, depthIn, EXPORTS, parentIn, type Forest, type TermsTable } from "../../core.js";
import { FIRST_APERTURE } from "../claims.js";
import type { NodeColumns } from "./fabric.js";
import { COMMAND_UNKNOWN, FUNCTION_KINDS, SRIOV_UNKNOWN } from "./columns.js";
import { COMMAND_MEMORY, isNeverVirtual, VIRTUAL_DECODE, type Known } from "../register.js";

const BARS = 13;
const STATES: readonly Known[] = ["on", "off", "unknown"];
const [ON, OFF, UNKNOWN] = [0, 1, 2];

/** Few BARs differ in more than their place: finds the row of terms that one shares, mostly in a small table. */
export class BarTerms {
  readonly #chain: { readonly off: Uint32Array; readonly unknown: Uint32Array } | null;
  readonly #offsets: BusOffsets;
  readonly #plain: Int32Array;

  constructor(
    private readonly table: TermsTable,
    private readonly forest: Forest,
    private readonly nodes: NodeColumns,
    start: Uint32Array,
    bus: Uint32Array | null,
    private readonly exported: Uint8Array | null,
  ) {
    this.#chain = decodeAlongChains(forest, nodes);
    this.#offsets = new BusOffsets(start, bus);
    this.#plain = new Int32Array(CACHED_OFFSETS * BARS * STATES.length * EXPORTS.length).fill(-1);
  }

  /** @param row of the BAR, `index` its place in the function `id`. */
  row(row: number, id: number, index: number): number {
    const offset = this.#offsets.index(row);
    const own = ownDecode(this.nodes, id);
    const exported = this.exported === null ? 0 : this.exported[row]!;
    let [off, unknown] = [0, 0];
    if (this.#chain !== null) {
      const parent = parentIn(this.forest, id);
      [off, unknown] = [this.#chain.off[parent]!, this.#chain.unknown[parent]!];
    }
    if (off !== 0 || unknown !== 0 || offset >= CACHED_OFFSETS) {
      return this.#find(offset, own, index, off, unknown, exported);
    }
    const key = ((offset * BARS + index) * STATES.length + own) * EXPORTS.length + exported;
    if (this.#plain[key] === -1) this.#plain[key] = this.#find(offset, own, index, off, unknown, exported);
    return this.#plain[key]!;
  }

  #find(offset: number, own: number, bar: number, off: number, unknown: number, exported: number): number {
    const aperture = bar >= FIRST_APERTURE;
    return this.table.row({
      kind: aperture ? "not-peer" : "bar",
      rank: aperture ? "aperture" : own === OFF ? "silent" : "live",
      busOffset: this.#offsets.values[offset]!,
      offFrom: own === OFF ? ALWAYS : off,
      // Columns have every BAR: in an aperture only virtual functions answer that have theirs there.
      unknownFrom: aperture ? 0 : own === UNKNOWN ? ALWAYS : unknown,
      window: null,
      bar,
      exported: EXPORTS[exported]!,
    });
  }
}

const CACHED_OFFSETS = 64;

/** PCI bus addresses minus CPU physical ones, each once. */
class BusOffsets {
  /** The first where the bus address is not known. */
  readonly values: (bigint | null)[] = [null];
  readonly #indices = new Map<bigint, number>();
  #low = 0;
  #high = 0;
  #last = -1;

  constructor(
    private readonly start: Uint32Array,
    private readonly bus: Uint32Array | null,
  ) {}

  /** Index in `values` of the offset of a row. */
  index(row: number): number {
    if (this.bus === null) return 0;
    const difference = this.bus[2 * row]! - this.start[2 * row]!;
    const low = difference >>> 0;
    const high = (this.bus[2 * row + 1]! - this.start[2 * row + 1]! - (difference < 0 ? 1 : 0)) >>> 0;
    // Neighbours mostly share theirs.
    if (this.#last !== -1 && low === this.#low && high === this.#high) return this.#last;
    const value = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
    let index = this.#indices.get(value);
    if (index === undefined) this.#indices.set(value, (index = this.values.push(value) - 1));
    [this.#low, this.#high, this.#last] = [low, high, index];
    return index;
  }
}

/**
 * By id the depth of the deepest function at or above it whose memory decode is off, or not known. Null: every bridge
 * decodes, and nothing is above anybody's BARs that does not.
 */
function decodeAlongChains(
  forest: Forest,
  { requesterId, command }: NodeColumns,
): { off: Uint32Array; unknown: Uint32Array } | null {
  if (everyBridgeDecodes(forest, command)) return null;
  const off = new Uint32Array(requesterId.length);
  const unknown = new Uint32Array(requesterId.length);
  for (let id = 1; id <= forest.count; id++) {
    const parent = parentIn(forest, id);
    if (parent === 0) continue;
    const own = commandDecode(command, id);
    off[id] = own === OFF ? depthIn(forest, id) : off[parent]!;
    unknown[id] = own === UNKNOWN ? depthIn(forest, id) : unknown[parent]!;
  }
  return { off, unknown };
}

function everyBridgeDecodes(forest: Forest, command: Uint16Array | undefined): boolean {
  // Whatever has a child is followed by its first.
  for (let id = 2; id <= forest.count; id++) {
    const parent = parentIn(forest, id);
    if (parent === id - 1 && parentIn(forest, parent) !== 0 && commandDecode(command, parent) !== ON) return false;
  }
  return true;
}

/** As `decodesMemory` of a description. */
function ownDecode(nodes: NodeColumns, id: number): number {
  const { command, physicalFunction, sriovControl } = nodes;
  if (physicalFunction === undefined) {
    const own = commandDecode(command, id);
    return own === OFF && mayBeVirtual(nodes, id) ? UNKNOWN : own;
  }
  const physical = physicalFunction[id]!;
  if (physical === 0) return commandDecode(command, id);
  const control = sriovControl === undefined ? SRIOV_UNKNOWN : sriovControl[physical]!;
  if (control === SRIOV_UNKNOWN) return UNKNOWN;
  return (control & VIRTUAL_DECODE) === VIRTUAL_DECODE ? ON : OFF;
}

/** As `mayBeVirtual` of a description, which has a ROM and ports as well. */
function mayBeVirtual({ kind, class: code, buses, sriovControl }: NodeColumns, id: number): boolean {
  const hasSriov = (sriovControl?.[id] ?? SRIOV_UNKNOWN) !== SRIOV_UNKNOWN;
  const leads = hasSriov || (buses?.[id] ?? 0) !== 0;
  return !isNeverVirtual(FUNCTION_KINDS[kind?.[id] ?? 0]!, (code?.[id] ?? 0) >>> 8, leads);
}

function commandDecode(command: Uint16Array | undefined, id: number): number {
  const word = command === undefined ? COMMAND_UNKNOWN : command[id]!;
  if (word === COMMAND_UNKNOWN) return UNKNOWN;
  return (word & COMMAND_MEMORY) !== 0 ? ON : OFF;
}
