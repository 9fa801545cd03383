import type { PeerDma } from "../explain/peer-dma.js";
import type { Hint, Verdict } from "../explain/verdict.js";
import type { ControlChange } from "../fix/change.js";
import type { Exposure, IsolationCost, MergedGroup } from "../fix/cost.js";
import { LOADERS, loaderSteps, type Loader, type LoaderSteps } from "../fix/loaders.js";
import { acsNames, isDirect } from "../fix/needs.js";
import type { BootFix } from "../fix/parameter.js";
import type { FixPlan } from "../fix/plan.js";
import type { TemporaryCommand } from "../fix/setpci.js";
import type { Verification } from "../fix/verify.js";
import { ACS_BITS, formatWord, knownBits, WHOLE_WORD } from "../topology/register.js";
import { formatHex } from "../topology/address.js";
import type { RegisterWord } from "../topology/description.js";
import { listed } from "../topology/listed.js";
import { whatItIs } from "./describe.js";
import { whatIs } from "./parties.js";
import { missingText, policyDocument, type PolicyDocument } from "./policy.js";
import { paragraph, type Style } from "./style.js";
import { answerText, hintLines, missingLines, policyLines, verdictWord, type VerdictWord } from "./verdict.js";

/** What a pair needs, as `fix --json` prints it. */
export interface FixDocument {
  readonly a: string;
  readonly b: string;
  readonly status: FixPlan["status"];
  readonly profile: FixPlan["profile"];
  readonly ways: readonly {
    readonly provider: string;
    readonly client: string;
    readonly now: AnswerDocument;
    /** Null: nothing is to change. */
    readonly then: AnswerDocument | null;
  }[];
  readonly changes: readonly {
    readonly bdf: string;
    readonly what: string;
    readonly capability: string;
    readonly now: string;
    /** Only where some bits of `now` are not known: those that are. */
    readonly nowMask?: string;
    readonly wanted: string;
    /** As `nowMask`. */
    readonly wantedMask?: string;
    /** Names of bits. */
    readonly clear: readonly string[];
    readonly set: readonly string[];
    readonly why: string;
  }[];
  /** As the kernel reads it; null: none does it, nothing is to change, or nobody says which kernel runs. */
  readonly parameter: string | null;
  /** Where nobody says which kernel runs: the parameter before Linux 6.11, and that of the newest kernel known. */
  readonly byKernel: { readonly older: string; readonly newest: string | null } | null;
  readonly boot: {
    readonly option: BootFix["option"];
    readonly replaces: readonly string[];
    readonly results: readonly {
      readonly bdf: string;
      readonly control: string;
      /** Only where some bits of `control` are not known: those that are. */
      readonly controlMask?: string;
      readonly lost: readonly string[];
      readonly open: readonly string[];
    }[];
    readonly loaders: readonly LoaderSteps[];
  } | null;
  readonly temporary: readonly TemporaryCommand[];
  readonly cost: IsolationCost | null;
  readonly hints: readonly Hint[];
  readonly warnings: readonly string[];
  readonly policy: PolicyDocument;
  readonly missing: readonly string[];
  /** What has become of it since; null: nobody asked. */
  readonly verified: VerificationDocument | null;
}

/** What has become of a plan. */
export interface VerificationDocument {
  readonly state: Verification["state"];
  readonly changes: readonly {
    readonly bdf: string;
    readonly wanted: string;
    readonly wantedMask?: string;
    /** Null: not there; `"unknown"`: not shown. */
    readonly found: string | null | "unknown";
    /** Only where some bits of `found` are not known: those that are. */
    readonly foundMask?: string;
    readonly state: Verification["state"];
    readonly wrong: readonly string[];
    readonly other: readonly string[];
  }[];
  readonly ways: readonly ({ readonly provider: string; readonly client: string } & AnswerDocument)[];
  readonly remarks: readonly string[];
}

interface AnswerDocument {
  readonly verdict: VerdictWord;
  readonly route: string;
  readonly code: string | null;
}

