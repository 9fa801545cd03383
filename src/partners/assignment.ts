/*
 *                 columns
 *               0   1   2   nobody       Each row takes one column, no column more than `capacity` rows; nobody is a
 *     row   0   3   1   -     .          column more, with room for all, which costs more than anything else.
 *           1   3   -   3     .          A cell is a number of a cost, or `NEVER`.
 *
 * Costs are vectors: what comes first outweighs all that follows. The method of Kuhn and Munkres, as Jonker and
 * Volgenant have it (shortest augmenting paths), needs nothing of costs but sums, differences and order, so that
 * vectors will do. Whole numbers below 2^53 / (rows + columns) keep it exact.
 */

/** What is to be assigned. */
export interface AssignmentProblem {
  readonly rows: number;
  readonly columns: number;
  /** How many rows a column takes, at least 1. */
  readonly capacity: number;
  /** Row by row the number of a cost in `costs`, or {@link NEVER}. */
  readonly cells: Uint32Array;
  /** Vectors of one length, in whole numbers. */
  readonly costs: readonly (readonly number[])[];
}

/** A cell that must not be taken. */
export const NEVER = 0xffffffff;

/** A row that takes no column. */
export const NOBODY = -1;

/**
 * The column of each row, or {@link NOBODY}: as many rows served as can be, then the least sum of their costs. Of
 * several such assignments the one in which the first row has the first column that it can have, then the second row,
 * and so on. O(rows² columns).
 */
export function assign(problem: AssignmentProblem): Int32Array {
  const matching = new Matching(problem);
  for (let row = 0; row < problem.rows; row++) matching.add(row);
  return matching.firstOfAll();
}

/** Rows with their columns, and what proves that no others cost less. */
class Matching {
  readonly #rows: number;
  /** Nobody included, as the last one. */
  readonly #width: number;
  readonly #capacity: number;
  readonly #cells: Uint32Array;
  /** How many numbers a cost has; the first is that of nobody. */
  readonly #levels: number;
  readonly #costs: Float64Array;
  /** Prices of rows and columns: of no cell they add up to more than its cost, of those taken to just that. */
  readonly #rowPrice: Float64Array;
  readonly #columnPrice: Float64Array;
  readonly #columnOf: Int32Array;
  readonly #rowsOf: Set<number>[];

