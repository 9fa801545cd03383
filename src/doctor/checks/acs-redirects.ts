import { redirectHint } from "../../explain/hints.js";
import type { Verdict } from "../../explain/verdict.js";
import { ACS_BITS, ACS_REDIRECT } from "../../topology/register.js";
import type { FunctionDescription } from "../../topology/description.js";
import type { Check, Diagnosis, Patient } from "../check.js";
import type { Severity } from "../ids.js";
import { LinkedPairs } from "../links.js";
import { firstPairs, membersOf, pairsBetween } from "../party.js";
import { treesOf, type Tree } from "../paths.js";
import { counted, enumerated, pairsNamed, word } from "../wording.js";

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
};

function diagnose(
  { topology, peer }: Patient,
  { groups: { certain: groups }, redirecting: { certain: redirecting } }: Tree,
  linked: LinkedPairs,
): Diagnosis | null {
  const pairs = pairsBetween(groups) - linked.between(groups);
  const examples = firstPairs(groups).filter(([a, b]) => !linked.has(a, b));
  const verdicts = examples.map(([a, b]) => overPcie(peer.can(a.id, b.id)));
  const [worst] = verdicts.filter(({ route }) => route !== "bus-address").sort((a, b) => rank(a) - rank(b));
  if (pairs === 0 || worst === undefined) return null;
  const described = redirecting.map((id) => topology.registers(id)!);
  return {
    id: "ACS_REDIRECTS",
    severity: severityOf(worst),
    functions: redirecting.map((id) => topology.name(id)),
    pairs,
    evidence: evidence(described),
    consequence: `${counted(pairs, "pair")} of devices, such as ${pairsNamed(examples.map(([a, b]) => [topology.name(a.id), topology.name(b.id)]))}: ${fate(worst, peer.policy.name)}`,
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

function evidence(described: readonly FunctionDescription[]): string[] {
  const shown = described.slice(0, SHOWN).map((description) => {
    const { bdf, kind, acs } = description;
    const bits = ACS_BITS.filter((_, index) => (acs!.control & ACS_REDIRECT & (1 << index)) !== 0);
    const place = kind === undefined ? "" : ` (${kind.replaceAll("-", " ")})`;
    return `${bdf}${place}: ACS control ${word(acs!.control)}, ${enumerated(bits.map((bit) => BIT_NAMES[bit] ?? bit))} on`;
  });
  const left = described.slice(SHOWN).map(({ bdf }) => bdf);
  return left.length === 0 ? shown : [...shown, `the same of ${enumerated(left)}`];
}

/** How many functions have a line of their own, or a place in a kernel parameter. */
const SHOWN = 8;

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

function remedy(
  described: readonly FunctionDescription[],
  { provider, client }: Verdict,
  kernel: string | undefined,
): string {
  const fix = `\`peerlane fix ${provider} ${client}\` shows what to set, and what it costs`;
  if (described.length > SHOWN) return fix;
  const culprits = described.map(({ bdf }) => ({ bdf, what: "", bits: [] }));
  const { parameter } = redirectHint(culprits, kernel);
  return parameter === null ? fix : `${fix}; for all of these pairs boot with \`${parameter}\``;
}
