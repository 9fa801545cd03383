import { describe, expect, test } from "vitest";
import { JSON_DEPTH_LIMIT, JSON_VALUES_LIMIT } from "../../src/readers/bounds.js";
import { readJson } from "../../src/readers/json.js";
import { readHwloc } from "../../src/readers/hwloc/hwloc.js";
import { readNccl, SIDE_LINKS_LIMIT } from "../../src/readers/nccl.js";
import { XML_LIMITS } from "../../src/readers/xml.js";
import { ncclXml } from "../../src/nccl/xml.js";
import { lintTopology } from "../../src/nccl/lint.js";
import { messageOf, refusal } from "./refusal.js";

describe("JSON", () => {
  const TOO_DEEP = `lists and objects nest more than ${JSON_DEPTH_LIMIT} deep, which no machine needs`;

  test.each<[string, string, number]>([
    ["ten million brackets", "[".repeat(10_000_000), JSON_DEPTH_LIMIT + 1],
    ["and their ends", "[".repeat(10_000_000) + "]".repeat(10_000_000), JSON_DEPTH_LIMIT + 1],
    ["lists and objects in turn", '[{"a":'.repeat(2_000_000), 1 + (JSON_DEPTH_LIMIT / 2) * 6],
    ["below a field", `{"peerlane":1,"systems":${"[".repeat(10_000_000)}`, 24 + JSON_DEPTH_LIMIT],
  ])("of %s is refused where it goes too deep", async (_, text, column) => {
    expect(await refusal(text)).toBe(`x:1:${column}: ${TOO_DEEP}`);
  });

  test("of brackets as the list of rdma_topo is too", async () => {
    const text = `[{"realpath":\n${"[".repeat(1_000_000)}`;
    expect(await refusal(text)).toBe(`x:2:${JSON_DEPTH_LIMIT - 1}: ${TOO_DEEP}`);
  });

  test(`of ${JSON_VALUES_LIMIT} lists and objects and one is refused before one is made`, async () => {
    expect(await refusal(`[${"{},".repeat(JSON_VALUES_LIMIT)}`)).toBe(
      `x:1:${3 * JSON_VALUES_LIMIT - 1}: more than ${JSON_VALUES_LIMIT} lists and objects, which no machine needs`,
    );
  });

  test("with brackets in strings has none", () => {
    const names = JSON.stringify(["[".repeat(5000), '"[{\\"'.repeat(5000), "\\"]);
    const text = `{"peerlane":1,"systems":[{"functions":[{"bdf":"0000:00:00.0","names":${names}}]}]}`;
    expect(readJson(text, "x").systems[0]!.functions[0]!.names).toEqual(JSON.parse(names));
  });

  test("as deep as an NCCL file may be is read", () => {
    const inner = '{"element":"pci","attributes":{},"children":[';
    const elements = (depth: number) => inner.repeat(depth) + "]}".repeat(depth);
    const text = (depth: number) =>
      `{"peerlane":1,"systems":[{"functions":[],"views":[{"tool":"nccl","system":${elements(depth)}}]}]}`;
    expect(readJson(text(XML_LIMITS.depth), "x").systems).toHaveLength(1);
    expect(messageOf(() => readJson(text(100_000), "x"))).toContain(TOO_DEEP);
  });

  test("with half a million mistakes names the first twenty", () => {
    const text = `{"peerlane":1,"systems":[{"functions":[${"{},".repeat(500_000)}{}]}]}`;
    const message = messageOf(() => readJson(text, "x"));
    expect(message).toMatch(/^x: not a machine description \(machine\.schema\.json\), 1000 problems or more:\n/);
    expect(message.split("\n")).toHaveLength(22);
  });

  test("with fields that every object has is told of them", () => {
    const text = `{"peerlane":1,"systems":[{"functions":[{"bdf":"0000:00:00.0","__proto__":{"kind":"root-port"}}]}],"constructor":1}`;
    const message = messageOf(() => readJson(text, "x"));
    expect(message).toContain("$.systems[0].functions[0].__proto__: no such field");
    expect(message).toContain("$.constructor: no such field");
  });
});

