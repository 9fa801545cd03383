import { describe, expect, test } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { shapes } from "../../src/fabrics/index.js";
import { Topology } from "../../src/topology/topology.js";
import { commonText } from "../../src/writers/common.js";
import { formatJson, jsonPieces } from "../../src/writers/json.js";
import { listDocument, listSequence } from "../../src/writers/list.js";
import { matrixText } from "../../src/writers/matrix.js";
import { PLAIN_STYLE, table } from "../../src/writers/style.js";
import { layOut } from "../../src/writers/pictures/svg-layout.js";
import { pictureOf } from "../../src/writers/pictures/picture-of.js";
import { treeDocument, treeSequence, treeText, type TreeEntry } from "../../src/writers/tree.js";
import { machineT } from "../vectors/machine.js";

const chain = (functions: number) => Topology.fromColumns(shapes["deep-chain"]({ functions })).topology;

describe("what is larger than a call's arguments", () => {
  test("a table of many rows", () => {
    const rows = Array.from({ length: 200_000 }, (_, row) => [row === 7 ? "wide" : "-", "x"]);
    const lines = [...table(rows)];
    expect([lines.length, lines[7], lines[8]]).toEqual([200_000, "wide  x", "-     x"]);
  });

  test("a matrix of many cells", () => {
    const { topology } = Topology.fromColumns(shapes["gpu-servers"]({ functions: 400 }));
    const peer = new PeerDma(topology, linux("6.12"));
    const lines = matrixText(peer, peer.matrix(topology.functions()), { ...PLAIN_STYLE, width: 4000 }).split("\n");
    expect(lines.filter((line) => / = /.test(`${line} `))).toHaveLength(401);
    topology.close();
  });

  test("a way of many steps, of which the middle is counted only", () => {
    const topology = chain(200_000);
    const [first, last] = [2, topology.size];
    const lines = commonText(topology, last, first, PLAIN_STYLE).split("\n");
    expect(lines.length).toBeLessThan(60);
    expect(lines[1]).toMatch(/^ {2}path .* a +NVMe$/);
    expect(lines.at(-1)).toMatch(/ b +root port, common bridge$/);
    expect(lines.filter((line) => line.includes("199959 bridges more"))).toHaveLength(1);
    topology.close();
  });
});

describe("a picture of all there is", () => {
  const drawn = (topology: Topology) => {
    const picture = pictureOf(topology, { of: topology.functions(), most: Infinity });
    topology.close();
    return { picture, layout: layOut(picture) };
  };

  test("is as deep as machines are, and says what is left out", () => {
    const { picture, layout } = drawn(chain(20_000));
    expect(picture.legend).toContain("the picture is 256 levels deep: 19744 functions that hang deeper are left out");
    expect(layout.groups[0]!.boxes.length).toBeGreaterThan(100);
  });

  test("has room for more boxes than a call has for arguments", () => {
    const bdf = (number: number) => {
      const [segment, bus, device] = [number >> 16, (number >> 8) & 0xff, (number >> 3) & 0x1f];
      const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
      return `${hex(segment, 4)}:${hex(bus, 2)}:${hex(device, 2)}.${number & 7}`;
    };
    const functions = Array.from({ length: 150_000 }, (_, number) => ({ bdf: bdf(number), parent: null }));
    const { layout } = drawn(Topology.of({ peerlane: 1, systems: [{ functions }] }));
    const [group] = layout.groups;
    expect(group!.boxes.filter(({ box }) => box.shape === "device")).toHaveLength(150_000);
    expect(group!.boxes.every(({ y, height }) => y >= 0 && y + height <= layout.height)).toBe(true);
  });
});

describe("the tree of a deep chain", () => {
  const topology = chain(20_000);

  test("is indented as far as machines are deep, and then says how deep it is", () => {
    const lines = treeText(topology, PLAIN_STYLE).split("\n");
    expect(lines).toHaveLength(20_001);
    expect(lines[32]).toMatch(/^ {93}`- 0000:/);
    expect(lines[33]).toMatch(/^ {96}\(depth 33\) `- 0000:/);
    expect(lines.at(-1)).toMatch(/^ {96}\(depth 20000\) `- 0000:/);
  });

  test("is a document, however deep", () => {
    let depth = 0;
    let [entries]: (readonly TreeEntry[])[] = [treeDocument(topology).hostBridges[0]!.children];
    for (; entries![0] !== undefined; [entries] = [entries![0].children]) depth = entries![0].depth!;
    expect(depth).toBe(20_000);
  });
});

test("a tree goes back to each level that it left", () => {
  const topology = Topology.of(machineT());
  const drawn = treeText(topology, PLAIN_STYLE)
    .split("\n")
    .flatMap((line) => /0000:\S\S:\S\S\.\d/.exec(line) ?? []);
  const walked: string[] = [];
  const walk = ({ bdf, children }: TreeEntry) => {
    walked.push(bdf);
    children.forEach(walk);
  };
  for (const { children } of treeDocument(topology).hostBridges) children.forEach(walk);
  expect(drawn).toEqual(walked);
  expect([...drawn].sort()).toEqual(Array.from(topology.functions(), (id) => topology.name(id)));
});

describe("JSON in pieces", () => {
  const topology = Topology.of(machineT());
  const long = "x".repeat(99);
  test.each([
    ["nothing", null],
    ["an empty list", []],
    ["an empty object", {}],
    ["what fits on a line", { a: [1, { b: "c" }], d: undefined }],
    ["what does not", [long, long, { a: long, b: [{ c: [[[long]], [undefined]] }] }]],
    ["a row of numbers", { row: Array.from({ length: 100 }, (_, index) => (index === 3 ? null : index)) }],
    [
      "a text that just fits, or not",
      { a: [long.slice(5)], b: [long.slice(4)], c: [long.slice(3)], d: [long.slice(2)] },
    ],
    ["short items, more than a line", Array.from({ length: 40 }, () => "abc")],
    ["a list of functions", listDocument(topology)],
    ["a tree", treeDocument(topology)],
    ["a description", topology.describeMachine()],
  ])("%s: the same text", (_, value) => {
    expect([...jsonPieces(value)].join("")).toBe(formatJson(value));
  });

  test("of lists that are walked through once: the same text", () => {
    expect([...jsonPieces(listSequence(topology))].join("")).toBe(formatJson(listDocument(topology)));
    expect([...jsonPieces(treeSequence(topology))].join("")).toBe(formatJson(treeDocument(topology)));
  });
});
