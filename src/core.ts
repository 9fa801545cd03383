import {
  CLAIMS,
  IOMMUS,
  NO_ADDRESS,
  NO_BAR,
  NO_DISTANCE,
  OPEN,
  PATHS,
  PLACES,
  RELATIONS,
  STATUSES,
  TRANSLATIONS,
  WAY_BITS,
  type Claim,
  type Iommu,
  type Open,
} from "./core/axes.js";
import type {
  Addresses,
  AnswerColumns,
  ClaimColumns,
  CompiledPolicy,
  Decision,
  HostRow,
  MatrixColumns,
  PairColumns,
  RangeRow,
  Request,
  RequestColumns,
  SystemRow,
} from "./core/columns.js";
import { recordBytes, type Forest } from "./core/forest.js";
import { CHUNK, inspect, MATRIX_LIMIT, MAX_CLASSES, settle, type Instance } from "./core/instance.js";
import { Intake } from "./core/intake.js";
import { give, giveAddresses } from "./core/output.js";
import { decisionCell, type Answers, type Phrases, type Rulings } from "./core/phrases.js";
import type { Ranges } from "./core/ranges.js";
import { Sections, type Places, type SectionMap } from "./core/sections.js";
import { unpackTerms, type Terms } from "./core/terms.js";
import { defaultBuild, layout, type Build, type Exports } from "./core/wasm.js";
import type { Column } from "./core/window.js";

export * from "./core/axes.js";
export { checkExtent, memoryNeeded, type Extent } from "./core/capacity.js";
export type * from "./core/columns.js";
export {
  buildForest,
  depthIn,
  MARK_COMPLETION,
  MARK_EGRESS,
  MARK_REDIRECTS,
  MARK_REQUEST,
  MARK_UNREADABLE,
  parentIn,
  type Forest,
} from "./core/forest.js";
export { MATRIX_LIMIT } from "./core/instance.js";
export { Answers, Phrases, Rulings, UNKNOWN_DISTANCE, type Decided, type Phrase } from "./core/phrases.js";
export { RangeBuilder, type PlainRange, type RangeColumns, type Ranges } from "./core/ranges.js";
export { SectionError, type SectionMap } from "./core/sections.js";
export { TermsTable, type Terms } from "./core/terms.js";
export type { Build } from "./core/wasm.js";

/** One topology in linear memory: the only place that touches it. */
export class Core {
  /** How many nodes there are, node 0 not counted. */
  readonly count: number;
  readonly hosts: number;
  readonly systems: number;
  readonly rangeCount: number;
  readonly #core: Exports;
  readonly #memory: DataView;
  readonly #sections: Sections;
  readonly #base: number;
  readonly #places: Places;
  readonly #classes: number;
  readonly #table: number;
  readonly #phrases: number;
  readonly #rulings: number;
  readonly #staging: Instance["staging"];
  readonly #matrix: Instance["matrix"];
  readonly #requests: Uint8Array;
  readonly #intake: Intake;
  readonly #terms: readonly Terms[];
  /** By row of the terms. */
  readonly #bars: Uint8Array;
  readonly #recordBytes: number;
  #policy: CompiledPolicy | null = null;

  /**
   * Packs a topology.
   *
   * @param hosts in the order of their ids.
   * @throws RangeError where no memory is to be had.
   */
  static of(
    parts: {
      readonly forest: Forest;
      readonly hosts: readonly HostRow[];
      readonly systems: readonly SystemRow[];
      readonly ranges: Ranges;
    },
    build: Build = defaultBuild,
  ): Core {
    return new Core(settle(Sections.of(parts), build));
  }

  /**
   * The same from the sections of another core, which need not be trusted.
   *
   * @throws SectionError for a section that is missing, of the wrong length, or would lead the kernels astray.
   */
  static from(sections: SectionMap, build: Build = defaultBuild): Core {
    const instance = settle(Sections.from(sections), build);
    const core = new Core(instance);
    inspect(instance);
    return core;
  }

