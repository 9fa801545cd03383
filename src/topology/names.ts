import { canonicalBdf, compareBdf, parseBdf } from "./bdf.js";
import type { Node } from "./claims.js";
import type { SystemDescription } from "./description.js";
import type { Root } from "./placement.js";

/** Names to ids and back. A name has one place, its system; several systems may use the same. */
export class Names {
  /** Ids of all functions by system, segment, bus, device, function. */
  readonly functions: readonly number[];
  readonly #bySystem: readonly Map<string, number[]>[];
  readonly #rootNames = new Map<number, string>();

  constructor(
    private readonly systems: readonly SystemDescription[],
    nodes: readonly Node[],
    roots: readonly { readonly id: number; readonly root: Root }[],
  ) {
    this.#bySystem = systems.map(() => new Map<string, number[]>());
    for (const { id, root } of roots) {
      this.#rootNames.set(id, root.bus);
      if (root.known) this.#add(root.system, root.bus, id);
    }
    const functions: { id: number; system: number; bdf: string }[] = [];
    for (const { id, system, description } of nodes) {
      if (description === null) continue;
      functions.push({ id, system, bdf: description.bdf });
      for (const name of new Set([description.bdf, ...(description.names ?? [])])) this.#add(system, name, id);
    }
    const keyed = functions.map((entry) => ({ ...entry, key: parseBdf(entry.bdf)! }));
    keyed.sort((a, b) => a.system - b.system || compareBdf(a.key, b.key));
    this.functions = keyed.map(({ id }) => id);
  }

  /** The ordinal of the system of that name; without a name the only one. */
  system(name: string | undefined): number {
    if (name === undefined) {
      if (this.systems.length === 1) return 0;
      throw new RangeError(`there are ${this.systems.length} systems, name one of them: ${this.#systemNames()}`);
    }
    const ordinal = this.systems.findIndex((system) => (system.name ?? "") === name);
    if (ordinal === -1) throw new RangeError(`no system is named "${name}"; there is ${this.#systemNames()}`);
    return ordinal;
  }

  /** The id of the one node that `ref` names. */
  find(ref: string): number {
    const slash = ref.lastIndexOf("/");
    const systems = slash === -1 ? this.systems.map((_, index) => index) : [this.system(ref.slice(0, slash))];
    const name = slash === -1 ? ref : ref.slice(slash + 1);
    const hits = systems.flatMap((system) => this.#bySystem[system]!.get(canonical(name)) ?? []);
    if (hits.length === 1) return hits[0]!;
    if (hits.length === 0) throw new RangeError(`nothing is named "${ref}": expected ${EXPECTED}`);
    throw new RangeError(`"${ref}" names ${hits.length} nodes: write the system in front, as in system/dddd:bb:dd.f`);
  }

  /** The id of what has exactly this name in a system. */
  exact(system: number, name: string): number | undefined {
    return this.#bySystem[system]!.get(name)?.[0];
  }

  of({ id, system, description }: Node): string {
    const name = description?.bdf ?? this.#rootNames.get(id)!;
    return this.systems.length === 1 ? name : `${this.systems[system]!.name ?? ""}/${name}`;
  }

  #add(system: number, name: string, id: number): void {
    const names = this.#bySystem[system]!;
    const ids = names.get(name);
    if (ids === undefined) names.set(name, [id]);
    else ids.push(id);
  }

  #systemNames(): string {
    return this.systems.map(({ name }) => `"${name ?? ""}"`).join(", ");
  }
}

const EXPECTED = "a function as dddd:bb:dd.f or bb:dd.f, a host bridge as dddd:bb, or a name that the source shows";

function canonical(name: string): string {
  return canonicalBdf(name) ?? (/^[0-9a-f]{4,8}:[0-9a-f]{2}$/i.test(name) ? name.toLowerCase() : name);
}
