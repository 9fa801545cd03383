import { ASPECTS, type FactChange } from "../changes/facts.js";
import type { IommuGroup } from "../changes/groups.js";
import type { SystemDiff } from "../changes/diff.js";
import type { MatchedFunction, Recognition } from "../changes/identity.js";
import type { Standing, VerdictChange } from "../changes/verdicts.js";
import type { PeerDma } from "../explain/peer-dma.js";
import { missingControl } from "../explain/culprits.js";
import type { Culprit } from "../explain/verdict.js";
import { talksToPeers } from "../topology/class-code.js";
import { listed } from "../topology/listed.js";
import { showsRedirects } from "../topology/register.js";
import type { Topology } from "../topology/topology.js";
import { formatBytes, nameOf } from "./describe.js";
import { missingText, policyDocument, policyText, type PolicyDocument } from "./policy.js";
import { paragraph, type Style } from "./style.js";

/** Two machines, or one at two times, and what differs between them. */
export interface ComparedMachines {
  /** What the sources are called. */
  readonly old: readonly string[];
  readonly new: readonly string[];
  /** By whose rules each side was judged, and what differs. */
  readonly systems: readonly ComparedSystem[];
  /** Names of systems that are on one side alone. */
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

/** One system of both. */
export interface ComparedSystem {
  /** Null: it has no name, or another one on either side. */
  readonly name: string | null;
  readonly before: PeerDma;
  readonly after: PeerDma;
  readonly diff: SystemDiff;
}

/** Whether anything differs, as the exit code says. `unknown`: nothing does, but pairs could not be compared. */
export type DiffWord = "same" | "different" | "unknown";

/** What differs, in one word. */
export function diffWord({ systems, gone, added }: ComparedMachines): DiffWord {
  if (gone.length > 0 || added.length > 0 || systems.some(({ diff }) => differs(diff))) return "different";
  return systems.every(({ diff }) => isComplete(diff)) ? "same" : "unknown";
}

/** Whether every pair of either side is known on both. */
function isComplete({ verdicts, notListed }: SystemDiff): boolean {
  const missing = notListed.before.length + notListed.after.length;
  return missing === 0 && verdicts.length === 0 && verdicts.unknown === 0;
}

function differs({ functions, gone, added, moved, renumbered, verdicts, facts, groups }: SystemDiff): boolean {
  const lists = [gone, added, functions.ambiguous, moved, renumbered, facts, groups];
  return lists.some(({ length }) => length > 0) || certain(verdicts) > 0;
}

/** How many of them are no matter of what a side shows. */
export function certain(changes: Iterable<VerdictChange>): number {
  let count = 0;
  for (const change of changes) if (change.certain) count++;
  return count;
}

/** How many pairs got another verdict, as `--quiet` prints it. */
export function changedPairs({ systems }: ComparedMachines): number {
  return systems.reduce((sum, { diff }) => sum + certain(diff.verdicts), 0);
}

/** A function by its names: null where it is not there. */
interface NamesEntry {
  readonly old: string | null;
  readonly new: string | null;
}

interface StandingEntry extends Standing {
  readonly culprits: readonly Culprit[];
}

/** A pair that got another verdict. */
export interface ChangedPairEntry {
  readonly provider: NamesEntry;
  readonly client: NamesEntry;
  /** Whether both are GPUs, network adapters, NVMe drives or accelerators. */
  readonly talk: boolean;
  /** False: one side shows too little to say that they differ. */
  readonly certain: boolean;
  readonly was: StandingEntry;
  readonly is: StandingEntry;
}

/** What differs between two systems. */
export interface SystemDiffDocument {
  readonly system: string | null;
  readonly policy: { readonly old: PolicyDocument; readonly new: PolicyDocument };
  readonly verdicts: {
    /** Ordered pairs of functions that are on both sides. */
    readonly compared: number;
    readonly changed: number;
    /** Between devices that talk, of those that changed. */
    readonly changedThatTalk: number;
    /** That one side shows too little to compare, and that both do. */
    readonly notComparable: number;
    readonly counts: readonly {
      readonly was: Omit<Standing, "distance">;
      readonly is: Omit<Standing, "distance">;
      readonly pairs: number;
    }[];
  };
  /** Those that changed, and those that one side shows too little of. Can be walked through once. */
  readonly pairs: Iterable<ChangedPairEntry>;
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** Functions that one side does not list, though it may have them. */
  readonly notListed: { readonly old: readonly string[]; readonly new: readonly string[] };
  readonly moved: readonly {
    readonly function: NamesEntry;
    readonly by: Recognition;
    readonly below: NamesEntry;
  }[];
  /** Functions of one model of which nothing tells which is which. */
  readonly ambiguous: readonly { readonly old: readonly string[]; readonly new: readonly string[] }[];
  /** Recognised by where they are, though they may have changed places with another of their model. */
  readonly mayBeTwins: readonly NamesEntry[];
  readonly renumbered: readonly { readonly old: string; readonly new: string; readonly functions: number }[];
  readonly facts: readonly (Omit<FactChange, "function"> & { readonly function: NamesEntry | null })[];
  readonly iommuGroups: readonly { readonly old: readonly GroupEntry[]; readonly new: readonly GroupEntry[] }[];
  readonly notShown: readonly {
    readonly in: "old" | "new";
    readonly aspect: string;
    readonly what: string;
    readonly functions: number | null;
  }[];
}

interface GroupEntry {
  readonly number: number;
  readonly functions: readonly string[];
}

/** What differs, as `diff --json` prints it. */
export interface DiffDocument {
  /** Version of this format. */
  readonly peerlaneDiff: 1;
  readonly result: DiffWord;
  readonly old: readonly string[];
  readonly new: readonly string[];
  readonly systems: readonly SystemDiffDocument[];
  /** Names of systems that are on one side alone. */
  readonly systemsGone: readonly string[];
  readonly systemsAdded: readonly string[];
}

/** What differs, for scripts. */
export function diffDocument(compared: ComparedMachines): DiffDocument {
  return {
    peerlaneDiff: 1,
    result: diffWord(compared),
    old: compared.old,
    new: compared.new,
    systems: compared.systems.map(systemDocument),
    systemsGone: compared.gone,
    systemsAdded: compared.added,
  };
}

/** What differs between two systems, for scripts. */
export function systemDocument(system: ComparedSystem): SystemDiffDocument {
  const { name, before, after, diff } = system;
  const { functions, moved, renumbered, verdicts, facts, groups, notShown } = diff;
  const [old, now] = [before.topology, after.topology];
  const names = namesIn(system);
  const group = (topology: Topology) => (each: IommuGroup) => ({
    number: each.number,
    functions: each.functions.map((id) => topology.name(id)),
  });
  const changes = certain(verdicts);
  return {
    system: name,
    policy: policies(system),
    verdicts: {
      compared: verdicts.compared,
      changed: changes,
      changedThatTalk: [...verdicts].filter((change) => change.certain && talk(system, change)).length,
      notComparable: verdicts.length - changes + verdicts.unknown,
      counts: verdicts.counts(),
    },
    pairs: pairEntries(system),
    gone: diff.gone.map((id) => old.name(id)),
    added: diff.added.map((id) => now.name(id)),
    notListed: {
      old: diff.notListed.before.map((id) => now.name(id)),
      new: diff.notListed.after.map((id) => old.name(id)),
    },
    moved: moved.map(({ before, after, by, below }) => ({ function: names([before, after]), by, below: names(below) })),
    ambiguous: functions.ambiguous.map(({ before, after }) => ({
      old: before.map((id) => old.name(id)),
      new: after.map((id) => now.name(id)),
    })),
    mayBeTwins: twins(functions.matched).map(({ before, after }) => names([before, after])),
    renumbered: renumbered.map(({ before, after, functions }) => ({ old: before, new: after, functions })),
    facts: facts.map((fact) => ({ ...fact, function: fact.function && names(fact.function) })),
    iommuGroups: groups.map(({ before, after }) => ({ old: before.map(group(old)), new: after.map(group(now)) })),
    notShown: notShown.map(({ side, ...rest }) => ({ in: side === "before" ? "old" : "new", ...rest })),
  };
}

function* pairEntries(system: ComparedSystem): Generator<ChangedPairEntry> {
  const names = namesIn(system);
  for (const change of system.diff.verdicts) {
    const [was, is] = system.diff.verdicts.verdicts(change);
    yield {
      provider: names(change.provider),
      client: names(change.client),
      talk: talk(system, change),
      certain: change.certain,
      was: { ...change.was, culprits: was.culprits },
      is: { ...change.is, culprits: is.culprits },
    };
  }
}

function policies({ before, after, diff }: ComparedSystem) {
  return {
    old: policyDocument(before, diff.verdicts.before),
    new: policyDocument(after, diff.verdicts.after),
  };
}

function namesIn({ before, after }: ComparedSystem): (ids: readonly [number, number]) => NamesEntry {
  return ([was, is]) => ({ old: before.topology.name(was), new: after.topology.name(is) });
}

function talk({ after }: ComparedSystem, { provider, client }: VerdictChange): boolean {
  return [provider, client].every(([, id]) => talksToPeers(after.topology.describe(id)!));
}

function twins(matched: readonly MatchedFunction[]): readonly MatchedFunction[] {
  return matched.filter(({ mayBeTwin }) => mayBeTwin);
}

/** More lines of one kind than that are counted, and functions in one line. */
const SHOWN = { lines: 20, functions: 6 } as const;

/** What differs, for people: verdicts first. */
export function* diffLines(compared: ComparedMachines, style: Style): Generator<string> {
  yield* paragraph("", headline(compared, style), style, 0);
  const { gone, added, systems } = compared;
  for (const name of gone) yield `system ${name} is gone`;
  for (const name of added) yield `system ${name} is new`;
  for (const system of systems) {
    if (systems.length > 1) yield* ["", style.strong(`system ${system.name ?? ""}`)];
    yield* systemLines(system, style);
  }
}

function headline(compared: ComparedMachines, style: Style): string {
  const word = diffWord(compared);
  const pairs = compared.systems.reduce((sum, { diff }) => sum + diff.verdicts.compared, 0);
  const changed = changedPairs(compared);
  if (word === "different") {
    const verdicts =
      changed === 0
        ? `no verdict is known to have changed`
        : `${changed} of ${pairs} ordered pairs have another verdict`;
    return `${style.bad("DIFFERENT")}: ${verdicts}`;
  }
  if (word === "same") return `${style.good("SAME")}: all ${pairs} ordered pairs have the verdict that they had`;
  return `${style.doubtful("UNKNOWN")}: nothing is known to differ, but not all verdicts can be compared`;
}

/** How the two sides are spoken of. */
export interface Wording {
  readonly before: string;
  readonly after: string;
  /** Whether somebody may ask how functions were recognised. */
  readonly tellsHow: boolean;
  /** Whether all pairs are shown by name, rather than those of devices that talk. */
  readonly namesAll: boolean;
  /** What would tell ACS control words of the second side that the first shows; null: the second side's source. */
  readonly firmware: string | null;
}

const SIDES: Wording = { before: "in OLD", after: "in NEW", tellsHow: true, namesAll: false, firmware: null };

/** What differs between two systems, for people. */
export function* systemLines(system: ComparedSystem, style: Style, wording: Wording = SIDES): Generator<string> {
  const policy = policies(system);
  const rules = [policyText(policy.old), policyText(policy.new)];
  yield* paragraph("  rules", rules[0] === rules[1] ? rules[0]! : `${rules[0]} -> ${rules[1]}`, style);
  yield* noteLines(system, style);
  yield* verdictLines(system, style, wording);
  yield* section("devices", deviceLines(system, wording), style);
  for (const aspect of ASPECTS) {
    const facts = system.diff.facts.filter((fact) => fact.aspect === aspect);
    const lines =
      aspect === "iommu-group" ? [...factLines(system, facts), ...groupLines(system)] : factLines(system, facts);
    yield* section(HEADINGS[aspect], lines, style);
  }
  yield* section("not shown", notShownLines(system, wording), style);
}

/** Where no pair may do anything on either side, nothing else makes a difference. */
function* noteLines({ before, after, diff }: ComparedSystem, style: Style): Generator<string> {
  const [one, other] = diff.functions.matched;
  if (one === undefined || other === undefined) return;
  const refuses = (peer: PeerDma, a: number, b: number): boolean => {
    const verdict = peer.can(a, b);
    const { answer, ...rest } = verdict.pcie ?? verdict;
    return answer === "no" && "code" in rest && rest.code === "P2PDMA_NOT_BUILT";
  };
  if (!refuses(before, one.before, other.before) || !refuses(after, one.after, other.after)) return;
  const text =
    "the kernel has no peer-to-peer DMA on either side (P2PDMA_NOT_BUILT): it refuses every pair, whatever else is so";
  yield* paragraph("  note", text, style);
}

const HEADINGS: Readonly<Record<(typeof ASPECTS)[number], string>> = {
  machine: "machine",
  device: "identity",
  acs: "ACS",
  bar: "BARs",
  link: "links",
  window: "windows",
  command: "command",
  "virtual-functions": "SR-IOV",
  power: "power",
  driver: "drivers",
  "iommu-group": "IOMMU groups",
  "numa-node": "NUMA",
  name: "names",
  "side-link": "side links",
};

/** A line, and what stands below it. */
type Line = string | readonly [line: string, below: string];

function* section(heading: string, lines: readonly Line[], style: Style): Generator<string> {
  if (lines.length === 0) return;
  yield "";
  yield style.strong(heading);
  for (const line of lines.slice(0, SHOWN.lines)) {
    const [text, below] = typeof line === "string" ? [line] : line;
    yield* indented(text!, style);
    if (below !== undefined) yield* indented(below, style, 2);
  }
  if (lines.length > SHOWN.lines) yield `  and ${lines.length - SHOWN.lines} more; --json has them all`;
}

/** Wrapped below itself, two columns a level. */
function indented(line: string, style: Style, level = 1): string[] {
  const texts = paragraph("", line, { ...style, width: style.width - 2 * level - 2 }, 0);
  return texts.map((text, index) => " ".repeat(2 * level + (index === 0 ? 0 : 2)) + text);
}

/** Those between devices that talk by name, all others counted. */
function* verdictLines(system: ComparedSystem, style: Style, { namesAll, firmware }: Wording): Generator<string> {
  const { verdicts } = system.diff;
  const [talking, others] = [new Map<string, VerdictChange[]>(), new Map<string, number>()];
  for (const change of verdicts) {
    if (!change.certain) continue;
    const kind = `${standingText(change.was)} -> ${standingText(change.is)}`;
    if (!namesAll && !talk(system, change)) others.set(kind, (others.get(kind) ?? 0) + 1);
    else if (talking.has(kind)) talking.get(kind)!.push(change);
    else talking.set(kind, [change]);
  }
  const uncertain = verdicts.length - certain(verdicts) + verdicts.unknown;
  if (talking.size + others.size === 0 && uncertain === 0) return;
  yield "";
  yield style.strong("verdicts") + style.faint("  (a -> b: DMA by a to the memory of b)");
  for (const [kind, changes] of [...talking].sort(([, a], [, b]) => b.length - a.length)) {
    yield* indented(`${kind}: ${pairsText(changes.length)}`, style);
    yield* pairLines(system, changes, style);
  }
  for (const [kind, pairs] of [...others].sort(([, a], [, b]) => b - a)) {
    yield* indented(`${kind}: ${pairsText(pairs)} of other functions`, style);
  }
  if (uncertain > 0) {
    const missing = missingFacts(system, firmware);
    const facts = missing.length === 0 ? "" : `; to know more: ${listText(missing)}`;
    yield* indented(
      `not comparable: ${pairsText(uncertain)}, of which one side or both show too little${facts}`,
      style,
    );
  }
}

/** So many pairs are asked what they lack: the others lack the same. */
const ASKED = 64;

function missingFacts(system: ComparedSystem, firmware: string | null): string[] {
  const { verdicts } = system.diff;
  const opened = firmware === null ? new Set<string>() : openedWords(system);
  const found = new Set<string>();
  let asked = 0;
  for (const change of verdicts) {
    if (change.certain) continue;
    if (++asked > ASKED) break;
    for (const verdict of verdicts.verdicts(change)) {
      for (const missing of "missing" in verdict ? verdict.missing : []) {
        found.add(firmware !== null && opened.has(missing.what) ? firmware : missingText(missing));
      }
    }
  }
  return [...found];
}

/** The ACS control words that the first side shows and the second does not, as verdicts call them. */
function openedWords({ before, after, diff }: ComparedSystem): Set<string> {
  const words = diff.functions.matched.map((same) => {
    const [was, is] = [before.topology.registers(same.before)!, after.topology.registers(same.after)!];
    return showsRedirects(was.acs) && !showsRedirects(is.acs) ? missingControl(is).what : null;
  });
  return new Set(words.filter((word) => word !== null));
}

function pairsText(pairs: number): string {
  return pairs === 1 ? "1 pair" : `${pairs} pairs`;
}

/** As people say it: the answer, and by which way or why not. */
function standingText({ answer, route, code }: Omit<Standing, "distance">): string {
  return answer === "yes" ? `yes, ${route}` : `${answer}, ${code}`;
}

function* pairLines(system: ComparedSystem, changes: readonly VerdictChange[], style: Style): Generator<string> {
  const key = (a: number, b: number) => `${a} ${b}`;
  const open = new Map(changes.map((change) => [key(change.provider[1], change.client[1]), change]));
  let lines = 0;
  let left = 0;
  const culprits = new Map<string, string>();
  for (const [name, change] of open) {
    open.delete(name);
    const back = open.delete(key(change.client[1], change.provider[1]));
    if (lines === SHOWN.lines) {
      left += back ? 2 : 1;
      continue;
    }
    lines++;
    for (const verdict of system.diff.verdicts.verdicts(change)) {
      for (const { bdf, bits } of verdict.culprits)
        culprits.set(bdf, bits.length === 0 ? bdf : `${bdf} (${bits.join(" ")})`);
    }
    const hops =
      change.was.distance === change.is.distance ? "" : `, distance ${hopsText(change.was)} -> ${hopsText(change.is)}`;
    const isOneKind = standingText(change.was) === standingText(change.is);
    const ends = [change.client, change.provider].map((ids) => functionText(system, ids));
    yield* indented(ends.join(back ? " <-> " : " -> ") + (isOneKind ? hops : ""), style, 2);
  }
  if (left > 0) yield `    and ${pairsText(left)} more; --json has them all`;
  if (culprits.size > 0) yield* indented(`on the way: ${listText([...culprits.values()].sort())}`, style, 2);
}

function hopsText({ distance }: Standing): string {
  return distance === null ? "?" : String(distance);
}

/** By its name now, and what it was called before. */
function functionText({ before, after }: ComparedSystem, [was, is]: readonly [number, number]): string {
  const [old, now] = [before.topology.name(was), after.topology.name(is)];
  const text = `${now} ${nameOf(after.topology.describe(is)!)}`;
  return old === now ? text : `${text} (was ${old})`;
}

const TOLD_BY: Readonly<Record<Recognition, string>> = {
  "serial-number": "its serial number",
  slot: "its slot",
  position: "its position",
  "only-one": "being the only one of its model",
  "physical-function": "its physical function",
  name: "its name",
};

function deviceLines(system: ComparedSystem, { tellsHow }: Wording): string[] {
  const { functions, moved, renumbered } = system.diff;
  const [old, now] = [system.before.topology, system.after.topology];
  const named = (topology: Topology) => (id: number) => `${topology.name(id)} ${nameOf(topology.describe(id)!)}`;
  const lines = [
    ...system.diff.gone.map((id) => `gone: ${named(old)(id)}`),
    ...system.diff.added.map((id) => `new: ${named(now)(id)}`),
    ...moved.map(({ before, after, by, below }) => {
      const [from, to] = [old.name(below[0]), now.name(below[1])];
      const text = functionText(system, [before, after]);
      return `moved: ${text}, from below ${from} to below ${to}${tellsHow ? `; told by ${TOLD_BY[by]}` : ""}`;
    }),
    ...functions.ambiguous.map(({ before, after }) => {
      const [from, to] = [before.map(named(old)), after.map(named(now))].map(listText);
      return `unclear: ${from} before, ${to} now: of one model, and nothing tells which is which`;
    }),
  ];
  const unsure = twins(functions.matched).length;
  if (lines.length > 0 && unsure > 0) {
    lines.push(
      `taken to be where they were: ${unsure} functions that have a twin and show no serial number; they may have changed places`,
    );
  }
  return [...lines, ...busLines(renumbered)];
}

/** Buses that follow each other and moved alike are one range. */
function busLines(renumbered: SystemDiff["renumbered"]): string[] {
  const ranges: { from: [string, string]; to: [string, string]; functions: number }[] = [];
  for (const { before, after, functions } of renumbered) {
    const last = ranges.at(-1);
    const follows = last !== undefined && shift(last.to[0], last.to[1]) === shift(before, after);
    if (follows) Object.assign(last, { to: [before, after], functions: last.functions + functions });
    else ranges.push({ from: [before, after], to: [before, after], functions });
  }
  const total = renumbered.reduce((sum, { functions }) => sum + functions, 0);
  if (total === 0) return [];
  const texts = ranges.map(({ from, to }) => {
    const [was, is] = [0, 1].map((side) => (from[side] === to[side] ? from[side]! : `${from[side]} to ${to[side]}`));
    return `${was} -> ${is}`;
  });
  return [`renumbered: ${listText(texts)}; ${total === 1 ? "1 function" : `${total} functions`} on these buses`];
}

/** By how much a bus number moved; segments that differ move by their names. */
function shift(before: string, after: string): string {
  const [was, is] = [before, after].map((bus) => bus.split(":") as [string, string]);
  return `${was![0]} ${is![0]} ${parseInt(is![1], 16) - parseInt(was![1], 16)}`;
}

/** Functions whose facts changed alike stand in one line; addresses, which change at every turn, come last. */
function factLines(system: ComparedSystem, facts: readonly FactChange[]): Line[] {
  const byFunction = new Map<string, { ids: readonly [number, number]; texts: string[] }>();
  const lines: Line[] = [];
  for (const fact of facts) {
    if (fact.function === null) {
      lines.push(factText(fact));
      continue;
    }
    const isMove = / address$/.test(fact.what) && fact.was !== null && fact.is !== null;
    const key = `${isMove ? "b" : "a"} ${fact.function[0]}`;
    const entry = byFunction.get(key) ?? { ids: fact.function, texts: [] };
    entry.texts.push(factText(fact));
    byFunction.set(key, entry);
  }
  const alike = new Map<string, (readonly [number, number])[]>();
  const ordered = [...byFunction].sort(([a], [b]) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0));
  for (const [, { ids, texts }] of ordered) {
    const text = texts.join(", ");
    const functions = alike.get(text) ?? [];
    functions.push(ids);
    alike.set(text, functions);
  }
  for (const [text, functions] of alike) lines.push([text, functionsText(system, functions)]);
  return lines;
}

