/** One thing that makes a description impossible. */
export interface Problem {
  /** Stable: scripts may compare it. */
  readonly code: ProblemCode;
  /** What was expected, what came, and what to do. */
  readonly message: string;
  /** Functions or host bridges concerned. */
  readonly functions: readonly string[];
}

/** What makes a description impossible. */
export type ProblemCode =
  | "BAD_NAME" // not dddd:bb:dd.f, or not dddd:bb
  | "BAD_NUMBER" // an address, size, register, number of bits or setting that is none
  | "DUPLICATE" // one name twice
  | "PARENT_MISSING" // names a function that the description lacks
  | "FUNCTION_MISSING" // a side link or attachment names a function that the description lacks
  | "LINK_TO_ITSELF" // both ends of a side link are one function
  | "LINK_IS_ATTACHMENT" // a side link of a kind that attaches devices to the host
  | "PARENT_CONTRADICTION" // bus numbers, segments or kinds say otherwise
  | "CYCLE"
  | "RANGE_WRAPS"; // ends beyond 2^64, or before it starts

/** More problems of one description are counted, and nothing else is kept of them. */
export const PROBLEMS_LIMIT = 1000;

/** What makes a description impossible, as it is found out. */
export class Problems {
  readonly #kept: Problem[] = [];
  #count = 0;

  /** How many were found. */
  get count(): number {
    return this.#count;
  }

  get first(): Problem | undefined {
    return this.#kept[0];
  }

  push(problem: Problem): void {
    this.#count++;
    if (this.#kept.length < PROBLEMS_LIMIT) this.#kept.push(problem);
  }

  error(): TopologyError {
    return new TopologyError(this.#kept, this.#count);
  }
}

/** A description that cannot be true. Holds the problems found, not only the first: up to a thousand of them. */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
  /** @param count how many there are: those that are told, and more. */
  constructor(
    readonly problems: readonly Problem[],
    readonly count = problems.length,
  ) {
    const shown = problems.slice(0, 20).map(({ code, message }) => `  ${code}: ${message}`);
    if (count > shown.length) shown.push(`  … and ${count - shown.length} more`);
    super(`the description has ${count} ${count === 1 ? "problem" : "problems"}:\n${shown.join("\n")}`);
  }
}
