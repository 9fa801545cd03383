import schema from "../../machine.schema.json" with { type: "json" };

/** One place where a document is not what `machine.schema.json` says. */
export interface SchemaProblem {
  /** Where in the document: `$.systems[0].functions[3].bdf`. */
  readonly path: string;
  /** What was expected there and what came. */
  readonly message: string;
}

/** The keywords of JSON Schema (2020-12) that `machine.schema.json` uses; those that only describe are left out. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
}

const DEFINITIONS = schema.$defs as unknown as Readonly<Record<string, Schema>>;
const patterns = new Map<string, RegExp>();

/** Everything in `document` that `machine.schema.json` does not allow, in the order of the document. */
export function checkAgainstSchema(document: unknown): readonly SchemaProblem[] {
  return check(document, schema as unknown as Schema, "$");
}

/** A value of the wrong type is not looked into: whatever else is wrong with it follows from that. */
function check(value: unknown, given: Schema, path: string): SchemaProblem[] {
  const rule = resolve(given);
  const problem = (expected: string): SchemaProblem[] => [
    { path, message: `expected ${expected}, got ${show(value)}` },
  ];
  const types = typeof rule.type === "string" ? [rule.type] : rule.type;
  if (types !== undefined && !types.some((type) => isOfType(value, type))) return problem(types.join(" or "));
  if (rule.const !== undefined && value !== rule.const) return problem(JSON.stringify(rule.const));
  if (rule.enum !== undefined && !rule.enum.includes(value)) {
    return problem(`one of ${rule.enum.map((choice) => JSON.stringify(choice)).join(", ")}`);
  }
  if (typeof value === "string") return checkString(value, rule, problem);
  if (typeof value === "number") return checkNumber(value, rule, problem);
  if (Array.isArray(value)) return rule.items === undefined ? [] : checkItems(value, rule.items, path);
  return typeof value === "object" && value !== null ? checkFields(value as Record<string, unknown>, rule, path) : [];
}

function resolve(given: Schema): Schema {
  return given.$ref === undefined ? given : DEFINITIONS[given.$ref.slice("#/$defs/".length)]!;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function checkString(value: string, rule: Schema, problem: (expected: string) => SchemaProblem[]): SchemaProblem[] {
  if (rule.pattern === undefined) return [];
  const pattern = patterns.get(rule.pattern) ?? new RegExp(rule.pattern, "u");
  patterns.set(rule.pattern, pattern);
  return pattern.test(value) ? [] : problem(`a string like ${rule.pattern}`);
}

function checkNumber(value: number, rule: Schema, problem: (expected: string) => SchemaProblem[]): SchemaProblem[] {
  if (rule.minimum !== undefined && value < rule.minimum) return problem(`at least ${rule.minimum}`);
  if (rule.maximum !== undefined && value > rule.maximum) return problem(`at most ${rule.maximum}`);
  return [];
}

function checkItems(values: readonly unknown[], rule: Schema, path: string): SchemaProblem[] {
  return values.flatMap((value, i) => check(value, rule, `${path}[${i}]`));
}

function checkFields(value: Record<string, unknown>, rule: Schema, path: string): SchemaProblem[] {
  const missing = (rule.required ?? []).filter((name) => !Object.hasOwn(value, name));
  const problems = missing.map((name) => ({ path: `${path}.${name}`, message: "expected a value, got nothing" }));
  const properties = rule.properties ?? {};
  for (const [name, field] of Object.entries(value)) {
    const place = /^\w+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
    if (Object.hasOwn(properties, name)) problems.push(...check(field, properties[name]!, place));
    else if (rule.additionalProperties === false) {
      problems.push({ path: place, message: `no such field: expected one of ${Object.keys(properties).join(", ")}` });
    }
  }
  return problems;
}

const SHOWN_LENGTH = 60;

function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
