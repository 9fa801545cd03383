import { compareBdf, parseBdf, type Bdf } from "../topology/bdf.js";
import { isBridge, talksToPeers } from "../topology/class-code.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";

/*
 * Which function of one description is which of another. Bus numbers are handed out anew at every boot, so that the name
 * says little. What says more is asked first, and each of these only where it points to one function on either side:
 *
 *     serial number      and function number; a bridge of a switch has its place on the bus in common with no other
 *     slot               the same model, by all four ids, in a physical slot of the same name
 *     position           the same model at the same device and function number below the same bridge, from the root down
 *     only one           what is left of a model, where that is one on either side: it was moved
 *     the same again     for what has only vendor and device id in common: the subsystem's may be missing, or rewritten
 *     position           once more, whatever the serial numbers say: another card of the same model in its place
 *     name               by segment, bus, device and function
 *
 * Virtual functions go with their physical ones, in their order.
 */

/** By what a function of one description was recognised in the other. */
export type Recognition = "serial-number" | "slot" | "position" | "only-one" | "physical-function" | "name";

/** A function that is on both sides. */
export interface MatchedFunction {
  /** Id in the topology before. */
  readonly before: number;
  /** Id in the topology after. */
  readonly after: number;
  readonly by: Recognition;
  /**
   * Whether it may be another one of the same model: it was recognised by where it is, nothing shows its serial number on
   * both sides, and there is a second one that it may have changed places with.
   */
  readonly mayBeTwin: boolean;
}

/** Functions of one model, of which nothing tells which is which. */
export interface Ambiguity {
  /** Ids in the topology before, at least one. */
  readonly before: readonly number[];
  /** Ids in the topology after, at least one. */
  readonly after: readonly number[];
}

/** Every function of two systems is in one of these lists, and once. */
export interface Correspondence {
  /** Ids of host bridges that are the same, and of roots that stand for what is not shown. */
  readonly roots: readonly (readonly [before: number, after: number])[];
  readonly matched: readonly MatchedFunction[];
  /** Ids in the topology before. */
  readonly gone: readonly number[];
  /** Ids in the topology after. */
  readonly added: readonly number[];
  readonly ambiguous: readonly Ambiguity[];
}

/**
 * Which function of a system is which of another one, not by name alone. Takes time in proportion to the functions.
 *
 * @param before the topology and the place of the system in its `systems`; so with `after`.
 * @throws RangeError for a system that there is not.
 */
export function matchFunctions(
  before: readonly [Topology, system: number],
  after: readonly [Topology, system: number],
): Correspondence {
  return new Matching(sideOf(...before), sideOf(...after)).run();
}

/** A function, as far as it is recognised by something. */
interface Candidate {
  readonly id: number;
  readonly description: FunctionDescription;
  readonly bdf: Bdf;
  /** Id of what it hangs below, be that a bridge or a root of the forest. */
  readonly above: number;
  /** Where it is on the bus below that: `0:1f.7`, the bus as the distance from the first one. */
  readonly place: string;
  /** Vendor and device; null: not shown. */
  readonly model: string | null;
  /** The subsystem's ids, too. Those of bridges are the board maker's, whose firmware writes them. */
  readonly exactModel: string | null;
  readonly serialNumber: string | null;
  readonly onRoot: boolean;
  /** A port of the host or a bridge on its bus: no card that could be moved. */
  readonly isFixed: boolean;
  readonly isVirtual: boolean;
}

/** A tree of the forest. */
interface RootNode {
  readonly id: number;
  readonly bus: string;
  /** What is on its bus: devices and models. */
  readonly look: string;
}

interface Side {
  readonly all: readonly Candidate[];
  readonly roots: readonly RootNode[];
  readonly below: ReadonlyMap<number, readonly Candidate[]>;
}

function sideOf(topology: Topology, system: number): Side {
  const ids = [...topology.functions(system)];
  const all = ids.map((id) => candidate(topology, id));
  const below = grouped(all, ({ above }) => above);
  const roots = topology.roots
    .filter(({ root }) => root.system === system)
    .map(({ id, root: { bus, known } }) => {
      const look = (below.get(id) ?? [])
        .filter(({ isVirtual }) => !isVirtual)
        .map(({ place, model }) => `${place} ${model}`);
      return { id, bus, look: `${known} ${look.sort().join()}` };
    })
    .sort((a, b) => (a.bus < b.bus ? -1 : 1));
  return { all, roots, below };
}

function candidate(topology: Topology, id: number): Candidate {
  const description = topology.describe(id)!;
  const { vendor, device, subsystemVendor, subsystemDevice, physicalFunction, kind } = description;
  const bdf = parseBdf(description.bdf)!;
  const parent = topology.parent(id);
  const above = typeof parent === "number" ? parent : topology.roots[topology.rootOrdinal(id)]!.id;
  const onRoot = !topology.isFunction(above);
  const bridge = isBridge(description) || kind === "host-bridge-function";
  const first = onRoot ? bdf.bus : (topology.registers(above)?.bus?.secondary ?? bdf.bus);
  const model = vendor === undefined || device === undefined ? null : `${vendor}:${device}`;
  return {
    id,
    description,
    bdf,
    above,
    place: `${bdf.bus - first}:${bdf.device.toString(16)}.${bdf.function}`,
    model,
    exactModel: model === null ? null : bridge ? model : `${model} ${subsystemVendor}:${subsystemDevice}`,
    serialNumber: serialOf(description),
    onRoot,
    isFixed: onRoot && bridge,
    isVirtual: typeof physicalFunction === "string",
  };
}

