import { describe, expect, test } from "vitest";
import { checkLines, FUNCTIONS_LIMIT, LINE_LIMIT, LINES_LIMIT, TEXT_LIMIT } from "../../src/readers/bounds.js";
import { readCpuinfo } from "../../src/readers/cpuinfo.js";
import { readIomem } from "../../src/readers/iomem.js";
import { looksLikeLspci, readLspci } from "../../src/readers/lspci/lspci.js";
import { readListing } from "../../src/readers/sysfs/listing.js";
import { readTopoMatrix } from "../../src/readers/topo-matrix.js";
import { messageOf, readText, refusal } from "./refusal.js";

const HEADER = "0000:00:00.0 Host bridge: x\n";
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
const bdfOf = (at: number) => `${hex(at >> 16, 4)}:${hex((at >> 8) & 255, 2)}:${hex((at >> 3) & 31, 2)}.${at & 7}`;

describe("a text", () => {
  test("that is longer than any is refused before it is decoded", async () => {
    expect(await refusal(new Uint8Array(TEXT_LIMIT + 1).fill(0x20))).toBe(
      `x: a text of ${TEXT_LIMIT + 1} characters, expected at most ${TEXT_LIMIT}, which no machine's has: give the part that describes it`,
    );
  });

  test.each([
    ["\n", "line feeds"],
    ["\r", "carriage returns"],
    ["\r\n", "both"],
    ["x\n", "short lines"],
    ["\tx\n", "short fields"],
  ])("of too many lines: %j, %s", async (line) => {
    const lines = (count: number) => HEADER + line.repeat(count - 1);
    expect(await refusal(lines(LINES_LIMIT + 1))).toBe(
      `x:${LINES_LIMIT + 1}: more than ${LINES_LIMIT} lines: give the part that describes one machine`,
    );
    expect(messageOf(() => checkLines(lines(LINES_LIMIT), "x"))).toBe("nothing thrown");
  });

  const READERS: readonly [string, (text: string) => unknown][] = [
    ["lspci", (text) => readLspci(text, "x")],
    ["listing", (text) => readListing(text, "x")],
    ["iomem", (text) => readIomem(text, "x")],
    ["cpuinfo", (text) => readCpuinfo(text, "x")],
    ["matrix", (text) => readTopoMatrix(text, "x")],
  ];

  test.each(READERS)("with a line longer than any, for the reader of %s alone", (_, reader) => {
    expect(messageOf(() => reader(`${HEADER}${"x".repeat(LINE_LIMIT + 1)}\nx`))).toBe(
      `x:2: a line of ${LINE_LIMIT + 1} characters, expected at most ${LINE_LIMIT}: no tool prints one so long`,
    );
  });

  // Each overflowed a stack or took the square of its length in an expression of one reader or another.
  test.each([
    ["quotation marks of mails", ">".repeat(LINE_LIMIT)],
    ["marks and blanks", " >".repeat(LINE_LIMIT / 2)],
    ["blanks", `x${" ".repeat(LINE_LIMIT - 2)}x`],
    ["blanks behind a colon", `processor : 0\nmodel :${" ".repeat(LINE_LIMIT - 9)}x`],
    ["blanks before no colon", `processor : 0\nx${" ".repeat(LINE_LIMIT - 9)}x`],
    ["a range's name of blanks", `00001000-00001fff : a${" ".repeat(LINE_LIMIT - 100)}b`],
    ["columns of a table", "|".repeat(LINE_LIMIT)],
    ["quotation marks of lspci", `01:00.0 "${'\\"'.repeat(LINE_LIMIT / 2 - 50)}" "x"`],
    ["a kernel's digits", `Linux version 1.1${"1".repeat(LINE_LIMIT - 100)}`],
    ["digits and nothing else", `1.1.1${"1".repeat(LINE_LIMIT - 100)} x`],
    ["a path of bridges", `00:01.0${"/01:00.0".repeat(LINE_LIMIT / 8 - 20)} Host bridge: x`],
    ["escapes", "\x1b[".repeat(LINE_LIMIT / 2)],
    ["zero bytes", "\0".repeat(LINE_LIMIT)],
    ["surrogates without their half", "\ud800".repeat(LINE_LIMIT / 4)],
  ])("whose longest line is nothing but %s is read beside a header", async (_, line) => {
    const { machine } = await readText(`${HEADER}\n${line}\n`);
    expect(machine.systems[0]!.functions[0]!.bdf).toBe("0000:00:00.0");
  });

  const TOO_MANY = `x:${FUNCTIONS_LIMIT + 1}: more than ${FUNCTIONS_LIMIT} functions: give each machine's text by itself`;
  const functions = (count: number, line: (bdf: string) => string) =>
    Array.from({ length: count }, (_, at) => line(bdfOf(at))).join("");

  test.runIf(process.env["PEERLANE_LONG"] === "1")("names so many functions, and not one more", () => {
    const paths = (count: number) => functions(count, (bdf) => `/sys/devices/pci${bdf.slice(0, 7)}/${bdf}\n`);
    expect(readListing(paths(FUNCTIONS_LIMIT), "x").system.functions).toHaveLength(FUNCTIONS_LIMIT);
    expect(messageOf(() => readListing(paths(FUNCTIONS_LIMIT + 1), "x"))).toBe(TOO_MANY);
    const headers = (count: number) => functions(count, (bdf) => `${bdf} Host bridge: x\n`);
    expect(readLspci(headers(FUNCTIONS_LIMIT), "x").system.functions).toHaveLength(FUNCTIONS_LIMIT);
    expect(messageOf(() => readLspci(headers(FUNCTIONS_LIMIT + 1), "x"))).toBe(TOO_MANY);
  });
});