/** One with its maker's name, several by their own alone. */
function functionsText(system: ComparedSystem, functions: readonly (readonly [number, number])[]): string {
  if (functions.length === 1) return functionText(system, functions[0]!);
  const { topology } = system.after;
  return listText(
    functions.map(([, id]) => [topology.name(id), ...(topology.describe(id)!.names ?? []).slice(0, 1)].join(" ")),
  );
}

/** Below a heading that says ACS, its bits are called by their names alone. */
function factText({ what, was, is, unit }: FactChange): string {
  const name = what.replace(/^ACS (?=.)/, "");
  if (was === null && typeof is === "string" && unit === undefined) return `${name} ${is} is new`;
  if (is === null && typeof was === "string" && unit === undefined) return `${name} ${was} is gone`;
  return `${name} ${valueText(was, unit)} -> ${valueText(is, unit)}`;
}

function valueText(value: FactChange["was"], unit: FactChange["unit"]): string {
  if (value === null) return "none";
  switch (unit) {
    case undefined:
      return String(value);
    case "bytes":
      return formatBytes(BigInt(value));
    case "lanes":
      return `x${value}`;
    case "GT/s":
      return `${value} GT/s`;
    case "bits":
      return `${value} bits`;
  }
}

function groupLines({ before, after, diff }: ComparedSystem): string[] {
  const text = (topology: Topology) => (group: IommuGroup) =>
    `${group.number} (${listText(group.functions.map((id) => topology.name(id)))})`;
  return diff.groups.map(
    (change) =>
      `${change.before.map(text(before.topology)).join(" and ")} -> ${change.after.map(text(after.topology)).join(" and ")}`,
  );
}

function notShownLines({ diff }: ComparedSystem, wording: Wording): string[] {
  return (["before", "after"] as const).flatMap((side) => {
    const facts = diff.notShown
      .filter((each) => each.side === side)
      .map(({ what, functions }) => (functions === null ? what : `${what} (${functions})`));
    const missing = diff.notListed[side].length;
    if (missing > 0) facts.unshift(missing === 1 ? "1 function" : `${missing} functions`);
    return facts.length === 0 ? [] : [`${wording[side]}: ${facts.join(", ")}`];
  });
}

function listText(items: readonly string[]): string {
  return listed(items, SHOWN.functions);
}
