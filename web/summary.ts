import { ROUTES, ANSWERS } from "../src/explain/ruling.js";
import type { MatrixView } from "./machine/protocol.js";

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

export function summaryOf({ ids, now }: Pick<MatrixView, "ids" | "now">): Summary {
  const counts = { direct: 0, throughHost: 0, eitherWay: 0, refused: 0, unknown: 0 };
  const count = ids.length;
  for (let at = 0; at < count * count; at++) {
    if (at % (count + 1) === 0) continue;
    counts[kindOf(now.answer[at]!, now.route[at]!)]++;
  }
  return { pairs: count * count - count, ...counts };
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

/**
 * The pair that a person most likely came for: refused before unknown before allowed, and among those a GPU and a network
 * adapter before any other; null: there are not two functions. Ids: provider and client.
 */
export function telltalePair({
  ids,
  heads,
  now,
}: Pick<MatrixView, "ids" | "heads" | "now">): readonly [number, number] | null {
  const count = ids.length;
  let best: { readonly rank: number; readonly pair: readonly [number, number] } | null = null;
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (row === column) continue;
      const answer = ANSWERS[now.answer[row * count + column]!]!;
      const kinds = `${heads[row]!.what} ${heads[column]!.what}`;
      const rank = 3 * ["no", "unknown", "yes"].indexOf(answer) + ((PAIRS.indexOf(kinds) + 3) % 3);
      if (best === null || rank < best.rank) best = { rank, pair: [ids[row]!, ids[column]!] };
      if (rank === 0) return best.pair;
    }
  }
  return best?.pair ?? null;
}

/** The third of the ranks is that of all others, which have no place here: -1 + 3. */
const PAIRS = ["GPU NIC", "GPU GPU"];
