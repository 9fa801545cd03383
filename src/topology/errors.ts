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

/** A description that cannot be true. Holds every problem found, not only the first. */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
  constructor(readonly problems: readonly Problem[]) {
    const shown = problems.slice(0, 20).map(({ code, message }) => `  ${code}: ${message}`);
    if (problems.length > shown.length) shown.push(`  … and ${problems.length - shown.length} more`);
    super(
      `the description has ${problems.length} ${problems.length === 1 ? "problem" : "problems"}:\n${shown.join("\n")}`,
    );
  }
}
