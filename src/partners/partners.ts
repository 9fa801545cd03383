import { NO_DISTANCE } from "../core.js";
import type { PeerDma } from "../explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../explain/ruling.js";
import type { Direction } from "../policy/policy.js";
import { functionId } from "../topology/arguments.js";
import { NumaNodes } from "../topology/numa-nodes.js";
import type { Ref, Topology } from "../topology/topology.js";
import { expectPeerDma } from "../transfer/peer.js";
import { assign, NEVER, NOBODY } from "./assignment.js";
import { LinkRates } from "./link-rates.js";
import { Ranks, standingOf, type Facts, type Standing } from "./ranks.js";
import { SaidNear } from "./said-near.js";

/** Among whom to choose, and how. */
export interface PartnerOptions {
  /** The candidates, each once. */
  readonly among: Iterable<Ref>;
  /** Whose memory it is that the others do DMA to. Default: `device`, as where network adapters reach into GPUs. */
  readonly memory?: "device" | "candidate";
  /** As whoever does the DMA sees it. Default: `both`. */
  readonly direction?: Direction;
  /**
   * How many devices may have the same partner, at least 1; then each device gets one partner, so that as many as can be
   * have one and all together rank best. Missing: each device has all that are nearest to it, whoever else has them.
   */
  readonly share?: number;
}

/** How a device and a candidate stand to each other. */
export interface Partner {
  /** Id of the candidate. */
  readonly id: number;
  /** May whoever does the DMA do it to the other's memory? */
  readonly answer: (typeof ANSWERS)[number];
  readonly route: (typeof ROUTES)[number];
  /** What of answer and route decides about the rank. */
  readonly standing: Standing;
  /** Hops; null: not known. */
  readonly distance: number | null;
  /** Where it is not known: how near another tool says they are, in its letters (`PIX`); null: none says. */
  readonly letter: string | null;
  /** Whether both are near one NUMA node; null: not known. */
  readonly sameNode: boolean | null;
  /** Bytes per second of the narrowest PCIe link on the way; null: not known, or none. */
  readonly bandwidth: number | null;
}

/** A device, and whom it had best work with. */
export interface Partners {
  /** Id. */
  readonly device: number;
  /** All that rank best, in the order of the candidates: more than one tie. Empty: there is none, or none is left. */
  readonly partners: readonly Partner[];
  /** Candidates of which too little is known, and which may be as good as the partners or better, in their order. */
  readonly contenders: readonly Partner[];
  /** Whether no candidate ranks better than the partners; where partners are shared out, others may have those. */
  readonly nearest: boolean;
}

/** The most pairs of devices and candidates of one system that are looked at: 4096 of each. */
export const PAIRS_LIMIT = 2 ** 24;

/** The most pairs of one system among which partners are shared out: 1024 devices and candidates. */
export const SHARED_PAIRS_LIMIT = 2 ** 20;

/**
 * The nearest partners of some devices (docs/partners.md): allowed directly before by a route that is not known, before
 * through the host bridge, before unknown, before refused; then the fewest hops, or where these are not known what another
 * tool says; then on the same NUMA node; then by
 * the widest of the narrowest links. A function is no partner of itself, nor of one in another system.
 *
 * @param devices in this order the answers; each once.
 * @throws TypeError for arguments of the wrong kind; RangeError for what names no function or names one twice, for a share
 *   below 1, and for more than {@link PAIRS_LIMIT} pairs of one system, or {@link SHARED_PAIRS_LIMIT} to be shared out.
 */
