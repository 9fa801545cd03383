import type { Code } from "../explain/codes.js";
import type { PeerDma } from "../explain/peer-dma.js";
import type { Memory, Verdict } from "../explain/verdict.js";
import type { Partner, Partners } from "../partners/partners.js";
import { rdmaNameOf, settingsOf, type Settings } from "../partners/settings.js";
import type { Direction } from "../policy/policy.js";
import { listed } from "../topology/listed.js";
import { nameOf } from "./describe.js";
import { formatBandwidth } from "./links.js";
import { policyDocument, policyText, type PolicyDocument } from "./policy.js";
import { paragraph, shorten, table, type Style } from "./style.js";
import { verdictWord, type VerdictWord } from "./verdict.js";

/** What was asked, and the answers. */
export interface PartnersAnswer {
  readonly peer: PeerDma;
  readonly found: readonly Partners[];
  /** Ids of the candidates. */
  readonly among: readonly number[];
  readonly memory: "device" | "candidate";
  readonly direction: Direction;
  /** How many devices may have the same partner; missing: any number. */
  readonly share?: number;
}

/** Partners of devices, as `best --json` prints them. */
export interface PartnersDocument {
  readonly policy: PolicyDocument;
  /** Whose memory it is that the others do DMA to. */
  readonly memory: "device" | "candidate";
  readonly direction: Direction;
  /** How many devices may have the same partner; null: any number. */
  readonly share: number | null;
  /** Device by device. */
  readonly devices: Iterable<DeviceEntry>;
  /** Candidates that no device has for a partner. */
  readonly unused: readonly string[];
  /** For GPUs whose partners are network adapters, in one system; else null. */
  readonly settings: SettingsDocument | null;
}

/** A device and its partners. */
export interface DeviceEntry {
  readonly device: string;
  /** What the source calls it. */
  readonly names: readonly string[];
  /** Several tie; none: there is no candidate, or none is left. */
  readonly partners: readonly PartnerEntry[];
  /** Candidates of which too little is known, and which may be as good or better. */
  readonly contenders: readonly string[];
  /** Whether no candidate ranks better than the partners. */
  readonly nearest: boolean;
}

/** A partner. */
export interface PartnerEntry {
  readonly function: string;
  readonly names: readonly string[];
  /** May whoever does the DMA do it to the other's memory? */
  readonly verdict: VerdictWord;
  readonly route: string;
  readonly code: Code | null;
  /** Hops; null: unknown. */
  readonly distance: number | null;
  /** Where it is not known: another tool's letter. */
  readonly letter: string | null;
  /** Null: unknown. */
  readonly sameNumaNode: boolean | null;
  /** Bytes per second of the narrowest PCIe link on the way; null: unknown, or there is none. */
  readonly bandwidth: number | null;
  /** State of the memory, at which Linux does not look. */
  readonly memory: Memory;
  /** With the roles swapped, where the answer is another; null: it is the same. */
  readonly swapped: { readonly verdict: VerdictWord; readonly route: string; readonly code: Code | null } | null;
}

/** {@link Settings} with names in place of ids. */
export interface SettingsDocument extends Omit<Settings, "ranks"> {
  readonly ranks: readonly (Omit<Settings["ranks"][number], "device"> & { readonly device: string })[];
}

/** Partners as scripts read them. */
export function partnersDocument(answer: PartnersAnswer): PartnersDocument {
  const { peer, found, among, memory, direction, share } = answer;
  const { topology } = peer;
  const used = new Set(found.flatMap(({ partners }) => partners.map(({ id }) => id)));
  const settings = settingsOf(topology, found);
  return {
    policy: policyDocument(peer, [...found.map(({ device }) => device), ...among]),
    memory,
    direction,
    share: share ?? null,
    devices: deviceEntries(answer),
    unused: among.filter((id) => !used.has(id)).map((id) => topology.name(id)),
    settings: settings && {
      ...settings,
      ranks: settings.ranks.map(({ device, ...rest }) => ({ device: topology.name(device), ...rest })),
    },
  };
}

function* deviceEntries(answer: PartnersAnswer): Generator<DeviceEntry> {
  const { topology } = answer.peer;
  for (const { device, partners, contenders, nearest } of answer.found) {
    yield {
      device: topology.name(device),
      names: topology.describe(device)!.names ?? [],
      partners: partners.map((partner) => partnerEntry(answer, device, partner)),
      contenders: contenders.map(({ id }) => topology.name(id)),
      nearest,
    };
  }
}

function partnerEntry(answer: PartnersAnswer, device: number, partner: Partner): PartnerEntry {
  const { topology } = answer.peer;
  const { id, distance, letter, sameNode, bandwidth } = partner;
  const [verdict, swapped] = bothWays(answer, device, id);
  const said = saidOf(verdict);
  const back = saidOf(swapped);
  return {
    function: topology.name(id),
    names: topology.describe(id)!.names ?? [],
    ...said,
    distance,
    letter,
    sameNumaNode: sameNode,
    bandwidth,
    memory: verdict.memory,
    swapped: back.verdict === said.verdict && back.route === said.route ? null : back,
  };
}

/** As it was asked, and with the roles swapped. */
function bothWays({ peer, memory, direction }: PartnersAnswer, device: number, id: number): [Verdict, Verdict] {
  const [owner, initiator] = memory === "device" ? [device, id] : [id, device];
  return [peer.can(owner, initiator, direction), peer.can(initiator, owner, direction)];
}

