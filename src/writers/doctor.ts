import type { Diagnosis } from "../doctor/check.js";
import type { Checked, Examination } from "../doctor/examine.js";
import { DIAGNOSES, SEVERITIES, type Severity } from "../doctor/ids.js";
import type { Outcome } from "../doctor/outcome.js";
import type { Missing } from "../policy/policy.js";
import { missingText, policyText, type PolicyDocument } from "./policy.js";
import { PLAIN_STYLE, paragraph, type Style } from "./style.js";

/** What `doctor --json` prints. */
export interface DoctorDocument {
  readonly outcome: Outcome;
  readonly policy: PolicyDocument;
  /** How many functions were looked at, and how many of them do DMA with each other. */
  readonly functions: number;
  readonly talkers: number;
  /** Worst first. */
  readonly diagnoses: readonly Diagnosis[];
  readonly checked: readonly Checked[];
  readonly missing: readonly Missing[];
}

/** What an examination found, for scripts. */
export function doctorDocument(examination: Examination, outcome: Outcome, policy: PolicyDocument): DoctorDocument {
  const { functions, talkers, diagnoses, checked, missing } = examination;
  return { outcome, policy, functions, talkers, diagnoses, checked, missing };
}

/** How much of one diagnosis is shown: the document has all of it. */
const SHOWN_MISSING = 5;

/** The same for people: what was found, worst first, then what was looked at. */
export function* doctorLines(
  examination: Examination,
  policy: PolicyDocument,
  style: Style = PLAIN_STYLE,
): Generator<string> {
  for (const diagnosis of examination.diagnoses) {
    yield* diagnosisLines(diagnosis, style);
    yield "";
  }
  const { functions, talkers, missing } = examination;
  yield `${style.strong(tally(examination))}: ${functions} function${functions === 1 ? "" : "s"} looked at, ${talkers} of which ${talkers === 1 ? "does" : "do"} DMA with others; ${policyText(policy)}`;
  for (const text of policy.inferred) yield* paragraph("  inferred", text, style, 11);
  for (const each of missing.slice(0, SHOWN_MISSING)) yield* paragraph("  missing", missingText(each), style, 11);
  if (missing.length > SHOWN_MISSING) yield `           and ${missing.length - SHOWN_MISSING} more`;
}

function* diagnosisLines(diagnosis: Diagnosis, style: Style): Generator<string> {
  const { id, severity, system, evidence, consequence, remedy, missing = [] } = diagnosis;
  const word = PAINT[severity](style)(severity);
  yield* paragraph(
    "",
    `${word} ${style.strong(id)}${system === undefined ? "" : ` (${system})`}: ${DIAGNOSES[id].meaning}`,
    style,
    0,
  );
  for (const [row, fact] of evidence.entries()) yield* paragraph(row === 0 ? "  seen" : "", fact, style);
  yield* paragraph("  so", consequence, style);
  yield* paragraph("  do", remedy, style);
  for (const [row, each] of missing.slice(0, SHOWN_MISSING).entries()) {
    yield* paragraph(row === 0 ? "  missing" : "", missingText(each), style);
  }
}

const PAINT: Readonly<Record<Severity, (style: Style) => (text: string) => string>> = {
  error: (style) => style.bad,
  warning: (style) => style.doubtful,
  note: (style) => style.faint,
};

function tally({ diagnoses }: Examination): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: diagnoses.filter((diagnosis) => diagnosis.severity === severity).length,
  })).filter(({ count }) => count > 0);
  if (counts.length === 0) return "nothing found";
  return counts.map(({ severity, count }) => `${count} ${severity}${count === 1 ? "" : "s"}`).join(", ");
}
