import { describe, expect, test } from "vitest";
import { linux, PeerDma, Topology, type FunctionDescription } from "../../src/index.js";
import {
  formatJson,
  listText,
  matrixText,
  ownerDocument,
  ownerText,
  PLAIN_STYLE,
  treeText,
  verdictText,
} from "../../src/writers/index.js";
import { formatBytes, formatLink, shortLabel, whatItIs } from "../../src/writers/describe.js";
import { paragraph, shorten } from "../../src/writers/style.js";

const PLAIN = { command: 6, acs: null, bars: [] };
const REDIRECTS = { capability: 0x5f, control: 0x1d };

function endpoint(bus: string, more: Partial<FunctionDescription>): FunctionDescription {
  const bars = [{ index: 0, type: "mem64", start: `0x${bus}000000`, bus: `0x${bus}000000`, size: 0x10000 } as const];
  return { ...PLAIN, bdf: `0000:${bus}:00.0`, kind: "endpoint", bars, ...more };
}

/** A host bridge, and a switch with two endpoints below it of which one port redirects. */
function topology(firstPort: Partial<FunctionDescription> = { acs: REDIRECTS }): Topology {
  return Topology.of({
    peerlane: 1,
    systems: [
      {
        complete: true,
        cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
        functions: [
          { ...PLAIN, bdf: "0000:00:00.0", class: "0600", vendor: "8086", device: "29c0" },
          { ...PLAIN, bdf: "0000:00:01.0", kind: "root-port", bus: { secondary: 1, subordinate: 4 } },
          { ...PLAIN, bdf: "0000:01:00.0", kind: "upstream-port", bus: { secondary: 2, subordinate: 4 } },
          {
            ...PLAIN,
            bdf: "0000:02:00.0",
            kind: "downstream-port",
            bus: { secondary: 3, subordinate: 3 },
            ...firstPort,
          },
          { ...PLAIN, bdf: "0000:02:01.0", kind: "downstream-port", bus: { secondary: 4, subordinate: 4 } },
          endpoint("03", { class: "0302", names: ["GPU0"], link: { speed: 16, width: 8, maxSpeed: 16, maxWidth: 16 } }),
          endpoint("04", {
            class: "0108",
            vendor: "144d",
            device: "a824",
            label: "Samsung Electronics Co Ltd NVMe SSD",
          }),
        ],
      },
    ],
  });
}

const peer = (of: Topology, release = "6.12") => new PeerDma(of, linux(release));

describe("the tree", () => {
  test("draws each function below the one above it, with what people look for", () => {
    expect(treeText(topology(), { ...PLAIN_STYLE, unicode: true }).split("\n")).toEqual([
      "host bridge 0000:00",
      "├─ 0000:00:00.0  host bridge function  [8086:29c0]",
      "└─ 0000:00:01.0  root port  [01-04]",
      "   └─ 0000:01:00.0  upstream port  [02-04]",
      "      ├─ 0000:02:00.0  downstream port  [03]  ACS RR CR",
      "      │  └─ 0000:03:00.0  GPU0  3D controller  64K  x8 16GT/s of x16 16GT/s",
      "      └─ 0000:02:01.0  downstream port  [04]",
      "         └─ 0000:04:00.0  NVMe  64K  Samsung NVMe SSD",
    ]);
  });

  test("tells a bridge whose ACS is not shown from one that has none", () => {
    const { acs: _, ...unread } = {
      ...PLAIN,
      bdf: "0000:00:01.0",
      kind: "root-port" as const,
      bus: { secondary: 1, subordinate: 1 },
    };
    const of = Topology.of({ peerlane: 1, systems: [{ functions: [unread] }] });
    expect(treeText(of, PLAIN_STYLE)).toBe("host bridge 0000:00\n`- 0000:00:01.0  root port  [01]  ACS ?");
  });

  test("says where nothing shows what a bus hangs below", () => {
    const of = Topology.of({ peerlane: 1, systems: [{ functions: [{ bdf: "0000:41:00.0" }] }] });
    expect(treeText(of, PLAIN_STYLE)).toBe("bus 0000:41  nothing shows the bridge above it\n`- 0000:41:00.0  function");
  });
});

