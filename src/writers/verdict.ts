import type { Ref, Topology } from "../topology/topology.js";
import { CODES, type Code } from "../explain/codes.js";
import { memoryOverLink } from "../explain/memory.js";
import type { PeerDma } from "../explain/peer-dma.js";
import type { Culprit, Hint, Link, Memory, Verdict } from "../explain/verdict.js";
import { distanceText } from "./common.js";
import { attachmentText, extrasOf, linkText } from "./links.js";
import { functionsAmong, isOutside, partiesPolicy, whatIs } from "./parties.js";
import { pathText } from "./path.js";
import { missingText, policyText, type PolicyDocument } from "./policy.js";
import { paragraph, type Style } from "./style.js";

/** A verdict in one word, as `--quiet` prints it. */
export type VerdictWord = "yes" | "yes-through-host-bridge" | "no" | "unknown";

/** A verdict, as `can --json` prints it. */
export interface VerdictDocument {
  readonly provider: string;
  readonly client: string;
  readonly memory: Memory;
  readonly verdict: VerdictWord;
  readonly route: string;
  /** Hops; null: unknown. */
  readonly distance: number | null;
  readonly common: string | null | "unknown";
  readonly code: string | null;
  readonly culprits: readonly Culprit[];
  readonly hints: readonly Hint[];
  readonly policy: PolicyDocument;
  readonly missing: readonly string[];
  /** Null: no side link leads from the client to the provider. */
  readonly link: Link | null;
  /** What PCIe alone would say, where a side link has a say; null: the answer is PCIe's own. */
  readonly pcie: PcieDocument | null;
  /** How provider and client are attached to the host beside PCIe. */
  readonly attachments: readonly { readonly bdf: string; readonly kind: string }[];
}

type PcieDocument = Pick<VerdictDocument, "verdict" | "route" | "code" | "culprits" | "hints" | "missing">;

/**
 * A verdict as scripts read it.
 *
 * @param refs provider and client, where their names alone do not tell.
 */
export function verdictDocument(peer: PeerDma, verdict: Verdict, refs = endsOf(verdict)): VerdictDocument {
  const { provider, client, memory, distance, common, link, pcie } = verdict;
  const said = saidDocument(verdict);
  return {
    provider,
    client,
    memory,
    verdict: said.verdict,
    route: said.route,
    distance,
    common,
    code: said.code,
    culprits: said.culprits,
    hints: said.hints,
    policy: partiesPolicy(peer, refs),
    missing: said.missing,
    link,
    pcie: pcie && saidDocument(pcie),
    attachments: functionsAmong(peer.topology, refs).flatMap((id) =>
      extrasOf(peer.topology, id).attachments.map((kind) => ({ bdf: peer.topology.name(id), kind })),
    ),
  };
}

function saidDocument(verdict: Verdict): PcieDocument {
  return {
    verdict: verdictWord(verdict),
    route: verdict.route,
    code: verdict.answer === "yes" ? null : verdict.code,
    culprits: verdict.culprits,
    hints: verdict.hints,
    missing: verdict.answer === "no" ? [] : verdict.missing.map(missingText),
  };
}

/** A verdict in one word. */
export function verdictWord({ answer, route }: Pick<Verdict, "answer" | "route">): VerdictWord {
  return answer === "yes" && route === "through-host-bridge" ? "yes-through-host-bridge" : answer;
}

/** What a pair comes to. */
interface Said {
  readonly answer: Verdict["answer"];
  readonly route: Verdict["route"];
  readonly code?: Code | null;
}

/** A verdict in a few words. */
export function answerText({ answer, route, code }: Said): string {
  if (answer === "no") return `refused (${code})`;
  if (answer === "unknown" || route === "not-supported") return `not known (${code})`;
  return route === "bus-address" ? "direct, below the common bridge" : `allowed, ${ROUTE_WORDS[route]}`;
}

const ROUTE_WORDS: Readonly<Record<Exclude<Verdict["route"], "bus-address" | "not-supported">, string>> = {
  local: "the function's own memory",
  "through-host-bridge": "through the host bridge",
  "side-link": "over a side link",
  "system-memory": "system memory",
  interconnect: "on the chip",
  unknown: "by a route that is not known",
};

/** Provider and client of a verdict. */
type Ends = readonly [provider: Ref, client: Ref];

function endsOf({ provider, client }: Verdict): Ends {
  return [provider, client];
}

/**
 * A verdict for people: the word, the route, the way with the culprit marked, why, and what to do.
 *
 * @param refs provider and client, where their names alone do not tell.
 */
