import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { synth } from "../../src/cli/commands/synth.js";
import { UsageError } from "../../src/cli/exit.js";
import { runMaker } from "../../src/cli/maker.js";
import { shapes, synthesize, type ShapeName, type SynthesizeOptions } from "../../src/fabrics/index.js";
import { Topology, type FabricColumns } from "../../src/index.js";
import type {
  CommonDocument,
  ListDocument,
  MappingDocument,
  OwnerDocument,
  VerdictDocument,
} from "../../src/writers/index.js";
import { hostBridgesOf, namesOf, type Fabric } from "../fabrics/describe.js";
import { COMMAND, json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-synth-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);
const packed = (columns: FabricColumns) => Buffer.from(Topology.fromColumns(columns).topology.toBuffer());
const rangesOf = ({ bars, windows }: FabricColumns) => bars!.start.length + (windows?.start.length ?? 0);

/** Two functions of the first system, one that has a BAR and the last one, and that BAR's address. */
function twoOf(columns: FabricColumns) {
  const { bars, hostBridges } = columns as Fabric;
  const names = namesOf(columns).slice(hostBridges.bus.length);
  const above = hostBridgesOf(columns);
  const last = above.findLastIndex((row) => hostBridges.system[row] === 0);
  return { provider: names[bars.function[0]!]!, client: names[last]!, address: `0x${bars.start[0]!.toString(16)}` };
}

describe.each(Object.keys(shapes) as ShapeName[])("synth %s", (shape) => {
  const file = at(`${shape}.bin`);
  const columns = shapes[shape]({ functions: 200, seed: 3 });
  const words = ["synth", shape, "--functions", "200", "--seed", "3"];
  const made = json<object>([...words, "-o", file]);
  const { provider, client, address } = twoOf(columns);

  test("says what it wrote", () => {
    expect(made).toEqual({
      code: 0,
      document: {
        file,
        shape,
        functions: 200,
        systems: columns.systems.length,
        ranges: rangesOf(columns),
        bytes: statSync(file).size,
      },
    });
  });

  test("writes the fabric that the library makes, byte for byte", () => {
    expect(readFileSync(file).equals(packed(columns))).toBe(true);
  });

  test("list shows every function by its name", () => {
    const { document } = json<ListDocument>(["list", "-i", file]);
    const names = namesOf(columns).slice(columns.hostBridges.bus.length);
    const single = columns.systems.length === 1;
    expect(document.functions.map(({ bdf }) => (single ? `s0/${bdf}` : bdf)).sort()).toEqual(names.sort());
  });

  test("every question has the answer that the exported description gives", () => {
    const description = at(`${shape}.json`);
    const exported = peerlane(["export", "-i", file]);
    expect([exported.code, exported.err]).toEqual([0, ""]);
    writeFileSync(description, exported.out);
    for (const question of [
      ["tree"],
      ["common", provider, client],
      ["can", provider, client],
      ["map", client, address, "4K"],
      ["owner", address, "--system", "s0"],
      ["matrix", "--system", "s0", "--of", "endpoint", "--json"],
    ]) {
      const { code, out, err } = peerlane([...question, "-i", file]);
      expect([question, code === 2 ? err : ""]).toEqual([question, ""]);
      const expected = peerlane([...question, "-i", description]);
      expect([question, code, out]).toEqual([question, expected.code, expected.out]);
    }
  });
});

test("gpu-servers: two GPUs below one switch reach one another", () => {
  const file = at("servers.bin");
  const { out, err } = peerlane(["synth", "gpu-servers", "--functions", "120", "-o", file]);
  const { size } = statSync(file);
  const columns = shapes["gpu-servers"]({ functions: 120 });
  expect({ out, err }).toEqual({
    out: `${file}: 120 functions in 2 systems, ${rangesOf(columns)} address ranges, ${size.toLocaleString("en-US")} bytes\n`,
    err: "",
  });
  const [gpu, peer] = ["s1/0000:03:00.0", "s1/0000:04:00.0"];
  const ask = <Document>(...words: string[]) => json<Document>([...words, "-i", file]);
  expect(ask<CommonDocument>("common", gpu, peer).document).toMatchObject({ common: "s1/0000:01:00.0", distance: 4 });
  expect(ask<VerdictDocument>("can", gpu, peer)).toMatchObject({
    code: 0,
    document: { verdict: "yes", route: "bus-address" },
  });
  const { document } = ask<ListDocument>("list");
  const { start } = document.functions.find(({ bdf }) => bdf === gpu)!.bars[1]!;
  expect(ask<MappingDocument>("map", peer, start!, "64K").document).toMatchObject({
    owner: { bdf: gpu, bar: 1 },
    route: "bus-address",
    dmaAddress: start,
  });
  expect(ask<OwnerDocument>("owner", start!, "--system", "s1").document).toMatchObject({ owner: { bar: 1 } });
});