  private constructor(instance: Instance) {
    const { exports, memory, sections, staging } = instance;
    this.#core = exports;
    this.#memory = memory;
    this.#sections = sections;
    this.#base = instance.base;
    this.#places = instance.places;
    this.#classes = instance.classes;
    this.#table = instance.table;
    this.#phrases = instance.phrases;
    this.#rulings = instance.rulings;
    this.#staging = staging;
    this.#matrix = instance.matrix;
    this.#requests = instance.precise.requests.values;
    this.count = sections.nodes;
    this.hosts = sections.hosts;
    this.systems = sections.systems;
    this.rangeCount = sections.ranges;
    this.#intake = new Intake(instance, this.count, this.systems);
    this.#terms = unpackTerms(sections.bytes("terms"));
    this.#bars = Uint8Array.from(this.#terms, ({ bar }) => bar ?? NO_BAR);
    this.#recordBytes = recordBytes(sections.wide);
  }

  /** Everything that `Core.from` needs, as views of linear memory. */
  sections(): SectionMap {
    return this.#sections.map;
  }

  /** What the instance's memory takes up, in bytes. */
  get memoryBytes(): number {
    return this.#core.memory.buffer.byteLength;
  }

  // One at a time ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The nearest node that is `a` or above it and also `b` or above it: a function, a host bridge, or 0. */
  common(a: number, b: number): number {
    return this.#core.commonOf(this.#base, a, b) >>> 0;
  }

  /** Ids from `node` up to its host bridge, both included. */
  ancestors(node: number): Uint32Array {
    const depth = this.depth(node);
    // A chain may be longer than the staging window; the walk needs no more than the columns.
    if (depth + 1 > CHUNK) return this.#longChain(node, depth);
    const { at, values } = this.#staging.left;
    return values.slice(0, this.#core.ancestors(this.#base, node, at));
  }

  #longChain(node: number, depth: number): Uint32Array {
    const chain = new Uint32Array(depth + 1);
    const keys = this.#places.keys;
    for (let at = 0; at <= depth; at++) {
      chain[at] = node;
      node = this.#memory.getUint32(keys + node * 4, true) >>> this.#sections.depthBits;
    }
    return chain;
  }

  /** The node just below `above` on the way up from `node`; 0 where `node` is `above`. */
  childBelow(node: number, above: number): number {
    let child = 0;
    while (node > above) {
      child = node;
      node = this.#memory.getUint32(this.#places.keys + node * 4, true) >>> this.#sections.depthBits;
    }
    return child;
  }

  /** 0 for a host bridge, 1 for a function on its root bus, … */
  depth(node: number): number {
    const at = this.#places.records + node * this.#recordBytes + layout.RECORD_DEPTH;
    return this.#sections.wide ? this.#memory.getUint32(at, true) : this.#memory.getUint8(at);
  }

  /** Depth of the deepest function that redirects, on the chain of a node, itself included; 0: none does. */
  redirectDepth(node: number): number {
    return this.#field(node, layout.FIELD_REDIRECT);
  }

  /** The same for functions whose ACS is not known. */
  unreadableDepth(node: number): number {
    return this.#field(node, layout.FIELD_UNREADABLE);
  }

  /** How many address bits a node is known to drive; 0: no limit known. */
  dmaBits(node: number): number {
    return this.#field(node, layout.FIELD_OWN) & layout.OWN_DMA_BITS;
  }

