import { redirectHint } from "../../explain/hints.js";
import type { Verdict } from "../../explain/verdict.js";
import { ACS_BITS, ACS_REDIRECT, bit, formatWord } from "../../topology/register.js";
import type { FunctionDescription } from "../../topology/description.js";
import { missingAcsWords } from "./acs-not-shown.js";
import type { Check, Diagnosis, Patient } from "../check.js";
import type { Severity } from "../ids.js";
import { LinkedPairs } from "../links.js";
import { firstPairs, membersOf, minus, pairsBetween } from "../party.js";
import { treesOf, type Tree } from "../paths.js";
import { enumerated, pairsText } from "../wording.js";

/** ACS that redirects what talkers below one root port send each other: one diagnosis for each such port. */
export const acsRedirects: Check = {
  ids: ["ACS_REDIRECTS"],
  *run(patient) {
    const members = membersOf(patient);
    const linked = new LinkedPairs(patient, members);
    for (const tree of treesOf(patient, members)) {
      const diagnosis = diagnose(patient, tree, linked);
      if (diagnosis !== null) yield diagnosis;
    }
  },
  unknown: missingAcsWords,
};

function diagnose(
  { topology, peer }: Patient,
  { groups: { certain: groups }, redirecting: { certain: redirecting } }: Tree,
  linked: LinkedPairs,
): Diagnosis | null {
  const count = minus(pairsBetween(groups), linked.between(groups));
  const examples = firstPairs(groups).filter(([a, b]) => !linked.has(a, b));
  // Linux answers all of them alike; by direction and port they may differ.
  const asked = peer.policy.paths === "precise" ? examples : examples.slice(0, 1);
  const verdicts = asked.map(([a, b]) => overPcie(peer.can(a.id, b.id)));
  const [worst] = verdicts.filter(({ route }) => route !== "bus-address").sort((a, b) => rank(a) - rank(b));
  if (count.pairs === 0 || worst === undefined) return null;
  const described = redirecting.map((id) => topology.registers(id)!);
  return {
    id: "ACS_REDIRECTS",
    severity: count.owned === 0 && severityOf(worst) === "error" ? "warning" : severityOf(worst),
    functions: redirecting.map((id) => topology.name(id)),
    pairs: count.pairs,
    evidence: evidence(described),
    consequence: `${pairsText(topology, count, examples)}: ${fate(worst, peer.policy.name)}`,
    remedy: remedy(described, worst, peer.policy.kernel),
    ...(worst.answer === "unknown" ? { missing: worst.missing } : {}),
  };
}

function overPcie(verdict: Verdict): Verdict {
  return verdict.pcie ?? verdict;
}

const WORST: readonly Severity[] = ["error", "warning", "note"];

function rank(verdict: Verdict): number {
  return WORST.indexOf(severityOf(verdict));
}

/** A kernel that refuses every pair has a diagnosis of its own. */
function severityOf(verdict: Verdict): Severity {
  if (verdict.answer === "no") return verdict.code === "P2PDMA_NOT_BUILT" ? "note" : "error";
  return "warning";
}

/** Ports of one kind have one word more often than not: a line for each word. */
function evidence(described: readonly FunctionDescription[]): string[] {
  const alike = new Map<string, string[]>();
  for (const { bdf, kind, acs } of described) {
    const bits = ACS_BITS.filter((_, index) => bit(acs!.control, ACS_REDIRECT & (1 << index)) === "on");
    const what = `ACS control ${formatWord(acs!.control)}, ${enumerated(bits.map((bit) => BIT_NAMES[bit] ?? bit))} on`;
    const key = kind === undefined ? what : `${kind.replaceAll("-", " ")}: ${what}`;
    const names = alike.get(key);
    if (names === undefined) alike.set(key, [bdf]);
    else names.push(bdf);
  }
  return [...alike].map(([what, names]) => `${enumerated(names)}, ${what}`);
}

/** How many functions a kernel parameter may name here: a command line has little room. */
const IN_PARAMETER = 12;

/** As lspci names them. */
const BIT_NAMES: Readonly<Record<string, string>> = { RR: "ReqRedir", CR: "CmpltRedir", EC: "EgressCtrl" };

function fate(verdict: Verdict, policy: string): string {
  if (verdict.answer === "unknown")
    return "their requests go up to the host bridge, and whether it takes them is not known";
  if (verdict.answer === "yes")
    return "their requests go up to the host bridge and down again, which is slower than through the switch and passes the IOMMU";
  return verdict.code === "P2PDMA_NOT_BUILT"
    ? "they would not be direct on a kernel that has peer-to-peer DMA either"
    : `${policy} refuses them`;
}

function remedy(described: readonly FunctionDescription[], verdict: Verdict, kernel: string | undefined): string {
  const { provider, client } = verdict;
  const isBuilt = verdict.answer !== "no" || verdict.code !== "P2PDMA_NOT_BUILT";
  const fix = `\`peerlane fix ${provider} ${client}\` shows what to set${isBuilt ? ", and what it costs" : ""}`;
  if (described.length > IN_PARAMETER) return fix;
  const culprits = described.map(({ bdf }) => ({ bdf, what: "", bits: [] }));
  const { parameter } = redirectHint(culprits, kernel);
  return parameter === null ? fix : `${fix}; for all of these pairs boot with \`${parameter}\``;
}
