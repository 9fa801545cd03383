import type { Place } from "../core.js";
import { canonicalBdf, formatBus, parseBdf, type Bdf } from "./bdf.js";
import type { FunctionDescription, FunctionKind, SystemDescription } from "./description.js";
import type { Problem, Problems } from "./errors.js";
import type { Finding } from "./finding.js";
import type { RootRow } from "./hosts.js";

/** What every function of the systems hangs below. Nodes are the roots, then the functions in order. */
export interface Placement {
  readonly roots: readonly RootRow[];
  readonly functions: readonly { readonly system: number; readonly description: FunctionDescription }[];
  /** For each node 1 + the index of the node above, 0 for a root. */
  readonly parents: Uint32Array;
}

/** As the parent: not stated, and bus numbers say nothing. */
const UNKNOWN = "unknown";

/** Only found on a root bus, and so evidence that a bus is one. */
const ROOT_BUS_KINDS: readonly (FunctionKind | undefined)[] = [
  "root-port",
  "rc-integrated-endpoint",
  "rc-event-collector",
  "host-bridge-function",
];

export const ENDPOINT_KINDS: readonly (FunctionKind | undefined)[] = [
  "endpoint",
  "legacy-endpoint",
  "rc-integrated-endpoint",
  "conventional",
];

/**
 * Finds each function's place: its stated parent, else the bridge whose secondary bus it is on, else a root bus where
 * there is evidence of one, else an unknown root that the functions of one bus share.
 */
export function place(systems: readonly SystemDescription[], problems: Problems, findings: Finding[]): Placement {
  const roots: RootRow[] = [];
  const functions: { system: number; description: FunctionDescription }[] = [];
  const above: (() => number)[] = [];
  systems.forEach((system, index) => {
    const placer = new Placer(system, index, functions.length, roots, problems, findings);
    for (const description of placer.functions) {
      functions.push({ system: index, description });
      above.push(() => placer.above(description));
    }
  });
  // Roots may be met on the way, so that their number is known only when every function has been placed.
  const parents = above.map((find) => find());
  const column = new Uint32Array(roots.length + functions.length);
  parents.forEach((parent, index) => {
    column[roots.length + index] = 1 + (parent < 0 ? -parent - 1 : roots.length + parent);
  });
  return { roots, functions, parents: column };
}

/** Places the functions of one system. A place is the index of a function, or -1 - the index of a root. */
class Placer {
  readonly functions: readonly FunctionDescription[];
  readonly #byName = new Map<string, number>();
  readonly #bridgeOf = new Map<string, FunctionDescription | "clash">();
  readonly #rootBuses = new Set<string>();
  readonly #roots = new Map<string, number>();
  readonly #places = new Map<FunctionDescription, number>();

  constructor(
    system: SystemDescription,
    private readonly ordinal: number,
    /** Index of this system's first function among those of all systems. */
    private readonly first: number,
    private readonly allRoots: RootRow[],
    private readonly problems: Problems,
    private readonly findings: Finding[],
  ) {
    this.functions = system.functions.filter((description) => this.#named(description));
    this.functions.forEach((description, index) => this.#byName.set(description.bdf, index));
    for (const { root } of system.hostBridges ?? []) {
      if (/^([0-9a-f]{4}|[1-9a-f][0-9a-f]{4,7}):[0-9a-f]{2}$/.test(root)) this.#root(root, "host-bridge");
      else this.#problem("BAD_NAME", `host bridge "${root}": expected its root bus as dddd:bb, lower case`, root);
    }
    for (const description of this.functions) {
      const bus = busOf(description);
      const { kind, parent } = description;
      const stated = parent !== undefined && parent !== null;
      if (
        parent === null ||
        (parent !== UNKNOWN && (bus.endsWith(":00") || (!stated && ROOT_BUS_KINDS.includes(kind))))
      ) {
        if (!isVirtual(description)) this.#rootBuses.add(bus);
      }
      this.#claimBus(description);
    }
  }

  /** Virtual functions ask for their physical function's place, which is found, and found fault with, once. */
  above(description: FunctionDescription): number {
    let place = this.#places.get(description);
    if (place === undefined) this.#places.set(description, (place = this.#find(description)));
    return place;
  }

  #find(description: FunctionDescription): number {
    const { bdf, parent, physicalFunction } = description;
    // Known or not what its bus hangs below: this function may be elsewhere.
    if (parent === UNKNOWN) return this.#root(busOf(description), "anywhere");
    if (parent !== undefined && parent !== null) return this.#stated(description, parent);
    if (typeof physicalFunction === "string") {
      const physical = this.functions[this.#byName.get(physicalFunction) ?? -1];
      if (physical !== undefined && !isVirtual(physical)) return this.above(physical);
      const fault = physical === undefined ? "which is not described" : "which is virtual itself";
      this.#problem("PARENT_MISSING", `${bdf} is a virtual function of ${physicalFunction}, ${fault}`, bdf);
      return this.#root(busOf(description), "bus");
    }
    const bus = busOf(description);
    if (parent === null) return this.#root(bus, "host-bridge");
    const bridge = this.#bridgeOf.get(bus);
    if (bridge !== undefined && bridge !== "clash" && bridge !== description) return this.#indexOf(bridge.bdf);
    if (bridge === undefined && this.#rootBuses.has(bus)) return this.#root(bus, "host-bridge");
    return this.#unknown(bus, description);
  }

  /** Whether the function can be told from the others by its name. */
  #named({ bdf }: FunctionDescription): boolean {
    if (canonicalBdf(bdf) !== bdf) {
      this.#problem(
        "BAD_NAME",
        `function "${bdf}": expected dddd:bb:dd.f, lower case, segment in four digits or more`,
        bdf,
      );
      return false;
    }
    if (this.#byName.has(bdf)) {
      this.#problem("DUPLICATE", `${bdf} is described twice: merge the descriptions or put them into two systems`, bdf);
      return false;
    }
    this.#byName.set(bdf, -1);
    return true;
  }

  #claimBus(description: FunctionDescription): void {
    const { bus } = description;
    // A bridge out of reset has no buses yet.
    if (bus === undefined || bus.secondary === 0) return;
    const name = formatBus(parseBdf(description.bdf)!.segment, bus.secondary);
    if (bus.secondary > bus.subordinate) {
      this.findings.push({
        code: "BUS_CLASH",
        message:
          `${description.bdf} has buses ${hex2(bus.secondary)} to ${hex2(bus.subordinate)} behind it, which end before ` +
          "they start: what hangs below it is unknown",
        functions: [description.bdf],
      });
      this.#bridgeOf.set(name, "clash");
      return;
    }
    const other = this.#bridgeOf.get(name);
    if (other === undefined) this.#bridgeOf.set(name, description);
    else {
      if (other !== "clash") {
        this.findings.push({
          code: "BUS_CLASH",
          message: `${other.bdf} and ${description.bdf} both have bus ${name} behind them`,
          functions: [other.bdf, description.bdf],
        });
      }
      this.#bridgeOf.set(name, "clash");
    }
  }

