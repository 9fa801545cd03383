import { canonicalBdf } from "./bdf.js";

/** Names of nodes within their systems, several of which may use the same. */
export class Names {
  readonly #bySystem: readonly Map<string, number[]>[];

  constructor(systems: number) {
    this.#bySystem = Array.from({ length: systems }, () => new Map<string, number[]>());
  }

  add(system: number, name: string, id: number): void {
    const names = this.#bySystem[system]!;
    const ids = names.get(name);
    if (ids === undefined) names.set(name, [id]);
    else if (!ids.includes(id)) ids.push(id);
  }

  /** Ids of what a person may mean by a name in a system; null: in any. */
  find(system: number | null, name: string): readonly number[] {
    const places = system === null ? this.#bySystem : [this.#bySystem[system]!];
    return places.flatMap((names) => names.get(canonicalName(name)) ?? []);
  }

  /** The id of what has exactly this name in a system. */
  exact(system: number, name: string): number | undefined {
    return this.#bySystem[system]!.get(name)?.[0];
  }
}

/** The spelling in which a name is kept: that of a function or a bus in lower case, any other as it is. */
export function canonicalName(name: string): string {
  return canonicalBdf(name) ?? (/^[0-9a-f]{4,8}:[0-9a-f]{2}$/i.test(name) ? name.toLowerCase() : name);
}
