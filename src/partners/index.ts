/**
 * Who works best with whom: the nearest partners of devices, shared out or not, and settings for software that is to
 * use them.
 *
 * @packageDocumentation
 */
export { bestPartners, PAIRS_LIMIT, SHARED_PAIRS_LIMIT } from "./partners.js";
export type { Partner, PartnerOptions, Partners } from "./partners.js";
export { STANDINGS } from "./ranks.js";
export type { Standing } from "./ranks.js";
export { assign, NEVER, NOBODY } from "./assignment.js";
export type { AssignmentProblem } from "./assignment.js";
export { rdmaNameOf, settingsOf } from "./settings.js";
export type { RankSettings, Settings } from "./settings.js";
