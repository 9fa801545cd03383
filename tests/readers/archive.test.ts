import { gzipSync } from "node:zlib";
import { execFileSync } from "node:child_process";
import { packTar, type TarEntry } from "modern-tar";
import { describe, expect, test } from "vitest";
import { decompress, packingOf, readTar } from "../../src/readers/files/archive.js";
import { FileTree, MemoryFiles } from "../../src/readers/files/file-tree.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const file = (name: string, body: string): TarEntry => ({
  header: { name, size: utf8(body).length, type: "file" },
  body,
});
const link = (name: string, linkname: string): TarEntry => ({ header: { name, linkname, size: 0, type: "symlink" } });

describe("a tar archive", () => {
  test("is a tree: files, directories, and links that lead through directories", async () => {
    const tar = await packTar([
      file("./sys/devices/pci0000:00/0000:00:01.0/class", "0x060400\n"),
      link("sys/bus/pci/devices/0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0"),
    ]);
    expect(packingOf(tar)).toBe("tar");
    const tree = await readTar(tar, "a.tar");
    expect(tree.list("sys/bus/pci/devices")).toEqual(["0000:00:01.0"]);
    expect(tree.text("sys/bus/pci/devices/0000:00:01.0/class")).toBe("0x060400");
    expect(tree.link("sys/bus/pci/devices/0000:00:01.0")).toBe("../../../devices/pci0000:00/0000:00:01.0");
    expect(tree.list("sys/bus/pci/devices/0000:00:01.0")).toEqual(["class"]);
    expect(tree.file("sys")).toBeNull();
    expect(tree.text("sys/bus/pci/devices/0000:00:02.0/class")).toBeNull();
  });

  test("keeps names that point outside inside", async () => {
    const tree = await readTar(await packTar([file("../../etc/passwd", "x"), file("/abs", "y")]), "evil.tar");
    expect(tree.list("")).toEqual(["abs", "etc"]);
    expect(tree.text("/../../abs")).toBe("y");
  });

  test("has hard links, and the later of two files of one name", async () => {
    const tree = await readTar(
      await packTar([
        file("a", "old"),
        file("a", "new"),
        { header: { name: "b", linkname: "a", size: 0, type: "link" } },
        { header: { name: "c", linkname: "nowhere", size: 0, type: "link" } },
      ]),
      "links.tar",
    );
    expect([tree.text("b"), tree.list("")]).toEqual(["new", ["a", "b"]]);
  });

  test("that is cut off or damaged is refused by name", async () => {
    const tar = await packTar([file("a", "x".repeat(5000))]);
    await expect(readTar(tar.subarray(0, 1024), "cut.tar")).rejects.toThrow(/^cut\.tar: damaged tar archive/);
    const damaged = tar.slice();
    damaged[3] = 0x7a;
    await expect(readTar(damaged, "bad.tar")).rejects.toThrow(/^bad\.tar: damaged tar archive/);
  });
});

describe("links", () => {
  test("that form a loop or lead nowhere end", () => {
    const files = new MemoryFiles();
    files.addLink("a", "b");
    files.addLink("b", "a");
    files.addLink("self", "self/deeper");
    files.addLink("nowhere", "/no/such/file");
    const tree = new FileTree(files);
    expect(["a", "b", "self", "nowhere"].map((name) => tree.file(name))).toEqual([null, null, null, null]);
    expect(tree.has("nowhere")).toBe(true);
    expect(tree.isDirectory("a")).toBe(false);
  });

  test("with an absolute target start at the root of the tree", () => {
    const files = new MemoryFiles();
    files.addFile("top/real/file", utf8("here"));
    files.addLink("link", "/top/../top/real");
    expect(new FileTree(files).text("link/file")).toBe("here");
  });

  test("are followed before `..` is", () => {
    const files = new MemoryFiles();
    files.addFile("a/b/file", utf8("x"));
    files.addLink("short", "a/b");
    expect(new FileTree(files).list("short/..")).toEqual(["b"]);
  });
});

const text = utf8("0000:00:00.0 Host bridge\n".repeat(4000));

