import { formatSize, toBigInt } from "../topology/address.js";
import type { BarDescription, MachineDescription } from "../topology/description.js";
import { FreeSpace, type Room } from "../topology/free-space.js";
import type { Topology } from "../topology/topology.js";
import type { Edit } from "./edit.js";
import { EditError } from "./errors.js";
import { functionPlace, lookUp, withFunction, withSystem, type FunctionName } from "./place.js";

/**
 * Gives a memory BAR another size. Where the windows above have room, now or by growing, where it then lies is not known,
 * nor are the windows that grow; where they have not, it is unassigned, as Linux leaves it until the firmware makes room.
 * {@link barRoom} tells which window is too small, and by how much.
 *
 * @param index 0 to 5.
 * @param size bytes: a power of two, which the BAR can be set to where the description shows what it can.
 * @throws EditError once it is made: for no such function or BAR, for a size that is none, or that the BAR cannot take.
 */
export function resizeBar(name: FunctionName, index: number, size: bigint): Edit {
  return (machine) => {
    const { place, room } = lookUp(machine, (topology) => ({
      place: functionPlace(topology, name),
      room: roomIn(topology, name, index, size),
    }));
    const grown = new Set(room.answer === "by-growing" ? room.narrow.map(({ bridge }) => bareName(bridge)) : []);
    const resized = withFunction(machine, place, (description) => ({
      ...description,
      bars: description.bars!.map((bar) => (bar.index === index ? resizedBar(bar, size, room) : bar)),
    }));
    if (grown.size === 0) return resized;
    return withSystem(resized, place.system, (system) => ({
      ...system,
      functions: system.functions.map((each) => {
        if (!grown.has(each.bdf)) return each;
        const { windows: _, ...rest } = each;
        return rest;
      }),
    }));
  };
}

/**
 * Whether the windows above a BAR have room for it at another size, and the first that has not.
 *
 * @throws EditError as {@link resizeBar}.
 */
export function barRoom(machine: MachineDescription, name: FunctionName, index: number, size: bigint): Room {
  return lookUp(machine, (topology) => roomIn(topology, name, index, size));
}

function roomIn(topology: Topology, name: FunctionName, index: number, size: bigint): Room {
  const { id, name: bdf } = functionPlace(topology, name);
  if (size < 16n || (size & (size - 1n)) !== 0n || size > 1n << 62n) {
    throw new EditError("BAD_SIZE", `expected the size of a BAR, a power of two from 16 bytes to 2^62, got ${size}`);
  }
  const { bars } = topology.describe(id)!;
  if (bars === undefined) throw new EditError("NOT_SHOWN", `the description does not show the BARs of ${bdf}`);
  const sizes = bars.find((bar) => bar.index === index)?.sizes?.map(toBigInt);
  if (sizes !== undefined && !sizes.includes(size)) {
    throw new EditError("BAD_SIZE", `BAR ${index} of ${bdf} takes ${sizes.join(", ")} bytes, not ${size}`);
  }
  try {
    return new FreeSpace(topology).resized(id, index, size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const memory = bars.filter((bar) => bar.type !== "io" && bar.type !== "rom" && (bar.index ?? 7) < 6);
    const has = memory.length === 0 ? "none" : memory.map((bar) => bar.index).join(", ");
    throw new EditError("NO_SUCH_BAR", `${error.message}; memory BARs of ${bdf}: ${has}`);
  }
}

function resizedBar(bar: BarDescription, size: bigint, { answer }: Room): BarDescription {
  const { start: _start, bus: _bus, ...rest } = bar;
  const resized = { ...rest, size: formatSize(size) };
  return answer === "no" || answer === "by-rearranging" ? { ...resized, start: null, bus: null } : resized;
}

/** Without the system in front. */
function bareName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
