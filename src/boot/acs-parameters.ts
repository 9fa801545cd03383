import type { AcsRules } from "./acs-release.js";
import { assign, forget, take, type Bits } from "./bits.js";
import type { PciOption } from "./command-line.js";
import { matchDevice, parseDevicePattern, type DevicePattern, type Match } from "./device-pattern.js";
import type { FunctionDescription } from "../topology/description.js";
import { ACS_REDIRECT } from "../topology/register.js";
import type { Upstream } from "./upstream.js";

/**
 * What the kernel's ACS parameters ask for, entry by entry (drivers/pci/pci.c, `__pci_config_acs`):
 *
 *     pci=disable_acs_redir=0000:02:00.0;0000:02:01.0       clears RR, CR and EC
 *     pci=config_acs=1100@0000:05:00.0;xx0x0xx@pci:0:0      flags@function; the rightmost flag is bit 0
 *                    │        └ a pattern                   0 clears, 1 sets, x is as the firmware left it
 *                    └ at most seven flags that are not x: SV TB RR CR UF EC DT, from the right
 */
export interface AcsEntry {
  /** What it stands for; null: Linux cannot read it, and gives up here. */
  readonly pattern: DevicePattern | null;
  /** The bits it says something about, and what. */
  readonly mask: number;
  readonly flags: number;
  /** Why Linux gives up here, where `pattern` is null. */
  readonly fault?: AcsFault;
  /** As it stands in the parameter. */
  readonly text: string;
}

/** `flags-missing`: no `@`. `bad-flags`: other characters than 0, 1 and x before it. `too-many-flags`: bits above DT. */
export type AcsFault = "flags-missing" | "bad-flags" | "too-many-flags" | "bad-device";

/** The values of both parameters, of which the last of each name counts; null: not given. */
export interface AcsParameters {
  readonly disableRedirect: string | null;
  readonly configure: string | null;
}

/** Finds the two parameters among the options of `pci=`. */
export function acsParameters(options: readonly PciOption[]): AcsParameters {
  const last = (name: string) => options.filter((option) => option.name === name && option.value !== null).at(-1);
  return {
    disableRedirect: last("disable_acs_redir")?.value ?? null,
    configure: last("config_acs")?.value ?? null,
  };
}

/** The entries of `disable_acs_redir`, as far as Linux reads them. */
export function parseDisableRedirect(value: string): readonly AcsEntry[] {
  const entries: AcsEntry[] = [];
  for (let at = 0; at < value.length;) {
    const { pattern, end } = parseDevicePattern(value, at);
    entries.push(entryOf(pattern, ACS_REDIRECT, 0, value.slice(at, end)));
    if (pattern === null || value[end] !== ";") break;
    at = end + 1;
  }
  return entries;
}

/** The entries of `config_acs`, as far as Linux reads them. */
export function parseConfigure(value: string, rules: AcsRules): readonly AcsEntry[] {
  const entries: AcsEntry[] = [];
  let said: { mask: number; flags: number } = { mask: 0, flags: 0 };
  for (let at = 0; at < value.length;) {
    let start = at;
    // The first flags that say anything stay in force, and are not looked for again.
    if (rules !== "combines" || said.mask === 0) {
      const sign = value.indexOf("@", at);
      const text = value.slice(at, sign < 0 ? value.length : sign);
      const parsed = sign < 0 ? "flags-missing" : parseFlags(text);
      if (typeof parsed === "string") {
        const end = value.indexOf(";", at);
        entries.push({
          pattern: null,
          mask: 0,
          flags: 0,
          fault: parsed,
          text: value.slice(at, end < 0 ? undefined : end),
        });
        break;
      }
      said = parsed;
      start = sign + 1;
    }
    // After the last @ nothing may be left: then no function is matched.
    if (start >= value.length) {
      entries.push(entryOf(null, said.mask, said.flags, value.slice(at)));
      break;
    }
    const { pattern, end } = parseDevicePattern(value, start);
    entries.push(entryOf(pattern, said.mask, said.flags, value.slice(at, end)));
    if (pattern === null || value[end] !== ";") break;
    at = end + 1;
  }
  return entries;
}

function entryOf(pattern: DevicePattern | null, mask: number, flags: number, text: string): AcsEntry {
  const entry = { pattern, mask, flags, text };
  return pattern === null ? { ...entry, fault: "bad-device" } : entry;
}

/** Bits of the control word that parameters may name. */
const NAMED_BITS = 7;
const WORD_BITS = 16;

function parseFlags(text: string): { mask: number; flags: number } | AcsFault {
  if (!/^[01xX]*$/.test(text)) return "bad-flags";
  let [mask, flags] = [0, 0];
  // Linux drops what is beyond the word.
  [...text.slice(-WORD_BITS)].reverse().forEach((flag, bit) => {
    if (flag === "0" || flag === "1") mask |= 1 << bit;
    if (flag === "1") flags |= 1 << bit;
  });
  return mask >>> NAMED_BITS === 0 ? { mask, flags } : "too-many-flags";
}

/** What an entry asks of a function; null: nothing, since none stands for it, or Linux gave up before. */
export type Asked = Pick<AcsEntry, "mask" | "flags"> | null;

/** What the entries may ask of a function: the first that stands for it counts. Several where the ids are not shown. */
export function askedOf(entries: readonly AcsEntry[], description: FunctionDescription, upstream: Upstream): Asked[] {
  const possible: Asked[] = [];
  for (const { pattern, mask, flags } of entries) {
    const match: Match = pattern === null ? "invalid" : matchDevice(pattern, description, upstream);
    if (match === "no") continue;
    if (match === "invalid") break;
    possible.push({ mask, flags });
    if (match === "yes") return possible;
  }
  return [...possible, null];
}

/** The words that a boot goes by: as the firmware left it, and as the kernel would have it without parameters. */
export interface Before {
  readonly firmware: Bits;
  readonly kernel: Bits;
}

/** What `disable_acs_redir` makes of the control word, by the rules of the release. */
export function disabledRedirect({ firmware, kernel }: Before, asked: Asked, rules: AcsRules): Bits {
  if (asked === null || rules === "none") return kernel;
  if (rules === "clears") return assign(kernel, ACS_REDIRECT, 0);
  if (rules === "rebuilds") return assign(firmware, ACS_REDIRECT, 0);
  // The redirect bits come back from the firmware, and every other bit is set.
  return assign(take(kernel, firmware, ACS_REDIRECT), ~ACS_REDIRECT & 0xffff, 0xffff);
}

/** What `config_acs` makes of it thereafter. */
export function configured({ firmware, kernel }: Before, asked: Asked, rules: AcsRules): Bits {
  if (asked === null || rules === "none" || rules === "clears") return kernel;
  const { mask, flags } = asked;
  if (rules === "rebuilds") return assign(firmware, mask, flags);
  return assign(take(kernel, firmware, mask & ~flags), flags, flags);
}

/** Bits that every capability word speaks of, and those that an enhanced capability adds. */
const PLAIN_BITS = 0x007f;
const ENHANCED_BITS = 0x1f80;
const ENHANCED = 0x0080;

/**
 * What the register keeps of what is written. A bit that the capability lacks stays as it was (PCIe 6.0 7.7.11.3);
 * which of the enhanced ones there are, the capability does not tell.
 */
export function written(word: Bits, before: Bits, capability: number): Bits {
  const kept = take(before, word, capability & PLAIN_BITS);
  if ((capability & ENHANCED) === 0) return kept;
  const agree = ~(word.value ^ before.value) & word.mask & before.mask;
  return forget(kept, ENHANCED_BITS & ~agree);
}
