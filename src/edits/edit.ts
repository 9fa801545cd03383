import type { MachineDescription } from "../topology/description.js";

/** A change of a machine, thought through and not made: what the machine would then be. It leaves its argument alone. */
export type Edit = (machine: MachineDescription) => MachineDescription;

/** One edit of several, made in their order. None: the machine as it is. */
export function compose(...edits: readonly Edit[]): Edit {
  return (machine) => edits.reduce((changed, edit) => edit(changed), machine);
}