/** The parameter that is right for the machine's kernel; null: none does it, or nobody says which kernel runs. */
export function fixParameter({ boot, olderBoot }: FixPlan): string | null {
  return olderBoot === null ? (boot?.parameter ?? null) : null;
}

/**
 * A plan as scripts read it.
 *
 * @param verified what has become of it, where it was looked for.
 */
export function fixDocument(peer: PeerDma, plan: FixPlan, verified: Verification | null = null): FixDocument {
  const { topology } = peer;
  const { boot } = plan;
  return {
    a: plan.a,
    b: plan.b,
    status: plan.status,
    profile: plan.profile,
    ways: plan.before.map((verdict, index) => ({
      provider: verdict.provider,
      client: verdict.client,
      now: answerDocument(verdict),
      then: plan.after === null ? null : answerDocument(plan.after[index]!),
    })),
    changes: plan.changes.map(({ id, bdf, capability, now, wanted, clear, set, why }) => ({
      bdf,
      what: whatItIs(topology.registers(id)!),
      capability: formatHex(capability),
      ...words("now", now),
      ...words("wanted", wanted),
      clear: acsNames(clear),
      set: acsNames(set),
      why,
    })),
    parameter: fixParameter(plan),
    byKernel: plan.olderBoot && { older: plan.olderBoot.parameter, newest: boot?.parameter ?? null },
    boot: boot && {
      option: boot.option,
      replaces: boot.replaces,
      results: boot.results.map((result) => ({ ...result, ...words("control", result.control) })),
      loaders: Object.values(loaderSteps(boot.parameter, boot.replaces)),
    },
    temporary: plan.temporary,
    cost: plan.cost,
    hints: plan.hints,
    warnings: plan.warnings,
    policy: policyDocument(peer, [topology.id(plan.a), topology.id(plan.b)]),
    missing: plan.missing.map(missingText),
    verified: verified && verificationDocument(verified),
  };
}

function answerDocument(verdict: Verdict): AnswerDocument {
  return {
    verdict: verdictWord(verdict),
    route: verdict.route,
    code: verdict.answer === "yes" ? null : verdict.code,
  };
}

function verificationDocument({ state, changes, verdicts, remarks }: Verification): VerificationDocument {
  return {
    state,
    changes: changes.map(({ bdf, wanted, found, state: own, wrong, other }) => ({
      bdf,
      ...words("wanted", wanted),
      ...(found === undefined || found === null
        ? { found: found === null ? null : ("unknown" as const) }
        : words("found", found)),
      state: own,
      wrong,
      other,
    })),
    ways: verdicts.map((verdict) => ({
      provider: verdict.provider,
      client: verdict.client,
      ...answerDocument(verdict),
    })),
    remarks,
  };
}

/** A control word under its name, and where only some of its bits are known, which. */
function words<Name extends string>(name: Name, word: RegisterWord) {
  const { value, mask } = knownBits(word);
  const said = { [name]: formatHex(value) } as Record<Name, string>;
  return mask === WHOLE_WORD ? said : { ...said, [`${name}Mask`]: formatHex(mask) };
}

const HEADWORDS: Readonly<Record<FixPlan["status"], string>> = {
  nothing: "NOTHING TO FIX",
  optional: "WORKS, COULD BE DIRECT",
  acs: "CAN BE FIXED",
  other: "NO ACS BIT HELPS",
  unknown: "UNKNOWN",
};

/**
 * A plan for people.
 *
 * @param loader the only boot loader to tell of; without it all.
 */
