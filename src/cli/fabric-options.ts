import { Option } from "commander";
import type { Count, SynthesizeOptions } from "../fabrics/index.js";
import { UsageError } from "./exit.js";
import { readSize } from "./parse.js";

/** The options of {@link SynthesizeOptions} that can be typed; what is known of systems is said when asking. */
export type FabricOptions = Omit<SynthesizeOptions, "facts">;

type Name = keyof FabricOptions;

interface Form {
  readonly value: string;
  readonly meaning: string;
  /** What was typed as the generator takes it, which checks whether it can be. */
  readonly read: (text: string, flag: string) => unknown;
}

const FORMS: Readonly<Record<Name, Form>> = {
  functions: { value: "number", meaning: "functions in all; 1e6 is a million", read: readNumber },
  seed: { value: "number", meaning: "for whatever is drawn (default: 1)", read: readNumber },
  systems: { value: "number", meaning: "machines (default: 1, or as many as the functions take)", read: readNumber },
  hostBridges: {
    value: "count",
    meaning: "of a machine, Infinity for as many as the functions take (default: 2)",
    read: readCount,
  },
  rootPorts: { value: "count", meaning: "of a host bridge (default: 4)", read: readCount },
  switchLevels: { value: "count", meaning: "between a root port and an endpoint (default: 1)", read: readCount },
  fanout: { value: "count", meaning: "downstream ports of a switch (default: 4)", read: readCount },
  functionsPerEndpoint: { value: "counts", meaning: "physical ones (default: 1, nic=2)", read: readCounts },
  vfs: { value: "counts", meaning: "virtual functions of a physical one (default: 0)", read: readCounts },
  bars: {
    value: "list",
    meaning:
      "endpoints in turn (gpu,nic,nvme,accelerator), with weights (gpu=1,nvme=2), or the BARs of all (64K,16G or none) " +
      "(default: gpu=1,nic=1,nvme=2)",
    read: readBars,
  },
  acs: {
    value: "states",
    meaning:
      "of root ports and downstream ports: off, redirect, none, unknown, the fraction that redirects, or weights " +
      "(off=6,redirect=3) (default: off)",
    read: readAcs,
  },
  memoryOff: { value: "fraction", meaning: "of endpoints with memory decode off (default: 0)", read: readNumber },
  busOffset: { value: "bytes", meaning: "from bus to CPU physical addresses, as on POWER", read: readBytes },
};

const NAMES = Object.keys(FORMS) as Name[];

/** For `--help`. */
export const COUNT_HELP =
  "A count is a number, several in turn (1,1,0), or a range to draw from (1-4); counts\n" +
  "are one for all, or by kind of device (nic=128-256,gpu=4).";

export function fabricOptions(): Option[] {
  return NAMES.map((name) => {
    const { value, meaning, read } = FORMS[name];
    const flag = flagOf(name);
    return new Option(`${flag} <${value}>`, meaning).argParser((text: string) => read(text, flag));
  });
}

/** Those that were typed, among all options of the command. */
export function typedOptions(options: FabricOptions): FabricOptions {
  return Object.fromEntries(NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

/** The first that was typed and is none of `allowed`. */
export function typedBeside(options: FabricOptions, allowed: readonly Name[]): string | undefined {
  const name = NAMES.find((each) => options[each] !== undefined && !allowed.includes(each));
  return name === undefined ? undefined : flagOf(name);
}

/** What the generator says, with its options spelled as they are typed. Null where it does not speak of them. */
export function spelledAsTyped(message: string): string | null {
  const advised = message.replace(/\b(?:lower|raise|leave) .*$/, (advice) => advice.replace(/\w+/g, spelled));
  const [, name, places] = /^(\w+)((?:\.\w+|\[\d+\])*): /.exec(advised) ?? [];
  if (!isName(name)) return advised === message ? null : advised;
  const place = places!
    .replace(/\.(\w+)/g, ", $1")
    .replace(/\[(\d+)\]/g, (_, index) => `, number ${Number(index) + 1}`);
  return flagOf(name) + place + advised.slice(name.length + places!.length);
}

function spelled(word: string): string {
  return isName(word) ? flagOf(word) : word;
}

function isName(word: string | undefined): word is Name {
  return word !== undefined && Object.hasOwn(FORMS, word);
}

function flagOf(name: Name): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function readNumber(text: string, flag: string): number {
  if (/^-?\d+(?:\.\d+)?(?:e\d{1,3})?$|^Infinity$/i.test(text)) return Number(text);
  throw new UsageError(`${flag}: expected a number, got "${text}"`);
}

function readCount(text: string, flag: string): Count {
  const range = /^(\d+)-(\d+)$/.exec(text);
  if (range !== null) return { least: Number(range[1]), most: Number(range[2]) };
  const numbers = text.split(",").map((part) => readNumber(part, flag));
  return numbers.length === 1 ? numbers[0]! : numbers;
}

function readCounts(text: string, flag: string): Count | Record<string, Count> {
  if (!text.includes("=")) return readCount(text, flag);
  return byKey(text, flag, (value) => readCount(value, flag));
}

function readBars(text: string, flag: string): number[] | string[] | Record<string, number> {
  if (text === "none") return [];
  if (text.includes("=")) return readWeights(text, flag);
  const parts = text.split(",");
  return /^\d/.test(text) ? parts.map((part) => readBytes(part, flag)) : parts;
}

function readAcs(text: string, flag: string): number | string | Record<string, number> {
  if (text.includes("=")) return readWeights(text, flag);
  return /^[-\d]/.test(text) ? readNumber(text, flag) : text;
}

function readWeights(text: string, flag: string): Record<string, number> {
  return byKey(text, flag, (value) => readNumber(value, flag));
}

/** `nic=1,2,gpu=4`: what has no key of its own belongs to the one before. */
function byKey<T>(text: string, flag: string, read: (value: string) => T): Record<string, T> {
  const entries = text.split(/,(?=[^,=]*=)/).map((entry): [string, T] => {
    const at = entry.indexOf("=");
    if (at < 1) throw new UsageError(`${flag}: expected a word before each =, as in nic=2, got "${entry}"`);
    return [entry.slice(0, at), read(entry.slice(at + 1))];
  });
  const twice = entries.find(([key], index) => entries.findIndex(([other]) => other === key) < index);
  if (twice !== undefined) throw new UsageError(`${flag}: ${twice[0]} is given twice: say it once`);
  return Object.fromEntries(entries);
}

function readBytes(text: string, flag: string): number {
  return Number(readSize(text, flag));
}
