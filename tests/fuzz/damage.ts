import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { TopologyError } from "../../src/topology/errors.js";
import { Topology } from "../../src/topology/topology.js";

// What damage may do to answers: take them away. A pair that is allowed after damage and was not before is right only
// where the damaged text itself says something that the intact one does not.

/** Everything that a description states, absence included, as lines of text. */
export function factsOf({ systems }: MachineDescription): Set<string> {
  const facts = new Set<string>();
  for (const { functions, hostBridges = [], ...rest } of systems) {
    for (const { bdf, ...each } of functions) collect(`function ${bdf}`, each, facts);
    for (const { root, ...each } of hostBridges) collect(`host bridge ${root}`, each, facts);
    collect("system", rest, facts);
  }
  return facts;
}

/** What is in a list is known by what it says of itself, not by its place. */
function collect(path: string, value: unknown, facts: Set<string>): void {
  if (value === undefined) return;
  if (Array.isArray(value)) {
    if (value.length === 0) facts.add(`${path} is empty`);
    for (const each of value) collect(`${path}[${keyOf(each)}]`, each, facts);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value)) collect(`${path}.${name}`, each, facts);
  } else {
    facts.add(`${path} = ${String(value)}`);
  }
}

function keyOf(value: unknown): string {
  const { index, kind, start } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [index, kind, start].filter((part) => part !== undefined).join(" ");
}

/** Answers of a machine, by the names of provider and client. */
export class Answers {
  readonly facts: ReadonlySet<string>;
  readonly allowed: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;

  /** @param release of the kernel that decides. */
  constructor(machine: MachineDescription, release = "6.12") {
    this.facts = factsOf(machine);
    const topology = topologyOf(machine);
    const allowed = new Set<string>();
    const names = new Set<string>();
    if (topology !== null) {
      const peers = new PeerDma(topology, linux(release));
      const ids = [...topology.functions()];
      for (const provider of ids) {
        names.add(topology.name(provider));
        for (const client of ids) {
          if (peers.can(provider, client).answer === "yes") {
            allowed.add(`${topology.name(provider)} to ${topology.name(client)}`);
          }
          for (const { start } of topology.describe(provider)?.bars ?? []) {
            if (typeof start !== "string") continue;
            if (peers.map(client, BigInt(start), 1n).ok) allowed.add(`${topology.name(client)} at ${start}`);
          }
        }
      }
      topology.close();
    }
    this.allowed = allowed;
    this.names = names;
  }

  /** What is allowed here and was not before. */
  moreThan(before: Answers): string[] {
    return [...this.allowed].filter((each) => !before.allowed.has(each));
  }

  /** What is stated here and was not before. */
  newTo(before: Answers): string[] {
    return [...this.facts].filter((each) => !before.facts.has(each));
  }
}

function topologyOf(machine: MachineDescription): Topology | null {
  try {
    return Topology.of(machine);
  } catch (error) {
    if (error instanceof TopologyError) return null;
    throw error;
  }
}
