import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.js";
import { MemoryFiles, FileTree } from "../../src/readers/files/file-tree.js";
import { read, unpack } from "../../src/readers/read.js";
import { ReadError } from "../../src/readers/reading.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { captureFile, captureText } from "../readers/fixtures.js";
import { Answers } from "./damage.js";
import { mutant } from "./mutate.js";

// A damaged dump never allows what the intact one does not, unless it states something that the intact one does not.

const LONG = process.env["PEERLANE_LONG"] === "1" ? 20 : 1;
const CAPTURES = ["switch4-intel", "acs-iommu-intel", "sriov-intel", "pxb-intel", "conventional-intel", "hygon"];
/** What lspci's text does not show. */
const ABOUT =
  "Linux version 6.12.117 (build@host) #1 SMP\n\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nprocessor\t: 0\n";

const isHex = (line: string) => /^[0-9a-f]{2,3}: /.test(line);
const isHeader = (line: string) => /^[0-9a-f]{4}:[0-9a-f]{2}:/.test(line);
const FORMS: Readonly<Record<string, (lines: string[]) => string[]>> = {
  "fields alone": (lines) => lines.filter((line) => !isHex(line)),
  "dumps alone": (lines) => lines.filter((line) => line === "" || isHex(line) || isHeader(line)),
};

async function answersOf(text: string | Uint8Array | FileTree): Promise<Answers | null> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const sources = [{ name: "damaged", bytes }];
  if (!(text instanceof FileTree)) sources.push({ name: "about", bytes: new TextEncoder().encode(ABOUT) });
  let machine: MachineDescription;
  try {
    ({ machine } = await read(sources));
  } catch (error) {
    if (error instanceof ReadError) return null;
    throw error;
  }
  return new Answers(machine);
}

/** Fails where damage alone allows something. How many were read at all. */
async function expectNoMore(before: Answers, damaged: Iterable<string | Uint8Array | FileTree>): Promise<number> {
  let answered = 0;
  for (const each of damaged) {
    const after = await answersOf(each);
    if (after === null) continue;
    answered++;
    const more = after.moreThan(before);
    if (more.length > 0 && after.newTo(before).length === 0) expect(more).toEqual([]);
  }
  return answered;
}

describe.each(CAPTURES.flatMap((name) => Object.keys(FORMS).map((form) => [name, form] as const)))(
  "%s, lspci's %s",
  (name, form) => {
    const lines = FORMS[form]!(captureText(name, "lspci.txt").split("\n"));
    const text = lines.join("\n");

    test("cut off anywhere, it allows nothing", async () => {
      const before = (await answersOf(text))!;
      expect(before.allowed.size).toBeGreaterThan(0);
      const count = 25 * LONG;
      for (let cut = 1; cut <= count; cut++) {
        const after = await answersOf(text.slice(0, Math.floor((text.length * cut) / count) - 1));
        expect(after?.moreThan(before) ?? []).toEqual([]);
      }
    });

    test("with lines lost, bytes changed or pieces moved, it allows what it says itself", async () => {
      const before = (await answersOf(text))!;
      const random = new Random(7, 1);
      const bytes = new TextEncoder().encode(text);
      const damaged = Array.from({ length: 30 * LONG }, (_, round) => {
        if (round % 2 === 0) return mutant([bytes], random, bytes.length * 2);
        const at = random.below(lines.length);
        return [...lines.slice(0, at), ...lines.slice(at + 1 + random.below(random.below(3) ? 3 : 40))].join("\n");
      });
      expect(await expectNoMore(before, damaged)).toBeGreaterThan(0);
    });

    test("with the line lost that names a function, what is below is nobody's", async () => {
      const before = (await answersOf(text))!;
      for (const [index, line] of lines.entries()) {
        if (!isHeader(line) || index === 0) continue;
        // Alone, and with the blank line before it.
        for (const from of [index, index - 1]) {
          const after = await answersOf([...lines.slice(0, from), ...lines.slice(index + 1)].join("\n"));
          expect(after?.moreThan(before) ?? []).toEqual([]);
        }
      }
    });
  },
);

test.each(CAPTURES)("%s, a tree of /sys with files lost, allows what it says itself", async (name) => {
  const tree = (await unpack(captureFile(name, "snapshot.tar.gz"), name)) as FileTree;
  const whole = new MemoryFiles();
  const kept = tree.keeping(whole);
  const before = (await answersOf(kept))!;
  expect(before.allowed.size).toBeGreaterThan(0);
  const paths = whole.paths().filter((path) => whole.read(path) !== null || whole.link(path) !== null);
  const random = new Random(7, 2);
  const damaged = Array.from({ length: 15 * LONG }, () => {
    const lost = new Set(Array.from({ length: 1 + random.below(4) }, () => paths[random.below(paths.length)]!));
    const files = new MemoryFiles();
    for (const path of paths) {
      if (lost.has(path)) continue;
      const [link, bytes] = [whole.link(path), whole.read(path)];
      if (link !== null) files.addLink(path, link);
      else if (bytes !== null) files.addFile(path, random.below(200) === 0 ? bytes.slice(0, bytes.length >> 1) : bytes);
    }
    return new FileTree(files);
  });
  expect(await expectNoMore(before, damaged)).toBeGreaterThan(0);
});
