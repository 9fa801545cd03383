import { MATRIX_LIMIT, Phrases, UNKNOWN_DISTANCE, type CompiledPolicy, type Phrase, type Relation } from "../core.js";
import { compilePolicy } from "../policy/compile.js";
import type { Direction, HostBridge, Judgement, Policy } from "../policy/policy.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Ref, Topology } from "../topology/topology.js";
import { checkedRange, expectTopology, functionId } from "../topology/arguments.js";
import { expectRows } from "../topology/column.js";
import { canMany, type DecisionColumns } from "./can-many.js";
import { egressOf } from "./egress.js";
import { LinkOverlay, matrixOverLinks } from "./links/columns.js";
import { Links } from "./links/links.js";
import { directionIndex, mapMany, type MapColumns, type MapRequests, type Overlay } from "./map-many.js";
import { mappingOf } from "./mapping.js";
import { mapFromPlatform, mapToPlatform } from "./platform/map.js";
import { PlatformOverlay } from "./platform/map-many.js";
import { canOutsidePci } from "./platform/can.js";
import { memoryOf } from "./memory.js";
import { mappingOver, verdictOver } from "./links/answers.js";
import { answerOf, doubtOf, hopsOf, reasonsFor, refusalOf, routeOf } from "./pair.js";
import { ANSWERS, ROUTES } from "./ruling.js";
import type { Context } from "./context.js";
import type { Mapping, Verdict } from "./verdict.js";

/** Answers for every ordered pair of `ids`, row by row: row = provider, column = client. */
export interface Matrix {
  /** Of the functions, n, in the order of the caller. The other columns have n * n cells: row * n + column. */
  readonly ids: Uint32Array;
  /** Hops, as Linux's `pci_p2pdma_distance()` would return them: -1 not supported, {@link UNKNOWN_DISTANCE} unknown. */
  readonly distance: Int32Array;
  /** Index in {@link ROUTES}. */
  readonly route: Uint8Array;
  /** Index in {@link ANSWERS}: a pair may be allowed though its route is not known. */
  readonly answer: Uint8Array;
}

export { UNKNOWN_DISTANCE };

/** A topology under a policy: may this function reach that one, or this address? */
export class PeerDma implements Context {
  readonly #compiled: CompiledPolicy;
  readonly #phrases: Phrases;
  readonly #links: Links | null;
  #overlays: readonly Overlay[] | null = null;
  readonly #judgements = new Map<number, Judgement>();

  /** @throws TypeError for anything but a topology and a policy. */
  constructor(
    /** What it asks; to be closed by whoever made it. */
    readonly topology: Topology,
    /** Whose rules decide. */
    readonly policy: Policy,
  ) {
    expectTopology(topology);
    if (typeof policy?.decide !== "function") throw new TypeError('expected a policy, such as linux("6.12")');
    this.#compiled = compilePolicy(policy, hostBridges(topology), (from, to) => egressOf(topology, from, to).way);
    this.#links = Links.of(topology);
    this.#phrases = phrasesFor(policy.throughHostDistance);
  }

