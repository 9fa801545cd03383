import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { linux, PeerDma, Topology, type FunctionDescription, type SystemDescription } from "../../src/index.js";
import { read } from "../../src/readers/index.js";
import {
  pictureMermaid,
  pictureDot,
  pictureOf,
  pictureSvg,
  reportMarkdown,
  type Picture,
} from "../../src/writers/index.js";
import { chartOf } from "../../src/writers/pictures/mermaid.js";
import { everything } from "../../src/writers/pictures/picture.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

const EXAMPLES = ["arm-soc", "arm64-virt", "nvlink-server", "power9"];
const hasGraphviz = spawnSync("dot", ["-V"]).status === 0;
if (!hasGraphviz) console.warn("skipped: what Graphviz makes of pictures, for dot is not installed");

function example(name: string): Topology {
  return Topology.of(JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), "utf8")));
}

async function captured(name: string): Promise<Topology> {
  const { machine } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
  return Topology.of(machine);
}

function machine(functions: readonly FunctionDescription[], more: Partial<SystemDescription> = {}): Topology {
  return Topology.of({ peerlane: 1, systems: [{ functions, ...more }] });
}

/** What a drawing says, read back from its text: keys of boxes and ports, edges between them. */
interface Drawing {
  readonly boxes: readonly string[];
  readonly edges: readonly string[];
  readonly sides: readonly string[];
  readonly text: string;
}

function fromSvg(svg: string): Drawing & { readonly elements: ReadonlySet<string> } {
  const boxes: string[] = [];
  const edges: string[] = [];
  const sides: string[] = [];
  const elements = new Set<string>();
  let text = "";
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    elements.add(name);
    for (const attribute of Object.keys(attributes)) expect(attribute).not.toMatch(/^on|href/);
    const { id, "data-from": from, "data-to": to, class: look } = attributes as Record<string, string>;
    if (name === "g" && id !== undefined) boxes.push(id);
    if (from !== undefined) (look === "side" ? sides : edges).push(`${from} ${to}`);
  });
  parser.on("text", (piece) => (text += piece));
  parser.write(svg).close();
  return { boxes, edges, sides, text, elements };
}

