/**
 * What is wrong with a machine for peer-to-peer DMA, and what to do about it. Nothing here writes to a machine.
 *
 * @packageDocumentation
 */
export type { Diagnosis, Unseen } from "./check.js";
export { outcomeOf, type Outcome } from "./outcome.js";
export { examine, type Checked, type Examination, type ExamineOptions } from "./examine.js";
export { DIAGNOSES, DIAGNOSIS_IDS, SEVERITIES, type DiagnosisId, type Severity } from "./ids.js";
export type { ControlChange } from "../fix/change.js";
export type { Exposure, IsolationCost, MergedGroup } from "../fix/cost.js";
export { iommuGroups, shareGroup, type GroupBounds, type Groups } from "../fix/iommu-groups.js";
export { LOADERS, loaderSteps, type Loader, type LoaderSteps } from "../fix/loaders.js";
export type { AcsOption, BootFix, BootResult } from "../fix/parameter.js";
export { fixFor, type FixOptions, type FixPlan, type FixStatus } from "../fix/plan.js";
export { PROFILES, type Profile } from "../fix/profiles.js";
export type { TemporaryCommand } from "../fix/setpci.js";
export { verifyFix, type Verification, type VerifiedChange } from "../fix/verify.js";
