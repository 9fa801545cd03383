import type { Missing } from "./policy.js";

/** Each fact once, by what it is. */
export function distinct(missing: readonly Missing[]): Missing[] {
  return [...new Map(missing.map((entry) => [entry.what, entry])).values()];
}
