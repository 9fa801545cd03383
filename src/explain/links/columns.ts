import { NO_ADDRESS, TRANSLATIONS } from "../../core.js";
import { ANSWERS, CODE_NUMBERS, ROUTES } from "../ruling.js";
import type { Links } from "./links.js";
import type { Answered, Overlaid, Overlay } from "../map-many.js";
import { CONCERNS_THE_WAY } from "./answers.js";

// What `answers.ts` does to one answer, done to columns: one pass over what the core has filled.

const SIDE_LINK = ROUTES.indexOf("side-link");
const UNKNOWN_ROUTE = ROUTES.indexOf("unknown");
const YES = ANSWERS.indexOf("yes");
const UNKNOWN_ANSWER = ANSWERS.indexOf("unknown");
const LINK_UNKNOWN = CODE_NUMBERS.indexOf("LINK_UNKNOWN");
const OVER_LINK = TRANSLATIONS.indexOf("link");
const UNKNOWN_TRANSLATION = TRANSLATIONS.indexOf("unknown");
/** By number of the code. */
const OPEN = CODE_NUMBERS.map((code) => code === null || CONCERNS_THE_WAY[code]);

/** Puts side links into the answers to mapping requests. */
export class LinkOverlay implements Overlay {
  constructor(private readonly links: Links) {}

  apply({ initiator, direction }: Answered, into: Overlaid): void {
    const { route, code, owner, dmaAddress, translation } = into;
    for (let row = 0; row < initiator.length; row++) {
      if (!OPEN[code[row]!]) continue;
      const way = typeof direction === "number" ? direction : direction[row]!;
      const carries = this.links.carries(owner[row]!, initiator[row]!, way);
      if (carries === "no") continue;
      const sure = carries === "yes";
      route[row] = sure ? SIDE_LINK : UNKNOWN_ROUTE;
      code[row] = sure ? 0 : LINK_UNKNOWN;
      if (translation !== undefined) translation[row] = sure ? OVER_LINK : UNKNOWN_TRANSLATION;
      if (dmaAddress instanceof Float64Array) dmaAddress[row] = NaN;
      else if (dmaAddress !== undefined) dmaAddress[row] = NO_ADDRESS;
    }
  }
}

/** The columns of pairs that side links change. `code` 0: allowed. */
interface PairAnswers {
  readonly answer: Uint8Array;
  readonly route: Uint8Array;
  readonly code?: Uint8Array;
}

/** Puts side links into the answers for pairs, row by row. */
export function pairsOverLinks(
  links: Links,
  providers: Uint32Array,
  clients: Uint32Array,
  direction: number,
  into: PairAnswers,
): void {
  for (let row = 0; row < providers.length; row++) {
    overlay(links.carries(providers[row]!, clients[row]!, direction), row, into);
  }
}

/** Puts side links into a matrix: there are fewer links than cells. */
export function matrixOverLinks(links: Links, ids: Uint32Array, direction: number, into: PairAnswers): void {
  const rowsOf = new Map<number, number[]>();
  ids.forEach((id, row) => {
    const rows = rowsOf.get(id);
    if (rows === undefined) rowsOf.set(id, [row]);
    else rows.push(row);
  });
  ids.forEach((client, column) => {
    for (const group of links.groups(client)) {
      for (const row of rowsOf.get(group.provider) ?? [])
        overlay(group.carries(direction), row * ids.length + column, into);
    }
  });
}

function overlay(carries: "yes" | "no" | "maybe", at: number, { answer, route, code }: PairAnswers): void {
  if (carries === "no") return;
  if (carries === "yes") {
    route[at] = SIDE_LINK;
    answer[at] = YES;
    if (code !== undefined) code[at] = 0;
    return;
  }
  route[at] = UNKNOWN_ROUTE;
  if (answer[at] === YES) return;
  answer[at] = UNKNOWN_ANSWER;
  if (code !== undefined) code[at] = LINK_UNKNOWN;
}
