/** What the process says with its exit code. */
export const EXIT = {
  /** Yes, or nothing found wrong. */
  yes: 0,
  /** No, or something found wrong. */
  no: 1,
  /** Asked wrongly, or the input cannot be read. */
  usage: 2,
  /** The description lacks what the answer needs. */
  unknown: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Asked wrongly. The message says what was expected, what came and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
