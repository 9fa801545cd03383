import type { FunctionDescription, SystemDescription } from "../topology/description.js";
import { ACS_REDIRECT, formatWord, redirects } from "../topology/register.js";
import {
  acsParameters,
  askedOf,
  parseConfigure,
  parseDisableRedirect,
  type AcsEntry,
  type AcsFault,
} from "./acs-parameters.js";
import { acsRulesOf, type AcsRules } from "./acs-release.js";
import { parametersNamed, parseCommandLine, pciOptions, type BootParameter, type PciOption } from "./command-line.js";
import { matchDevice } from "./device-pattern.js";
import { upstreamIn, type Upstream } from "./upstream.js";

/** What may be wrong with kernel parameters that concern peer-to-peer DMA. */
export type BootProblemCode =
  | "UNKNOWN_PCI_OPTION"
  | "ACS_OVERRIDE"
  | "COMMA_FOR_SEMICOLON"
  | "ACS_PARAMETER_TOO_NEW"
  | "ACS_PARAMETER_REPEATED"
  | "BAD_ACS_FLAGS"
  | "BAD_DEVICE"
  | "NO_SUCH_DEVICE"
  | "NO_ACS_CAPABILITY"
  | "SEVERAL_DEVICES"
  | "OTHER_BITS_SET"
  | "ACS_PARAMETER_WITHOUT_EFFECT"
  | "NO_EXTENDED_SPACE"
  | "HOST_WINDOWS_IGNORED";

/** Something on the command line that does not do what whoever wrote it wants. */
export interface BootProblem {
  readonly code: BootProblemCode;
  /** The parameter, option or entry that is at fault, as it stands on the command line. */
  readonly parameter: string;
  /** What is wrong and what follows, a sentence or two without a full stop. */
  readonly text: string;
  /** The functions it is about. */
  readonly functions: readonly string[];
}

/** Looks the system's own command line through, by the rules of its own kernel. None where it shows no command line. */
export function bootProblems(system: SystemDescription): readonly BootProblem[] {
  const { commandLine, release } = system.kernel ?? {};
  if (commandLine === undefined) return [];
  const parameters = parseCommandLine(commandLine);
  const options = pciOptions(parameters);
  return [
    ...parametersNamed(parameters, "pcie_acs_override").map(overrideProblem),
    ...options.flatMap((option) => optionProblems(option, release)),
    ...parametersNamed(parameters, "pci").flatMap(commaProblems),
    ...["disable_acs_redir", "config_acs"].flatMap((name) => repetition(options, name)),
    ...entryProblems(system, options, acsRulesOf(release)),
  ];
}

function overrideProblem({ text }: BootParameter): BootProblem {
  return problem(
    "ACS_OVERRIDE",
    text,
    "no kernel.org kernel knows pcie_acs_override. Where a patch adds it, it pretends that functions are isolated which " +
      "are not, so that IOMMU groups get smaller; it changes no ACS bit, and so nothing about peer-to-peer DMA",
  );
}

/** Options that look as if they were about ACS; there are these two alone. */
const ACS_OPTIONS = ["disable_acs_redir", "config_acs"];

