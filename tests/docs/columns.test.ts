import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { memoryNeeded } from "../../src/core.js";
import { shapes } from "../../src/fabrics/index.js";
import * as peerlane from "../../src/index.js";
import { anyMachine } from "./machine.js";
import { blocks, page, ROOT, run, table } from "./pages.js";

const PAGE = page("docs/columns.md");

/** What a table of columns says of each: name, type, whether it is needed. */
type Column = readonly [name: string, type: string, needed: string];

/** The members of an interface, those of its groups by path. Read from the source: types leave nothing to ask. */
function columnsOf(file: string, name: string): Column[] {
  const path = join(ROOT, file);
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const declaration = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name)!;
  return membersOf(declaration.members, "", source);
}

function membersOf(members: ts.NodeArray<ts.TypeElement>, prefix: string, source: ts.SourceFile): Column[] {
  return members.filter(ts.isPropertySignature).flatMap((member) => {
    const name = `${prefix}${member.name.getText(source)}`;
    const type = member.type!;
    if (ts.isTypeLiteralNode(type)) return membersOf(type.members, `${name}.`, source);
    const text = type.getText(source).split(" | ").join(" or ");
    return [[name, text, member.questionToken === undefined ? "needed" : "optional"] as const];
  });
}

/** The page from one heading on to the next. */
function section(heading: string): string {
  const from = PAGE.slice(PAGE.indexOf(heading) + heading.length);
  return from.slice(0, /^#/m.exec(from)?.index);
}

function documented(text: string): Column[] {
  return table(text, "column", "type").map(([name, type, needed]) => {
    return [name!, type!.replace(", ", " or "), needed!] as const;
  });
}

describe("the page on columns", () => {
  test("its program says what its comments say", async () => {
    const report = "{ common, distance, owner, offset, functions, answer, route, dmaAddress }";
    const found = (await run(blocks(PAGE, "ts")[0]!, report)) as Record<string, Uint32Array>;
    expect(found).toMatchObject({
      common: Uint32Array.of(found["functions"]![0]!),
      distance: Uint32Array.of(2),
      owner: Uint32Array.of(found["functions"]![1]!),
      offset: Float64Array.of(0x1000),
      answer: Uint8Array.of(peerlane.ANSWERS.indexOf("yes")),
      route: Uint8Array.of(peerlane.ROUTES.indexOf("bus-address")),
      dmaAddress: BigUint64Array.of(peerlane.NO_ADDRESS),
    });
  });

  test("lists the columns of a fabric", () => {
    const columns = columnsOf("src/topology/fabric/columns.ts", "FabricColumns");
    expect(documented(section("## A fabric"))).toEqual(columns.filter(([name]) => name !== "systems"));
  });

  test.each([
    ["commonMany", "src/topology/answers.ts", ["CommonColumns"]],
    ["ownerMany", "src/topology/answers.ts", ["OwnerQueries", "OwnerColumns"]],
    ["canMany", "src/explain/can-many.ts", ["DecisionColumns"]],
    ["mapMany", "src/explain/map-many.ts", ["MapRequests", "MapColumns"]],
    ["matrix", "src/explain/peer-dma.ts", ["Matrix"]],
  ])("lists the columns of %s", (call, file, names) => {
    const [, heading] = new RegExp(`^(### \`\\w+\\.${call}\\(.*)$`, "m").exec(PAGE)!;
    expect(heading).toMatch(new RegExp(`: ${names.join(", ")}$`));
    let rest = section(heading!);
    for (const name of names) {
      // A scalar or a column: the order of the two says nothing.
      const sorted = ([column, type, needed]: Column) => [
        column,
        type
          .split(/ or |, /)
          .sort()
          .join(" or "),
        needed,
      ];
      expect(documented(rest).map(sorted), name).toEqual(columnsOf(file, name).map(sorted));
      rest = rest.slice(rest.indexOf("| column") + 1);
    }
  });

  test("lists the numbers that stand for words", () => {
    const lists = [...PAGE.matchAll(/^- `([A-Z_]+)`: ((?:.|\n {2})*)/gm)].map(([, name, text]) => {
      const words = [...text!.split(";")[0]!.matchAll(/(\d+)\s+(?:`([\w-]+)`|allowed|unknown)/g)];
      return [name, words.map(([, number, word]) => [Number(number), word ?? null])];
    });
    const names = Object.entries(peerlane).filter(([, value]) => Array.isArray(value)) as [string, unknown[]][];
    const expected = names.map(([name, words]) => [name, words.map((word, number) => [number, word])]);
    expect(Object.fromEntries(lists)).toEqual(Object.fromEntries(expected));
  });

  test("lists the constants", () => {
    const listed = table(PAGE, "constant", "value").map(([name, value]) => [
      name,
      value!.startsWith("-") ? -BigInt(value!.slice(1)) : BigInt(value!),
    ]);
    const exported = Object.entries(peerlane).flatMap(([name, value]) => {
      return typeof value === "number" || typeof value === "bigint" ? [[name, BigInt(value)]] : [];
    });
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(exported));
  });
});

