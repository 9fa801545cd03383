import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decompress, NAMES_LIMIT, PATH_LIMIT, readTar, UNPACKED_LIMIT } from "../../src/readers/files/archive.js";
import { FileTree, MemoryFiles, NAMES_ASKED_LIMIT, READ_LIMIT } from "../../src/readers/files/file-tree.js";
import { read } from "../../src/readers/read.js";
import { refusal, utf8 } from "./refusal.js";
import { header, longName, tar, type Member } from "./tar.js";

const LONG = process.env["PEERLANE_LONG"] === "1";
const NO_MACHINE = "x: expected sys/bus/pci/devices at the top or in a directory there, found ";
const DEVICES = "sys/bus/pci/devices";

describe("an archive whose headers lie", () => {
  const wide = (value: bigint) =>
    Uint8Array.from({ length: 12 }, (_, at) => Number((value >> BigInt(8 * (11 - at))) & 255n) | (at === 0 ? 0x80 : 0));

  test.each<[string, Member, string]>([
    ["8 GiB in a kilobyte", { name: "f", size: "77777777777" }, "Tar archive is truncated."],
    ["2^62 bytes", { name: "f", size: wide(1n << 62n) }, "TAR number too large."],
    ["a negative size", { name: "f", size: new Uint8Array(12).fill(0xff) }, "TAR number too large."],
    ["a size of no digits", { name: "f", size: "zzzzzzzzzzz" }, "Invalid tar number."],
    [
      "a name of 3 GB",
      { name: "././@LongLink", type: "L", size: "26277660400" },
      "Tar metadata entry exceeds maximum size.",
    ],
  ])("%s", async (_, member, reason) => {
    expect(await refusal(tar([member]))).toBe(`x: damaged tar archive: ${reason} Pack or fetch it again.`);
  });

  test("records of POSIX that name what every object has are names", async () => {
    const record = "20 __proto__=aaaaaa\n";
    const members = [
      { name: "p", type: "x", body: record },
      { name: "__proto__/constructor", body: "x" },
    ];
    expect(await refusal(tar(members))).toBe(`${NO_MACHINE}__proto__`);
    const tree = await readTar(tar(members), "x");
    expect(tree.text("__proto__/constructor")).toBe("x");
    expect(tree.list("constructor")).toBeNull();
  });
});

describe("names", () => {
  test(`are ${PATH_LIMIT} characters, with as many directories, and not one more`, async () => {
    const longest = `${"a/".repeat((PATH_LIMIT - 2) / 2)}bb`;
    expect(await refusal(tar(longName(longest)))).toBe(`${NO_MACHINE}a`);
    const shown = JSON.stringify("a/".repeat(24));
    const message = `x: a name or link of more than ${PATH_LIMIT} characters, the name begins with ${shown}`;
    expect(await refusal(tar(longName(`${longest}b`)))).toBe(message);
    expect(await refusal(tar(longName("a/".repeat(500_000))))).toBe(message);
    const body = `${"../".repeat(PATH_LIMIT)}\0`;
    const link = [
      { name: "././@LongLink", type: "K", body },
      { name: "short", type: "2" },
    ];
    expect(await refusal(tar(link))).toBe(
      `x: a name or link of more than ${PATH_LIMIT} characters, the name begins with "short"`,
    );
  });

  test(`are ${NAMES_LIMIT} in all: few bytes make many directories`, async () => {
    const deep = (first: number) => longName(`${first}/${"a/".repeat(2000)}f`);
    const members = Array.from({ length: NAMES_LIMIT / 2000 + 1 }, (_, at) => deep(at)).flat();
    expect(await refusal(tar(members))).toBe(
      `x: more than ${NAMES_LIMIT} files and directories: pack those of one machine`,
    );
  });

  test("in memory may nest as deep as they like", () => {
    const files = new MemoryFiles();
    const deep = "a/".repeat(100_000);
    files.addFile(`${deep}file`, utf8("x"));
    expect(files.size).toBe(100_001);
    expect(files.read(`/${deep}file`)).toEqual(utf8("x"));
  });

  test("that climb out lead to what is in the archive, and nowhere else", async () => {
    const tree = await readTar(
      tar([
        { name: "../../../etc/passwd", body: "inside" },
        { name: "l", type: "2", link: "/../../etc/passwd" },
        { name: "h", type: "1", link: "../../etc/shadow" },
      ]),
      "x",
    );
    expect([tree.text("l"), tree.has("h"), tree.list("")]).toEqual(["inside", false, ["etc", "l"]]);
  });
});

