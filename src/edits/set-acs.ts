import type { AcsDescription } from "../topology/description.js";
import { ACS_BITS, ACS_COMPLETION, ACS_REDIRECT, ACS_REQUEST, withBits } from "../topology/register.js";
import type { Edit } from "./edit.js";
import { EditError } from "./errors.js";
import { findFunction, withFunction, type FunctionName } from "./place.js";

/** A bit of the ACS control word, as lspci abbreviates it (PCIe 6.0 7.7.11.3). */
export type AcsBit = (typeof ACS_BITS)[number];

/** What becomes of the bits of an ACS control word; all others stay. */
export interface AcsChange {
  readonly set?: readonly AcsBit[];
  readonly clear?: readonly AcsBit[];
}

/**
 * Sets and clears bits of a function's ACS control word, as `setpci` would. Bits that were not known are known
 * thereafter.
 *
 * @throws RangeError for what is no bit, or both set and cleared; once it is made EditError where there is no such function,
 *   its ACS is not shown, or it has none, or lacks a bit.
 */
export function setAcs(name: FunctionName, change: AcsChange): Edit {
  const [set, clear] = [maskOf(change.set), maskOf(change.clear)];
  if ((set & clear) !== 0)
    throw new RangeError(`expected bits to be set or cleared, got ${bitNames(set & clear)} twice`);
  return (machine) => {
    const place = findFunction(machine, name);
    return withFunction(machine, place, (description) => {
      const acs = shownAcs(place.name, description.acs);
      const lacking = (set | clear) & ~acs.capability;
      if (lacking !== 0) {
        const has = bitNames(acs.capability) || "none";
        throw new EditError("NO_ACS_BIT", `ACS of ${place.name} has no ${bitNames(lacking)}: it has ${has}`);
      }
      return { ...description, acs: { ...acs, control: withBits(acs.control, { set, clear }) } };
    });
  };
}

/**
 * Clears what makes a function redirect requests between peers: RR, CR and EC, as far as it has them.
 *
 * @throws as {@link setAcs}, once it is made.
 */
export function clearRedirects(name: FunctionName): Edit {
  return (machine) => {
    const place = findFunction(machine, name);
    return withFunction(machine, place, (description) => {
      return { ...description, acs: withoutRedirects(shownAcs(place.name, description.acs)) };
    });
  };
}

/** ACS that redirects nothing. */
export function withoutRedirects(acs: AcsDescription): AcsDescription {
  return { ...acs, control: withBits(acs.control, { clear: acs.capability & ACS_REDIRECT }) };
}

/** ACS that redirects requests and completions, as far as it can. EC stays: whom it blocks is for a vector to say. */
export function withRedirects(acs: AcsDescription): AcsDescription {
  return { ...acs, control: withBits(acs.control, { set: acs.capability & (ACS_REQUEST | ACS_COMPLETION) }) };
}

/** @throws EditError where there is none to change. */
function shownAcs(name: string, acs: AcsDescription | null | undefined): AcsDescription {
  if (acs) return acs;
  if (acs === null) throw new EditError("NO_ACS", `${name} has no ACS capability: there are no bits to change`);
  throw new EditError(
    "NOT_SHOWN",
    `the description does not show ACS of ${name}: it takes lspci -vvv as root, or sysfs`,
  );
}

function maskOf(bits: readonly AcsBit[] = []): number {
  return bits.reduce((mask, bit) => {
    const place = ACS_BITS.indexOf(bit);
    if (place < 0) throw new RangeError(`expected one of ${ACS_BITS.join(", ")}, got ${JSON.stringify(bit)}`);
    return mask | (1 << place);
  }, 0);
}

function bitNames(mask: number): string {
  return ACS_BITS.filter((_, place) => (mask & (1 << place)) !== 0).join(", ");
}
