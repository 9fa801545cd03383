/** A line this long still reads at a glance. */
const LINE = 100;

/** JSON for people and scripts alike: what fits on a line stays on it, so that a row of a matrix is a line. */
export function formatJson(value: unknown): string {
  return format(value, "");
}

/** How deep lists and objects are looked into for pieces: below that a piece is one text. */
const LEVELS = 4;

/**
 * The same text in pieces, for what no single text has room for. A list may be anything that can be walked through
 * once, so that its items need not all be there at once.
 */
export function jsonPieces(value: unknown): Generator<string> {
  return pieces(value, "", LEVELS);
}

function* pieces(value: unknown, indent: string, levels: number): Generator<string> {
  if (levels === 0 || typeof value !== "object" || value === null || isRow(value)) {
    yield format(value, indent);
    return;
  }
  const [open, close] = isWalked(value) ? "[]" : "{}";
  const deeper = `${indent}  `;
  // What may yet turn out to fit on a line.
  let held: string[] | null = [];
  let length = indent.length + 2;
  for (const [label, item] of labelled(value)) {
    const rest = pieces(item, deeper, levels - 1);
    if (held === null) {
      yield `,\n${deeper}${label}`;
      yield* rest;
      continue;
    }
    let part = label;
    let next = rest.next();
    for (; next.done !== true && !isLong(part); next = rest.next()) part += next.value;
    length += part.length + 2;
    if (next.done === true && length <= LINE && !isLong(part)) {
      held.push(part);
      continue;
    }
    yield `${open}\n${[...held, part].map((each) => deeper + each).join(",\n")}`;
    held = null;
    if (next.done !== true) yield next.value;
    yield* rest;
  }
  yield held === null ? `\n${indent}${close}` : `${open}${held.join(", ")}${close}`;
}

function isLong(part: string): boolean {
  return part.length > LINE || part.includes("\n");
}

function* labelled(value: object): Generator<readonly [label: string, item: unknown]> {
  if (isWalked(value)) for (const item of value) yield ["", item === undefined ? null : item];
  else for (const [key, item] of Object.entries(value)) if (item !== undefined) yield [`${quoted(key)}: `, item];
}

function isWalked(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

function format(value: unknown, indent: string): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((item) => format(item === undefined ? null : item, deeper))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${quoted(key)}: ${format(item, deeper)}`);
  if (parts.length === 0) return `${open}${close}`;
  const length = parts.reduce((sum, part) => sum + part.length + 2, indent.length + 2);
  const short = length <= LINE && parts.every((part) => !part.includes("\n"));
  if (short || isRow(value)) return `${open}${parts.join(", ")}${close}`;
  return `${open}\n${parts.map((part) => deeper + part).join(",\n")}\n${indent}${close}`;
}

/** What JSON leaves as it is and a terminal would obey: controls beyond ASCII, and marks of direction. */
const OBEYED = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

function quoted(text: string): string {
  return JSON.stringify(text).replace(OBEYED, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function isRow(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "number" || item === null);
}