export function bestPartners(peerDma: PeerDma, devices: Iterable<Ref>, options: PartnerOptions): Partners[] {
  expectPeerDma(peerDma);
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`expected options with the candidates (\`among\`), got ${String(options)}`);
  }
  const { topology } = peerDma;
  const { share, memory = "device", direction = "both" } = options;
  if (memory !== "device" && memory !== "candidate") {
    throw new RangeError(`memory: expected device or candidate, got ${String(memory)}`);
  }
  if (share !== undefined && (!Number.isInteger(share) || share < 1)) {
    throw new RangeError(`share: expected a whole number from 1, got ${String(share)}`);
  }
  const ids = idsOf(topology, "devices", devices);
  const candidates = bySystem(topology, idsOf(topology, "among", options.among));
  const found = new Map<number, Partners>();
  const measure = new Measure(peerDma, memory, direction);
  for (const [system, own] of bySystem(topology, ids)) {
    const among = candidates.get(system) ?? [];
    checkLimit(topology, system, own.length * among.length, share !== undefined);
    const pairs = new Pairs(own, among, measure);
    for (const each of share === undefined ? pairs.nearest() : pairs.sharedOut(share)) found.set(each.device, each);
  }
  return ids.map((id) => found.get(id)!);
}

function checkLimit(topology: Topology, system: number, pairs: number, isShared: boolean): void {
  const limit = isShared ? SHARED_PAIRS_LIMIT : PAIRS_LIMIT;
  if (pairs <= limit) return;
  const name = topology.systems[system]!.name;
  const where = name === undefined ? "" : ` of system "${name}"`;
  throw new RangeError(`expected at most ${limit} pairs of devices and candidates${where}, got ${pairs}: name fewer`);
}

/** Devices and candidates of one system. */
class Pairs {
  readonly #ranks = new Ranks();
  /** Row by row, a device each, the rank of each candidate; `NEVER`: the device itself. */
  readonly #cells: Uint32Array;

  constructor(
    private readonly devices: readonly number[],
    private readonly candidates: readonly number[],
    measure: Measure,
  ) {
    this.#cells = new Uint32Array(devices.length * candidates.length);
    let at = 0;
    for (const facts of measure.pairs(devices, candidates)) {
      this.#cells[at++] = facts === null ? NEVER : this.#ranks.of(facts);
    }
  }

  nearest(): Partners[] {
    return this.devices.map((device, row) => {
      const best = this.#best(row);
      return this.#partners(
        device,
        row,
        best === null ? [] : this.#columns(row, (rank) => this.#ranks.compare(rank, best) === 0),
        true,
      );
    });
  }

  sharedOut(share: number): Partners[] {
    const [rows, columns] = [this.devices.length, this.candidates.length];
    const capacity = Math.min(share, Math.max(rows, 1));
    const taken = assign({ rows, columns, capacity, cells: this.#cells, costs: this.#ranks.vectors });
    return this.devices.map((device, row) => {
      const best = this.#best(row);
      const column = taken[row]!;
      if (column === NOBODY) return this.#partners(device, row, [], best === null);
      return this.#partners(device, row, [column], this.#ranks.compare(this.#rank(row, column), best!) === 0);
    });
  }

  #rank(row: number, column: number): number {
    return this.#cells[row * this.candidates.length + column]!;
  }

  /** The best rank that a candidate has; null: there is none. */
  #best(row: number): number | null {
    let best: number | null = null;
    for (let column = 0; column < this.candidates.length; column++) {
      const rank = this.#rank(row, column);
      if (rank !== NEVER && (best === null || this.#ranks.compare(rank, best) < 0)) best = rank;
    }
    return best;
  }

  #columns(row: number, isWanted: (rank: number) => boolean): number[] {
    const columns: number[] = [];
    for (let column = 0; column < this.candidates.length; column++) {
      const rank = this.#rank(row, column);
      if (rank !== NEVER && isWanted(rank)) columns.push(column);
    }
    return columns;
  }

  #partners(device: number, row: number, columns: readonly number[], nearest: boolean): Partners {
    const [first] = columns;
    const rank = first === undefined ? null : this.#rank(row, first);
    // Beside one that is itself unknown the others are no worse a guess: its answer says so already.
    const contends = (other: number) =>
      rank !== null && this.#ranks.facts[rank]!.answer === "yes" && this.#ranks.mayReach(other, rank);
    const contenders = this.#columns(row, contends).filter((column) => !columns.includes(column));
    const shown = (column: number) => this.#partner(row, column);
    return { device, partners: columns.map(shown), contenders: contenders.map(shown), nearest };
  }

  #partner(row: number, column: number): Partner {
    const { hops, ...facts } = this.#ranks.facts[this.#rank(row, column)]!;
    const distance = hops === NO_DISTANCE ? null : hops;
    return { id: this.candidates[column]!, standing: standingOf(facts), distance, ...facts };
  }
}