function saidOf(verdict: Verdict): {
  readonly verdict: VerdictWord;
  readonly route: string;
  readonly code: Code | null;
} {
  const code = verdict.answer === "yes" ? null : verdict.code;
  return { verdict: verdictWord(verdict), route: verdict.route, code };
}

/** Device by device its partners, separated by commas; `none` where it has none. */
export function* partnersWords({ peer: { topology }, found }: PartnersAnswer): Generator<string> {
  for (const { device, partners } of found) {
    const names = partners.map(({ id }) => topology.name(id));
    yield `${topology.name(device)} ${names.length === 0 ? "none" : names.join(",")}`;
  }
}

/** Partners for people: a table, what to know about some of them, and settings. */
export function* partnersLines(answer: PartnersAnswer, style: Style): Generator<string> {
  const { peer, found, among, memory } = answer;
  if (found.length === 0) {
    yield style.doubtful("the source shows no device to find partners for");
    return;
  }
  const ids = [...found.map(({ device }) => device), ...among];
  const [owners, initiators] = memory === "device" ? ["devices", "partners"] : ["partners", "devices"];
  const rules = policyText(policyDocument(peer, ids));
  yield* paragraph("", `${owners} own the memory, ${initiators} do the DMA; ${rules}`, style, 0);
  yield "";
  yield* table([["device", "partner", "route", "hops", "NUMA", "link"], ...rows(answer, style)]);
  const remarks = [...remarksOn(answer)];
  if (remarks.length > 0) yield "";
  for (const [heading, text] of remarks) yield* paragraph(`  ${heading}`, text, style);
  yield* settingsLines(answer, style);
}

function* rows({ peer: { topology }, found }: PartnersAnswer, style: Style): Generator<string[]> {
  const called = (id: number) => {
    const description = topology.describe(id)!;
    const name = rdmaNameOf(description) ?? description.names?.[0];
    return name === undefined ? topology.name(id) : `${topology.name(id)} ${shorten(name, 14, style)}`;
  };
  for (const { device, partners } of found) {
    if (partners.length === 0) yield [called(device), "none", "", "", "", ""];
    for (const [at, { id, answer, route, distance, letter, sameNode, bandwidth }] of partners.entries()) {
      yield [
        at === 0 ? called(device) : "  or",
        called(id),
        answer === "yes" && route === "unknown" ? "allowed, unknown" : route,
        distance === null ? (letter ?? "?") : String(distance),
        sameNode === null ? "?" : sameNode ? "same" : "other",
        bandwidth === null ? "?" : formatBandwidth(bandwidth),
      ];
    }
  }
}

const NAMED = 4;

/** What to know about rows of the table, those of one kind together. */
function* remarksOn(answer: PartnersAnswer): Generator<readonly [heading: string, text: string]> {
  const { peer, found } = answer;
  const { topology } = peer;
  const without = new Map<string, string[]>();
  const note = (text: string, name: string) => void without.set(text, [...(without.get(text) ?? []), name]);
  for (const { device, partners, contenders, nearest } of found) {
    const name = topology.name(device);
    const [first] = partners;
    if (first === undefined) note(nearest ? "no candidate is in its system" : "none is left for it", name);
    else if (!nearest) note("its nearest is another device's partner", name);
    for (const { id } of partners) {
      const [verdict, swapped] = bothWays(answer, device, id);
      const pair = `${name} with ${topology.name(id)}`;
      if (verdict.answer !== "yes")
        note(`${verdict.code}, of which \`peerlane can\` and \`peerlane explain\` say more`, pair);
      if (verdict.memory === "off" || verdict.memory === "unassigned")
        note(`the memory does not answer: ${verdict.memory}`, pair);
      const [one, other] = [saidOf(verdict), saidOf(swapped)];
      if (one.verdict !== other.verdict) note(`with the roles swapped: ${other.verdict}`, pair);
    }
    if (partners.some(({ letter }) => letter !== null)) {
      note("nearest in another tool's letters; what they hang below is not shown", name);
    }
    if (contenders.length > 0) {
      note(
        `too little is known of ${listed(
          contenders.map(({ id }) => topology.name(id)),
          NAMED,
        )}, which may be better`,
        name,
      );
    }
  }
  for (const [text, names] of without) yield ["note", `${listed(names, NAMED)}: ${text}`];
}

function* settingsLines({ peer: { topology }, found }: PartnersAnswer, style: Style): Generator<string> {
  const settings = settingsOf(topology, found);
  if (settings === null) return;
  yield "";
  yield style.strong("settings");
  for (const variable of assignments(settings.variables)) yield `  ${variable}`;
  for (const { device, cudaOrdinal, variables } of settings.ranks) {
    const own = assignments(variables).filter((variable) => !variable.startsWith("NCCL"));
    const called = cudaOrdinal === null ? nameOf(topology.describe(device)!) : `CUDA ${cudaOrdinal}`;
    if (own.length > 0) yield `  process of ${topology.name(device)} (${called}): ${own.join(" ")}`;
  }
  if (settings.sglang !== null) yield `  sglang --disaggregation-ib-device '${JSON.stringify(settings.sglang)}'`;
  for (const text of settings.notes) yield* paragraph("  note", text, style);
}

/** As a shell takes them: some read a `=` at the beginning of a value as a command. */
function assignments(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${value.startsWith("=") ? `'${value}'` : value}`);
}