export function verdictText(peer: PeerDma, verdict: Verdict, style: Style, refs = endsOf(verdict)): string {
  const { topology } = peer;
  const reached = memoryReached(topology, verdict, refs[0]);
  const memory = `the memory of ${verdict.provider} (provider, ${whatIs(topology, refs[0])})`;
  const initiator = `${verdict.client} (client, ${whatIs(topology, refs[1])})`;
  return [
    ...paragraph("", `${headword(verdict, reached, style)}: DMA by ${initiator} to ${memory}`, style, 0),
    ...wayText(peer, verdict, style, refs),
    ...memoryText(verdict, reached, style),
    ...functionsAmong(topology, refs).flatMap((id) =>
      attachmentText(topology, id).flatMap((text) => paragraph("  attached", text, style)),
    ),
    ...("missing" in verdict ? missingLines(verdict.missing.map(missingText), style) : []),
    ...hintLines(verdict.hints, style),
    ...policyLines(partiesPolicy(peer, refs), style),
  ].join("\n");
}

/** Route, path and reasons; outside PCI there is no path to draw. */
function wayText(peer: PeerDma, verdict: Verdict, style: Style, refs: Ends): string[] {
  const { topology } = peer;
  if (refs.some((ref) => isOutside(topology, ref))) {
    const way = verdict.answer === "no" ? "not supported" : verdict.route;
    return [...paragraph("  route", way, style), ...paragraph("  why", outsideText(verdict), style)];
  }
  const [provider, client] = [topology.id(refs[0]), topology.id(refs[1])];
  return [
    ...paragraph("  route", routeText(topology, verdict, provider, client), style),
    ...(verdict.link === null ? [] : paragraph("  link", linkText(verdict.link), style)),
    ...pcieText(peer, verdict, provider, client, style),
    ...pathText(
      topology,
      provider,
      client,
      { marks: marksOf(peer, [provider, client], (verdict.pcie ?? verdict).culprits), ends: ["provider", "client"] },
      style,
    ),
    ...paragraph("  why", whyText(peer, verdict, provider, client), style),
  ];
}

const OUTSIDE: Readonly<Partial<Record<Verdict["route"], string>>> = {
  local: "the device owns the memory itself",
  interconnect: "both are outside PCI: requests pass from one to the other on the chip",
  "through-host-bridge": "the host bridge forwards requests between PCI and what is outside it",
};

function outsideText(verdict: Verdict): string {
  if (verdict.answer === "yes") return OUTSIDE[verdict.route] ?? verdict.route;
  const faults = verdict.culprits.map(({ bdf, what }) => `${bdf}: ${what}`);
  return [`${verdict.code}: ${CODES[verdict.code]}`, ...faults].join("; ");
}

const YES: Readonly<Partial<Record<Verdict["route"], string>>> = {
  "side-link": "YES, BY SIDE LINK",
  "through-host-bridge": "YES, THROUGH THE HOST BRIDGE",
  unknown: "YES, BY A ROUTE THAT IS NOT KNOWN",
};

/** The decision does not look at the memory: a plain yes is only said where that is seen to. */
function headword({ answer, route, provider }: Verdict, memory: Memory, style: Style): string {
  if (answer === "no") return style.bad("NO");
  if (answer === "unknown") return style.doubtful("UNKNOWN");
  const yes = YES[route] ?? "YES";
  if (memory === "ok") return style.good(yes);
  const whose = route === "side-link" ? "" : " for Linux";
  return style.doubtful(`${yes}${whose}, but ${MEMORY[memory].short} (${provider})`);
}

/** Of a request over a side link only what matters to it: whether the memory decodes does not. */
function memoryReached(topology: Topology, { route, memory }: Verdict, provider: Ref): Memory {
  return route === "side-link" ? memoryOverLink(topology, topology.id(provider)) : memory;
}

const MEMORY: Readonly<Record<Exclude<Memory, "ok">, { readonly short: string; readonly long: string }>> = {
  off: {
    short: "memory decode is off",
    long: "memory decode is off on the provider or on a bridge above it: it would not answer. A driver that binds to it switches it on",
  },
  unassigned: {
    short: "its memory has no address",
    long: "no address is assigned to the provider's memory BARs: there is nothing to reach. See the kernel log for `BAR: no space`",
  },
  withheld: {
    short: "its exporter withholds it",
    long: "the exporter of the provider's memory hands it out to nobody: every mapping of it is refused",
  },
  none: { short: "it has no memory BAR", long: "the provider has no memory BAR: there is nothing to reach" },
  unknown: {
    short: "whether its memory answers is not shown",
    long: "the description does not show whether the provider's memory BARs are assigned and decoded",
  },
};

function memoryText({ answer }: Verdict, memory: Memory, style: Style): string[] {
  if (memory === "ok" || (answer !== "yes" && memory === "unknown")) return [];
  return paragraph("  memory", `${memory}: ${MEMORY[memory].long}`, style);
}

