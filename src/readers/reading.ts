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
    /** Column in that line, from 1. */
    readonly column?: number,
    /** Element of the document, as XPath writes it: `/system/cpu[2]`. */
    readonly path?: string,
  ) {
    const place = [source, line, column].filter((part) => part !== undefined).join(":");
    super(`${place}: ${path ? `${path}: ` : ""}${message}`);
  }
}