describe("without a shape the options say what is made", () => {
  const CASES: readonly (readonly [words: string, options: SynthesizeOptions])[] = [
    ["", {}],
    ["--functions 1e3 --seed 7", { functions: 1000, seed: 7 }],
    [
      "--systems 3 --host-bridges 1,2 --root-ports 2-5",
      { systems: 3, hostBridges: [1, 2], rootPorts: { least: 2, most: 5 } },
    ],
    ["--functions 500 --systems 1 --host-bridges Infinity", { functions: 500, systems: 1, hostBridges: Infinity }],
    ["--switch-levels 2,0 --fanout 1,3", { switchLevels: [2, 0], fanout: [1, 3] }],
    [
      "--functions-per-endpoint nic=1-4,gpu=2 --vfs nic=4,8,gpu=2",
      { functionsPerEndpoint: { nic: { least: 1, most: 4 }, gpu: 2 }, vfs: { nic: [4, 8], gpu: 2 } },
    ],
    ["--vfs 3 --bars gpu,nic,accelerator", { vfs: 3, bars: ["gpu", "nic", "accelerator"] }],
    ["--bars gpu=1,nvme=2.5", { bars: { gpu: 1, nvme: 2.5 } }],
    ["--bars 64K,0x1000,16G", { bars: [65536, 4096, 2 ** 34] }],
    ["--bars none --acs none", { bars: [], acs: "none" }],
    ["--acs 0.25 --memory-off 0.5", { acs: 0.25, memoryOff: 0.5 }],
    ["--acs off=6,unknown=3 --bus-offset 16T", { acs: { off: 6, unknown: 3 }, busOffset: 2 ** 44 }],
  ];

  test.each(CASES)("%s", (words, options) => {
    const file = at("custom.bin");
    const columns = synthesize(options);
    const { code, document } = json<object>(["synth", ...words.split(" ").filter(Boolean), "-o", file]);
    expect(code).toBe(0);
    expect(document).toMatchObject({ shape: null, functions: columns.functions.parent.length });
    expect(readFileSync(file).equals(packed(columns))).toBe(true);
  });
});

