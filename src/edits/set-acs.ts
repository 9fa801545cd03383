import { ACS_BITS, knownBits, registerWord } from "../topology/register.js";
import type { Edit } from "./edit.js";
import { EditError } from "./error.js";
import { findFunction, withFunctions } from "./find.js";

/** Bits of the ACS control word (PCIe 6.0 7.7.11.3): source validation is bit 0. */
export interface AcsChange {
  /** Bits that are to be 1. */
  readonly set?: number;
  /** Bits that are to be 0. */
  readonly clear?: number;
}

const EGRESS_VECTOR_BITS = 0xff00;

/**
 * As if somebody wrote to a function's ACS control register, as setpci does. Bits of neither kind stay as they are,
 * known or not.
 *
 * @param ref as {@link Edit}s name functions: `dddd:bb:dd.f`, `bb:dd.f` or another name, `system/` in front where needed.
 * @throws RangeError for bits that there are not, or that are both set and cleared. Once made, EditError for a function
 *   that there is not, that shows no ACS capability, or whose capability lacks a bit that is to be set.
 */
export function setAcs(ref: string, { set = 0, clear = 0 }: AcsChange): Edit {
  const all = (1 << ACS_BITS.length) - 1;
  for (const [name, bits] of Object.entries({ set, clear })) {
    if (!Number.isInteger(bits) || bits < 0 || bits > all) {
      throw new RangeError(`${name}: expected bits of the ACS control word, 0 to 0x${all.toString(16)}, got ${bits}`);
    }
  }
  if ((set & clear) !== 0) throw new RangeError(`bits 0x${(set & clear).toString(16)} cannot be both set and cleared`);
  return (machine) => {
    const { system, description } = findFunction(machine, ref);
    const { bdf, acs } = description;
    if (acs === undefined) {
      throw new EditError("EDIT_NO_ACS", `the source does not show ACS of ${bdf}: read it as root`, [bdf]);
    }
    if (acs === null) {
      throw new EditError("EDIT_NO_ACS", `${bdf} has no ACS capability: it redirects nothing, and nothing can be set`, [
        bdf,
      ]);
    }
    const lacking = ACS_BITS.filter((_, index) => (set & ~(acs.capability & ~EGRESS_VECTOR_BITS) & (1 << index)) !== 0);
    if (lacking.length > 0) {
      throw new EditError("EDIT_NO_BIT", `the ACS capability of ${bdf} does not have ${lacking.join(" ")}`, [bdf]);
    }
    const { value, mask } = knownBits(acs.control);
    const control = registerWord((value | set) & ~clear, mask | set | clear);
    const functions = system.functions.map((each) =>
      each === description ? { ...description, acs: { ...acs, control } } : each,
    );
    return withFunctions(machine, system, functions);
  };
}
