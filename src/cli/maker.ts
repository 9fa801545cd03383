import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { Option } from "commander";
import { formatJson } from "../writers/json.js";
import type { Maker } from "./command.js";
import { EXIT, UsageError } from "./exit.js";
import { refuseQuestions } from "./no-machine.js";
import type { SharedOptions } from "./options.js";
import { writeStandardOutput } from "./output.js";

/** Where a command that makes a file is to write it. */
export interface OutputOption {
  readonly output?: string;
}

export function outputOption({ defaultOutput }: Pick<Maker, "defaultOutput">): Option {
  const option = new Option("-o, --output <file>", "where to write it; - is standard output");
  // Not commander's default: whether a name was typed decides what is overwritten.
  if (defaultOutput === undefined) return option.makeOptionMandatory();
  option.description += `; without it ${defaultOutput}, which must not be there yet`;
  return option;
}

/** Makes the file and says what it is: on standard error where the file itself goes to standard output. */
export async function runMaker<Own>(
  maker: Maker<Own>,
  words: readonly string[],
  options: SharedOptions & OutputOption & Own,
): Promise<void> {
  refuseQuestions(maker.name, maker.readsInput === true ? { ...options, input: [] } : options);
  if (options.quiet === true) throw new UsageError(`${maker.name} has no answer of one word: leave -q out`);
  const output = options.output ?? maker.defaultOutput!;
  if (output === "") throw new UsageError("-o: expected the name of a file, got an empty one");
  const toStandardOutput = output === "-";
  if (toStandardOutput && process.stdout.isTTY) {
    throw new UsageError("-o -: the file is no text, and standard output is a terminal: give -o a file, or use a pipe");
  }
  const isOverwriting = options.output !== undefined;
  if (!isOverwriting && existsSync(output)) {
    throw new UsageError(`${output}: is there already: give -o another name, or this one to overwrite it`);
  }
  const { data, document, summary, notes = [] } = await maker.make(words, { ...options, output });
  if (!toStandardOutput) writeFile(data, output, isOverwriting);
  else for (const chunk of chunksOf(data)) await writeStandardOutput(chunk);

  const bytes = data.byteLength;
  const file = toStandardOutput ? null : output;
  const said = [`${file ?? "standard output"}: ${summary}, ${counted(bytes, "byte")}`, ...notes].join("\n");
  const report = options.json === true ? formatJson({ file, ...document, bytes }) : said;
  (toStandardOutput ? process.stderr : process.stdout).write(`${report}\n`);
  process.exitCode = EXIT.yes;
}

/** `1 system`, `60,000 functions`. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString("en-US")} ${thing}${count === 1 ? "" : "s"}`;
}

/** More than 2 GiB at once is more than Node's writing takes. */
const CHUNK = 1 << 24;

function* chunksOf(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += CHUNK) yield data.subarray(at, at + CHUNK);
}

function writeFile(data: Uint8Array, path: string, isOverwriting: boolean): void {
  try {
    const file = openSync(path, isOverwriting ? "w" : "wx");
    try {
      for (const chunk of chunksOf(data)) writeFileSync(file, chunk);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new UsageError(`${path}: ${REASONS[code] ?? `cannot be written: ${String(error)}`}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "the directory does not exist",
  EACCES: "no permission to write it",
  EEXIST: "is there already",
  EISDIR: "is a directory, expected a file",
  ENOSPC: "no space left on the device",
};
