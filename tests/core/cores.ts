import {
  ALWAYS,
  buildForest,
  Core,
  DIRECTIONS,
  IOMMUS,
  MARK_COMPLETION,
  MARK_REQUEST,
  OPEN,
  parentIn,
  PATHS,
  RangeBuilder,
  RANGE_KINDS,
  RANKS,
  RELATIONS,
  TermsTable,
  type Build,
  type CompiledPolicy,
  type EgressRule,
  type Forest,
  type Terms,
} from "../../src/core.js";

export const BUILDS: readonly Build[] = ["simd", "scalar"];

/** The same numbers on every run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * end);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** For each node 1 + the row of its parent, 0 for a host bridge. */
export function forestOf(parents: ArrayLike<number>, build?: Build): Forest {
  const forest = buildForest(Uint32Array.from(parents), new Uint8Array(parents.length), null, build);
  if (forest === null) throw new Error("expected a forest, got a cycle");
  return forest;
}

export const BAR: Terms = {
  kind: "bar",
  rank: "live",
  busOffset: null,
  offFrom: 0,
  unknownFrom: 0,
  window: null,
  bar: null,
  exported: null,
};

export interface RangeRow {
  readonly system?: number;
  readonly start: bigint;
  readonly size: bigint;
  readonly owner?: number;
  readonly terms?: Partial<Terms>;
}

/** Ranges row by row. */
export function rangesOf(rows: readonly RangeRow[], systems = 1, build?: Build) {
  const terms = new TermsTable();
  const builder = new RangeBuilder(rows.length, systems, build);
  rows.forEach(({ system = 0, start, size, owner = 1, terms: given }, row) => {
    const own = { ...BAR, ...given };
    builder.put(row, { system, start, size, owner, terms: own }, terms.row(own));
  });
  return builder.build(terms.rows);
}

/** A core of known host bridges in one system. */
export function coreOf(forest: Forest, rows: readonly RangeRow[] = [], build?: Build): Core {
  let hosts = 0;
  for (let id = 1; id <= forest.count; id++) if (parentIn(forest, id) === 0) hosts++;
  return Core.of(
    {
      forest,
      hosts: Array.from({ length: hosts }, () => ({ system: 0, segment: 0, place: "host-bridge" as const })),
      systems: [{ open: "nowhere", iommu: "identity" }],
      ranges: rangesOf(rows),
    },
    build,
  );
}

/** A chain of `length` functions below one host bridge. */
export function chain(length: number, build?: Build): Core {
  return coreOf(forestOf(Array.from({ length: length + 1 }, (_, index) => index)), [], build);
}

export function policyFor(hosts: number, fill: (cell: number) => number = () => 0): CompiledPolicy {
  const table = Uint8Array.from({ length: RELATIONS.length * PATHS.length * DIRECTIONS.length }, (_, cell) =>
    fill(cell),
  );
  return { classes: new Uint8Array(hosts), classCount: 1, table };
}

/** A policy with three classes of host bridges and any outcomes. */
export function anyPolicy(hosts: number, seed: number): CompiledPolicy {
  const random = new Random(seed);
  const cells = RELATIONS.length * PATHS.length * DIRECTIONS.length * 9;
  return {
    classes: Uint8Array.from({ length: hosts }, () => random.below(3)),
    classCount: 3,
    table: Uint8Array.from({ length: cells }, () =>
      random.below(3) === 0 ? 1 + random.below(15) : 1 << random.below(4),
    ),
  };
}

/** Egress control vectors that say anything, some of which are not shown. */
export const anyEgress: EgressRule = (clientSide, providerSide) =>
  ([null, "direct", "redirected", "blocked"] as const)[(clientSide * 7 + providerSide * 3) % 4]!;

export const SYSTEMS = 4;
/** All addresses of `anything` are below. */
export const REACH = 0x60_0000;

/** The node itself; of what is no window the function that follows where it is a host bridge, or the last there is. */
function ownerOf(forest: Forest, kind: Terms["kind"], node: number): number {
  if (kind === "window" || parentIn(forest, node) !== 0) return node;
  for (let id = node + 1; id <= forest.count; id++) if (parentIn(forest, id) !== 0) return id;
  for (let id = node - 1; id > 0; id--) if (parentIn(forest, id) !== 0) return id;
  return node;
}

/**
 * Trees of any shape in four systems, the last of which describes no addresses; marks, masks, and ranges of all kinds
 * that overlap in any way.
 *
 * @param deep functions of a chain that is there as well: more than 255 make the forest wide.
 */
export function anything(seed: number, nodes = 200, deep = 0): Parameters<typeof Core.of>[0] & { marks: Uint8Array } {
  const random = new Random(seed);
  const parents = Array.from({ length: deep }, (_, index) => index);
  for (let node = deep; node < nodes + deep; node++) parents.push(random.below(20) === 0 ? 0 : random.below(node + 1));
  const count = parents.length;
  const marks = Uint8Array.from({ length: count }, (_, node) => {
    const mark = random.below(3) === 0 ? random.below(4) : 0;
    return mark | (mark === 0 ? 0 : [0, MARK_REQUEST, MARK_COMPLETION, MARK_REQUEST | MARK_COMPLETION][node % 4]!);
  });
  const dmaBits = Uint8Array.from({ length: count }, () => random.of([0, 0, 0, 20, 22, 64]));
  const forest = buildForest(Uint32Array.from(parents), marks, dmaBits)!;
  const hosts = parents
    .filter((parent) => parent === 0)
    .map(() => ({
      system: random.below(SYSTEMS),
      segment: random.below(2),
      place: random.of(["bus", "host-bridge", "host-bridge", "anywhere"] as const),
    }));
  const rows = Array.from({ length: 3 * nodes }, (): RangeRow => {
    const kind = random.of([...RANGE_KINDS, "bar", "bar"] as const);
    const depth = random.of([0, 0, 0, 1, 2, 3, ALWAYS]);
    return {
      system: random.below(SYSTEMS - 1),
      start: BigInt(0x1000 * (1 + random.below(0x500))),
      size: BigInt(0x400 * (1 + random.below(40))),
      owner: ownerOf(forest, kind, 1 + random.below(count)),
      terms: {
        kind,
        rank: random.of(kind === "bar" ? RANKS.slice(2) : RANKS),
        busOffset: random.of([null, 0n, 0x10_0000n, -0x1000n]),
        offFrom: depth,
        unknownFrom: random.of([0, 0, 0, depth, ALWAYS]),
        window: kind === "window" ? random.of(["mem", "pref"] as const) : null,
        bar: kind === "window" ? null : random.of([null, 0, 5, 7]),
      },
    };
  });
  const systems = Array.from({ length: SYSTEMS }, (_, system) => ({
    open: OPEN[system % OPEN.length]!,
    iommu: random.of(IOMMUS),
  }));
  return { forest, hosts, systems, ranges: rangesOf(rows, SYSTEMS), marks };
}
