/**
 * Topology files of NCCL and RCCL (`NCCL_TOPO_FILE`): written from what is known of a machine or for its guests, and
 * checked. {@link https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html} says what they are for.
 *
 * @packageDocumentation
 */
export { type GuestFunction, type GuestMap, guestView, readGuestMap } from "./guest-map.js";
export { hasFaults, lintTopology, type LintFinding, type LintResult } from "./lint.js";
export { LINT_RULES, type LintCode, type LintRule, type LintSeverity } from "./rules.js";
export { ncclView, type NcclViewOptions, type NcclViewResult } from "./view.js";
export { ncclXml } from "./xml.js";
export { readNccl } from "../readers/nccl.js";
export type { NcclElement, NcclView } from "../topology/views.js";
