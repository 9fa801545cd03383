import { COST, outcomeOf } from "./compile.js";
import { distinct } from "./missing.js";
import { firstRefusal, outcomeOutsidePci } from "./platform.js";
import type { HostBridge, Judgement, Outcome, Policy, Question } from "./policy.js";

/**
 * Several policies at once: every one has to allow, and of their routes the costlier is taken. Of those that refuse,
 * the first says why. A host bridge's class is one class of each.
 *
 * @throws RangeError for no policy at all, or where some have precise ACS and some have not: a path is either.
 */
export function both(...policies: readonly [Policy, ...Policy[]]): Policy {
  const [first, ...others] = policies;
  if (first === undefined) throw new RangeError("expected at least one policy, got none");
  if (others.length === 0) return first;
  if (others.some(({ paths }) => paths !== first.paths)) {
    throw new RangeError(
      `expected precise ACS in all policies or in none, got ${policies.map(({ name }) => name).join(", ")}`,
    );
  }
  const kernel = policies.find(({ kernel }) => kernel !== undefined)?.kernel;
  const inferred = policies.flatMap(({ inferred }) => inferred ?? []);
  return {
    name: policies.map(({ name }) => name).join(","),
    throughHostDistance: Math.max(...policies.map(({ throughHostDistance }) => throughHostDistance)),
    ...(kernel === undefined ? {} : { kernel }),
    ...(inferred.length === 0 ? {} : { inferred }),
    ...(first.paths === undefined ? {} : { paths: first.paths }),
    judge: (host) => judge(policies, host),
    decide: (question) => decide(policies, question),
    platform: (question) => firstRefusal(policies.map((policy) => outcomeOutsidePci(policy, question))),
  };
}

function decide(policies: readonly Policy[], question: Question): Outcome {
  const providerClasses = classesIn(question.providerClass);
  const clientClasses = classesIn(question.clientClass);
  return policies
    .map((policy, at) =>
      outcomeOf(policy, { ...question, providerClass: providerClasses[at]!, clientClass: clientClasses[at]! }),
    )
    .reduce((costlier, outcome) => (COST[outcome] > COST[costlier] ? outcome : costlier));
}

function judge(policies: readonly Policy[], host: HostBridge): Judgement {
  const judgements = policies.map((policy) => {
    const judgement = policy.judge(host);
    return { policy, judgement, refused: refusedDirections(policy, judgement) };
  });
  const most = Math.max(...judgements.map(({ refused }) => refused));
  const telling = judgements.filter(({ refused }) => refused === most);
  const all = judgements.map(({ judgement }) => judgement);
  const identifiedBy = all.find(({ identifiedBy }) => identifiedBy !== undefined)?.identifiedBy;
  const assumed = [...new Set(all.flatMap(({ assumed }) => assumed ?? []))];
  const remedies = telling.flatMap(({ judgement: { remedy } }) => remedy ?? []);
  return {
    classes: products(all.map(({ classes }) => classes)).map(className),
    because: telling.map(({ policy, judgement }) => `${policy.name}: ${judgement.because}`).join("; "),
    missing: distinct(all.flatMap(({ missing }) => missing)),
    ...(identifiedBy === undefined ? {} : { identifiedBy }),
    ...(assumed.length === 0 ? {} : { assumed }),
    ...(remedies.length === 0 ? {} : { remedy: remedies.join("; and ") }),
  };
}

/** In how many directions a host bridge takes no request from its like, whatever class it is of. */
function refusedDirections(policy: Policy, { classes }: Judgement): number {
  const directions = (["read", "write"] as const).filter((direction) =>
    classes.every((name) => {
      const relation = "across-host-bridges";
      const outcome = outcomeOf(policy, {
        relation,
        path: "direct",
        direction,
        providerClass: name,
        clientClass: name,
      });
      return COST[outcome] > COST["through-host-bridge"];
    }),
  );
  return directions.length;
}

function products(sets: readonly (readonly string[])[]): string[][] {
  return sets.reduce<string[][]>(
    (chosen, set) => chosen.flatMap((names) => [...new Set(set)].map((name) => [...names, name])),
    [[]],
  );
}

/** One name for a class of each policy, whatever their own names are made of. */
function className(names: readonly string[]): string {
  return JSON.stringify(names);
}

function classesIn(name: string): readonly string[] {
  return JSON.parse(name) as string[];
}
