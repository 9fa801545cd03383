import type { Unseen } from "./check.js";
import type { Examination } from "./examine.js";
import { DIAGNOSES, DIAGNOSIS_IDS, SEVERITIES, type DiagnosisId, type Severity } from "./ids.js";

/** What an examination comes to. */
export type Outcome = "clean" | "findings" | "unknown";

/**
 * What an examination comes to for whoever waits for some of it: `findings` where one of them was found, else `unknown`
 * where the description does not show enough to look for each of them.
 *
 * @param failOn ids, or a severity for what is at least as bad. Missing: errors and warnings count, notes do not; and
 *   only where verdicts depend on what is not shown it is `unknown`.
 */
export function outcomeOf(
  { diagnoses, checked }: Pick<Examination, "diagnoses" | "checked">,
  failOn?: readonly (DiagnosisId | Severity)[],
): Outcome {
  const counts = countsFor(failOn ?? ["warning"]);
  if (diagnoses.some(counts)) return "findings";
  const awaited = awaitedIds(failOn ?? ["error"]);
  const isOpen = (missing: readonly Unseen[]) => missing.some(({ minor }) => failOn !== undefined || minor !== true);
  return checked.some(({ id, missing }) => awaited.has(id) && isOpen(missing)) ? "unknown" : "clean";
}

function countsFor(failOn: readonly string[]): (diagnosis: { id: DiagnosisId; severity: Severity }) => boolean {
  const least = Math.max(-1, ...failOn.map((each) => SEVERITIES.indexOf(each as Severity)));
  return ({ id, severity }) => failOn.includes(id) || SEVERITIES.indexOf(severity) <= least;
}

function awaitedIds(failOn: readonly string[]): ReadonlySet<DiagnosisId> {
  const counts = countsFor(failOn);
  return new Set(DIAGNOSIS_IDS.filter((id) => counts({ id, severity: DIAGNOSES[id].severity })));
}
