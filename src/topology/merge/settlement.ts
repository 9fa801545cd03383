import { formatHex } from "../address.js";
import type { Finding } from "../finding.js";
import { listed } from "../listed.js";

/** What one source says of one field. */
export interface Said<T> {
  readonly source: string;
  readonly value: T;
}

/** More sides of a contradiction than that are counted. */
const NAMED_SIDES = 16;

/** Settles what several sources say of one thing, and keeps a finding of every contradiction. */
export class Settlement {
  readonly findings: Finding[] = [];

  /** What all agree on; unknown where nobody says anything or two contradict each other. */
  agreed<T>(what: string, said: readonly Said<T>[], functions: readonly string[] = []): T | undefined {
    return this.#isContested(what, said, functions) ? undefined : said[0]?.value;
  }

  /** What the first says, whatever the others do. */
  first<T>(what: string, said: readonly Said<T>[], functions: readonly string[] = []): T | undefined {
    this.#isContested(what, said, functions);
    return said[0]?.value;
  }

  contradiction(what: string, said: readonly Said<unknown>[], functions: readonly string[]): void {
    const sides = [...new Set(said.map(({ source, value }) => `${source} says ${spelled(value)}`))];
    this.findings.push({
      code: "SOURCES_DISAGREE",
      message: `${what}: ${listed(sides, NAMED_SIDES)}`,
      functions,
    });
  }

  #isContested<T>(what: string, said: readonly Said<T>[], functions: readonly string[]): boolean {
    // Most fields are said once, or alike, and most values are of one piece.
    if (said.every(({ value }) => value === said[0]!.value)) return false;
    const values = new Set(said.map(({ value }) => canonical(value)));
    if (values.size <= 1) return false;
    this.contradiction(what, said, functions);
    return true;
  }
}

/** A value as people read it: registers in hexadecimal, and no more of it than a sentence has room for. */
function spelled(value: unknown): string {
  const text = JSON.stringify(value, (key, inner: unknown) =>
    typeof inner === "number" && REGISTERS.includes(key) ? formatHex(inner) : inner,
  );
  return text.length <= SPELLED ? text : `${text.slice(0, SPELLED)}…`;
}

const REGISTERS: readonly string[] = ["capability", "control", "firmware"];
const SPELLED = 400;

/** One spelling for equal values, in whatever order a source wrote their fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Who says what of one field. */
export function pick<T, K extends keyof T>(said: readonly Said<T>[], key: K): Said<Exclude<T[K], undefined>>[] {
  const picked: Said<Exclude<T[K], undefined>>[] = [];
  for (const { source, value } of said) {
    const field = value[key];
    if (field !== undefined) picked.push({ source, value: field as Exclude<T[K], undefined> });
  }
  return picked;
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** Without the fields that are unknown. */
export function present<T extends object>(loose: Loose<T>): T {
  return Object.fromEntries(Object.entries(loose).filter(([, value]) => value !== undefined)) as T;
}