  #field(node: number, field: number): number {
    const at = this.#places.records + node * this.#recordBytes + layout.RECORD_DEPTH;
    return this.#sections.wide ? this.#memory.getUint32(at + 4 * field, true) : this.#memory.getUint8(at + field);
  }

  /** Ordinal of the host bridge above a node. */
  host(node: number): number {
    return this.#memory.getUint32(this.#places.records + node * this.#recordBytes + layout.RECORD_HOST, true);
  }

  hostRow(ordinal: number): HostRow {
    const at = this.#places.hosts + ordinal * layout.HOST_BYTES;
    return {
      system: this.#memory.getUint32(at + layout.HOST_SYSTEM, true),
      segment: this.#memory.getUint32(at + layout.HOST_SEGMENT, true),
      place: PLACES[this.#memory.getUint32(at + layout.HOST_PLACE, true)] ?? "bus",
    };
  }

  open(system: number): Open {
    return OPEN[this.#memory.getUint32(this.#systemAt(system) + layout.SYSTEM_OPEN, true)]!;
  }

  /** What happens at the host bridges of a system to addresses. */
  iommu(system: number): Iommu {
    return IOMMUS[this.#memory.getUint32(this.#systemAt(system) + layout.SYSTEM_IOMMU, true)]!;
  }

  /** Who claims an address of a system, or all of the `size` bytes from there on, and the range it concerns. */
  claim(system: number, address: bigint, size = 1n): { claim: Claim; range: number } {
    const value =
      size === 1n
        ? this.#core.claimIn(this.#base, system, address) >>> 0
        : this.#core.claimOver(this.#base, system, address, size) >>> 0;
    return { claim: CLAIMS[value >>> layout.CLAIM_SHIFT]!, range: value & layout.CLAIM_RANGE };
  }

  /**
   * Id of the node that alone owns an address of a system; 0: none.
   *
   * @param address a number is whole and below 2^53.
   */
  owner(system: number, address: number | bigint): number {
    return typeof address === "number"
      ? this.#core.ownerOfNumber(this.#base, system, address) >>> 0
      : this.#core.ownerOf(this.#base, system, address) >>> 0;
  }

  /** How many bytes from an owned address on are claimed alike. */
  claimedAlike(system: number, address: bigint): bigint {
    return BigInt.asUintN(64, this.#core.claimedAlike(this.#base, system, address));
  }

  /** Every range that holds an address of a system, windows included, the one that begins last first. */
  claimants(system: number, address: bigint): Uint32Array {
    const { at, values } = this.#staging.left;
    const write = (out: number, room: number) =>
      this.#core.claimants(this.#base, this.rangeCount, system, address, out, room) >>> 0;
    const found = write(at, CHUNK);
    if (found <= CHUNK) return values.slice(0, found);
    // More than the window takes: piece by piece would need a second walk each time, so ask the ranges themselves.
    return Uint32Array.from(this.#holding(system, address));
  }

  *#holding(system: number, address: bigint): Generator<number> {
    for (let range = this.rangeCount - 1; range >= 0; range--) {
      const row = this.range(range);
      if (row.system === system && row.start <= address && address - row.start < row.size) yield range;
    }
  }

  range(index: number): RangeRow {
    const at = this.#places.ranges + index * layout.RANGE_BYTES + layout.RANGE_START;
    return this.rangeIn(this.#systemOf(this.#memory.getBigUint64(at, true)), index);
  }

  /** The same for a range whose system is known, which spares the search for it. */
  rangeIn(system: number, index: number): RangeRow {
    const at = this.#places.ranges + index * layout.RANGE_BYTES;
    const displaced = this.#memory.getBigUint64(at + layout.RANGE_START, true);
    const displacement = this.#memory.getBigUint64(this.#systemAt(system) + layout.SYSTEM_DISPLACEMENT, true);
    return {
      system,
      start: BigInt.asUintN(64, displaced - displacement),
      size: this.#memory.getBigUint64(at + layout.RANGE_SIZE, true),
      owner: this.#memory.getUint32(this.#places.owners + index * 4, true) & ~layout.OUTSIDE,
      terms: this.#terms[this.#memory.getUint32(at + layout.RANGE_TERMS, true)]!,
    };
  }

  #systemAt(system: number): number {
    return this.#places.systems + system * layout.SYSTEM_BYTES;
  }

  /** Where the space of a system begins in the space of all. */
  #place(system: number): bigint {
    const at = this.#systemAt(system);
    const displacement = this.#memory.getBigUint64(at + layout.SYSTEM_DISPLACEMENT, true);
    return BigInt.asUintN(64, displacement + this.#memory.getBigUint64(at + layout.SYSTEM_FIRST, true));
  }

  /** The last system whose space begins at a place or before: those before it that begin there too have no addresses. */
  #systemOf(displaced: bigint): number {
    let [low, high] = [0, this.systems];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#place(middle) <= displaced) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** What two nodes share. */
  pair(a: number, b: number): Omit<Decision, "outcomes"> {
    const { left, right } = this.#staging;
    left.values[0] = a;
    right.values[0] = b;
    this.#decideRows(1, 0, 0, false);
    return this.#decision();
  }

  decide(policy: CompiledPolicy, provider: number, client: number, direction: number): Decision {
    this.#use(policy);
    const { left, right } = this.#staging;
    left.values[0] = provider;
    right.values[0] = client;
    this.#settling(policy, 1, left.values, right.values, () => this.#decideRows(1, 0, direction, true));
    return this.#decision();
  }

  /** `size` is at least 1 and `address + size` at most 2^64. */
  request(policy: CompiledPolicy, initiator: number, address: bigint, size: bigint, direction: number): Request {
    this.#use(policy);
    const window = this.#staging;
    window.left.values[0] = initiator;
    window.size.values[0] = size;
    const answered = this.#settling(policy, 1, window.owner.values, window.left.values, () => {
      window.address.values[0] = address;
      return this.#requestRows(1, 0, direction, 0);
    });
    if (answered === 0) {
      throw new RangeError(`initiator: expected a function, got the host bridge ${initiator}`);
    }
    const value = window.value.values[0]!;
    const claim = CLAIMS[value >>> layout.CLAIM_SHIFT]!;
    const dmaAddress = window.dma.values[0]!;
    return {
      ...this.#decision(),
      status: STATUSES[window.status.values[0]!]!,
      range: claim === "nobody" || claim === "hole" ? null : value & layout.CLAIM_RANGE,
      offset: window.offset.values[0]!,
      dmaAddress: dmaAddress === NO_ADDRESS ? null : dmaAddress,
      translation: TRANSLATIONS[window.translation.values[0]!]!,
    };
  }

  #decision(): Decision {
    const window = this.#staging;
    const distance = window.distance.values[0]!;
    return {
      common: window.common.values[0]!,
      distance: distance === NO_DISTANCE ? null : distance,
      outcomes: window.outcomes.values[0]!,
      relation: RELATIONS[window.relation.values[0]!] ?? "across-systems",
      path: PATHS[window.path.values[0]!]!,
    };
  }

  // In columns ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** What each pair (a[i], b[i]) shares into row i of `into`. @throws RangeError with the row of a wrong id. */
  commonMany(a: Uint32Array, b: Uint32Array, into: PairColumns): void {
    const window = this.#staging;
    const full = into.distance !== undefined || into.relation !== undefined || into.path !== undefined;
    for (let first = 0; first < a.length; first += CHUNK) {
      const rows = Math.min(CHUNK, a.length - first);
      this.#intake.ids(a, first, rows, window.left, "a");
      this.#intake.ids(b, first, rows, window.right, "b");
      if (full) this.#decideRows(rows, 0, 0, false);
      else this.#core.commonMany(this.#base, rows, window.left.at, window.right.at, window.common.at);
      this.#givePairs(into, first, rows);
    }
  }

  /** The common upstream found by walking up: for comparison. */
  walkMany(a: Uint32Array, b: Uint32Array, into: Uint32Array): void {
    const { left, right, common } = this.#staging;
    for (let first = 0; first < a.length; first += CHUNK) {
      const rows = Math.min(CHUNK, a.length - first);
      this.#intake.ids(a, first, rows, left, "a");
      this.#intake.ids(b, first, rows, right, "b");
      this.#core.walkMany(this.#base, rows, left.at, right.at, common.at);
      give(common, into, first, rows);
    }
  }

  /**
   * Decides each pair (providers[i], clients[i]) into row i of `into`.
   *
   * @throws RangeError with the row of a wrong id, or of a host bridge.
   */
  decideMany(
    policy: CompiledPolicy,
    answers: Answers,
    providers: Uint32Array,
    clients: Uint32Array,
    direction: number,
    into: AnswerColumns,
  ): void {
    this.#use(policy);
    const window = this.#staging;
    for (let first = 0; first < providers.length; first += CHUNK) {
      const rows = Math.min(CHUNK, providers.length - first);
      this.#intake.ids(providers, first, rows, window.left, "providers");
      this.#intake.ids(clients, first, rows, window.right, "clients");
      const decide = () => this.#decideRows(rows, 0, direction, true);
      this.#settling(policy, rows, window.left.values, window.right.values, decide);
      // Now that their records are in the caches.
      this.#expectFunctions(window.left, first, rows, "providers");
      this.#expectFunctions(window.right, first, rows, "clients");
      this.#giveAnswers(answers, into, first, rows);
      if (into.common !== undefined) give(window.common, into.common, first, rows);
      if (into.distance !== undefined) give(window.distance, into.distance, first, rows);
    }
  }

  #giveAnswers(answers: Answers, into: AnswerColumns, first: number, rows: number): void {
    const { outcomes, relation, path } = this.#staging;
    for (let row = 0; row < rows; row++) {
      const cell = decisionCell(outcomes.values[row]!, relation.values[row]!, path.values[row]!);
      into.answer[first + row] = answers.answer[cell]!;
      into.route[first + row] = answers.route[cell]!;
      into.code[first + row] = answers.code[cell]!;
    }
  }

  /**
   * Who owns each address, or each range of addresses where there are sizes.
   *
   * @param systems ordinal of each row's system, or of all rows'.
   * @throws RangeError with the row of an address, size or ordinal that is none.
   */
  ownerMany(address: Addresses, size: Addresses | null, systems: number | Uint32Array, into: ClaimColumns): void {
    const window = this.#staging;
    for (let first = 0; first < address.length; first += CHUNK) {
      const rows = Math.min(CHUNK, address.length - first);
      this.#intake.addresses(address, first, rows, window.address, "address");
      if (size !== null) this.#intake.sizes(size, first, rows);
      const perRow = typeof systems !== "number";
      if (perRow) this.#intake.systems(systems, first, rows);
      this.#core.displaceMany(this.#base, rows, window.address.at, perRow ? window.left.at : 0, perRow ? 0 : systems);
      this.#core.ownerMany(
        this.#base,
        rows,
        window.address.at,
        size === null ? 0 : window.size.at,
        window.owner.at,
        window.value.at,
        into.offset === undefined ? 0 : window.offset.at,
        window.end.at,
      );
      give(window.owner, into.owner, first, rows);
      if (into.offset !== undefined) giveAddresses(window.offset, into.offset, first, rows);
      const values = window.value.values;
      if (into.claim !== undefined) {
        for (let row = 0; row < rows; row++) into.claim[first + row] = values[row]! >>> layout.CLAIM_SHIFT;
      }
      if (into.range !== undefined) {
        for (let row = 0; row < rows; row++) into.range[first + row] = values[row]! & layout.CLAIM_RANGE;
      }
      if (into.bar !== undefined) this.#giveBars(into.bar, first, rows);
    }
  }

  #giveBars(into: Uint8Array, first: number, rows: number): void {
    const { values } = this.#staging.value;
    for (let row = 0; row < rows; row++) {
      const [claim, range] = [values[row]! >>> layout.CLAIM_SHIFT, values[row]! & layout.CLAIM_RANGE];
      const at = this.#places.ranges + range * layout.RANGE_BYTES + layout.RANGE_TERMS;
      into[first + row] = claim === OWNED ? this.#bars[this.#memory.getUint32(at, true)]! : NO_BAR;
    }
  }

  /**
   * Answers each request into row i of `into`.
   *
   * @param direction of each row, or of all rows.
   * @throws RangeError with the row of a wrong id, address, size or direction.
   */
  requestMany(
    policy: CompiledPolicy,
    rulings: Rulings,
    initiator: Uint32Array,
    address: Addresses,
    size: Addresses | bigint,
    direction: number | Uint8Array,
    into: RequestColumns,
  ): void {
    this.#use(policy);
    new Uint8Array(this.#core.memory.buffer, this.#rulings).set(rulings.bytes);
    const window = this.#staging;
    const perRow = typeof direction !== "number";
    for (let first = 0; first < initiator.length; first += CHUNK) {
      const rows = Math.min(CHUNK, initiator.length - first);
      this.#intake.ids(initiator, first, rows, window.left, "initiator");
      if (perRow) this.#intake.directions(direction, first, rows);
      const answered = this.#settling(policy, rows, window.owner.values, window.left.values, () => {
        this.#intake.addresses(address, first, rows, window.address, "address");
        this.#intake.sizes(size, first, rows);
        return this.#requestRows(rows, perRow ? window.direction.at : 0, perRow ? 0 : direction, this.#rulings);
      });
      if (answered !== rows) {
        const row = first + answered;
        throw new RangeError(`initiator: expected functions, got the host bridge ${initiator[row]} in row ${row}`);
      }
      give(window.route, into.route, first, rows);
      give(window.code, into.code, first, rows);
      if (into.translation !== undefined) give(window.translation, into.translation, first, rows);
      if (into.owner !== undefined) give(window.owner, into.owner, first, rows);
      if (into.common !== undefined) give(window.common, into.common, first, rows);
      if (into.distance !== undefined) give(window.distance, into.distance, first, rows);
      if (into.offset !== undefined) giveAddresses(window.offset, into.offset, first, rows);
      if (into.dmaAddress !== undefined) giveAddresses(window.dma, into.dmaAddress, first, rows);
    }
  }

  /**
   * Answers all ordered pairs of nodes, row by row: row = provider, column = client.
   *
   * @throws RangeError for more ids than MATRIX_LIMIT, or with the row of one that is none.
   */
  matrix(policy: CompiledPolicy, phrases: Phrases, ids: Uint32Array, direction: number, into: MatrixColumns): void {
    this.#use(policy);
    const [count, window] = [ids.length, this.#matrix];
    if (count > MATRIX_LIMIT) {
      throw new RangeError(`expected at most ${MATRIX_LIMIT} functions, got ${count}: name those that matter`);
    }
    this.#intake.ids(ids, 0, count, window.sorted, "ids");
    const columns = window.columns.values.subarray(0, count);
    for (let column = 0; column < count; column++) columns[column] = column;
    if (!isAscending(ids)) columns.sort((a, b) => ids[a]! - ids[b]!);
    for (let place = 0; place < count; place++) window.sorted.values[place] = ids[columns[place]!]!;
    new Uint8Array(this.#core.memory.buffer, this.#phrases).set(phrases.bytes);
    this.#core.sortedKeys(this.#base, count, window.sorted.at, window.least.at);
    for (let place = 0; place < count; place++) {
      const decide = () =>
        this.#core.matrixRow(
          this.#base,
          count,
          place,
          window.sorted.at,
          window.least.at,
          window.columns.at,
          direction,
          this.#phrases,
          window.keys.at,
          window.distance.at,
          window.route.at,
          window.answer.at,
        );
      this.#settling(policy, count, window.sorted.values[place]!, ids, decide);
      const first = columns[place]! * count;
      into.distance.set(window.distance.values.subarray(0, count), first);
      into.route.set(window.route.values.subarray(0, count), first);
      into.answer.set(window.answer.values.subarray(0, count), first);
    }
  }

  #use(policy: CompiledPolicy): void {
    if (this.#policy === policy) return;
    if (policy.classes.length !== this.hosts) {
      throw new RangeError(
        `the policy was compiled for ${policy.classes.length} host bridges, this topology has ${this.hosts}`,
      );
    }
    if (policy.classCount > MAX_CLASSES) {
      throw new RangeError(
        `a policy may tell ${MAX_CLASSES} kinds of host bridges apart, this one has ${policy.classCount}`,
      );
    }
    const bytes = new Uint8Array(this.#core.memory.buffer);
    bytes.set(policy.classes, this.#classes);
    bytes.set(policy.table, this.#table);
    this.#setHeader(layout.HEADER_CLASS_COUNT, policy.classCount);
    this.#setHeader(layout.HEADER_PRECISE, policy.precise === undefined ? layout.PRECISE_OFF : layout.PRECISE_FOUND);
    this.#policy = policy;
  }

  #setHeader(offset: number, value: number): void {
    this.#memory.setUint32(this.#base + offset, value, true);
  }

  /**
   * What `ask` returns, which has the core decide `rows` pairs. Where it depends on egress control vectors, which the
   * core does not have, it is asked a second time, with what they say.
   *
   * @param providers of the rows, or of all rows.
   */
  #settling<Answer>(
    policy: CompiledPolicy,
    rows: number,
    providers: Uint32Array | number,
    clients: Uint32Array,
    ask: () => Answer,
  ): Answer {
    if (policy.precise === undefined) return ask();
    this.#setHeader(layout.HEADER_UNSETTLED, 0);
    const answer = ask();
    if (this.#memory.getUint32(this.#base + layout.HEADER_UNSETTLED, true) === 0) return answer;
    for (let row = 0; row < rows; row++) {
      if ((this.#requests[row]! & layout.EGRESS) === 0) continue;
      const provider = typeof providers === "number" ? providers : providers[row]!;
      const client = clients[row]!;
      const common = this.common(provider, client);
      const way = policy.precise(this.childBelow(client, common), this.childBelow(provider, common));
      this.#requests[row] = way === null ? this.#requests[row]! & ~layout.EGRESS : WAY_BITS[way];
    }
    this.#setHeader(layout.HEADER_PRECISE, layout.PRECISE_GIVEN);
    try {
      return ask();
    } finally {
      this.#setHeader(layout.HEADER_PRECISE, layout.PRECISE_FOUND);
    }
  }

  #decideRows(rows: number, directions: number, direction: number, withOutcomes: boolean): void {
    const window = this.#staging;
    this.#core.decideMany(
      this.#base,
      rows,
      window.left.at,
      window.right.at,
      directions,
      direction,
      window.common.at,
      window.distance.at,
      window.relation.at,
      window.path.at,
      withOutcomes ? window.outcomes.at : 0,
    );
  }

  #requestRows(rows: number, directions: number, direction: number, rulings: number): number {
    const window = this.#staging;
    return this.#core.requestMany(
      this.#base,
      rows,
      window.left.at,
      window.address.at,
      window.size.at,
      directions,
      direction,
      window.end.at,
      window.right.at,
      window.system.at,
      window.value.at,
      window.owner.at,
      window.offset.at,
      window.dma.at,
      window.translation.at,
      window.status.at,
      window.common.at,
      window.distance.at,
      window.relation.at,
      window.path.at,
      window.outcomes.at,
      rulings,
      window.route.at,
      window.code.at,
    );
  }

  #givePairs(into: PairColumns, first: number, rows: number): void {
    const window = this.#staging;
    give(window.common, into.common, first, rows);
    if (into.distance !== undefined) give(window.distance, into.distance, first, rows);
    if (into.relation !== undefined) give(window.relation, into.relation, first, rows);
    if (into.path !== undefined) give(window.path, into.path, first, rows);
  }

  #expectFunctions({ values }: Column<Uint32Array>, first: number, rows: number, name: string): void {
    for (let row = 0; row < rows; row++) {
      const id = values[row]!;
      if (this.depth(id) > 0) continue;
      throw new RangeError(`${name}: expected functions, got the host bridge ${id} in row ${first + row}`);
    }
  }
}

const OWNED = CLAIMS.indexOf("owned");

function isAscending(ids: Uint32Array): boolean {
  for (let row = 1; row < ids.length; row++) if (ids[row]! < ids[row - 1]!) return false;
  return true;
}
