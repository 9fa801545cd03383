import { ROUTES, ANSWERS } from "../src/explain/ruling.js";
import type { PairCount } from "./machine/protocol.js";

/** How many ordered pairs of different functions come to what. */
export interface Summary {
  readonly pairs: number;
  /** Below a common bridge, or over a side link: never up to the host. */
  readonly direct: number;
  readonly throughHost: number;
  /** Allowed, and the description leaves open by which route. */
  readonly eitherWay: number;
  readonly refused: number;
  readonly unknown: number;
}

export function summaryOf(counts: readonly PairCount[]): Summary {
  const summary = { pairs: 0, direct: 0, throughHost: 0, eitherWay: 0, refused: 0, unknown: 0 };
  for (const { answer, route, pairs } of counts) {
    summary.pairs += pairs;
    summary[kindOf(answer, route)] += pairs;
  }
  return summary;
}

function kindOf(answer: number, route: number): Exclude<keyof Summary, "pairs"> {
  if (ANSWERS[answer] === "no") return "refused";
  if (ANSWERS[answer] === "unknown") return "unknown";
  if (ROUTES[route] === "through-host-bridge") return "throughHost";
  return ROUTES[route] === "unknown" ? "eitherWay" : "direct";
}

const WORDS: readonly (readonly [kind: Exclude<keyof Summary, "pairs">, words: string])[] = [
  ["direct", "direct"],
  ["throughHost", "through the host bridge"],
  ["eitherWay", "allowed, by a route that is not shown"],
  ["refused", "refused"],
  ["unknown", "unknown"],
];

/** The parts of a summary that there are: how many, and in words. */
export function summaryParts(summary: Summary): { readonly kind: string; readonly text: string }[] {
  return WORDS.filter(([kind]) => summary[kind] > 0).map(([kind, words]) => ({
    kind,
    text: `${summary[kind].toLocaleString("en-US")} ${words}`,
  }));
}
