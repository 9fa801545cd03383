/**
 * Answers as documents for scripts and as text for people. Everything here is a function of its arguments.
 *
 * @packageDocumentation
 */
export { CODE_PAGES, explainCode, type CodePage, type PageCode } from "./code-pages.js";
export { codeLines, codesDocument, codesMarkdown, codeText, type CodesDocument } from "./codes.js";
export { commonDocument, commonText, isCommonKnown, type CommonDocument } from "./common.js";
export { compatDocument, compatLines, type CompatDocument, type CompatEntry } from "./compat.js";
export {
  changedPairs,
  diffDocument,
  diffLines,
  diffWord,
  type ChangedPairEntry,
  type ComparedMachines,
  type ComparedSystem,
  type DiffDocument,
  type DiffWord,
  type SystemDiffDocument,
} from "./diff.js";
export type { IovaDocument } from "./iova.js";
export * from "../letters/index.js";
export {
  comparisonDocument,
  comparisonLines,
  comparisonWord,
  lettersDocument,
  lettersLines,
  type ComparisonDocument,
  type DifferenceEntry,
  type LettersDocument,
} from "./letters.js";
export { doctorDocument, doctorLines, type DoctorDocument } from "./doctor.js";
export { fixDocument, fixText, type FixDocument, type VerificationDocument } from "./fix.js";
export { formatJson } from "./json.js";
export { functionEntry, listDocument, listLines, listText, type FunctionEntry, type ListDocument } from "./list.js";
export { mappingDocument, mappingText, mappingWord, type MappingDocument } from "./mapping.js";
export { matrixDocument, matrixLines, matrixText, type MatrixDocument } from "./matrix.js";
export {
  faultDocument,
  ownerDocument,
  ownerText,
  ownerWord,
  type FaultDocument,
  type OwnerDocument,
  type OwnerEntry,
} from "./owner.js";
export { pictureDot } from "./pictures/dot.js";
export { pictureMermaid } from "./pictures/mermaid.js";
export { pictureOf, type PictureOptions } from "./pictures/picture-of.js";
export type {
  Picture,
  PictureBox,
  PictureDevice,
  PictureGroup,
  PictureHub,
  PictureLink,
  PicturePort,
  PictureSideLink,
} from "./pictures/picture.js";
export { pictureSvg } from "./pictures/svg.js";
export {
  partnersDocument,
  partnersLines,
  partnersWords,
  type DeviceEntry,
  type PartnerEntry,
  type PartnersAnswer,
  type PartnersDocument,
  type SettingsDocument,
} from "./partners.js";
export { policyDocument, policyText, type PolicyDocument } from "./policy.js";
export { reportMarkdown } from "./report.js";
export { redactedMachine } from "./snapshot/redacted-machine.js";
export { PLAIN_STYLE, type Style } from "./style.js";
export type { PlatformEntry } from "./platform.js";
export { lintDocument, lintText, type LintDocument, type LintedFile } from "./lint.js";
export { treeDocument, treeLines, treeText, type HostBridgeEntry, type TreeDocument, type TreeEntry } from "./tree.js";
export { verdictDocument, verdictText, verdictWord, type VerdictDocument, type VerdictWord } from "./verdict.js";
export {
  whatIfCount,
  whatIfDocument,
  whatIfLines,
  whatIfWord,
  type AppliedEdit,
  type WhatIf,
  type WhatIfDocument,
} from "./what-if.js";
