/**
 * What is wrong with a machine for peer-to-peer DMA, and what to do about it. Nothing here writes to a machine.
 *
 * @packageDocumentation
 */
export type { Diagnosis, Unseen } from "./check.js";
export { outcomeOf, type Outcome } from "./outcome.js";
export { examine, type Checked, type Examination, type ExamineOptions } from "./examine.js";
export { DIAGNOSES, DIAGNOSIS_IDS, SEVERITIES, type DiagnosisId, type Severity } from "./ids.js";
