import type { Finding } from "../topology/finding.js";
import { jsonPieces } from "../writers/json.js";
import type { Answer, Command } from "./command.js";
import { UsageError } from "./exit.js";
import type { Machine } from "./machine.js";
import type { SharedOptions } from "./options.js";
import { hasColours, terminalStyle } from "./terminal.js";
import { harmless } from "./unseen.js";

/** Prints an answer in the form that was asked for. */
export async function print(answer: Answer, options: SharedOptions): Promise<void> {
  let held = "";
  for (const piece of render(answer, options)) {
    held += piece;
    if (held.length < PIECE) continue;
    await writeStandardOutput(held);
    held = "";
  }
  await writeStandardOutput(`${held}\n`);
}

/** How much is written at once: there may be more in all than a text has room for. */
const PIECE = 1 << 16;

function render({ document, text, word }: Answer, { json, quiet, color }: SharedOptions): Iterable<string> {
  if (json === true) return jsonPieces(document());
  const said = quiet === true ? word!() : text(terminalStyle(color));
  if (said === null) return jsonPieces(document());
  return harmlessPieces(typeof said === "string" ? [said] : joined(said), hasColours(color));
}

function* harmlessPieces(pieces: Iterable<string>, colours: boolean): Generator<string> {
  for (const piece of pieces) yield harmless(piece, colours);
}

function* joined(lines: Iterable<string>): Generator<string> {
  let separator = "";
  for (const line of lines) {
    yield separator + line;
    separator = "\n";
  }
}

/** A failure ends the program: whoever listens to the stream hears of it. */
export function writeStandardOutput(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(data, (error) => {
      if (!error) resolve();
    });
  });
}

/** @throws UsageError where a command has no answer of one word. */
export function checkForm({ name }: Pick<Command, "name">, { word }: Answer, { quiet }: SharedOptions): void {
  if (quiet === true && word === undefined) throw new UsageError(`${name} has no answer of one word: leave -q out`);
}

const SHOWN_FINDINGS = 3;

/**
 * Says on standard error what was odd about the sources: it does not answer the question, but may explain the answer.
 *
 * @param whose in front of each, where there are several machines.
 */
export function printFindings(
  { findings, topology }: Machine,
  { json, quiet, verbose }: SharedOptions,
  whose = "",
): void {
  if (json === true || quiet === true) return;
  const all = [...findings, ...topology.findings];
  const shown = verbose === true ? all : all.slice(0, SHOWN_FINDINGS);
  const lines = shown.map((finding) => `note: ${whose}${findingText(finding)}`);
  if (shown.length < all.length) lines.push(`note: ${whose}${all.length - shown.length} more; -v shows them`);
  if (lines.length > 0) process.stderr.write(`${harmless(lines.join("\n"))}\n`);
}

/** Says on standard error what the answer leaves out. */
export function printNotes({ notes = [] }: Answer, { json, quiet }: SharedOptions): void {
  if (json === true || quiet === true) return;
  for (const note of notes) process.stderr.write(`note: ${harmless(note)}\n`);
}

function findingText({ code, message, source, line }: Finding): string {
  const place = source === undefined ? "" : `${source}${line === undefined ? "" : `:${line}`}: `;
  return `${place}${message} (${code})`;
}
