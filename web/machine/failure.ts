import { EditError } from "../../src/edits/errors.js";
import { ReadError } from "../../src/readers/reading.js";
import { BufferError } from "../../src/topology/buffer/sections.js";
import { TopologyError } from "../../src/topology/errors.js";

const MOST_PROBLEMS = 10;

/** What is wrong, for people. */
export function failureText(error: unknown): string {
  if (error instanceof TopologyError) {
    const shown = error.problems.slice(0, MOST_PROBLEMS).map(({ message }) => message);
    const more = error.count - shown.length;
    return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
  }
  const isExpected = [ReadError, EditError, BufferError, RangeError].some((kind) => error instanceof kind);
  const message = error instanceof Error ? error.message : String(error);
  if (isExpected) return message;
  return `${message}\nThis is a fault of the page, not of your file: please report it, with what you did.`;
}
