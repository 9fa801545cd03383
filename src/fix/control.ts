import type { FunctionDescription, MachineDescription, RegisterWord } from "../topology/description.js";

/** A machine with other ACS control words of some functions of one of its systems; who has no such capability is left. */
export function withControls(
  machine: MachineDescription,
  ordinal: number,
  controls: ReadonlyMap<string, RegisterWord>,
): MachineDescription {
  const replaced = (description: FunctionDescription): FunctionDescription => {
    const control = controls.get(description.bdf);
    if (control === undefined || description.acs === undefined || description.acs === null) return description;
    return { ...description, acs: { ...description.acs, control } };
  };
  return {
    ...machine,
    systems: machine.systems.map((system, index) =>
      index === ordinal ? { ...system, functions: system.functions.map(replaced) } : system,
    ),
  };
}
