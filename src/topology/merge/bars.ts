import { toBigInt } from "../address.js";
import type { BarDescription, ExportStance } from "../description.js";
import type { Said, Settlement } from "./settlement.js";

type Bars = readonly BarDescription[];

/** What the sources say of one BAR. */
type Group = Said<BarDescription>[];

/**
 * Combines what several sources say of one function's BARs. They are the same BAR by index; `/proc/iomem` and
 * `lspci -v` show none, and then by address, or else by size: a BAR that has moved between two sources.
 */
export function mergeBars(settlement: Settlement, bdf: string, said: readonly Said<Bars>[]): Bars | undefined {
  const [only] = said;
  if (only === undefined || said.length === 1) return only?.value;
  const groups: Group[] = [];
  // Those with an index first: the others are told by them.
  const indexed = (bar: BarDescription) => bar.index !== undefined;
  for (const { source, value } of said) {
    for (const bar of value.filter(indexed)) {
      const group = groups.find((others) => others[0]!.value.index === bar.index);
      if (group === undefined) groups.push([{ source, value: bar }]);
      else group.push({ source, value: bar });
    }
  }
  for (const { source, value } of said) {
    const ranges = value.filter((bar) => !indexed(bar));
    const moved = ranges.filter((bar) => !joinByAddress(groups, source, bar));
    for (const bar of moved) joinBySize(groups, source, bar);
  }
  return groups.map((group) => mergeGroup(settlement, bdf, group)).sort(byIndexThenStart);
}

/** Whether the range is a BAR that is known, or a part of one, which says nothing new. */
function joinByAddress(groups: Group[], source: string, bar: BarDescription): boolean {
  const same = groups.find((group) => group.some(({ value }) => isSameRange(value, bar)));
  if (same !== undefined) {
    same.push({ source, value: bar });
    return true;
  }
  return groups.some((group) => group.some(({ value }) => holds(value, bar)));
}

function joinBySize(groups: Group[], source: string, bar: BarDescription): void {
  const moved = groups.find((group) =>
    group.every(
      (other) => other.source !== source && typeof other.value.start === "string" && sizesMatch(other.value, bar),
    ),
  );
  if (moved === undefined) groups.push([{ source, value: bar }]);
  else moved.push({ source, value: bar });
}

function isSameRange(known: BarDescription, bar: BarDescription): boolean {
  const start = known.start ?? known.bus;
  return typeof start === "string" && start === (bar.start ?? bar.bus) && sizesMatch(known, bar);
}

function sizesMatch(a: BarDescription, b: BarDescription): boolean {
  return a.size === undefined || b.size === undefined || toBigInt(a.size) === toBigInt(b.size);
}

function holds(known: BarDescription, bar: BarDescription): boolean {
  if (typeof known.start !== "string" || typeof bar.start !== "string") return false;
  if (known.size === undefined || bar.size === undefined) return false;
  const offset = toBigInt(bar.start) - toBigInt(known.start);
  return offset >= 0n && offset + toBigInt(bar.size) <= toBigInt(known.size);
}

function mergeGroup(settlement: Settlement, bdf: string, group: Group): BarDescription {
  if (group.length === 1) return group[0]!.value;
  const index = group[0]!.value.index;
  const merged: { -readonly [K in keyof BarDescription]: BarDescription[K] } = {};
  if (index !== undefined) merged.index = index;
  const settle = <K extends Exclude<keyof BarDescription, "index" | "exported">>(key: K) => {
    const said = group.flatMap(({ source, value }) => {
      const field = value[key];
      return field === undefined ? [] : [{ source, value: field }];
    });
    const value = settlement.agreed(`${bdf}: BAR ${index ?? "?"} ${key}`, said, [bdf]);
    if (value !== undefined) merged[key] = value;
  };
  for (const key of ["type", "prefetchable", "start", "size", "sizes", "romEnabled"] as const) settle(key);
  const exported = mergeStances(settlement, `${bdf}: BAR ${index ?? "?"} exported`, group, [bdf]);
  if (exported !== undefined) merged.exported = exported;
  // Where the kernel assigned nothing, the register may hold what the firmware left.
  if (merged.start === null) merged.bus = null;
  else settle("bus");
  return merged;
}

/** What an exporter withholds for one source stays withheld, whatever another says. */
export function mergeStances(
  settlement: Settlement,
  what: string,
  group: readonly Said<{ readonly exported?: ExportStance }>[],
  functions: readonly string[],
): ExportStance | undefined {
  const said = group.flatMap(({ source, value: { exported } }) => {
    return exported === undefined ? [] : [{ source, value: exported }];
  });
  const agreed = settlement.agreed(what, said, functions);
  return said.some(({ value }) => value === "none") ? "none" : agreed;
}

function byIndexThenStart(a: BarDescription, b: BarDescription): number {
  const byIndex = (a.index ?? Infinity) - (b.index ?? Infinity);
  if (byIndex < 0 || byIndex > 0) return byIndex;
  return Number(toBigInt(a.start ?? "0x0") - toBigInt(b.start ?? "0x0"));
}
