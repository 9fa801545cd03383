import type { Judgement, Policy, Question } from "./policy.js";

/** Whether a host bridge would not even take requests from its like, or not in each direction, whatever class it is of. */
export function refuses(policy: Policy, { classes }: Judgement, relation: Question["relation"]): boolean {
  return classes.every((name) =>
    (["read", "write"] as const).some((direction) =>
      policy
        .decide({ relation, path: "direct", direction, providerClass: name, clientClass: name })
        .endsWith("refused"),
    ),
  );
}
