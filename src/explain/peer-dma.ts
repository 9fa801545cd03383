import { DIRECTIONS, OUTCOME_BITS, RELATIONS, type CompiledPolicy } from "../core.js";
import { compilePolicy } from "../policy/compile.js";
import type { Direction, HostBridge, Judgement, Policy } from "../policy/policy.js";
import type { FunctionDescription } from "../topology/description.js";
import { type Ref, Topology } from "../topology/topology.js";
import { mappingOf } from "./mapping.js";
import { memoryOf } from "./memory.js";
import { answerOf, doubtOf, hopsOf, reasonsFor, refusalOf, routeOf } from "./pair.js";
import type { Context } from "./context.js";
import type { Mapping, Verdict } from "./verdict.js";

/** Answers for every ordered pair of `ids`, row by row: row = provider, column = client. */
export interface Matrix {
  readonly ids: Uint32Array;
  /** What Linux's `pci_p2pdma_distance()` would return: -1 not supported, {@link UNKNOWN_DISTANCE} unknown. */
  readonly distance: Int32Array;
  /** Index in {@link MATRIX_ROUTES}. */
  readonly route: Uint8Array;
  /** Index in {@link ANSWERS}: a pair may be allowed though its route is not known. */
  readonly answer: Uint8Array;
}

export const UNKNOWN_DISTANCE = -0x80000000;
export const ANSWERS = ["yes", "no", "unknown"] as const;
export const MATRIX_ROUTES = ["local", "bus-address", "through-host-bridge", "not-supported", "unknown"] as const;

/** The most functions of one matrix: its columns then take 384 MiB. */
export const MATRIX_LIMIT = 8192;

/** A topology under a policy: may this function reach that one, or this address? */
export class PeerDma implements Context {
  /** What the policy makes of each root of the topology, in their order. */
  readonly judgements: readonly Judgement[];
  readonly #compiled: CompiledPolicy;

  /** @throws TypeError for anything but a topology and a policy. */
  constructor(
    readonly topology: Topology,
    readonly policy: Policy,
  ) {
    if (!(topology instanceof Topology)) throw new TypeError("expected a Topology: Topology.of(machine) makes one");
    if (typeof policy?.decide !== "function") throw new TypeError('expected a policy, such as linux("6.12")');
    const { judgements, ...compiled } = compilePolicy(policy, hostBridges(topology));
    this.judgements = judgements;
    this.#compiled = compiled;
  }

