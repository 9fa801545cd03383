import type { Build, Core } from "../core.js";
import type { Common, CommonColumns, OwnerColumns, Ownership, OwnerQueries, Ref } from "./answers.js";
import { checkAddress, checkedSize, checkPairs, checkQueries, newCommonColumns, newOwnerColumns } from "./batch.js";
import { CoreHandle, type Catalogue, type Parts } from "./catalogue.js";
import type {
  CpuDescription,
  FunctionDescription,
  InboundDescription,
  MachineDescription,
  SystemDescription,
} from "./description.js";
import type { FabricColumns } from "./fabric/columns.js";
import type { Finding } from "./finding.js";
import { partsFromColumns } from "./fabric/from-columns.js";
import { partsFromDescription } from "./from-description.js";
import type { Root } from "./hosts.js";
import { hostAttachmentsOf, sideLinksOf, type HostAttachment, type SideLink } from "./links.js";
import { OwnerBatch } from "./owner-columns.js";
import { ownersOf, type AddressBook } from "./ownership.js";
import { PlatformNames, type PlatformDevice } from "./platform-names.js";
import { SystemNames } from "./system-names.js";
import { pack, unpack } from "./buffer/topology-buffer.js";

export type { HostAttachment, SideLink } from "./links.js";
export type { Common, CommonColumns, Owner, OwnerColumns, Ownership, OwnerQueries, Ref } from "./answers.js";
export type { PlatformDevice } from "./platform-names.js";

/** How a topology is held; what it answers is the same. */
export interface TopologyOptions {
  /** Which of the core's builds to run: to compare them, or to find out which of them is at fault. */
  readonly build?: Build;
}

/** A topology made of columns, and the ids of their rows. */
export interface FabricTopology {
  /** Ready to be asked. */
  readonly topology: Topology;
  /** Id of each row of `hostBridges`. */
  readonly hostBridges: Uint32Array;
  /** Id of each row of `functions`. */
  readonly functions: Uint32Array;
}

/**
 * The index of a description: immutable, packed, structure only. Ids number the nodes depth first, host bridges
 * included; they are good for one topology only, and for what is read back from its buffer.
 */
export class Topology {
  readonly #parts: Parts;
  readonly #systemNames: SystemNames;
  #roots: readonly { readonly id: number; readonly root: Root }[] | null = null;
  #owners: OwnerBatch | null = null;
  #sideLinks: readonly SideLink[] | null = null;
  #platform: PlatformNames | null = null;
  #book: AddressBook | null = null;

  /**
   * Checks and packs a description.
   *
   * @throws TypeError for what is no description; TopologyError with the problems of one that cannot be true.
   * @throws RangeError where it does not fit into the core or no memory is to be had.
   */
  static of(machine: MachineDescription, options: TopologyOptions = {}): Topology {
    return new Topology(partsFromDescription(machine, options.build));
  }

  /**
   * Checks and packs columns: for fabrics of millions of functions, of which none becomes an object. The columns are
   * copied, and may be changed afterwards.
   *
   * @throws TypeError for a column of the wrong kind or an unknown name, and for facts of a system that
   *   `machine.schema.json` does not allow, naming the field; RangeError for one of the wrong length or with a value that it
   *   cannot have, naming column and row, and where the fabric does not fit into the core.
   * @throws TopologyError for a structure that cannot be: a cycle, a virtual function of a virtual one, of one in
   *   another system or below another parent, a parent that its own bus numbers or kind contradict, two systems of one
   *   name, a side link or attachment of a function that is not there.
   */
  static fromColumns(columns: FabricColumns, options: TopologyOptions = {}): FabricTopology {
    const { parts, hostBridges, functions } = partsFromColumns(columns, options.build);
    return { topology: new Topology(parts), hostBridges, functions };
  }

