import type { Judgement } from "../policy/policy.js";
import { ordinal, parseRelease } from "../policy/release.js";
import type { Culprit, Hint } from "./verdict.js";

/**
 * The kernel parameter that lets requests stay below the common bridge (docs/semantics.md, Kernel parameters). `;`
 * separates functions:
 * `,` would end the option.
 */
export function redirectHint(culprits: readonly Culprit[], kernel: string | undefined): Hint {
  const names = culprits.map(({ bdf }) => bdf);
  const text = [
    `clear the redirect bits of ${names.join(" and ")} at boot; devices below then reach each other without the IOMMU between them`,
    ...leftover(names.length, kernel),
  ];
  return { text: text.join("; "), parameter: `pci=disable_acs_redir=${names.join(";")}` };
}

/** What the parameter leaves of the other bits differs by release, and so do its bugs. */
function leftover(functions: number, kernel: string | undefined): string[] {
  const release = kernel === undefined ? null : parseRelease(kernel);
  if (release === null) return [];
  const since611 = ordinal(release) >= ordinal({ major: 6, minor: 11 });
  if (!since611) return [`Linux ${kernel} leaves the other ACS bits as they are`];
  const notes = [`Linux ${kernel} sets the other ACS bits back to what the firmware had`];
  if (functions > 1 && ordinal(release) < ordinal({ major: 6, minor: 15 })) {
    notes.push("6.11 to 6.14 take one function only, unless the stable release has the fix of pci=config_acs");
  }
  return notes;
}

/** What would make the host bridges accept, or, if it is up to them alone, how to do without them. */
export function hostHints(judgements: readonly Judgement[], avoidable: boolean): Hint[] {
  const remedies = judgements.flatMap(({ remedy }) =>
    remedy === undefined ? [] : [{ text: remedy, parameter: null }],
  );
  return avoidable ? [...remedies, { text: "put both below one switch", parameter: null }] : remedies;
}
