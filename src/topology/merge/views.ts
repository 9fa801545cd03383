import type { MatrixView, NcclElement, NcclView, ViewDescription } from "../views.js";
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

/** What either of two has at one place. */
type Sides = readonly [one: string, other: string];

/** The first place where two views of one tool differ, and what either has there. */
function differenceOf(one: ViewDescription, other: ViewDescription): readonly [place: string, sides: Sides] {
  const difference =
    one.tool === "nvidia-smi"
      ? matrixDifference(one, other as MatrixView)
      : elementDifference(one.system, (other as NcclView).system, []);
  return difference ?? ["", ["one order", "another"]];
}

function matrixDifference(one: MatrixView, other: MatrixView): readonly [string, Sides] | null {
  const columns = new Map(other.devices.map(({ name }, at) => [name, at]));
  const shared = [...one.devices.entries()].flatMap(([at, device]) => {
    const theirs = columns.get(device.name);
    return theirs === undefined ? [] : [{ device, at, theirs }];
  });
  for (const from of shared) {
    for (const to of shared) {
      const [own, theirs] = [one.cells[from.at]?.[to.at] ?? null, other.cells[from.theirs]?.[to.theirs] ?? null];
      if (own !== null && theirs !== null && own !== theirs) {
        return [` of ${from.device.name} to ${to.device.name}`, [own, theirs]];
      }
    }
  }
  for (const { device, theirs } of shared) {
    for (const field of ["legend", "cpus", "numaNodes"] as const) {
      const [own, others] = [device[field], other.devices[theirs]![field]];
      if (own !== undefined && others !== undefined && own !== others) {
        return [` of ${device.name}, ${MATRIX_FIELDS[field]}`, [own, others]];
      }
    }
  }
  const own = new Set(one.devices.map(({ name }) => name));
  const lacking = one.devices.find(({ name }) => !columns.has(name));
  if (lacking !== undefined) return [` of ${lacking.name}`, ["a row", "none"]];
  const added = other.devices.find(({ name }) => !own.has(name));
  if (added !== undefined) return [` of ${added.name}`, ["no row", "one"]];
  return [", how much of the rows there is", ["one thing", "another"]];
}

const MATRIX_FIELDS = { legend: "its name", cpus: "its CPUs", numaNodes: "its NUMA nodes" } as const;

/** Of the way to an element that differs, the last steps are shown. */
const SHOWN_STEPS = 3;

/** Of two elements at the same place; those inside are the same by what names them, wherever they stand. */
function elementDifference(
  one: NcclElement,
  other: NcclElement,
  above: readonly string[],
): readonly [string, Sides] | null {
  const path = [...above, titleOf(one)];
  const place = ` of ${path.slice(-SHOWN_STEPS).join(", ")}`;
  for (const name of Object.keys({ ...one.attributes, ...other.attributes })) {
    const [own, theirs] = [one.attributes[name], other.attributes[name]];
    if (own !== theirs) return [`${place}, attribute ${name}`, [own ?? "nothing", theirs ?? "nothing"]];
  }
  const [ours, theirs] = [byTitle(one.children), byTitle(other.children)];
  for (const [title, element] of ours) {
    const match = theirs.get(title);
    if (match === undefined) return [`${place}, element ${title}`, ["there", "not there"]];
    const inside = elementDifference(element, match, path);
    if (inside !== null) return inside;
  }
  const added = [...theirs.keys()].find((title) => !ours.has(title));
  return added === undefined ? null : [`${place}, element ${added}`, ["not there", "there"]];
}

/** What tells an element from its siblings. */
const NAMING = ["numaid", "busid", "target", "name", "dev"] as const;

function titleOf({ element, attributes }: NcclElement): string {
  const naming = NAMING.find((name) => attributes[name] !== undefined);
  return naming === undefined ? element : `${element} ${attributes[naming]}`;
}

/** Of several alike, the second and later are told by their place among them. */
function byTitle(elements: readonly NcclElement[]): Map<string, NcclElement> {
  const counts = new Map<string, number>();
  return new Map(
    elements.map((element) => {
      const title = titleOf(element);
      const count = (counts.get(title) ?? 0) + 1;
      counts.set(title, count);
      return [count === 1 ? title : `${title} (${count})`, element];
    }),
  );
}
