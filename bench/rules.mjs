// What the policy makes of a pair: the same for all contenders, because it is the request that is timed.

import { ANSWERS, CODE_NUMBERS, ROUTES } from "../dist/index.js";

export const RELATIONS = ["self", "common-bridge", "same-host-bridge", "across-host-bridges"];
/** The number of "across-systems" in columns. */
export const ACROSS_SYSTEMS = 6;
export const PATHS = ["direct", "redirected", "maybe"];
export const CLASSES = ["any pair accepted", "listed", "listed for pairs below it", "not listed"];

/** In columns of distances, and of addresses as 64-bit numbers read as Float64. */
export const [UNKNOWN, NO_ADDRESS] = [0xffffffff, 2 ** 64];

/** Linux's decision (docs/semantics.md): what a pair of functions below host bridges of two classes gets. */
export function verdictOf(relation, path, ownerClass, initiatorClass) {
  if (relation === "across-systems") return refusal("DIFFERENT_SYSTEM");
  const below = relation === "self" || relation === "common-bridge";
  if (below && path === "direct") {
    return { route: relation === "self" ? "local" : "bus-address", answer: "yes", code: null };
  }
  const same = relation !== "across-host-bridges";
  const passes = [ownerClass, initiatorClass].every((name) => CLASSES.indexOf(name) < (same ? 3 : 2));
  if (below && path === "maybe")
    return { route: "unknown", answer: passes ? "yes" : "unknown", code: "ACS_UNREADABLE" };
  if (passes) return { route: "through-host-bridge", answer: "yes", code: null };
  return refusal(below ? "ACS_REDIRECT" : "HOST_BRIDGE_NOT_ALLOWED");
}

/** What a request gets that is refused before any pair is looked at. */
export const refusal = (code) => ({ route: "not-supported", answer: "no", code });

export const routeNumber = ({ route }) => ROUTES.indexOf(route);
export const answerNumber = ({ answer }) => ANSWERS.indexOf(answer);
export const codeNumber = ({ code }) => CODE_NUMBERS.indexOf(code);
export const NO = ANSWERS.indexOf("no");
