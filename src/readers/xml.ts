import { SaxesParser } from "saxes";
import { checkLength } from "./bounds.js";
import { ReadError } from "./reading.js";

/** An element as it begins. */
export interface XmlElement {
  readonly name: string;
  /** In the order of the document; without a prototype, so that every name is only a name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Makes the error to throw where the element is not what it should be; while it is being told of. */
  error(message: string): ReadError;
}

/** What is told of a document, in its order. Text between elements is not: none of the formats read here has any. */
export interface XmlHandler {
  open(element: XmlElement): void;
  close(name: string): void;
}

/** What every document of a machine fits into, and none that was made to fill up memory. */
export const XML_LIMITS = { elements: 2 ** 20, depth: 512, attributes: 256, value: 2 ** 20 } as const;

/** So that the first element is told before all of a long document has been looked at. */
const CHUNK = 1 << 16;

/**
 * Walks through a document of XML 1.0 without keeping it. A DOCTYPE may name its definition but not hold one, and the
 * only entities are the five that XML has: nothing is fetched and nothing grows.
 *
 * @param source its name, for messages.
 * @throws ReadError with line, column and path (`/system/cpu[2]/pci[1]`) for what is no well-formed XML, cut off, or beyond
 * what a machine needs ({@link XML_LIMITS}).
 */
export function readXml(text: string, source: string, handler: XmlHandler): void {
  checkLength(text.length, source);
  const start = /^[\s\uFEFF]*/.exec(text)![0].length;
  const parser = new SaxesParser<{ xmlns: false; position: true }>({ xmlns: false, position: true });
  const path = new ElementPath();
  const errorAt = (offset: number, message: string) => {
    const before = text.slice(0, offset);
    return new ReadError(
      message,
      source,
      before.split("\n").length,
      offset - before.lastIndexOf("\n"),
      path.toString(),
    );
  };
  const error = (message: string) => errorAt(Math.max(start, start + parser.position - 1), message);
  let elements = 0;
  let attributes = 0;
  let begin = 0;
  parser.on("error", ({ message }) => {
    // The parser puts the place in front of its messages.
    throw error(`damaged XML: ${message.replace(/^[^a-z]*[0-9]+:[0-9]+: /, "").replace(/\.$/, "")}`);
  });
  parser.on("doctype", (doctype) => {
    if (doctype.includes("[")) {
      throw error(
        "the DOCTYPE holds definitions of its own, which no tool writes: remove everything between its brackets",
      );
    }
  });
  parser.on("opentagstart", ({ name }) => {
    path.open(name);
    attributes = 0;
    begin = text.lastIndexOf(`<${name}`, start + parser.position);
    if (++elements > XML_LIMITS.elements)
      throw error(`more than ${XML_LIMITS.elements} elements, which no machine needs`);
    if (path.depth > XML_LIMITS.depth)
      throw error(`elements nest more than ${XML_LIMITS.depth} deep, which no machine needs`);
  });
  parser.on("attribute", ({ name, value }) => {
    if (++attributes > XML_LIMITS.attributes)
      throw error(`more than ${XML_LIMITS.attributes} attributes in one element`);
    if (value.length > XML_LIMITS.value)
      throw error(`the attribute ${name} is longer than ${XML_LIMITS.value} characters`);
  });
  parser.on("opentag", ({ name, attributes: values }) => {
    handler.open({ name, attributes: values, error: (message) => errorAt(begin, message) });
  });
  parser.on("closetag", ({ name }) => {
    handler.close(name);
    path.close();
  });
  for (let at = start; at < text.length; at += CHUNK) parser.write(text.slice(at, at + CHUNK));
  parser.close();
}

const PROLOG = /[\s\uFEFF]*(?:<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^>[]*(?:\[[^\]]*\]\s*)?>)/iy;
const BEGIN = /[\s\uFEFF]*<([A-Za-z_][\w:.-]*)/y;

/** The name of the outermost element, where `text` begins as a document of XML does; null: it does not. */
export function rootElement(text: string): string | null {
  PROLOG.lastIndex = 0;
  let at = 0;
  while (PROLOG.test(text)) at = PROLOG.lastIndex;
  BEGIN.lastIndex = at;
  return BEGIN.exec(text)?.[1] ?? null;
}

/** Of a path that is longer, its first and its last are told. */
const SHOWN_STEPS = 6;

/** The element that is being read, as XPath writes it. */
class ElementPath {
  readonly #levels: { readonly name: string; readonly ordinal: number; readonly children: Map<string, number> }[] = [];
  readonly #root = new Map<string, number>();

  get depth(): number {
    return this.#levels.length;
  }

  open(name: string): void {
    const siblings = this.#levels.at(-1)?.children ?? this.#root;
    const ordinal = (siblings.get(name) ?? 0) + 1;
    siblings.set(name, ordinal);
    this.#levels.push({ name, ordinal, children: new Map() });
  }

  close(): void {
    this.#levels.pop();
  }

  toString(): string {
    const steps = this.#levels.map(({ name, ordinal }, level) => `/${name}${level === 0 ? "" : `[${ordinal}]`}`);
    if (steps.length <= 2 * SHOWN_STEPS) return steps.join("");
    return `${steps.slice(0, SHOWN_STEPS).join("")}/…${steps.slice(-SHOWN_STEPS).join("")}`;
  }
}
