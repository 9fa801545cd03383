import { membersOf, pairsBetween } from "../party.js";
import type { Check, Patient } from "../check.js";
import { treesOf } from "../paths.js";
import { counted, enumerated } from "../wording.js";

/** What root would have shown: ACS of functions between talkers, which is in extended configuration space. */
export const acsNotShown: Check = {
  ids: ["ACS_NOT_SHOWN"],
  *run(patient) {
    const { names, pairs } = notShown(patient);
    if (pairs === 0) return;
    yield {
      id: "ACS_NOT_SHOWN",
      severity: "note",
      functions: names,
      pairs,
      evidence: [`the source does not show the ACS control word of ${enumerated(names)}`],
      consequence: `whether ${counted(pairs, "pair")} of devices reach each other directly is not known`,
      remedy: "read the machine as root: `sudo lspci -vvv`, or `sudo peerlane snapshot`",
    };
  },
  *unknown(patient) {
    const { names, pairs } = notShown(patient);
    if (pairs === 0) return;
    yield { what: `the ACS control words of ${enumerated(names)}`, where: "lspci -vvv or /sys, read as root" };
  },
};

/** The functions that may redirect, and the pairs that are direct unless they do. */
function notShown(patient: Patient): { readonly names: readonly string[]; readonly pairs: number } {
  const trees = treesOf(patient, membersOf(patient)).map(({ groups, redirecting }) => ({
    ids: redirecting.possible,
    pairs: pairsBetween(groups.possible).pairs - pairsBetween(groups.certain).pairs,
  }));
  const open = trees.filter(({ pairs }) => pairs > 0);
  return {
    names: open.flatMap(({ ids }) => ids.map((id) => patient.topology.name(id))),
    pairs: open.reduce((sum, { pairs }) => sum + pairs, 0),
  };
}
