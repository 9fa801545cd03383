import type { Verdict } from "../../explain/verdict.js";
import { distinct } from "../../policy/missing.js";
import type { Missing } from "../../policy/policy.js";
import type { Check, Patient } from "../check.js";
import { LinkedPairs } from "../links.js";
import { firstPairs, membersOf, minus, NO_PAIRS, pairsBetween, plus, type Count, type Member } from "../party.js";
import { treesOf } from "../paths.js";
import { pairsText } from "../wording.js";

/**
 * Devices below different root ports, which meet in the host bridge or beyond it: one diagnosis, for what would help is
 * the same for all. Devices below one root port never ask the host bridge unless ACS makes them.
 */
export const hostBridges: Check = {
  ids: ["HOST_BRIDGE_REFUSES"],
  *run(patient) {
    const { topology, peer } = patient;
    const refused = meetings(patient).filter(({ verdict }) => isRefused(verdict));
    const count = refused.reduce((sum, meeting) => plus(sum, meeting.count), NO_PAIRS);
    if (count.pairs === 0) return;
    const culprits = new Map(
      refused.flatMap(({ verdict }) => verdict.culprits.map((culprit) => [culprit.bdf, culprit])),
    );
    const examples = refused.flatMap((meeting) => meeting.examples);
    yield {
      id: "HOST_BRIDGE_REFUSES",
      severity: count.owned > 0 ? "error" : "note",
      functions: [...culprits.keys()],
      pairs: count.pairs,
      evidence: [...new Set([...culprits.values()].map(({ bdf, what }) => `${bdf}: ${what}`))],
      consequence: `${pairsText(topology, count, examples)}: they have no bridge in common, and ${peer.policy.name} refuses them`,
      remedy: [...remedies(patient, examples), "put devices that talk to each other below one switch"].join("; or "),
    };
  },
  *unknown(patient) {
    yield* distinct(meetings(patient).flatMap(({ verdict }) => missingFor(verdict)));
  },
};

/** What would make the kernel take them. */
function remedies({ peer, topology }: Patient, examples: readonly (readonly [Member, Member])[]): ReadonlySet<string> {
  const roots = new Set(examples.flat().map(({ id }) => topology.rootOrdinal(id)));
  return new Set([...roots].flatMap((root) => peer.judgement(root).remedy ?? []));
}

function isRefused(verdict: Verdict): boolean {
  return verdict.answer === "no" && verdict.code !== "P2PDMA_NOT_BUILT";
}

function missingFor(verdict: Verdict): readonly Missing[] {
  return verdict.answer === "unknown" ? verdict.missing : [];
}

/** Pairs that are all answered alike, and the answer. */
interface Meeting {
  readonly count: Count;
  readonly examples: readonly (readonly [Member, Member])[];
  /** Over PCIe. */
  readonly verdict: Verdict;
}

/**
 * All pairs of talkers without a common bridge. What becomes of a pair follows from what the policy makes of the host
 * bridges at both ends, and from whether they are one: there are few such cases, whatever the number of pairs.
 */
function meetings(patient: Patient): Meeting[] {
  const { topology, peer } = patient;
  const members = membersOf(patient);
  const linked = new LinkedPairs(patient, members);
  const alike = new Map<string, Map<number, (readonly Member[])[]>>();
  for (const tree of treesOf(patient, members)) {
    const place = topology.rootOrdinal(tree.top);
    const classes = `${topology.roots[place]!.root.known} ${peer.judgement(place).classes.join()}`;
    let roots = alike.get(classes);
    if (roots === undefined) alike.set(classes, (roots = new Map()));
    const trees = roots.get(place);
    if (trees === undefined) roots.set(place, [tree.members]);
    else trees.push(tree.members);
  }
  const found: Meeting[] = [];
  const meet = (groups: readonly (readonly Member[])[], count: Count) => {
    const examples = firstPairs(groups).filter(([a, b]) => !linked.has(a, b));
    const [first] = examples;
    if (count.pairs === 0 || first === undefined) return;
    const verdict = peer.can(first[0].id, first[1].id);
    found.push({ count, examples, verdict: verdict.pcie ?? verdict });
  };
  const between = (groups: readonly (readonly Member[])[]) => minus(pairsBetween(groups), linked.between(groups));
  const classes = [...alike.values()].map((roots) => [...roots.values()]);
  for (const [row, roots] of classes.entries()) {
    const within = roots.filter((trees) => trees.length > 1);
    meet(within[0] ?? [], within.map(between).reduce(plus, NO_PAIRS));
    const whole = roots.map((trees) => trees.flat());
    meet(whole, between(whole));
    for (const others of classes.slice(row + 1)) {
      const [here, there] = [whole.flat(), others.flat(2)];
      meet([here, there], between([here, there]));
    }
  }
  return found;
}
