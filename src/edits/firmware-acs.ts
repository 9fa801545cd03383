import type { Edit } from "./edit.js";

/**
 * States what the firmware left in the ACS control words, where the machine does not say: what a boot makes of them
 * depends on it. Most firmware leaves 0.
 *
 * @param word 16 bits.
 * @throws RangeError for what is no such word.
 */
export function firmwareAcs(word: number): Edit {
  if (!Number.isInteger(word) || word < 0 || word > 0xffff) {
    throw new RangeError(`expected a word of 16 bits, got ${String(word)}`);
  }
  return (machine) => ({
    ...machine,
    systems: machine.systems.map((system) => ({
      ...system,
      functions: system.functions.map((each) =>
        each.acs && each.acs.firmware === undefined ? { ...each, acs: { ...each.acs, firmware: word } } : each,
      ),
    })),
  });
}
