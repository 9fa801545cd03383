import { compareBdf, parseBdf } from "./bdf.js";
import type { Catalogue } from "./catalogue.js";
import type {
  CpuDescription,
  FunctionDescription,
  InboundDescription,
  MachineDescription,
  SystemDescription,
} from "./description.js";
import type { SystemFacts } from "./fabric/columns.js";
import type { Hosts } from "./hosts.js";
import { Names } from "./names.js";
import { columnBytes, jsonBytes } from "./buffer/sections.js";

/** A function of a description, with the system it is part of. */
interface Described {
  readonly system: number;
  readonly description: FunctionDescription;
}

/** Functions of all systems, in their order. */
export function functionsOf(systems: readonly SystemDescription[]): Described[] {
  return systems.flatMap(({ functions }, system) => functions.map((description) => ({ system, description })));
}

/** What a description says of its nodes. */
export class DescribedCatalogue implements Catalogue {
  readonly systems: readonly SystemDescription[];
  readonly #functions: readonly Described[];
  #names: Names | null = null;
  #inbound: Catalogue["inbound"] | null = null;
  #sorted: readonly number[] | null = null;

  constructor(
    private readonly machine: MachineDescription,
    readonly hosts: Hosts,
    /** By id: 1 + the index of a function among those of all systems; 0 for a host bridge. Index 0 is not used. */
    private readonly source: Uint32Array,
  ) {
    this.systems = machine.systems;
    this.#functions = functionsOf(machine.systems);
  }

  get facts(): readonly SystemFacts[] {
    return this.systems;
  }

  describe(id: number): FunctionDescription | null {
    return this.#described(id)?.description ?? null;
  }

  registers(id: number): FunctionDescription | null {
    return this.describe(id);
  }

  physical(id: number): number {
    const { system, description } = this.#described(id) ?? {};
    const name = description?.physicalFunction;
    const found = typeof name === "string" ? this.#named().exact(system!, name) : undefined;
    return found === undefined || this.#described(found) === undefined ? 0 : found;
  }

  name(id: number): string {
    return this.describe(id)?.bdf ?? this.hosts.bus(this.hosts.of(id));
  }

  find(system: number | null, name: string): readonly number[] {
    return this.#named().find(system, name);
  }

  /** The id of what has exactly this name in a system. */
  exact(system: number, name: string): number | undefined {
    return this.#named().exact(system, name);
  }

  get inbound(): Catalogue["inbound"] {
    return (this.#inbound ??= this.#findInbound());
  }

  functions(system: number | null): Uint32Array {
    this.#sorted ??= this.#sort();
    const all = this.#sorted;
    return Uint32Array.from(system === null ? all : all.filter((id) => this.#described(id)!.system === system));
  }

  describeMachine(): MachineDescription {
    return this.machine;
  }

  describeSystem(system: number): SystemDescription {
    return this.systems[system]!;
  }

  withCpu(cpu: CpuDescription): Catalogue {
    const systems = this.systems.map((system) => ({ ...system, cpu }));
    return new DescribedCatalogue({ ...this.machine, systems }, this.hosts, this.source);
  }

  sections(): ReadonlyMap<string, Uint8Array> {
    return new Map([
      ["machine", jsonBytes(this.machine)],
      ["nodes.source", columnBytes(this.source)],
    ]);
  }

  #described(id: number): Described | undefined {
    return this.#functions[this.source[id]! - 1];
  }

  #findInbound(): Catalogue["inbound"] {
    const found = new Map<number, readonly InboundDescription[]>();
    this.systems.forEach(({ hostBridges = [] }, system) => {
      for (const { root, inbound } of hostBridges) {
        const id = inbound === undefined ? undefined : this.exact(system, root);
        if (id === undefined || !this.hosts.holds(id)) continue;
        const host = this.hosts.of(id);
        // Twice the same host bridge: what either states.
        found.set(host, [...(found.get(host) ?? []), ...inbound!]);
      }
    });
    return found;
  }

  #sort(): number[] {
    const keyed: { id: number; system: number; bdf: NonNullable<ReturnType<typeof parseBdf>> }[] = [];
    for (let id = 1; id < this.source.length; id++) {
      const described = this.#described(id);
      if (described === undefined) continue;
      keyed.push({ id, system: described.system, bdf: parseBdf(described.description.bdf)! });
    }
    keyed.sort((a, b) => a.system - b.system || compareBdf(a.bdf, b.bdf));
    return keyed.map(({ id }) => id);
  }

  #named(): Names {
    if (this.#names !== null) return this.#names;
    const names = new Names(this.systems.length);
    for (let ordinal = 0; ordinal < this.hosts.count; ordinal++) {
      const { system, bus, known } = this.hosts.root(ordinal);
      if (known) names.add(system, bus, this.hosts.id(ordinal));
    }
    for (let id = 1; id < this.source.length; id++) {
      const described = this.#described(id);
      if (described === undefined) continue;
      const { bdf, names: others = [] } = described.description;
      for (const name of [bdf, ...others]) names.add(described.system, name, id);
    }
    return (this.#names = names);
  }
}
