import schema from "../../machine.schema.json" with { type: "json" };
import { parseAddress } from "./address.js";
import { PROBLEMS_LIMIT } from "./errors.js";

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
  readonly additionalProperties?: false | Schema;
}

const DEFINITIONS = schema.$defs as unknown as Readonly<Record<string, Schema>>;
const patterns = new Map<string, RegExp>();

/**
 * What of `document` `machine.schema.json` does not allow, in the order of the document: after {@link PROBLEMS_LIMIT} of
 * them no more is looked for.
 */
export function checkAgainstSchema(document: unknown): readonly SchemaProblem[] {
  return below("$", check(document, schema as unknown as Schema, {})).slice(0, PROBLEMS_LIMIT);
}

/**
 * Values of a description that are of the wrong type, or none of those that there are, and those that have to be there
 * and are not: what code that takes them for such would stumble over. How large a number is and what a text says is not
 * looked at: what is wrong with those is told with the name of the function concerned. Nor are fields that nobody knows.
 */
export function checkTypes(document: unknown): readonly SchemaProblem[] {
  return below("", check(document, MACHINE, { only: "types" })).slice(0, PROBLEMS_LIMIT);
}

/** The same, and addresses that are none: what of a description no topology is made of. Null: nothing. */
export function checkAsTaken(document: unknown): SchemaProblem | null {
  return below("$", check(document, MACHINE, { only: "types and addresses" }))[0] ?? null;
}

const ADDRESS = DEFINITIONS["hex"]!.pattern;
const MACHINE: Schema = { ...(schema as unknown as Schema), required: ["systems"] };

/**
 * What of each system is not what `machine.schema.json` says of one, without functions and host bridges: for the first
 * system of which something is not. Objects that several systems share are looked at once.
 */
export function checkSystemFacts(systems: readonly unknown[], path: string): readonly SchemaProblem[] {
  const pass: Pass = { passed: new Map() };
  for (let row = 0; row < systems.length; row++) {
    const problems = check(systems[row], FACTS, pass);
    if (problems.length > 0) return below(`${path}[${row}]`, problems);
  }
  return [];
}

const { functions: _, hostBridges: __, ...FACTS_FIELDS } = DEFINITIONS["system"]!.properties!;
const FACTS: Schema = { ...DEFINITIONS["system"]!, properties: FACTS_FIELDS, required: [] };

/** How documents are looked through. */
interface Pass {
  /** Objects that have been looked at, and the rule that they are as it says. */
  readonly passed?: Map<object, Schema>;
  /** Missing: everything is looked at. */
  readonly only?: "types" | "types and addresses";
}

/**
 * A value of the wrong type is not looked into: whatever else is wrong with it follows from that. Paths are those from
 * the value on: they are put together only where there is a problem.
 */
function check(value: unknown, given: Schema, pass: Pass): readonly SchemaProblem[] {
  const rule = resolve(given);
  const { passed } = pass;
  if (typeof value !== "object" || value === null || passed === undefined) return checkValue(value, rule, pass);
  if (passed.get(value) === rule) return [];
  const problems = checkValue(value, rule, pass);
  if (problems.length === 0) passed.set(value, rule);
  return problems;
}

function checkValue(value: unknown, rule: Schema, pass: Pass): readonly SchemaProblem[] {
  const problem = (expected: string) => [{ path: "", message: `expected ${expected}, got ${show(value)}` }];
  const types = typeof rule.type === "string" ? [rule.type] : rule.type;
  if (types !== undefined && !types.some((type) => isOfType(value, type))) return problem(types.join(" or "));
  if (rule.const !== undefined && value !== rule.const) return problem(JSON.stringify(rule.const));
  if (rule.enum !== undefined && !rule.enum.includes(value)) {
    return problem(`one of ${rule.enum.map((choice) => JSON.stringify(choice)).join(", ")}`);
  }
  if (pass.only === "types and addresses" && rule.pattern === ADDRESS && typeof value === "string") {
    return parseAddress(value) === null ? problem('an address or size such as "0xf9000000"') : [];
  }
  if (pass.only !== undefined) return checkParts(value, rule, pass);
  if (typeof value === "string") return checkString(value, rule, problem);
  if (typeof value === "number") return checkNumber(value, rule, problem);
  return checkParts(value, rule, pass);
}

function checkParts(value: unknown, rule: Schema, pass: Pass): readonly SchemaProblem[] {
  if (Array.isArray(value)) return rule.items === undefined ? [] : checkItems(value, rule.items, pass);
  if (typeof value !== "object" || value === null) return [];
  return checkFields(value as Record<string, unknown>, rule, pass);
}

function below(place: string, problems: readonly SchemaProblem[]): readonly SchemaProblem[] {
  if (problems.length === 0) return problems;
  return problems.map(({ path, message }) => ({ path: place + path, message }));
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

function checkItems(values: readonly unknown[], rule: Schema, pass: Pass): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  // Holes, too, which no JSON has.
  for (let index = 0; index < values.length && problems.length < PROBLEMS_LIMIT; index++) {
    const found = check(values[index], rule, pass);
    for (const problem of below(`[${index}]`, found)) problems.push(problem);
  }
  return problems;
}

/** A field that is `undefined`, which no JSON holds, is one that is missing. */
function checkFields(value: Record<string, unknown>, rule: Schema, pass: Pass): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const name of rule.required ?? []) {
    if (Object.hasOwn(value, name) && value[name] !== undefined) continue;
    problems.push({ path: `.${name}`, message: "expected a value, got nothing" });
  }
  const properties = rule.properties ?? {};
  for (const name of Object.keys(value)) {
    if (problems.length >= PROBLEMS_LIMIT) break;
    if (value[name] === undefined) continue;
    if (Object.hasOwn(properties, name)) {
      const found = check(value[name], properties[name]!, pass);
      for (const problem of below(placeOf(name), found)) problems.push(problem);
    } else if (rule.additionalProperties === false) {
      if (pass.only !== undefined) continue;
      const message = `no such field: expected one of ${Object.keys(properties).join(", ")}`;
      problems.push({ path: placeOf(name), message });
    } else if (rule.additionalProperties !== undefined) {
      const found = check(value[name], rule.additionalProperties, pass);
      for (const problem of below(placeOf(name), found)) problems.push(problem);
    }
  }
  return problems;
}

function placeOf(name: string): string {
  return /^\w+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

const SHOWN_LENGTH = 60;

function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return `${value}n`;
  const text = typeof value === "string" ? JSON.stringify(value) : value === undefined ? "nothing" : String(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