function optionProblems({ name, value, text }: PciOption, release: string | undefined): BootProblem[] {
  if (name === "nommconf") {
    const why =
      "without it configuration space ends at 256 bytes on x86: Linux finds no ACS capability, and neither enables nor " +
      "disables anything there, while the hardware goes on as the firmware left it";
    return [problem("NO_EXTENDED_SPACE", text, why)];
  }
  if (name === "nocrs") {
    const why =
      "Linux ignores what the firmware says of the host bridges' windows, and may place BARs where no request arrives";
    return [problem("HOST_WINDOWS_IGNORED", text, why)];
  }
  if (!ACS_OPTIONS.includes(name)) {
    if (!/acs/i.test(name) || isEntry(text)) return [];
    const why = `Linux has no such option, logs "PCI: Unknown option" and changes nothing: pci=disable_acs_redir= or pci=config_acs= do`;
    return [problem("UNKNOWN_PCI_OPTION", text, why)];
  }
  if (value === null) {
    return [
      problem("UNKNOWN_PCI_OPTION", text, `Linux takes ${name} with = and functions alone, and ignores it without`),
    ];
  }
  const rules = acsRulesOf(release);
  const since = name === "config_acs" ? "6.11" : "4.19";
  const isTooNew = rules.every((each) => each === "none" || (each === "clears" && name === "config_acs"));
  if (!isTooNew) return [];
  return [
    problem("ACS_PARAMETER_TOO_NEW", text, `Linux has ${name} from ${since} on; ${release} logs an unknown option`),
  ];
}

/** A function, or flags and a function, which stand where an option should. */
function isEntry(text: string): boolean {
  return /^(?:[01xX]*@)?(?:(?:[0-9a-f]{1,8}:)?[0-9a-f]{1,2}:[0-9a-f]{1,2}\.[0-7](?:\/|;|$)|pci:[0-9a-f]+:[0-9a-f]+)/i.test(
    text,
  );
}

function commaProblems({ value }: BootParameter): BootProblem[] {
  const options = (value ?? "").split(",");
  return options.flatMap((text, at) => {
    const before = options.slice(0, at).reverse();
    const opened = before.find((each) => !isEntry(each));
    if (!isEntry(text) || opened === undefined || !ACS_OPTIONS.some((name) => opened.startsWith(`${name}=`))) return [];
    const why = `, ends the list: Linux takes ${text} for an option of its own, which there is not. Separate functions by ;`;
    return [problem("COMMA_FOR_SEMICOLON", text, why)];
  });
}

function repetition(options: readonly PciOption[], name: string): BootProblem[] {
  const given = options.filter((option) => option.name === name && option.value !== null);
  return given.slice(0, -1).map(({ text }) => {
    const why = `a later ${name} takes its place, and nothing of this one is left: put all functions into one, separated by ;`;
    return problem("ACS_PARAMETER_REPEATED", text, why);
  });
}

function entryProblems(
  system: SystemDescription,
  options: readonly PciOption[],
  rules: readonly AcsRules[],
): BootProblem[] {
  const { disableRedirect, configure } = acsParameters(options);
  const upstream = upstreamIn(system);
  const problems: BootProblem[] = [];
  if (disableRedirect !== null && !rules.includes("none")) {
    const entries = parseDisableRedirect(disableRedirect);
    problems.push(...deviceProblems(system, entries, upstream, "disable_acs_redir="));
    if (rules.includes("combines")) problems.push(otherBits(`disable_acs_redir=${disableRedirect}`, rules));
    // config_acs has the last word.
    if (configure === null) problems.push(...withoutEffect(system, entries, upstream, "disable_acs_redir="));
  }
  const newest = rules.at(-1)!;
  if (configure !== null && newest !== "none" && newest !== "clears") {
    const entries = parseConfigure(configure, newest);
    problems.push(...deviceProblems(system, entries, upstream, "config_acs="));
    const clearing = entries.filter(({ mask, flags }) => (mask & ~flags & ACS_REDIRECT) === ACS_REDIRECT);
    if (clearing.length === entries.length) {
      problems.push(...withoutEffect(system, entries, upstream, "config_acs="));
    }
    if (rules.includes("combines") && parseConfigure(configure, "rebuilds").length > 1) {
      const why =
        `Linux 6.11 to 6.14 without the fix of config_acs ${rules.length > 1 ? "may read" : "reads"} the flags of the ` +
        `first entry alone and gives up at the second ("Can't parse ACS command line parameter"): update, or name one`;
      problems.push(problem("SEVERAL_DEVICES", `config_acs=${configure}`, why));
    }
  }
  return problems;
}

