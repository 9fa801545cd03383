import { expect, test } from "vitest";
import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import type { MatrixHead } from "../../web/machine/protocol.js";
import { summaryOf, summaryParts, telltalePair } from "../../web/summary.js";

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

test("every ordered pair of two functions is counted once", () => {
  const summary = summaryOf(drawn("G =dh~", "N L=-?", "V d-=?", "o hd~="));
  expect(summary).toEqual({ pairs: 12, direct: 4, throughHost: 2, eitherWay: 2, refused: 2, unknown: 2 });
  expect(summaryParts(summary).map(({ text }) => text)).toEqual([
    "4 direct",
    "2 through the host bridge",
    "2 allowed, by a route that is not shown",
    "2 refused",
    "2 unknown",
  ]);
  expect(summaryParts(summaryOf(drawn("G =-", "N -=")))).toEqual([{ kind: "refused", text: "2 refused" }]);
  expect(summaryParts(summaryOf(drawn()))).toEqual([]);
});

test("the pair that tells most comes first: what is refused, of a GPU and a network adapter", () => {
  expect(telltalePair(drawn("V =---", "N -=--", "G --=d", "N -d-="))).toEqual([12, 11]);
  expect(telltalePair(drawn("V =-d", "G d=?", "N d?="))).toEqual([10, 11]);
  expect(telltalePair(drawn("V =dd", "G d=?", "G d?="))).toEqual([11, 12]);
  expect(telltalePair(drawn("V =d", "N h="))).toEqual([10, 11]);
  expect(telltalePair(drawn("G ="))).toBeNull();
  expect(telltalePair(drawn())).toBeNull();
});
