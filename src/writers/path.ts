import type { Topology } from "../topology/topology.js";
import { nameOf, whatItIs } from "./describe.js";
import { shorten, widest, type Style } from "./style.js";

export interface PathMarks {
  /** What is wrong with a step of the way, by `dddd:bb:dd.f` or `dddd:bb`. */
  readonly marks: ReadonlyMap<string, string>;
  /** What the two ends are to each other. */
  readonly ends: readonly [string, string];
}

/** A step of the way: a function, a host bridge, or a gap in what the description shows. */
interface Step {
  /** Without its system. */
  readonly place: string;
  readonly name: string;
  readonly what: string;
  readonly note: string;
}

/**
 * The way between two functions, one step a line, those at fault marked:
 *
 *     0000:23:00.0  provider         GPU0
 *     0000:22:00.0  downstream port  <-- redirects: RR CR
 *     0000:21:00.0  upstream port    common bridge
 *     0000:22:02.0  downstream port
 *     0000:25:00.0  client           mlx5_0
 */
export function pathText(topology: Topology, a: number, b: number, { marks, ends }: PathMarks, style: Style): string[] {
  const steps = stepsBetween(topology, a, b, marks, ends);
  const nameWidth = widest(steps, ({ name }) => name);
  const whatWidth = widest(steps, ({ what }) => what);
  return steps.map(({ place, name, what, note }, index) => {
    const heading = (index === 0 ? "  path" : "").padEnd(INDENT);
    const left = `${heading}${name.padEnd(nameWidth)}  ${what.padEnd(whatWidth)}`;
    const mark = marks.get(place);
    const room = style.width - left.length - 2 - (mark === undefined ? 0 : mark.length + 6);
    const notes = [shorten(note, room, style), mark === undefined ? "" : style.bad(`<-- ${mark}`)];
    return [left, ...notes.filter((text) => text !== "")].join("  ").trimEnd();
  });
}

const INDENT = 11;

/** More steps than any way has within the 256 buses of a segment: of a longer one only what matters is drawn. */
const MOST_STEPS = 600;
/** So many steps at the ends of each leg, and so many that are marked. */
const KEPT = 20;
const MOST_MARKED = 100;

function stepsBetween(
  topology: Topology,
  a: number,
  b: number,
  marks: ReadonlyMap<string, string>,
  ends: readonly [string, string],
): Step[] {
  const { bridge, sameHostBridge } = topology.common(a, b);
  const busOf = (id: number): string => topology.roots[topology.rootOrdinal(id)]!.root.bus;
  const step = (id: number, note = ""): Step => {
    const description = topology.describe(id);
    const role = id === a ? (id === b ? ends.join(" and ") : ends[0]) : id === b ? ends[1] : null;
    const what = role ?? (description === null ? "host bridge" : whatItIs(description));
    const name = role === null || description === null ? "" : nameOf(description);
    const notes = [name, note].filter((text) => text !== "").join(", ");
    return { place: description?.bdf ?? busOf(id), name: topology.name(id), what, note: notes };
  };
  /** Ids of a leg as steps; those in the middle of a long one are counted only. */
  const leg = (ids: Uint32Array): Step[] => {
    if (ids.length <= MOST_STEPS) return Array.from(ids, (id) => step(id));
    const steps: Step[] = [];
    let [left, marked] = [0, 0];
    const gap = () => {
      if (left > 0) steps.push({ place: "", name: "...", what: `${left} bridges more`, note: "" });
      left = 0;
    };
    ids.forEach((id, index) => {
      const isMarked = marks.size > 0 && marked < MOST_MARKED && marks.has(placeOf(topology.name(id)));
      if (isMarked) marked++;
      else if (index >= KEPT && index < ids.length - KEPT) {
        left++;
        return;
      }
      gap();
      steps.push(step(id));
    });
    return steps;
  };
  const up = topology.path(a);
  const down = topology.path(b);
  if (typeof bridge === "number") {
    return [
      ...leg(up.subarray(0, up.indexOf(bridge))),
      step(bridge, a === b ? "" : "common bridge"),
      ...leg(down.subarray(0, down.indexOf(bridge)).reverse()),
    ];
  }
  const top = (root: number): Step => {
    return topology.isKnown(root)
      ? step(root)
      : { place: busOf(root), name: topology.name(root), what: "what is above is not shown", note: "" };
  };
  const tops = [top(up.at(-1)!)];
  if (sameHostBridge !== true) tops.push(top(down.at(-1)!));
  return [...leg(functionsOf(topology, up)), ...tops, ...leg(functionsOf(topology, down).reverse())];
}

/** A chain without the host bridge at its end. */
function functionsOf(topology: Topology, chain: Uint32Array): Uint32Array {
  return topology.isFunction(chain.at(-1)!) ? chain : chain.subarray(0, -1);
}

/** A name without its system. */
function placeOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
