import { RELATIONS, type Relation } from "./axes.js";
import { layout, view } from "./wasm.js";

/** What a pair of outcomes and relation comes to in a matrix. */
export interface Phrase {
  /** `hops`: the distance is that many and `extra` more. */
  readonly distance: "refused" | "unknown" | "hops";
  readonly extra: number;
  /** The caller's own numbers. */
  readonly route: number;
  readonly answer: number;
}

/** -2^31. In a matrix, as a distance: not known. */
export const UNKNOWN_DISTANCE = -0x80000000;
const REFUSED_DISTANCE = -1;
const OUTCOME_SETS = 64;
export const PHRASES_BYTES = OUTCOME_SETS * layout.RELATION_SLOTS * layout.PHRASE_BYTES;

/** A phrase for each set of outcomes and relation, as the core reads them: a cell then costs no more than looking it up. */
export class Phrases {
  readonly bytes = new Uint8Array(PHRASES_BYTES);

  constructor(phraseFor: (outcomes: number, relation: Relation | "across-systems") => Phrase) {
    const memory = view(this.bytes);
    for (let outcomes = 0; outcomes < OUTCOME_SETS; outcomes++) {
      for (let relation = 0; relation <= RELATIONS.length; relation++) {
        const phrase = phraseFor(outcomes, RELATIONS[relation] ?? "across-systems");
        const at = (outcomes * layout.RELATION_SLOTS + relation) * layout.PHRASE_BYTES;
        const counted = phrase.distance === "hops";
        const fixed = phrase.distance === "refused" ? REFUSED_DISTANCE : UNKNOWN_DISTANCE;
        memory.setInt32(at + layout.PHRASE_MASK, counted ? -1 : 0, true);
        memory.setInt32(at + layout.PHRASE_ADD, counted ? phrase.extra : fixed, true);
        memory.setUint8(at + layout.PHRASE_ROUTE, phrase.route);
        memory.setUint8(at + layout.PHRASE_ANSWER, phrase.answer);
      }
    }
  }
}
