import type { Missing } from "./policy.js";

/** Each fact once, by what it is. */
export function distinct<Fact extends Missing>(missing: readonly Fact[]): Fact[] {
  return [...new Map(missing.map((entry) => [entry.what, entry])).values()];
}
