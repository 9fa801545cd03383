import { describe, expect, it } from "vitest";

/** The benchmark is plain JavaScript: what this test uses of it. */
interface Bench {
  expectSame(
    what: string,
    expected: Record<string, ArrayLike<number>>,
    actual: Record<string, ArrayLike<number | bigint>>,
  ): void;
  sortedRows(column: Float64Array, rows?: Uint32Array): Uint32Array;
  wide(column: Float64Array, unit?: number): BigUint64Array;
  numbers(column: BigUint64Array | Float64Array): Float64Array;
  quantile(sorted: readonly number[], fraction: number): number;
  between(text: string, name: string, content: string): string;
  ratiosOf(rows: readonly object[]): readonly {
    readonly what: string;
    readonly mix: string;
    readonly cells: readonly { size: number; ratio: number; rival: string; atLeast?: number; aim?: number }[];
  }[];
}

async function load<Name extends keyof Bench>(file: string, ...names: readonly Name[]): Promise<Pick<Bench, Name>> {
  const module = (await import(/* @vite-ignore */ new URL(`../../bench/${file}`, import.meta.url).href)) as Bench;
  for (const name of names) expect(module[name]).toBeTypeOf("function");
  return module;
}

describe("what the benchmark stands on", () => {
  it("notices a wrong answer, a missing column and one too long", async () => {
    const { expectSame } = await load("reference.mjs", "expectSame");
    const expected = { owner: Uint32Array.of(1, 2, 3), offset: Float64Array.of(0, 2 ** 40, 5) };
    const right = { owner: Uint32Array.of(1, 2), offset: BigUint64Array.of(0n, 2n ** 40n) };
    expect(() => expectSame("x", expected, right)).not.toThrow();
    expect(() => expectSame("x", expected, { owner: Uint32Array.of(1, 9) })).toThrow("owner of row 1 is 9, expected 2");
    expect(() => expectSame("x", expected, { offset: BigUint64Array.of(1n) })).toThrow("offset of row 0");
    expect(() => expectSame("x", expected, { common: Uint32Array.of(1) })).toThrow("common");
    expect(() => expectSame("x", expected, { owner: new Uint32Array(4) })).toThrow("owner");
  });

  it("sorts rows as a comparison would, equals in the order given", async () => {
    const { sortedRows } = await load("sort.mjs", "sortedRows");
    const column = Float64Array.from({ length: 3000 }, (_, row) => ((row * 7919) % 500) * 2 ** ((row % 5) * 9));
    const rows = Uint32Array.from(column, (_, row) => column.length - 1 - row);
    const plain = Array.from(rows).sort((a, b) => column[a]! - column[b]!);
    expect(Array.from(sortedRows(column, rows))).toEqual(plain);
    expect(Array.from(sortedRows(new Float64Array(0)))).toEqual([]);
  });

  it("turns numbers into 64-bit words and back", async () => {
    const { wide, numbers } = await load("segments.mjs", "wide", "numbers");
    const column = Float64Array.of(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 123456789012345);
    expect(Array.from(wide(column))).toEqual(Array.from(column, BigInt));
    expect(Array.from(wide(column, 256))).toEqual(Array.from(column, (value) => BigInt(value) * 256n));
    expect(Array.from(numbers(wide(column)))).toEqual(Array.from(column));
  });

  it("divides the time of the best of a family by ours", async () => {
    const { ratiosOf } = await load("ratios.mjs", "ratiosOf");
    const row = (size: number, family: string, contender: string, ns: number) => {
      return { kernel: "owner", mix: "random", size, family, contender, ns };
    };
    const rows = [
      row(1e6, "ours", "peerlane: ownerMany, BigUint64Array", 10),
      row(1e6, "ours", "peerlane: ownerId, number", 50),
      row(1e6, "ours", "peerlane: ownerId, bigint", 40),
      row(1e6, "native", "C: slow", 30),
      row(1e6, "native", "C: quick", 8),
      row(1e6, "npm", "a package", 400),
      row(1e7, "ours", "peerlane: ownerMany, BigUint64Array", 20),
      row(1e7, "native", "C: quick", 18),
    ];
    expect(ratiosOf(rows)).toEqual([
      {
        what: "owner, batch : best native",
        mix: "random",
        cells: [
          { size: 1e6, ratio: 0.8, rival: "C: quick", atLeast: 0.65, aim: 0.75 },
          { size: 1e7, ratio: 0.9, rival: "C: quick", atLeast: 0.85, aim: 0.94 },
        ],
      },
      {
        what: "owner, batch : best npm package",
        mix: "random",
        cells: [{ size: 1e6, ratio: 40, rival: "a package", atLeast: 20, aim: 35 }],
      },
      {
        what: "owner, one call : best npm package",
        mix: "random",
        cells: [{ size: 1e6, ratio: 10, rival: "a package", atLeast: 10, aim: 16 }],
      },
    ]);
  });

  it("replaces what stands between two markers, and nothing without them", async () => {
    const { between } = await load("docs.mjs", "between");
    const [begin, end] = ["<!-- x: begin -->", "<!-- x: end -->"];
    expect(between(`a\n${begin}old${end}\nb`, "x", "new")).toBe(`a\n${begin}\n\nnew\n\n${end}\nb`);
    expect(() => between(`a ${end} ${begin}`, "x", "new")).toThrow(begin);
    expect(() => between("a", "x", "new")).toThrow(end);
  });

  it("finds quantiles between values", async () => {
    const { quantile } = await load("stopwatch.mjs", "quantile");
    expect(quantile([4], 0.5)).toBe(4);
    expect(quantile([1, 2, 3, 10], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 10], 0.25)).toBe(1.75);
  });
});
