import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const project = mkdtempSync(join(tmpdir(), "peerlane-package-"));

function run(command: string, args: readonly string[], cwd = project): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

beforeAll(() => {
  const packed = JSON.parse(run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", project], ROOT));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const [{ filename }] = Object.values(packed) as [{ filename: string }];
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(project, filename)]);
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Two functions below one switch: asks, prints `yes bus-address 0xf9001000`. */
const PROGRAM = `
const on = { command: 6, acs: null, bars: [] };
const topology = Topology.of({
  peerlane: 1,
  systems: [{
    complete: true,
    functions: [
      { ...on, bdf: "0000:00:01.0", kind: "root-port", bus: { secondary: 1, subordinate: 4 } },
      { ...on, bdf: "0000:01:00.0", kind: "upstream-port", bus: { secondary: 2, subordinate: 4 } },
      { ...on, bdf: "0000:02:00.0", kind: "downstream-port", bus: { secondary: 3, subordinate: 3 } },
      { ...on, bdf: "0000:02:01.0", kind: "downstream-port", bus: { secondary: 4, subordinate: 4 } },
      { ...on, bdf: "0000:03:00.0", kind: "endpoint", bars: [{ index: 0, type: "mem64", start: "0xf9000000", bus: "0xf9000000", size: 0x1000000 }] },
      { ...on, bdf: "0000:04:00.0", kind: "endpoint" },
    ],
  }],
});
const peerDma = new PeerDma(topology, linux("6.12"));
const { answer, route } = peerDma.can("03:00.0", "04:00.0");
const mapping = peerDma.map("04:00.0", 0xf9001000n, 4096);
console.log(answer, route, mapping.ok ? "0x" + mapping.dmaAddress?.toString(16) : mapping.code);
`;
const ANSWER = "yes bus-address 0xf9001000\n";

/** Two servers that are made up, packed and read back: prints `120 s1 4`. */
const FABRIC = `
const { topology, functions } = Topology.fromColumns(shapes["gpu-servers"]({ functions: 120 }));
const { size, systems } = Topology.from(topology.toBuffer());
console.log(functions.length, systems.at(-1).name, size - functions.length);
`;
const FABRIC_ANSWER = "120 s1 4\n";

describe("the packed tarball, installed in an empty project", () => {
  test("works as an ES module", () => {
    writeFileSync(join(project, "esm.mjs"), `import { linux, PeerDma, Topology } from "peerlane";${PROGRAM}`);
    expect(run("node", ["esm.mjs"])).toBe(ANSWER);
  });

  test("works as a CommonJS module", () => {
    writeFileSync(join(project, "cjs.cjs"), `const { linux, PeerDma, Topology } = require("peerlane");${PROGRAM}`);
    expect(run("node", ["cjs.cjs"])).toBe(ANSWER);
  });

  test("makes fabrics up, as an ES module and as a CommonJS module", () => {
    const imports = `import { Topology } from "peerlane"; import { shapes } from "peerlane/fabrics";`;
    const requires = `const { Topology } = require("peerlane"); const { shapes } = require("peerlane/fabrics");`;
    writeFileSync(join(project, "fabric.mjs"), imports + FABRIC);
    writeFileSync(join(project, "fabric.cjs"), requires + FABRIC);
    expect(run("node", ["fabric.mjs"])).toBe(FABRIC_ANSWER);
    expect(run("node", ["fabric.cjs"])).toBe(FABRIC_ANSWER);
  });

  test("names devices, as an ES module and as a CommonJS module, under the licence of the names", () => {
    const ask = `.then((names) => console.log(names.label({ vendor: "10de", device: "2330" })));`;
    writeFileSync(join(project, "names.mjs"), `import { loadNames } from "peerlane/names"; loadNames()${ask}`);
    writeFileSync(join(project, "names.cjs"), `require("peerlane/names").loadNames()${ask}`);
    for (const file of ["names.mjs", "names.cjs"]) {
      expect(run("node", [file])).toBe("NVIDIA Corporation GH100 [H100 SXM5 80GB]\n");
    }
    const licence = readFileSync(join(project, "node_modules/peerlane/src/names/LICENSE-pci.ids"), "utf8");
    expect(licence).toContain("Copyright (c) Martin Mares and Albert Pool");
  });

  test("type-checks in strict TypeScript, as a module and as CommonJS", () => {
    const source = `
      import { linux, PeerDma, Topology, type FabricColumns, type MachineDescription, type Verdict } from "peerlane";
      import { shapes, synthesize, type ShapeName, type SynthesizeOptions } from "peerlane/fabrics";
      import { read } from "peerlane/readers";
      import { matrixText } from "peerlane/writers";
      import { loadNames, type DeviceNames } from "peerlane/names";
      const machine: MachineDescription = { peerlane: 1, systems: [{ functions: [] }] };
      const verdict: Verdict = new PeerDma(Topology.of(machine), linux()).can(1, 2);
      if (verdict.answer === "no") verdict.code.toLowerCase();
      // @ts-expect-error a direction is read, write or both
      new PeerDma(Topology.of(machine), linux()).can(1, 2, "sideways");
      // @ts-expect-error an address is a bigint
      new PeerDma(Topology.of(machine), linux()).map(1, 4096, 1);
      const options: SynthesizeOptions = { vfs: { nic: { least: 1, most: 4 } }, acs: "redirect" };
      const columns: FabricColumns = synthesize(options);
      const name: ShapeName = "mixed";
      Topology.fromColumns(shapes[name]()).topology.close();
      // @ts-expect-error a number of functions is a number
      synthesize({ functions: "10" });
      const names: Promise<DeviceNames> = loadNames();
      void columns; void read; void matrixText; void names;
    `;
    const compilerOptions = {
      noEmit: true,
      strict: true,
      target: "es2022",
      module: "nodenext",
      lib: ["es2023", "dom"],
      types: [],
    };
    const files = ["strict.mts", "strict.cts"];
    for (const name of files) writeFileSync(join(project, name), source);
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { stdout } = spawnSync("node", [join(ROOT, "node_modules/typescript/bin/tsc")], {
      cwd: project,
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  }, 60_000);

  test("answers from the command line", () => {
    const capture = join(ROOT, "tests/fixtures/qemu/switch4-intel/snapshot.tar.gz");
    expect(run("npx", ["--offline", "peerlane", "can", "03:00.0", "04:00.0", "-q", "-i", capture])).toBe("yes\n");
  });

  test("has no dependencies, runs nothing on install, and stays small", () => {
    const manifest = JSON.parse(readFileSync(join(project, "node_modules/peerlane/package.json"), "utf8"));
    expect(manifest.dependencies).toEqual({});
    for (const script of ["preinstall", "install", "postinstall"]) expect(manifest.scripts).not.toHaveProperty(script);
    // What a program that only asks has to load.
    expect(statSync(join(project, "node_modules/peerlane/dist/index.js")).size).toBeLessThan(96 * 1024);
  });
});
