import type { Code } from "../explain/codes.js";
import { UNKNOWN_DISTANCE, type Matrix, type PeerDma } from "../explain/peer-dma.js";
import { ANSWERS, CODE_NUMBERS, ROUTES } from "../explain/ruling.js";
import type { Verdict } from "../explain/verdict.js";
import type { Direction } from "../policy/policy.js";
import type { Topology } from "../topology/topology.js";

/** What a pair comes to on one side, in short. */
export interface Standing {
  readonly answer: (typeof ANSWERS)[number];
  readonly route: (typeof ROUTES)[number];
  /** As Linux's `pci_p2pdma_distance()` would return it: -1 not supported; null: unknown. */
  readonly distance: number | null;
  /** Null: allowed. */
  readonly code: Code | null;
}

/** An ordered pair of which the answer, the route, the distance or the code is not what it was. */
export interface VerdictChange {
  /** Id of the function that owns the memory, in the topology before and in that after. */
  readonly provider: readonly [before: number, after: number];
  /** Id of the function that does the DMA. */
  readonly client: readonly [before: number, after: number];
  readonly was: Standing;
  readonly is: Standing;
  /**
   * Whether the two sides contradict each other. Otherwise one shows too little: its answer, route or reason is unknown
   * where the other's is not.
   */
  readonly certain: boolean;
}

/** How many pairs changed alike. */
export interface VerdictChangeCount {
  readonly was: Pick<Standing, "answer" | "route" | "code">;
  /** The same as `was` where the distance alone changed. */
  readonly is: Pick<Standing, "answer" | "route" | "code">;
  readonly pairs: number;
}

/** Which functions are compared, and about what. */
export interface VerdictChangesOptions {
  /** Which function before is which one after, as ids, each once; missing: those of one name. */
  readonly same?: Iterable<readonly [before: number, after: number]>;
  /** Ids before of the functions whose pairs matter; missing: all. Those that are not there after are left out. */
  readonly of?: Iterable<number>;
  /** As the client sees it. */
  readonly direction?: Direction;
}

/**
 * Which ordered pairs of functions get another answer, route, distance or reason; a function and itself are no
 * pair. The distance is Linux's: that of a pair which is refused before and after does not change.
 *
 * @throws RangeError for more functions than `MATRIX_LIMIT`, for an id that is none, for one that `same` has twice.
 */
export function verdictChanges(
  before: PeerDma,
  after: PeerDma,
  { same, of, direction = "both" }: VerdictChangesOptions = {},
): VerdictChanges {
  const ids = correspondence(same ?? sameNames(before.topology, after.topology), of);
  const was = before.matrix(ids.before, direction);
  const is = after.matrix(ids.after, direction);
  const count = ids.before.length;
  const found = new Found();
  let unknown = 0;
  const rows = [new Row(before, was, direction), new Row(after, is, direction)] as const;
  for (let row = 0; row < count; row++) {
    const [wasCode, isCode] = rows.map((side) => side.codes(row));
    for (let column = 0; column < count; column++) {
      const at = row * count + column;
      const alike =
        row === column ||
        (was.answer[at] === is.answer[at] &&
          was.route[at] === is.route[at] &&
          was.distance[at] === is.distance[at] &&
          wasCode![column] === isCode![column]);
      if (!alike) found.add(at, wasCode![column]!, isCode![column]!);
      else if (row !== column && was.answer[at] === UNKNOWN) unknown++;
    }
  }
  const sides = [
    { peer: before, matrix: was, codes: found.wasCode.done() },
    { peer: after, matrix: is, codes: found.isCode.done() },
  ] as const;
  return new VerdictChanges(sides, found.cells.done(), unknown, direction);
}

const UNKNOWN = ANSWERS.indexOf("unknown");

/** One machine of a comparison, with the codes of the changed pairs. */
interface Side {
  readonly peer: PeerDma;
  readonly matrix: Matrix;
  readonly codes: Uint8Array;
}

/**
 * The pairs that changed, row by row of the two matrices; a pair becomes an object when it is asked for, and its verdicts
 * are given when they are. That takes the topologies, which must still be open.
 */
export class VerdictChanges implements Iterable<VerdictChange> {
  readonly #was: Side;
  readonly #is: Side;
  readonly #cells: Uint32Array;
  readonly #direction: Direction;

  /** @internal */
  constructor(
    [was, is]: readonly [Side, Side],
    cells: Uint32Array,
    /** How many pairs did not change, and are unknown on both sides. */
    readonly unknown: number,
    direction: Direction,
  ) {
    this.#was = was;
    this.#is = is;
    this.#cells = cells;
    this.#direction = direction;
  }

  /** How many pairs changed. */
  get length(): number {
    return this.#cells.length;
  }

  /** Ids before of the functions that were compared, in their order. */
  get before(): Uint32Array {
    return this.#was.matrix.ids;
  }

  /** Ids after of the same functions, in the same order. */
  get after(): Uint32Array {
    return this.#is.matrix.ids;
  }

  /** How many pairs were compared. */
  get compared(): number {
    return this.before.length * (this.before.length - 1);
  }

