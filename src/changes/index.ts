/**
 * What is not as it was between two machines: verdicts first, then devices, registers, addresses, links.
 *
 * @packageDocumentation
 */
export { diffSystems, type DiffOptions, type Move, type Renumbering, type SystemDiff } from "./diff.js";
export { sameFunctions } from "./same-names.js";
export { ASPECTS, type Aspect, type FactChange, type NotShown } from "./facts.js";
export type { GroupChange, IommuGroup } from "./groups.js";
export {
  matchFunctions,
  type Ambiguity,
  type Correspondence,
  type MatchedFunction,
  type Recognition,
} from "./identity.js";
export {
  verdictChanges,
  VerdictChanges,
  type Standing,
  type VerdictChange,
  type VerdictChangeCount,
  type VerdictChangesOptions,
} from "./verdicts.js";