describe("the matrix", () => {
  const ids = (of: Topology) => [...of.functions()].slice(-2);

  test("has a row for each provider, a column for each client, and its legend below", () => {
    const of = topology({});
    const rows = matrixText(peer(of), peer(of).matrix(ids(of)), PLAIN_STYLE).split("\n");
    const head = rows.indexOf("                     0 1");
    expect(rows.slice(head + 1, head + 4)).toEqual(["0 0000:03:00.0 GPU0  = 4", "1 0000:04:00.0       4 =", ""]);
    expect(rows.slice(-6).map((row) => row.slice(0, 6))).toEqual([
      "   4  ",
      "  4h  ",
      "  4~  ",
      "   =  ",
      "   -  ",
      "   ?  ",
    ]);
  });

  test("wraps into blocks of columns that fit, every block with all rows", () => {
    const functions = Array.from({ length: 40 }, (_, index) => ({
      ...PLAIN,
      bdf: `0000:00:${(index >> 1).toString(16).padStart(2, "0")}.${index & 1}`,
    }));
    const of = Topology.of({ peerlane: 1, systems: [{ complete: true, functions }] });
    const text = matrixText(peer(of), peer(of).matrix(of.functions()), PLAIN_STYLE);
    expect(text.split("\n").filter(({ length }) => length > 80)).toEqual([]);
    expect(text.match(/^ 7 0000:00:03\.1 /gm)).toHaveLength(2);
    const heads = text.split("\n").filter((line) => /^ +\d+( +\d+)+$/.test(line));
    expect(heads.flatMap((line) => line.trim().split(/ +/)).map(Number)).toEqual(functions.map((_, index) => index));
  });

  test("marks refusals, and routes through the host bridge, differently", () => {
    const of = topology();
    expect(matrixText(peer(of), peer(of).matrix(ids(of)), PLAIN_STYLE)).toContain("0 0000:03:00.0 GPU0  = -");
    const zen = Topology.of({
      peerlane: 1,
      systems: [{ ...of.systems[0]!, cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 } }],
    });
    expect(matrixText(peer(zen), peer(zen).matrix(ids(zen)), PLAIN_STYLE)).toContain("0 0000:03:00.0 GPU0   = 4h");
  });
});

describe("a verdict in words", () => {
  const text = (of: Topology) => verdictText(peer(of), peer(of).can("GPU0", "04:00.0"), PLAIN_STYLE);

  test("marks the bridge at fault on the way and quotes the parameter for a shell", () => {
    expect(text(topology())).toContain("0000:02:00.0  downstream port  <-- redirects: RR CR\n");
    expect(text(topology())).toContain("'pci=disable_acs_redir=0000:02:00.0'");
  });

  test("says what memory that has no address means, instead of a bare yes", () => {
    const [system] = topology({}).systems;
    const functions = system!.functions.map((description) =>
      description.names?.[0] === "GPU0"
        ? { ...description, bars: [{ index: 0, type: "mem64" as const, start: null, bus: null }] }
        : description,
    );
    const of = Topology.of({ peerlane: 1, systems: [{ ...system!, functions }] });
    expect(text(of)).toMatch(/^YES for Linux, but its memory has no address/);
    expect(text(topology({}))).toMatch(/^YES: /);
  });

  test("marks the host bridge that refuses, where there is no common bridge", () => {
    const of = topology({});
    const refused = verdictText(peer(of), peer(of).can("00:00.0", "GPU0"), PLAIN_STYLE);
    expect(refused).toContain("0000:00       host bridge      <-- refuses\n");
    expect(refused.match(/<--/g)).toHaveLength(1);
  });
});

describe("the owner of an address in words", () => {
  test("names function, BAR, range and offset", () => {
    const of = topology();
    expect(ownerText(of, ownerDocument(of, 0x3000010n, null), PLAIN_STYLE).split("\n")).toEqual([
      "0x3000010 belongs to 0000:03:00.0 BAR 0 (GPU0)",
      "  range    0x3000000 to 0x300ffff, 64K",
      "  offset   0x10 from its start",
    ]);
  });

  test("lists all who claim it", () => {
    const functions = ["0000:00:02.0", "0000:00:03.0"].map((bdf) => ({
      ...endpoint("00", {}),
      bdf,
      bars: endpoint("0f", {}).bars!,
    }));
    const of = Topology.of({ peerlane: 1, systems: [{ complete: true, functions }] });
    const document = ownerDocument(of, 0xf000000n, null);
    expect(document).toMatchObject({ owner: null, reason: "OWNER_AMBIGUOUS" });
    expect(document.owners.map(({ bdf }) => bdf).sort()).toEqual(["0000:00:02.0", "0000:00:03.0"]);
    expect(ownerText(of, document, PLAIN_STYLE).match(/claimed/g)).toHaveLength(2);
  });
});