/** Some versions of lspci print the bytes the other way round; blank ones are none. */
function serialOf({ serialNumber }: FunctionDescription): string | null {
  if (serialNumber === undefined || /^(?:00-?|ff-?)+$/i.test(serialNumber)) return null;
  const text = serialNumber.toLowerCase();
  const reversed = text.split("-").reverse().join("-");
  return text < reversed ? text : reversed;
}

/** As many times something moved may have to be found before what hangs below it is. */
const ROUNDS = 16;

class Matching {
  /** Both ways, by id; roots of the forest, too. */
  readonly #after = new Map<number, number>();
  readonly #before = new Map<number, number>();
  readonly #found: { before: Candidate; after: Candidate; by: Recognition }[] = [];

  constructor(
    private readonly old: Side,
    private readonly now: Side,
  ) {}

  run(): Correspondence {
    this.matchRoots();
    this.byKey("serial-number", serialKey);
    this.byKey("slot", ({ exactModel, description: { slot }, bdf }) =>
      exactModel === null || slot === undefined ? null : `${exactModel} ${slot} ${bdf.function}`,
    );
    for (const model of ["exactModel", "model"] as const) {
      for (let round = 0; round < ROUNDS; round++) {
        this.byPosition((before, after) => before[model] === after[model] && !differInSerial(before, after));
        const moved = this.byKey("only-one", (each) =>
          each.isFixed || each[model] === null ? null : `${each[model]} ${partOf(each)}`,
        );
        if (!moved) break;
      }
    }
    this.byPosition((before, after) => !differInModel(before, after));
    this.byKey(
      "name",
      ({ description: { bdf } }) => bdf,
      (before, after) => !differInModel(before, after),
    );
    this.virtualFunctions();
    return this.result();
  }

