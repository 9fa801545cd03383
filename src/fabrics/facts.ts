import { ACS_ABSENT, type SystemFacts } from "../topology/fabric/columns.js";
import { shown, whole } from "./counts.js";
import type { AcsState, SynthesizeOptions } from "./options.js";
import { Weighted } from "./weighted.js";

/** What does not change the structure: facts of systems and register words of their functions. */
export interface RowFacts {
  readonly seed: number;
  /** Words of root ports and downstream ports. */
  readonly acs: Weighted<number>;
  readonly memoryOff: number;
  readonly busOffset: number;
  readonly system: SystemFacts;
}

/** All of ACS but egress control. */
const CAPABILITY = 0x5f;
/** Source validation, redirect of requests and of completions, upstream forwarding: what Linux sets. */
const REDIRECTS = 0x1d;

const ACS_WORDS: Readonly<Record<AcsState, number>> = {
  off: CAPABILITY * 0x10000,
  redirect: CAPABILITY * 0x10000 + REDIRECTS,
  none: ACS_ABSENT,
  unknown: 0,
};

const SYSTEM: SystemFacts = {
  kernel: { release: "6.12.0", p2pdma: true },
  cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
  iommu: "off",
  complete: true,
  allAddresses: true,
};

/** @throws TypeError, RangeError: the first option that cannot be, by its name. */
export function rowFacts(options: SynthesizeOptions): RowFacts {
  const { seed = 1, acs = "off", memoryOff = 0, busOffset = 0, facts = {} } = options;
  whole("seed", seed, 0, 2 ** 32 - 1);
  checkFraction("memoryOff", memoryOff);
  whole("busOffset", busOffset, 0, Number.MAX_SAFE_INTEGER);
  if (busOffset % 4096 !== 0) throw new RangeError(`busOffset: expected a multiple of 4096, got ${busOffset}`);
  if (typeof facts !== "object" || facts === null) {
    throw new TypeError(`facts: expected facts of a system such as { iommu: "translating" }, got ${shown(facts)}`);
  }
  if ("name" in facts) throw new TypeError("facts.name: systems are named s0, s1, …: leave it out");
  const known = Object.entries({ ...SYSTEM, ...facts }).filter(([, fact]) => fact !== undefined);
  return { seed, acs: acsWords(acs), memoryOff, busOffset, system: Object.fromEntries(known) };
}

function acsWords(acs: NonNullable<SynthesizeOptions["acs"]>): Weighted<number> {
  if (typeof acs === "number") {
    checkFraction("acs", acs);
    return acsWords({ redirect: acs, off: 1 - acs });
  }
  const weights = typeof acs === "string" ? { [acs]: 1 } : acs;
  if (typeof weights !== "object" || weights === null) {
    throw new TypeError(`acs: expected a state, a fraction or weights of states, got ${shown(acs)}`);
  }
  for (const state of Object.keys(weights)) {
    if (state in ACS_WORDS) continue;
    throw new TypeError(`acs: expected states (${Object.keys(ACS_WORDS).join(", ")}), got "${state}"`);
  }
  Weighted.of("acs", weights);
  return new Weighted(
    Object.entries(weights).map(([state, weight]) => [ACS_WORDS[state as AcsState], weight] as const),
  );
}

function checkFraction(option: string, value: number): void {
  if (typeof value !== "number") throw new TypeError(`${option}: expected a number, got ${shown(value)}`);
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${option}: expected a fraction from 0 to 1, got ${value}`);
}
