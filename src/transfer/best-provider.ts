import { NO_DISTANCE } from "../core.js";
import type { PeerDma } from "../explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../explain/ruling.js";
import type { Direction } from "../policy/policy.js";
import { Random } from "../random.js";
import type { Ref, Topology } from "../topology/topology.js";
import { groupAlike } from "./alike.js";
import { expectPeerDma } from "./peer.js";

/** Among whom to choose, and how. */
export interface ProviderOptions {
  /**
   * The candidates, each once, in the order of devices. Linux takes those that published memory, which no description
   * shows: say which they are, or take {@link functionsWithMemory}.
   */
  readonly among: Iterable<Ref>;
  /**
   * `kernel`: as Linux's `pci_p2pmem_find_many()`, the least sum of distances, whatever the routes; one at random of
   * those that tie. `prefer-direct`: the fewest clients through the host bridge, then the least sum, then the first.
   * Default: `kernel`.
   */
  readonly strategy?: "kernel" | "prefer-direct";
  /** Of `kernel`'s choice among those that tie, 0 to 2^32 - 1. Default: 1. */
  readonly seed?: number;
  /** How many that tie are kept, at least 1; the kernel keeps a page of pointers. Default: 512. */
  readonly limit?: number;
  /** As the clients see it. Default: `both`. */
  readonly direction?: Direction;
}

/** Whose memory the clients had best share. */
export interface BestProvider {
  /** `yes`: `provider` is it. `no`: none serves them all. `unknown`: `contenders` may be as good or better. */
  readonly answer: "yes" | "no" | "unknown";
  /** Id of the best of those that are known; null: none is known to serve them all. */
  readonly provider: number | null;
  /** Its distances to all clients together, as `pci_p2pdma_distance_many()` returns them. */
  readonly total: number | null;
  /** How many clients reach it through the host bridge; null: not known, which `kernel` does not ask. */
  readonly throughHostBridge: number | null;
  /** Ids of the candidates that are as good, itself included, in their order, up to `limit`. */
  readonly ties: Uint32Array;
  /** Ids of the candidates of which it is not known how good they are. */
  readonly unknown: Uint32Array;
  /** Those of `unknown` that may be as good as the best, or better. */
  readonly contenders: Uint32Array;
}

/**
 * The provider that some clients had best share (docs/transfers.md, Choosing a provider). One that a client cannot
 * reach does not serve; no candidate does where there are no clients, or one is no PCI device.
 *
 * @param clients one that occurs twice counts twice.
 * @throws TypeError for clients, options or candidates of the wrong kind; RangeError for what names no function, with its
 *   row, and for options that cannot be.
 */
export function bestProvider(peerDma: PeerDma, clients: Iterable<Ref>, options: ProviderOptions): BestProvider {
  expectPeerDma(peerDma);
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`expected options with the candidates (\`among\`), got ${String(options)}`);
  }
  const { topology } = peerDma;
  const { strategy = "kernel", seed = 1, limit = 512, direction = "both" } = options;
  checkOptions(strategy, seed, limit);
  const candidates = idsOf(topology, "among", options.among);
  expectList("clients", clients);
  const refs = [...clients];
  if (refs.length === 0 || refs.some((ref) => typeof ref === "string" && topology.isPlatformDevice(ref))) {
    return settled(null, [], [], []);
  }
  const weights = new Map<number, number>();
  for (const id of idsOf(topology, "clients", refs)) weights.set(id, (weights.get(id) ?? 0) + 1);
  const linked = linkedSystems(topology);
  // A policy with a model of its own of the paths, such as direction-aware ACS, may tell ports apart.
  const byPort = peerDma.policy.paths !== undefined;
  const { group, asked } = groupAlike(topology, candidates, weights.keys(), linked, byPort);
  const scores = scoresOf(peerDma, asked, weights, direction);
  const direct = strategy === "prefer-direct";
  if (!direct && linked.size > 0) sumOverPcie(peerDma, asked, refs, linked, scores);
  const stateOf = (row: number) => (direct ? scores.ranked : scores.summed)[group[row]!]!;
  const compare = (a: number, b: number) =>
    (direct ? scores.throughHost[a]! - scores.throughHost[b]! : 0) || scores.total[a]! - scores.total[b]!;

  let best: number | null = null;
  let ties: number[] = [];
  const unknown: number[] = [];
  for (let row = 0; row < candidates.length; row++) {
    const state = stateOf(row);
    if (state === UNKNOWN) unknown.push(row);
    if (state !== YES) continue;
    const order = best === null ? -1 : compare(group[row]!, group[best]!);
    if (order < 0) [best, ties] = [row, []];
    if (order <= 0 && ties.length < limit) ties.push(row);
  }
  const contenders = unknown.filter((row) => best === null || compare(group[row]!, group[best]!) <= 0);
  const id = (row: number) => candidates[row]!;
  if (best === null) return settled(null, ties, unknown.map(id), contenders.map(id));
  // All that tie are one as good as the other.
  const chosen = ties[direct ? 0 : new Random(seed, 0).below(ties.length)]!;
  const number = group[chosen]!;
  const score = {
    provider: id(chosen),
    total: scores.total[number]!,
    throughHostBridge: scores.ranked[number] === YES ? scores.throughHost[number]! : null,
  };
  return settled(score, ties.map(id), unknown.map(id), contenders.map(id));
}