function otherBits(parameter: string, rules: readonly AcsRules[]): BootProblem {
  const why =
    `Linux 6.11 to 6.14 without the fix of config_acs ${rules.length > 1 ? "may set" : "sets"} every other ACS bit that ` +
    "the function has, translation blocking and direct translated among them, and leaves the redirect bits as the firmware had them: update";
  return problem("OTHER_BITS_SET", parameter, why);
}

const FAULTS: Readonly<Record<Exclude<AcsFault, "bad-device">, string>> = {
  "flags-missing": "there is no @ between flags and function (1100@0000:02:00.0)",
  "bad-flags": "flags before @ are 0, 1 and x alone",
  "too-many-flags": "only the last seven flags (DT EC UF CR RR TB SV) may be other than x",
};

function deviceProblems(
  system: SystemDescription,
  entries: readonly AcsEntry[],
  upstream: Upstream,
  prefix: string,
): BootProblem[] {
  return entries.flatMap((entry) => {
    const { pattern, fault, text } = entry;
    const parameter = prefix + text;
    if (fault !== undefined && fault !== "bad-device") {
      return [problem("BAD_ACS_FLAGS", parameter, `${FAULTS[fault]}: Linux ignores this entry and those behind it`)];
    }
    if (pattern === null || (pattern.by === "path" && (pattern.anchor === null || pattern.steps.includes(null)))) {
      const why =
        `${text} names no function: expected [segment:]bus:device.function or pci:vendor:device. Linux gives up at this ` +
        `entry and ignores those behind it`;
      return [problem("BAD_DEVICE", parameter, why)];
    }
    const matches = system.functions.map((each) => [each, matchDevice(pattern, each, upstream)] as const);
    const named = matches.flatMap(([each, match]) => (match === "yes" ? [each] : []));
    if (named.length === 0) {
      if (
        matches.some(([, match]) => match === "unknown") ||
        system.complete === undefined ||
        system.complete === false
      )
        return [];
      return [problem("NO_SUCH_DEVICE", parameter, `no function of this machine is ${text}: it has no effect`)];
    }
    if (!named.every(({ acs }) => acs === null)) return [];
    const names = named.map(({ bdf }) => bdf);
    const who = names.length === 1 ? `${names[0]} has` : `none of the ${names.length} functions it stands for has`;
    return [
      problem(
        "NO_ACS_CAPABILITY",
        parameter,
        `${who} ${names.length === 1 ? "no" : "an"} ACS capability: it has no effect`,
        names,
      ),
    ];
  });
}

/** Functions whose redirect bits are on although an entry that certainly stands for them clears all three. */
function withoutEffect(
  system: SystemDescription,
  entries: readonly AcsEntry[],
  upstream: Upstream,
  prefix: string,
): BootProblem[] {
  const still = system.functions.filter((each) => redirects(each) === "on" && isNamed(entries, each, upstream));
  return still.map((each) => {
    const why =
      `${each.bdf} redirects all the same (control ${formatWord(each.acs!.control)}): the kernel did not take the parameter, ` +
      "or something set the bits again after the boot";
    return problem("ACS_PARAMETER_WITHOUT_EFFECT", prefix + entryOf(entries, each, upstream), why, [each.bdf]);
  });
}

function isNamed(entries: readonly AcsEntry[], description: FunctionDescription, upstream: Upstream): boolean {
  return description.acs ? !askedOf(entries, description, upstream).includes(null) : false;
}

function entryOf(entries: readonly AcsEntry[], description: FunctionDescription, upstream: Upstream): string {
  const found = entries.find(
    ({ pattern }) => pattern !== null && matchDevice(pattern, description, upstream) === "yes",
  );
  return found?.text ?? "";
}

function problem(
  code: BootProblemCode,
  parameter: string,
  text: string,
  functions: readonly string[] = [],
): BootProblem {
  return { code, parameter, text, functions };
}
