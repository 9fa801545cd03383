import type { MatrixView, ViewDescription } from "../views.js";
import type { Said, Settlement } from "./settlement.js";

/** All that other tools say, each view once; where two sources have another from the same tool, both are named. */
export function mergeViews(
  settlement: Settlement,
  said: readonly Said<readonly ViewDescription[]>[],
): readonly ViewDescription[] | undefined {
  if (said.length === 0) return undefined;
  const kept: Said<ViewDescription>[] = [];
  for (const { source, value } of said) {
    for (const view of value) {
      if (kept.some((other) => JSON.stringify(other.value) === JSON.stringify(view))) continue;
      const rival = kept.find((other) => other.source !== source && other.value.tool === view.tool);
      if (rival !== undefined) {
        const [place, sides] = differenceOf(rival.value, view);
        const values = sides.map((side, at) => ({ source: [rival.source, source][at]!, value: side }));
        settlement.contradiction(`what ${view.tool} says${place}`, values, []);
      }
      kept.push({ source, value: view });
    }
  }
  return kept.map(({ value }) => value);
}

/** The first place where two views of one tool differ, and what either has there. */
function differenceOf(one: ViewDescription, other: ViewDescription): [place: string, sides: readonly string[]] {
  if (one.tool === "nvidia-smi" && other.tool === "nvidia-smi") {
    for (const [row, { name: from }] of one.devices.entries()) {
      for (const [column, { name: to }] of one.devices.entries()) {
        const sides = [one.cells[row]?.[column] ?? null, cellOf(other, from, to)];
        if (sides[0] !== null && sides[1] !== null && sides[0] !== sides[1])
          return [` of ${from} to ${to}`, sides as string[]];
      }
    }
  }
  return ["", ["one thing", "another"]];
}

function cellOf({ devices, cells }: MatrixView, from: string, to: string): string | null {
  const [row, column] = [from, to].map((name) => devices.findIndex((device) => device.name === name));
  return cells[row!]?.[column!] ?? null;
}
