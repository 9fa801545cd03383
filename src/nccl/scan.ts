import type { LintCode } from "./rules.js";

/** An element as NCCL's parser meets it. */
export interface ScannedElement {
  readonly name: string;
  /** In the order of the file; of those that are there twice, NCCL takes the first. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Those that NCCL keeps. */
  readonly children: ScannedElement[];
  /** As XPath writes it: `/system/cpu[2]`. */
  readonly path: string;
  /** Where it begins. */
  readonly offset: number;
}

/** Something that the parser minds. */
export interface ScanProblem {
  readonly code: LintCode;
  readonly offset: number;
  readonly path: string;
  /** What is there. */
  readonly message: string;
}

/** What NCCL's parser makes of a text, and what it minds. */
export interface Scan {
  readonly roots: readonly ScannedElement[];
  readonly problems: readonly ScanProblem[];
  /** How many elements NCCL keeps. */
  readonly kept: number;
}

/** Limits of the parser, and of older releases (https://github.com/NVIDIA/nccl, src/graph/xml.h and topo.h). */
interface Limits {
  /** Elements, one more than fit: there has to be room for the closing tag that is read next. */
  readonly elements: number;
  readonly children: number;
  readonly olderChildren: number;
}

const LIMITS: Readonly<Record<string, Limits>> = {
  "1": { elements: 256, children: 640, olderChildren: 128 },
  "2": { elements: 1024, children: 640, olderChildren: 32 },
};
const MOST_ATTRIBUTES = 16;
/** Where looking on would tell nobody anything: NCCL has stopped long ago. */
const ENOUGH = { elements: 4096, depth: 512 } as const;
/** Bytes of a name or value, of which the last is taken by the character behind it. */
const LONGEST = 254;

const KEPT_CHILDREN: Readonly<Record<string, readonly string[]>> = {
  system: ["cpu"],
  cpu: ["pci", "nic"],
  pci: ["pci", "gpu", "nic", "pcilink"],
  nic: ["net"],
};
const KEPT_LINKS: Readonly<Record<string, readonly string[]>> = { "1": ["nvlink", "c2c"], "2": ["xgmi"] };

/**
 * Reads a text as NCCL's parser does, which is none of XML: attributes stand behind one blank each, elements are
 * separated by blanks and line ends, and what is neither element nor comment ends it. Where the parser would stop, the
 * problem is noted and what was meant is read on.
 */
export function scan(text: string): Scan {
  return new Scanner(text).run();
}

interface OpenElement extends ScannedElement {
  readonly attributes: Map<string, string>;
  /** False: NCCL skips it with everything in it. */
  readonly isKept: boolean;
  /** How many children of each name there were, for paths. */
  readonly counts: Map<string, number>;
}

class Scanner {
  readonly #problems: ScanProblem[] = [];
  readonly #roots: ScannedElement[] = [];
  readonly #open: OpenElement[] = [];
  #at = 0;
  #kept = 0;
  #met = 0;
  #version = "1";

  constructor(private readonly text: string) {}