/** Pairs that are asked at a time. */
const CHUNK = 1 << 15;

/** What is asked about pairs. */
class Measure {
  readonly #rates: LinkRates;
  readonly #nodes: NumaNodes;
  readonly #said: SaidNear;

  constructor(
    private readonly peerDma: PeerDma,
    private readonly memory: "device" | "candidate",
    private readonly direction: Direction,
  ) {
    this.#rates = new LinkRates(peerDma.topology);
    this.#nodes = new NumaNodes(peerDma.topology);
    this.#said = new SaidNear(peerDma.topology);
  }

  /** Device by device every candidate; null: it is the device itself. */
  *pairs(devices: readonly number[], candidates: readonly number[]): Generator<Facts | null> {
    const near = candidates.map((id) => this.#nodes.near(id));
    const others = new Uint32Array(Math.min(CHUNK, candidates.length));
    for (const device of devices) {
      const own = this.#nodes.near(device);
      for (let first = 0; first < candidates.length; first += CHUNK) {
        const asked = Uint32Array.from(candidates.slice(first, first + CHUNK));
        const columns = this.#ask(others.subarray(0, asked.length).fill(device), asked);
        for (let row = 0; row < asked.length; row++) {
          const candidate = asked[row]!;
          const [answer, route] = [ANSWERS[columns.answer[row]!]!, ROUTES[columns.route[row]!]!];
          // What goes directly turns around where the two ways meet; all else goes up to the root complex, or may.
          const isDirect = standingOf({ answer, route }) === "direct";
          yield candidate === device
            ? null
            : {
                answer,
                route,
                hops: columns.distance[row]!,
                letter: columns.distance[row] === NO_DISTANCE ? this.#said.between(device, candidate) : null,
                sameNode: this.#sameNode(device, own, near[first + row]),
                bandwidth: this.#rates.between(device, candidate, isDirect ? columns.common[row]! : null),
              };
        }
      }
    }
  }

  #ask(devices: Uint32Array, candidates: Uint32Array) {
    const [owners, initiators] = this.memory === "device" ? [devices, candidates] : [candidates, devices];
    return this.peerDma.canMany(owners, initiators, this.direction);
  }

  #sameNode(device: number, one: NumaNode, other: NumaNode): boolean | null {
    const { topology } = this.peerDma;
    if (topology.systems[topology.systemOf(device)]!.numaNodes?.length === 1) return true;
    return typeof one === "number" && typeof other === "number" ? one === other : null;
  }
}

type NumaNode = number | null | undefined;

function bySystem(topology: Topology, ids: readonly number[]): Map<number, number[]> {
  const systems = new Map<number, number[]>();
  for (const id of ids) {
    const system = topology.systemOf(id);
    const own = systems.get(system);
    if (own === undefined) systems.set(system, [id]);
    else own.push(id);
  }
  return systems;
}

/** @throws RangeError for what names no function, or one that was named already. */
function idsOf(topology: Topology, name: string, refs: Iterable<Ref> | undefined): number[] {
  if (typeof refs !== "object" || refs === null || typeof refs[Symbol.iterator] !== "function") {
    throw new TypeError(`${name}: expected a list of functions, got ${String(refs)}`);
  }
  const ids = Array.from(refs, (ref) => functionId(topology, ref));
  const seen = new Set<number>();
  for (const id of ids) {
    if (seen.has(id)) throw new RangeError(`${name}: expected each function once, got ${topology.name(id)} again`);
    seen.add(id);
  }
  return ids;
}
