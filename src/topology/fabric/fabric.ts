import type { CoreHandle, Catalogue } from "../catalogue.js";
import { formatHex, formatSize } from "../address.js";
import type {
  BarDescription,
  CpuDescription,
  FunctionDescription,
  HostBridgeDescription,
  MachineDescription,
  SriovDescription,
  SystemDescription,
  WindowDescription,
} from "../description.js";
import { ACS_ABSENT, COMMAND_UNKNOWN, FUNCTION_KINDS, SRIOV_UNKNOWN, type SystemFacts } from "./columns.js";
import { FabricNames } from "./names.js";
import { fabricSections } from "./sections.js";
import type { Hosts } from "../hosts.js";

/** What is known of each node of a fabric, by id. The rows of host bridges, and row 0, hold nothing. */
export interface NodeColumns {
  readonly requesterId: Uint16Array;
  readonly kind?: Uint8Array;
  readonly acs?: Uint32Array;
  readonly command?: Uint16Array;
  readonly class?: Uint32Array;
  readonly identity?: Uint32Array;
  readonly buses?: Uint16Array;
  /** Id of the physical function; 0: none. */
  readonly physicalFunction?: Uint32Array;
  readonly sriovControl?: Uint16Array;
  readonly dmaMaskBits?: Uint8Array;
}

/** The core's ranges by the node that owns them: windows first, then BARs. */
export interface NodeRanges {
  /** By id, and one more: where its ranges begin in `list`. */
  readonly first: Uint32Array;
  /** Indices of ranges in the core. */
  readonly list: Uint32Array;
  /** Whether the source shows windows and BARs at all. */
  readonly windowsShown: boolean;
  readonly barsShown: boolean;
}

export interface Fabric {
  readonly facts: readonly SystemFacts[];
  readonly hosts: Hosts;
  readonly nodes: NodeColumns;
  readonly ranges: NodeRanges;
}

const BRIDGE_KINDS = new Set(
  FUNCTION_KINDS.flatMap((kind, row) => (kind !== null && /port$|(?:pci|pcie|cardbus)-bridge$/.test(kind) ? row : [])),
);

/** What the columns of a fabric say of its nodes. Objects are made when one asks for them, and not kept. */
export class FabricCatalogue implements Catalogue {
  readonly hosts: Hosts;
  /** Columns have no place for it. */
  readonly inbound: Catalogue["inbound"] = new Map();
  readonly #names: FabricNames;
  #systems: readonly SystemDescription[] | null = null;
  #last: { readonly system: number; readonly description: SystemDescription } | null = null;
  #virtual: { readonly host: number; readonly byPhysical: ReadonlyMap<number, SriovCounts> } | null = null;

  constructor(
    private readonly fabric: Fabric,
    private readonly core: CoreHandle,
  ) {
    this.hosts = fabric.hosts;
    this.#names = new FabricNames(fabric.hosts, fabric.nodes.requesterId, fabric.facts.length);
  }