  /**
   * What {@link toBuffer} packed, ready to be asked; ids are those of the topology that it was. The buffer is copied,
   * and may be changed or transferred afterwards. Damage is found out; a buffer that was forged can lie, as any
   * description can, but neither trap nor hang.
   *
   * @throws TypeError for anything but bytes; BufferError for bytes that are damaged, cut short or of another kind, or
   *   that a newer version wrote; RangeError where no memory is to be had.
   */
  static from(data: ArrayBuffer | SharedArrayBuffer | ArrayBufferView, options: TopologyOptions = {}): Topology {
    return new Topology(unpack(data, options.build));
  }

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#systemNames = new SystemNames(parts.catalogue.facts);
  }

  /** What was odd about the description and could be lived with. Columns are not looked through for oddities. */
  get findings(): readonly Finding[] {
    this.#parts.core.get();
    return this.#parts.findings;
  }

  /** How many nodes there are: host bridges, unknown roots and functions. Ids run from 1 to this. */
  get size(): number {
    return this.#catalogue.hosts.nodes;
  }

  /** The systems by ordinal. Those of columns describe their functions only when these are looked at. */
  get systems(): readonly SystemDescription[] {
    return this.#catalogue.systems;
  }

  /**
   * The id of a node.
   *
   * @throws RangeError for an id or name that this topology does not have, or a name that several have.
   */
  id(ref: Ref): number {
    if (typeof ref === "string") return this.#find(ref);
    const { size } = this;
    if (Number.isInteger(ref) && ref >= 1 && ref <= size) return ref;
    throw new RangeError(`expected an id from 1 to ${size}, got ${String(ref)}`);
  }

  /** `dddd:bb:dd.f` for a function, `dddd:bb` for a host bridge; with `system/` in front where there are several. */
  name(id: number): string {
    return this.#nameIn(this.systemOf(id), id);
  }

  #nameIn(system: number, id: number): string {
    const { facts } = this.#parts.catalogue;
    const name = this.#parts.catalogue.name(id);
    return facts.length === 1 ? name : `${facts[system]!.name ?? ""}/${name}`;
  }

  /** What the description holds of a function; null for a host bridge. */
  describe(ref: Ref): FunctionDescription | null {
    return this.#catalogue.describe(this.id(ref));
  }

  /** As {@link describe}, but of a topology made of columns without BARs and windows. */
  registers(ref: Ref): FunctionDescription | null {
    return this.#catalogue.registers(this.id(ref));
  }

  /** Whether a node is a function, and no host bridge. */
  isFunction(id: number): boolean {
    return !this.#catalogue.hosts.holds(this.id(id));
  }

  /** What the description holds of the physical function of a virtual one. */
  physicalFunction(ref: Ref): FunctionDescription | undefined {
    const physical = this.#catalogue.physical(this.id(ref));
    return physical === 0 ? undefined : (this.#catalogue.describe(physical) ?? undefined);
  }

  /** Whether a name is that of a device outside PCI. */
  isPlatformDevice(ref: Ref): boolean {
    return typeof ref === "string" && this.#platformNames().find(ref).length > 0;
  }

  /** The devices outside PCI of all systems. */
  get platformDevices(): readonly PlatformDevice[] {
    return this.#platformNames().all;
  }

  /**
   * The device outside PCI that a name, with `system/` in front or not, stands for; null: it stands for none. The first
   * word of a name will do where it is that of one device.
   *
   * @throws RangeError for a name that several devices have, or that a function has, too.
   */
  platformDevice(ref: Ref): PlatformDevice | null {
    if (typeof ref !== "string") return null;
    const found = this.#platformNames().find(ref);
    const [device] = found;
    if (device === undefined) return null;
    if (found.length > 1) {
      const apart = new Set(found.map(({ system }) => system)).size === found.length;
      const advice = apart ? `write the system in front, as in ${device.name}` : "give each a name of its own";
      throw new RangeError(`"${ref}" names ${found.length} devices outside PCI: ${advice}`);
    }
    const prefix = device.name.slice(0, -device.description.name.length);
    const [system, name] =
      ref.startsWith(prefix) && prefix !== "" ? [device.system, ref.slice(prefix.length)] : [null, ref];
    if (this.#catalogue.find(system, name).length > 0) {
      throw new RangeError(`"${ref}" names a function and a device outside PCI: write dddd:bb:dd.f for the function`);
    }
    return device;
  }

  #platformNames(): PlatformNames {
    const { facts } = this.#catalogue;
    return (this.#platform ??= new PlatformNames(facts));
  }

  /**
   * By ordinal in `roots` what requests from below a host bridge reach outside PCI; those that are not in it state
   * nothing.
   */
  get inbound(): ReadonlyMap<number, readonly InboundDescription[]> {
    return this.#catalogue.inbound;
  }

  /** Ids of all functions, or of one system's (by name or place in `systems`), by segment, bus, device, function. */
  functions(system?: string | number): Uint32Array {
    return this.#catalogue.functions(system === undefined ? null : this.#systemNames.ordinal(system));
  }

  /** Ordinal in `systems` of the system a node is part of. */
  systemOf(id: number): number {
    const { hosts } = this.#catalogue;
    return hosts.system(hosts.of(this.id(id)));
  }

  /** The host bridges and unknown roots, in the order of ids. */
  get roots(): readonly { readonly id: number; readonly root: Root }[] {
    const { hosts } = this.#catalogue;
    return (this.#roots ??= Array.from({ length: hosts.count }, (_, host) => {
      return { id: hosts.id(host), root: hosts.root(host) };
    }));
  }

  /** Ids of the functions that hang directly below a root, in the order of enumeration, by its ordinal in `roots`. */
  belowRoot(ordinal: number): number[] {
    const { hosts } = this.#catalogue;
    const found: number[] = [];
    for (let id = hosts.id(ordinal) + 1; id < hosts.end(ordinal); id++) if (this.core.depth(id) === 1) found.push(id);
    return found;
  }

  /** Ids from a node up to its host bridge, both included. */
  path(ref: Ref): Uint32Array {
    return this.core.ancestors(this.id(ref));
  }

  /** Id of the bridge or host bridge above; null for a host bridge itself; `"unknown"` where nothing shows it. */
  parent(ref: Ref): number | null | "unknown" {
    const id = this.id(ref);
    if (this.#catalogue.hosts.holds(id)) return null;
    // Depth first, what two neighbours share is above the later one.
    const parent = this.core.common(id - 1, id);
    return this.isKnown(parent) ? parent : "unknown";
  }

  /** Whether a node is more than a stand-in for a bridge or host bridge that the description does not show. */
  isKnown(id: number): boolean {
    const { hosts } = this.#catalogue;
    const host = hosts.of(this.id(id));
    return hosts.id(host) !== id || hosts.root(host).known;
  }

  /** The host bridge above a node; null where nothing shows it. */
  hostBridge(ref: Ref): number | null {
    const { hosts } = this.#catalogue;
    const host = hosts.of(this.id(ref));
    return hosts.root(host).known ? hosts.id(host) : null;
  }

  /** Ordinal in `roots` of the root above a node. */
  rootOrdinal(id: number): number {
    return this.#catalogue.hosts.of(id);
  }

  /** What two functions share, and how far apart they are. */
  common(a: Ref, b: Ref): Common {
    const { common, distance, relation } = this.core.pair(this.id(a), this.id(b));
    switch (relation) {
      case "self":
        // A host bridge is no bridge that it could share with itself.
        if (this.isFunction(common)) return { bridge: common, sameHostBridge: true, distance };
        return { bridge: this.isKnown(common) ? null : "unknown", sameHostBridge: true, distance };
      case "common-bridge":
        return { bridge: common, sameHostBridge: true, distance };
      case "same-host-bridge":
        return { bridge: null, sameHostBridge: true, distance };
      case "same-unknown":
        // On one bus, whether what it hangs below is a bridge or a host bridge, the chains are as long as shown.
        return { bridge: "unknown", sameHostBridge: true, distance };
      case "across-unknown":
        return { bridge: "unknown", sameHostBridge: "unknown", distance };
      case "across-host-bridges":
      case "across-systems":
        return { bridge: null, sameHostBridge: false, distance };
    }
  }

  /**
   * The quick form of {@link common}: the id of the nearest node that is above both, or one of them, be it a bridge or
   * a host bridge; 0: none.
   *
   * @throws RangeError for an id that this topology does not have.
   */
  commonId(a: number, b: number): number {
    return this.core.common(this.id(a), this.id(b));
  }

  /**
   * What each pair `(a[i], b[i])` of ids shares, in row i.
   *
   * @param into columns to fill, at least as long; missing: all four are made.
   * @throws TypeError for columns of the wrong kind; RangeError for columns that differ in length or are too short, and
   *   for an id that this topology does not have, with its row.
   */
  commonMany(a: Uint32Array, b: Uint32Array): Required<CommonColumns>;
  commonMany<Into extends CommonColumns>(a: Uint32Array, b: Uint32Array, into: Into): Into;
  commonMany(a: Uint32Array, b: Uint32Array, into?: CommonColumns): CommonColumns {
    const { core } = this;
    checkPairs(a, b, into);
    const columns = into ?? newCommonColumns(a.length);
    core.commonMany(a, b, columns);
    return columns;
  }

  /**
   * Who owns a CPU physical address, or the range that begins there.
   *
   * @param system its name or place in `systems`; needed where there are several.
   * @param size bytes, at least 1. Where others claim a later part of the owner's range the answer is `several`; what
   *   is beyond the owner's end does not concern that: then it is `leaves-owner`.
   * @throws TypeError where the address is no bigint; RangeError for an address outside [0, 2^64), a size outside
   *   [1, 2^64), a number that is no whole one below 2^53, or where it is not said which of several systems.
   */
  owners(address: bigint, system?: string | number, size: bigint | number = 1n): Ownership {
    const { core } = this;
    if (typeof address !== "bigint") throw new TypeError(`expected the address as a bigint, got ${typeof address}`);
    checkAddress(address);
    this.#book ??= this.#openBook(core);
    return ownersOf(this.#book, this.#systemNames.ordinal(system), address, checkedSize(size));
  }

  /**
   * The quick form of {@link owners}: the id of the one function that owns an address, else 0.
   *
   * @param address CPU physical; a number below 2^53.
   * @param system its name or place in `systems`; needed where there are several.
   * @throws RangeError for an address outside [0, 2^64), a number that is no whole one below 2^53, a system that this
   *   topology does not have, or where it is not said which of several.
   */
  ownerId(address: bigint | number, system?: string | number): number {
    const { core } = this;
    checkAddress(address);
    return core.owner(this.#systemNames.ordinal(system), address);
  }

  /**
   * Who owns each address, or each range of addresses where there are sizes.
   *
   * @param into columns to fill, at least as long; missing: all are made, the offsets of the kind of the addresses.
   * @throws TypeError for columns of the wrong kind; RangeError for columns that differ in length or are too short, for
   *   an address, size or system that is none, with its row, and where it is not said which of several systems. Rows
   *   before that one may have been filled, but in `answer`, which is filled last.
   */
  ownerMany(queries: OwnerQueries): Required<OwnerColumns>;
  ownerMany<Into extends OwnerColumns>(queries: OwnerQueries, into: Into): Into;
  ownerMany(queries: OwnerQueries, into?: OwnerColumns): OwnerColumns {
    const { core } = this;
    checkQueries(queries, into);
    const { address, system } = queries;
    const columns = into ?? newOwnerColumns(address);
    const systems = system instanceof Uint32Array ? system : this.#systemNames.ordinal(system);
    this.#owners ??= new OwnerBatch(core, this.#parts.open);
    this.#owners.fill(queries, systems, columns);
    return columns;
  }

  /** Whether the description holds any CPU physical address of a system. */
  hasAddresses(system?: string | number): boolean {
    return this.core.open(this.#systemNames.ordinal(system)) !== "blank";
  }

  /** The side links of all systems, in the order of the description. */
  get sideLinks(): readonly SideLink[] {
    const catalogue = this.#catalogue;
    return (this.#sideLinks ??= sideLinksOf(catalogue.facts, (system, bdf) => catalogue.find(system, bdf)[0]));
  }

  /** How functions of all systems are attached to the host beside PCIe, in the order of the description. */
  get hostAttachments(): readonly HostAttachment[] {
    const catalogue = this.#catalogue;
    return hostAttachmentsOf(catalogue.facts, (system, bdf) => catalogue.find(system, bdf)[0]);
  }

  /** The whole description: the one that this topology was made of, or one made of its columns. */
  describeMachine(): MachineDescription {
    return this.#catalogue.describeMachine();
  }

  /**
   * The place of a system in `systems`, by its name or by that place; without either that of the only one.
   *
   * @throws RangeError where there is none, or are several; TypeError for what is neither.
   */
  systemOrdinal(system: string | number | undefined): number {
    this.#parts.core.get();
    return this.#systemNames.ordinal(system);
  }

  /**
   * The description of one system, by its place in `systems`.
   *
   * @throws RangeError for a system that this topology does not have.
   */
  describeSystem(system: number): SystemDescription {
    const catalogue = this.#catalogue;
    return catalogue.describeSystem(this.#systemNames.ordinal(system));
  }

  /** The same topology, every system of which has this CPU. Both share the core; closing one leaves the other open. */
  withCpu(cpu: CpuDescription): Topology {
    const core = new CoreHandle(this.core);
    return new Topology({ ...this.#parts, core, catalogue: this.#catalogue.withCpu(cpu, core) });
  }

  /**
   * All of it in one piece, to be handed to a worker or written to a file, and read back with {@link Topology.from}:
   * structure, addresses, names, registers and findings.
   */
  toBuffer(): ArrayBuffer {
    return pack(this.#parts);
  }

  /**
   * The packed form, through which everything computes.
   *
   * @internal
   */
  get core(): Core {
    return this.#parts.core.get();
  }

  /** Lets go of the core's memory. The topology cannot be asked any more: whatever asks it throws an Error. */
  close(): void {
    this.#parts.core.release();
    this.#owners = null;
    this.#book = null;
  }

  /** @throws Error once the topology is closed. */
  get #catalogue(): Catalogue {
    this.#parts.core.get();
    return this.#parts.catalogue;
  }

  #openBook(core: Core): AddressBook {
    const { catalogue, open } = this.#parts;
    return { core, facts: catalogue.facts, open, nameOf: (system, id) => this.#nameIn(system, id) };
  }

  #find(ref: string): number {
    const catalogue = this.#catalogue;
    const slash = ref.lastIndexOf("/");
    const system = slash === -1 ? null : this.#systemNames.ordinal(ref.slice(0, slash));
    const hits = catalogue.find(system, ref.slice(slash + 1));
    if (hits.length === 1) return hits[0]!;
    if (hits.length === 0) throw new RangeError(`nothing is named "${ref}": expected ${EXPECTED}`);
    const advice = system === null ? "write the system in front, as in system/dddd:bb:dd.f" : "ask by id";
    throw new RangeError(`"${ref}" names ${hits.length} nodes: ${advice}`);
  }
}

const EXPECTED = "a function as dddd:bb:dd.f or bb:dd.f, a host bridge as dddd:bb, or a name that the source shows";