/** Reads a buffer by what the page says, and nothing else. */
function sectionsOf(buffer: ArrayBuffer): string[] {
  const view = new DataView(buffer);
  const text = (at: number, length: number) => new TextDecoder().decode(new Uint8Array(buffer, at, length));
  const header = Object.fromEntries(table(PAGE, "header", "bytes").map(([at, , holds]) => [holds, Number(at)]));
  expect(text(header["peerlane"]!, 8)).toBe("peerlane");
  expect(view.getUint32(8, true)).toBe(3);
  expect(view.getBigUint64(header["length of the buffer in bytes, a multiple of 64"]!, true)).toBe(
    BigInt(buffer.byteLength),
  );
  const [begin, factor] = [/begin with (\w+) and (\w+)/, /factors are (\w+) and (\w+)/].map((pattern) => {
    return pattern.exec(PAGE)!.slice(1).map(Number);
  });
  for (const place of [0, 1]) {
    let sum = begin![place]!;
    for (let at = place; at < buffer.byteLength / 4; at += 2) {
      const isOwn = 4 * at === header["checksum"]! + 4 * place;
      if (!isOwn) sum = (Math.imul(sum, factor![place]!) + view.getUint32(4 * at, true)) >>> 0;
    }
    expect(view.getUint32(header["checksum"]! + 4 * place, true)).toBe(sum);
  }
  return Array.from({ length: view.getUint32(header["how many sections"]!, true) }, (_, row) => {
    const at = 64 * (row + 1);
    expect(Number(view.getBigUint64(at + 48, true)) % 64).toBe(0);
    expect(Number(view.getBigUint64(at + 48, true) + view.getBigUint64(at + 56, true))).toBeLessThanOrEqual(
      buffer.byteLength,
    );
    return text(at, 48).replace(/\0+$/, "");
  });
}

describe("the page on buffers", () => {
  const listed = (kind: string) => {
    const rows = table(PAGE, "section", "in").filter(([, where]) => where === "both" || where === kind);
    return rows.map(([name]) => name);
  };

  test("lists the sections of a topology that was made of columns", () => {
    const columns = shapes.mixed({ functions: 500 });
    const functions = { ...columns.functions, dmaMaskBits: new Uint8Array(500).fill(64) };
    const { topology } = peerlane.Topology.fromColumns({ ...columns, functions });
    expect(sectionsOf(topology.toBuffer()).sort()).toEqual(listed("columns").sort());
    topology.close();
  });

  test("lists the sections of a topology that was made of a machine", () => {
    const topology = peerlane.Topology.of(anyMachine);
    expect(sectionsOf(topology.toBuffer()).sort()).toEqual(listed("machine").sort());
    topology.close();
  });
});

describe("the page on how much fits", () => {
  const MILLION = 1e6;

  test("has the numbers of functions that fit", () => {
    const rows = table(PAGE, "what fits into 4 GiB");
    expect(rows).toHaveLength(5);
    for (const [what, functions] of rows) {
      const each = Number(/\d+/.exec(what!)?.[0] ?? 0);
      const millions = Number(/^(\d+) million$/.exec(functions!)![1]);
      const needed = (count: number) =>
        memoryNeeded({ nodes: count, hosts: count / 50, systems: count / 200, ranges: each * count });
      expect(needed(millions * MILLION), what).toBeLessThanOrEqual(2 ** 32);
      expect(needed((millions + 1) * MILLION), what).toBeGreaterThan(2 ** 32);
    }
  });
});
