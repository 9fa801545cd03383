import type { MachineDescription } from "../topology/description.js";
import { PROBLEMS_LIMIT } from "../topology/errors.js";
import { checkAgainstSchema } from "../topology/validate.js";
import { checkJson } from "./bounds.js";
import { ReadError } from "./reading.js";

const SHOWN_PROBLEMS = 20;

/** Whether `text` is meant to be JSON. Tables of other tools begin with a bracket, too: `[CUDA Bandwidth Test]`. */
export function looksLikeJson(text: string): boolean {
  return /^\s*(?:\{|\[\s*(?:[{[\]"]|-?[0-9]+(?:\.[0-9]+)?\s*[,\]]))/.test(text);
}

/**
 * Reads a machine description as `machine.schema.json` defines it.
 *
 * @param source its name, for messages.
 * @throws ReadError which names every place that differs.
 */
export function readJson(text: string, source: string): MachineDescription {
  const document = parse(text, source);
  if (Array.isArray(document) && document.length === 0) {
    throw new ReadError(
      "an empty list: it describes no machine (rdma_topo dump prints it where it finds no device)",
      source,
    );
  }
  const problems = checkAgainstSchema(document);
  if (problems.length === 0) return document as MachineDescription;
  const shown = problems.slice(0, SHOWN_PROBLEMS).map(({ path, message }) => `  ${path}: ${message}`);
  const orMore = problems.length === PROBLEMS_LIMIT ? " or more" : "";
  if (problems.length > shown.length) shown.push(`  … and ${problems.length - shown.length} more`);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems${orMore}`;
  throw new ReadError(`not a machine description (machine.schema.json), ${count}:\n${shown.join("\n")}`, source);
}

function parse(text: string, source: string): unknown {
  checkJson(text, source);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ReadError(`damaged JSON: ${error instanceof Error ? error.message : String(error)}`, source);
  }
}
