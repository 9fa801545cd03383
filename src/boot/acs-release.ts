import { ordinal, parseRelease } from "../policy/release.js";

/**
 * What Linux makes of `pci=disable_acs_redir=` and `pci=config_acs=` at boot (docs/semantics.md, Kernel parameters).
 *
 * `none`: it knows neither (before 4.19). `clears`: `disable_acs_redir` clears the redirect bits of what the kernel set,
 * and there is no `config_acs` (before 6.11). `combines`: both are there, with the bits of kernel and firmware mixed up
 * and one set of flags for all functions (6.11, until "PCI/ACS: Fix 'pci=config_acs=' parameter"). `rebuilds`: what a
 * parameter does not say is as the firmware left it (6.15, and stable releases with that fix).
 */
export type AcsRules = "none" | "clears" | "combines" | "rebuilds";

/** The rules that a release may have: several where it does not tell. A release that is not known may have any. */
export function acsRulesOf(release: string | undefined): readonly AcsRules[] {
  const parsed = release === undefined ? null : parseRelease(release);
  if (parsed === null) return ["clears", "combines", "rebuilds"];
  const now = ordinal(parsed);
  if (now < ordinal({ major: 4, minor: 19 })) return ["none"];
  if (now < ordinal(FIRST_WITH_CONFIG)) return ["clears"];
  if (now >= ordinal(FIXED)) return ["rebuilds"];
  return fixedInStable(release!, parsed.minor);
}

const FIRST_WITH_CONFIG = { major: 6, minor: 11 };
const FIXED = { major: 6, minor: 15 };

/**
 * Stable releases around the fix, which was sent out for them on 8 April 2025: without it before the first, with it from
 * the second. 6.12.107 and 6.12.117 were measured. There was no 6.11 by then.
 */
const STABLE: Readonly<Record<number, readonly [number, number]>> = { 12: [22, 25], 13: [10, 13], 14: [1, 4] };

function fixedInStable(release: string, minor: number): readonly AcsRules[] {
  // Distributions that leave the third number at 0 count their own patches behind it.
  const [, third, suffix] = /^v?\d+\.\d+(?:\.(\d+))?(.*)$/.exec(release.trim())!;
  if ((third === undefined || third === "0") && /^-(?!rc)/.test(suffix!)) return ["combines", "rebuilds"];
  const [first, certain] = STABLE[minor] ?? [Infinity, Infinity];
  const patch = Number(third ?? 0);
  if (patch >= certain) return ["rebuilds"];
  return patch < first ? ["combines"] : ["combines", "rebuilds"];
}
