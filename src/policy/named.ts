import type { SystemDescription } from "../topology/description.js";
import { both } from "./both.js";
import { linux, NEWEST_KERNEL } from "./linux.js";
import type { Policy } from "./policy.js";
import { power, POWER_GENERATIONS } from "./power.js";
import { precise } from "./precise.js";
import { parseRelease } from "./release.js";

/** What {@link policyNamed} takes, for people. */
export const POLICY_NAMES =
  `linux, linux-RELEASE (such as linux-6.12), power, ${POWER_GENERATIONS.map((each) => `power${each}`).join(", ")}; ` +
  "+load and +store behind power9 (what its firmware lets pass between host bridges), +precise behind any, or precise " +
  "alone (ACS by direction); several separated by commas, which all have to allow";

/**
 * The policy of a name (docs/semantics.md, Policies): `linux-6.12`, `power9+load+store`, `linux-6.12+precise`,
 * `linux,power9`. `linux` without a release and modifiers alone (`precise`) mean the default.
 *
 * @param byDefault makes the default; without it the newest rules of Linux. Called only where the name leaves it open.
 * @throws RangeError for a name that is none, listing those that there are.
 */
export function policyNamed(text: string, byDefault: () => Policy = linux): Policy {
  if (typeof text !== "string") throw new TypeError(`expected the name of a policy, got ${String(text)}`);
  const [first, ...others] = text.split(",").map((part) => named(part.trim().toLowerCase(), byDefault));
  return both(first!, ...others);
}

/**
 * The rules that hold on a machine where nobody asks for others: those of its own Linux, else the newest known, which
 * `inferred` then says. POWER is no exception: its kernel decides by the same rules.
 */
export function defaultPolicy({ kernel }: Pick<SystemDescription, "kernel">): Policy {
  const release = kernel?.release;
  if (release !== undefined && parseRelease(release) !== null) return linux(release);
  const cause = release === undefined ? "the source shows no kernel release" : `"${release}" is no release of Linux`;
  return { ...linux(), inferred: [`kernel ${NEWEST_KERNEL}, the newest whose rules are known: ${cause}`] };
}

/** A base and its modifiers. */
function named(part: string, byDefault: () => Policy): Policy {
  const words = part.split("+");
  const [base, modifiers] = isModifier(words[0]!) ? ["linux", words] : [words[0]!, words.slice(1)];
  const odd = modifiers.find((word) => !isModifier(word));
  if (odd !== undefined) throw unknown(part, `"${odd}" is no modifier`);
  if (new Set(modifiers).size < modifiers.length) throw unknown(part, "a modifier is given twice");
  const policy = baseOf(base, modifiers, byDefault, part);
  return modifiers.includes("precise") ? precise(policy) : policy;
}

const MODIFIERS: readonly string[] = ["precise", "load", "store"];

function isModifier(word: string): boolean {
  return MODIFIERS.includes(word);
}

function baseOf(base: string, modifiers: readonly string[], byDefault: () => Policy, part: string): Policy {
  const [load, store] = [modifiers.includes("load"), modifiers.includes("store")];
  if (base === "power9") return power({ generation: 9, ...(load || store ? { firmware: { load, store } } : {}) });
  if (load || store) throw unknown(part, "+load and +store go behind power9");
  const [, release] = /^linux-(.+)$/.exec(base) ?? [];
  if (base === "linux") return byDefault();
  if (release !== undefined && parseRelease(release) !== null) return linux(release);
  const generation = POWER_GENERATIONS.find((each) => base === `power${each}`);
  if (generation !== undefined || base === "power") return power(generation === undefined ? {} : { generation });
  throw unknown(part, release === undefined ? `"${base}" is none` : `"${release}" is no release of Linux`);
}

function unknown(part: string, why: string): RangeError {
  return new RangeError(`expected a policy, got "${part}": ${why}; there are ${POLICY_NAMES}`);
}
