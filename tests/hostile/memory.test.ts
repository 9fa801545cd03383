import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { shapes } from "../../src/fabrics/index.js";
import { Topology } from "../../src/topology/topology.js";
import { COMMAND } from "../cli/run.js";

// docs/limits.md, Memory: from reading to an answer, at most so much for each byte of what is read. Each text holds as
// much as its format can hold in few bytes.

const MEGABYTE = 2 ** 20;
/** Of memory, for each byte of text; of a packed topology; and for the program itself. */
const [OF_TEXT, OF_PACKED, PROGRAM] = [128, 4, 128 * MEGABYTE];
const LENGTH = (process.env["PEERLANE_LONG"] === "1" ? 4 : 1) * MEGABYTE;

const directory = mkdtempSync(join(tmpdir(), "peerlane-"));
afterAll(() => rmSync(directory, { recursive: true }));

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
const bdf = (at: number) => `${hex(at >> 13, 4)}:${hex((at >> 8) & 31, 2)}:${hex((at >> 3) & 31, 2)}.${at & 7}`;

/** What stands before, between and behind pieces. */
type Frame = readonly [start: string, between: string, end: string];

/** Pieces one behind the other until there are enough. */
function many(piece: (at: number) => string, [start, between, end]: Frame = ["", "\n", ""]): string {
  const pieces: string[] = [];
  for (let [at, length] = [0, 0]; length < LENGTH; at++) length += pieces[pieces.push(piece(at)) - 1]!.length + 1;
  return start + pieces.join(between) + end;
}

const inFunctions: Frame = ['{"peerlane":1,"systems":[{"functions":[', ",", "]}]}"];
const inHwloc: Frame = ['<topology version="2.0"><object type="Machine">', "\n", "</object></topology>"];

const TEXTS: Readonly<Record<string, () => string>> = {
  "functions of lspci": () => many((at) => `${bdf(at)} USB controller: A`),
  "one function of lspci, again and again": () => many(() => "00:00.0 USB: A"),
  "functions of lspci -n": () => many((at) => `${bdf(at)} 0600: 8086:1234`),
  "functions of lspci -mm": () => many((at) => `${bdf(at)} "a" "b" "c"`),
  "functions of lspci -vmm": () => many((at) => `Slot:\t${bdf(at)}\n`),
  "functions of lspci -t": () => many((at) => `-[${hex((at >> 8) & 0xffff, 4)}:${hex(at & 255, 2)}]---00.0`),
  "dumps of lspci -x": () => many((at) => `${bdf(at)} USB controller: A\n00: 86 80`),
  "BARs of lspci -v": () =>
    many((at) => (at % 65 === 0 ? `${bdf(at / 65)} USB controller: A` : `\tMemory at ${hex(at, 4)}0000 (32-bit)`)),
  "blank lines": () => `00:00.0 USB controller: A\n${"\n".repeat(LENGTH / 2)}`,
  paths: () => many((at) => `/devices/pci${bdf(at).slice(0, 7)}/${bdf(at)}`),
  "ranges of /proc/iomem": () => many((at) => `${hex(at * 16, 8)}-${hex(at * 16 + 1, 8)} : a`),
  "functions in /proc/iomem": () => many((at) => `${hex(at * 4096, 8)}-${hex(at * 4096 + 1, 8)} : ${bdf(at)}`),
  "rows of nvidia-smi topo -m": () => many((at) => `GPU${at % 1000}\tX\t${"SYS\t".repeat(1000)}`),
  "elements of hwloc": () => many((at) => `<object type="PCIDev" pci_busid="${bdf(at)}"/>`, inHwloc),
  "elements of nothing": () => many(() => "<a/>", inHwloc),
  "elements of NCCL": () =>
    many((at) => `<pci busid="${bdf(at)}"/>`, ['<system version="1"><cpu numaid="0">', "\n", "</cpu></system>"]),
  "functions in JSON": () => many((at) => `{"bdf":"${bdf(at)}"}`, inFunctions),
  "lists in JSON": () => many(() => "[]", inFunctions),
  "numbers in JSON": () => many(() => "1", inFunctions),
  "systems in JSON": () => many(() => '{"functions":[]}', ['{"peerlane":1,"systems":[', ",", "]}"]),
};

/** The most memory that the command has held while it asked a file for the owner of an address. */
function heldFor(path: string, most: number): number {
  const report = "data:text/javascript,process.on('exit',()=>console.error('held',process.resourceUsage().maxRSS))";
  const words = [`--max-old-space-size=${Math.ceil(most / MEGABYTE)}`, "--import", report, COMMAND, "owner", "0x1000"];
  const { stderr, status } = spawnSync(process.execPath, [...words, "-i", path], { encoding: "utf8", maxBuffer: 1e9 });
  const held = /^held (\d+)$/m.exec(stderr);
  if (held === null) throw new Error(`ended with ${status}: ${stderr.slice(-2000)}`);
  expect(stderr).not.toContain("internal error");
  return Number(held[1]) * 1024;
}

test.each(Object.keys(TEXTS))("%s take no more than 128 bytes of memory for each byte", (name) => {
  const path = join(directory, "text");
  const text = TEXTS[name]!();
  writeFileSync(path, text);
  const most = PROGRAM + OF_TEXT * text.length;
  expect(heldFor(path, most)).toBeLessThan(most);
});

test("a packed topology takes no more than 4 bytes of memory for each byte", () => {
  const path = join(directory, "packed.bin");
  const { topology } = Topology.fromColumns(shapes["gpu-servers"]({ functions: 200_000 }));
  const packed = topology.toBuffer();
  topology.close();
  writeFileSync(path, new Uint8Array(packed));
  const most = PROGRAM + OF_PACKED * packed.byteLength;
  expect(heldFor(path, most)).toBeLessThan(most);
});
