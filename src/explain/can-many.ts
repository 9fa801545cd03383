import { Answers, type CompiledPolicy, type Core, type Decided } from "../core.js";
import type { Direction } from "../policy/policy.js";
import { expectColumn, expectRows } from "../topology/column.js";
import { pairsOverLinks } from "./links/columns.js";
import type { Links } from "./links/links.js";
import { directionIndex } from "./map-many.js";
import { answerOf, doubtOf, refusalOf, routeOf } from "./pair.js";
import { ANSWERS, CODE_NUMBERS, ROUTES, type Ruling } from "./ruling.js";

/** Answers for pairs, one a row, as `PeerDma.can` gives them. Into columns that are left out nothing is put. */
export interface DecisionColumns {
  /** Index in `ANSWERS`: a pair may be allowed though its route is not known. */
  readonly answer: Uint8Array;
  /** Index in `ROUTES`. */
  readonly route: Uint8Array;
  /** Index in `CODE_NUMBERS`; 0: allowed. */
  readonly code: Uint8Array;
  /** Id of the common bridge or host bridge; 0: none. */
  readonly common?: Uint32Array;
  /** Hops, whether or not the pair is supported; `NO_DISTANCE`: not known, or in different systems. */
  readonly distance?: Uint32Array;
}

function decisionColumns(rows: number): Required<DecisionColumns> {
  return {
    answer: new Uint8Array(rows),
    route: new Uint8Array(rows),
    code: new Uint8Array(rows),
    common: new Uint32Array(rows),
    distance: new Uint32Array(rows),
  };
}

/** Decides pairs in columns; see `PeerDma.canMany`. */
export function canMany<Into extends DecisionColumns>(
  core: Core,
  policy: CompiledPolicy,
  providers: Uint32Array,
  clients: Uint32Array,
  direction: Direction,
  given: Into | undefined,
  links: Links | null,
): Into | Required<DecisionColumns> {
  expectColumn("providers", providers, 0, Uint32Array);
  const rows = providers.length;
  expectRows("clients", clients, rows, Uint32Array);
  const into = given ?? decisionColumns(rows);
  for (const name of ["answer", "route", "code"] as const) {
    expectColumn(`into.${name}`, into[name], rows, Uint8Array);
  }
  for (const name of ["common", "distance"] as const) {
    if (into[name] !== undefined) expectColumn(`into.${name}`, into[name], rows, Uint32Array);
  }
  const way = directionIndex(direction);
  core.decideMany(policy, SAID, providers, clients, way, into);
  if (links !== null) pairsOverLinks(links, providers, clients, way, into);
  return into;
}

const SAID = new Answers((decision) => {
  const { answer, route, code } = said(decision);
  return { answer: ANSWERS.indexOf(answer), route: ROUTES.indexOf(route), code: CODE_NUMBERS.indexOf(code) };
});

/** What `PeerDma.can` says of a decision. */
function said(decision: Decided): Ruling & { readonly answer: (typeof ANSWERS)[number] } {
  const { outcomes, relation } = decision;
  const answer = answerOf(outcomes);
  if (answer === "no") return { answer, route: "not-supported", code: refusalOf(outcomes) };
  if (answer === "unknown") return { answer, route: "unknown", code: doubtOf(decision) };
  return { answer, route: routeOf(outcomes, relation === "self"), code: null };
}
