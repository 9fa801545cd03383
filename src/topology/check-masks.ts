import type { SystemDescription } from "./description.js";
import type { Problems } from "./errors.js";

/** The bits of an address: whoever drives these drives them all. */
const ALL = 64;

/** What devices are said to drive is a whole number of bits, at least 1: to take anything else for no limit would lie. */
export function checkDmaMasks(systems: readonly SystemDescription[], problems: Problems): void {
  const check = (name: string, bits: number | undefined) => {
    if (bits === undefined || bits >= 1) return;
    problems.push({
      code: "BAD_NUMBER",
      message: `${name}, dmaMaskBits: expected a whole number of at least 1, got ${bits}: leave it out if it is not known`,
      functions: [name],
    });
  };
  for (const { functions, platformDevices = [] } of systems) {
    for (const { bdf, dmaMaskBits } of functions) check(bdf, dmaMaskBits);
    for (const { name, dmaMaskBits } of platformDevices) check(name, dmaMaskBits);
  }
}

/** How many address bits a device drives, as a byte; 0: not known. */
export function packedDmaMask(bits: number | undefined): number {
  return Math.min(bits ?? 0, ALL);
}
