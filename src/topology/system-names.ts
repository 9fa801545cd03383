import type { Problems } from "./errors.js";

const SHOWN = 10;

/** The systems of a topology by name. */
export class SystemNames {
  #ordinals: Map<string, number> | null = null;

  constructor(private readonly systems: readonly { readonly name?: string }[]) {}

  /**
   * The ordinal of the system of that name or ordinal; without either the only one.
   *
   * @throws RangeError where there is none, or are several; TypeError for what is neither.
   */
  ordinal(name: string | number | undefined): number {
    if (typeof name === "number") {
      if (Number.isInteger(name) && name >= 0 && name < this.systems.length) return name;
      throw new RangeError(`expected a system from 0 to ${this.systems.length - 1}, got ${name}`);
    }
    if (name === undefined) {
      if (this.systems.length === 1) return 0;
      throw new RangeError(`there are ${this.systems.length} systems, name one of them: ${this.#shown()}`);
    }
    if (typeof name !== "string") {
      const got = name === null ? "null" : typeof name;
      throw new TypeError(`expected a system by its name, or by its place in systems, got ${got}`);
    }
    this.#ordinals ??= new Map(this.systems.map((system, ordinal) => [system.name ?? "", ordinal]));
    const ordinal = this.#ordinals.get(name);
    if (ordinal === undefined) throw new RangeError(`no system is named "${name}"; there is ${this.#shown()}`);
    return ordinal;
  }

  #shown(): string {
    const names = this.systems.slice(0, SHOWN).map(({ name }) => `"${name ?? ""}"`);
    if (this.systems.length > SHOWN) names.push(`… and ${this.systems.length - SHOWN} more`);
    return names.join(", ");
  }
}

/** A name has one place. */
export function checkSystemNames(systems: readonly { readonly name?: string }[], problems: Problems): void {
  if (systems.length === 0) {
    problems.push({ code: "BAD_NUMBER", message: "expected at least one system, got none", functions: [] });
  }
  const seen = new Set<string>();
  for (const { name = "" } of systems) {
    if (seen.has(name)) {
      const shown = name === "" ? "two systems without a name" : `two systems named "${name}"`;
      problems.push({ code: "DUPLICATE", message: `${shown}: give each a name of its own`, functions: [] });
    }
    seen.add(name);
  }
}
