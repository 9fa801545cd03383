import type { Topology } from "../topology/topology.js";
import type { Count, Member } from "./party.js";

/** How many names a sentence has room for. */
const SHOWN = 6;

/** `a`, `a and b`, `a, b and c`, `a, b, c, d, e, f and 7 more`. */
export function enumerated(names: readonly string[], shown: number = SHOWN): string {
  const left = names.length - shown;
  const parts = left > 0 ? [...names.slice(0, shown), `${left} more`] : names;
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)!}`;
}

/** `1 pair`, `2 pairs`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** How many pairs, and some of them by their names: `6 pairs of devices, such as a and b, c and d`. */
export function pairsText(
  topology: Topology,
  { pairs, owned }: Count,
  examples: readonly (readonly [Member, Member])[],
): string {
  const names = examples.slice(0, EXAMPLES).map(([a, b]) => `${topology.name(a.id)} and ${topology.name(b.id)}`);
  const such =
    names.length === 0 ? "" : pairs > names.length ? `, such as ${names.join(", ")}` : ` (${names.join(", ")})`;
  const memory = owned > 0 ? "" : ", neither of which is known to have memory for the other";
  return `${counted(pairs, "pair")} of devices${such}${memory}`;
}

const EXAMPLES = 3;
