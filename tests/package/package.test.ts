import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ANSWER, Consumer, QUESTION, ROOT } from "./consumer.js";

const consumer = new Consumer();
const PROGRAM = `${QUESTION}console.log(ask(Topology.of(machine)));`;

/** Two servers that are made up, packed and read back: prints `120 s1 4`. */
const FABRIC = `
const { topology, functions } = Topology.fromColumns(shapes["gpu-servers"]({ functions: 120 }));
const { size, systems } = Topology.from(topology.toBuffer());
console.log(functions.length, systems.at(-1).name, size - functions.length);
`;
const FABRIC_ANSWER = "120 s1 4\n";

describe("the packed tarball, installed in an empty project", () => {
  test("works as an ES module", () => {
    consumer.write("esm.mjs", `import { linux, PeerDma, Topology } from "peerlane";${PROGRAM}`);
    expect(consumer.run("node", ["esm.mjs"])).toBe(`${ANSWER}\n`);
  });

  test("works as a CommonJS module", () => {
    consumer.write("cjs.cjs", `const { linux, PeerDma, Topology } = require("peerlane");${PROGRAM}`);
    expect(consumer.run("node", ["cjs.cjs"])).toBe(`${ANSWER}\n`);
  });

  test("makes fabrics up, as an ES module and as a CommonJS module", () => {
    const imports = `import { Topology } from "peerlane"; import { shapes } from "peerlane/fabrics";`;
    const requires = `const { Topology } = require("peerlane"); const { shapes } = require("peerlane/fabrics");`;
    consumer.write("fabric.mjs", imports + FABRIC);
    consumer.write("fabric.cjs", requires + FABRIC);
    expect(consumer.run("node", ["fabric.mjs"])).toBe(FABRIC_ANSWER);
    expect(consumer.run("node", ["fabric.cjs"])).toBe(FABRIC_ANSWER);
  });

  test("names devices, as an ES module and as a CommonJS module, under the licence of the names", () => {
    const ask = `.then((names) => console.log(names.label({ vendor: "10de", device: "2330" })));`;
    consumer.write("names.mjs", `import { loadNames } from "peerlane/names"; loadNames()${ask}`);
    consumer.write("names.cjs", `require("peerlane/names").loadNames()${ask}`);
    for (const file of ["names.mjs", "names.cjs"]) {
      expect(consumer.run("node", [file])).toBe("NVIDIA Corporation GH100 [H100 SXM5 80GB]\n");
    }
    const licence = readFileSync(join(consumer.folder, "node_modules/peerlane/src/names/LICENSE-pci.ids"), "utf8");
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
    for (const name of files) consumer.write(name, source);
    consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
    const { stdout } = spawnSync("node", [join(ROOT, "node_modules/typescript/bin/tsc")], {
      cwd: consumer.folder,
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  }, 60_000);

  test("answers from the command line", () => {
    const capture = join(ROOT, "tests/fixtures/qemu/switch4-intel/snapshot.tar.gz");
    expect(consumer.run("npx", ["--offline", "peerlane", "can", "03:00.0", "04:00.0", "-q", "-i", capture])).toBe(
      "yes\n",
    );
  });

  test("has no dependencies, and runs nothing on install", () => {
    const manifest = JSON.parse(readFileSync(join(consumer.folder, "node_modules/peerlane/package.json"), "utf8"));
    expect(manifest.dependencies).toEqual({});
    for (const script of ["preinstall", "install", "postinstall"]) expect(manifest.scripts).not.toHaveProperty(script);
  });
});
