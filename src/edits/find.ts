import { canonicalBdf } from "../topology/bdf.js";
import type { FunctionDescription, MachineDescription, SystemDescription } from "../topology/description.js";
import { EditError } from "./error.js";

/** A function in a description. */
export interface Found {
  readonly system: SystemDescription;
  readonly description: FunctionDescription;
}

/**
 * The function of that name: `dddd:bb:dd.f`, `bb:dd.f` or what the system calls it, with `system/` in front where that is
 * to be told.
 *
 * @throws EditError where there is none, or are several.
 */
export function findFunction(machine: MachineDescription, ref: string): Found {
  if (typeof ref !== "string") throw new TypeError(`expected the name of a function, got ${String(ref)}`);
  const slash = ref.lastIndexOf("/");
  const name = ref.slice(slash + 1);
  const bdf = canonicalBdf(name);
  const systems = slash === -1 ? machine.systems : machine.systems.filter((each) => each.name === ref.slice(0, slash));
  const found = systems.flatMap((system) =>
    system.functions
      .filter((each) => (bdf === null ? each.names?.includes(name) === true : each.bdf === bdf))
      .map((description) => ({ system, description })),
  );
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new EditError(
      "EDIT_NOT_FOUND",
      `the machine has no function "${ref}": expected dddd:bb:dd.f, bb:dd.f or a name that the source shows`,
      [ref],
    );
  }
  const advice =
    machine.systems.length > 1 ? "write the system in front, as in system/dddd:bb:dd.f" : "use its address";
  throw new EditError("EDIT_NOT_FOUND", `"${ref}" names ${found.length} functions: ${advice}`, [ref]);
}

/** The machine with other functions in one of its systems. */
export function withFunctions(
  machine: MachineDescription,
  system: SystemDescription,
  functions: readonly FunctionDescription[],
): MachineDescription {
  return withSystem(machine, system, { ...system, functions });
}

/** The machine with another system in place of one. */
export function withSystem(
  machine: MachineDescription,
  system: SystemDescription,
  changed: SystemDescription,
): MachineDescription {
  return { ...machine, systems: machine.systems.map((each) => (each === system ? changed : each)) };
}
