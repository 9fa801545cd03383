import { expect, test } from "vitest";
import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import type { MatrixHead } from "../../web/machine/protocol.js";
import { telltalePair } from "../../web/machine/telltale.js";
import { summaryOf, summaryParts } from "../../web/summary.js";

const KINDS = {
  "=": ["yes", "local"],
  d: ["yes", "bus-address"],
  L: ["yes", "side-link"],
  h: ["yes", "through-host-bridge"],
  "~": ["yes", "unknown"],
  "-": ["no", "not-supported"],
  "?": ["unknown", "unknown"],
} as const;

/** A matrix as it is drawn: a row a line, first what the row is. */
function drawn(...lines: readonly string[]) {
  const kinds: Readonly<Record<string, MatrixHead["what"]>> = { G: "GPU", N: "NIC", V: "NVMe", o: "other" };
  const cells = lines.flatMap((line) => [...line.slice(2)].map((mark) => KINDS[mark as keyof typeof KINDS]));
  return {
    ids: Uint32Array.from(lines, (_, row) => row + 10),
    heads: lines.map((line, row): MatrixHead => ({ bdf: `0000:0${row}:00.0`, title: "", what: kinds[line[0]!]! })),
    now: {
      answer: Uint8Array.from(cells, ([answer]) => ANSWERS.indexOf(answer)),
      route: Uint8Array.from(cells, ([, route]) => ROUTES.indexOf(route)),
      distance: new Int32Array(cells.length),
    },
  };
}

test("pairs are counted by what they come to", () => {
  const counts = (["d", "d", "L", "h", "~", "-", "?"] as const).map((mark, pairs) => ({
    answer: ANSWERS.indexOf(KINDS[mark][0]),
    route: ROUTES.indexOf(KINDS[mark][1]),
    pairs: pairs * 1000,
  }));
  const summary = summaryOf(counts);
  expect(summary).toEqual({
    pairs: 21_000,
    direct: 3000,
    throughHost: 3000,
    eitherWay: 4000,
    refused: 5000,
    unknown: 6000,
  });
  expect(summaryParts(summary).map(({ text }) => text)).toEqual([
    "3,000 direct",
    "3,000 through the host bridge",
    "4,000 allowed, by a route that is not shown",
    "5,000 refused",
    "6,000 unknown",
  ]);
  expect(summaryParts(summaryOf([]))).toEqual([]);
});

test("the pair that tells most comes first: what is refused, of a GPU and a network adapter", () => {
  expect(telltalePair(drawn("V =---", "N -=--", "G --=d", "N -d-="))).toEqual([12, 11]);
  expect(telltalePair(drawn("V =-d", "G d=?", "N d?="))).toEqual([10, 11]);
  expect(telltalePair(drawn("V =dd", "G d=?", "G d?="))).toEqual([11, 12]);
  expect(telltalePair(drawn("V =d", "N h="))).toEqual([10, 11]);
  expect(telltalePair(drawn("G ="))).toBeNull();
  expect(telltalePair(drawn())).toBeNull();
});
