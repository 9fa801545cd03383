import { PeerDma } from "../explain/peer-dma.js";
import type { Verdict } from "../explain/verdict.js";
import { precise } from "../policy/precise.js";
import type { RegisterWord } from "../topology/description.js";
import { knownBits } from "../topology/register.js";
import { acsNames, isDirect, pcieVerdict } from "./needs.js";
import type { FixPlan } from "./plan.js";
import type { Direction } from "../policy/policy.js";

/** What has become of one function's change. */
export interface VerifiedChange {
  /** `dddd:bb:dd.f`. */
  readonly bdf: string;
  /** The control word that was wanted. */
  readonly wanted: RegisterWord;
  /** The control word there is; null: no such function, or no such capability; missing: not shown. */
  readonly found?: RegisterWord | null;
  readonly state: "done" | "not" | "unknown";
  /** Bits that had to change and have not. */
  readonly wrong: readonly string[];
  /** Bits that were to stay and are others than before. */
  readonly other: readonly string[];
}

/** What has become of a plan: whether its bits are there, and whether the pair is direct. */
export interface Verification {
  readonly state: "done" | "not" | "unknown";
  readonly changes: readonly VerifiedChange[];
  /** What is answered now, one verdict for each way of the plan. */
  readonly verdicts: readonly Verdict[];
  /** What else is otherwise than before, or than it should be, a sentence each. */
  readonly remarks: readonly string[];
}

/**
 * Holds a plan against a later state of the machine, such as after the reboot. Functions are found by their names.
 *
 * @param before what the plan was made of.
 * @param after the machine since then, with its rules.
 * @param direction as the plan had it.
 * @throws RangeError where the later state lacks one of the pair.
 */
export function verifyFix(plan: FixPlan, before: PeerDma, after: PeerDma, direction: Direction = "both"): Verification {
  const asked = plan.profile === "linux" ? after : new PeerDma(after.topology, precise(after.policy));
  const { topology } = after;
  const verdicts = plan.before.map(({ provider, client }) =>
    pcieVerdict(asked, { provider: topology.id(provider), client: topology.id(client) }, direction),
  );
  const changes = plan.changes.map((change) => verifiedChange(change, after));
  return { state: stateOf(plan, changes, verdicts), changes, verdicts, remarks: remarksOn(plan, before, after) };
}

function verifiedChange({ bdf, now, clear, set, wanted }: FixPlan["changes"][number], after: PeerDma): VerifiedChange {
  const description = find(after, bdf);
  if (description === null || description.acs === null) {
    return { bdf, wanted, found: null, state: "not", wrong: acsNames(clear | set), other: [] };
  }
  if (description.acs === undefined) return { bdf, wanted, state: "unknown", wrong: [], other: [] };
  const found = knownBits(description.acs.control);
  const before = knownBits(now);
  const wrong = found.mask & ((clear & found.value) | (set & ~found.value));
  const other = found.mask & before.mask & ~(clear | set) & (found.value ^ before.value);
  const state = wrong !== 0 ? "not" : ((clear | set) & ~found.mask) !== 0 ? "unknown" : "done";
  return { bdf, wanted, found: description.acs.control, state, wrong: acsNames(wrong), other: acsNames(other) };
}

function find({ topology }: PeerDma, bdf: string) {
  try {
    return topology.registers(bdf);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The pair decides; a profile's bits do where they are more than what the pair needs. */
function stateOf(
  { profile }: FixPlan,
  changes: readonly VerifiedChange[],
  verdicts: readonly Verdict[],
): Verification["state"] {
  if (verdicts.some(({ answer }) => answer === "no")) return "not";
  if (changes.some(({ state }) => state === "not") && (profile === "gb300" || !verdicts.every(isDirect))) return "not";
  if (!verdicts.every(isDirect)) {
    return verdicts.some(({ answer, route }) => answer === "unknown" || route === "unknown") ? "unknown" : "not";
  }
  return profile === "gb300" && changes.some(({ state }) => state === "unknown") ? "unknown" : "done";
}

function remarksOn({ boot }: FixPlan, before: PeerDma, after: PeerDma): string[] {
  const [then, now] = [before.topology.systems[0]!.kernel, after.topology.systems[0]!.kernel];
  const remarks: string[] = [];
  if (then?.release !== undefined && now?.release !== undefined && then.release !== now.release) {
    remarks.push(`the kernel is another: ${now.release}, it was ${then.release}`);
  }
  if (boot !== null && now?.commandLine !== undefined && !now.commandLine.includes(boot.parameter)) {
    const cut = boot.parameter.split(";")[0]!;
    const shortened = boot.parameter.includes(";") && now.commandLine.includes(cut);
    remarks.push(
      shortened
        ? `the kernel's command line has ${cut} and what follows the semicolon otherwise: was it quoted?`
        : `the kernel's command line has no ${boot.parameter}`,
    );
  }
  return remarks;
}
