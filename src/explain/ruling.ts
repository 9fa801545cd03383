import type { Decided, Status } from "../core.js";
import { CODES, type Code } from "./codes.js";
import { answerOf, doubtOf, refusalOf, routeOf } from "./pair.js";
import type { Route } from "./verdict.js";

/** The short answer to a mapping request: where it goes, or why not. */
export interface Ruling {
  readonly route: Route | "not-supported" | "unknown";
  /** Null where it is allowed. */
  readonly code: Code | null;
}

/** Routes by the number that stands for them in a column. */
export const ROUTES = [
  "local",
  "bus-address",
  "through-host-bridge",
  "side-link",
  "system-memory",
  "not-supported",
  "unknown",
] as const satisfies readonly Ruling["route"][];

/** Answers by the number that stands for them in a column. */
export const ANSWERS = ["yes", "no", "unknown"] as const;

/** Codes by the number that stands for them in a column; 0: none. */
export const CODE_NUMBERS: readonly (Code | null)[] = [null, ...(Object.keys(CODES) as Code[])];

/** What the core's answer to a request comes to, be it one or a row of many. */
export function rule(status: Status, decision: Decided): Ruling {
  return status === "decided" ? ruleOnDecision(decision) : RULINGS[status];
}

function ruleOnDecision({ outcomes, relation, path }: Decided): Ruling {
  if (answerOf(outcomes) === "no") return no(refusalOf(outcomes));
  const route = routeOf(outcomes, relation === "self");
  // One DMA address is asked for: a yes by two routes with two addresses is no answer.
  if (answerOf(outcomes) === "unknown" || route === "unknown") return unknown(doubtOf({ relation, path }));
  return { route, code: null };
}

const RULINGS: Readonly<Record<Exclude<Status, "decided">, Ruling>> = {
  nobody: no("NO_OWNER"),
  hole: no("NO_OWNER"),
  open: unknown("OWNER_UNKNOWN"),
  maybe: unknown("OWNER_UNKNOWN"),
  blank: unknown("NO_ADDRESSES"),
  ambiguous: unknown("OWNER_AMBIGUOUS"),
  contested: unknown("OWNER_AMBIGUOUS"),
  "leaves-owner": no("LEAVES_OWNER"),
  aperture: no("VF_NOT_ENABLED"),
  "not-peer": no("NOT_A_PROVIDER"),
  platform: unknown("PLATFORM_OWNER"),
  "system-ram": { route: "system-memory", code: null },
  "memory-off": no("MEMORY_DECODE_OFF"),
  "memory-unknown": unknown("MEMORY_DECODE_UNKNOWN"),
  "dma-mask": no("DMA_MASK"),
  "dma-mask-unknown": unknown("DMA_MASK_UNKNOWN"),
};

function no(code: Code): Ruling {
  return { route: "not-supported", code };
}

function unknown(code: Code): Ruling {
  return { route: "unknown", code };
}