function routeText(
  topology: Topology,
  { answer, route, distance, common }: Verdict,
  provider: number,
  client: number,
): string {
  const way = answer === "no" ? "not supported" : route === "unknown" ? "unknown" : route;
  const hops = distanceText(topology, { a: provider, b: client, distance });
  const bridge =
    provider === client
      ? "the function itself"
      : common === null
        ? "no common bridge"
        : common === "unknown"
          ? "common bridge unknown"
          : `common bridge ${common}`;
  return way === "side-link" ? `${way}; on PCIe ${hops}, ${bridge}` : [way, hops, bridge].join(", ");
}

/** What PCIe would say beside a side link. */
function pcieText(peer: PeerDma, { pcie }: Verdict, provider: number, client: number, style: Style): string[] {
  if (pcie === null) return [];
  const way = pcie.answer === "no" ? "not supported" : pcie.route;
  return paragraph("  PCIe", `${way}; ${whyText(peer, pcie, provider, client)}`, style);
}

function whyText(peer: PeerDma, verdict: Verdict, provider: number, client: number): string {
  const { topology } = peer;
  const redirected = verdict.culprits.some(({ bits }) => bits.length > 0);
  const roots = [...new Set([topology.rootOrdinal(provider), topology.rootOrdinal(client)])];
  const hosts = distinct(roots.map((root) => peer.judgement(root).because));
  if (verdict.answer === "no") {
    const causes =
      verdict.code === "ACS_REDIRECT"
        ? hosts
        : verdict.culprits.map(({ bdf, what }) => (what.includes(bdf) ? what : `${bdf}: ${what}`));
    return [`${verdict.code}: ${CODES[verdict.code]}`, ...distinct(causes)].join("; ");
  }
  if (verdict.answer === "unknown") return `${verdict.code}: ${CODES[verdict.code]}`;
  switch (verdict.route) {
    case "local":
      return "the function owns the memory itself";
    case "bus-address":
      return "nothing on the way redirects: requests turn around at the common bridge and never reach the host";
    case "side-link":
      return "the link carries the request, which never touches PCIe";
    case "through-host-bridge":
      return [
        redirected
          ? "ACS redirects requests up to the host bridge, which takes them"
          : "the host bridge takes the requests",
        ...hosts,
      ].join("; ");
    default:
      return ["allowed by every route the description leaves open", ...hosts].join("; ");
  }
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Culprits by the step they stand at; a function that identifies a host bridge stands for it. */
export function marksOf(
  peer: PeerDma,
  ids: readonly number[],
  culprits: readonly Culprit[],
): ReadonlyMap<string, string> {
  const { topology } = peer;
  const ordinals = [...new Set(ids.map((id) => topology.rootOrdinal(id)))];
  const marks = new Map<string, string>();
  for (const { bdf, what, bits } of culprits) {
    const mark = bits.length > 0 ? `${what.startsWith("ACS") ? "redirects" : "off"}: ${bits.join(" ")}` : "refuses";
    const identified = ordinals.filter((ordinal) => peer.judgement(ordinal).identifiedBy === bdf);
    const roots = identified.map((ordinal) => topology.roots[ordinal]!.root.bus).filter((bus) => bus !== bdf);
    if (bits.length > 0 || roots.length === 0) marks.set(bdf, mark);
    else for (const bus of roots) marks.set(bus, mark);
  }
  return marks;
}

/** What would have to be shown, each once. */
export function missingLines(missing: readonly string[], style: Style): string[] {
  return missing.flatMap((text, index) => paragraph(index === 0 ? "  to know" : "", text, style));
}

/** What to do, and the kernel parameter in quotes: a shell ends a command at `;`. */
export function hintLines(hints: readonly Hint[], style: Style): string[] {
  return distinctHints(hints).flatMap(({ text, parameter }, index) => [
    ...paragraph(index === 0 ? "  fix" : "", text, style),
    ...(parameter === null ? [] : [`${" ".repeat(11)}${style.strong(`'${parameter}'`)}`]),
  ]);
}

function distinctHints(hints: readonly Hint[]): Hint[] {
  return [...new Map(hints.map((hint) => [hint.text, hint])).values()];
}

/** By whose rules, and what was guessed or taken for granted. */
export function policyLines(policy: PolicyDocument, style: Style): string[] {
  const lines = paragraph("  rules", policyText(policy), style);
  for (const text of policy.inferred) lines.push(...paragraph("  inferred", text, style));
  for (const text of policy.assumed) lines.push(...paragraph("  assumed", text, style));
  return lines.map((line) => style.faint(line));
}
