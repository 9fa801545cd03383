import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { ROOT } from "./pages.js";

const ENTRIES = [
  "src/index.ts",
  "src/fabrics/index.ts",
  "src/nccl/index.ts",
  "src/transfer/index.ts",
  "src/doctor/index.ts",
  "src/readers/index.ts",
  "src/writers/index.ts",
  "src/names/index.ts",
];

const settings = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config as object;
const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, ROOT);
const program = ts.createProgram(
  ENTRIES.map((entry) => join(ROOT, entry)),
  options,
);
const checker = program.getTypeChecker();

/** What an entry exports, as it is declared. */
function exportsOf(entry: string): ts.Symbol[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, entry))!)!;
  return checker.getExportsOfModule(module).map((symbol) => {
    return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  });
}

describe("the entries", () => {
  test.each(ENTRIES)("of %s all names have a docstring", (entry) => {
    const names = exportsOf(entry);
    expect(names.length).toBeGreaterThan(3);
    const bare = names.filter((symbol) => symbol.getDocumentationComment(checker).length === 0);
    expect(
      bare.map((symbol) => `${symbol.name} in ${relative(ROOT, symbol.declarations![0]!.getSourceFile().fileName)}`),
    ).toEqual([]);
  });

  test("of columns every one has a docstring", () => {
    const all = ENTRIES.flatMap(exportsOf);
    for (const name of [
      "CommonColumns",
      "OwnerQueries",
      "OwnerColumns",
      "MapRequests",
      "MapColumns",
      "DecisionColumns",
      "Matrix",
    ]) {
      const columns = checker.getDeclaredTypeOfSymbol(all.find((symbol) => symbol.name === name)!).getProperties();
      expect(columns.length).toBeGreaterThan(2);
      for (const column of columns) {
        expect(column.getDocumentationComment(checker), `${name}.${column.name}`).not.toEqual([]);
      }
    }
  });
});
