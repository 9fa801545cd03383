import { MARK_COMPLETION, MARK_EGRESS, MARK_REDIRECTS, MARK_REQUEST } from "../core.js";
import { ACS_COMPLETION, ACS_EGRESS, ACS_REDIRECT, ACS_REQUEST } from "./register.js";

/** What the core keeps of an ACS control word: MARK_…. */
export function acsMarks(control: number): number {
  if ((control & ACS_REDIRECT) === 0) return 0;
  const own = (control & ACS_EGRESS) !== 0 ? MARK_EGRESS : MARK_REDIRECTS;
  const request = (control & ACS_REQUEST) !== 0 ? MARK_REQUEST : 0;
  return own | request | ((control & ACS_COMPLETION) !== 0 ? MARK_COMPLETION : 0);
}
