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

/** A register as lspci and setpci write it: `0x001d`. */
export function word(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}

/** The pairs by their names: `a and b, c and d`. */
export function pairsNamed(pairs: readonly (readonly [string, string])[], shown = 3): string {
  return pairs
    .slice(0, shown)
    .map(([a, b]) => `${a} and ${b}`)
    .join(", ");
}
