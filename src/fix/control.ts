import type { FunctionDescription, MachineDescription, RegisterWord } from "../topology/description.js";

/** Known bits of a control word. */
export interface KnownWord {
  readonly value: number;
  readonly mask: number;
}

const WORD = 0xffff;

/** A register word by value and mask; missing: nothing of it is known. */
export function knownWord(word: RegisterWord | undefined): KnownWord {
  if (word === undefined) return { value: 0, mask: 0 };
  return typeof word === "number" ? { value: word, mask: WORD } : { value: word.value & word.mask, mask: word.mask };
}

/** The same as a description has it. */
export function registerWord({ value, mask }: KnownWord): RegisterWord {
  return (mask & WORD) === WORD ? value : { value: value & mask, mask };
}

/** A word after bits were cleared and set: those are known then, whatever was before. */
export function changed(word: KnownWord, clear: number, set: number): KnownWord {
  return { value: (word.value & ~clear) | set, mask: word.mask | clear | set };
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
    return { ...description, acs: { ...description.acs, control } as typeof description.acs };
  };
  return {
    ...machine,
    systems: machine.systems.map((system, index) =>
      index === ordinal ? { ...system, functions: system.functions.map(replaced) } : system,
    ),
  };
}
