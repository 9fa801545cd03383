import { ReadError } from "./reading.js";

/*
 * What every text of a machine fits into, with room, and none that was made to fill up memory: docs/limits.md. A function
 * is some 18 KB in 320 lines where lspci prints all of it, and a segment has 65,536 functions.
 */

/** Characters of a text. */
export const TEXT_LIMIT = 2 ** 28;

/** Lines of a text that is read line by line. */
export const LINES_LIMIT = 2 ** 21;

/** Characters of one of these lines. */
export const LINE_LIMIT = 2 ** 20;

/** Functions that one text may name. */
export const FUNCTIONS_LIMIT = 2 ** 18;

/** @throws ReadError for a text that is longer than any machine's. */
export function checkLength(length: number, source: string): void {
  if (length <= TEXT_LIMIT) return;
  throw new ReadError(
    `a text of ${length} characters, expected at most ${TEXT_LIMIT}, which no machine's has: give the part that describes it`,
    source,
  );
}

/** @throws ReadError with the line from which on the text is none that tools print. */
export function checkLines(text: string, source: string): void {
  checkLength(text.length, source);
  let start = 0;
  for (let line = 1; start < text.length; line++) {
    if (line > LINES_LIMIT) {
      throw new ReadError(`more than ${LINES_LIMIT} lines: give the part that describes one machine`, source, line);
    }
    const end = lineEnd(text, start);
    if (end - start > LINE_LIMIT) {
      throw new ReadError(
        `a line of ${end - start} characters, expected at most ${LINE_LIMIT}: no tool prints one so long`,
        source,
        line,
      );
    }
    start = end + (text.startsWith("\r\n", end) ? 2 : 1);
  }
}

/** Old tools end lines with a carriage return alone. */
function lineEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== LINE_FEED && text.charCodeAt(at) !== CARRIAGE_RETURN) at++;
  return at;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** @throws ReadError where a text that names `count` functions names another. */
export function checkFunctions(count: number, source: string, line: number): void {
  if (count < FUNCTIONS_LIMIT) return;
  throw new ReadError(`more than ${FUNCTIONS_LIMIT} functions: give each machine's text by itself`, source, line);
}

/** Lists and objects inside one another in JSON: a topology of NCCL 512 elements deep takes 1,032. */
export const JSON_DEPTH_LIMIT = 1100;

/** Lists and objects of a document in JSON: a function with all its BARs is some ten. */
export const JSON_VALUES_LIMIT = 2 ** 23;

/**
 * Looks through a text of JSON before any of it is made, which may take a hundred times its room.
 *
 * @throws ReadError with the line and column where it goes beyond what describes a machine.
 */
export function checkJson(text: string, source: string): void {
  checkLength(text.length, source);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = stringEnd(text, at);
    else if (character === CLOSING_BRACKET || character === CLOSING_BRACE) depth--;
    else if (character === BRACKET || character === BRACE) {
      if (++depth > JSON_DEPTH_LIMIT) throw tooMuch(`lists and objects nest more than ${JSON_DEPTH_LIMIT} deep`, at);
      if (++values > JSON_VALUES_LIMIT) throw tooMuch(`more than ${JSON_VALUES_LIMIT} lists and objects`, at);
    }
  }

  function tooMuch(what: string, at: number): ReadError {
    const before = text.slice(0, at);
    const line = before.split("\n").length;
    return new ReadError(`${what}, which no machine needs`, source, line, at - before.lastIndexOf("\n"));
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Where the string ends that begins at `start`; the end of the text where it does not. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
  return at;
}