  #stated(description: FunctionDescription, name: string): number {
    const { bdf } = description;
    const index = this.#byName.get(name);
    if (index === undefined || index < 0) {
      this.#problem(
        "PARENT_MISSING",
        `${bdf} states the parent ${name}, which is not described: leave parent out where it is not known`,
        bdf,
      );
      return this.#root(busOf(description), "bus");
    }
    const parent = this.functions[index]!;
    const contradiction = contradictionOf(description, parent);
    if (contradiction !== null) {
      this.#problem("PARENT_CONTRADICTION", `${bdf} states the parent ${name}, but ${contradiction}`, bdf);
    }
    return this.first + index;
  }

  #unknown(bus: string, description: FunctionDescription): number {
    if (!this.#roots.has(bus)) {
      this.findings.push({
        code: "PARENT_UNKNOWN",
        message: `nothing shows what bus ${bus} hangs below: the description lacks the bridge above ${description.bdf}`,
        functions: [description.bdf],
      });
    }
    return this.#root(bus, "bus");
  }

  #root(bus: string, place: Place): number {
    const key = place === "anywhere" ? `${bus} ${place}` : bus;
    let index = this.#roots.get(key);
    if (index === undefined) {
      index = this.allRoots.push({ system: this.ordinal, segment: parseInt(bus, 16), bus, place }) - 1;
      this.#roots.set(key, index);
    }
    return -1 - index;
  }

  #indexOf(bdf: string): number {
    return this.first + this.#byName.get(bdf)!;
  }

  #problem(code: Problem["code"], message: string, name: string): void {
    this.problems.push({ code, message, functions: [name] });
  }
}

/** Why `child` cannot hang below `parent`, said of the parent as "that"; null: nothing speaks against it. */
export function contradictionOf(child: FunctionDescription, parent: FunctionDescription): string | null {
  const own = parseBdf(child.bdf)!;
  const upper = parseBdf(parent.bdf)!;
  if (parent === child) return "that is itself";
  if (own.segment !== upper.segment) return "that is in another segment";
  if (ENDPOINT_KINDS.includes(parent.kind)) return `that is of kind ${parent.kind}, not a bridge`;
  const { bus } = parent;
  // Linux itself numbers the buses of virtual functions; a bridge out of reset has none yet.
  if (bus === undefined || bus.secondary === 0 || isVirtual(child) || inside(own, bus)) return null;
  return `the buses behind that are ${hex2(bus.secondary)} to ${hex2(bus.subordinate)}`;
}

function inside(bdf: Bdf, bus: { secondary: number; subordinate: number }): boolean {
  return bdf.bus >= bus.secondary && bdf.bus <= bus.subordinate;
}

function isVirtual({ physicalFunction }: FunctionDescription): boolean {
  return typeof physicalFunction === "string";
}

function busOf({ bdf }: FunctionDescription): string {
  return bdf.slice(0, bdf.lastIndexOf(":"));
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, "0");
}
