import type { SystemDescription } from "../topology/description.js";
import type { Finding } from "../topology/finding.js";

/** What one source shows of one system, and what was odd about it. */
export interface Reading {
  /** Missing: not shown. */
  readonly system: SystemDescription;
  /** Of this source. */
  readonly findings: readonly Finding[];
}

/** Input that no reader can make sense of. The message says what was expected, what came, where and what to do. */
export class ReadError extends Error {
  override readonly name = "ReadError";
  constructor(
    message: string,
    /** Name of the source, as the caller gave it. */
    readonly source: string,
    /** Line in the source, from 1. */
    readonly line?: number,
  ) {
    super(line === undefined ? `${source}: ${message}` : `${source}:${line}: ${message}`);
  }
}
