import { PATHS, RELATIONS, STATUSES, type Path, type Relation, type Status } from "./axes.js";
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
const OUTCOME_SETS = 128;
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

/** What a request comes to: the caller's own numbers. */
export interface Ruling {
  readonly route: number;
  readonly code: number;
}

const DECISIONS = OUTCOME_SETS * layout.RELATION_SLOTS * layout.PATH_SLOTS;
export const RULINGS_BYTES = (layout.STATUS_SLOTS + DECISIONS) * layout.RULING_BYTES;

/** What of a decision its words depend on. */
export interface Decided {
  readonly outcomes: number;
  readonly relation: Relation | "across-systems";
  readonly path: Path;
}

/** A ruling for each status, and for each decision there can be. */
export class Rulings {
  readonly bytes = new Uint8Array(RULINGS_BYTES);

  constructor(rulingFor: (status: Status, decision: Decided) => Ruling) {
    const write = (index: number, { route, code }: Ruling) => {
      this.bytes[index * layout.RULING_BYTES + layout.RULING_ROUTE] = route;
      this.bytes[index * layout.RULING_BYTES + layout.RULING_CODE] = code;
    };
    const nothing = { outcomes: 0, relation: "self", path: "direct" } as const;
    STATUSES.forEach((status, index) => {
      if (status !== "decided") write(index, rulingFor(status, nothing));
    });
    eachDecision((cell, decision) => write(layout.STATUS_SLOTS + cell, rulingFor("decided", decision)));
  }
}

/** What a pair comes to: the caller's own numbers. */
export interface PairAnswer {
  readonly answer: number;
  readonly route: number;
  readonly code: number;
}

/** What each decision that there can be comes to, by its cell: a row costs no more than looking it up. */
export class Answers {
  readonly answer = new Uint8Array(DECISIONS);
  readonly route = new Uint8Array(DECISIONS);
  readonly code = new Uint8Array(DECISIONS);

  constructor(answerFor: (decision: Decided) => PairAnswer) {
    eachDecision((cell, decision) => {
      const { answer, route, code } = answerFor(decision);
      this.answer[cell] = answer;
      this.route[cell] = route;
      this.code[cell] = code;
    });
  }
}

/** Which cell is a decision's; `relation` and `path` as in columns. */
export function decisionCell(outcomes: number, relation: number, path: number): number {
  return (outcomes * layout.RELATION_SLOTS + relation) * layout.PATH_SLOTS + path;
}

function eachDecision(visit: (cell: number, decision: Decided) => void): void {
  for (let outcomes = 0; outcomes < OUTCOME_SETS; outcomes++) {
    for (let relation = 0; relation <= RELATIONS.length; relation++) {
      PATHS.forEach((path, index) => {
        const named = RELATIONS[relation] ?? "across-systems";
        visit(decisionCell(outcomes, relation, index), { outcomes, relation: named, path });
      });
    }
  }
}
