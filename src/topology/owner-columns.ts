import { CLAIMS, OPEN, type Core } from "../core.js";
import { OWNER_ANSWERS, type OwnerColumns, type OwnerQueries } from "./answers.js";

type Answer = (typeof OWNER_ANSWERS)[number];

/** What an address is that nobody claims, and one in a window: by row in OPEN. */
const NOBODY: readonly Answer[] = OPEN.map((open) => (open === "nowhere" ? "none" : "unknown"));
const HOLE: readonly Answer[] = OPEN.map((open) => (open === "everywhere" ? "unknown" : "none"));

/** By row in OPEN, then row in CLAIMS; a range that leaves its owner needs a second look. */
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
const SEVERAL = OWNER_ANSWERS.indexOf("several");
const LEAVES = OWNER_ANSWERS.indexOf("leaves-owner");

/** Turns what the core says of addresses into answers for people. Only ranges that leave their owner need a bigint. */
export class OwnerBatch {
  /** What the core says of each row, as long as the longest batch so far: the caller's column gets nothing but answers. */
  #claim = new Uint8Array(0);
  #range = new Uint32Array(0);

  constructor(
    private readonly core: Core,
    /** Per system the row in OPEN. */
    private readonly open: Uint8Array,
  ) {}

  /** @param systems ordinal of each row's system, or of all rows'. */
  fill(queries: OwnerQueries, systems: number | Uint32Array, into: OwnerColumns): void {
    const { address, size } = queries;
    const { answer, ...plain } = into;
    if (answer === undefined) {
      this.core.ownerMany(address, size ?? null, systems, plain);
      return;
    }
    if (this.#range.length < address.length) {
      this.#claim = new Uint8Array(address.length);
      this.#range = new Uint32Array(address.length);
    }
    const [claim, range] = [this.#claim, this.#range];
    this.core.ownerMany(address, size ?? null, systems, { ...plain, claim, range });
    for (let row = 0; row < address.length; row++) {
      const open = this.open[typeof systems === "number" ? systems : systems[row]!]!;
      const found = ANSWERS[open]![claim[row]!]!;
      answer[row] = found === LEAVES && this.#isContested(range[row]!, systems, queries, row) ? SEVERAL : found;
    }
  }

  /** Whether what a range of addresses runs into is a part of its owner that others claim, too. */
  #isContested(range: number, systems: number | Uint32Array, { address }: OwnerQueries, row: number): boolean {
    const { start, size } = this.core.range(range);
    const first = BigInt(address[row]!);
    const system = typeof systems === "number" ? systems : systems[row]!;
    return first + this.core.claimedAlike(system, first) < start + size;
  }
}
