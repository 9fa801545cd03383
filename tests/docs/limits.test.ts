import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { checkExtent, MATRIX_LIMIT, memoryNeeded } from "../../src/core.js";
import { RangeBuilder } from "../../src/core/ranges.js";
import { layout, MEMORY_BYTES } from "../../src/core/wasm.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { shapes } from "../../src/fabrics/index.js";
import { ROW_LIMIT } from "../../src/fabrics/plan.js";
import { bestPartners, PAIRS_LIMIT, SHARED_PAIRS_LIMIT } from "../../src/partners/index.js";
import { linux } from "../../src/policy/linux.js";
import * as bounds from "../../src/readers/bounds.js";
import { decompress, NAMES_LIMIT, PATH_LIMIT, UNPACKED_LIMIT } from "../../src/readers/files/archive.js";
import { FileTree, LINK_LIMIT, MemoryFiles, NAMES_ASKED_LIMIT, READ_LIMIT } from "../../src/readers/files/file-tree.js";
import { DIRECTORY_LIMIT, directoryTree } from "../../src/readers/files/node-directory.js";
import { readNccl, SIDE_LINKS_LIMIT } from "../../src/readers/nccl.js";
import { INPUT_LIMIT, openSource, PACKED_LIMIT } from "../../src/readers/node-machine.js";
import { DEEPEST_PACKING } from "../../src/readers/read.js";
import { ReadError } from "../../src/readers/reading.js";
import { readListing } from "../../src/readers/sysfs/listing.js";
import { MOST_DEVICES, MOST_MATRICES, readTopoMatrix } from "../../src/readers/topo-matrix.js";
import { readXml, XML_LIMITS } from "../../src/readers/xml.js";
import { DESCRIBED_LIMIT } from "../../src/topology/from-description.js";
import { Topology } from "../../src/topology/topology.js";
import { LARGEST_SIZE, SPAN_LIMIT, spansOf } from "../../src/transfer/spans.js";
import { refusal } from "../hostile/refusal.js";
import { sparse } from "../hostile/sparse.js";
import { longName, tar } from "../hostile/tar.js";
import { directory, page, table } from "./pages.js";

const PAGE = page("docs/limits.md");

/** A limit, and what happens at its next number; of which nothing but the error is waited for. */
type Limit = readonly [limit: number, oneMore: () => unknown];

const { TEXT_LIMIT, LINES_LIMIT, LINE_LIMIT, FUNCTIONS_LIMIT, JSON_DEPTH_LIMIT, JSON_VALUES_LIMIT } = bounds;
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
const bdfOf = (at: number) => `${hex(at >> 16, 4)}:${hex((at >> 8) & 255, 2)}:${hex((at >> 3) & 31, 2)}.${at & 7}`;

async function refused(content: string | Uint8Array): Promise<never> {
  throw new ReadError((await refusal(content)).replace(/^x:/, ""), "x");
}

function xml(text: string): void {
  readXml(text, "x", { open: () => undefined, close: () => undefined });
}

function packed(times: number): Uint8Array {
  let bytes: Uint8Array = new TextEncoder().encode("0000:00:00.0 Host bridge: x\n");
  for (let time = 0; time < times; time++) bytes = gzipSync(bytes);
  return bytes;
}

