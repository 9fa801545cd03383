import { DIRECTIONS, OUTCOME_BITS, PATHS, RELATIONS, type CompiledPolicy, type Path, type Relation } from "../core.js";
import type { Direction, HostBridge, Outcome, Policy, Question } from "./policy.js";

/**
 * A policy as data: for each host bridge a byte that stands for the set of classes it may have, and for each
 * (relation, path, direction, set, set) the outcomes of all completions, one bit each.
 *
 * Uncertainty needs no rules of its own: the outcomes of a question are the union over its completions, so that
 * taking facts away can only add outcomes.
 */
export function compilePolicy(policy: Policy, hosts: Iterable<HostBridge>): CompiledPolicy {
  const sets: (readonly string[])[] = [];
  const numbers = new Map<string, number>();
  // The rest of a judgement is for people, and made again where one asks.
  const classes = Uint8Array.from(hosts, (host) => {
    const set = [...new Set(policy.judge(host).classes)].sort();
    const key = set.join(" ");
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = sets.push(set) - 1));
    return number;
  });
  const table = new Uint8Array(RELATIONS.length * PATHS.length * DIRECTIONS.length * sets.length ** 2);
  let at = 0;
  for (const relation of RELATIONS) {
    for (const path of PATHS) {
      for (const direction of DIRECTIONS) {
        for (const provider of sets) {
          for (const client of sets) table[at++] = outcomes(policy, relation, path, direction, provider, client);
        }
      }
    }
  }
  return { classes, classCount: sets.length, table };
}

function outcomes(
  policy: Policy,
  relation: Relation,
  path: Path,
  direction: Direction,
  provider: readonly string[],
  client: readonly string[],
): number {
  let bits = 0;
  for (const question of completions(relation, path, provider, client)) {
    bits |= OUTCOME_BITS[inDirection(policy, question, direction)];
  }
  return bits;
}

/** `both` is as good as the worse of reading and writing. */
function inDirection(policy: Policy, question: Omit<Question, "direction">, direction: Direction): Outcome {
  if (direction !== "both") return policy.decide({ ...question, direction });
  const read = policy.decide({ ...question, direction: "read" });
  const write = policy.decide({ ...question, direction: "write" });
  return COST[read] >= COST[write] ? read : write;
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
  path: Path,
  provider: readonly string[],
  client: readonly string[],
): Generator<Omit<Question, "direction">> {
  const paths = path === "maybe" ? (["direct", "redirected"] as const) : [path];
  const shared = provider.filter((name) => client.includes(name));
  const below = relation === "self" ? "self" : "common-bridge";
  if (relation === "self" || relation === "common-bridge" || relation.endsWith("unknown")) {
    for (const path of paths) {
      for (const name of shared) yield { relation: below, path, providerClass: name, clientClass: name };
    }
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
