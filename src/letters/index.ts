/** How far apart devices are, in the letters of other tools, and what those tools claim. Part of `peerlane/writers`. */
export type { ClaimedDevice, Claims, Near } from "./claims.js";
export { compareClaims, type Comparison, type Difference, type NearDifference } from "./compare.js";
export { contradictions } from "./contradictions.js";
export { DIALECTS, LEGENDS, type Dialect, type LegendEntry } from "./dialect.js";
export { claimsOf } from "./letters.js";
export type { Match, Matching } from "./match.js";
export { dialectOf, viewClaims } from "./views.js";
