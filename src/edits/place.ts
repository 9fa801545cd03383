import { canonicalBdf } from "../topology/bdf.js";
import type { FunctionDescription, MachineDescription, SystemDescription } from "../topology/description.js";
import { Topology } from "../topology/topology.js";
import { EditError } from "./errors.js";

/** A function of a machine, as people name it: `41:00.0`, `0000:41:00.0`, `SYSTEM/41:00.0`, `nvme0`. */
export type FunctionName = string;

/** A function, or a host bridge, where it is in a description. */
export interface Place {
  /** Of the topology that it was looked up in. */
  readonly id: number;
  /** Index of its system. */
  readonly system: number;
  /** `dddd:bb:dd.f`; of a host bridge its root bus, `dddd:bb`. */
  readonly name: string;
}

/**
 * Looks something up in a machine, and closes what that took.
 *
 * @throws TopologyError for a machine that cannot be.
 */
export function lookUp<Found>(machine: MachineDescription, look: (topology: Topology) => Found): Found {
  const topology = Topology.of(machine);
  try {
    return look(topology);
  } finally {
    topology.close();
  }
}

/** @throws EditError where nothing, or more than one thing, has the name. */
export function placeOf(topology: Topology, name: string): Place {
  let id: number;
  try {
    id = topology.id(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const nothing = error.message.startsWith("nothing is named");
    throw new EditError(nothing ? "NO_SUCH_FUNCTION" : "AMBIGUOUS", error.message);
  }
  if (id === 0) throw new EditError("NO_SUCH_FUNCTION", `nothing is named ${JSON.stringify(name)}`);
  const system = topology.systemOf(id);
  if (topology.isFunction(id)) return { id, system, name: topology.describe(id)!.bdf };
  return { id, system, name: topology.roots[topology.rootOrdinal(id)]!.root.bus };
}

/** @throws EditError where that is no function. */
export function functionPlace(topology: Topology, name: FunctionName): Place {
  const place = placeOf(topology, name);
  if (topology.isFunction(place.id)) return place;
  throw new EditError("NO_SUCH_FUNCTION", `${name} is a host bridge; expected a function such as 0000:41:00.0`);
}

/**
 * The same for edits that ask for nothing else: an address is found without a topology.
 *
 * @throws as {@link functionPlace}; TopologyError for a machine that cannot be.
 */
export function findFunction(machine: MachineDescription, name: FunctionName): Pick<Place, "system" | "name"> {
  const bdf = canonicalBdf(name);
  const found = machine.systems.flatMap(({ functions }, system) =>
    functions.some((each) => each.bdf === bdf) ? [{ system, name: bdf! }] : [],
  );
  return found.length === 1 ? found[0]! : lookUp(machine, (topology) => functionPlace(topology, name));
}

/** The machine with one of its systems changed. */
export function withSystem(
  machine: MachineDescription,
  index: number,
  change: (system: SystemDescription) => SystemDescription,
): MachineDescription {
  return { ...machine, systems: machine.systems.map((system, at) => (at === index ? change(system) : system)) };
}

/** The machine with one of its functions changed. */
export function withFunction(
  machine: MachineDescription,
  { system, name }: Pick<Place, "system" | "name">,
  change: (description: FunctionDescription) => FunctionDescription,
): MachineDescription {
  return withSystem(machine, system, (each) => ({
    ...each,
    functions: each.functions.map((description) => (description.bdf === name ? change(description) : description)),
  }));
}
