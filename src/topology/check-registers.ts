import type { FunctionDescription, RegisterWord, SystemDescription } from "./description.js";
import type { Problems } from "./errors.js";

/** The greatest value of a register of so many bits. */
const [BYTE, WORD, DOUBLE_WORD] = [0xff, 0xffff, 0xffff_ffff] as const;

/**
 * Registers that answers depend on have as many bits as they have: of a number that has more, or is negative, some would
 * read as clear, and what a description does not show would count as allowed.
 */
export function checkRegisters(systems: readonly SystemDescription[], problems: Problems): void {
  for (const { functions } of systems) for (const description of functions) checkFunction(description, problems);
}

function checkFunction({ bdf, bus, command, acs, sriov, link }: FunctionDescription, problems: Problems): void {
  const check = (field: string, value: number, most: number) => {
    if (value >= 0 && value <= most) return;
    const message = `${bdf}, ${field}: expected a whole number from 0 to ${most}, got ${value}: leave out what is not known`;
    problems.push({ code: "BAD_NUMBER", message, functions: [bdf] });
  };
  const checkWord = (field: string, word: RegisterWord) => {
    if (typeof word === "number") return check(field, word, WORD);
    check(`${field}.value`, word.value, WORD);
    check(`${field}.mask`, word.mask, WORD);
  };
  if (bus !== undefined) {
    check("bus.secondary", bus.secondary, BYTE);
    check("bus.subordinate", bus.subordinate, BYTE);
  }
  if (command !== undefined) checkWord("command", command);
  if (acs) {
    check("acs.capability", acs.capability, WORD);
    checkWord("acs.control", acs.control);
    if (acs.firmware !== undefined) check("acs.firmware", acs.firmware, WORD);
    acs.egressVector?.forEach((word, at) => check(`acs.egressVector[${at}]`, word, DOUBLE_WORD));
  }
  if (sriov) check("sriov.control", sriov.control, WORD);
  if (link?.port !== undefined) check("link.port", link.port, BYTE);
}