const READ: Readonly<Record<string, Limit>> = {
  INPUT_LIMIT: [INPUT_LIMIT, () => openSource(sparse(join(directory, "long"), INPUT_LIMIT + 1))],
  PACKED_LIMIT: [PACKED_LIMIT, () => openSource(sparse(join(directory, "packed"), PACKED_LIMIT + 1, "peerlane"))],
  DIRECTORY_LIMIT: [
    DIRECTORY_LIMIT,
    () => {
      const root = join(directory, "tree");
      mkdirSync(root, { recursive: true });
      const file = sparse(join(directory, "tree/long"), DIRECTORY_LIMIT + 1);
      try {
        directoryTree(root).file("long");
      } finally {
        rmSync(file);
      }
    },
  ],
  UNPACKED_LIMIT: [
    UNPACKED_LIMIT,
    () => {
      const block = gzipSync(new Uint8Array(2 ** 24));
      const blocks = Array<Buffer>(UNPACKED_LIMIT / 2 ** 24).fill(block);
      return decompress(Buffer.concat([...blocks, gzipSync(new Uint8Array(1))]), "gzip", "x");
    },
  ],
  DEEPEST_PACKING: [DEEPEST_PACKING, () => refused(packed(DEEPEST_PACKING + 1))],
  PATH_LIMIT: [PATH_LIMIT, () => refused(tar(longName("a".repeat(PATH_LIMIT + 1))))],
  NAMES_LIMIT: [
    NAMES_LIMIT,
    () => {
      const deep = (at: number) => longName(`${at}/${"a/".repeat(2000)}f`);
      return refused(tar(Array.from({ length: NAMES_LIMIT / 2000 + 1 }, (_, at) => deep(at)).flat()));
    },
  ],
  READ_LIMIT: [
    READ_LIMIT,
    () => {
      const files = new MemoryFiles();
      files.addFile("a", new Uint8Array(READ_LIMIT));
      files.addFile("b", new Uint8Array(1));
      const tree = new FileTree(files);
      expect(tree.file("a")).toHaveLength(READ_LIMIT);
      tree.file("b");
    },
  ],
  NAMES_ASKED_LIMIT: [
    NAMES_ASKED_LIMIT,
    () => {
      const files = new MemoryFiles();
      for (let at = 0; at < 2 ** 16; at++) files.addDirectory(`a/${at}`);
      const tree = new FileTree(files);
      // Each listed name counts for 16, the way to the directory for one.
      for (let time = 1; time < NAMES_ASKED_LIMIT / 2 ** 20; time++) expect(tree.list("a", /^0$/)).toEqual(["0"]);
      tree.list("a");
      tree.list("a");
    },
  ],
  TEXT_LIMIT: [TEXT_LIMIT, () => refused(new Uint8Array(TEXT_LIMIT + 1))],
  LINES_LIMIT: [LINES_LIMIT, () => refused("x\n".repeat(LINES_LIMIT + 1))],
  LINE_LIMIT: [LINE_LIMIT, () => refused("x".repeat(LINE_LIMIT + 1))],
  FUNCTIONS_LIMIT: [
    FUNCTIONS_LIMIT,
    () => {
      const paths = Array.from({ length: FUNCTIONS_LIMIT + 1 }, (_, at) => bdfOf(at));
      readListing(paths.map((bdf) => `/sys/devices/pci${bdf.slice(0, 7)}/${bdf}\n`).join(""), "x");
    },
  ],
  JSON_DEPTH_LIMIT: [JSON_DEPTH_LIMIT, () => refused("[".repeat(JSON_DEPTH_LIMIT + 1))],
  JSON_VALUES_LIMIT: [JSON_VALUES_LIMIT, () => refused(`[${"{},".repeat(JSON_VALUES_LIMIT)}`)],
  "XML.elements": [XML_LIMITS.elements, () => xml(`<a>${"<a/>".repeat(XML_LIMITS.elements)}</a>`)],
  "XML.depth": [XML_LIMITS.depth, () => xml("<a>".repeat(XML_LIMITS.depth + 1))],
  "XML.attributes": [
    XML_LIMITS.attributes,
    () => xml(`<a ${Array.from({ length: XML_LIMITS.attributes + 1 }, (_, at) => `x${at}=""`).join(" ")}/>`),
  ],
  "XML.value": [XML_LIMITS.value, () => xml(`<a a="${"x".repeat(XML_LIMITS.value + 1)}"/>`)],
  MOST_MATRICES: [MOST_MATRICES, () => readTopoMatrix("GPU0 X\n".repeat(MOST_MATRICES + 1), "x")],
  MOST_DEVICES: [MOST_DEVICES, () => readTopoMatrix(`GPU0 X ${"SYS ".repeat(MOST_DEVICES)}\n`, "x")],
  SIDE_LINKS_LIMIT: [
    SIDE_LINKS_LIMIT,
    () => {
      const gpu = (at: number, count: number) =>
        `<pci busid="${hex(at, 4)}:00:00.0" class="0x030200"><gpu dev="${at}">` +
        `<nvlink target="ffff:00:00.0" count="${count}" tclass="0x030200"/></gpu></pci>`;
      const full = Array.from({ length: SIDE_LINKS_LIMIT / 256 }, (_, at) => gpu(at, 256));
      const target = '<pci busid="ffff:00:00.0" class="0x030200"><gpu dev="999"/></pci>';
      readNccl(`<system version="1"><cpu numaid="0">${full.join("")}${gpu(1000, 1)}${target}</cpu></system>`, "x");
    },
  ],
};