/**
 * Ids of the functions that have a memory BAR (0 to 5) with a CPU physical address, by segment, bus, device, function:
 * those that may have memory to publish. Memory that its exporter withholds does not count.
 *
 * @param system its name or place in `systems`; missing: of all.
 * @throws RangeError for a system that the topology does not have.
 */
export function functionsWithMemory(topology: Topology, system?: string | number): Uint32Array {
  const { core, size } = topology;
  const holds = new Uint8Array(size + 1);
  for (let range = 0; range < core.rangeCount; range++) {
    const { owner, terms } = core.range(range);
    const isMemory = terms.kind === "bar" && (terms.bar === null || terms.bar < BARS);
    if (isMemory && terms.exported !== "none") holds[owner] = 1;
  }
  return topology.functions(system).filter((id) => holds[id] === 1);
}

/** 0 to 5; those above are the ROM and the apertures of virtual functions. */
const BARS = 6;

const [YES, NO, UNKNOWN] = (["yes", "no", "unknown"] as const).map((answer) => ANSWERS.indexOf(answer)) as [
  number,
  number,
  number,
];
const THROUGH_HOST_BRIDGE = ROUTES.indexOf("through-host-bridge");
const UNKNOWN_ROUTE = ROUTES.indexOf("unknown");

/** What clients make of providers, one a row. */
interface Scores {
  /** Whether the sum is known (`UNKNOWN`: it is not), and all can (`NO`: one cannot). */
  readonly summed: Uint8Array;
  /** The same of the sum and the routes. */
  readonly ranked: Uint8Array;
  /** Sum of distances; where it is not known, the least that it may be. */
  readonly total: Float64Array;
  /** How many go through the host bridge; where it is not known, the least that may. */
  readonly throughHost: Float64Array;
}

/** Pairs that are asked at a time. */
const CHUNK = 1 << 15;

function scoresOf(
  peerDma: PeerDma,
  providers: Uint32Array,
  weights: ReadonlyMap<number, number>,
  direction: Direction,
): Scores {
  const [ids, counts] = [[...weights.keys()], [...weights.values()]];
  const scores = {
    summed: new Uint8Array(providers.length).fill(YES),
    ranked: new Uint8Array(providers.length).fill(YES),
    total: new Float64Array(providers.length),
    throughHost: new Float64Array(providers.length),
  };
  const atOnce = Math.max(1, Math.floor(CHUNK / ids.length));
  const [owners, clients] = [new Uint32Array(atOnce * ids.length), new Uint32Array(atOnce * ids.length)];
  for (let row = 0; row < clients.length; row++) clients[row] = ids[row % ids.length]!;
  for (let first = 0; first < providers.length; first += atOnce) {
    const end = Math.min(first + atOnce, providers.length);
    for (let at = first; at < end; at++)
      owners.fill(providers[at]!, (at - first) * ids.length, (at - first + 1) * ids.length);
    const rows = (end - first) * ids.length;
    const columns = peerDma.canMany(owners.subarray(0, rows), clients.subarray(0, rows), direction);
    for (let row = 0; row < rows; row++) {
      const provider = first + Math.floor(row / ids.length);
      addPair(scores, provider, counts[row % ids.length]!, peerDma.policy.throughHostDistance, {
        answer: columns.answer[row]!,
        route: columns.route[row]!,
        hops: columns.distance[row]!,
      });
    }
  }
  return scores;
}