  /**
   * May `client` do DMA to the memory of `provider`? What the policy decides; `memory` adds what Linux does not look
   * at.
   *
   * @param direction as the client sees it.
   * @throws RangeError for a ref that names no function.
   */
  can(provider: Ref, client: Ref, direction: Direction = "both"): Verdict {
    const [owner, initiator] = [this.#function(provider), this.#function(client)];
    const decision = this.topology.core.decide(this.#compiled, owner, initiator, directionIndex(direction));
    const judged = {
      provider: this.topology.name(owner),
      client: this.topology.name(initiator),
      ...hopsOf(this.topology, owner, initiator),
      memory: memoryOf(this.topology, owner, decision),
      ...reasonsFor(this, owner, initiator, decision),
    };
    switch (answerOf(decision.outcomes)) {
      case "yes":
        return { ...judged, answer: "yes", route: routeOf(decision.outcomes, owner === initiator) };
      case "no":
        return { ...judged, answer: "no", route: "not-supported", code: refusalOf(decision.outcomes) };
      case "unknown":
        return { ...judged, answer: "unknown", route: "unknown", code: doubtOf(decision) };
    }
  }

  /**
   * What a `dma_map_resource()` that looked would return for [address, address + size): who owns it, whether the
   * initiator may reach it, and at which DMA address.
   *
   * @param initiator the function that issues the requests.
   * @param address CPU physical, in the initiator's own system.
   * @param size bytes, at least 1.
   * @throws TypeError where the address is no bigint; RangeError for a size below 1 or a range beyond 2^64.
   */
  map(initiator: Ref, address: bigint, size: bigint | number, direction: Direction = "both"): Mapping {
    const client = this.#function(initiator);
    const bytes = checkedSize(address, size);
    const request = this.topology.core.request(this.#compiled, client, address, bytes, directionIndex(direction));
    return mappingOf(this, client, address, bytes, request);
  }

  /**
   * Answers for all ordered pairs of some functions, in columns.
   *
   * @throws RangeError for more functions than {@link MATRIX_LIMIT}.
   */
  matrix(refs: Iterable<Ref>, direction: Direction = "both"): Matrix {
    const ids = Uint32Array.from(refs, (ref) => this.#function(ref));
    const count = ids.length;
    if (count > MATRIX_LIMIT) {
      throw new RangeError(`expected at most ${MATRIX_LIMIT} functions, got ${count}: name those that matter`);
    }
    const matrix = columns(count * count);
    ids.forEach((provider, index) => {
      const row = (column: Int32Array | Uint8Array) => column.subarray(index * count, (index + 1) * count);
      this.#row(provider, ids, direction, {
        distance: row(matrix.distance) as Int32Array,
        route: row(matrix.route) as Uint8Array,
        answer: row(matrix.answer) as Uint8Array,
      });
    });
    return { ids, ...matrix };
  }

  /**
   * Linux's `pci_p2pdma_distance_many()` (docs/semantics.md, Distance): the sum over the clients, one that occurs twice
   * counted twice. -1 where one is not supported or is no PCI device, or where there are none; null: unknown.
   */
  distanceMany(provider: Ref, clients: readonly Ref[]): number | null {
    if (clients.length === 0 || clients.some((client) => this.topology.isPlatformDevice(client))) return -1;
    const row = columns(clients.length);
    const { distance } = row;
    const ids = Uint32Array.from(clients, (client) => this.#function(client));
    this.#row(this.#function(provider), ids, "both", row);
    if (distance.includes(-1)) return -1;
    return distance.includes(UNKNOWN_DISTANCE) ? null : distance.reduce((sum, hops) => sum + hops, 0);
  }

  /** One provider's row of a matrix. */
  #row(provider: number, clients: Uint32Array, direction: Direction, into: Omit<Matrix, "ids">): void {
    const count = clients.length;
    const decisions = {
      common: new Uint32Array(count),
      distance: new Uint32Array(count),
      outcomes: new Uint8Array(count),
      relation: new Uint8Array(count),
    };
    const providers = new Uint32Array(count).fill(provider);
    this.topology.core.decideMany(this.#compiled, providers, clients, directionIndex(direction), decisions);
    clients.forEach((client, column) => {
      const outcomes = decisions.outcomes[column]!;
      const countable = this.#countable(provider, client, decisions.relation[column]!);
      into.distance[column] = this.#kernelDistance(outcomes, countable ? decisions.distance[column]! : null);
      into.route[column] = MATRIX_ROUTES.indexOf(matrixRoute(outcomes, provider === client));
      into.answer[column] = ANSWERS.indexOf(answerOf(outcomes));
    });
  }

  #kernelDistance(outcomes: number, hops: number | null): number {
    const answer = answerOf(outcomes);
    if (answer === "no") return -1;
    if (answer === "unknown" || hops === null) return UNKNOWN_DISTANCE;
    const extra = this.policy.throughHostDistance;
    if (extra !== 0 && routeOf(outcomes, false) === "unknown") return UNKNOWN_DISTANCE;
    return outcomes === OUTCOME_BITS["through-host-bridge"] ? hops + extra : hops;
  }

  /** Whether the description shows both chains as far as the distance needs them. */
  #countable(provider: number, client: number, relation: number): boolean {
    if (RELATIONS[relation] === "across-unknown") return false;
    if (RELATIONS[relation] !== "across-host-bridges") return true;
    return this.topology.hostBridge(provider) !== null && this.topology.hostBridge(client) !== null;
  }

  #function(ref: Ref): number {
    const id = this.topology.id(ref);
    if (this.topology.describe(id) !== null) return id;
    throw new RangeError(`expected a function, got the host bridge ${this.topology.name(id)}`);
  }
}

function columns(cells: number): Omit<Matrix, "ids"> {
  return { distance: new Int32Array(cells), route: new Uint8Array(cells), answer: new Uint8Array(cells) };
}

function matrixRoute(outcomes: number, self: boolean): (typeof MATRIX_ROUTES)[number] {
  switch (answerOf(outcomes)) {
    case "yes":
      return routeOf(outcomes, self) as (typeof MATRIX_ROUTES)[number];
    case "no":
      return "not-supported";
    case "unknown":
      return "unknown";
  }
}

function directionIndex(direction: Direction): number {
  const index = DIRECTIONS.indexOf(direction);
  if (index === -1) throw new RangeError(`expected a direction (${DIRECTIONS.join(", ")}), got ${String(direction)}`);
  return index;
}

function checkedSize(address: bigint, size: bigint | number): bigint {
  if (typeof address !== "bigint") throw new TypeError(`expected the address as a bigint, got ${typeof address}`);
  if (typeof size === "number" && !Number.isSafeInteger(size)) {
    throw new RangeError(`expected the size as a whole number of bytes, got ${size}`);
  }
  const bytes = BigInt(size);
  if (address < 0n || bytes < 1n || address + bytes > 1n << 64n) {
    throw new RangeError(`expected a range of at least 1 byte within [0, 2^64), got ${bytes} bytes at ${address}`);
  }
  return bytes;
}

/**
 * Siblings are numbered in the order of the description, which is that of enumeration. Virtual functions on buses of
 * their own are siblings too, but not on the root bus.
 */
function hostBridges(topology: Topology): HostBridge[] {
  const onRootBus = topology.roots.map((): FunctionDescription[] => []);
  for (let id = 1; id <= topology.size; id++) {
    if (topology.core.depth(id) !== 1) continue;
    const ordinal = topology.rootOrdinal(id);
    const description = topology.describe(id)!;
    if (description.bdf.startsWith(`${topology.roots[ordinal]!.root.bus}:`)) onRootBus[ordinal]!.push(description);
  }
  return topology.roots.map(({ root }, ordinal) => ({
    root: root.known ? root.bus : null,
    functions: onRootBus[ordinal]!,
    system: topology.systems[root.system]!,
  }));
}