  /** What the policy makes of a root of the topology, by its ordinal in `topology.roots`. */
  judgement(root: number): Judgement {
    let judgement = this.#judgements.get(root);
    if (judgement === undefined) {
      // Whoever asks about one host bridge asks again; whoever asks about all of a fabric must not keep them all.
      if (this.#judgements.size === REMEMBERED) this.#judgements.clear();
      judgement = this.policy.judge(hostBridgeOf(this.topology, root));
      this.#judgements.set(root, judgement);
    }
    return judgement;
  }

  /**
   * May `client` do DMA to the memory of `provider`? What the policy decides, unless a side link leads from one to the
   * other; `memory` adds what Linux does not look at.
   *
   * @param provider a function, or by its name a device outside PCI; so with the client.
   * @param direction as the client sees it.
   * @throws RangeError for what names neither, or several.
   */
  can(provider: Ref, client: Ref, direction: Direction = "both"): Verdict {
    const [outside, asking] = [this.topology.platformDevice(provider), this.topology.platformDevice(client)];
    const [owner, initiator] = [
      outside ?? functionId(this.topology, provider),
      asking ?? functionId(this.topology, client),
    ];
    const way = directionIndex(direction);
    if (typeof owner !== "number" || typeof initiator !== "number") {
      return canOutsidePci(this, owner, initiator, direction);
    }
    const verdict = this.#byPcie(owner, initiator, direction);
    const group = this.#links?.group(owner, initiator);
    return group === undefined ? verdict : verdictOver(group, way, verdict);
  }

  #byPcie(owner: number, initiator: number, direction: Direction): Verdict {
    const decision = this.topology.core.decide(this.#compiled, owner, initiator, directionIndex(direction));
    const judged = {
      provider: this.topology.name(owner),
      client: this.topology.name(initiator),
      ...hopsOf(this.topology, owner, initiator),
      memory: memoryOf(this.topology, owner, decision),
      link: null,
      pcie: null,
      ...reasonsFor(this, owner, initiator, decision, direction),
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
   * The same in columns, for millions of pairs: row i of each column answers `can(providers[i], clients[i])`.
   *
   * @param direction of all rows, as the clients see it.
   * @param into columns at least as long as the pairs; without them all columns are made.
   * @throws TypeError for columns of the wrong kind; RangeError for columns that differ in length or are too short, for a
   *   word that is no direction and, with the row, for an id that is no function's. Rows before that one may have been
   *   filled.
   */
  canMany(providers: Uint32Array, clients: Uint32Array, direction?: Direction): Required<DecisionColumns>;
  canMany<Into extends DecisionColumns>(
    providers: Uint32Array,
    clients: Uint32Array,
    direction: Direction | undefined,
    into: Into,
  ): Into;
  canMany(
    providers: Uint32Array,
    clients: Uint32Array,
    direction: Direction = "both",
    into?: DecisionColumns,
  ): DecisionColumns {
    return canMany(this.topology.core, this.#compiled, providers, clients, direction, into, this.#links);
  }

  /**
   * What a `dma_map_resource()` that looked would return for [address, address + size): who owns it, whether the
   * initiator may reach it, and at which DMA address.
   *
   * @param initiator the function that issues the requests, or by its name a device outside PCI.
   * @param address CPU physical, in the initiator's own system.
   * @param size bytes, at least 1.
   * @throws TypeError where the address is no bigint or the size no number; RangeError for a size below 1 or a range
   *   beyond 2^64, and for an initiator that there is not or that several are.
   */
  map(initiator: Ref, address: bigint, size: bigint | number, direction: Direction = "both"): Mapping {
    const device = this.topology.platformDevice(initiator);
    const way = directionIndex(direction);
    if (device !== null) return mapFromPlatform(this, device, address, checkedRange(address, size), direction);
    const client = functionId(this.topology, initiator);
    const bytes = checkedRange(address, size);
    const request = this.topology.core.request(this.#compiled, client, address, bytes, way);
    if (request.status === "platform") return mapToPlatform(this, client, address, bytes, direction, request);
    const mapping = mappingOf(this, client, address, bytes, direction, request);
    const owner = mapping.owner?.id;
    const group = typeof owner === "number" ? this.#links?.group(owner, client) : undefined;
    return group === undefined ? mapping : mappingOver(group, way, mapping);
  }

  /**
   * The same in columns, for millions of requests: row i of each column answers row i of the requests.
   *
   * @param into columns at least as long as the requests; without them all columns are made, with addresses as
   *   `BigUint64Array`.
   * @throws TypeError for columns of the wrong kind; RangeError for columns that are too short and, with the row, for
   *   an id, address, size or direction that is none. Rows before that one may have been filled.
   */
  mapMany(requests: MapRequests): Required<MapColumns>;
  mapMany<Into extends MapColumns>(requests: MapRequests, into: Into): Into;
  mapMany(requests: MapRequests, into?: MapColumns): MapColumns {
    this.#overlays ??= this.#overlaysNeeded();
    return mapMany(this.topology.core, this.#compiled, requests, into, this.#overlays);
  }

  #overlaysNeeded(): Overlay[] {
    const platform = new PlatformOverlay(this.topology, this.policy);
    return [...(platform.matters ? [platform] : []), ...(this.#links === null ? [] : [new LinkOverlay(this.#links)])];
  }

  /**
   * Answers for all ordered pairs of some functions, in columns.
   *
   * @param into a matrix of as many functions, to be filled anew.
   * @throws TypeError for what is no list, or columns of the wrong kind; RangeError for more functions than
   *   {@link MATRIX_LIMIT}, for what names none, or for a matrix of another size.
   */
  matrix(refs: Iterable<Ref>, direction: Direction = "both", into?: Matrix): Matrix {
    if (typeof (refs as Partial<Iterable<Ref>> | null)?.[Symbol.iterator] !== "function") {
      throw new TypeError(`expected a list of functions, got ${String(refs)}`);
    }
    const ids = Uint32Array.from(refs, (ref) => functionId(this.topology, ref));
    if (ids.length > MATRIX_LIMIT) {
      throw new RangeError(`expected at most ${MATRIX_LIMIT} functions, got ${ids.length}: name those that matter`);
    }
    const cells = ids.length ** 2;
    const matrix = into ?? newMatrix(ids.length);
    expectRows("into.ids", matrix.ids, ids.length, Uint32Array);
    expectRows("into.distance", matrix.distance, cells, Int32Array);
    expectRows("into.route", matrix.route, cells, Uint8Array);
    expectRows("into.answer", matrix.answer, cells, Uint8Array);
    matrix.ids.set(ids);
    const way = directionIndex(direction);
    this.topology.core.matrix(this.#compiled, this.#phrases, ids, way, matrix);
    if (this.#links !== null) matrixOverLinks(this.#links, ids, way, matrix);
    return matrix;
  }

  /**
   * Linux's `pci_p2pdma_distance_many()` (docs/semantics.md, Distance): the sum over the clients, one that occurs twice
   * counted twice. -1 where one is not supported or is no PCI device, or where there are none; null: unknown.
   */
  distanceMany(provider: Ref, clients: readonly Ref[]): number | null {
    if (clients.length === 0 || clients.some((client) => this.topology.isPlatformDevice(client))) return -1;
    const ids = Uint32Array.from([provider, ...clients], (ref) => functionId(this.topology, ref));
    let sum = 0;
    let known = true;
    for (const client of ids.subarray(1)) {
      const [, hops] = this.matrix([ids[0]!, client]).distance;
      if (hops === -1) return -1;
      if (hops === UNKNOWN_DISTANCE) known = false;
      sum += hops!;
    }
    return known ? sum : null;
  }
}

function newMatrix(count: number): Matrix {
  const cells = count ** 2;
  return {
    ids: new Uint32Array(count),
    distance: new Int32Array(cells),
    route: new Uint8Array(cells),
    answer: new Uint8Array(cells),
  };
}

/** Of the last policy: most add nothing to a distance. */
let phrases: { readonly extra: number; readonly all: Phrases } | null = null;

function phrasesFor(extra: number): Phrases {
  if (phrases?.extra !== extra) {
    phrases = { extra, all: new Phrases((outcomes, relation) => phraseFor(outcomes, relation, extra)) };
  }
  return phrases.all;
}

/** What a pair comes to in a matrix: the kernel adds to the hops of the way through the host bridge. */
function phraseFor(outcomes: number, relation: Relation | "across-systems", extra: number): Phrase {
  const answer = answerOf(outcomes);
  const route = routeOf(outcomes, relation === "self");
  const numbers = {
    answer: ANSWERS.indexOf(answer),
    route: ROUTES.indexOf(answer === "yes" ? route : answer === "no" ? "not-supported" : "unknown"),
  };
  if (answer === "no") return { ...numbers, distance: "refused", extra: 0 };
  if (answer === "unknown" || (route === "unknown" && extra !== 0)) {
    return { ...numbers, distance: "unknown", extra: 0 };
  }
  return { ...numbers, distance: "hops", extra: route === "through-host-bridge" ? extra : 0 };
}

/** How many judgements are kept. */
const REMEMBERED = 256;

/** One after the other: a fabric has too many for all of them to be objects at once. */
function* hostBridges(topology: Topology): Generator<HostBridge> {
  for (let root = 0; root < topology.roots.length; root++) yield hostBridgeOf(topology, root);
}

function hostBridgeOf(topology: Topology, ordinal: number): HostBridge {
  const { root } = topology.roots[ordinal]!;
  return {
    root: root.known ? root.bus : null,
    functions: onRootBus(topology, ordinal, root.bus),
    system: topology.systems[root.system]!,
  };
}

/**
 * Siblings are numbered in the order of the description, which is that of enumeration. Virtual functions on buses of
 * their own are siblings too, but not on the root bus.
 */
function onRootBus(topology: Topology, ordinal: number, bus: string): FunctionDescription[] {
  const below = topology.belowRoot(ordinal).map((id) => topology.registers(id)!);
  return below.filter(({ bdf }) => bdf.startsWith(`${bus}:`));
}