/** A system of two kinds of functions, and whoever answers about them. */
function asked(): { peerDma: PeerDma; functions: readonly number[] } {
  const topology = Topology.of({
    peerlane: 1,
    systems: [{ functions: Array.from({ length: 8193 }, (_, at) => ({ bdf: bdfOf(at) })) }],
  });
  return { peerDma: new PeerDma(topology, linux("6.12")), functions: [...topology.functions()] };
}

function mapped(size: number): Parameters<typeof spansOf>[0] {
  return {
    source: BigUint64Array.of(0n),
    size,
    dmaAddress: BigUint64Array.of(0n),
    route: Uint8Array.of(0),
    translation: Uint8Array.of(0),
  };
}
const SPANS = { most: 1, boundaryBits: 64, merge: true, pageSize: 4096 };

const ASKED: Readonly<Record<string, Limit>> = {
  DESCRIBED_LIMIT: [
    DESCRIBED_LIMIT,
    () =>
      Topology.of({ peerlane: 1, systems: [{ functions: Array(DESCRIBED_LIMIT + 1).fill({ bdf: "0000:00:00.0" }) }] }),
  ],
  MEMORY_BYTES: [
    MEMORY_BYTES,
    () => {
      const extent = (nodes: number) => ({ nodes, hosts: 1, systems: 1, ranges: 0 });
      let nodes = 2 ** 26;
      while (memoryNeeded(extent(nodes)) <= MEMORY_BYTES) nodes += 2 ** 12;
      expect(() => checkExtent(extent(nodes - 2 ** 12))).not.toThrow();
      checkExtent(extent(nodes));
    },
  ],
  CLAIM_RANGE: [layout.CLAIM_RANGE, () => new RangeBuilder(layout.CLAIM_RANGE + 1, 1)],
  MATRIX_LIMIT: [
    MATRIX_LIMIT,
    () => {
      const { peerDma, functions } = asked();
      peerDma.matrix(Uint32Array.from(functions));
    },
  ],
  PAIRS_LIMIT: [
    PAIRS_LIMIT,
    () => {
      const { peerDma, functions } = asked();
      bestPartners(peerDma, functions.slice(0, 4096), { among: functions.slice(0, 4097) });
    },
  ],
  SHARED_PAIRS_LIMIT: [
    SHARED_PAIRS_LIMIT,
    () => {
      const { peerDma, functions } = asked();
      bestPartners(peerDma, functions.slice(0, 1024), { among: functions.slice(0, 1025), share: 1 });
    },
  ],
  SPAN_LIMIT: [SPAN_LIMIT, () => spansOf(mapped(SPAN_LIMIT + 1), SPANS)],
  LARGEST_SIZE: [LARGEST_SIZE, () => spansOf(mapped(LARGEST_SIZE * 2), { ...SPANS, most: 2 ** 60 })],
  ROW_LIMIT: [ROW_LIMIT, () => shapes["gpu-servers"]({ functions: ROW_LIMIT + 1 })],
};

/** `268,435,456` or `2^52`. */
function number(text: string): number {
  const [base, exponent] = text.replaceAll(",", "").split("^").map(Number);
  return base! ** (exponent ?? 1);
}

async function error(action: () => unknown): Promise<Error> {
  try {
    await action();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("nothing was refused");
}

describe.each([
  ["What is read", READ, "why so much"],
  ["What is asked", ASKED, "why"],
] as const)("%s", (heading, limits, why) => {
  const rows = table(PAGE.slice(PAGE.indexOf(`## ${heading}`)), "limit", "at most", "of", why);

  test("every limit has its row", () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(limits));
  });

  test.each(rows)("%s: %s", async (name, most, _of, _why, message) => {
    const [limit, oneMore] = limits[name!]!;
    expect(number(most!)).toBe(limit);
    const thrown = await error(oneMore);
    if (limits === READ) expect(thrown).toBeInstanceOf(ReadError);
    else expect(`${thrown.name}: ${thrown.message}`).toMatch(/^RangeError: /);
    expect(`${thrown.name}: ${thrown.message}`).toContain(message);
  });
});

test("links are followed as far as the page says", () => {
  const files = new MemoryFiles();
  for (let at = 0; at <= LINK_LIMIT; at++) files.addLink(`l${at}`, `l${at + 1}`);
  files.addFile(`l${LINK_LIMIT + 1}`, new Uint8Array());
  const tree = new FileTree(files);
  expect([tree.file("l0"), tree.file("l1")]).toEqual([null, new Uint8Array()]);
  expect(PAGE).toContain(`${LINK_LIMIT} links that lead to one another`);
});
