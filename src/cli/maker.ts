import { closeSync, openSync, writeFileSync } from "node:fs";
import { Option } from "commander";
import { formatJson } from "../writers/json.js";
import type { Maker } from "./command.js";
import { EXIT, UsageError } from "./exit.js";
import type { SharedOptions } from "./options.js";
import { writeStandardOutput } from "./output.js";

/** Where a command that makes a file is to write it. */
export interface OutputOption {
  readonly output: string;
}

export function outputOption(): Option {
  return new Option("-o, --output <file>", "where to write it; - is standard output").makeOptionMandatory();
}

/** Shared options that say how to print; all others are about the machine that is asked. */
const HOW_TO_PRINT = ["--json", "--color"];

export function visibleToMakers({ long }: Option): boolean {
  return HOW_TO_PRINT.includes(long ?? "");
}

/** Makes the file and says what it is: on standard error where the file itself goes to standard output. */
export async function runMaker<Own>(
  maker: Maker<Own>,
  words: readonly string[],
  options: SharedOptions & OutputOption & Own,
): Promise<void> {
  refuseQuestions(maker.name, options);
  const { output } = options;
  if (output === "") throw new UsageError("-o: expected the name of a file, got an empty one");
  const toStandardOutput = output === "-";
  if (toStandardOutput && process.stdout.isTTY) {
    throw new UsageError("-o -: the file is no text, and standard output is a terminal: give -o a file, or use a pipe");
  }
  const { data, document, summary } = maker.make(words, options);
  if (!toStandardOutput) writeFile(data, output);
  else for (const chunk of chunksOf(data)) await writeStandardOutput(chunk);

  const bytes = data.byteLength;
  const file = toStandardOutput ? null : output;
  const said = `${file ?? "standard output"}: ${summary}, ${counted(bytes, "byte")}`;
  const report = options.json === true ? formatJson({ file, ...document, bytes }) : said;
  (toStandardOutput ? process.stderr : process.stdout).write(`${report}\n`);
  process.exitCode = EXIT.yes;
}

/** `1 system`, `60,000 functions`. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString("en-US")} ${thing}${count === 1 ? "" : "s"}`;
}

function refuseQuestions(
  name: string,
  { input, kernel, policy, cpu, iommu, system, quiet, verbose }: SharedOptions,
): void {
  const given = [
    input.length > 0 && "-i",
    kernel !== undefined && "--kernel",
    policy !== undefined && "--policy",
    cpu !== undefined && "--cpu",
    iommu !== undefined && "--iommu",
    system !== undefined && "--system",
    quiet === true && "-q",
    verbose === true && "-v",
  ].find((flag) => flag !== false);
  if (given === undefined) return;
  throw new UsageError(`${name} asks no machine: leave ${given} out, and give it to the command that does`);
}

/** More than 2 GiB at once is more than Node's writing takes. */
const CHUNK = 1 << 24;

function* chunksOf(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += CHUNK) yield data.subarray(at, at + CHUNK);
}

function writeFile(data: Uint8Array, path: string): void {
  try {
    const file = openSync(path, "w");
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
  EISDIR: "is a directory, expected a file",
  ENOSPC: "no space left on the device",
};
