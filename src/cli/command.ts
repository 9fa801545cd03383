import type { Option } from "commander";
import type { Style } from "../writers/style.js";
import type { ExitCode } from "./exit.js";
import type { Machine } from "./machine.js";
import type { SharedOptions } from "./options.js";

/** An answer in each of the forms it may be asked for in; only the one that is wanted is made. */
export interface Answer {
  readonly exit: ExitCode;
  /** In lists that can be walked through only once, where there may be too much for all of it to be there at once. */
  readonly document: () => unknown;
  /** Whole, or line by line where one text may not have room for all; null: the document is for people too. */
  readonly text: (style: Style) => string | Iterable<string> | null;
  /** For `--quiet`, in the same forms; missing: the command has no such form. */
  readonly word?: () => string | Iterable<string>;
  /** What there is to say about the answer, on standard error, a sentence each. */
  readonly notes?: readonly string[];
}

/** A command's place on the command line. */
export interface Form {
  readonly name: string;
  /** As commander writes them: `<needed>`, `[optional]`. */
  readonly arguments: readonly (readonly [name: string, meaning: string])[];
  readonly summary: string;
  /** Below the options of `--help`: exit codes and examples. */
  readonly detail: string;
  readonly options?: () => Option[];
}

/** A command as a table of its parts; what it asks is a function of the machine and the words on the command line. */
export interface Command<Own = object> extends Form {
  /** Asks all systems of the source and looks at `--system` itself, rather than the one chosen and nothing else. */
  readonly looksAtAllSystems?: true;
  /** Whether it shows what the sources say and nothing else: no names for devices of which they have numbers alone. */
  readonly asDescribed?: (options: Own) => boolean;
  ask(machine: Machine, words: readonly (string | undefined)[], options: SharedOptions & Own): Answer | Promise<Answer>;
}

/** A command that asks no machine but knows the answer. */
export interface Reference extends Form {
  answer(words: readonly (string | undefined)[]): Answer;
}

/** A command that opens the machines it asks about itself, by its arguments in place of `--input`. */
export interface Comparison<Own = object> extends Form {
  compare(words: readonly (string | undefined)[], options: SharedOptions & Own): Promise<Compared>;
}

/** An answer about several machines. */
export interface Compared extends Answer {
  /** By what the command calls them. */
  readonly machines: Readonly<Record<string, Machine>>;
}

/** A command that asks no machine but makes a file, which the option `--output` names. */
export interface Maker<Own = object> extends Form {
  /** Of what a machine's sources show, which it takes with `--input`; missing: of nothing. */
  readonly readsInput?: true;
  /** The file's name where `--output` gives none, unless it is there already; missing: it has to give one. */
  readonly defaultOutput?: string;
  make(
    words: readonly (string | undefined)[],
    options: SharedOptions & Own & { readonly output: string },
  ): Made | Promise<Made>;
}

/** A file's content, and what is said about it. */
export interface Made {
  readonly data: Uint8Array;
  readonly document: object;
  /** The same in a few words. */
  readonly summary: string;
  /** Lines below it. */
  readonly notes?: readonly string[];
}