describe("where it writes", () => {
  test("the same options make the same file in place of what was there, another seed another one", () => {
    const make = (seed: string) => {
      writeFileSync(at("again.bin"), Buffer.alloc(1 << 20, 1));
      expect(peerlane(["synth", "mixed", "--functions", "300", "--seed", seed, "-o", at("again.bin")]).code).toBe(0);
      return readFileSync(at("again.bin")).toString("hex");
    };
    expect(make("5")).toBe(make("5"));
    expect(make("5")).not.toBe(make("6"));
  });

  test("-o - writes to standard output, and says so on standard error", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, "synth", "--json", "-o", "-"]);
    expect(status).toBe(0);
    expect(stdout.equals(packed(synthesize()))).toBe(true);
    expect(JSON.parse(stderr.toString())).toMatchObject({ file: null, bytes: stdout.length });
  });

  test("the file can be piped into the command that asks", () => {
    const script = `"${process.execPath}" "${COMMAND}" synth one-space -o - | "${process.execPath}" "${COMMAND}" owner 0 -q -i -`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({
      stdout: "none\n",
      stderr: expect.stringMatching(/^standard output: 100,000 /),
    });
  });

  test("a reader that has seen enough ends it quietly", () => {
    const script = `"${process.execPath}" "${COMMAND}" synth mixed -o - | head -c 8 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
  });

  describe("a terminal", () => {
    const { isTTY } = process.stdout;
    afterEach(() => {
      process.stdout.isTTY = isTTY;
      vi.restoreAllMocks();
    });

    test("gets no bytes", async () => {
      process.stdout.isTTY = true;
      const write = vi.spyOn(process.stdout, "write");
      await expect(runMaker(synth, [], { input: [], output: "-" })).rejects.toThrow(UsageError);
      expect(write).not.toHaveBeenCalled();
    });
  });
});

describe("asked wrongly", () => {
  const CASES: readonly (readonly [words: string, message: string])[] = [
    [
      "gpu-server",
      'SHAPE: expected gpu-servers, dense-sriov, deep-chain, caterpillar, one-space, overlaps, mixed, or none to say it all with options (--host-bridges, …), got "gpu-server"',
    ],
    [
      "mixed --fanout 2",
      "--fanout: mixed says that itself, and takes --functions and --seed only: leave --fanout out, or the shape",
    ],
    ["--functions many", '--functions: expected a number, got "many"'],
    ["mixed --functions 0", "--functions: expected a whole number from 1 to 134217728, got 0"],
    ["--seed -1", "--seed: expected a whole number from 0 to 4294967295, got -1"],
    ["--host-bridges Infinity", "--host-bridges: expected a whole number from 1 to 134217728, got Infinity"],
    ["--root-ports 4-2", "--root-ports, most: expected a whole number from 4 to 31, got 2"],
    ["--fanout 1,40", "--fanout, number 2: expected a whole number from 1 to 32, got 40"],
    ["--vfs nic=70000", "--vfs, nic: expected a whole number from 0 to 65535, got 70000"],
    ["--vfs disk=3", '--vfs: expected kinds of devices (gpu, nic, nvme, accelerator), got "disk"'],
    ["--vfs nic=1,nic=2", "--vfs: nic is given twice: say it once"],
    ["--vfs =1", '--vfs: expected a word before each =, as in nic=2, got "=1"'],
    ["--bars gpu,disk", '--bars, number 2: expected kinds of devices (gpu, nic, nvme, accelerator), got "disk"'],
    ["--bars 64K,big", '--bars: expected bytes from 1 to 2^64, such as 4096, 0x1000, 64K or 16G, got "big"'],
    ["--acs on", '--acs: expected states (off, redirect, none, unknown), got "on"'],
    ["--memory-off 2", "--memory-off: expected a fraction from 0 to 1, got 2"],
    ["--bus-offset 100", "--bus-offset: expected a multiple of 4096, got 100"],
    [
      "--root-ports 20 --fanout 32",
      "one host bridge may need 681 buses (20 root ports, 1 switch levels, fanout 32, 1 buses behind an endpoint's port), and a segment has 256: lower --root-ports, --switch-levels, --fanout or --vfs, and raise --host-bridges or --systems",
    ],
    [
      "--systems 1e7 --host-bridges 9",
      "at least 3690000000 functions: no topology has room for them; lower --functions, --systems or --host-bridges",
    ],
    [
      "--systems 2 --functions 1e6",
      "--functions: expected at most the 176 of the given systems, got 1000000: leave --systems out, or raise it",
    ],
    ["-i machine.json", "synth asks no machine: leave -i out, and give it to the command that does"],
    ["--kernel 6.1", "synth asks no machine: leave --kernel out, and give it to the command that does"],
    ["-q", "synth has no answer of one word: leave -q out"],
  ];

  test.each(CASES)("%s: exit code 2, and nothing is written", (words, message) => {
    const file = at("kept.bin");
    writeFileSync(file, "kept");
    expect(peerlane(["synth", ...words.split(" "), "-o", file])).toEqual({
      code: 2,
      out: "",
      err: `peerlane: ${message}\n`,
    });
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test.each([
    ["nowhere/fabric.bin", "the directory does not exist"],
    ["", "is a directory, expected a file"],
  ])("a file that cannot be written: %s", (name, reason) => {
    const path = `${directory}/${name}`;
    expect(peerlane(["synth", "-o", path])).toEqual({ code: 2, out: "", err: `peerlane: ${path}: ${reason}\n` });
  });

  test("-o is needed, and a name in it", () => {
    expect(peerlane(["synth"]).err).toContain("required option '-o, --output <file>' not specified");
    expect(peerlane(["synth", "-o", ""]).err).toBe("peerlane: -o: expected the name of a file, got an empty one\n");
  });
});

test("--help describes every shape and option, and no option that it does not take", () => {
  const { code, out, err } = peerlane(["synth", "--help"]);
  expect([code, err]).toEqual([0, ""]);
  for (const { description } of Object.values(shapes)) expect(out).toContain(description);
  expect(out).toContain("--functions-per-endpoint <counts>");
  expect(out).toContain("--json");
  expect(out).not.toMatch(/--(?:input|kernel|cpu|system|quiet|verbose) /);
});
