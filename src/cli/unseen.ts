/*
 * What a terminal obeys instead of showing it, or what changes how its neighbours are shown: names come from files, and
 * files from anybody. Line ends and tabs are this program's own by the time that a text is printed.
 */
const OBEYED = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069";
const EVERYWHERE = new RegExp(`[${OBEYED}]`, "g");
/** What `terminalStyle` puts around words: bold, faint, red, green and yellow, and their ends. */
const BUT_COLOURS = new RegExp(`\\u001b\\[(?:1|2|22|31|32|33|39)m|[${OBEYED}]`, "g");
const IN_A_NAME = new RegExp(`[${OBEYED}\\t\\n]`);
const ALL_IN_A_NAME = new RegExp(IN_A_NAME, "g");

const SHOWN = "\ufffd";

/** A text as it may go to a terminal: what that would obey is shown as a replacement character. */
export function harmless(text: string, hasColours = false): string {
  if (!hasColours) return text.replace(EVERYWHERE, SHOWN);
  return text.replace(BUT_COLOURS, (found) => (found.length > 1 ? found : SHOWN));
}

/** The same value with texts that take one line each: a name that holds a line end could pass for a line of the answer. */
export function ofOneLineEach<Value>(value: Value): Value {
  return replaced(value) as Value;
}

function replaced(value: unknown): unknown {
  if (typeof value === "string") return IN_A_NAME.test(value) ? value.replace(ALL_IN_A_NAME, SHOWN) : value;
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner)]));
}
