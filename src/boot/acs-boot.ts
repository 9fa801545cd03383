import type { AcsDescription, FunctionDescription, SystemDescription } from "../topology/description.js";
import { isLeftAlone, kernelDefault } from "./acs-defaults.js";
import {
  acsParameters,
  askedOf,
  configured,
  disabledRedirect,
  parseConfigure,
  parseDisableRedirect,
  written,
  type AcsEntry,
} from "./acs-parameters.js";
import { acsRulesOf, type AcsRules } from "./acs-release.js";
import { bitsOf, conflict, either, type Bits } from "./bits.js";
import { pciOptions, type BootParameter } from "./command-line.js";
import { isolationRequested, type IommuState } from "./iommu-mode.js";
import { upstreamIn, type Upstream } from "./upstream.js";

/**
 * How a boot sets the ACS control words, from the firmware's word to the one that is there afterwards:
 *
 *     firmware ──> kernel's default ──> disable_acs_redir ──> config_acs ──> what the register keeps
 *                  if an IOMMU asks     └──── by the rules of the release ────┘
 *
 * One of these for each combination of what is not known of the boot.
 */
export interface AcsBoot {
  readonly rules: AcsRules;
  /** Whether an IOMMU asked for isolation. */
  readonly requested: boolean;
  readonly noAts: boolean;
  readonly disable: readonly AcsEntry[];
  readonly configure: readonly AcsEntry[];
  readonly upstream: Upstream;
}

/** Every way in which a boot of the system with these parameters may go. */
export function acsBoots(
  system: SystemDescription,
  parameters: readonly BootParameter[],
  release: string | undefined,
  iommu: IommuState,
): readonly AcsBoot[] {
  const options = pciOptions(parameters);
  const { disableRedirect, configure } = acsParameters(options);
  const disable = disableRedirect === null ? [] : parseDisableRedirect(disableRedirect);
  const noAts = options.some(({ text }) => text === "noats");
  const upstream = upstreamIn(system);
  const isSilent = disableRedirect === null && configure === null;
  // Where no parameter asks for anything, all rules come to the same.
  const rules = isSilent ? (["none"] as const) : acsRulesOf(release);
  const requested = isolationRequested(iommu, system.cpu?.architecture, parameters, release);
  return rules.flatMap((each) => {
    const entries = configure === null ? [] : parseConfigure(configure, each);
    return requested.map((isolation) => ({
      rules: each,
      requested: isolation,
      noAts,
      disable,
      configure: entries,
      upstream,
    }));
  });
}

/** The control word after such a boot, which begins with the firmware's. */
export function controlAfter(
  boot: AcsBoot,
  description: FunctionDescription,
  { capability }: AcsDescription,
  firmware: Bits,
): Bits {
  if (isLeftAlone(description)) return firmware;
  const { rules, requested, noAts, disable, configure, upstream } = boot;
  const kernel = kernelDefault(firmware, capability, requested, noAts);
  const results = askedOf(disable, description, upstream).flatMap((disabled) => {
    const before = { firmware, kernel: disabledRedirect({ firmware, kernel }, disabled, rules) };
    return askedOf(configure, description, upstream).map((asked) => configured(before, asked, rules));
  });
  return written(results.reduce(either), firmware, capability);
}

/**
 * Those of several boots that may have led to the control words the system shows. All of them where none may: then
 * somebody changed the words afterwards.
 */
export function possibleBoots(
  boots: readonly AcsBoot[],
  functions: readonly FunctionDescription[],
): readonly AcsBoot[] {
  if (boots.length <= 1) return boots;
  const possible = boots.filter((boot) =>
    functions.every((each) => !each.acs || firmwareBefore(boot, each, each.acs).contradicted === 0),
  );
  return possible.length > 0 ? possible : boots;
}

/** A boot that led to what a system shows, and one that may follow it. */
export type Reboot = readonly [past: AcsBoot, next: AcsBoot];

/**
 * The combinations of what is not known. What does not change from one boot to the next is in both what it is in one.
 *
 * @param same whether the IOMMU asks, or the kernel goes by rules, of which nothing changes.
 */
export function reboots(
  past: readonly AcsBoot[],
  next: readonly AcsBoot[],
  same: { readonly iommu: boolean; readonly kernel: boolean },
): readonly Reboot[] {
  const all = past.flatMap((before) => next.map((after): Reboot => [before, after]));
  const alike = all.filter(([before, after]) => {
    const silent = before.rules === "none" || after.rules === "none";
    return (
      (!same.iommu || before.requested === after.requested) && (!same.kernel || silent || before.rules === after.rules)
    );
  });
  return alike.length > 0 ? alike : all;
}

/** The control word after a reboot, and the firmware's, as far as they can be told from the words before. */
export function rebootedAcs(
  ways: readonly Reboot[],
  description: FunctionDescription,
  acs: AcsDescription,
): { readonly control: Bits; readonly firmware: Bits } {
  const stated = acs.firmware === undefined ? null : bitsOf(acs.firmware);
  const results = ways.map(([past, next]) => {
    const firmware = stated ?? firmwareBefore(past, description, acs).firmware;
    return { firmware, control: controlAfter(next, description, acs, firmware) };
  });
  return results.reduce((a, b) => ({
    firmware: either(a.firmware, b.firmware),
    control: either(a.control, b.control),
  }));
}

const CLEAR: Bits = { value: 0, mask: 0xffff };
const SET: Bits = { value: 0xffff, mask: 0xffff };

/**
 * No bit of a boot's result depends on another bit of the firmware's word: a boot from a word of zeroes and one from a word
 * of ones show for each bit whether it was left as it was. Bits for which the boot cannot have led to what is there were
 * changed afterwards, and tell nothing.
 */
function firmwareBefore(
  boot: AcsBoot,
  description: FunctionDescription,
  acs: AcsDescription,
): { readonly firmware: Bits; readonly contradicted: number } {
  const now = bitsOf(acs.control);
  const stated = acs.firmware === undefined ? [CLEAR, SET] : [bitsOf(acs.firmware), bitsOf(acs.firmware)];
  const [fromClear, fromSet] = stated.map((word) => controlAfter(boot, description, acs, word)) as [Bits, Bits];
  const contradicted = conflict(fromClear, now) & conflict(fromSet, now);
  const kept = fromClear.mask & fromSet.mask & ~fromClear.value & fromSet.value;
  // What the boot sets from a clear bit, and what it clears from one that is set, is told apart where it is not there.
  const wasSet = fromClear.mask & ~fromClear.value & now.mask & now.value & ~contradicted;
  const wasClear = fromSet.mask & fromSet.value & now.mask & ~now.value & ~contradicted;
  const mask = (kept & now.mask) | wasSet | wasClear;
  return { firmware: { value: (wasSet | (kept & now.value)) & mask, mask }, contradicted };
}
