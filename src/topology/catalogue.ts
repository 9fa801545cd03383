import type { Core } from "../core.js";
import type {
  CpuDescription,
  FunctionDescription,
  InboundDescription,
  MachineDescription,
  SystemDescription,
} from "./description.js";
import type { SystemFacts } from "./fabric/columns.js";
import type { Finding } from "./finding.js";
import type { Hosts } from "./hosts.js";

/**
 * What people know of the nodes that the core only numbers: names, registers, systems. There are two: over the objects
 * of a description, and over columns that become objects when one is asked for.
 */
export interface Catalogue {
  readonly hosts: Hosts;
  readonly systems: readonly SystemDescription[];
  /** The same without functions and host bridges, which it may take time to describe. */
  readonly facts: readonly SystemFacts[];
  /** Null for a host bridge. */
  describe(id: number): FunctionDescription | null;
  /** The same, as far as a host bridge is judged by: it may lack BARs and windows. */
  registers(id: number): FunctionDescription | null;
  /** Id of the physical function of a virtual one; 0: it is none, or that is not described. */
  physical(id: number): number;
  /** `dddd:bb:dd.f` or `dddd:bb`, without the system. */
  name(id: number): string;
  /** Ids of what has a name in a system; null: in any. */
  find(system: number | null, name: string): readonly number[];
  /** By ordinal of the host bridge what requests from below reach, where that is stated. */
  readonly inbound: ReadonlyMap<number, readonly InboundDescription[]>;
  /** Ids of the functions of a system, or of all (null), by system, segment, bus, device, function. */
  functions(system: number | null): Uint32Array;
  describeMachine(): MachineDescription;
  describeSystem(system: number): SystemDescription;
  /** The same nodes in systems with another CPU. */
  withCpu(cpu: CpuDescription, core: CoreHandle): Catalogue;
  /** All of it as bytes, for a buffer. */
  sections(): ReadonlyMap<string, Uint8Array>;
}

/** A topology's hold on its core, until it is closed. */
export class CoreHandle {
  #core: Core | null;

  constructor(core: Core) {
    this.#core = core;
  }

  get(): Core {
    if (this.#core === null) throw new Error("this topology is closed: make another one");
    return this.#core;
  }

  release(): void {
    this.#core = null;
  }
}

/** All that a topology is made of. */
export interface Parts {
  readonly core: CoreHandle;
  readonly catalogue: Catalogue;
  /** Per system the row in OPEN that says where an address without owner may yet have one. */
  readonly open: Uint8Array;
  readonly findings: readonly Finding[];
}
