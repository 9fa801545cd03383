import type { FunctionDescription, SystemDescription } from "../topology/description.js";
import { Topology } from "../topology/topology.js";
import { EditError } from "./error.js";

/** What is plugged in and out as one. */
export interface Card {
  /** Name of the bridge or host bridge that it hangs below; null: the source does not show it. */
  readonly above: string | null;
  /** Those that hang directly below that. */
  readonly top: ReadonlySet<FunctionDescription>;
  /** All of them, with what hangs below. */
  readonly all: ReadonlySet<FunctionDescription>;
}

/** Ports that lead to a link, at whose other end there is one device. */
export const PORTS: readonly (string | undefined)[] = ["root-port", "downstream-port"];

/** Part of the chip that it is on. */
const BUILT_IN: Readonly<Record<string, string>> = {
  "root-port": "a root port, part of the root complex",
  "host-bridge-function": "part of the host bridge",
  "rc-integrated-endpoint": "integrated in the root complex",
  "rc-event-collector": "part of the root complex",
  "downstream-port": "a port of a switch: move the switch by its upstream port",
};

/** What hangs below what in one system of a machine, for whoever takes things apart. */
export class Tree {
  readonly #above = new Map<FunctionDescription, FunctionDescription | string | null>();
  readonly #below = new Map<FunctionDescription | string | null, FunctionDescription[]>();

  constructor(readonly system: SystemDescription) {
    const { name: _, ...nameless } = system;
    const topology = Topology.of({ peerlane: 1, systems: [nameless] });
    const byName = new Map(system.functions.map((each) => [each.bdf, each]));
    for (const each of system.functions) {
      const parent = topology.parent(topology.id(each.bdf));
      const name = typeof parent === "number" ? topology.name(parent) : null;
      const above = byName.get(name ?? "") ?? name;
      this.#above.set(each, above);
      const others = this.#below.get(above);
      if (others === undefined) this.#below.set(above, [each]);
      else others.push(each);
    }
    topology.close();
  }

  /** The bridge above; the name of the host bridge; null: not shown. */
  above(description: FunctionDescription): FunctionDescription | string | null {
    return this.#above.get(description)!;
  }

  /** What hangs directly below a bridge, or below the host bridge of that name. */
  below(bridge: FunctionDescription | string): readonly FunctionDescription[] {
    return this.#below.get(bridge) ?? [];
  }

  /** Some functions, and all that hangs below them. */
  subtree(top: Iterable<FunctionDescription>): ReadonlySet<FunctionDescription> {
    const found = new Set(top);
    // A set that grows while it is walked through is walked through to its end.
    for (const each of found) for (const child of this.below(each)) found.add(child);
    return found;
  }

  /**
   * What has to be taken out together with a function: all that is at the other end of the link, or, below a bridge
   * without one, the functions of one device; with their virtual functions and what hangs below them.
   *
   * @throws EditError for what cannot be taken out.
   */
  card(description: FunctionDescription): Card {
    const { bdf, kind, physicalFunction } = description;
    const refuse = (why: string) => new EditError("EDIT_NOT_MOVABLE", `${bdf} cannot be moved: ${why}`, [bdf]);
    const builtIn = kind === undefined ? undefined : BUILT_IN[kind];
    if (builtIn !== undefined) throw refuse(`it is ${builtIn}`);
    if (typeof physicalFunction === "string") throw refuse(`it is a virtual function; move ${physicalFunction}`);
    const above = this.above(description);
    if (above === null) throw refuse("the source does not show what it hangs below");
    const siblings = this.below(above);
    const isAlone = typeof above !== "string" && PORTS.includes(above.kind);
    const device = bdf.slice(0, -2);
    const names = new Set(
      siblings.filter((each) => isAlone || each.bdf.slice(0, -2) === device).map((each) => each.bdf),
    );
    const top = siblings.filter((each) => names.has(each.bdf) || names.has(each.physicalFunction ?? ""));
    return { above: typeof above === "string" ? above : above.bdf, top: new Set(top), all: this.subtree(top) };
  }
}
