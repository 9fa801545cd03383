import { CLAIMS, OPEN, type Core } from "../core.js";
import { OWNER_ANSWERS, type OwnerColumns, type OwnerQueries } from "./answers.js";

type Answer = (typeof OWNER_ANSWERS)[number];

/** What an address is that nobody claims, and one in a window: by row in OPEN. */
const NOBODY: readonly Answer[] = OPEN.map((open) => (open === "nowhere" ? "none" : "unknown"));
const HOLE: readonly Answer[] = OPEN.map((open) => (open === "everywhere" ? "unknown" : "none"));

/** By row in OPEN, then row in CLAIMS. */
const ANSWERS: readonly Uint8Array[] = OPEN.map((_, open) =>
  Uint8Array.from(CLAIMS, (claim) => {
    const answer: Record<(typeof CLAIMS)[number], Answer> = {
      nobody: NOBODY[open]!,
      owned: "one",
      hole: HOLE[open]!,
      ambiguous: "several",
      maybe: "unknown",
      leaves: "leaves-owner",
    };
    return OWNER_ANSWERS.indexOf(answer[claim]);
  }),
);

/** Turns what the core says of addresses into answers for people. */
export class OwnerBatch {
  /** What the core says of each row, as long as the longest batch so far: the caller's column gets nothing but answers. */
  #claim = new Uint8Array(0);

  constructor(
    private readonly core: Core,
    /** Per system the row in OPEN. */
    private readonly open: Uint8Array,
  ) {}

  /** @param systems ordinal of each row's system, or of all rows'. */
  fill({ address, size }: OwnerQueries, systems: number | Uint32Array, into: OwnerColumns): void {
    const { answer, ...plain } = into;
    if (answer === undefined) {
      this.core.ownerMany(address, size ?? null, systems, plain);
      return;
    }
    if (this.#claim.length < address.length) this.#claim = new Uint8Array(address.length);
    const claim = this.#claim;
    this.core.ownerMany(address, size ?? null, systems, { ...plain, claim });
    for (let row = 0; row < address.length; row++) {
      const open = this.open[typeof systems === "number" ? systems : systems[row]!]!;
      answer[row] = ANSWERS[open]![claim[row]!]!;
    }
  }
}