  /** The functions of a system are described once they are looked at. */
  get systems(): readonly SystemDescription[] {
    return (this.#systems ??= this.fabric.facts.map((facts, system) => {
      const whole = () => this.describeSystem(system);
      return {
        ...facts,
        get functions() {
          return whole().functions;
        },
        get hostBridges() {
          return whole().hostBridges!;
        },
      };
    }));
  }

  get facts(): readonly SystemFacts[] {
    return this.fabric.facts;
  }

  registers(id: number): FunctionDescription | null {
    return this.#registersOf(id);
  }

  #registersOf(id: number): Draft | null {
    const host = this.hosts.of(id);
    if (this.hosts.id(host) === id) return null;
    const { nodes } = this.fabric;
    const parent = this.#parent(id);
    const described: Draft = { bdf: this.name(id), parent: this.hosts.id(host) === parent ? null : this.name(parent) };
    const kind = FUNCTION_KINDS[nodes.kind?.[id] ?? 0] ?? null;
    if (kind !== null) described.kind = kind;
    const code = nodes.class?.[id] ?? 0;
    if (code !== 0) described.class = hex(code, 6);
    const identity = nodes.identity?.[id] ?? 0;
    if (identity !== 0) [described.vendor, described.device] = [hex(identity >>> 16, 4), hex(identity & 0xffff, 4)];
    const buses = nodes.buses?.[id] ?? 0;
    if (buses !== 0) described.bus = { secondary: buses >>> 8, subordinate: buses & 0xff };
    const command = nodes.command?.[id] ?? COMMAND_UNKNOWN;
    if (command !== COMMAND_UNKNOWN) described.command = command;
    const acs = nodes.acs?.[id] ?? 0;
    if (acs !== 0) described.acs = acs === ACS_ABSENT ? null : { capability: acs >>> 16, control: acs & 0xffff };
    if (nodes.physicalFunction !== undefined) {
      const physical = this.physical(id);
      described.physicalFunction = physical === 0 ? null : this.name(physical);
    }
    const control = nodes.sriovControl?.[id] ?? SRIOV_UNKNOWN;
    if (control !== SRIOV_UNKNOWN) described.sriov = this.#sriov(id, host, control);
    const bits = nodes.dmaMaskBits?.[id] ?? 0;
    if (bits !== 0) described.dmaMaskBits = bits;
    return described;
  }

  describe(id: number): FunctionDescription | null {
    const described = this.#registersOf(id);
    const { barsShown, windowsShown } = this.fabric.ranges;
    if (described === null || (!barsShown && !windowsShown)) return described;
    const { windows, bars } = this.#ranges(id);
    if (barsShown) described.bars = bars;
    if (windowsShown && (windows.length > 0 || this.#isBridge(id))) described.windows = windows;
    return described;
  }

  physical(id: number): number {
    return this.fabric.nodes.physicalFunction?.[id] ?? 0;
  }

  name(id: number): string {
    return this.#names.of(id);
  }

  find(system: number | null, name: string): readonly number[] {
    return this.#names.find(system, name);
  }

  functions(system: number | null): Uint32Array {
    return this.#names.sorted(system);
  }

  describeMachine(): MachineDescription {
    return { peerlane: 1, systems: this.fabric.facts.map((_, system) => this.describeSystem(system)) };
  }

  describeSystem(system: number): SystemDescription {
    if (this.#last?.system === system) return this.#last.description;
    const functions: FunctionDescription[] = [];
    const hostBridges: HostBridgeDescription[] = [];
    for (const host of this.hosts.inSystem(system)) {
      const root = this.hosts.bus(host);
      const { windows } = this.#ranges(this.hosts.id(host));
      hostBridges.push(this.fabric.ranges.windowsShown ? { root, windows } : { root });
      // In the order of enumeration as far as that is known: among siblings.
      for (let id = this.hosts.id(host) + 1; id < this.hosts.end(host); id++) functions.push(this.describe(id)!);
    }
    const description = { ...this.fabric.facts[system]!, functions, hostBridges };
    this.#last = { system, description };
    return description;
  }

  withCpu(cpu: CpuDescription, core: CoreHandle): Catalogue {
    const facts = this.fabric.facts.map((each) => ({ ...each, cpu }));
    return new FabricCatalogue({ ...this.fabric, facts }, core);
  }

  sections(): ReadonlyMap<string, Uint8Array> {
    return fabricSections(this.fabric);
  }

  /** Depth first, what two neighbours share is above the later one. */
  #parent(id: number): number {
    return this.core.get().common(id - 1, id);
  }

  #isBridge(id: number): boolean {
    const { kind, buses } = this.fabric.nodes;
    if (BRIDGE_KINDS.has(kind?.[id] ?? 0) || (buses?.[id] ?? 0) !== 0) return true;
    const next = id + 1;
    return next < this.fabric.nodes.requesterId.length && this.core.get().depth(next) > this.core.get().depth(id);
  }

  #ranges(id: number): { windows: WindowDescription[]; bars: BarDescription[] } {
    const { first, list } = this.fabric.ranges;
    const windows: WindowDescription[] = [];
    const bars: BarDescription[] = [];
    for (let at = first[id]!; at < first[id + 1]!; at++) {
      const { start, size, terms } = this.core.get().range(list[at]!);
      if (terms.window !== null) {
        windows.push({ kind: terms.window, start: formatHex(start), end: formatHex(start + size - 1n) });
        continue;
      }
      const place = { start: formatHex(start), size: formatSize(size) };
      const bus = terms.busOffset === null ? {} : { bus: formatHex(BigInt.asUintN(64, start + terms.busOffset)) };
      const exported = terms.exported === null ? {} : { exported: terms.exported };
      bars.push({ ...(terms.bar === null ? {} : { index: terms.bar }), ...place, ...bus, ...exported });
    }
    return { windows, bars };
  }

  /** The capability of a physical function, of which the columns hold the control word: the rest is counted. */
  #sriov(id: number, host: number, control: number): SriovDescription {
    if (this.#virtual?.host !== host) this.#virtual = { host, byPhysical: this.#countVirtual(host) };
    const counts = this.#virtual.byPhysical.get(id);
    const own = this.fabric.nodes.requesterId[id]!;
    return {
      control,
      totalVfs: counts?.count ?? 0,
      numVfs: counts?.count ?? 0,
      firstOffset: counts === undefined ? 0 : (counts.first - own) & 0xffff,
      stride: counts?.second === undefined ? 0 : (counts.second - counts.first) & 0xffff,
    };
  }

  #countVirtual(host: number): Map<number, SriovCounts> {
    const { physicalFunction, requesterId } = this.fabric.nodes;
    const found = new Map<number, SriovCounts>();
    for (let id = this.hosts.id(host) + 1; id < this.hosts.end(host); id++) {
      const physical = physicalFunction?.[id] ?? 0;
      if (physical === 0) continue;
      const counts = found.get(physical);
      if (counts === undefined) found.set(physical, { count: 1, first: requesterId[id]! });
      else {
        counts.count++;
        counts.second ??= requesterId[id]!;
      }
    }
    return found;
  }
}

type Draft = { -readonly [Field in keyof FunctionDescription]: FunctionDescription[Field] };

/** Of the virtual functions of a physical one. */
interface SriovCounts {
  count: number;
  readonly first: number;
  second?: number;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
