import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign, NEVER, NOBODY, type AssignmentProblem } from "../../src/partners/assignment.js";

/** Every way of giving rows columns, in the order of the first row's column, then the second's; nobody comes last. */
function* assignments(
  problem: AssignmentProblem,
  row = 0,
  taken: readonly number[] = [],
): Generator<readonly number[]> {
  const { rows, columns, capacity, cells } = problem;
  if (row === rows) {
    yield taken;
    return;
  }
  for (let column = 0; column < columns; column++) {
    const isFull = taken.filter((other) => other === column).length === capacity;
    if (!isFull && cells[row * columns + column] !== NEVER) yield* assignments(problem, row + 1, [...taken, column]);
  }
  yield* assignments(problem, row + 1, [...taken, NOBODY]);
}

function costOf({ columns, cells, costs }: AssignmentProblem, taken: readonly number[]): number[] {
  const sum = [0, ...costs[0]!.map(() => 0)];
  taken.forEach((column, row) => {
    const cost = column === NOBODY ? [1] : [0, ...costs[cells[row * columns + column]!]!];
    cost.forEach((each, level) => (sum[level]! += each));
  });
  return sum;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const level = a.findIndex((each, at) => each !== b[at]);
  return level === -1 ? 0 : a[level]! - b[level]!;
}

function bruteForce(problem: AssignmentProblem): readonly number[] {
  let best: readonly number[] | null = null;
  for (const taken of assignments(problem)) {
    if (best === null || compare(costOf(problem, taken), costOf(problem, best)) < 0) best = taken;
  }
  return best!;
}

function problem(rows: number, columns: number, cells: ArrayLike<number>, costs: readonly number[][], capacity = 1) {
  return { rows, columns, capacity, cells: Uint32Array.from(cells), costs };
}

describe("the assignment is that of brute force, ties included", () => {
  test.each([
    [1, 1],
    [1, 3],
    [2, 2],
    [3, 1],
    [2, 3],
    [3, 2],
    [3, 3],
  ])(
    "%i by %i: every matrix of three costs and cells that must not be",
    (rows, columns) => {
      const values = [0, 1, 2, NEVER];
      const count = rows * columns;
      let different = 0;
      for (let number = 0; number < 4 ** count; number++) {
        const cells = Array.from({ length: count }, (_, at) => values[Math.floor(number / 4 ** at) % 4]!);
        const asked = problem(rows, columns, cells, [[0], [1], [3]]);
        if (compare([...assign(asked)], bruteForce(asked)) !== 0) different++;
      }
      expect(different).toBe(0);
    },
    60_000,
  );

  const size = fc.integer({ min: 1, max: 6 });
  const level = fc.integer({ min: -3, max: 3 });
  const drawn = fc
    .record({
      rows: size,
      columns: size,
      levels: fc.integer({ min: 1, max: 3 }),
      capacity: fc.integer({ min: 1, max: 3 }),
    })
    .chain(({ rows, columns, levels, capacity }) =>
      fc
        .array(fc.array(level, { minLength: levels, maxLength: levels }), { minLength: 1, maxLength: 5 })
        .chain((costs) => {
          const number = fc.oneof(
            { weight: 4, arbitrary: fc.nat(costs.length - 1) },
            { weight: 1, arbitrary: fc.constant(NEVER) },
          );
          return fc
            .array(number, { minLength: rows * columns, maxLength: rows * columns })
            .map((cells) => problem(rows, columns, cells, costs, capacity));
        }),
    );

  test("any small problem: vectors, columns that take several, more rows than there is room for", () => {
    fc.assert(
      fc.property(drawn, (asked) => {
        expect([...assign(asked)]).toEqual(bruteForce(asked));
      }),
      { numRuns: 3000 },
    );
  });

  test("7 by 7", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 49, maxLength: 49 }), (cells) => {
        const asked = problem(7, 7, cells, [[0], [1], [2], [4], [7], [11]]);
        expect([...assign(asked)]).toEqual(bruteForce(asked));
      }),
      { numRuns: 10 },
    );
  });
});

describe("large assignments", () => {
  test("1000 by 1000 of random costs: prices of rows and columns prove that none is cheaper", () => {
    // Permuted so that row i pays nothing in column (7 i + 3) mod 1000 alone: the only assignment that is free.
    const count = 1000;
    const cells = new Uint32Array(count * count);
    let state = 1;
    for (let at = 0; at < cells.length; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      cells[at] = 1 + (state >>> 24);
    }
    for (let row = 0; row < count; row++) cells[row * count + ((7 * row + 3) % count)] = 0;
    const costs = Array.from({ length: 257 }, (_, number) => [number === 0 ? 0 : 1, number]);
    const taken = assign({ rows: count, columns: count, capacity: 1, cells, costs });
    expect([...taken]).toEqual(Array.from({ length: count }, (_, row) => (7 * row + 3) % count));
  });

  test("where all is alike rows take columns in order, as many each as they have room for", () => {
    const asked = { rows: 1000, columns: 300, capacity: 3, cells: new Uint32Array(300_000), costs: [[5]] };
    const expected = Array.from({ length: 1000 }, (_, row) => (row < 900 ? Math.floor(row / 3) : NOBODY));
    expect([...assign(asked)]).toEqual(expected);
  });
});
