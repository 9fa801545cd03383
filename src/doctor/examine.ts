import type { PeerDma } from "../explain/peer-dma.js";
import { distinct } from "../policy/missing.js";
import type { Missing } from "../policy/policy.js";
import { isBridge } from "../topology/class-code.js";
import { functionId } from "../topology/arguments.js";
import type { Ref } from "../topology/topology.js";
import type { Check, Diagnosis, Patient, Unseen } from "./check.js";
import { CHECKS } from "./checks/index.js";
import { SEVERITIES, type DiagnosisId } from "./ids.js";
import { talkersOf } from "./talkers.js";
import { enumerated } from "./wording.js";

/** What to examine. */
export interface ExamineOptions {
  /** One system alone, by its name or place in `topology.systems`; missing: all of them. */
  readonly system?: string | number;
  /** The functions that do DMA with each other; missing: GPUs, accelerators, NICs and NVMe controllers. */
  readonly of?: Iterable<Ref>;
}

/** What came of looking for one thing in all systems. */
export interface Checked {
  readonly id: DiagnosisId;
  /** How many diagnoses have this id. */
  readonly found: number;
  /** What would have to be shown for it to be looked at everywhere; empty: it was. */
  readonly missing: readonly Unseen[];
}

/** What was found. */
export interface Examination {
  /** Worst first, then those that cost most pairs, then in the order of their functions. */
  readonly diagnoses: readonly Diagnosis[];
  /** A row for each id. */
  readonly checked: readonly Checked[];
  /** How many functions there are, and how many of them do DMA with each other. */
  readonly functions: number;
  readonly talkers: number;
  /** What verdicts depend on and the description does not show, each fact once. */
  readonly missing: readonly Missing[];
}

/**
 * Looks for everything that may keep the functions of a topology from doing peer-to-peer DMA with each other.
 *
 * @throws RangeError for a system or a function that the topology does not have.
 */
export function examine(peer: PeerDma, options: ExamineOptions = {}): Examination {
  const patients = [...patientsOf(peer, options)];
  const diagnoses: Diagnosis[] = [];
  const checked: Checked[] = [];
  const kinds = patients.flatMap((patient) => [...unclassified(patient)]);
  for (const check of CHECKS) {
    const found = patients.flatMap((patient) => [...withSystem(patient, check)]);
    const missing = distinct([...kinds, ...patients.flatMap((patient) => [...(check.unknown?.(patient) ?? [])])]);
    diagnoses.push(...found);
    for (const id of check.ids) checked.push({ id, found: found.filter((each) => each.id === id).length, missing });
  }
  return {
    diagnoses: diagnoses.sort(worstFirst),
    checked,
    functions: patients.reduce((sum, { topology, ordinal }) => sum + topology.functions(ordinal).length, 0),
    talkers: patients.reduce((sum, { talkers }) => sum + talkers.length, 0),
    missing: distinct(checked.flatMap(({ missing }) => missing.filter(({ minor }) => minor !== true))),
  };
}

/** Functions that may be talkers, for nothing shows what they are. */
function* unclassified({ topology, ordinal, chosen }: Patient): Generator<Unseen> {
  if (chosen) return;
  const names: string[] = [];
  for (const id of topology.functions(ordinal)) {
    const description = topology.registers(id)!;
    if (description.class === undefined && !isBridge(description)) names.push(topology.name(id));
  }
  if (names.length > 0) {
    yield {
      what: `what kind of device ${enumerated(names)} ${names.length === 1 ? "is" : "are"}`,
      where: "lspci, or /sys",
    };
  }
}

function* patientsOf(peer: PeerDma, { system, of }: ExamineOptions): Generator<Patient> {
  const { topology } = peer;
  const chosen = of === undefined ? null : chosenBySystem(peer, of);
  const roots = bySystem([...topology.roots.keys()], (place) => topology.roots[place]!.root.system);
  const sideLinks = bySystem(topology.sideLinks, ({ from }) => topology.systemOf(from));
  const only = system === undefined ? null : topology.systemOrdinal(system);
  for (const [ordinal, described] of topology.systems.entries()) {
    if (only !== null && ordinal !== only) continue;
    yield {
      peer,
      topology,
      system: described,
      ordinal,
      roots: roots.get(ordinal) ?? [],
      sideLinks: sideLinks.get(ordinal) ?? [],
      talkers: chosen === null ? talkersOf(topology, ordinal) : (chosen.get(ordinal) ?? new Uint32Array()),
      chosen: chosen !== null,
    };
  }
}

function bySystem<Item>(items: readonly Item[], systemOf: (item: Item) => number): Map<number, Item[]> {
  const found = new Map<number, Item[]>();
  for (const item of items) {
    const own = found.get(systemOf(item));
    if (own === undefined) found.set(systemOf(item), [item]);
    else own.push(item);
  }
  return found;
}

function chosenBySystem({ topology }: PeerDma, of: Iterable<Ref>): ReadonlyMap<number, Uint32Array> {
  const chosen = new Set(Array.from(of, (ref) => functionId(topology, ref)));
  const named = bySystem([...chosen], (id) => topology.systemOf(id));
  return new Map(
    [...named.keys()].map((ordinal) => [ordinal, topology.functions(ordinal).filter((id) => chosen.has(id))]),
  );
}

function* withSystem(patient: Patient, check: Check): Generator<Diagnosis> {
  const { name } = patient.system;
  const several = patient.topology.systems.length > 1 && name !== undefined;
  for (const diagnosis of check.run(patient)) yield several ? { ...diagnosis, system: name } : diagnosis;
}

function worstFirst(a: Diagnosis, b: Diagnosis): number {
  const bySeverity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return bySeverity !== 0 ? bySeverity : costOf(b) - costOf(a);
}

function costOf({ pairs, functions }: Diagnosis): number {
  return pairs ?? functions.length;
}
