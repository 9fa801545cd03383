import {
  DIRECTIONS,
  OUTCOME_BITS,
  PATHS,
  RELATIONS,
  WAY_BITS,
  type CompiledPolicy,
  type EgressRule,
  type Relation,
  type Way,
} from "../core.js";
import type { Direction, HostBridge, Outcome, Policy, Question } from "./policy.js";

/**
 * A policy as data: for each host bridge a byte that stands for the set of classes it may have, and for each
 * (relation, path, direction, set, set) the outcomes of all completions, one bit each.
 *
 * Uncertainty needs no rules of its own: the outcomes of a question are the union over its completions, so that
 * taking facts away can only add outcomes.
 *
 * @param egress for a policy with precise paths: what egress control vectors say; none is shown otherwise.
 * @throws TypeError for a model of paths that there is not, and for a policy that answers with what is no class or outcome.
 */
export function compilePolicy(
  policy: Policy,
  hosts: Iterable<HostBridge>,
  egress: EgressRule = () => null,
): CompiledPolicy {
  if (policy.paths !== undefined && policy.paths !== "precise") {
    throw new TypeError(`paths of the policy ${policy.name}: expected "precise" or none, got ${String(policy.paths)}`);
  }
  const sets: (readonly string[])[] = [];
  const numbers = new Map<string, number>();
  // The rest of a judgement is for people, and made again where one asks.
  const classes = Uint8Array.from(hosts, (host) => {
    const set = classesOf(policy, host);
    // Names may be made of any letters: joined as they are, two sets could look like one.
    const key = JSON.stringify(set);
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = sets.push(set) - 1));
    return number;
  });
  const table = new Uint8Array(RELATIONS.length * PATHS.length * DIRECTIONS.length * sets.length ** 2);
  const cells = DIRECTIONS.length * sets.length ** 2;
  let at = 0;
  for (const relation of RELATIONS) {
    const byWay = WAYS.map((way) => outcomesOf(policy, relation, way, sets));
    for (let path = 0; path < PATHS.length; path++) {
      for (let cell = 0; cell < cells; cell++) {
        table[at++] = WAYS.reduce((bits, way, index) => {
          return ((path + 1) & WAY_BITS[way]) === 0 ? bits : bits | byWay[index]![cell]!;
        }, 0);
      }
    }
  }
  const compiled = { classes, classCount: sets.length, table };
  return policy.paths === "precise" ? { ...compiled, precise: egress } : compiled;
}

/** A host bridge that has none would be asked nothing, and refused for no reason. */
function classesOf(policy: Policy, host: HostBridge): string[] {
  const { classes } = policy.judge(host);
  if (!Array.isArray(classes) || classes.length === 0 || !classes.every((name) => typeof name === "string")) {
    throw new TypeError(
      `policy ${policy.name}: expected at least one class, by name, for host bridge ${host.root ?? "(unknown)"}, ` +
        `got ${JSON.stringify(classes)}`,
    );
  }
  return [...new Set(classes)].sort();
}

const WAYS = Object.keys(WAY_BITS) as Way[];

/** Of one relation and way, by direction and sets of classes. */
function outcomesOf(policy: Policy, relation: Relation, way: Way, sets: readonly (readonly string[])[]): number[] {
  return DIRECTIONS.flatMap((direction) =>
    sets.flatMap((provider) => sets.map((client) => outcomes(policy, relation, way, direction, provider, client))),
  );
}

function outcomes(
  policy: Policy,
  relation: Relation,
  way: Way,
  direction: Direction,
  provider: readonly string[],
  client: readonly string[],
): number {
  // What a port blocks, no policy lets through.
  let bits = way === "blocked" ? OUTCOME_BITS["egress-blocked"] : 0;
  for (const question of completions(relation, way, provider, client)) {
    bits |= OUTCOME_BITS[inDirection(policy, question, direction)];
  }
  return bits;
}

/** `both` is as good as the worse of reading and writing. */
function inDirection(policy: Policy, question: Omit<Question, "direction">, direction: Direction): Outcome {
  if (direction !== "both") return outcomeOf(policy, { ...question, direction });
  const read = outcomeOf(policy, { ...question, direction: "read" });
  const write = outcomeOf(policy, { ...question, direction: "write" });
  return COST[read] >= COST[write] ? read : write;
}

/**
 * What the policy decides.
 *
 * @throws TypeError where that is no outcome: it has no bit, and its completion would be lost.
 */
export function outcomeOf(policy: Policy, question: Question): Outcome {
  const outcome = policy.decide(question);
  if (Object.hasOwn(COST, outcome)) return outcome;
  throw new TypeError(
    `policy ${policy.name}: expected one of ${Object.keys(COST).join(", ")}, got ${JSON.stringify(outcome)} ` +
      `for ${JSON.stringify(question)}`,
  );
}

/** The costlier of two outcomes is the worse one; refusals are all alike. */
export const COST: Readonly<Record<Outcome, number>> = {
  "bus-address": 0,
  "through-host-bridge": 1,
  "redirect-refused": 2,
  "host-refused": 2,
  "policy-refused": 2,
};

function* completions(
  relation: Relation,
  way: Way,
  provider: readonly string[],
  client: readonly string[],
): Generator<Omit<Question, "direction">> {
  const shared = provider.filter((name) => client.includes(name));
  const below = relation === "self" ? "self" : "common-bridge";
  if (way !== "blocked" && (relation === "self" || relation === "common-bridge" || relation.endsWith("unknown"))) {
    for (const name of shared) yield { relation: below, path: way, providerClass: name, clientClass: name };
  }
  if (relation === "same-host-bridge" || relation.endsWith("unknown")) {
    for (const name of shared) {
      yield { relation: "same-host-bridge", path: "direct", providerClass: name, clientClass: name };
    }
  }
  if (relation === "across-host-bridges" || relation === "across-unknown") {
    for (const providerClass of provider) {
      for (const clientClass of client) {
        yield { relation: "across-host-bridges", path: "direct", providerClass, clientClass };
      }
    }
  }
}
