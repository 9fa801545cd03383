import { describe, expect, test } from "vitest";
import { decompress, readTar } from "../../src/readers/archive.js";
import type { Reading } from "../../src/readers/reading.js";
import { readSysfs } from "../../src/readers/sysfs.js";
import type { BarDescription, FunctionDescription, WindowDescription } from "../../src/topology/description.js";
import { captureFile, captureNames, captureText, REAL, realFile } from "./fixtures.js";

async function readPacked(bytes: Uint8Array, packing: "gzip" | "bzip2", name: string): Promise<Reading> {
  return readSysfs(await readTar(await decompress(bytes, packing, name), name), name);
}

/** `key=value` fields of a DEV line, and its words before them. */
function parseDevice(line: string): { bdf: string; ids: string; class: string; fields: Map<string, string> } {
  const [, bdf, ids, classCode, ...fields] = line.split(" ");
  return { bdf: bdf!, ids: ids!, class: classCode!, fields: new Map(fields.map((f) => f.split("=") as [string, string])) };
}

/** The kernel's word for what configuration space calls it. */
function kernelKind(description: FunctionDescription): string | undefined {
  return description.kind;
}

function rootOf(description: FunctionDescription, functions: ReadonlyMap<string, FunctionDescription>): string {
  const parent = description.parent;
  return typeof parent === "string" ? rootOf(functions.get(parent)!, functions) : description.bdf.slice(0, -5);
}

const UNSET = 0x20000000;

interface Expected {
  readonly devices: string[];
  readonly bars: string[];
  readonly acs: string[];
}

function linesOf(answers: string, kind: string): string[] {
  return answers.split("\n").filter((line) => line.startsWith(`${kind} `));
}

/**
 * Resources that sysfs shows: not those without an address, nor what a quirk hung on a device without a bus below it.
 * POWER shows I/O resources as bus addresses there, the kernel's answers as its own.
 */
function expectedBars(answers: string): string[] {
  const bridges = new Set(
    linesOf(answers, "DEV").filter((line) => line.includes("hdr=1")).map((line) => line.split(" ")[1]!),
  );
  return linesOf(answers, "BAR").flatMap((line) => {
    const [, bdf, index, start, end, flags, bus] = line.split(" ") as [string, string, string, string, string, string, string];
    if ((Number(flags) & UNSET) !== 0 || (Number(index) >= 13 && !bridges.has(bdf))) return [];
    const isPortOfPower = answers.includes("KERNEL") && (Number(flags) & 0x100) !== 0;
    const offset = isPortOfPower ? BigInt(start) - BigInt(bus) : 0n;
    const isMemory = (Number(flags) & 0x200) !== 0;
    const resource = Number(index) < 13 ? index : "window";
    return [[bdf, resource, isMemory, BigInt(start) - offset, BigInt(end) - offset, BigInt(bus)].join(" ")];
  });
}

function barLine(bdf: string, bar: BarDescription, isPower: boolean): string[] {
  if (typeof bar.start !== "string") return [];
  const start = isPower && bar.type === "io" ? BigInt(bar.bus!) : BigInt(bar.start);
  void start;
  return [
    [bdf, bar.index, bar.type !== "io", BigInt(bar.start), BigInt(bar.start) + BigInt(bar.size!) - 1n, BigInt(bar.bus!)].join(" "),
  ];
}

function windowLine(bdf: string, window: WindowDescription): string {
  const { start, end, bus } = window;
  return [bdf, "window", window.kind !== "io", BigInt(start!), BigInt(end!), BigInt(bus!)].join(" ");
}