describe("gzip", () => {
  test("unpacks", async () => {
    const packed = gzipSync(text);
    expect(packingOf(packed)).toBe("gzip");
    expect(await decompress(packed, "gzip", "a.gz")).toEqual(text);
  });

  test("stops at the limit, however small the file is", async () => {
    const bomb = gzipSync(new Uint8Array(1 << 24));
    expect(bomb.length).toBeLessThan(20_000);
    await expect(decompress(bomb, "gzip", "bomb.gz", 1 << 20)).rejects.toThrow(
      "bomb.gz: oversized gzip data: it unpacks to more than 1048576 bytes",
    );
  });

  test("that is cut off is refused by name", async () => {
    await expect(decompress(gzipSync(text).subarray(0, 40), "gzip", "cut.gz")).rejects.toThrow(
      /^cut\.gz: damaged gzip/,
    );
  });
});

const hasBzip2 = (() => {
  try {
    execFileSync("bzip2", ["--help"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
const bzip2 = (bytes: Uint8Array, ...options: string[]) =>
  new Uint8Array(execFileSync("bzip2", ["-c", ...options], { input: bytes, maxBuffer: 1 << 26 }));

describe("bzip2", () => {
  const hello = Uint8Array.from(
    atob("QlpoOTFBWSZTWU7s6DYAAAJRgAAQQAAGRJCAIAAxBkxBAaeppYC7lDH4u5IpwoSCd2dBsA=="),
    (character) => character.charCodeAt(0),
  );

  test("unpacks", async () => {
    expect(packingOf(hello)).toBe("bzip2");
    expect(new TextDecoder().decode(await decompress(hello, "bzip2", "hello.bz2"))).toBe("hello world\n");
  });

  test.each([
    ["cut off", hello.subarray(0, 30), "it ends in the middle"],
    ["of an unknown level", Uint8Array.from([...hello.subarray(0, 3), 0x30, ...hello.subarray(4)]), "BZh1 to BZh9"],
    ["with a wrong checksum", hello.map((byte, i) => (i === 12 ? byte ^ 1 : byte)), "checksum of a block is wrong"],
  ])("that is %s is refused by name", async (_, bytes, reason) => {
    await expect(decompress(bytes, "bzip2", "bad.bz2")).rejects.toThrow(`bad.bz2: damaged or oversized bzip2 data`);
    await expect(decompress(bytes, "bzip2", "bad.bz2")).rejects.toThrow(reason);
  });

  test("with any one bit wrong is refused or unpacks to the same", async () => {
    for (let bit = 0; bit < hello.length * 8; bit++) {
      const wrong = hello.map((byte, i) => (i === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
      const result = await decompress(wrong, "bzip2", "x", 1 << 20).then(
        (bytes) => new TextDecoder().decode(bytes),
        (error: unknown) => String(error),
      );
      expect(result).toMatch(/^(hello world\n$|ReadError: x: damaged)/);
    }
  });

  test.skipIf(!hasBzip2)("agrees with the bzip2 tool: runs, empty, one byte, many blocks, many streams", async () => {
    let state = 1;
    const random = Uint8Array.from({ length: 250_000 }, () => (state = (state * 48271) % 0x7fffffff) >> 8);
    const inputs = [
      new Uint8Array(0),
      utf8("a"),
      new Uint8Array(300_000),
      utf8("ab".repeat(9) + "c".repeat(259)),
      random,
      text,
    ];
    for (const input of inputs) expect(await decompress(bzip2(input, "-1"), "bzip2", "x")).toEqual(input);
    const both = Uint8Array.from([...bzip2(text), ...bzip2(text)]);
    expect((await decompress(both, "bzip2", "x")).length).toBe(2 * text.length);
  });

  test.skipIf(!hasBzip2)("stops at the limit", async () => {
    await expect(decompress(bzip2(new Uint8Array(1 << 22)), "bzip2", "bomb.bz2", 1 << 20)).rejects.toThrow(
      "it unpacks to more than 1048576 bytes",
    );
  });
});

test("what is not packed is not taken for it", () => {
  expect(["", "BZ", "0000:00:00.0 Host bridge", "{}"].map((start) => packingOf(utf8(start)))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
