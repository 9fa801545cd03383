import { ANSWERS } from "../../src/explain/ruling.js";
import type { MatrixView } from "./protocol.js";

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
