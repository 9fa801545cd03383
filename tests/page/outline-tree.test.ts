import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OutlineRow } from "../../web/machine/protocol.js";
import { linesOf, parentOf, search, unfolded, type Line } from "../../web/outline/tree.js";

const PLAIN: OutlineRow = {
  id: 0,
  bdf: "",
  depth: 0,
  alias: "",
  what: "",
  label: "",
  memory: "",
  link: "",
  isBridge: false,
  acs: null,
};

const words = fc.string({ maxLength: 4, unit: fc.constantFrom(..."abN ,:0") });
const acs = fc.option(
  fc.record({
    redirects: fc.constantFrom(true, false, "unknown" as const),
    bits: fc.constantFrom("", "RR CR", "EC"),
    canTurn: fc.boolean(),
    turned: fc.boolean(),
  }),
);

/** Rows depth first: a row is at most one deeper than the one before it. */
const outlines: fc.Arbitrary<readonly OutlineRow[]> = fc
  .array(
    fc.record({ up: fc.nat({ max: 4 }), alias: words, what: words, label: words, memory: words, link: words, acs }),
    {
      maxLength: 40,
    },
  )
  .map((steps) => {
    let depth = -1;
    return steps.map(({ up, ...texts }, id) => {
      depth = Math.max(0, depth + 1 - up);
      return { ...PLAIN, ...texts, id, bdf: `row ${id}`, depth };
    });
  });

/** Which rows are folded, leaves among them, and names that no row has. */
const folds = fc
  .uniqueArray(fc.nat({ max: 45 }), { maxLength: 12 })
  .map((places) => new Set(places.map((place) => `row ${place}`)));

/** A row and what is below it. */
interface Node {
  readonly place: number;
  readonly below: Node[];
}

/** The tree that rows are a list of; and the way down to each. */
function treeOf(rows: readonly OutlineRow[]): { roots: Node[]; ways: (readonly Node[])[] } {
  const root: Node = { place: -1, below: [] };
  const open = [root];
  const ways = rows.map(({ depth }, place) => {
    const node = { place, below: [] };
    open.length = depth + 1;
    open[depth]!.below.push(node);
    open.push(node);
    return open.slice(1);
  });
  return { roots: root.below, ways };
}

/** The lines of a tree, told from above. */
function* told(rows: readonly OutlineRow[], nodes: readonly Node[], folded: ReadonlySet<string>): Generator<Line> {
  for (const [index, { place, below }] of nodes.entries()) {
    const row = rows[place]!;
    const isParent = below.length > 0;
    const isFolded = isParent && folded.has(row.bdf);
    yield { row, place, isParent, isFolded, position: index + 1, siblings: nodes.length };
    if (!isFolded) yield* told(rows, below, folded);
  }
}

describe("rows in sight", () => {
  test("are those that nothing above them folds away, with their positions among their siblings", () => {
    fc.assert(
      fc.property(outlines, folds, (rows, folded) => {
        expect(linesOf(rows, folded)).toEqual([...told(rows, treeOf(rows).roots, folded)]);
      }),
    );
  });

  test("a row is brought into sight by unfolding what is above it, and nothing else", () => {
    fc.assert(
      fc.property(outlines, folds, fc.nat(), (rows, folded, any) => {
        fc.pre(rows.length > 0);
        const place = any % rows.length;
        const above = treeOf(rows)
          .ways[place]!.slice(0, -1)
          .map((node) => rows[node.place]!.bdf);
        const open = unfolded(rows, folded, place);
        expect(open).toEqual(new Set([...folded].filter((bdf) => !above.includes(bdf))));
        expect(linesOf(rows, open).some((line) => line.place === place)).toBe(true);
        // Nothing changed is the same object: nothing is drawn anew.
        if (open.size === folded.size) expect(open).toBe(folded);
      }),
    );
  });

  test("each knows the row above it", () => {
    fc.assert(
      fc.property(outlines, (rows) => {
        const { ways } = treeOf(rows);
        rows.forEach((_, place) => expect(parentOf(rows, place)).toBe(ways[place]!.at(-2)?.place ?? -1));
      }),
    );
  });
});

describe("a search", () => {
  test("finds the rows that have all its words, in any of their texts", () => {
    const texts = fc.string({ maxLength: 6, unit: fc.constantFrom(..."aBn0 ") });
    fc.assert(
      fc.property(outlines, texts, (rows, text) => {
        const wanted = text.split(" ").filter((word) => word !== "");
        const found = rows.flatMap(({ bdf, alias, what, label, memory, link, acs }, place) => {
          const marks =
            acs === null ? "" : acs.redirects === "unknown" ? "ACS not shown" : acs.bits && `ACS ${acs.bits}`;
          const own = [bdf, alias, what, label, memory, link, marks].map((each) => each.toLowerCase());
          return wanted.every((word) => own.some((each) => each.includes(word.toLowerCase()))) ? [place] : [];
        });
        expect(search(rows, text)).toEqual(wanted.length === 0 ? [] : found);
      }),
    );
  });

  test("knows ACS by its marks, and finds nothing where nothing is asked", () => {
    const port = { redirects: true, bits: "RR CR", canTurn: true, turned: false } as const;
    const rows: OutlineRow[] = [
      { ...PLAIN, bdf: "0000:00", what: "host bridge" },
      { ...PLAIN, bdf: "0000:00:01.0", depth: 1, what: "root port", acs: port },
      { ...PLAIN, bdf: "0000:00:02.0", depth: 1, what: "root port", acs: { ...port, bits: "", redirects: "unknown" } },
      { ...PLAIN, bdf: "0000:00:03.0", depth: 1, what: "root port", acs: { ...port, bits: "", redirects: false } },
      { ...PLAIN, bdf: "0000:01:00.0", depth: 2, what: "NVMe", label: "Samsung PM173X" },
    ];
    expect(search(rows, "root ACS")).toEqual([1, 2]);
    expect(search(rows, "acs rr")).toEqual([1]);
    expect(search(rows, "not shown")).toEqual([2]);
    expect(search(rows, "pm173x  NVME 01:00")).toEqual([4]);
    expect(search(rows, "  ")).toEqual([]);
    expect(search(rows, "nobody")).toEqual([]);
  });
});