  run(): Scan {
    while (this.#next());
    return { roots: this.#roots, problems: this.#problems, kept: this.#kept };
  }

  /** Reads an element's start or end, or a comment; false at the end. */
  #next(): boolean {
    this.#betweenElements();
    const { text } = this;
    if (this.#met > ENOUGH.elements || this.#open.length > ENOUGH.depth) return false;
    if (this.#at >= text.length) return this.#end();
    if (text.startsWith("<!--", this.#at)) return this.#comment();
    if (text.startsWith("</", this.#at)) return this.#close();
    if (/^<[?!]/.test(text.slice(this.#at, this.#at + 2))) {
      this.#problem("DECLARATION", this.#at, `${text.slice(this.#at, this.#at + 9)}…`);
      return this.#skipPast(">");
    }
    return this.#element();
  }

  #betweenElements(): void {
    let isTold = false;
    for (;;) {
      this.#take(/[ \n\r]*/y);
      const start = this.#at;
      const blanks = this.#take(/[^\S \n\r]+/y);
      const rest = blanks === "" ? this.#take(/[^<]+/y) : "";
      if (blanks === "" && rest === "") return;
      if (isTold) continue;
      isTold = true;
      if (blanks !== "") this.#problem("BLANK", start, `${name(blanks[0]!)} between elements`);
      else this.#problem("TEXT", start, `text between elements: ${JSON.stringify(rest.trim().slice(0, 20))}`);
    }
  }

  #end(): false {
    const last = this.#open.at(-1);
    if (last !== undefined) this.#problem("UNTERMINATED", last.offset, `${last.name} is not closed`, last.path);
    return false;
  }

  #comment(): boolean {
    const start = this.#at;
    this.#at++;
    const word = this.#take(/[^ >/\n\r]*/y);
    if (word.includes("="))
      this.#problem("COMMENT", start, `the comment begins with ${JSON.stringify(word.slice(0, 40))}`);
    else if (size(word) >= LONGEST)
      this.#problem("COMMENT", start, `the comment begins with a word of ${size(word)} bytes`);
    const end = this.text.indexOf("-->", start + 4);
    if (end === -1) this.#problem("UNTERMINATED", start, "the comment does not end");
    this.#at = end === -1 ? this.text.length : end + 3;
    return true;
  }

  #close(): boolean {
    const start = this.#at;
    this.#at += 2;
    const closed = this.#take(/[^\s>/]*/y);
    if (this.text[this.#at] !== ">") this.#problem("CLOSING_TAG", start, `</${closed} has something before its >`);
    this.#skipPast(">");
    const depth = this.#open.findLastIndex((element) => element.name === closed);
    const top = this.#open.at(-1);
    if (top?.name !== closed) {
      this.#problem("MISMATCH", start, `</${closed}> closes ${top === undefined ? "nothing" : `<${top.name}>`}`);
    }
    if (depth !== -1) this.#open.length = depth;
    return true;
  }

  #element(): boolean {
    const offset = this.#at++;
    const element = this.#begin(this.#take(/[^\s>/=]*/y), offset);
    const { attributes, path } = element;
    let slots = 0;
    for (;;) {
      const start = this.#at;
      const blanks = this.#take(/\s*/y);
      const odd = /[^ ]/.exec(blanks);
      const ends = /^[>/]?$/.test(this.text[this.#at] ?? "");
      if (odd !== null) {
        this.#problem("ATTRIBUTE_BLANK", start + odd.index, `${name(odd[0])} in front of an attribute`, path);
      } else if (blanks === "" && !ends) {
        this.#problem("ATTRIBUTE_BLANK", start, "no blank in front of an attribute", path);
      } else if (blanks.length > (ends ? 0 : 1)) {
        slots += blanks.length - (ends ? 0 : 1);
        this.#problem("EXTRA_BLANK", start, ends ? "a blank behind the last attribute" : "more than one blank", path);
      }
      if (ends) break;
      if (!this.#attribute(attributes, path)) return true;
      slots++;
    }
    if (slots > MOST_ATTRIBUTES) this.#problem("ATTRIBUTES", offset, `${slots} attributes and surplus blanks`, path);
    const isSingle = this.text[this.#at] === "/";
    if (this.#at >= this.text.length) return true;
    if (isSingle && this.text[this.#at + 1] !== ">") {
      this.#problem("CLOSING_TAG", this.#at, "/ has something between it and >", path);
    }
    this.#skipPast(">");
    if (element.name === "system") this.#version = attributes.get("version") ?? this.#version;
    if (isSingle) this.#open.pop();
    return true;
  }

  /** False where the text ends in it. */
  #attribute(attributes: Map<string, string>, path: string): boolean {
    const start = this.#at;
    const key = this.#take(/[^\s>/=]*/y);
    if (this.text[this.#at] !== "=") {
      this.#problem("NO_VALUE", start, `${key} has no value`, path);
      if (!attributes.has(key)) attributes.set(key, "");
      return true;
    }
    this.#at++;
    const gap = this.#take(/\s*/y);
    const quote = this.text[this.#at];
    const isQuoted = quote === '"' || quote === "'";
    if (!isQuoted || gap !== "") this.#problem("QUOTES", start, `no quote behind ${key}=`, path);
    if (!isQuoted) {
      this.#take(/[^\s>/]*/y);
      return true;
    }
    const end = this.text.indexOf(quote, this.#at + 1);
    if (end === -1) {
      this.#problem("UNTERMINATED", start, `the value of ${key} does not end`, path);
      this.#at = this.text.length;
      return false;
    }
    const value = this.text.slice(this.#at + 1, end);
    this.#at = end + 1;
    if (quote === "'") this.#problem("SINGLE_QUOTES", start, `the value of ${key} is in single quotes`, path);
    if (size(value) >= LONGEST) this.#problem("TOO_LONG", start, `the value of ${key} has ${size(value)} bytes`, path);
    if (size(key) >= LONGEST) this.#problem("TOO_LONG", start, `the name of an attribute has ${size(key)} bytes`, path);
    if (/&#?\w+;/.test(value)) this.#problem("ENTITY", start, `${key}=${JSON.stringify(value.slice(0, 40))}`, path);
    if (attributes.has(key)) this.#problem("ATTRIBUTE_TWICE", start, `${key} is there twice`, path);
    else attributes.set(key, value);
    return true;
  }

  #begin(elementName: string, offset: number): OpenElement {
    const parent = this.#open.at(-1);
    const ordinal = (parent?.counts.get(elementName) ?? 0) + 1;
    parent?.counts.set(elementName, ordinal);
    const path = parent === undefined ? `/${elementName}` : `${parent.path}/${elementName}[${ordinal}]`;
    const known = parent === undefined ? ["system"] : this.#keptBelow(parent.name);
    const isKept = (parent?.isKept ?? true) && known.includes(elementName);
    const element = { name: elementName, attributes: new Map(), children: [], path, offset, isKept, counts: new Map() };
    this.#open.push(element);
    this.#met++;
    if (size(elementName) >= LONGEST) this.#problem("TOO_LONG", offset, "the name of an element is too long", path);
    if (isKept) this.#keep(element, parent);
    else if (parent?.isKept ?? true) {
      const expected = known.length === 0 ? "none" : known.join(", ");
      this.#problem("UNKNOWN_ELEMENT", offset, `${elementName}: known here: ${expected}`, path);
    }
    return element;
  }

  #keptBelow(parent: string): readonly string[] {
    return (parent === "gpu" ? KEPT_LINKS[this.#version] : KEPT_CHILDREN[parent]) ?? [];
  }

  #keep(element: OpenElement, parent: OpenElement | undefined): void {
    const limits = LIMITS[this.#version] ?? LIMITS["1"]!;
    if (++this.#kept === limits.elements) {
      this.#problem("ELEMENTS", element.offset, `this is element number ${this.#kept}`, element.path);
    }
    (parent?.children ?? this.#roots).push(element);
    const siblings = parent?.children.length ?? 0;
    if (siblings === limits.children + 1) {
      this.#problem("CHILDREN", element.offset, `number ${siblings} in one ${parent!.name}`, element.path);
    } else if (siblings === limits.olderChildren + 1) {
      this.#problem("CHILDREN_OLDER", element.offset, `number ${siblings} in one ${parent!.name}`, element.path);
    }
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.text)?.[0] ?? "";
    this.#at += taken.length;
    return taken;
  }

  #skipPast(end: string): true {
    const found = this.text.indexOf(end, this.#at);
    this.#at = found === -1 ? this.text.length : found + end.length;
    return true;
  }

  #problem(code: LintCode, offset: number, message: string, path = this.#open.at(-1)?.path ?? "/"): void {
    this.#problems.push({ code, offset, path, message });
  }
}

const BLANK_NAMES: Readonly<Record<string, string>> = {
  "\t": "a tab",
  "\n": "a line end",
  "\r": "a line end",
  "\uFEFF": "a byte order mark",
};

function name(blank: string): string {
  return BLANK_NAMES[blank] ?? `U+${blank.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function size(text: string): number {
  return text.length * 3 < LONGEST ? text.length : new TextEncoder().encode(text).length;
}
