import type { Terms } from "../core.js";
import type { RangeDescription } from "./description.js";
import type { SystemFacts } from "./fabric/columns.js";
import type { Range, RangeRows } from "./range-rows.js";

/** A range of addresses outside PCI, as people know it. */
export interface Surrounding {
  readonly kind: "platform" | RangeDescription["kind"];
  readonly name: string | null;
}
/** Everything outside PCI that claims addresses of a system. A range's owner is its place in this order. */
function* surroundingsOf({ ranges, platformDevices }: SystemFacts) {
  for (const { kind, name, start, size } of ranges ?? []) {
    yield { kind, name: name ?? null, start, size, exported: null };
  }
  for (const { name, regions } of platformDevices ?? []) {
    for (const { start, size, exported } of regions) {
      yield { kind: "platform" as const, name, start, size, exported: exported ?? null };
    }
  }
}

/** Adds all of them to the rows. A region that one device has twice is one: it contests nobody's addresses. */
export function collectSurroundings(facts: SystemFacts, system: number, into: RangeRows): void {
  let owner = 0;
  const byPlace = new Map<string, { readonly label: string; readonly range: Range; readonly terms: Terms }>();
  for (const { kind, name, start, size, exported } of surroundingsOf(facts)) {
    const label = kind === "platform" ? name! : `${kind} range ${name ?? ""}`.trim();
    const [first, bytes] = [into.number(start, label), into.number(size, label)];
    const terms = exported === null ? TERMS[kind] : { ...TERMS[kind], exported };
    if (first !== null && bytes !== null) {
      const place = kind === "platform" ? `${first} ${bytes} ${name}` : `${owner}`;
      // What is withheld in one of them stays withheld.
      if (!byPlace.has(place) || exported === "none") {
        byPlace.set(place, { label, range: { system, start: first, size: bytes, owner }, terms });
      }
    }
    owner++;
  }
  for (const { label, range, terms } of byPlace.values()) into.add(label, range, terms);
}

/** What the range of an owner outside PCI is; of a forged buffer it may be nothing. */
export function surroundingAt(facts: SystemFacts, owner: number): Surrounding {
  let at = 0;
  for (const surrounding of surroundingsOf(facts)) if (at++ === owner) return surrounding;
  return { kind: "other", name: null };
}

const NOWHERE = { busOffset: null, offFrom: 0, unknownFrom: 0, window: null, bar: null, exported: null } as const;
const OTHER: Terms = { kind: "other", rank: "surrounding", ...NOWHERE };
const TERMS: Readonly<Record<Surrounding["kind"], Terms>> = {
  "system-ram": { kind: "system-ram", rank: "live", ...NOWHERE },
  platform: { kind: "platform", rank: "platform", ...NOWHERE },
  "config-space": OTHER,
  reserved: OTHER,
  other: OTHER,
};
