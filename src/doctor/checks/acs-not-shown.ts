import { firstPairs, membersOf, pairsBetween, type Member } from "../party.js";
import type { Check, Patient, Unseen } from "../check.js";
import { treesOf, type Tree } from "../paths.js";
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
      consequence: `whether ${counted(pairs, "pair")} of devices ${pairs === 1 ? "reaches" : "reach"} each other directly is not known`,
      remedy: "read the machine as root: `sudo lspci -vvv`, or `sudo peerlane snapshot`",
    };
  },
};

/** The fact that both checks of ACS lack; with `minor` where the verdict of such a pair is the same either way. */
export function* missingAcsWords(patient: Patient): Generator<Unseen> {
  const { names, pairs, example } = notShown(patient);
  if (pairs === 0) return;
  const settled = example !== undefined && patient.peer.can(example[0].id, example[1].id).answer !== "unknown";
  const fact = { what: `the ACS control words of ${enumerated(names)}`, where: "lspci -vvv or /sys, read as root" };
  yield settled ? { ...fact, minor: true } : fact;
}

/** The functions that may redirect, and the pairs that are direct unless they do. */
function notShown(patient: Patient): {
  readonly names: readonly string[];
  readonly pairs: number;
  readonly example?: readonly [Member, Member];
} {
  const trees = treesOf(patient, membersOf(patient)).map(({ groups, redirecting }) => ({
    groups,
    ids: redirecting.possible,
    pairs: pairsBetween(groups.possible).pairs - pairsBetween(groups.certain).pairs,
  }));
  const open = trees.filter(({ pairs }) => pairs > 0);
  return {
    names: open.flatMap(({ ids }) => ids.map((id) => patient.topology.name(id))),
    pairs: open.reduce((sum, { pairs }) => sum + pairs, 0),
    ...exampleIn(open),
  };
}

/** One of those pairs: it is in one group where what is not shown does not redirect, and in two where it does. */
function exampleIn(trees: readonly Pick<Tree, "groups">[]): { readonly example?: readonly [Member, Member] } {
  for (const { groups } of trees) {
    const partOf = new Map(groups.possible.flatMap((group) => group.map((member) => [member, group] as const)));
    for (const group of groups.certain) {
      const parts = new Map<readonly Member[], Member[]>();
      for (const member of group) {
        const key = partOf.get(member)!;
        const part = parts.get(key);
        if (part === undefined) parts.set(key, [member]);
        else part.push(member);
      }
      const [example] = firstPairs([...parts.values()]);
      if (example !== undefined) return { example };
    }
  }
  return {};
}
