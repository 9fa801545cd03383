import { describe, expect, test } from "vitest";
import { looksLikeTopoMatrix, readTopoMatrix } from "../../src/readers/topo-matrix.js";
import { read } from "../../src/readers/read.js";
import type { MatrixView } from "../../src/topology/views.js";
import { REAL, realFile } from "./fixtures.js";

/** Tabs are written as ›. */
const tabs = (text: string) => text.replaceAll("›", "\t");

function matrices(text: string) {
  expect(looksLikeTopoMatrix(text)).toBe(true);
  const { system, findings } = readTopoMatrix(text, "topo.txt");
  expect(system.functions).toEqual([]);
  return { views: (system.views ?? []) as MatrixView[], findings };
}

function only(text: string) {
  const { views, findings } = matrices(text);
  expect(views).toHaveLength(1);
  const { devices, cells } = views[0]!;
  return {
    devices,
    names: devices.map(({ name }) => name).join(" "),
    rows: cells.map((row) => row.map((cell) => cell ?? ".").join(" ")),
    findings: findings.map(({ code, line }) => `${code} ${line}`),
    messages: findings.map(({ message }) => message),
  };
}

const RAW = tabs(`›GPU0›GPU1›NIC0›NIC1›CPU Affinity›NUMA Affinity›GPU NUMA ID
GPU0› X ›NV18›PIX›SYS›0-31,64-95›0››N/A
GPU1›NV18› X ›SYS›PIX›32-63,96-127›1››N/A
NIC0›PIX›SYS› X ›SYS››››
NIC1›SYS›PIX›SYS› X ››››

Legend:

  X    = Self
  NV#  = Connection traversing a bonded set of # NVLinks

NIC Legend:

  NIC0: mlx5_0
  NIC1: mlx5_bond_1
`);

const WHOLE = {
  names: "GPU0 GPU1 NIC0 NIC1",
  rows: ["X NV18 PIX SYS", "NV18 X SYS PIX", "PIX SYS X SYS", "SYS PIX SYS X"],
  findings: [],
};

describe("the matrix as nvidia-smi prints it", () => {
  test("has cells, legend, CPUs and NUMA nodes", () => {
    const found = only(RAW);
    expect(found).toMatchObject(WHOLE);
    expect(found.devices).toEqual([
      { name: "GPU0", cpus: "0-31,64-95", numaNodes: "0" },
      { name: "GPU1", cpus: "32-63,96-127", numaNodes: "1" },
      { name: "NIC0", legend: "mlx5_0" },
      { name: "NIC1", legend: "mlx5_bond_1" },
    ]);
  });

  test("of an old driver has devices for columns, SOC, and no NUMA columns", () => {
    const text = tabs(`›GPU0›GPU1›mlx4_0›CPU Affinity
GPU0› X ›PHB›SOC›0-7
GPU1›PHB› X ›SOC›0-7
mlx4_0›SOC›SOC› X ›
`);
    const { names, rows, devices, findings } = only(text);
    expect({ names, rows, findings }).toEqual({
      names: "GPU0 GPU1 mlx4_0",
      rows: ["X PHB SOC", "PHB X SOC", "SOC SOC X"],
      findings: [],
    });
    expect(devices[0]).toEqual({ name: "GPU0", cpus: "0-7" });
  });

  test("of one GPU", () => {
    expect(only(tabs("›GPU0›CPU Affinity›NUMA Affinity›GPU NUMA ID\nGPU0› X ›0-15››0››\n"))).toMatchObject({
      names: "GPU0",
      rows: ["X"],
    });
  });

  test("what is empty between tabs keeps its place", () => {
    const { devices } = only(tabs("›GPU0›GPU1›CPU Affinity›NUMA Affinity\nGPU0› X ›PHB››0\nGPU1›PHB› X ›0-7›0\n"));
    expect(devices).toEqual([
      { name: "GPU0", numaNodes: "0" },
      { name: "GPU1", cpus: "0-7", numaNodes: "0" },
    ]);
  });

  test("more in one text than anybody pastes are refused, and the row is named that begins one too many", () => {
    const rows = (count: number) => "GPU0 X\n".repeat(count);
    expect(matrices(rows(256)).views).toHaveLength(256);
    expect(() => matrices(rows(100_000))).toThrow(
      expect.objectContaining({ line: 257, message: expect.stringContaining("expected at most 256 matrices") }),
    );
  });

  test("several in one text are several", () => {
    const { views } = matrices(`$ nvidia-smi topo -m\n${RAW}\n$ nvidia-smi topo -mp\n${RAW.replaceAll("NV18", "SYS")}`);
    expect(views.map(({ cells }) => cells[0]![1])).toEqual(["NV18", "SYS"]);
    expect(views.map(({ devices }) => devices[2]!.legend)).toEqual(["mlx5_0", "mlx5_0"]);
  });
});

