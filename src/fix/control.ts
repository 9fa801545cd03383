import type { FunctionDescription, MachineDescription, RegisterWord } from "../topology/description.js";
import { knownBits, registerWord } from "../topology/register.js";

/** A word after bits were cleared and set: those are known then, whatever was before. */
export function changed(word: RegisterWord, clear: number, set: number): RegisterWord {
  const { value, mask } = knownBits(word);
  return registerWord((value & ~clear) | set, mask | clear | set);
}

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