  /** Where as many host bridges look alike one after the other, their bus numbers do not matter. */
  private matchRoots(): void {
    const [old, now] = [this.old.roots, this.now.roots];
    if (old.length === now.length && old.every(({ look }, index) => look === now[index]!.look)) {
      old.forEach(({ id }, index) => this.join(id, now[index]!.id));
      return;
    }
    const keys: ((root: RootNode) => string)[] = [
      ({ bus, look }) => `${bus} ${look}`,
      ({ look }) => look,
      ({ bus }) => bus,
    ];
    for (const key of keys) {
      for (const [before, after] of onlyOnes(this.open(old), this.open(now, this.#before), key)) {
        this.join(before.id, after.id);
      }
    }
  }

  /** Functions for which a key is that of one alone on either side; whether there were any. */
  private byKey(
    by: Recognition,
    key: (candidate: Candidate) => string | null,
    may: (before: Candidate, after: Candidate) => boolean = (before, after) => !differInSerial(before, after),
  ): boolean {
    const found = [...onlyOnes(this.openFunctions(this.old.all), this.openFunctions(this.now.all, this.#before), key)];
    const pairs = found.filter(([before, after]) => may(before, after));
    for (const [before, after] of pairs) this.match(before, after, by);
    return pairs.length > 0;
  }

  /** From the roots down: functions at the same place below what is the same. */
  private byPosition(may: (before: Candidate, after: Candidate) => boolean): void {
    const above = [...this.#after];
    for (const [before, after] of above) {
      const [old, now] = [this.old.below.get(before) ?? [], this.now.below.get(after) ?? []];
      const open = [this.openFunctions(old), this.openFunctions(now, this.#before)] as const;
      for (const [was, is] of onlyOnes(...open, ({ place }) => place)) {
        if (!may(was, is)) continue;
        this.match(was, is, "position");
        above.push([was.id, is.id]);
      }
    }
  }

  private virtualFunctions(): void {
    const [old, now] = [virtualOf(this.old), virtualOf(this.now)];
    for (const { before, after } of [...this.#found]) {
      const [was, is] = [old.get(before.description.bdf) ?? [], now.get(after.description.bdf) ?? []];
      was.slice(0, is.length).forEach((each, index) => this.match(each, is[index]!, "physical-function"));
    }
  }

  private result(): Correspondence {
    const isOpen = ({ id }: Candidate) => !this.#after.has(id);
    const [old, now] = [this.old.all.filter(isOpen), this.now.all.filter(({ id }) => !this.#before.has(id))];
    const kind = ({ model, bdf, isFixed }: Candidate) =>
      model === null || isFixed ? null : `${model} ${bdf.function}`;
    const nowKinds = grouped(now, kind);
    const ambiguous: Ambiguity[] = [];
    for (const [key, group] of grouped(old, kind)) {
      const others = key === null ? [] : (nowKinds.get(key) ?? []);
      const [before, after] = [group.filter(mayBeAmong(others)), others.filter(mayBeAmong(group))];
      if (before.length > 0) ambiguous.push({ before: before.map(idOf), after: after.map(idOf) });
    }
    const named = new Set(ambiguous.flatMap(({ before }) => before));
    const alsoNamed = new Set(ambiguous.flatMap(({ after }) => after));
    const twins = twinsOf(this.old, this.now);
    return {
      roots: this.old.roots.flatMap(({ id }) => (this.#after.has(id) ? [[id, this.#after.get(id)!] as const] : [])),
      matched: this.#found
        .map(({ before, after, by }) => ({
          before: before.id,
          after: after.id,
          by,
          mayBeTwin: (by === "position" || by === "slot" || by === "name") && twins(before, after),
        }))
        .sort((a, b) => a.before - b.before),
      gone: old.map(idOf).filter((id) => !named.has(id)),
      added: now.map(idOf).filter((id) => !alsoNamed.has(id)),
      ambiguous,
    };
  }

  private open<Item extends { readonly id: number }>(
    items: readonly Item[],
    taken: ReadonlyMap<number, number> = this.#after,
  ): readonly Item[] {
    return items.filter(({ id }) => !taken.has(id));
  }

  private openFunctions(items: readonly Candidate[], taken = this.#after): readonly Candidate[] {
    return this.open(items, taken).filter(({ isVirtual }) => !isVirtual);
  }

  private match(before: Candidate, after: Candidate, by: Recognition): void {
    this.join(before.id, after.id);
    this.#found.push({ before, after, by });
  }

  private join(before: number, after: number): void {
    this.#after.set(before, after);
    this.#before.set(after, before);
  }
}

/** Which part of a card: of a switch, whose ports may all have the same ids, its kind. */
function partOf({ description, bdf }: Candidate): string {
  return isBridge(description) ? `${description.kind}` : `${bdf.function}`;
}

/** Functions of one card share its number, and so do the ports of one switch. */
function serialKey({ serialNumber, model, description, bdf }: Candidate): string | null {
  if (serialNumber === null) return null;
  const place = isBridge(description) ? `${description.kind} ${bdf.device}.${bdf.function}` : bdf.function;
  return `${serialNumber} ${model} ${place}`;
}

/** Whether a function may be one of others of its model, by their serial numbers. */
function mayBeAmong(others: readonly Candidate[]): (candidate: Candidate) => boolean {
  const serials = new Set(others.map(({ serialNumber }) => serialNumber));
  return ({ serialNumber }) =>
    others.length > 0 && (serialNumber === null || serials.has(null) || serials.has(serialNumber));
}

function differInSerial(before: Candidate, after: Candidate): boolean {
  return before.serialNumber !== null && after.serialNumber !== null && before.serialNumber !== after.serialNumber;
}

/** By what both sides show. */
function differInModel(before: Candidate, after: Candidate): boolean {
  const [was, is] = [before.description, after.description];
  return (["vendor", "device"] as const).some(
    (id) => was[id] !== undefined && is[id] !== undefined && was[id] !== is[id],
  );
}

/** Whether a card may have changed places with another of its model without anything that shows it. */
function twinsOf(old: Side, now: Side): (before: Candidate, after: Candidate) => boolean {
  const kind = ({ exactModel, bdf }: Candidate) => `${exactModel} ${bdf.function}`;
  const counts = [old, now].map(({ all }) => {
    const cards = all.filter(({ description, isVirtual }) => !isVirtual && !isBridge(description));
    return grouped(cards, kind);
  });
  return (before, after) => {
    if (before.serialNumber !== null && after.serialNumber !== null) return false;
    if (before.isFixed || isBridge(before.description)) return false;
    // What is on a root bus and talks to nobody is part of a CPU or chipset.
    if (before.onRoot && !talksToPeers(before.description)) return false;
    return counts.every((count, side) => (count.get(kind(side === 0 ? before : after))?.length ?? 0) > 1);
  };
}

/** By the name of the physical function, in order of requester ids. */
function virtualOf({ all }: Side): ReadonlyMap<string, readonly Candidate[]> {
  const found = grouped(
    all.filter(({ isVirtual }) => isVirtual),
    ({ description }) => description.physicalFunction as string,
  );
  for (const functions of found.values()) functions.sort((a, b) => compareBdf(a.bdf, b.bdf));
  return found;
}

function idOf({ id }: Candidate): number {
  return id;
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Those of either side that share a key with one of the other side, and nobody of their own. */
function* onlyOnes<Item>(
  old: readonly Item[],
  now: readonly Item[],
  keyOf: (item: Item) => string | null,
): Generator<readonly [Item, Item]> {
  if (old.length === 0 || now.length === 0) return;
  const others = grouped(now, keyOf);
  for (const [key, items] of grouped(old, keyOf)) {
    if (key === null || items.length !== 1) continue;
    const other = others.get(key);
    if (other?.length === 1) yield [items[0]!, other[0]!];
  }
}
