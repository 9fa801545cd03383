import { ACS_BITS, ACS_REDIRECT, knownBits } from "../topology/register.js";
import type { FunctionDescription, RegisterWord } from "../topology/description.js";
import type { ControlChange } from "./change.js";
import { acsNames } from "./needs.js";

/*
 * The kernel parameter for a list of changes. There are two, and which one does what is wanted is up to the release:
 *
 *     pci=disable_acs_redir=0000:02:00.0;0000:02:01.0            clears RR CR EC; from 6.11 on SV and UF go as well
 *     pci=config_acs=x0100x1@0000:02:00.0;x0100x1@0000:02:01.0   from 6.11 on; every bit as it is spelled
 *                    ││││││└ SV
 *                    │││││└ TB        1 set, 0 clear, x as the firmware had it
 *                    ││││└ RR
 *                    │││└ CR
 *                    ││└ UF
 *                    │└ EC
 *                    └ DT
 */

/** A boot with another value of one of the two options. */
export interface Reboot {
  /** The option's value on the command line now; null: it is not there. */
  value(option: AcsOption): string | null;
  /** What the kernel makes of the machine with that value instead. */
  after(option: AcsOption, value: string): Rebooted;
}

/** A machine after a boot. */
export interface Rebooted {
  /** The parameter that holds the option, with those that stood beside it in parameters that it replaces. */
  readonly parameter: string;
  /** Parameters that are on the command line now and have to go. */
  readonly replaces: readonly string[];
  /** ACS control words, by `dddd:bb:dd.f`. */
  readonly controls: ReadonlyMap<string, RegisterWord>;
}

/** The parameter, and what the control words are after a boot with it. */
export interface BootFix {
  /** As the kernel reads it, with its `pci=`. */
  readonly parameter: string;
  readonly option: AcsOption;
  /** ACS parameters on the command line now that this one takes in, and that have to go. */
  readonly replaces: readonly string[];
  readonly results: readonly BootResult[];
}

/** The option's name. */
export type AcsOption = "disable_acs_redir" | "config_acs";

/** What a boot makes of one function's control word. */
export interface BootResult {
  /** `dddd:bb:dd.f`. */
  readonly bdf: string;
  /** The control word then. */
  readonly control: RegisterWord;
  /** Bits that are set now, nobody wanted cleared, and are clear then: `SV`, `UF`. */
  readonly lost: readonly string[];
  /** Bits of which it is not known whether they are set then. */
  readonly open: readonly string[];
}

/** An option of `pci=` that may do it. */
interface Candidate {
  readonly option: AcsOption;
  readonly value: string;
}

/**
 * The first candidate after which every wanted bit is known to be as wanted, those that leave the other bits alone before
 * those that do not; null: there is none.
 *
 * @param everybody the functions of the system, of which a pattern of ids must not hit others.
 */
export function bootFix(
  changes: readonly ControlChange[],
  everybody: readonly FunctionDescription[],
  reboot: Reboot,
): BootFix | null {
  const working: BootFix[] = [];
  for (const { option, value } of candidates(changes, everybody)) {
    const { parameter, replaces, controls } = reboot.after(option, joined(value, reboot.value(option)));
    const results = changes.map((change) => resultOf(change, controls.get(change.bdf) ?? NOTHING_KNOWN));
    if (!changes.every((change, index) => isWanted(change, results[index]!))) continue;
    const fix = { parameter, option, replaces, results };
    if (results.every(({ lost, open }) => lost.length + open.length === 0)) return fix;
    working.push(fix);
  }
  return working[0] ?? null;
}

function* candidates(
  changes: readonly ControlChange[],
  everybody: readonly FunctionDescription[],
): Generator<Candidate> {
  const clearsOnly = changes.every(({ set }) => set === 0);
  const names = changes.map(({ bdf }) => bdf).join(";");
  if (clearsOnly) yield { option: "disable_acs_redir", value: names };
  const flagged = changes.map((change) => `${flagsOf(change)}@${change.bdf}`);
  yield { option: "config_acs", value: flagged.join(";") };
  if (changes.length < 2) return;
  // Releases that take one function only may take one pattern that means several.
  const pattern = patternOf(changes, everybody);
  if (pattern === null) return;
  if (clearsOnly) yield { option: "disable_acs_redir", value: pattern };
  const [flags, ...others] = new Set(changes.map(flagsOf));
  if (others.length === 0) yield { option: "config_acs", value: `${flags}@${pattern}` };
}

/** What is there already stays, behind what is new: Linux takes the first entry that fits a function. */
function joined(value: string, before: string | null): string {
  const added = value.split(";");
  const nameOf = (entry: string): string => entry.slice(entry.indexOf("@") + 1);
  const names = new Set(added.map(nameOf));
  const kept = (before ?? "").split(";").filter((entry) => entry !== "" && !names.has(nameOf(entry)));
  return [...added, ...kept].join(";");
}

/** The pattern of ids that means the functions to be changed and no other that has the capability. */
function patternOf(changes: readonly ControlChange[], everybody: readonly FunctionDescription[]): string | null {
  const wanted = new Set(changes.map(({ bdf }) => bdf));
  const [first] = everybody.filter(({ bdf }) => wanted.has(bdf));
  const { vendor, device } = first!;
  if (vendor === undefined || device === undefined) return null;
  const certain = everybody.every((each) => {
    if (each.acs === null) return true;
    const unknown = each.vendor === undefined || each.device === undefined;
    const hit = each.vendor === vendor && each.device === device;
    return wanted.has(each.bdf) ? hit : !hit && !unknown;
  });
  return certain ? `pci:${vendor}:${device}` : null;
}

/** What is kept is spelled out, for x is the firmware's value; redirects that are off stay off. */
function flagsOf({ capability, now, clear, set }: ControlChange): string {
  const word = knownBits(now);
  const flags = ACS_BITS.map((_, index) => {
    const bit = 1 << index;
    if ((clear & bit) !== 0) return "0";
    if ((set & bit) !== 0) return "1";
    if ((capability & word.mask & word.value & bit) !== 0) return "1";
    const off = (word.mask & ~word.value & bit) !== 0;
    return (capability & bit & ACS_REDIRECT) !== 0 && off ? "0" : "x";
  });
  return flags.reverse().join("");
}

/** Of a function that the kernel was not asked about. */
const NOTHING_KNOWN: RegisterWord = { value: 0, mask: 0 };

function resultOf({ bdf, capability, now, clear, set }: ControlChange, control: RegisterWord): BootResult {
  const [word, then] = [knownBits(now), knownBits(control)];
  const kept = capability & word.value & word.mask & ~clear & ~set & ALL;
  return {
    bdf,
    control,
    lost: acsNames(kept & then.mask & ~then.value),
    open: acsNames(capability & ~then.mask & ALL),
  };
}

const ALL = (1 << ACS_BITS.length) - 1;

/** Whether all that has to change has changed, and no redirect that may stay is gone. */
function isWanted({ capability, now, clear, set }: ControlChange, { control }: BootResult): boolean {
  const then = knownBits(control);
  const before = knownBits(now);
  const stays = capability & before.mask & before.value & ACS_REDIRECT & ~clear;
  const mask = clear | set | stays;
  return (then.mask & mask) === mask && (then.value & mask) === (set | stays);
}
