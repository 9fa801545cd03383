import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { MachineDescription } from "../../src/topology/description.js";
import type { ComparisonDocument, LettersDocument } from "../../src/writers/letters.js";
import type { MatrixDocument } from "../../src/writers/matrix.js";
import { REAL } from "../readers/fixtures.js";
import { bridge, gpu, nic, switched } from "../letters/machines.js";
import { capture, json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-letters-"));

function file(name: string, content: string | object): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function description(name: string, system: MachineDescription["systems"][number]): string {
  return file(name, { peerlane: 1, systems: [system] });
}

const SERVER = capture("gpu-server-intel");
const FUNCTIONS = [
  ...switched(3, { numaNode: 0 }),
  gpu("03:00.0"),
  gpu("04:00.0"),
  nic("05:00.0", { names: ["mlx5_0"] }),
  bridge("80:01.0", "root-port", 0x81, 0x81, { parent: null, numaNode: 1 }),
  gpu("81:00.0"),
];
const MACHINE = description("machine.json", { functions: FUNCTIONS });
const MATRIX = `        GPU0    GPU1    GPU2    NIC0    CPU Affinity    NUMA Affinity
GPU0     X      PIX     SYS     PIX     0-7     0
GPU1    PIX      X      SYS     PIX     0-7     0
GPU2    SYS     SYS      X      SYS     8-15    1
NIC0    PIX     PIX     SYS      X

NIC Legend:

  NIC0: mlx5_0
`;
const TOPO = file("topo.txt", MATRIX);
const VIEW = {
  tool: "nccl",
  system: {
    element: "system",
    attributes: { version: "1" },
    children: [
      {
        element: "cpu",
        attributes: { numaid: "0" },
        children: ["03", "04"].map((bus, dev) => ({
          element: "pci",
          attributes: { busid: `0000:${bus}:00.0`, class: "0x030200" },
          children: [{ element: "gpu", attributes: { dev: String(dev) }, children: [] }],
        })),
      },
    ],
  },
} as const;
const NCCL = description("nccl.json", { functions: [], views: [VIEW] });

describe("matrix --legend", () => {
  test.each([
    ["nvidia", /letters of nvidia-smi topo -m, as the description has it\n/, "PIX", "NODE"],
    ["nccl", /letters of NCCL, as the description has it\n/, "PXB", "NVB"],
    ["kernel", /rows own the memory.*; Linux 6\.12\.117/s, "B4", "H#"],
  ])("%s prints letters and their legend, and no other", (dialect, title, letter, entry) => {
    const { code, out, err } = peerlane(["matrix", "--legend", dialect, "--of", "gpu,nic", "-i", SERVER]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(title);
    if (dialect !== "nccl") expect(out).toContain(` ${letter} `);
    expect(out).toMatch(new RegExp(`^ +${entry}  `, "m"));
    expect(out.includes("PHB")).toBe(dialect !== "kernel");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("--json has letters and legend beside what it always has", () => {
    const words = ["matrix", "--legend", "nvidia", "--of", "gpu", "-i", MACHINE];
    const { code, document } = json<LettersDocument & MatrixDocument>(words);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      dialect: "nvidia",
      origin: "the description",
      functions: ["0000:03:00.0", "0000:04:00.0", "0000:81:00.0"],
      letters: [
        ["X", "PIX", "SYS"],
        ["PIX", "X", "SYS"],
        ["SYS", "SYS", "X"],
      ],
    });
    expect(Object.keys(document.legend)).toContain("NV#");
    expect(document.route).toHaveLength(3);
    expect(document.policy).toBeDefined();
    expect(Object.keys(json(["matrix", "-i", MACHINE]).document as object)).not.toContain("letters");
  });

  test("of a machine that is known by a matrix alone are the matrix' own", () => {
    const { code, out } = peerlane(["matrix", "--legend", "nvidia", "-i", TOPO]);
    expect(code).toBe(0);
    expect(out).toContain("letters of nvidia-smi topo -m, as nvidia-smi has it");
    expect(out).toMatch(/^3 NIC0 mlx5_0 +PIX +PIX +SYS +X$/m);
    const { document } = json<LettersDocument>(["matrix", "--legend", "nvidia", "--of", "gpu", "-i", TOPO]);
    expect([document.functions, document.letters[0]]).toEqual([
      ["GPU0", "GPU1", "GPU2"],
      ["X", "PIX", "SYS"],
    ]);
    expect(peerlane(["matrix", "-i", TOPO]).out).toContain(
      "no functions to compare; what nvidia-smi says of them shows --legend nvidia",
    );
    const cut = peerlane([
      "matrix",
      "--legend",
      "nvidia",
      "-i",
      file("cut.txt", MATRIX.split("\n").slice(0, 2).join("\n")),
    ]);
    expect(cut.out).toMatch(/^1 GPU1 +PIX +\. +\. +\.$/m);
    expect(cut.out).toMatch(/^ +\. {2}nvidia-smi lacks the cell$/m);
    expect(out).not.toContain("lacks the cell");
    const other = peerlane(["matrix", "--legend", "nccl", "-i", TOPO]);
    expect([other.code, other.out]).toEqual([2, ""]);
    expect(other.err).toContain("the source holds what nvidia-smi says, whose letters are --legend nvidia");
    expect(peerlane(["matrix", "--legend", "nvidia", "--of", "NIC7", "-i", TOPO]).err).toContain(
      'nvidia-smi has no "NIC7"; it has GPU0,',
    );
  });

  test("of a machine that is known by a topology file alone are the file's own", () => {
    const { out } = peerlane(["matrix", "--legend", "nccl", "-i", NCCL]);
    expect(out).toContain("as the NCCL topology file has it");
    expect(out).toMatch(/^0 GPU0 +LOC +PHB$/m);
  });
});

describe("matrix --compare", () => {
  test("finds nothing different", () => {
    const { code, out, err } = peerlane(["matrix", "--compare", TOPO, "-i", MACHINE]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^EQUAL: 6 equal, 0 different, 0 not comparable\n/);
    expect(out).toContain("assumed  GPU0 is 0000:03:00.0, and so on");
    expect(out).toMatch(/^ +NODE  through/m);
    expect(peerlane(["matrix", "--compare", TOPO, "-i", MACHINE, "-q"]).out).toBe("equal\n");
  });

  test("lists what differs, with the reason, and exits 1", () => {
    const wrong = file("wrong.txt", MATRIX.replaceAll("SYS", "NODE"));
    const { code, out } = peerlane(["matrix", "--compare", wrong, "-i", MACHINE]);
    expect(code).toBe(1);
    expect(out).toMatch(/^DIFFERENT: 3 equal, 3 different, 0 not comparable\n/);
    expect(out).toContain("GPU0 - GPU2 (0000:03:00.0, 0000:81:00.0): NODE there, SYS here");
    expect(out.replace(/\s+/g, " ")).toContain("0000:03:00.0 is near NUMA node 0, 0000:81:00.0 is near NUMA node 1");
    const { document } = json<ComparisonDocument>(["matrix", "--compare", wrong, "-i", MACHINE]);
    expect(document).toMatchObject({
      dialect: "nvidia",
      theirs: "nvidia-smi",
      counts: { equal: 3, different: 3, notComparable: 0 },
      devices: [{ theirs: "GPU0", ours: "0000:03:00.0", by: "order" }, {}, {}, { theirs: "NIC0", by: "name" }],
      different: [{ a: "0000:03:00.0", b: "0000:81:00.0", theirs: "NODE", ours: "SYS" }, {}, {}],
    });
  });

  test("is partly equal where some pairs cannot be compared", () => {
    const some = file(
      "some.txt",
      MATRIX.replaceAll("GPU1    PIX      X", "GPU1    NV4      X").replace("X      PIX", "X      NV4"),
    );
    const { code, out } = peerlane(["matrix", "--compare", some, "-i", MACHINE]);
    expect([code, out.split("\n")[0]]).toEqual([0, "PARTLY EQUAL: 5 equal, 0 different, 1 not comparable"]);
    expect(peerlane(["matrix", "--compare", some, "-i", MACHINE, "-q"]).out).toBe("partly\n");
  });

  test("exits 3 where nothing can be compared", () => {
    const linked = file("linked.txt", "      GPU0  GPU1\nGPU0   X    NV18\nGPU1  NV18   X\n");
    const { code, out } = peerlane(["matrix", "--compare", linked, "-i", MACHINE]);
    expect(code).toBe(3);
    expect(out).toMatch(/^NOT COMPARABLE: 0 equal, 0 different, 1 not comparable\n/);
    expect(out).toContain("NV18 hides the distance on PCIe");
    const unrelated = file("unrelated.txt", "      GPU8  GPU9\nGPU8   X    PIX\nGPU9  PIX    X\n");
    const none = peerlane(["matrix", "--compare", unrelated, "-i", MACHINE]);
    expect(none.code).toBe(3);
    expect(none.out).toContain("left out GPU8, GPU9: not found on our side; --name tells");
  });

  test("names the file, and says why no device is found", () => {
    const unrelated = file("strangers.txt", "      GPU8  GPU9\nGPU8   X    PIX\nGPU9  PIX    X\n");
    const out = peerlane(["matrix", "--compare", unrelated, "-i", MACHINE]).out.replace(/\s+/g, " ");
    expect(out).toContain(`nvidia-smi (${unrelated}) against the description`);
    expect(out).toMatch(
      /none is found on both sides: nvidia-smi has 2 GPUs, the description 3 GPUs, 1 network adapter/,
    );
  });

  test("what cannot be compared for like reasons is one paragraph", () => {
    const bare = file(
      "bare.txt",
      "-[0000:00]---01.0-[01]----00.0  NVIDIA A\n-[0000:40]---01.0-[41]----00.0  NVIDIA A\n" +
        "-[0000:80]---01.0-[81]----00.0  NVIDIA A\n",
    );
    const { out } = peerlane(["matrix", "--compare", TOPO, "-i", bare]);
    expect(out.match(/: not comparable$/gm)).toHaveLength(1);
    expect(out.replace(/\s+/g, " ")).toContain("is not shown; likewise the others");
  });

  test("a drawing without classes says why it has no GPUs, and what would help", () => {
    const bare = file("drawing.txt", "-[0000:00]---01.0-[01]----00.0  NVIDIA A\n");
    const why = "the source shows no class of 2 of 2 functions, so that nothing tells which of them are gpu, nic.";
    for (const words of [[], ["--legend", "nccl"], ["--compare", TOPO]]) {
      const { out } = peerlane(["matrix", "--of", "gpu,nic", "-i", bare, ...words]);
      expect(out.replace(/\s+/g, " ")).toContain(`no functions to compare: ${why} Add a source that does`);
    }
    expect(peerlane(["matrix", "--of", "nvme", "-i", MACHINE]).out).toMatch(/: none of the \d+ is one of nvme$/m);
  });

  test("a device that the file puts near another node differs", () => {
    const moved = file("near.txt", MATRIX.replace("SYS     PIX     0-7     0\n", "SYS     PIX     8-15    1\n"));
    const { code, out } = peerlane(["matrix", "--compare", moved, "-i", MACHINE]);
    expect(out).toContain("GPU0 (0000:03:00.0): near NUMA node 1 there, 0 here");
    expect(code).toBe(1);
  });

  test("--name tells which device is which", () => {
    const unrelated = file("named.txt", "      GPU8  GPU9\nGPU8   X    PIX\nGPU9  PIX    X\n");
    const words = ["matrix", "--compare", unrelated, "-i", MACHINE, "--name", "GPU8=03:00.0"];
    expect(peerlane([...words, "--name", "GPU9=04:00.0"]).out).toMatch(/^EQUAL: 1 equal/);
    expect(peerlane([...words, "--name", "GPU9=81:00.0"]).out).toMatch(/^DIFFERENT: 0 equal, 1 different/);
    expect(peerlane([...words, "--name", "GPU9"]).err).toContain(
      '--name: expected a device there and a function here, as in GPU0=41:00.0, got "GPU9"',
    );
    expect(peerlane([...words, "--name", "GPU9=03:00.0"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("both GPU8 and GPU9 are 03:00.0") as string,
    });
    expect(peerlane([...words, "--name", "GPU8=04:00.0"]).err).toContain("GPU8 is two of the functions here");
    expect(peerlane([...words, "--name", "GPU7=04:00.0"]).err).toContain(
      '--name: nvidia-smi has no "GPU7"; it has GPU8, GPU9',
    );
    expect(peerlane([...words, "--name", "GPU9=44:00.0"]).err).toContain(
      '--name: the source has no function named "44:00.0"',
    );
    expect(peerlane([...words, "--name", "GPU9=02:00.0"]).err).toContain(
      "0000:02:00.0 is none of the functions compared",
    );
    expect(peerlane(["matrix", "-i", MACHINE, "--name", "GPU9=02:00.0"]).err).toContain("--name goes with --compare");
  });

  test("a topology file speaks NCCL's dialect, whatever is not asked for", () => {
    const { code, out } = peerlane(["matrix", "--compare", NCCL, "-i", MACHINE]);
    expect(code).toBe(1);
    expect(out).toContain("GPU0 - GPU1 (0000:03:00.0, 0000:04:00.0): PHB there, PIX here");
    const self = peerlane(["matrix", "--compare", NCCL, "-i", NCCL, "--legend", "nccl"]);
    expect([self.code, self.out.split("\n")[0]]).toEqual([0, "EQUAL: 1 equal, 0 different, 0 not comparable"]);
    expect(peerlane(["matrix", "--compare", NCCL, "-i", MACHINE, "--legend", "nvidia"]).err).toContain(
      "what nccl says, whose letters are --legend nccl",
    );
  });

  test("another description of the machine is compared in every dialect", () => {
    const moved = description("moved.json", {
      functions: FUNCTIONS.map((each) => (each.bdf === "0000:80:01.0" ? { ...each, numaNode: 0 } : each)),
    });
    const nvidia = peerlane(["matrix", "--compare", moved, "-i", MACHINE]);
    expect([nvidia.code, nvidia.out.split("\n")[0]]).toEqual([
      1,
      "DIFFERENT: 3 equal, 3 different, 0 not comparable, 1 near elsewhere",
    ]);
    const nccl = peerlane(["matrix", "--compare", moved, "-i", MACHINE, "--legend", "nccl", "--of", "gpu"]);
    expect(nccl.out.split("\n")[0]).toBe("DIFFERENT: 1 equal, 2 different, 0 not comparable, 1 near elsewhere");
    const text = capture("gpu-server-intel", "lspci.txt");
    for (const dialect of ["nvidia", "nccl", "kernel"]) {
      const words = [
        "matrix",
        "--compare",
        text,
        "-i",
        SERVER,
        "--legend",
        dialect,
        "--cpu",
        "GenuineIntel:6",
        "--kernel",
        "6.12",
      ];
      const { document } = json<ComparisonDocument>(words);
      expect([dialect, document.counts.different]).toEqual([dialect, 0]);
      expect(document.counts.equal).toBeGreaterThan(50);
    }
  });

  test("standard input is read once", () => {
    expect(peerlane(["matrix", "--compare", "-", "-i", "-"], { input: MATRIX }).err).toContain(
      "--compare -: standard input is",
    );
    expect(peerlane(["matrix", "--compare", "-", "-i", MACHINE], { input: MATRIX }).code).toBe(0);
    expect(peerlane(["matrix", "--compare", join(directory, "none.txt"), "-i", MACHINE]).code).toBe(2);
  });

  test.skipIf(REAL === null)("the real machine that has both is equal", () => {
    const path = (name: string) => `${REAL}/asus-esc8000a-e12-4xada/${name}`;
    const words = [
      "matrix",
      "--compare",
      path("topo-m.txt"),
      "-i",
      path("lspci-tv.txt"),
      "-i",
      path("lspci-vvv-endpoints.txt"),
    ];
    const { code, document } = json<ComparisonDocument>(words);
    expect([code, document.counts]).toEqual([0, { equal: 28, different: 0, notComparable: 0 }]);
  });
});
