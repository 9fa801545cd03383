import type { Topology } from "../topology/topology.js";
import { nameOf, whatItIs } from "./describe.js";
import { shorten, type Style } from "./style.js";

export interface PathMarks {
  /** What is wrong with a function or host bridge on the way, by its name. */
  readonly marks: ReadonlyMap<string, string>;
  /** What the two ends are to each other. */
  readonly ends: readonly [string, string];
}

/** A step of the way: a function, a host bridge, or a gap in what the description shows. */
interface Step {
  readonly name: string;
  readonly what: string;
  readonly note: string;
}

/**
 * The way between two functions, one step a line, those at fault marked:
 *
 *     0000:23:00.0  GPU0              provider
 *     0000:22:00.0  downstream port   <-- redirects: RR CR
 *     0000:21:00.0  upstream port     common bridge
 *     0000:22:02.0  downstream port
 *     0000:25:00.0  mlx5_0            client
 */
export function pathText(topology: Topology, a: number, b: number, { marks, ends }: PathMarks, style: Style): string[] {
  const steps = stepsBetween(topology, a, b, ends);
  const nameWidth = Math.max(...steps.map(({ name }) => name.length));
  const whatWidth = Math.min(Math.max(...steps.map(({ what }) => what.length)), 26);
  return steps.map(({ name, what, note }, index) => {
    const heading = (index === 0 ? "  path" : "").padEnd(11);
    const mark = marks.get(name);
    const left = `${heading}${name.padEnd(nameWidth)}  ${shorten(what, whatWidth, style).padEnd(whatWidth)}  ${note}`.trimEnd();
    return mark === undefined ? left : `${left}${note === "" ? " ".repeat(2 + heading.length + nameWidth + 2 + whatWidth - left.length) : "  "}${style.bad(`<-- ${mark}`)}`;
  });
}

function stepsBetween(topology: Topology, a: number, b: number, ends: readonly [string, string]): Step[] {
  const { bridge, sameHostBridge } = topology.common(a, b);
  const step = (id: number, note = ""): Step => {
    const description = topology.describe(id);
    const end = id === a ? (id === b ? ends.join(" and ") : ends[0]) : id === b ? ends[1] : "";
    const what = description === null ? "host bridge" : end === "" ? whatItIs(description) : nameOf(description);
    return { name: topology.name(id), what, note: [end, note].filter(Boolean).join(", ") };
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
    return topology.isKnown(root) ? step(root) : { name: topology.name(root), what: "what is above is not shown", note: "" };
  };
  const tops = sameHostBridge === true ? [top(a)] : [top(a), top(b)];
  return [...functions(a).map((id) => step(id)), ...tops, ...functions(b).reverse().map((id) => step(id))];
}
