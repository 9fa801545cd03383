import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Topology, type FunctionDescription } from "../../src/index.js";
import { read } from "../../src/readers/index.js";
import { captureFile } from "../readers/fixtures.js";
import { CLI, page, table } from "./pages.js";

const PAGE = page("docs/formats.md");
const CAPTURE = "gpu-server-intel";
const XML = new URL(`../fixtures/qemu/${CAPTURE}/hwloc-2.xml.gz`, import.meta.url);

/** What stands for each column in a description. */
const FACTS: Readonly<Record<string, (description: FunctionDescription) => boolean>> = {
  ACS: ({ acs }) => acs !== undefined,
  addresses: ({ bars }) =>
    bars?.some(({ start, bus }) => typeof start === "string" || typeof bus === "string") === true,
  links: ({ link }) => typeof link === "object",
  NUMA: ({ numaNode }) => typeof numaNode === "number",
  names: ({ names }) => (names?.length ?? 0) > 0,
};

const SOURCES: Readonly<Record<string, () => Uint8Array>> = {
  "snapshot, or": () => captureFile(CAPTURE, "snapshot.tar.gz"),
  "lspci text": () => captureFile(CAPTURE, "lspci.txt"),
  "drawing of lspci": () => new TextEncoder().encode("-[0000:00]-+-00.0\n           \\-01.0-[01]----00.0\n"),
  "XML of hwloc": () => gunzipSync(readFileSync(XML)),
};

describe("the page on formats", () => {
  test.each(Object.entries(SOURCES))("says what a machine's %s shows", async (name, bytes) => {
    const { machine } = await read([{ name, bytes: bytes() }]);
    const [system] = machine.systems;
    const row = PAGE.split("\n").find((line) => line.startsWith(`| ${name}`))!;
    const cells = row.split("|").map((cell) => cell.trim());
    const heads = PAGE.split("\n")
      .find((line) => line.startsWith("| source "))!
      .split("|")
      .map((cell) => cell.trim());
    // The captured /sys has no /sys/class, where hwloc finds what devices are called.
    const topology = Topology.of(machine);
    const hasTree = topology.functions().every((id) => topology.parent(id) !== "unknown");
    topology.close();
    const facts = [["tree", () => hasTree] as const, ...Object.entries(FACTS)].filter(
      ([fact]) => fact !== "names" || !name.startsWith("XML"),
    );
    for (const [fact, holds] of facts) {
      const shown = system!.functions.some(holds) || (fact === "NUMA" && system!.numaNodes !== undefined);
      expect({ fact, shown }).toEqual({ fact, shown: cells[heads.indexOf(fact)] !== "no" });
    }
  });

  test("has every format that export writes", () => {
    const help = execFileSync(process.execPath, [CLI, "export", "--help"], { encoding: "utf8" });
    const choices = /choices: ([^)]*)\)/
      .exec(help.replace(/\s+/g, " "))![1]!
      .match(/[a-z-]+/g)!
      .filter((word) => word !== "default");
    const written = table(PAGE, "format", "for").map(([format]) => format!);
    expect(written).toEqual(expect.arrayContaining(choices.map((choice) => `--to ${choice}`)));
  });

  test("has a row for each reader", () => {
    const folder = new URL("../../src/readers", import.meta.url).pathname;
    const readers = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => statSync(join(folder, file)).isFile())
      .flatMap((file) => [
        ...readFileSync(join(folder, file), "utf8").matchAll(/^export (?:async )?function looksLike(\w+)/gm),
      ])
      .map(([, name]) => name!)
      .sort();
    expect(readers).toEqual([
      "Cpuinfo",
      "Hwloc",
      "Iomem",
      "Json",
      "Listing",
      "Lspci",
      "Nccl",
      "RdmaTopo",
      "TopoMatrix",
    ]);
  });
});