export function fixText(
  peer: PeerDma,
  plan: FixPlan,
  style: Style,
  { loader, verified = null }: { readonly loader?: Loader; readonly verified?: Verification | null } = {},
): string {
  const { topology } = peer;
  const named = (name: string) => `${name} (${whatIs(topology, name)})`;
  const colour = {
    nothing: style.good,
    optional: style.doubtful,
    acs: style.bad,
    other: style.bad,
    unknown: style.doubtful,
  };
  const hope = plan.status === "unknown" && plan.after?.every(isDirect) === true ? ", COULD BE DIRECT" : "";
  const head = colour[plan.status](HEADWORDS[plan.status] + hope);
  return [
    ...paragraph("", `${head}: ${named(plan.a)} and ${named(plan.b)}`, style, 0),
    ...answersText("  now", plan.before, style),
    ...(plan.after === null ? [] : answersText("  then", plan.after, style)),
    ...(verified === null ? planText(peer, plan, style, loader) : verifiedText(verified, style)),
    ...plan.warnings.flatMap((text) => paragraph("  warning", text, style)),
    ...missingLines(plan.missing.map(missingText), style),
    ...policyLines(policyDocument(peer, [topology.id(plan.a), topology.id(plan.b)]), style),
  ].join("\n");
}

/** Both ways in one line where they are alike. */
function answersText(heading: string, verdicts: readonly Verdict[], style: Style): string[] {
  const texts = verdicts.map(answerText);
  if (texts.length === 2 && texts[0] === texts[1]) return paragraph(heading, `${texts[0]}, both ways`, style);
  return verdicts.flatMap(({ provider, client }, index) =>
    paragraph(index === 0 ? heading : "", `${client} to the memory of ${provider}: ${texts[index]}`, style),
  );
}

function planText(peer: PeerDma, plan: FixPlan, style: Style, loader: Loader | undefined): string[] {
  return [
    ...changesText(peer, plan.changes, style),
    ...bootText(peer, plan, style, loader),
    ...temporaryText(plan.temporary, style),
    ...(plan.cost === null ? [] : costText(plan.cost, style)),
    ...hintLines(plan.hints, style),
    ...(plan.changes.length === 0 ? [] : paragraph("  note", NOTE, style)),
  ];
}

const NOTE =
  "peerlane has written nothing. Linux remembers its decision for a pair, and drivers theirs: bits that change while " +
  "either runs are seen after the driver is loaded anew, or after a reboot.";

function changesText({ topology }: PeerDma, changes: readonly ControlChange[], style: Style): string[] {
  return changes.flatMap(({ id, bdf, capability, now, wanted, why }, index) => [
    `${(index === 0 ? "  change" : "").padEnd(11)}${bdf}  ${whatItIs(topology.registers(id)!)}`,
    ...paragraph("", `now    ${bitsText(capability, now)}`, style, 13),
    ...paragraph("", `wanted ${bitsText(capability, wanted)}`, style, 13),
    ...paragraph("", `why    ${why}`, style, 13),
  ]);
}

/** The bits that the function has, as lspci marks them; `?`: not known. */
function bitsText(capability: number, word: RegisterWord): string {
  const { value, mask } = knownBits(word);
  const bits = ACS_BITS.flatMap((name, index) => {
    const bit = 1 << index;
    if (((capability | (value & mask)) & bit) === 0) return [];
    return `${name}${(mask & bit) === 0 ? "?" : (value & bit) !== 0 ? "+" : "-"}`;
  });
  return `${bits.join(" ")}  ${formatWord(word)}`;
}

function bootText(peer: PeerDma, plan: FixPlan, style: Style, loader: Loader | undefined): string[] {
  const { boot, olderBoot, changes } = plan;
  const kernel = peer.policy.kernel;
  const linux = kernel === undefined ? "this kernel" : `Linux ${kernel}`;
  if (boot === null) {
    if (changes.length === 0) return [];
    const advice =
      `no kernel parameter is known to do just that on ${linux}: change the bits with setpci after each boot, ` +
      "or update the kernel; config_acs with several functions works from 6.15 on";
    return paragraph("  at boot", advice, style);
  }
  const steps = loaderSteps(boot.parameter, boot.replaces);
  const results = boot.results.map(({ bdf, control, lost, open }) => {
    const changes = [
      ...(lost.length > 0 ? [`loses ${lost.join(" ")}`] : []),
      ...(open.length > 0 ? [`${open.join(" ")} as the firmware had it`] : []),
    ];
    return [`${bdf} is then ${formatWord(control)}`, ...changes].join(", ");
  });
  const unsure =
    olderBoot === null
      ? []
      : [
          ...paragraph(
            "  at boot",
            "the source does not show which kernel runs, and --kernel does not say: before Linux 6.11 it is",
            style,
          ),
          `${" ".repeat(11)}${style.strong(`'${olderBoot.parameter}'`)}`,
        ];
  return [
    ...unsure,
    ...paragraph(olderBoot === null ? "  at boot" : "", `${linux} takes`, style),
    `${" ".repeat(11)}${style.strong(`'${boot.parameter}'`)}`,
    ...boot.replaces.flatMap((text) => paragraph("", `in place of '${text}', which is there now`, style)),
    ...results.flatMap((text) => paragraph("", text, style)),
    ...LOADERS.filter((each) => loader === undefined || each === loader).flatMap((each) =>
      stepsText(steps[each], style),
    ),
  ];
}