describe("pasted", () => {
  const blanks = RAW.replace(/^\t/, "        ").replace(/ *\t+ */g, "    ");

  test.each([
    ["with blanks for tabs", blanks],
    ["with hard blanks", blanks.replaceAll(" ", "\u00a0")],
    ["in colours", RAW.replace("\tGPU0", "\t\x1b[4mGPU0").replace("NUMA ID", "NUMA ID\x1b[0m")],
    ["in colours that lost their escape", RAW.replace("\tGPU0", "\t[4mGPU0").replace("NUMA ID", "NUMA ID[0m")],
    ["behind a prompt and before more", `root@node:~# nvidia-smi topo -m\n${RAW}\nroot@node:~# exit\n`],
    ["quoted in a mail", blanks.replace(/^/gm, "> ")],
    ["with line ends of Windows", RAW.replaceAll("\n", "\r\n")],
    ["in a code fence", "```\n" + blanks + "```\n"],
    [
      "as a table of an issue tracker",
      blanks.replace(/^.*(?:GPU|NIC)[01] .*$/gm, (line) => `| ${line.trim().replace(/ {2,}/g, " | ")} |`),
    ],
  ])("%s it says the same", (_, text) => {
    expect(only(text)).toMatchObject(WHOLE);
  });

  test("with lines wrapped, head and rows", () => {
    const text = `        GPU0    GPU1    NIC0
    NIC1    CPU Affinity    NUMA Affinity
GPU0     X      NV18    PIX
    SYS     0-31    0
GPU1    NV18     X      SYS
    PIX     32-63   1
NIC0    PIX     SYS      X
    SYS
NIC1    SYS     PIX     SYS
     X
`;
    const found = only(text);
    expect(found).toMatchObject(WHOLE);
    expect(found.devices.slice(0, 2)).toEqual([
      { name: "GPU0", cpus: "0-31", numaNodes: "0" },
      { name: "GPU1", cpus: "32-63", numaNodes: "1" },
    ]);
  });

  test("without the head the X of each row tells its column", () => {
    const { names, rows, findings } = only("GPU0  X   PIX  SYS\nGPU1  PIX  X   SYS\n");
    expect({ names, rows }).toEqual({ names: "GPU0 GPU1", rows: ["X PIX", "PIX X"] });
    expect(findings).toEqual(["CUT_SHORT 1", "MALFORMED_LINE 1", "MALFORMED_LINE 2"]);
  });

  test("without the rows of NICs these are null", () => {
    const { rows, findings, messages } = only(RAW.split("\n").slice(0, 3).join("\n"));
    expect(rows).toEqual(["X NV18 PIX SYS", "NV18 X SYS PIX", ". . . .", ". . . ."]);
    expect(findings).toEqual(["CUT_SHORT 1"]);
    expect(messages[0]).toBe("the matrix lacks the rows of NIC0, NIC1");
  });

  test("cut off within a row the rest of it is null", () => {
    const { rows, findings } = only("      GPU0  GPU1  GPU2\nGPU0   X    PIX   SYS\nGPU1  PIX    X\n");
    expect(rows).toEqual(["X PIX SYS", "PIX X .", ". . ."]);
    expect(findings).toEqual(["CUT_SHORT 1", "CUT_SHORT 3"]);
  });

  test("a row that lost a cell in the middle is left out, since nothing tells which", () => {
    const { rows, findings, messages } = only(
      "      GPU0  GPU1  GPU2\nGPU0   X    PIX   SYS\nGPU1   X    SYS\nGPU2  SYS   SYS   X\n",
    );
    expect(rows).toEqual(["X PIX SYS", ". . .", "SYS SYS X"]);
    expect(findings).toContain("MALFORMED_LINE 3");
    expect(messages.join()).toContain("the row of GPU1 has no X in its own column");
  });

  test("a matrix that contradicts itself is a finding", () => {
    const { findings, messages } = only("      GPU0  GPU1\nGPU0   X    PIX\nGPU1  PHB    X\n");
    expect(findings).toEqual(["SOURCES_DISAGREE 3"]);
    expect(messages[0]).toBe("the matrix contradicts itself: GPU1 to GPU0 is PHB, back it is PIX");
  });

  test("beside text of lspci both are read", async () => {
    const lspci = "00:00.0 Host bridge: x\n00:01.0 PCI bridge: x\n";
    const { machine } = await read([{ name: "paste", bytes: new TextEncoder().encode(`${lspci}\n${RAW}`) }]);
    expect(machine.systems[0]!.functions.map(({ bdf }) => bdf)).toEqual(["0000:00:00.0", "0000:00:01.0"]);
    expect(machine.systems[0]!.views).toHaveLength(1);
  });
});

