import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transformWithEsbuild } from "vite";
import { afterAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const SNAPSHOT = join(ROOT, "tests/fixtures/qemu/gpu-server-intel-iommu/snapshot.tar.gz");
const directory = mkdtempSync(join(tmpdir(), "peerlane-readme-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code]) => code!);
}

/** Runs a program of the README against the built package and prints what `report` evaluates to. */
async function run(code: string, report: string): Promise<unknown> {
  const { code: script } = await transformWithEsbuild(`${code}\nexport default ${report};`, "readme.ts");
  const built = (entry: string) => pathToFileURL(join(ROOT, "dist", entry)).href;
  const file = join(directory, `readme-${report.length}.mjs`);
  writeFileSync(
    file,
    script.replace('"peerlane/readers"', `"${built("readers.js")}"`).replace('"peerlane"', `"${built("index.js")}"`),
  );
  return ((await import(pathToFileURL(file).href)) as { default: unknown }).default;
}

describe("the README", () => {
  test("its first program says what its comments say", async () => {
    const report = "{ bridge, distance, owner: owners[0], verdict, mapping, hops: hops.length, route: route.length }";
    expect(await run(blocks("ts")[0]!, report)).toMatchObject({
      distance: 4,
      owner: { name: "0000:03:00.0", bar: 0, offset: 0x1000n },
      verdict: {
        answer: "yes",
        route: "through-host-bridge",
        common: "0000:01:00.0",
        culprits: [{ bdf: "0000:02:00.0", bits: ["RR", "CR"] }],
      },
      mapping: { ok: true, route: "through-host-bridge", dmaAddress: 0xf9001000n, translation: "none" },
      hops: 36,
      route: 36,
    });
  });

  test("its second program reads and combines two sources", async () => {
    const lspci = join(directory, "lspci.txt");
    const cpuinfo = join(directory, "cpuinfo");
    writeFileSync(lspci, "00:00.0 0600: 8086:29c0\n\tControl: I/O+ Mem+ BusMaster-\n\n");
    writeFileSync(cpuinfo, "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: x\n");
    const code = blocks("ts")[1]!
      .replace('"lspci.txt")', `${JSON.stringify(lspci)})`)
      .replace('"cpuinfo")', `${JSON.stringify(cpuinfo)})`);
    expect(await run(code, "{ machine, findings }")).toMatchObject({
      machine: { systems: [{ cpu: { vendor: "GenuineIntel", family: 6 }, functions: [{ bdf: "0000:00:00.0" }] }] },
      findings: [],
    });
  });

  test("shows what its command prints", () => {
    const [command, ...output] = blocks("console")[0]!.split("\n");
    const args = command!.replace("$ peerlane ", "").replace("snapshot.tar.gz", SNAPSHOT).split(" ");
    const { stdout } = spawnSync(process.execPath, [join(ROOT, "dist/cli.js"), ...args], { encoding: "utf8" });
    expect(output.join("\n")).toBe(stdout);
  });

  test("names only commands and options that there are", () => {
    const help = execFileSync(process.execPath, [join(ROOT, "dist/cli.js"), "--help"], { encoding: "utf8" });
    const commands = [...README.matchAll(/^\| `peerlane (\w+)/gm)].map(([, name]) => name!);
    expect(commands).toEqual(["tree", "matrix", "can", "map", "owner", "common", "list", "export"]);
    for (const command of commands) expect(help).toMatch(new RegExp(`^  ${command} `, "m"));
    for (const option of ["--kernel", "--cpu", "--json", "-i"]) expect(help).toContain(option);
  });
});