function stepsText({ loader, file, lines, remarks }: LoaderSteps, style: Style): string[] {
  return [
    ...paragraph(`  ${loader}`, file === null ? "run as root" : `in ${file}`, style, 16),
    ...lines.map((line) => `${" ".repeat(16)}${line}`),
    ...remarks.flatMap((remark) => paragraph("", remark, style, 16)),
  ];
}

function temporaryText(commands: readonly TemporaryCommand[], style: Style): string[] {
  if (commands.length === 0) return [];
  const undo = commands.flatMap((command) => command.undo ?? []);
  return [
    ...paragraph("  until reset", "as root, before the driver that asks is loaded", style, 16),
    ...commands.map(({ command }) => `${" ".repeat(16)}${command}`),
    ...undo.map((command, index) => `${(index === 0 ? "  to undo" : "").padEnd(16)}${command}`),
  ];
}

const SHOWN = 6;

function costText({ exposed, merged, noGroups }: IsolationCost, style: Style): string[] {
  const lines = [
    ...exposed.map(exposureText),
    ...(merged ?? []).map(mergedText),
    ...(noGroups === null ? [] : [noGroups]),
    ...(merged !== null && merged.length === 0
      ? ["no IOMMU groups merge: Linux still hands the devices out one by one"]
      : []),
    ...(exposed.length > 0 ? ["a virtual machine that is given one of them can then reach the others' memory"] : []),
  ];
  return lines.flatMap((text, index) => paragraph(index === 0 ? "  cost" : "", text, style));
}

function exposureText({ by, initiators, reach }: Exposure): string {
  return `${by} lets ${few(initiators)} reach the memory of ${few(reach)} without the IOMMU between them`;
}

function mergedText({ parts, certain }: MergedGroup): string {
  const groups = parts.map((part) => few(part)).join(" | ");
  return `IOMMU groups ${certain === true ? "merge" : "may merge"}, so that one virtual machine gets all: ${groups}`;
}

function few(names: readonly string[]): string {
  return listed(names, SHOWN);
}

const VERIFIED: Readonly<Record<Verification["state"], string>> = {
  done: "done: the pair is direct",
  not: "not done",
  unknown: "not shown by that source",
};

function verifiedText({ state, changes, verdicts, remarks }: Verification, style: Style): string[] {
  const paint = { done: style.good, not: style.bad, unknown: style.doubtful }[state];
  return [
    ...paragraph("  since", paint(VERIFIED[state]), style),
    ...answersText("", verdicts, style),
    ...changes.flatMap(({ bdf, found, state: own, wrong, other }) => {
      const word = found === undefined ? "not shown" : found === null ? "not there" : formatWord(found);
      const extras = [
        ...(wrong.length > 0 ? [`${wrong.join(" ")} still to change`] : []),
        ...(other.length > 0 ? [`${other.join(" ")} changed as well`] : []),
      ];
      return paragraph(
        "",
        [
          `${bdf} ${own === "done" ? "as wanted" : own === "not" ? "not as wanted" : "unknown"}: ${word}`,
          ...extras,
        ].join(", "),
        style,
      );
    }),
    ...remarks.flatMap((text) => paragraph("  note", text, style)),
  ];
}
