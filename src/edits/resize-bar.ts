import { formatHex, formatSize, parseAddress, toBigInt } from "../topology/address.js";
import type { BarDescription, FunctionDescription } from "../topology/description.js";
import { FreeSpace, type NarrowWindow, type Room } from "../topology/free-space.js";
import { Topology } from "../topology/topology.js";
import type { Edit } from "./edit.js";
import { EditError } from "./error.js";
import { findFunction, withSystem } from "./find.js";

/**
 * The machine with a BAR of another size, as Resizable BAR has it. Where the window above has a gap, the BAR lies there;
 * where windows have to grow, nobody knows yet where; where the host bridge has too little, it lies nowhere. What room
 * there is says {@link FreeSpace}.
 *
 * @param ref as {@link Edit}s name functions: `dddd:bb:dd.f`, `bb:dd.f` or another name, `system/` in front where needed.
 * @param index 0 to 5.
 * @param size bytes: a power of two, at least 16; one that the device can take, where the machine shows which those are.
 * @throws EditError, once made, for a function or memory BAR that there is not, and for a size that it cannot take.
 */
export function resizeBar(ref: string, index: number, size: bigint): Edit {
  return (machine) => {
    const { system, description } = findFunction(machine, ref);
    const { bdf, bars = [] } = description;
    const bar = bars.find((each) => each.index === index);
    if (bar === undefined) {
      throw new EditError("EDIT_BAR", `the source shows no BAR ${index} of ${bdf}`, [bdf]);
    }
    if (bar.sizes !== undefined && !bar.sizes.some((each) => toBigInt(each) === size)) {
      const sizes = bar.sizes.map((each) => formatSize(toBigInt(each))).join(", ");
      throw new EditError(
        "EDIT_BAR",
        `BAR ${index} of ${bdf} cannot be 0x${size.toString(16)} bytes: it takes ${sizes}`,
        [bdf],
      );
    }
    const { name: _, ...nameless } = system;
    const topology = Topology.of({ peerlane: 1, systems: [nameless] });
    const room = roomFor(topology, bdf, index, size);
    topology.close();
    const narrow = new Map(room.narrow.map((each) => [`${each.bridge} ${each.kind}`, each]));
    const resized = { ...placedIn(room, bar), size: formatSize(size) };
    const change = (each: FunctionDescription): FunctionDescription => {
      if (each === description) return { ...each, bars: bars.map((one) => (one === bar ? resized : one)) };
      return room.answer === "no" ? each : withoutNarrow(each, narrow);
    };
    return withSystem(machine, system, { ...system, functions: system.functions.map(change) });
  };
}

function roomFor(topology: Topology, bdf: string, index: number, size: bigint): Room {
  try {
    return new FreeSpace(topology).resized(bdf, index, size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EditError("EDIT_BAR", error.message, [bdf]);
  }
}

/** Where the BAR then lies; missing: that is not known; null: nowhere. */
function placedIn({ answer, start }: Room, bar: BarDescription): BarDescription {
  const { start: was, bus, ...rest } = bar;
  if (answer === "no") return { ...rest, start: null, bus: null };
  if (answer !== "now" || start === null) return rest;
  const [before, onBus] = [parseAddress(was ?? ""), parseAddress(bus ?? "")];
  const offset = before === null || onBus === null ? null : onBus - before;
  return { ...rest, start: formatHex(start), ...(offset !== null && { bus: formatHex(start + offset) }) };
}

/** Windows that have to grow lie nobody knows where. */
function withoutNarrow(each: FunctionDescription, narrow: ReadonlyMap<string, NarrowWindow>): FunctionDescription {
  if (each.windows === undefined || !each.windows.some(({ kind }) => narrow.has(`${each.bdf} ${kind}`))) return each;
  const { windows: _, ...rest } = each;
  return rest;
}
