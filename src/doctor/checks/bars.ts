import { toBigInt } from "../../topology/address.js";
import type { BarDescription, FunctionDescription } from "../../topology/description.js";
import { FreeSpace, type NarrowWindow, type Room } from "../../topology/free-space.js";
import { VF_ENABLE } from "../../topology/register.js";
import type { Topology } from "../../topology/topology.js";
import { sizeText } from "../amounts.js";
import type { Check, Diagnosis } from "../check.js";
import { tradeOf } from "../talkers.js";

/** BARs of talkers that have no address, or of a GPU less memory than it could show, and the window that is too small. */
export const bars: Check = {
  ids: ["BAR_UNASSIGNED", "VF_BARS_UNASSIGNED", "BAR_BELOW_CAPABILITY"],
  *run({ topology, talkers }) {
    const space = new Searches(topology);
    for (const id of talkers) {
      const description = topology.describe(id)!;
      // Those of a virtual function are slots of its physical function's.
      if (typeof description.physicalFunction === "string") continue;
      yield* unassigned(topology, space, id, description);
      const small = smallBar(description);
      if (small !== null) yield belowCapability(topology, space, id, small);
    }
  },
};

/** Looking for room takes the time of looking at all that is below a host bridge. */
const MOST_SEARCHES = 16;

/** The room for the first few BARs that need it: what is too small for many is so for one window's sake, mostly. */
class Searches {
  readonly #space: FreeSpace;
  #left = MOST_SEARCHES;

  constructor(topology: Topology) {
    this.#space = new FreeSpace(topology);
  }

  /** Null: not looked for, or it is no size that a BAR may have. */
  room(id: number, index: number | undefined, size: bigint): Room | null {
    const isSize = size >= 16n && size <= 1n << 62n && (size & (size - 1n)) === 0n;
    return index !== undefined && isSize && this.#left-- > 0 ? this.#space.resized(id, index, size) : null;
  }
}

const FIRST_VIRTUAL = 7;
const isMemory = ({ type }: BarDescription) => type !== "io" && type !== "rom";

function* unassigned(
  topology: Topology,
  space: Searches,
  id: number,
  { bars = [], sriov }: FunctionDescription,
): Generator<Diagnosis> {
  const name = topology.name(id);
  const homeless = bars.filter((bar) => bar.start === null && bar.size !== 0 && isMemory(bar));
  const own = homeless.filter(({ index = 0 }) => index < 6);
  const virtual = homeless.filter(({ index = 0 }) => index >= FIRST_VIRTUAL);
  if (own.length > 0) {
    const rooms = own.flatMap((bar) => space.room(id, bar.index, toBigInt(bar.size ?? 0)) ?? []);
    const narrow = rooms.find((room) => room.narrow.length > 0)?.narrow ?? [];
    yield {
      id: "BAR_UNASSIGNED",
      severity: "error",
      functions: [name],
      evidence: [...own.map((bar) => `${name}: ${barText(bar)} has no address`), ...narrow.map(narrowText)],
      consequence: "nobody can reach what is behind it, and most drivers refuse the device",
      remedy: enlarge(narrow),
    };
  }
  if (virtual.length > 0) {
    const enabled = sriov && (sriov.control & VF_ENABLE) !== 0;
    yield {
      id: "VF_BARS_UNASSIGNED",
      severity: enabled ? "warning" : "note",
      functions: [name],
      evidence: virtual.map((bar) => `${name}: VF BAR ${bar.index! - FIRST_VIRTUAL} has no address`),
      consequence: "its virtual functions have no memory, and Linux does not enable them",
      remedy: "switch SR-IOV and Above 4G decoding on in the firmware, or boot with `pci=realloc`",
    };
  }
}

const NOT_SEARCHED: Room = { answer: "unknown", start: null, narrow: [], missing: [] };

interface Small {
  readonly bar: BarDescription & { readonly index: number };
  readonly size: bigint;
  readonly most: bigint;
}

/** The BAR with the device's memory, which is the one that may become the largest, where it is smaller than that. */
function smallBar(description: FunctionDescription): Small | null {
  const trade = tradeOf(description);
  if (trade !== "gpu" && trade !== "accelerator") return null;
  let small: Small | null = null;
  for (const bar of description.bars ?? []) {
    const { index, size, sizes } = bar;
    if (index === undefined || index > 5 || size === undefined || sizes === undefined || !isMemory(bar)) continue;
    const most = sizes.reduce((best, each) => (toBigInt(each) > best ? toBigInt(each) : best), 0n);
    if (small === null || most > small.most) small = { bar: { ...bar, index }, size: toBigInt(size), most };
  }
  return small !== null && small.size < small.most && small.bar.start !== null ? small : null;
}

function belowCapability(topology: Topology, space: Searches, id: number, { bar, size, most }: Small): Diagnosis {
  const name = topology.name(id);
  const room = space.room(id, bar.index, most) ?? NOT_SEARCHED;
  return {
    id: "BAR_BELOW_CAPABILITY",
    severity: "warning",
    functions: [name, ...room.narrow.map(({ bridge }) => bridge)],
    evidence: [
      `${name}: ${barText(bar)} could have ${sizeText(most)} (Resizable BAR capability)`,
      ...room.narrow.map(narrowText),
    ],
    consequence: `peers reach the first ${sizeText(size)} of its memory at most, and drivers that need all of it refuse peer-to-peer`,
    remedy: resize(topology.describe(id)!.bdf, bar.index, most, room),
    ...(room.missing.length === 0
      ? {}
      : { missing: room.missing.map((what) => ({ what, where: "/sys, read as root" })) }),
  };
}

function resize(bdf: string, index: number, most: bigint, { answer, narrow }: Room): string {
  // The file takes the power of two, in MiB.
  const exponent = most.toString(2).length - 1 - 20;
  const file = `/sys/bus/pci/devices/${bdf}/resource${index}_resize`;
  const now = `without a driver bound, \`echo ${exponent} | sudo tee ${file}\` (Linux 5.19 and later), or switch Resizable BAR on in the firmware`;
  switch (answer) {
    case "now":
    case "by-growing":
      return now;
    case "unknown":
      return narrow.length === 0 ? now : enlarge(narrow);
    default:
      return enlarge(narrow);
  }
}

function enlarge(narrow: readonly NarrowWindow[]): string {
  const [first] = narrow;
  const why = first === undefined ? "" : `, so that the window of ${first.bridge} can have ${sizeText(first.needed)}`;
  return `switch Above 4G decoding and Resizable BAR on in the firmware and give it more address space (MMIO high size)${why}; else boot with \`pci=realloc\``;
}

function barText({ index, size }: BarDescription): string {
  const which = index === undefined ? "a memory BAR" : `BAR ${index}`;
  return size === undefined ? which : `${which} of ${sizeText(toBigInt(size))}`;
}

function narrowText({ bridge, kind, size, needed }: NarrowWindow): string {
  const which = kind === "pref" ? "prefetchable window" : "memory window";
  const has = size === 0n ? "is closed" : `has ${sizeText(size)}`;
  return `${bridge}: its ${which} ${has} and needs ${sizeText(needed)}, ${sizeText(needed - size)} more`;
}