  constructor({ rows, columns, capacity, cells, costs }: AssignmentProblem) {
    const deciding = decidingLevels(costs);
    this.#rows = rows;
    this.#width = columns + 1;
    this.#capacity = capacity;
    this.#levels = deciding.length + 1;
    this.#costs = Float64Array.from(
      [...costs, []].flatMap((cost, at) => [at === costs.length ? 1 : 0, ...deciding.map((level) => cost[level] ?? 0)]),
    );
    this.#cells = new Uint32Array(rows * this.#width);
    for (let row = 0; row < rows; row++) {
      this.#cells.set(cells.subarray(row * columns, (row + 1) * columns), row * this.#width);
      this.#cells[row * this.#width + columns] = costs.length;
    }
    this.#rowPrice = new Float64Array(rows * this.#levels);
    this.#columnPrice = new Float64Array(this.#width * this.#levels);
    this.#columnOf = new Int32Array(rows).fill(NOBODY);
    this.#rowsOf = Array.from({ length: this.#width }, () => new Set<number>());
  }

  #isFree(column: number): boolean {
    return column === this.#width - 1 || this.#rowsOf[column]!.size < this.#capacity;
  }

  /** Gives a row a column, along the cheapest way of moving others on to a column that has room. */
  add(added: number): void {
    const [levels, width] = [this.#levels, this.#width];
    const distance = new Float64Array(width * levels);
    /** The row from which a column is reached; -1: from none as yet. */
    const from = new Int32Array(width).fill(-1);
    const isDone = new Uint8Array(width);
    const reached: number[] = [];
    const base = new Float64Array(levels);
    /** Rows that are to be looked at, all at the distance of `column`; -1: at none. */
    let next: Iterable<number> = [added];
    let column = -1;
    for (;;) {
      for (const row of next) {
        for (let level = 0; level < levels; level++) {
          base[level] =
            (column === -1 ? 0 : distance[column * levels + level]!) - this.#rowPrice[row * levels + level]!;
        }
        this.#reach(row, base, distance, from, isDone);
      }
      column = this.#nearest(distance, from, isDone);
      if (this.#isFree(column)) break;
      isDone[column] = 1;
      reached.push(column);
      next = this.#rowsOf[column]!;
    }
    this.#reprice(added, reached, distance, column);
    for (let at = column; ;) {
      const row = from[at]!;
      const before = this.#columnOf[row]!;
      if (before !== NOBODY) this.#rowsOf[before]!.delete(row);
      this.#rowsOf[at]!.add(row);
      this.#columnOf[row] = at;
      if (row === added) return;
      at = before;
    }
  }

  /** Notes which columns a row reaches by a shorter way than was known. */
  #reach(row: number, base: Float64Array, distance: Float64Array, from: Int32Array, isDone: Uint8Array): void {
    const [levels, width, costs, price] = [this.#levels, this.#width, this.#costs, this.#columnPrice];
    for (let column = 0; column < width; column++) {
      const number = this.#cells[row * width + column]!;
      if (number === NEVER || isDone[column] === 1) continue;
      const [cost, at] = [number * levels, column * levels];
      let isShorter = from[column] === -1;
      for (let level = 0; level < levels; level++) {
        const length = base[level]! + costs[cost + level]! - price[at + level]!;
        if (!isShorter && length > distance[at + level]!) break;
        isShorter ||= length < distance[at + level]!;
        if (isShorter) distance[at + level] = length;
      }
      if (isShorter) from[column] = row;
    }
  }

  /** The nearest column that is not done with, of several one that has room. */
  #nearest(distance: Float64Array, from: Int32Array, isDone: Uint8Array): number {
    let nearest = -1;
    for (let column = 0; column < this.#width; column++) {
      if (from[column] === -1 || isDone[column] === 1) continue;
      const order = nearest === -1 ? -1 : this.#compare(distance, column, nearest);
      if (order < 0 || (order === 0 && !this.#isFree(nearest) && this.#isFree(column))) nearest = column;
    }
    return nearest;
  }

  #compare(vectors: Float64Array, a: number, b: number): number {
    for (let level = 0; level < this.#levels; level++) {
      const order = vectors[a * this.#levels + level]! - vectors[b * this.#levels + level]!;
      if (order !== 0) return order;
    }
    return 0;
  }

  #reprice(added: number, reached: readonly number[], distance: Float64Array, end: number): void {
    const levels = this.#levels;
    for (let level = 0; level < levels; level++) {
      const length = distance[end * levels + level]!;
      this.#rowPrice[added * levels + level]! += length;
      for (const column of reached) {
        const rest = length - distance[column * levels + level]!;
        this.#columnPrice[column * levels + level]! -= rest;
        for (const row of this.#rowsOf[column]!) this.#rowPrice[row * levels + level]! += rest;
      }
    }
  }

  /**
   * Moves rows, one after the other, to the first column that they have in any assignment which costs as little. What
   * moves goes to cells that cost just their prices; a column whose price is not nothing stays as full as it is.
   */
  firstOfAll(): Int32Array {
    for (let row = 0; row < this.#rows; row++) {
      const left = this.#columnOf[row]!;
      const wanted: number[] = [];
      for (let column = 0; column < left; column++) if (this.#isTight(row, column)) wanted.push(column);
      if (wanted.length > 0) this.#moveToFirst(row, wanted);
    }
    return this.#columnOf.map((column) => (column === this.#width - 1 ? NOBODY : column));
  }

  /** The rows above it stay where they are; `wanted` ascends. */
  #moveToFirst(row: number, wanted: readonly number[]): void {
    const left = this.#columnOf[row]!;
    /** Columns that may get a row more, for something can be done about it: the nearest to `left` first. */
    const settled = [left];
    /** What is done about it: `mover` goes on to the column `onward`; -1: the column has room. */
    const onward = new Int32Array(this.#width).fill(-1);
    const mover = new Int32Array(this.#width).fill(-1);
    const isSettled = new Uint8Array(this.#width);
    isSettled[left] = 1;
    const settle = (column: number, to: number, by: number) => {
      if (isSettled[column] === 1) return;
      [isSettled[column], onward[column], mover[column]] = [1, to, by];
      settled.push(column);
    };
    let mayGrow = false;
    for (const column of settled) {
      // One that may be less full may lose a row without getting one, which makes up for any that fills up.
      if (!mayGrow && this.#costsNothing(column)) {
        mayGrow = true;
        for (let other = 0; other < this.#width; other++) if (this.#isFree(other)) settle(other, column, -1);
      }
      for (let other = row + 1; other < this.#rows; other++) {
        const at = this.#columnOf[other]!;
        if (isSettled[at] === 0 && this.#isTight(other, column)) settle(at, column, other);
      }
    }
    const first = wanted.find((column) => isSettled[column] === 1);
    if (first === undefined) return;
    this.#move(row, first);
    for (let at = first; at !== left; at = onward[at]!) if (mover[at] !== -1) this.#move(mover[at]!, onward[at]!);
  }

  #move(row: number, to: number): void {
    this.#rowsOf[this.#columnOf[row]!]!.delete(row);
    this.#rowsOf[to]!.add(row);
    this.#columnOf[row] = to;
  }

  /** Whether a cell costs no more than its prices: an assignment that costs as little may have it. */
  #isTight(row: number, column: number): boolean {
    const number = this.#cells[row * this.#width + column]!;
    if (number === NEVER) return false;
    for (let level = 0; level < this.#levels; level++) {
      const prices = this.#rowPrice[row * this.#levels + level]! + this.#columnPrice[column * this.#levels + level]!;
      if (this.#costs[number * this.#levels + level] !== prices) return false;
    }
    return true;
  }

  #costsNothing(column: number): boolean {
    const price = this.#columnPrice.subarray(column * this.#levels, (column + 1) * this.#levels);
    return price.every((each) => each === 0);
  }
}

/** Where all costs are alike the sum is the same for as many rows. */
function decidingLevels(costs: readonly (readonly number[])[]): number[] {
  const [first = []] = costs;
  return [...first.keys()].filter((level) => costs.some((cost) => cost[level] !== first[level]));
}
