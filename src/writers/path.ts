import type { Topology } from "../topology/topology.js";
import { nameOf, whatItIs } from "./describe.js";
import { shorten, type Style } from "./style.js";

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
  const steps = stepsBetween(topology, a, b, ends);
  const nameWidth = Math.max(...steps.map(({ name }) => name.length));
  const whatWidth = Math.max(...steps.map(({ what }) => what.length));
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

function stepsBetween(topology: Topology, a: number, b: number, ends: readonly [string, string]): Step[] {
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
  const chain = (id: number) => [...topology.path(id)];
  if (typeof bridge === "number") {
    const up = chain(a).slice(0, chain(a).indexOf(bridge));
    const down = chain(b).slice(0, chain(b).indexOf(bridge)).reverse();
    return [...up.map((id) => step(id)), step(bridge, a === b ? "" : "common bridge"), ...down.map((id) => step(id))];
  }
  const functions = (id: number) => chain(id).filter((node) => topology.describe(node) !== null);
  const top = (id: number): Step => {
    const root = chain(id).at(-1)!;
    return topology.isKnown(root)
      ? step(root)
      : { place: busOf(root), name: topology.name(root), what: "what is above is not shown", note: "" };
  };
  const tops = sameHostBridge === true ? [top(a)] : [top(a), top(b)];
  return [
    ...functions(a).map((id) => step(id)),
    ...tops,
    ...functions(b)
      .reverse()
      .map((id) => step(id)),
  ];
}