describe("XML that was made to grow", () => {
  const roots: readonly [string, (text: string) => unknown, string][] = [
    ["hwloc", (text) => readHwloc(text.replace('version="1"', 'version="2.0"'), "x"), "topology"],
    ["NCCL", (text) => readNccl(text, "x"), "system"],
  ];

  describe.each(roots)("%s", (_, reader, root) => {
    const entities = Array.from({ length: 9 }, (__, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join("");

    test("a billion laughs", () => {
      const text = `<?xml version="1.0"?><!DOCTYPE ${root} [<!ENTITY l0 "ha">${entities}]><${root} version="1">&l9;</${root}>`;
      expect(messageOf(() => reader(text))).toContain("the DOCTYPE holds definitions of its own, which no tool writes");
    });

    test.each(['<!ENTITY x SYSTEM "file:///etc/passwd">', '<!ENTITY % x SYSTEM "http://localhost/x.dtd"> %x;'])(
      "an entity from elsewhere: %s",
      (entity) => {
        const text = `<!DOCTYPE ${root} [${entity}]><${root} version="1">&x;</${root}>`;
        expect(messageOf(() => reader(text))).toContain("the DOCTYPE holds definitions of its own");
      },
    );

    test("a definition from elsewhere is not fetched", () => {
      const text = `<!DOCTYPE ${root} SYSTEM "http://localhost:1/x.dtd"><${root} version="1">&x;</${root}>`;
      expect(messageOf(() => reader(text))).toMatch(/damaged XML: undefined entity/);
    });

    test("a million levels, and so many attributes", () => {
      expect(messageOf(() => reader(`<${root} version="1">${"<a>".repeat(1_000_000)}`))).toMatch(
        /: elements nest more than 512 deep, which no machine needs$/,
      );
      const many = Array.from({ length: 100_000 }, (__, at) => ` a${at}=""`).join("");
      expect(messageOf(() => reader(`<${root} version="1"${many}/>`))).toMatch(
        /: more than 256 attributes in one element$/,
      );
      const long = `<${root} version="1" a="${"x".repeat(10_000_000)}"/>`;
      expect(messageOf(() => reader(long))).toMatch(/: the attribute a is longer than 1048576 characters$/);
    });

    test("what never ends", () => {
      for (const text of ["<!--", "<![CDATA[", "<?x ", "<a ", '<a x="', "&", "&#"]) {
        expect(messageOf(() => reader(`<${root} version="1">${text}${" ".repeat(1_000_000)}`))).toMatch(
          /^x:\d+:\d+: .*damaged XML: /,
        );
      }
    });
  });

  test("names that every object has are only names", () => {
    const attributes = '__proto__="1" constructor="2"';
    const text = `<system version="1" ${attributes}><cpu numaid="0"><__proto__ ${attributes}/></cpu></system>`;
    const [view] = readNccl(text, "x")[0]!.system.views!;
    const { system } = view as { system: Parameters<typeof ncclXml>[0]["system"] };
    expect(Object.entries(system.attributes)).toContainEqual(["__proto__", "1"]);
    expect(ncclXml({ tool: "nccl", system })).toContain('<__proto__ __proto__="1" constructor="2"/>');
    expect(lintTopology(text).elements).toBeGreaterThan(0);
  });

  test("links that add up to more than GPUs have", () => {
    const gpu = (at: number, links: string) =>
      `<pci busid="${at.toString(16).padStart(4, "0")}:00:00.0" class="0x030200"><gpu dev="${at}">${links}</gpu></pci>`;
    const file = (gpus: string) => `<system version="1"><cpu numaid="0">${gpus}</cpu></system>`;
    const link = (to: number, count: number) =>
      `<nvlink target="${to.toString(16).padStart(4, "0")}:00:00.0" count="${count}" tclass="0x030200"/>`;
    const [reading] = readNccl(file(gpu(0, link(1, 200).repeat(1000)) + gpu(1, "")), "x");
    expect(reading!.system.sideLinks).toHaveLength(200);
    expect(reading!.findings[0]!.message).toBe(
      "0000:00:00.0: expected a count of nvlink links to 0001:00:00.0 from 1 to 256, got 400",
    );
    const ring = Array.from({ length: 257 }, (_, at) => gpu(at, link((at + 1) % 257, 256)));
    expect(messageOf(() => readNccl(file(ring.join("")), "x"))).toBe(
      `x: ${257 * 256} links between GPUs, expected at most ${SIDE_LINKS_LIMIT}, which no machine has`,
    );
  });
});