describe("one function over and over", () => {
  const TIMES = 100_000;

  test("alike is one function", async () => {
    const { machine, findings } = await readText(
      `01:00.0 VGA compatible controller: x\n\tControl: I/O+ Mem+\n\n`.repeat(TIMES),
    );
    expect(machine.systems[0]!.functions).toHaveLength(1);
    expect(findings).toEqual([]);
  });

  test("with another slot each time has the first, and one finding of them all", async () => {
    const blocks = Array.from(
      { length: TIMES / 4 },
      (_, at) => `01:00.0 VGA compatible controller: x\n\tPhysical Slot: ${at}\n\n`,
    );
    const { machine, findings } = await readText(blocks.join(""));
    expect(machine.systems[0]!.functions[0]).toMatchObject({ slot: "0" });
    expect(findings).toHaveLength(1);
    expect(findings[0]!.code).toBe("SOURCES_DISAGREE");
    expect(findings[0]!.message.length).toBeLessThan(1000);
  });

  test("with registers that contradict each other has none", async () => {
    const block = (at: number) =>
      `01:00.0 VGA compatible controller: x\n00: 86 80 ${hex(at & 255, 2)} 6f 07 05 10 00 02 00 04 06 10 00 81 00\n`;
    const { findings } = await readText(Array.from({ length: TIMES / 4 }, (_, at) => block(at)).join(""));
    expect(findings.length).toBeLessThan(60);
  });
});

describe("what a terminal, an editor or a thumb puts into a text", () => {
  const named = async (bytes: Uint8Array) => {
    const { read } = await import("../../src/readers/read.js");
    const { machine } = await read([{ name: "x", bytes }]);
    return machine.systems[0]!.functions.map(({ bdf }) => bdf);
  };
  const utf16 = (text: string, isLittle: boolean) => {
    const bytes = new Uint8Array(2 * text.length);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at), isLittle);
    return bytes;
  };
  const utf8 = (text: string) => new TextEncoder().encode(text);

  test.each<[string, Uint8Array]>([
    ["a byte order mark", utf8(`\uFEFF${HEADER}`)],
    ["UTF-16 of one end first", utf16(`\uFEFF${HEADER}`, true)],
    ["UTF-16 of the other", utf16(`\uFEFF${HEADER}`, false)],
    ["UTF-16 that was cut in the middle of a character", utf16(`\uFEFF${HEADER}x`, true).subarray(0, -1)],
    ["bytes that are no UTF-8", Uint8Array.from([...utf8(HEADER), 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x0a])],
    ["zero bytes between the lines", utf8(`\0\n${HEADER}\0\0\n`)],
    ["colours", utf8(`\x1b[1;31m${HEADER.trim()}\x1b[0m\n`)],
  ])("%s leaves the function readable", async (_, bytes) => {
    expect(await named(bytes)).toEqual(["0000:00:00.0"]);
  });

  test("UTF-16 without its mark is binary data, and is said to be", async () => {
    expect(await refusal(utf16(HEADER, true))).toMatch(
      /^x: not a format that is known: it starts with binary data\. Known are /,
    );
  });

  test("names that every object has are names", async () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const { machine } = await readText(
        `01:00.0 VGA compatible controller: ${name}\n\tKernel driver in use: ${name}\n\tPhysical Slot: ${name}\n\n`,
      );
      expect(machine.systems[0]!.functions[0]).toMatchObject({ driver: name, slot: name });
      expect(readCpuinfo(`processor : 0\n${name} : x\nvendor_id : ${name}\n`)).toMatchObject({ vendor: name });
      expect(readIomem(`00001000-00001fff : ${name}\n`, "x").system.platformDevices).toMatchObject([{ name }]);
    }
    expect(looksLikeLspci("constructor")).toBe(false);
  });
});

describe("lists in which every line holds the next", () => {
  test("of addresses are read in one go", () => {
    const depth = 50_000;
    const line = (at: number, name: string) => `${hex(at, 8)}-${hex(0xffffffff - at, 8)} : ${name}\n`;
    for (const name of ["reserved", "PCI Bus 0000:00", "0000:00:01.0", "x"]) {
      const text = Array.from({ length: depth }, (_, at) => line(at, name)).join("");
      expect(readIomem(text, "x").findings).toEqual([]);
    }
  });

  test("of one device's ranges are its regions", () => {
    const depth = 200_000;
    const text = Array.from({ length: depth }, (_, at) => `${hex(at * 16, 8)}-${hex(at * 16 + 15, 8)} : x\n`).join("");
    expect(readIomem(text, "x").system.platformDevices![0]!.regions).toHaveLength(depth);
  });
});

describe("a matrix", () => {
  test("wider than any machine's is refused before columns are looked for", () => {
    expect(messageOf(() => readTopoMatrix(`GPU0 X ${"SYS ".repeat(100_000)}\n`, "x"))).toBe(
      "x:1: expected a matrix of at most 1024 devices, it has 100001",
    );
    const rows = Array.from({ length: 200_000 }, (_, at) => `GPU${at} X\n`).join("");
    expect(messageOf(() => readTopoMatrix(rows, "x"))).toBe(
      "x:1: expected a matrix of at most 1024 devices, it has 200000",
    );
  });
});