function addPair(
  { summed, ranked, total, throughHost }: Scores,
  provider: number,
  count: number,
  extra: number,
  { answer, route, hops }: { readonly answer: number; readonly route: number; readonly hops: number },
): void {
  const through = route === THROUGH_HOST_BRIDGE;
  const unknownSum = answer === UNKNOWN || hops === NO_DISTANCE || (route === UNKNOWN_ROUTE && extra !== 0);
  const worse = (column: Uint8Array, unknown: boolean) => {
    if (answer === NO) column[provider] = NO;
    else if (unknown && column[provider] === YES) column[provider] = UNKNOWN;
  };
  worse(summed, unknownSum);
  worse(ranked, unknownSum || route === UNKNOWN_ROUTE);
  total[provider]! += count * ((hops === NO_DISTANCE ? 0 : hops) + (through ? extra : 0));
  throughHost[provider]! += through ? count : 0;
}

/** Ordinals of the systems with side links. */
function linkedSystems({ systems }: Topology): Set<number> {
  const linked = systems.flatMap(({ sideLinks = [] }, system) => (sideLinks.length > 0 ? [system] : []));
  return new Set(linked);
}

/** The kernel's distance knows no side links: where there are any, the sums are taken from it. */
function sumOverPcie(
  peerDma: PeerDma,
  providers: Uint32Array,
  clients: readonly Ref[],
  linked: ReadonlySet<number>,
  { summed, total }: Scores,
): void {
  providers.forEach((provider, row) => {
    if (!linked.has(peerDma.topology.systemOf(provider))) return;
    const sum = peerDma.distanceMany(provider, clients);
    summed[row] = sum === null ? UNKNOWN : sum === -1 ? NO : YES;
    if (sum !== null) total[row] = sum;
  });
}

function settled(
  score: Pick<BestProvider, "provider" | "total" | "throughHostBridge"> | null,
  ties: readonly number[],
  unknown: readonly number[],
  contenders: readonly number[],
): BestProvider {
  return {
    answer: contenders.length > 0 ? "unknown" : score === null ? "no" : "yes",
    ...(score ?? { provider: null, total: null, throughHostBridge: null }),
    ties: Uint32Array.from(ties),
    unknown: Uint32Array.from(unknown),
    contenders: Uint32Array.from(contenders),
  };
}

/** @throws RangeError with the row of what names no function. */
function idsOf(topology: Topology, name: string, refs: Iterable<Ref>): Uint32Array {
  expectList(name, refs);
  const ids = refs instanceof Uint32Array ? refs : Uint32Array.from(refs, (ref) => topology.id(ref));
  const { core, size } = topology;
  ids.forEach((id, row) => {
    if (id < 1 || id > size || core.depth(id) === 0) {
      throw new RangeError(`${name}: expected ids of functions, got ${id} in row ${row}`);
    }
  });
  return ids;
}

function expectList(name: string, refs: Iterable<Ref> | undefined): void {
  if (typeof refs === "object" && refs !== null && typeof refs[Symbol.iterator] === "function") return;
  throw new TypeError(`${name}: expected a list of functions, got ${String(refs)}`);
}

function checkOptions(strategy: string, seed: number, limit: number): void {
  if (strategy !== "kernel" && strategy !== "prefer-direct") {
    throw new RangeError(`strategy: expected kernel or prefer-direct, got ${strategy}`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`seed: expected a whole number from 0 to 2^32 - 1, got ${seed}`);
  }
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(`limit: expected a whole number from 1, got ${limit}`);
  }
}
