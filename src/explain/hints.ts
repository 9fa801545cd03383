import { acsRulesOf, type AcsRules } from "../boot/acs-release.js";
import type { Judgement } from "../policy/policy.js";
import { parseRelease } from "../policy/release.js";
import type { Culprit, Hint } from "./verdict.js";

/**
 * The kernel parameter that lets requests stay below the common bridge (docs/semantics.md, Kernel parameters). `;`
 * separates functions, for `,` would end the option.
 */
export function redirectHint(culprits: readonly Culprit[], kernel: string | undefined): Hint {
  return bootHint("the redirect bits", culprits, kernel);
}

/** The same parameter clears egress control. */
export function egressHint(culprits: readonly Culprit[], kernel: string | undefined): Hint {
  return bootHint("egress control", culprits, kernel);
}

function bootHint(what: string, culprits: readonly Culprit[], kernel: string | undefined): Hint {
  const names = culprits.map(({ bdf }) => bdf);
  const text = [
    `clear ${what} of ${names.join(" and ")} at boot; devices below then reach each other without the IOMMU between them`,
    ...leftover(kernel),
  ];
  return { text: text.join("; "), parameter: `pci=disable_acs_redir=${names.join(";")}` };
}

/** What the parameter leaves of the other bits differs by release, and so do its bugs. */
function leftover(kernel: string | undefined): string[] {
  const rules = kernel === undefined || parseRelease(kernel) === null ? [] : acsRulesOf(kernel);
  const notes: Record<AcsRules, string> = {
    none: `Linux ${kernel} does not know the parameter yet: 4.19 does`,
    clears: `Linux ${kernel} leaves the other ACS bits as they are`,
    combines:
      `Linux ${kernel} ${rules.length > 1 ? "may lack" : "lacks"} the fix of this parameter (6.11 to 6.14), sets the other ` +
      "ACS bits and leaves these as the firmware had them: update",
    rebuilds: `Linux ${kernel} sets the other ACS bits back to what the firmware had`,
  };
  const first = rules[0];
  return first === undefined ? [] : [notes[first]];
}

/** How the memory of a function, or what is below a bridge, comes to answer. */
export function decodeHint({ bdf, bits }: Culprit): Hint {
  if (bits.length === 0) return { text: `wake ${bdf} up: bind a driver to it, or use it`, parameter: null };
  if (!bits.includes("Mem"))
    return { text: `enable the virtual functions of ${bdf}: its driver does`, parameter: null };
  return {
    text: `switch memory decode of ${bdf} on: bind a driver below or to it, or setpci -s ${bdf} COMMAND=2:2`,
    parameter: null,
  };
}

/** What would make the host bridges accept, or, if it is up to them alone, how to do without them. */
export function hostHints(judgements: readonly Judgement[], avoidable: boolean): Hint[] {
  const remedies = judgements.flatMap(({ remedy }) =>
    remedy === undefined ? [] : [{ text: remedy, parameter: null }],
  );
  return avoidable ? [...remedies, { text: "put both below one switch", parameter: null }] : remedies;
}
