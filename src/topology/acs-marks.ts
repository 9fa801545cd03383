import { MARK_COMPLETION, MARK_EGRESS, MARK_REDIRECTS, MARK_REQUEST, MARK_UNREADABLE } from "../core.js";
import type { AcsDescription } from "./description.js";
import { ACS_COMPLETION, ACS_EGRESS, ACS_REDIRECT, ACS_REQUEST, knownBits, showsRedirects } from "./register.js";

/**
 * What the core keeps of a function's ACS: MARK_…. It has no mark for single bits that are not known: such a word counts
 * as one that is not shown, even where another bit redirects.
 */
export function marksOf(acs: AcsDescription | null | undefined): number {
  if (!showsRedirects(acs)) return MARK_UNREADABLE;
  return acs ? acsMarks(knownBits(acs.control).value) : 0;
}

/** The same of a control word that is known. */
export function acsMarks(control: number): number {
  if ((control & ACS_REDIRECT) === 0) return 0;
  const own = (control & ACS_EGRESS) !== 0 ? MARK_EGRESS : MARK_REDIRECTS;
  const request = (control & ACS_REQUEST) !== 0 ? MARK_REQUEST : 0;
  return own | request | ((control & ACS_COMPLETION) !== 0 ? MARK_COMPLETION : 0);
}
