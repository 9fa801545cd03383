import type { Ref, Topology } from "../topology/topology.js";
import { nameOf } from "./describe.js";
import { pathText } from "./path.js";
import type { Style } from "./style.js";

/** What two functions share, as `common --json` prints it. */
export interface CommonDocument {
  /** Name of the one. */
  readonly a: string;
  /** Name of the other. */
  readonly b: string;
  /** Null: none; `"unknown"`: the description does not show it. */
  readonly common: string | null | "unknown";
  readonly sameHostBridge: boolean | "unknown";
  /** Hops as Linux counts them, whether or not the pair is supported; null: unknown. */
  readonly distance: number | null;
  /** From the function up to, and without, the common bridge. */
  readonly path: { readonly a: readonly string[]; readonly b: readonly string[] };
}

/** What two functions share, and the way to it. */
export function commonDocument(topology: Topology, a: Ref, b: Ref): CommonDocument {
  const { bridge, sameHostBridge, distance } = topology.common(a, b);
  return {
    a: topology.name(topology.id(a)),
    b: topology.name(topology.id(b)),
    common: typeof bridge === "number" ? topology.name(bridge) : bridge,
    sameHostBridge,
    distance,
    path: { a: below(topology, a, bridge), b: below(topology, b, bridge) },
  };
}

/**
 * Whether the description shows all that was asked. Functions of two systems have no distance.
 *
 * @param refs what was asked about, where names alone do not tell.
 */
export function isCommonKnown(
  topology: Topology,
  { a, b, common, sameHostBridge, distance }: CommonDocument,
  refs: readonly [Ref, Ref] = [a, b],
): boolean {
  const apart = areApart(topology, refs[0], refs[1]);
  return common !== "unknown" && sameHostBridge !== "unknown" && (distance !== null || apart);
}

function below(topology: Topology, ref: Ref, bridge: number | null | "unknown"): string[] {
  const chain = topology.path(ref);
  // The last is the host bridge.
  const end =
    typeof bridge === "number" ? chain.indexOf(bridge) : chain.length - (topology.isFunction(chain.at(-1)!) ? 0 : 1);
  return Array.from(chain.subarray(0, end), (id) => topology.name(id));
}

/** What two functions share, in words, and the way between them. */
export function commonText(topology: Topology, a: Ref, b: Ref, style: Style): string {
  const found = commonDocument(topology, a, b);
  const lines = [
    `${headline(topology, a, b, found, style)}, ${distanceText(topology, { a, b, distance: found.distance })}`,
  ];
  lines.push(...pathText(topology, topology.id(a), topology.id(b), { marks: new Map(), ends: ["a", "b"] }, style));
  return lines.join("\n");
}

function headline(
  topology: Topology,
  a: Ref,
  b: Ref,
  { a: name, common, sameHostBridge }: CommonDocument,
  style: Style,
): string {
  if (topology.id(a) === topology.id(b)) return `${style.strong(name)} and itself`;
  if (common === "unknown") return style.doubtful("common bridge unknown: the description does not show what is above");
  if (common !== null)
    return `common bridge ${style.strong(common)} (${nameOf(topology.describe(topology.commonId(topology.id(a), topology.id(b)))!)})`;
  if (sameHostBridge === true) return "no common bridge, one host bridge";
  return sameHostBridge === false ? "no common bridge, different host bridges" : "no common bridge shown";
}

/** The distance in words; between systems there is none. */
export function distanceText(
  topology: Topology,
  { a, b, distance }: { readonly a: Ref; readonly b: Ref; readonly distance: number | null },
): string {
  if (distance !== null) return hopsText(distance);
  return areApart(topology, a, b) ? "in different systems" : "distance unknown";
}

function areApart(topology: Topology, a: Ref, b: Ref): boolean {
  return topology.systemOf(topology.id(a)) !== topology.systemOf(topology.id(b));
}

/** `1 hop`, `4 hops`. */
export function hopsText(distance: number): string {
  return distance === 1 ? "1 hop" : `${distance} hops`;
}