  /** How many pairs changed alike, most first. */
  counts(): readonly VerdictChangeCount[] {
    const counts = new Map<number, { first: number; pairs: number }>();
    this.#cells.forEach((_, index) => {
      const key = this.#key(this.#was, index) * KEYS + this.#key(this.#is, index);
      const count = counts.get(key);
      if (count === undefined) counts.set(key, { first: index, pairs: 1 });
      else count.pairs++;
    });
    return [...counts.values()]
      .sort((a, b) => b.pairs - a.pairs || a.first - b.first)
      .map(({ first, pairs }) => ({ was: this.#kind(this.#was, first), is: this.#kind(this.#is, first), pairs }));
  }

  /**
   * One of the changed pairs, by its place among them.
   *
   * @throws RangeError for a place that there is not.
   */
  at(index: number): VerdictChange {
    const cell = this.#cells[index];
    if (cell === undefined) throw new RangeError(`expected a place below ${this.length}, got ${String(index)}`);
    const count = this.before.length;
    const [row, column] = [Math.floor(cell / count), cell % count];
    const [was, is] = [this.#standing(this.#was, index), this.#standing(this.#is, index)];
    return {
      provider: [this.before[row]!, this.after[row]!],
      client: [this.before[column]!, this.after[column]!],
      was,
      is,
      certain: contradict(was, is),
    };
  }

  /** The two verdicts of a changed pair, with culprits and all. */
  verdicts({ provider, client }: Pick<VerdictChange, "provider" | "client">): readonly [was: Verdict, is: Verdict] {
    const [was, is] = [this.#was.peer, this.#is.peer];
    return [was.can(provider[0], client[0], this.#direction), is.can(provider[1], client[1], this.#direction)];
  }

  *[Symbol.iterator](): Generator<VerdictChange> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }

  #standing(side: Side, index: number): Standing {
    const hops = side.matrix.distance[this.#cells[index]!]!;
    return { ...this.#kind(side, index), distance: hops === UNKNOWN_DISTANCE ? null : hops };
  }

  #kind({ matrix, codes }: Side, index: number): Omit<Standing, "distance"> {
    const cell = this.#cells[index]!;
    return {
      answer: ANSWERS[matrix.answer[cell]!]!,
      route: ROUTES[matrix.route[cell]!]!,
      code: CODE_NUMBERS[codes[index]!]!,
    };
  }

  #key({ matrix, codes }: Side, index: number): number {
    const cell = this.#cells[index]!;
    return (matrix.answer[cell]! * ROUTES.length + matrix.route[cell]!) * CODE_NUMBERS.length + codes[index]!;
  }
}

const KEYS = ANSWERS.length * ROUTES.length * CODE_NUMBERS.length;

/** Whether no completion of what the two sides leave open makes them alike. */
function contradict(was: Standing, is: Standing): boolean {
  if (was.answer === "unknown" || is.answer === "unknown") return false;
  if (was.answer !== is.answer) return true;
  // Refused in every case, but nobody can say why.
  if (was.answer === "no") return was.code !== "NOT_SUPPORTED" && is.code !== "NOT_SUPPORTED";
  if (was.route !== is.route) return was.route !== "unknown" && is.route !== "unknown";
  return was.distance !== null && is.distance !== null;
}

/** The codes of a matrix, row by row. */
class Row {
  readonly #providers: Uint32Array;
  readonly #into: { answer: Uint8Array; route: Uint8Array; code: Uint8Array };

  constructor(
    private readonly peer: PeerDma,
    private readonly matrix: Matrix,
    private readonly direction: Direction,
  ) {
    const count = matrix.ids.length;
    this.#providers = new Uint32Array(count);
    this.#into = { answer: new Uint8Array(count), route: new Uint8Array(count), code: new Uint8Array(count) };
  }

  /** Good until the next row. */
  codes(row: number): Uint8Array {
    const { ids } = this.matrix;
    this.#providers.fill(ids[row]!);
    return this.peer.canMany(this.#providers, ids, this.direction, this.#into).code;
  }
}

/** Changed cells as they are found: nobody knows before how many there are. */
class Found {
  readonly cells = new Growing(Uint32Array);
  readonly wasCode = new Growing(Uint8Array);
  readonly isCode = new Growing(Uint8Array);

  add(cell: number, was: number, is: number): void {
    this.cells.push(cell);
    this.wasCode.push(was);
    this.isCode.push(is);
  }
}

class Growing<Column extends Uint32Array | Uint8Array> {
  #column: Column;
  #length = 0;

  constructor(private readonly kind: new (length: number) => Column) {
    this.#column = new kind(64);
  }

  push(value: number): void {
    if (this.#length === this.#column.length) {
      const larger = new this.kind(this.#length * 2);
      larger.set(this.#column);
      this.#column = larger;
    }
    this.#column[this.#length++] = value;
  }

  done(): Column {
    return this.#column.slice(0, this.#length) as Column;
  }
}

function correspondence(
  same: Iterable<readonly [before: number, after: number]>,
  of: Iterable<number> | undefined,
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const wanted = of === undefined ? null : new Set(of);
  const afterOf = new Map<number, number>();
  const taken = new Set<number>();
  for (const [before, after] of same) {
    if (afterOf.has(before)) throw new RangeError(`same: function ${before} of before is there twice`);
    if (taken.has(after)) throw new RangeError(`same: function ${after} of after is there twice`);
    taken.add(after);
    afterOf.set(before, after);
  }
  const before = [...afterOf.keys()].filter((id) => wanted === null || wanted.has(id));
  return { before, after: before.map((id) => afterOf.get(id)!) };
}

/** Functions of one name, where that is the name of one alone on either side. */
function* sameNames(before: Topology, after: Topology): Generator<readonly [before: number, after: number]> {
  const [was, is] = [onlyOnes(before), onlyOnes(after)];
  for (const [name, id] of was) {
    const other = is.get(name);
    if (id !== null && other !== undefined && other !== null) yield [id, other];
  }
}

/** By name; null: several have it. */
function onlyOnes(topology: Topology): Map<string, number | null> {
  const found = new Map<string, number | null>();
  for (const id of topology.functions()) {
    const name = topology.name(id);
    found.set(name, found.has(name) ? null : id);
  }
  return found;
}
