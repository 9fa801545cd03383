import { expect, test } from "vitest";
import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import { UNKNOWN_DISTANCE } from "../../src/explain/peer-dma.js";
import { differs, kindOf, labelOf, legendOf, markOf, shortTitle } from "../../web/matrix/cell.js";
import type { Cells, MatrixView } from "../../web/machine/protocol.js";

type Cell = readonly [(typeof ANSWERS)[number], (typeof ROUTES)[number], number];

const SELF: Cell = ["yes", "local", 0];
const REFUSED: Cell = ["no", "not-supported", 4];
const NOT_KNOWN: Cell = ["unknown", "unknown", UNKNOWN_DISTANCE];

function cellsOf(...cells: readonly Cell[]): Cells {
  return {
    answer: Uint8Array.from(cells, ([answer]) => ANSWERS.indexOf(answer)),
    route: Uint8Array.from(cells, ([, route]) => ROUTES.indexOf(route)),
    distance: Int32Array.from(cells, ([, , distance]) => distance),
  };
}

/** Two functions and their four cells. */
function viewOf(now: Cells, before: Cells | null = null): MatrixView {
  return {
    rules: "",
    granted: [],
    ids: Uint32Array.of(5, 9),
    heads: [
      { bdf: "0000:23:00.0", title: "GPU0", what: "GPU" },
      { bdf: "0000:25:00.0", title: "mlx5_0", what: "NIC" },
    ],
    now,
    before,
    changes: null,
    counts: [1, 2].map((at) => ({ answer: now.answer[at]!, route: now.route[at]!, pairs: 1 })),
    telltale: null,
    left: 0,
  };
}

test("a cell has the mark of the command line, and the colour of what it comes to", () => {
  const all = cellsOf(
    SELF,
    ["yes", "bus-address", 4],
    ["yes", "through-host-bridge", 8],
    ["yes", "unknown", UNKNOWN_DISTANCE],
    ["yes", "side-link", 2],
    REFUSED,
    NOT_KNOWN,
  );
  expect(Array.from(all.answer, (_, at) => `${markOf(all, at)} ${kindOf(all, at)}`)).toEqual([
    "= self",
    "4 good",
    "8h doubtful",
    "~ doubtful",
    "L good",
    "- bad",
    "? unknown",
  ]);
});

test("a cell is read out with who reaches whom, what it comes to, and what it was", () => {
  const now = cellsOf(SELF, ["yes", "bus-address", 4], ["yes", "through-host-bridge", 8], SELF);
  const before = cellsOf(SELF, REFUSED, ["yes", "through-host-bridge", 8], SELF);
  expect(labelOf(viewOf(now), 0, 1)).toBe("mlx5_0 to the memory of GPU0: direct, 4 hops, 4");
  expect(labelOf(viewOf(now, before), 0, 1)).toBe("mlx5_0 to the memory of GPU0: direct, 4 hops, 4, was refused");
  expect(labelOf(viewOf(now, before), 1, 0)).toBe(
    "GPU0 to the memory of mlx5_0: allowed through the host bridge, 8 hops, 8h",
  );
  expect(labelOf(viewOf(cellsOf(SELF, NOT_KNOWN, REFUSED, SELF)), 0, 1)).toBe(
    "mlx5_0 to the memory of GPU0: unknown, ?",
  );
  const linked = cellsOf(SELF, ["yes", "side-link", 2], REFUSED, SELF);
  expect(labelOf(viewOf(linked), 0, 1)).toBe("mlx5_0 to the memory of GPU0: over a side link, L");
});

test("cells differ by answer, route and hops", () => {
  const cells = cellsOf(
    ["yes", "bus-address", 4],
    REFUSED,
    ["yes", "through-host-bridge", 4],
    ["yes", "bus-address", 6],
  );
  const alike = cellsOf(...Array<Cell>(4).fill(["yes", "bus-address", 4]));
  expect([0, 1, 2, 3].map((at) => differs(cells, alike, at))).toEqual([false, true, true, true]);
});

test("the legend has the marks that there are, in the order of the command line", () => {
  const marks = (now: Cells) => legendOf(viewOf(now)).map(([mark, , kind]) => `${mark} ${kind}`);
  expect(marks(cellsOf(SELF, ["yes", "bus-address", 12], REFUSED, SELF))).toEqual(["4 good", "= self", "- bad"]);
  expect(marks(cellsOf(SELF, ["yes", "side-link", 2], ["yes", "through-host-bridge", 5], SELF))).toEqual([
    "4h doubtful",
    "= self",
    "L good",
  ]);
  // Whether a function reaches itself is not known either where the bridges above it are not shown.
  expect(marks(cellsOf(NOT_KNOWN, NOT_KNOWN, REFUSED, NOT_KNOWN))).toEqual(["- bad", "? unknown"]);
});

test("where there is little room, a device has the name that it is sold by", () => {
  expect(shortTitle("NVIDIA GA100 [A100 PCIe 80GB]")).toBe("A100 PCIe 80GB");
  expect(shortTitle("mlx5_0")).toBe("mlx5_0");
  expect(shortTitle("Intel 82801IR [AHCI mode] controller")).toBe("Intel 82801IR [AHCI mode] controller");
  expect(shortTitle("[]")).toBe("[]");
});