test("the list has one line for each function", () => {
  const lines = listText(topology(), PLAIN_STYLE).split("\n");
  expect(lines).toHaveLength(8);
  expect(lines.at(-1)).toMatch(/^0000:04:00\.0 {2}NVMe +144d:a824 +- +64K +Samsung NVMe SSD$/);
});

describe("words for functions", () => {
  test.each([
    [{ kind: "pcie-to-pci-bridge" }, "PCIe-to-PCI bridge"],
    [{ kind: "endpoint", class: "0200" }, "network"],
    [{ kind: "endpoint", class: "010802" }, "NVMe"],
    [{ class: "0b40" }, "class 0b40"],
    [{ kind: "rc-integrated-endpoint" }, "rc integrated endpoint"],
    [{}, "function"],
  ] as const)("%j is a %s", (description, word) => {
    expect(whatItIs({ bdf: "0000:00:00.0", ...description })).toBe(word);
  });

  test("sizes are in the largest unit that holds them", () => {
    expect([256n, 4096n, 0x18000000n, 1n << 63n, 1536n << 20n].map(formatBytes)).toEqual([
      "256",
      "4K",
      "384M",
      "8E",
      "1.5G",
    ]);
  });

  test("a link shows what it could be only where it is less", () => {
    expect(formatLink({ speed: 16, width: 4, maxSpeed: 16, maxWidth: 4 })).toBe("x4 16GT/s");
    expect(formatLink({ speed: 2.5, width: 4, maxSpeed: 16, maxWidth: 4 })).toBe("x4 2.5GT/s of x4 16GT/s");
    expect(formatLink({ speed: null, width: 4 })).toBe("");
    expect(formatLink(null)).toBe("");
  });

  test("makers lose their legal form", () => {
    const label = (text: string) => shortLabel({ bdf: "0000:00:00.0", label: text });
    expect(label("NVIDIA Corporation GA100 [A100 PCIe 80GB]")).toBe("NVIDIA GA100 [A100 PCIe 80GB]");
    expect(label("Advanced Micro Devices, Inc. [AMD/ATI] Navi 31")).toBe("AMD Navi 31");
    expect(label("Mellanox Technologies MT28908 Family")).toBe("Mellanox MT28908 Family");
  });
});

describe("layout", () => {
  test("paragraphs wrap at words; a word that is too long stays whole", () => {
    const lines = paragraph("  why", `${"word ".repeat(20)}${"x".repeat(90)} end`, PLAIN_STYLE);
    expect(lines[0]).toMatch(/^ {2}why {6}word word/);
    expect(lines.slice(1).every((line) => line.startsWith(" ".repeat(11)))).toBe(true);
    expect(lines.filter(({ length }) => length > 80)).toEqual([`${" ".repeat(11)}${"x".repeat(90)}`]);
  });

  test("colours do not count as columns", () => {
    const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
    const plain = paragraph("", "one two three four five six seven", { ...PLAIN_STYLE, width: 24 }, 0);
    const painted = paragraph(
      "",
      `${red("one")} two three four ${red("five")} six seven`,
      { ...PLAIN_STYLE, width: 24 },
      0,
    );
    expect(painted.map((line) => line.replace(/\u001b\[\d+m/g, ""))).toEqual(plain);
  });

  test("what is cut says so, and fits", () => {
    expect(shorten("abcdefghij", 8, PLAIN_STYLE)).toBe("abcde...");
    expect(shorten("abcdefghij", 8, { ...PLAIN_STYLE, unicode: true })).toBe("abcdefg…");
    expect(shorten("abcdefghij", 2, PLAIN_STYLE)).toBe("ab");
    expect(shorten("abc", 3, PLAIN_STYLE)).toBe("abc");
  });
});

describe("JSON", () => {
  const value = {
    a: [1, null, 3],
    b: { c: "x", gone: undefined },
    d: [],
    e: {},
    long: Array.from({ length: 9 }, (_, at) => `item number ${at}`),
  };

  test("is what JSON.stringify would say", () => {
    expect(JSON.parse(formatJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    expect(JSON.parse(formatJson([undefined, 1]))).toEqual([null, 1]);
  });

  test("keeps a row of numbers on one line, however long", () => {
    const row = Array.from({ length: 200 }, (_, at) => at);
    expect(formatJson({ rows: [row, row] }).split("\n")).toHaveLength(6);
  });
});