function fromDot(dot: string): Drawing {
  const boxes: string[] = [];
  const edges: string[] = [];
  const sides: string[] = [];
  for (const line of dot.split("\n")) {
    const [, from, port, to, rest] = /^ +(\w+)(?::(\w+))?(?::e)? -> (\w+)(?::\w)?(.*)$/.exec(line) ?? [];
    if (from !== undefined) {
      const above = port === undefined || port === "e" ? from : port;
      (rest!.includes("style=dashed") ? sides : edges).push(`${above} ${to}`);
      continue;
    }
    const [, node] = /^ +(\w+) \[label=</.exec(line) ?? [];
    if (node === undefined || node === "outside") continue;
    boxes.push(node, ...Array.from(line.matchAll(/ port="(\w+)"/g), ([, key]) => key!));
  }
  return { boxes, edges, sides, text: dot };
}

/** The part of mermaid's grammar that is used; any other line is an error. */
function fromMermaid(chart: string): Drawing {
  const boxes: string[] = [];
  const edges: string[] = [];
  const sides: string[] = [];
  const defined = new Set<string>();
  const label = String.raw`"(?:[\p{L}\p{N} ,.:;()?+/=-]|<br>|#\d+;)*"`;
  const patterns: readonly (readonly [RegExp, (match: RegExpExecArray) => void])[] = [
    [/^%% [^{}]*$/, () => {}],
    [/^%%\{init: (\{.*\})\}%%$/, ([, json]) => JSON.parse(json!)],
    [/^flowchart LR$/, () => {}],
    [/^ +direction LR$/, () => {}],
    [new RegExp(`^ +subgraph (\\w+)\\[${label}\\]$`, "u"), ([, key]) => (depth++, subgraph(key!))],
    [/^ +end$/, () => depth--],
    [new RegExp(`^ +(\\w+)\\[${label}\\]$`, "u"), ([, key]) => (boxes.push(key!), defined.add(key!))],
    [
      new RegExp(`^ +(\\w+) ---(?:\\|${label}\\|)? (\\w+)$`, "u"),
      ([, from, to]) => (edges.push(`${from} ${to}`), use(from!, to!)),
    ],
    [
      new RegExp(`^ +(\\w+) -\\. ${label} \\.->? (\\w+)$`, "u"),
      ([, from, to]) => (sides.push(`${from} ${to}`), use(from!, to!)),
    ],
    [/^ +classDef \w+ [\w#:,\- ]+$/, () => {}],
    [/^ +class ([\w,]+) \w+$/, ([, keys]) => use(...keys!.split(","))],
  ];
  let depth = 0;
  const subgraph = (key: string) => {
    defined.add(key);
    if (/^h/.test(key) && !key.endsWith("_box")) boxes.push(key);
  };
  const use = (...keys: string[]) => {
    for (const key of keys) expect(defined, `${key} is used`).toContain(key);
  };
  for (const line of chart.split("\n")) {
    const known = patterns.find(([pattern]) => pattern.test(line));
    if (known === undefined) throw new Error(`not the mermaid that is meant: ${line}`);
    known[1](known[0].exec(line)!);
  }
  expect(depth).toBe(0);
  return { boxes: boxes.filter((key) => key !== "outside"), edges, sides, text: chart };
}

/** The edges that the tree of the topology has, by the keys of the boxes. */
function expected(topology: Topology): { functions: string[]; edges: string[] } {
  const key = (id: number) => `f${topology.describe(id)!.bdf.replace(/[^0-9a-f]/g, "_")}`;
  const isPort = (id: number) => {
    const above = topology.parent(id);
    if (typeof above !== "number") return false;
    const isBridge = topology.describe(id)!.bus !== undefined;
    return isBridge && (!topology.isFunction(above) || topology.describe(above)!.kind === "upstream-port");
  };
  const ids = [...topology.functions()];
  const edges = ids.flatMap((id) => {
    const parent = topology.parent(id);
    // A port is within the box of what it is a port of.
    if (isPort(id)) return [];
    const above = topology.path(id)[1]!;
    const root = `${topology.isKnown(above) ? "h" : "u"}${topology.name(above).replace(/[^0-9a-f]/g, "_")}`;
    return `${typeof parent === "number" && topology.isFunction(parent) ? key(parent) : root} ${key(id)}`;
  });
  return { functions: ids.map(key).sort(), edges: edges.sort() };
}

function functionsOf(boxes: readonly string[]): string[] {
  return boxes.filter((key) => key.startsWith("f")).sort();
}

function check(topology: Topology): void {
  const picture = pictureOf(topology, { of: topology.functions(), most: Infinity });
  const { functions, edges } = expected(topology);
  const svg = fromSvg(pictureSvg(picture));
  const dot = fromDot(pictureDot(picture));
  const mermaid = fromMermaid(chartOf(picture));
  for (const drawing of [svg, dot, mermaid]) expect(functionsOf(drawing.boxes)).toEqual(functions);
  expect([...svg.edges].sort()).toEqual(edges);
  expect([...dot.edges].sort()).toEqual(edges);
  // There the ports of a switch hang below its upstream port, and those of a host bridge are in its frame.
  const ports = mermaid.edges.filter((edge) => !edges.includes(edge));
  expect(mermaid.edges.filter((edge) => edges.includes(edge)).sort()).toEqual(edges);
  for (const edge of ports) {
    const [from, to] = edge.split(" ").map((key) => functions.indexOf(key)) as [number, number];
    const ids = [...topology.functions()];
    expect(topology.parent(ids[to]!)).toBe(ids[from]!);
  }
  expect(svg.sides.length).toBe(picture.sideLinks.length);
  expect(dot.sides.length).toBe(picture.sideLinks.length);
  if (hasGraphviz) {
    const { status, stderr } = spawnSync("dot", ["-Tcanon"], { input: pictureDot(picture), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }
}

describe("pictures of everything a machine has", () => {
  test.each(captureNames())("of %s hold each function once, below what it hangs below", async (name) => {
    check(await captured(name));
  });

  test.each(EXAMPLES)("of the example %s do so, too", (name) => check(example(name)));
});

const PLAIN = { command: 6, acs: null, bars: [] } as const;
const port = { ...PLAIN, kind: "root-port", class: "0604" } as const;

function keysOf({ groups }: Picture): string[] {
  return groups.flatMap(({ hubs }) => hubs.flatMap((hub) => Array.from(everything(hub), ({ key }) => key)));
}

describe("what is drawn", () => {
  const topology = machine([
    { ...PLAIN, bdf: "0000:00:00.0", class: "0600", kind: "host-bridge-function" },
    { ...port, bdf: "0000:00:01.0", bus: { secondary: 1, subordinate: 1 } },
    { ...port, bdf: "0000:00:02.0", bus: { secondary: 2, subordinate: 2 } },
    { ...PLAIN, bdf: "0000:00:1f.0", class: "0601" },
    { ...PLAIN, bdf: "0000:00:1f.3", class: "0403" },
    { ...PLAIN, bdf: "0000:01:00.0", class: "0200", kind: "endpoint", numaNode: 1 },
    { ...PLAIN, bdf: "0000:01:00.1", class: "0200", physicalFunction: "0000:01:00.0" },
    { ...PLAIN, bdf: "0000:01:00.2", class: "0200", physicalFunction: "0000:01:00.0" },
  ]);

  test("is what matters to peer-to-peer DMA, with the others counted where they hang", () => {
    const picture = pictureOf(topology);
    expect(keysOf(picture)).toEqual(["h0000_00", "f0000_00_01_0", "f0000_01_00_0"]);
    const [{ numaNode, hubs }] = picture.groups as [Picture["groups"][0]];
    expect(numaNode).toBe(1);
    expect(hubs[0]).toMatchObject({ shape: "host-bridge", others: 4, ports: [{ below: [{ extras: ["+ 2 VFs"] }] }] });
    expect(picture.legend).toContain("and N others: functions that are not drawn");
  });

  test("is what is asked for, and what is above it", () => {
    expect(keysOf(pictureOf(topology, { of: [topology.id("0000:01:00.2")] }))).toEqual([
      "h0000_00",
      "f0000_00_01_0",
      "f0000_01_00_2",
    ]);
    expect(() => pictureOf(topology, { of: [topology.id("0000:00")] })).toThrow(/host bridge, expected functions/);
  });

  test("is everything where nothing matters", () => {
    const keys = keysOf(pictureOf(machine([{ ...PLAIN, bdf: "0000:00:1f.0", class: "0601" }])));
    expect(keys).toEqual(["h0000_00", "f0000_00_1f_0"]);
  });

  test("is what hangs below bridges, where nothing shows what functions are", () => {
    const drawing: FunctionDescription[] = [
      { bdf: "0000:00:00.0", parent: null },
      { bdf: "0000:00:01.0", parent: null },
      { bdf: "0000:00:01.1", parent: null, bus: { secondary: 1, subordinate: 1 } },
      { bdf: "0000:00:01.2", parent: null, bus: { secondary: 2, subordinate: 2 } },
      { bdf: "0000:01:00.0", parent: "0000:00:01.1" },
    ];
    const hostBridges = [{ root: "0000:00" }];
    const picture = pictureOf(machine(drawing, { hostBridges }));
    expect(keysOf(picture)).toEqual(["h0000_00", "f0000_00_01_1", "f0000_01_00_0"]);
    expect(picture.groups[0]!.hubs[0]).toMatchObject({ others: 3 });
    expect(picture.legend.join()).toContain("the source shows no classes");
    // Nothing but what is on the root bus, as in many virtual machines: then that is what there is to see.
    const flat = pictureOf(machine(drawing.slice(0, 2), { hostBridges }));
    expect(keysOf(flat)).toEqual(["h0000_00", "f0000_00_00_0", "f0000_00_01_0"]);
    expect(flat.legend.join()).not.toContain("the source shows no classes");
    const asked = machine(drawing, { hostBridges });
    const chosen = pictureOf(asked, { of: [asked.id("0000:00:01.0")] });
    expect(keysOf(chosen)).toEqual(["h0000_00", "f0000_00_01_0"]);
    expect(chosen.legend.join()).not.toContain("the source shows no classes");
  });

  test("has an end: what there is no room for is counted", () => {
    const many = Array.from({ length: 2000 }, (_, at): FunctionDescription => {
      const [bus, device] = [at >> 5, at & 31].map((number) => number.toString(16).padStart(2, "0"));
      return { bdf: `0000:${bus}:${device}.0`, class: "0200", parent: null, label: "n".repeat(500) };
    });
    const crowded = machine(many);
    const picture = pictureOf(crowded);
    expect(functionsOf(keysOf(picture))).toHaveLength(300);
    expect(picture.legend.join()).toContain("room for 300 functions: 1700 that belong in it are left out");
    const chart = pictureMermaid(crowded);
    expect(chart.length).toBeLessThanOrEqual(50_000);
    expect(fromMermaid(chart).boxes.length).toBeGreaterThan(50);
  });

  test("is of one system", () => {
    const two = Topology.of({
      peerlane: 1,
      systems: ["a", "b"].map((name) => ({ name, functions: [{ ...PLAIN, bdf: "0000:00:1f.0", class: "0200" }] })),
    });
    expect(() => pictureOf(two)).toThrow('there are 2 systems, name one of them: "a", "b"');
    expect(pictureOf(two, { system: "b" }).title).toBe("PCI Express topology of b");
    expect(() => pictureOf(two, { system: "c" })).toThrow('no system is named "c"');
    expect(() => pictureOf(two, { system: 0, of: two.functions("b") })).toThrow(/in another system/);
  });

  test("shows that a bridge is not shown", () => {
    const picture = pictureOf(machine([{ ...PLAIN, bdf: "0000:41:00.0", class: "0300", kind: "endpoint" }]));
    expect(picture.groups[0]!.hubs[0]).toMatchObject({ shape: "not-shown", name: "0000:41" });
    expect(picture.legend).toContain("dashed: the source does not show the bridge above");
    expect(pictureSvg(picture)).toContain('class="box not-shown"');
  });

  test("marks a link as slow only where both ends could do more", () => {
    const link = (width: number, maxWidth: number) => ({ speed: 8, width, maxSpeed: 8, maxWidth });
    const below = (own: ReturnType<typeof link>) =>
      pictureOf(
        machine([
          { ...port, bdf: "0000:00:01.0", bus: { secondary: 1, subordinate: 1 }, link: link(8, 16) },
          { ...PLAIN, bdf: "0000:01:00.0", class: "0108", kind: "endpoint", link: own },
        ]),
      ).groups[0]!.hubs[0]!.ports[0]!.below[0]!.link;
    expect(below(link(8, 8))).toEqual({ now: "x8 8GT/s", most: null });
    expect(below(link(8, 16))).toEqual({ now: "x8 8GT/s", most: "x16 8GT/s" });
  });

  test("is what NCCL's file groups, where nothing shows a tree", () => {
    const gpu = (busid: string, target: string) => ({
      element: "pci",
      attributes: { busid, class: "0x030200" },
      children: [
        {
          element: "gpu",
          attributes: { dev: busid.slice(8, 9) },
          children: [{ element: "nvlink", attributes: { target, count: "6" }, children: [] }],
        },
      ],
    });
    const [first, second] = ["0001:00:01.0", "0002:00:02.0"] as const;
    const grouped = { busid: "ffff:ff:01.0", class: "0x060400" };
    const cpu = { numaid: "3" };
    const pci = { element: "pci", attributes: grouped, children: [gpu(first, second), gpu(second, first)] };
    const system = {
      element: "system",
      attributes: {},
      children: [{ element: "cpu", attributes: cpu, children: [pci] }],
    };
    const functions = [first, second].map((bdf) => ({ bdf, class: "0302", parent: "unknown" }));
    const picture = pictureOf(machine(functions, { views: [{ tool: "nccl", system }] }));
    expect(picture.groups).toMatchObject([{ numaNode: 3, hubs: [{ shape: "grouping", name: "ffff:ff:01.0" }] }]);
    expect(keysOf(picture)).toEqual(["gffff_ff_01_0", "f0001_00_01_0", "f0002_00_02_0"]);
    expect(picture.sideLinks).toEqual([
      { kind: "nvlink", from: "f0001_00_01_0", to: "f0002_00_02_0", count: 6, oneWay: false },
    ]);
    expect(fromSvg(pictureSvg(picture)).sides).toEqual(["f0001_00_01_0 f0002_00_02_0"]);
    // A function that the file does not have is not left out.
    const more = [...functions, { bdf: "0000:09:00.0", class: "0200", parent: "unknown" }];
    expect(keysOf(pictureOf(machine(more, { views: [{ tool: "nccl", system }] })))).toContain("f0000_09_00_0");
  });
});

describe("names from a hostile dump", () => {
  const EVIL =
    '"><script>alert(1)</script>&amp;]]>--> \u0000\u001b[31m\ud800\u202e`|@team #1;%%{init}"]; end\n```\nclick';
  const functions: FunctionDescription[] = [
    { ...port, bdf: "0000:00:01.0", bus: { secondary: 1, subordinate: 2 }, label: EVIL },
    { ...PLAIN, bdf: "0000:01:00.0", class: "0302", kind: "endpoint", names: [EVIL, EVIL], label: EVIL },
    { ...PLAIN, bdf: "0000:02:00.0", class: "0302", kind: "endpoint", label: `- ${EVIL}` },
  ];
  const topology = machine(functions, {
    name: EVIL,
    kernel: { release: EVIL },
    platformDevices: [{ name: EVIL, regions: [] }],
    sideLinks: [{ kind: "nv<b>", from: "0000:01:00.0", to: "0000:02:00.0" }],
  });
  const picture = pictureOf(topology);

  test("are text in SVG", () => {
    const { elements, text } = fromSvg(pictureSvg(picture));
    expect([...elements].sort()).toEqual(["desc", "g", "path", "rect", "style", "svg", "text", "title"]);
    expect(text).toContain('"><script>');
    expect(text).not.toMatch(/[\u0000\u001b\u202e]/);
  });

  test("are text for Graphviz", () => {
    const dot = pictureDot(picture);
    expect(dot).not.toMatch(/<script/);
    expect(functionsOf(fromDot(dot).boxes)).toHaveLength(3);
    if (!hasGraphviz) return;
    const { status, stderr, stdout } = spawnSync("dot", ["-Tsvg"], { input: dot, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toMatch(/<script/);
  });

  test("are text in mermaid", () => {
    expect(functionsOf(fromMermaid(chartOf(picture)).boxes)).toHaveLength(3);
  });

  test("are text in Markdown, where they end no fence and mention nobody", () => {
    const report = reportMarkdown(new PeerDma(topology, linux("6.12")));
    expect(report.split("\n").filter((line) => line.startsWith("```"))).toEqual(["```mermaid", "```"]);
    expect(report).not.toMatch(/(?<!\\)<(?!br>)/);
    expect(report).not.toContain("@");
  });
});

describe("a report", () => {
  test("says who may reach whom, what is refused, by what, and what to do", async () => {
    const topology = await captured("switch4-intel");
    const on = { capability: 0x5f, control: 0x1d };
    const { systems } = topology;
    const redirecting = Topology.of({
      peerlane: 1,
      systems: systems.map((system) => ({
        ...system,
        functions: system.functions.map((each) => (each.kind === "downstream-port" ? { ...each, acs: on } : each)),
      })),
    });
    const peer = new PeerDma(redirecting, linux("6.12.117"));
    const report = reportMarkdown(peer);
    const refused = [...redirecting.functions()].flatMap((a) =>
      [...redirecting.functions()].flatMap((b) => {
        const verdict = peer.can(a, b);
        return verdict.answer === "no" && verdict.code === "ACS_REDIRECT" ? verdict.culprits : [];
      }),
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(report).toContain("`ACS_REDIRECT`");
    expect(report).toMatch(/^'pci=disable_acs_redir=[0-9a-f:.;]+'$/m);
    expect(report).toContain("Linux 6.12.117");
    const table = report.split("\n").filter((line) => /^\| \d+ \|/.test(line));
    const matrix = peer.matrix(Uint32Array.from(table, (line) => redirecting.id(line.split(" | ")[2]!)));
    expect(table.length).toBeGreaterThan(2);
    table.forEach((line, row) => {
      const cells = line.slice(2, -2).split(" | ").slice(3);
      expect(cells.map((cell) => cell === "-")).toEqual(
        cells.map((_, column) => matrix.distance[row * table.length + column] === -1),
      );
    });
  });

  test("says what the source does not show", () => {
    const unknown = machine([
      { bdf: "0000:41:00.0", class: "0302", kind: "endpoint" },
      { bdf: "0000:42:00.0", class: "0302", kind: "endpoint" },
    ]);
    const report = reportMarkdown(new PeerDma(unknown, linux("6.12")));
    expect(report).toContain("### What the source does not show");
    expect(report).toContain("- `?` unknown");
    expect(report).not.toContain("### What is refused");
  });

  test("holds no serial number", () => {
    const numbered = machine([{ ...PLAIN, bdf: "0000:00:1f.0", class: "0200", serialNumber: "00-11-22-33" }]);
    expect(reportMarkdown(new PeerDma(numbered, linux("6.12")))).not.toContain("00-11-22-33");
  });
});
