import { expect, test } from "vitest";
import { packTerms, TermsTable, unpackTerms, type Terms } from "../../src/core/terms.js";
import { EXPORTS, RANGE_KINDS, RANKS } from "../../src/core/axes.js";
import { layout } from "../../src/core/wasm.js";
import { BAR } from "./cores.js";

const ROWS: readonly Terms[] = [
  BAR,
  { ...BAR, busOffset: 0n, bar: 5, offFrom: 0x0102_0304, unknownFrom: 0x0506_0708 },
  { ...BAR, busOffset: -0x1234_5678_9abcn, bar: 0, offFrom: 1, unknownFrom: 0x8000_0000 },
  { ...BAR, busOffset: 0x7fff_0000_0000n, bar: 13, exported: "none" },
  { ...BAR, kind: "window", window: "mem" },
  { ...BAR, kind: "window", window: "pref", busOffset: 1n },
  ...RANGE_KINDS.filter((kind) => kind !== "window").map((kind): Terms => ({ ...BAR, kind, bar: 1 })),
  ...RANKS.map((rank): Terms => ({ ...BAR, rank })),
  ...EXPORTS.map((exported): Terms => ({ ...BAR, exported })),
];

test("terms come back as they went", () => {
  expect(unpackTerms(packTerms(ROWS))).toEqual(ROWS);
});

test("terms stand where the core looks for them, the lowest byte first", () => {
  const memory = new DataView(packTerms(ROWS).buffer);
  const at = (row: number, field: number) => row * layout.TERMS_BYTES + field;
  expect(memory.getBigInt64(at(2, layout.TERMS_BUS_OFFSET), true)).toBe(-0x1234_5678_9abcn);
  expect(memory.getUint32(at(1, layout.TERMS_OFF_FROM), true)).toBe(0x0102_0304);
  expect(memory.getUint32(at(1, layout.TERMS_UNKNOWN_FROM), true)).toBe(0x0506_0708);
  const known = (row: number) => (memory.getUint32(at(row, layout.TERMS_META), true) & layout.META_BUS_KNOWN) !== 0;
  expect([0, 1, 2, 3, 4, 5].map(known)).toEqual([false, true, true, true, false, true]);
});

test("terms that are the same share a row", () => {
  const table = new TermsTable();
  expect(ROWS.slice(0, 6).map((terms) => table.row(terms))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(ROWS.slice(0, 6).map((terms) => table.row({ ...terms }))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(table.rows).toEqual(ROWS.slice(0, 6));
});