describe("very many findings", () => {
  test("alike are counted beyond the first of one source", async () => {
    const text = "\tGPU0\tGPU1\n" + "GPU0\t X \tNV1\n".repeat(200);
    const { findings } = await read([{ name: "topo.txt", bytes: new TextEncoder().encode(text) }]);
    const cut = findings.filter(({ code }) => code === "CUT_SHORT");
    expect(cut).toHaveLength(51);
    expect(cut.at(-1)!.message).toMatch(/^and \d+ more like this$/);
    expect(cut.at(-1)!.source).toBe("topo.txt");
  });
});

describe("a matrix of more devices than any machine has", () => {
  test("is refused at its head", () => {
    const names = Array.from({ length: 1025 }, (_, index) => `GPU${index}`);
    const text = (count: number) => `\n\t${names.slice(0, count).join("\t")}\nGPU0\t X \tNV1\n`;
    expect(() => readTopoMatrix(text(1025), "topo.txt")).toThrow(
      "topo.txt:2: expected a matrix of at most 1024 devices, it has 1025",
    );
    expect(() => readTopoMatrix(text(1024), "topo.txt")).not.toThrow();
  });
});

describe("what is none", () => {
  test.each([
    ["another matrix of nvidia-smi", " \tGPU0\tGPU1\t\n GPU0\tX\tOK\t\n GPU1\tCNS\tX\t\n"],
    ["the legend alone", "Legend:\n\n  X    = Self\n  SYS  = Connection\n"],
    ["lspci", "00:00.0 Host bridge: NODE PIX\n"],
    ["prose", "The GPU0 is PIX to GPU1.\n"],
  ])("%s", (_, text) => {
    expect(looksLikeTopoMatrix(text)).toBe(false);
  });

  test("long nonsense takes no longer than its length", () => {
    for (const text of [
      "a1".repeat(300_000),
      "GPU0 X ".repeat(100_000),
      "\n".repeat(300_000),
      "> ".repeat(300_000),
      "| ".repeat(300_000),
    ]) {
      const { findings } = readTopoMatrix(text, "x");
      expect(findings.length).toBeLessThanOrEqual(3);
    }
  });
});

/** Bytes of a matrix in any state of damage lead to a reading, never to an exception. */
test("a matrix cut off anywhere, or with a line lost, is read", () => {
  for (let end = 0; end <= RAW.length; end++) {
    const { views = [] } = readTopoMatrix(RAW.slice(0, end), "x").system;
    for (const { devices, cells } of views as MatrixView[]) {
      expect(cells).toHaveLength(devices.length);
      for (const row of cells) expect(row).toHaveLength(devices.length);
    }
  }
  const lines = RAW.split("\n");
  for (let lost = 0; lost < lines.length; lost++) {
    const text = lines.filter((_, at) => at !== lost).join("\n");
    for (const { devices, cells } of (readTopoMatrix(text, "x").system.views ?? []) as MatrixView[]) {
      // What is read of a damaged text stands in the whole one, too.
      cells.forEach((row, one) =>
        row.forEach((cell, other) => {
          if (cell === null) return;
          const at = (place: number) => WHOLE.names.split(" ").indexOf(devices[place]!.name);
          expect(cell).toBe(WHOLE.rows[at(one)]!.split(" ")[at(other)]);
        }),
      );
    }
  }
});

describe.skipIf(REAL === null)("real matrices", () => {
  const text = (path: string) => new TextDecoder().decode(realFile(path));

  test("of eight GPUs and ten NICs, raw", () => {
    const { views, findings } = matrices(text("topo-m/8gpu-nv18-10nic.txt"));
    const [{ devices, cells }] = views as [MatrixView];
    expect(findings).toEqual([]);
    expect(devices.map(({ name }) => name)).toEqual([
      ...Array.from({ length: 8 }, (_, gpu) => `GPU${gpu}`),
      ...Array.from({ length: 10 }, (_, nic) => `NIC${nic}`),
    ]);
    expect(devices.filter(({ legend }) => legend !== undefined)).toHaveLength(10);
    const counts = new Map<string | null, number>();
    for (const cell of cells.flat()) counts.set(cell, (counts.get(cell) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ X: 18, NV18: 56, PIX: 26, NODE: 96, SYS: 128 });
  });

  test("of four GPUs and four NICs, pasted", () => {
    const { views, findings } = matrices(text("asus-esc8000a-e12-4xada/topo-m.txt"));
    expect(findings).toEqual([]);
    expect(views[0]!.devices.map(({ cpus, numaNodes }) => `${cpus} ${numaNodes}`).slice(0, 4)).toEqual([
      "0-31 0",
      "0-31 0",
      "32-63 1",
      "32-63 1",
    ]);
    expect(views[0]!.cells.flat()).not.toContain(null);
  });
});