describe("links", () => {
  test("that lead into themselves are a machine of which nothing is shown", async () => {
    const bytes = tar([
      { name: `${DEVICES}/0000:00:01.0`, type: "2", link: "../devices/0000:00:01.0" },
      { name: `${DEVICES}/0000:00:02.0`, type: "2", link: "." },
      { name: `${DEVICES}/0000:00:03.0`, type: "2", link: "../../../../sys" },
    ]);
    const { machine } = await read([{ name: "x", bytes }]);
    expect(machine.systems[0]!.functions).toMatchObject(
      ["1", "2", "3"].map((device) => ({ bdf: `0000:00:0${device}.0` })),
    );
  });

  test.runIf(LONG)("that lead to one list over and over end", () => {
    const files = new MemoryFiles();
    for (let at = 0; at < 10_000; at++) {
      files.addDirectory(`sys/devices/one/virtio${at}`);
      files.addLink(`${DEVICES}/${at.toString(16).padStart(8, "0")}:00:00.0`, "../../../devices/one");
    }
    return expect(read([{ name: "x", bytes: new FileTree(files) }])).rejects.toThrow(
      /: its links make more directories of these than any machine has: it was made to be endless$/,
    );
  });

  test(`make one file many: ${READ_LIMIT} bytes are read of them all`, () => {
    const files = new MemoryFiles();
    files.addFile("one", new Uint8Array(READ_LIMIT / 8));
    const tree = new FileTree(files);
    const names = Array.from({ length: 9 }, (_, at) => `link${at}`);
    for (const name of names) files.addHardLink(name, "one");
    for (const name of names.slice(1)) expect(tree.file(name)).toHaveLength(READ_LIMIT / 8);
    expect(() => tree.file("link0")).toThrow(
      `link0: with this file more than ${READ_LIMIT} bytes, which no machine's are`,
    );
  });

  test(`are followed ${NAMES_ASKED_LIMIT} names far in all`, () => {
    const files = new MemoryFiles();
    files.addDirectory("a");
    for (let at = 0; at < 39; at++) files.addLink(`l${at}`, `${"a/../".repeat(800)}l${at + 1}`);
    files.addFile("l39", utf8("x"));
    const tree = new FileTree(files);
    expect(tree.text("l0")).toBe("x");
    expect(() => {
      for (;;) tree.text("l0");
    }).toThrow("l0: its links make more directories of these than any machine has");
  });
});

describe("bombs", () => {
  const block = gzipSync(new Uint8Array(1 << 24));
  const blocks = (count: number) => Buffer.concat(Array<Buffer>(count).fill(block));

  test("of many members and of nothing", async () => {
    await expect(decompress(blocks(3), "gzip", "x", 1 << 25)).rejects.toThrow(
      "x: oversized gzip data: it unpacks to more than 33554432 bytes",
    );
    const nothing = gzipSync(new Uint8Array(0));
    const empty = Buffer.concat(Array<Buffer>(100_000).fill(nothing));
    expect(await refusal(empty)).toMatch(/^x: not a format that is known: it is empty/);
  });

  test.runIf(LONG)("of many members, at the limit itself; inside another", async () => {
    const bomb = blocks(UNPACKED_LIMIT / (1 << 24) + 1);
    const message = `x: oversized gzip data: it unpacks to more than ${UNPACKED_LIMIT} bytes`;
    expect(await refusal(bomb)).toBe(message);
    expect(await refusal(gzipSync(bomb))).toBe(message);
  });

  test("four packings inside one another are unpacked, five are not", async () => {
    let nested: Uint8Array = utf8("0000:00:00.0 Host bridge: x\n");
    for (let depth = 0; depth < 3; depth++) nested = gzipSync(nested);
    expect((await read([{ name: "x", bytes: nested }])).machine.systems[0]!.functions).toHaveLength(1);
    expect(await refusal(gzipSync(gzipSync(nested)))).toBe("x: packed more than 4 times over: unpack it first");
  });

  const hasBzip2 = (() => {
    try {
      execFileSync("bzip2", ["--help"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();

  test.skipIf(!hasBzip2)("of bzip2, of many streams", async () => {
    const stream = execFileSync("bzip2", ["-c"], { input: new Uint8Array(1 << 24) });
    expect(stream.length).toBeLessThan(100);
    await expect(decompress(Buffer.concat([stream, stream, stream]), "bzip2", "x", 1 << 25)).rejects.toThrow(
      "x: damaged or oversized bzip2 data: it unpacks to more than 33554432 bytes",
    );
  });

  test("an archive in an archive is a file, which is no machine", async () => {
    expect(await refusal(tar([{ name: "in.tar", body: tar([{ name: DEVICES, type: "5" }]) }]))).toBe(
      `${NO_MACHINE}in.tar`,
    );
  });

  test("as many headers as fit are read", async () => {
    const one = header({ name: "f" });
    const bytes = new Uint8Array(100_000 * one.length + 1024);
    for (let at = 0; at < 100_000; at++) bytes.set(one, at * one.length);
    expect(await refusal(bytes)).toBe(`${NO_MACHINE}f`);
  });
});
