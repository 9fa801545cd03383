import { expect, test } from "vitest";
import { emphasised, pasted, readFiles, titleOf } from "../../web/open/sources.js";

test("a paste has a name that no other source has", () => {
  const first = pasted("one", []);
  const second = pasted("two", [first]);
  expect([first.name, second.name, pasted("three", [first, second]).name]).toEqual([
    "pasted text",
    "pasted text 2",
    "pasted text 3",
  ]);
  expect(new TextDecoder().decode(second.bytes)).toBe("two");
});

test("a machine is titled by its sources", () => {
  const file = { name: "lspci.txt", bytes: new Uint8Array() };
  expect(titleOf([file])).toBe("lspci.txt");
  expect(titleOf([pasted("", []), file, { ...file, name: "cpuinfo" }])).toBe("Pasted text and 2 more");
  expect(titleOf([])).toBe("");
});

test("of what went wrong the first sentence is the one to read", () => {
  expect(emphasised('a.txt: it starts with "v1.2 Go". Known are lspci output, hwloc.\nand 2 more')).toEqual([
    'a.txt: it starts with "v1.2 Go".',
    "Known are lspci output, hwloc.",
    "and 2 more",
  ]);
  expect(emphasised("a.txt:3: expected a bus, got zz")).toEqual(["a.txt:3: expected a bus, got zz"]);
  expect(emphasised("")).toEqual([""]);
});

test("more than a page has room for is refused before it is read", async () => {
  let reads = 0;
  const file = (size: number) =>
    ({ name: "dump.tar", size, arrayBuffer: async () => (reads++, new ArrayBuffer(2)) }) as unknown as File;
  await expect(readFiles([file(2 ** 29), file(2 ** 29 + 1)])).rejects.toThrow(
    /1\.1 GB: .*npx peerlane list -i dump\.tar/,
  );
  expect(reads).toBe(0);
  expect(await readFiles([file(2)])).toEqual([{ name: "dump.tar", bytes: new Uint8Array(2) }]);
});

test("a directory that was dropped says what to drop in its place", async () => {
  const directory = {
    name: "sys",
    size: 0,
    arrayBuffer: () => Promise.reject(new DOMException("A requested file could not be read", "NotFoundError")),
  };
  await expect(readFiles([directory as unknown as File])).rejects.toThrow(/sys cannot be read: .*\.tar\.gz/);
});
