import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MATRIX_LIMIT } from "../src/core.js";
import * as transfer from "../src/transfer/index.js";
import { blocks, CLI, compiled, directory, page, ROOT, run, table } from "./docs/pages.js";

const README = page("README.md");
const SNAPSHOT = join(ROOT, "tests/fixtures/qemu/gpu-server-intel-iommu/snapshot.tar.gz");

function peerlane(...args: string[]) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", cwd: directory });
}

describe("the README", () => {
  test("its first program says what its comments say", async () => {
    const report = "{ bridge, distance, owner: owners[0], verdict, mapping, hops: hops.length, route: route.length }";
    expect(await run(blocks(README, "ts")[0]!, report)).toMatchObject({
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
    const code = blocks(README, "ts")[1]!
      .replace('"lspci.txt")', `${JSON.stringify(lspci)})`)
      .replace('"cpuinfo")', `${JSON.stringify(cpuinfo)})`);
    expect(await run(code, "{ machine, findings }")).toMatchObject({
      machine: { systems: [{ cpu: { vendor: "GenuineIntel", family: 6 }, functions: [{ bdf: "0000:00:00.0" }] }] },
      findings: [],
    });
  });

  test("its third program asks a million questions, and its worker the same topology", async () => {
    writeFileSync(join(directory, "worker.mjs"), await compiled(blocks(README, "js")[0]!));
    const report = `{
      counts: [answers.route, answers.code, owner, offset, index, common, distance].map(({ length }) => length),
      below,
      isOwner: owner.every((id, row) => id === provider[row]),
      isSystem: [0, 59].map((row) => topology.systemOf(functions[row])),
      isNextSystem: topology.systemOf(functions[60]),
      pairs: route.length,
      isMoved: buffer.byteLength === 0,
      fromWorker: await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject)),
      there: topology.name(topology.functions("s7")[0]),
    }`;
    const found = (await run(blocks(README, "ts")[2]!, report)) as Record<string, unknown>;
    expect(found).toMatchObject({
      counts: Array(7).fill(1_000_000),
      isOwner: true,
      isSystem: [0, 0],
      isNextSystem: 1,
      pairs: 3600,
      isMoved: true,
      fromWorker: found["there"],
    });
    expect(found["below"]).toBeGreaterThan(0);
    expect(blocks(README, "js")[0]).toContain(`// "${String(found["there"])}"`);
  });

  test("shows what its command prints", () => {
    const [command, ...output] = blocks(README, "console")[0]!.split("\n");
    const args = command!.replace("$ peerlane ", "").replace("snapshot.tar.gz", SNAPSHOT).split(" ");
    expect(peerlane(...args).stdout).toBe(output.join("\n"));
  });

  test("names only options that there are", () => {
    const help = execFileSync(process.execPath, [CLI, "--help"], { encoding: "utf8" });
    for (const option of ["--kernel", "--cpu", "--json", "-i"]) expect(help).toContain(option);
  });

  const commands = table(README, "command", "prints").map(([command]) => command!);

  test("has all commands", () => {
    const help = execFileSync(process.execPath, [CLI, "--help"], { encoding: "utf8" });
    const all = [...help.slice(help.indexOf("\nCommands:")).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
    const named = new Set(commands.map((command) => command.split(" ")[1]));
    expect([...named].sort()).toEqual(all.filter((name) => name !== "help").sort());
  });

  test.each(commands)("%s runs", (command) => {
    const given: Readonly<Record<string, string>> = {
      PROVIDER: "23:00.0",
      CLIENT: "24:00.0",
      INITIATOR: "23:00.0",
      A: "23:00.0",
      B: "24:00.0",
      ADDRESS: "0x1000",
      SIZE: "4096",
      SHAPE: "mixed",
      FILE: "made-up.bin",
      TOPO: join(directory, "topo.xml"),
      CODE: "ACS_REDIRECT",
      OLD: SNAPSHOT,
      NEW: SNAPSHOT,
    };
    writeFileSync(given["TOPO"]!, '<system version="1"/>\n');
    const words = command
      .replace(/[[\]…]/g, "")
      .split(" ")
      .slice(1);
    const args = words.map((word) => given[word] ?? word);
    const { status, stdout, stderr } = peerlane(
      ...args,
      ...(["synth", "explain", "lint", "diff"].includes(args[0]!) ? [] : ["-i", SNAPSHOT]),
    );
    expect([0, 1, 3], stderr).toContain(status);
    expect(stdout).not.toBe("");
  });

  const shown = table(README, "what", "shown by").map(([, by]) => by!);

  test.each(shown.filter((by) => by.startsWith("peerlane ")))("%s shows it", (command) => {
    const words = command.split(" ").slice(1);
    const { status, stdout, stderr } = peerlane(
      ...words.map((word) => (word.startsWith("examples/") ? join(ROOT, word) : word)),
    );
    expect([stderr, status === 0 || status === 1]).toEqual(["", true]);
    expect(stdout).not.toBe("");
  });

  test("names calls that there are", () => {
    const calls = shown.flatMap((by) => by.match(/^(\w+)\(\)/)?.[1] ?? []);
    expect(calls).toEqual(["mapScatterList", "attach", "bestProvider"]);
    for (const call of calls) expect(transfer).toHaveProperty(call);
  });

  test("its example runs, and its two scripts are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(blocks(README, "sh").map((line) => line.trim())).toEqual(["npm run example", "npm test"]);
    for (const name of ["test", "build:page", "page:serve"]) expect(scripts).toHaveProperty(name);
    const [, program] = /node (examples\/\S+)$/.exec(scripts["example"]!)!;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, program!)], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("NO: DMA by");
  });

  test("has the limits that there are", () => {
    const fits = table(page("docs/columns.md"), "what fits into 4 GiB").map(([, functions]) => functions!);
    expect(README).toContain(
      `${fits[1]} functions with one BAR or window each, ${fits[2]!.replace(" million", "")} million with`,
    );
    expect(README).toContain(`at most ${MATRIX_LIMIT} functions`);
  });

  test("links to pages and headings that there are", () => {
    const links = [...README.matchAll(/\[[^\]]+\]\(([\w./-]+\.md)(?:#([\w-]+))?\)/g)];
    expect(links.length).toBeGreaterThan(3);
    for (const [, path, anchor] of links) {
      const headings = [...page(path!).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
        return heading!
          .toLowerCase()
          .replace(/[^\w -]/g, "")
          .replaceAll(" ", "-");
      });
      if (anchor !== undefined) expect(headings, path).toContain(anchor);
    }
  });
});
