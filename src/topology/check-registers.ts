import type { FunctionDescription, SystemDescription } from "./description.js";
import type { Problem, Problems } from "./errors.js";

/** The greatest value of a register of so many bits. */
const [BYTE, WORD, DOUBLE_WORD] = [0xff, 0xffff, 0xffff_ffff] as const;
const IOMMU_MODES: readonly unknown[] = ["off", "passthrough", "translating"];

/**
 * Registers and settings that answers depend on are what the types say: of anything else the bits would read as clear,
 * and what a description does not show would count as allowed.
 */
export function checkRegisters(systems: readonly SystemDescription[], problems: Problems): void {
  systems.forEach(({ name, iommu, functions }, system) => {
    if (iommu !== undefined && !IOMMU_MODES.includes(iommu)) {
      const which = name === undefined ? `system ${system}` : `system ${String(name)}`;
      problems.push(problem(which, "iommu", '"off", "passthrough" or "translating"', iommu, []));
    }
    for (const description of functions) checkFunction(description, problems);
  });
}

function checkFunction({ bdf, bus, acs, sriov, link }: FunctionDescription, problems: Problems): void {
  const fault = (field: string, expected: string, value: unknown) =>
    problems.push(problem(bdf, field, expected, value, [bdf]));
  const check = (field: string, value: unknown, most: number) => {
    const isWhole = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
    if (!isWhole) fault(field, `a whole number from 0 to ${most}`, value);
  };
  if (bus !== undefined && bus !== null) {
    check("bus.secondary", bus.secondary, BYTE);
    check("bus.subordinate", bus.subordinate, BYTE);
  }
  if (acs !== undefined && acs !== null) {
    check("acs.capability", acs.capability, WORD);
    if (typeof acs.control === "object" && acs.control !== null) {
      check("acs.control.value", acs.control.value, WORD);
      check("acs.control.mask", acs.control.mask, WORD);
    } else {
      check("acs.control", acs.control, WORD);
    }
    if (acs.firmware !== undefined) check("acs.firmware", acs.firmware, WORD);
    const { egressVector: vector = [] }: { readonly egressVector?: unknown } = acs;
    if (!Array.isArray(vector)) fault("acs.egressVector", "an array of words", vector);
    else vector.forEach((word, at) => check(`acs.egressVector[${at}]`, word, DOUBLE_WORD));
  }
  if (sriov !== undefined && sriov !== null) check("sriov.control", sriov.control, WORD);
  if (link?.port !== undefined) check("link.port", link.port, BYTE);
}

function problem(name: string, field: string, expected: string, value: unknown, functions: readonly string[]): Problem {
  const got = typeof value === "string" ? JSON.stringify(value) : String(value);
  return {
    code: "BAD_NUMBER",
    message: `${name}, ${field}: expected ${expected}, got ${got}: leave out what is not known`,
    functions,
  };
}
