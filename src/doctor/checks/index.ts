import type { Check } from "../check.js";

/** All checks, a line each. */
export const CHECKS: readonly Check[] = [];
