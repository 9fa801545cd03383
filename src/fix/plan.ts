import { PeerDma } from "../explain/peer-dma.js";
import type { Hint, Verdict } from "../explain/verdict.js";
import { distinct } from "../policy/missing.js";
import type { Direction, Missing, Policy } from "../policy/policy.js";
import { precise } from "../policy/precise.js";
import { functionId } from "../topology/arguments.js";
import { Topology, type Ref } from "../topology/topology.js";
import type { MachineDescription, RegisterWord } from "../topology/description.js";
import type { ControlChange } from "./change.js";
import { knownBits, withBits } from "../topology/register.js";
import { withControls } from "./control.js";
import { isolationCost, type IsolationCost } from "./cost.js";
import { acsNames, isDirect, needsOf, pcieVerdict, type Way } from "./needs.js";
import { bootFix, type BootFix } from "./parameter.js";
import { rebootOf } from "./reboot.js";
import { directComplex, dmaFunctions, type Profile } from "./profiles.js";
import { temporaryCommand, type TemporaryCommand } from "./setpci.js";

/**
 * What a pair needs. `nothing`: it is direct, or no ACS bit would make its way shorter. `optional`: it works through the host bridge,
 * and would be direct. `acs`: it is refused, and would be direct. `other`: it is refused, and no ACS bit would change that.
 * `unknown`: the description lacks what would tell; there are changes nevertheless where they make it direct whatever that is.
 */
export type FixStatus = "nothing" | "optional" | "acs" | "other" | "unknown";

/** How a pair comes to reach each other directly. It is advice: nothing is written anywhere. */
export interface FixPlan {
  readonly status: FixStatus;
  /** Names of the functions. */
  readonly a: string;
  readonly b: string;
  readonly profile: Profile;
  /** What is answered now, one verdict for each way that was asked about. */
  readonly before: readonly Verdict[];
  /** What would be answered with the changes; null: there are none. */
  readonly after: readonly Verdict[] | null;
  /** The functions to change, those of the first way in the kernel's order first. */
  readonly changes: readonly ControlChange[];
  /** The kernel parameter; null: none does it on this kernel, or nothing is to change. */
  readonly boot: BootFix | null;
  /**
   * Where neither the source nor the caller says which kernel runs, so that `boot` is for the newest one known: the
   * parameter for those before 6.11; null: the kernel is known, or nothing is to change.
   */
  readonly olderBoot: BootFix | null;
  /** Until the next reset, in the order of `changes`. */
  readonly temporary: readonly TemporaryCommand[];
  /** Null: nothing is to change. */
  readonly cost: IsolationCost | null;
  /** What else would help, or is in the way. */
  readonly hints: readonly Hint[];
  /** What to know before any of it is done, a sentence each. */
  readonly warnings: readonly string[];
  /** What the description would have to show for a better answer. */
  readonly missing: readonly Missing[];
}

/** How a pair is to be looked at. */
export interface FixOptions {
  /** Only DMA by `b` to the memory of `a`; without it both ways. */
  readonly oneWay?: boolean;
  /** As the client sees it; without it both. */
  readonly direction?: Direction;
  /** Without it `linux`: what the policy of the question tests. */
  readonly profile?: Profile;
}

/**
 * What would make two functions reach each other directly, and what it costs. Only the bits that are in the way of this
 * pair are named, as the policy or the profile has it.
 *
 * @param peer whose rules decide, and for whose kernel the parameter is.
 * @throws RangeError for what names no function, or several, and where the profile does not fit the pair.
 */
export function fixFor(peer: PeerDma, a: Ref, b: Ref, options: FixOptions = {}): FixPlan {
  const { topology } = peer;
  const [first, second] = [functionId(topology, a), functionId(topology, b)];
  const profile = options.profile ?? "linux";
  const asked = profile === "linux" ? peer : new PeerDma(topology, precise(peer.policy));
  const goal = profile === "gb300" ? gb300(topology, first, second) : null;
  const ways = goal?.ways ?? waysOf(first, second, options);
  const direction = options.direction ?? "both";
  const before = ways.map((way) => pcieVerdict(asked, way, direction));
  const common = { a: topology.name(first), b: topology.name(second), profile, before };
  const warnings = warningsFor(topology, first, profile);
  const draft = goal === null ? minimalChanges(asked, ways, direction, before) : wantedChanges(topology, goal.wanted);
  const { changes } = draft;
  if (changes.length === 0) {
    return {
      ...common,
      status: statusOf(before, null),
      after: null,
      changes,
      boot: null,
      olderBoot: null,
      temporary: [],
      cost: null,
      hints: otherHints(before).filter(({ parameter }) => parameter === null),
      warnings,
      missing: missingOf(before),
    };
  }
  const system = topology.systemOf(first);
  const edited = draft.edited ?? editedTopology(topology, system, changes);
  try {
    const after = askEdited(asked, edited, topology, ways, direction);
    const machine = machineOf(topology, system);
    const { kernel, inferred = [] } = peer.policy;
    const isAssumed = inferred.length > 0 && machine.systems[0]!.kernel?.release === undefined;
    const bootOn = (release: string | undefined) =>
      bootFix(changes, machine.systems[0]!.functions, rebootOf(machine, release));
    const status = goal === null ? statusOf(before, after) : "acs";
    return {
      ...common,
      status,
      after,
      changes,
      boot: bootOn(kernel),
      olderBoot: isAssumed ? bootOn(BEFORE_CONFIG_ACS) : null,
      temporary: changes.map(({ bdf, clear, set, now }) => temporaryCommand(bdf, { clear, set }, knownBits(now))),
      cost: isolationCost(topology, edited, system, changes),
      hints: otherHints(after),
      warnings:
        profile === "precise"
          ? [...warnings, ...doubts(peer.policy, askEdited(peer, edited, topology, ways, direction))]
          : warnings,
      missing: missingOf(status === "unknown" ? [...before, ...after] : after),
    };
  } finally {
    edited.close();
  }
}

/** The last release that knows `disable_acs_redir` alone. */
const BEFORE_CONFIG_ACS = "6.10";

function waysOf(a: number, b: number, { oneWay }: FixOptions): Way[] {
  const there = { provider: a, client: b };
  return oneWay === true || a === b ? [there] : [there, { provider: b, client: a }];
}

interface Draft {
  readonly changes: readonly ControlChange[];
  /** The machine with them, where it was made already; to be closed by whoever takes it. */
  readonly edited: Topology | null;
}

/** Clearing a bit may show another behind it: an egress control vector hides request redirect. */
const MOST_ROUNDS = 3;

function minimalChanges(peer: PeerDma, ways: readonly Way[], direction: Direction, before: readonly Verdict[]): Draft {
  const { topology } = peer;
  const system = topology.systemOf(ways[0]!.provider);
  const clear = new Map<number, number>();
  let verdicts = before;
  let edited: Topology | null = null;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const needs = needsOf(verdicts, (bdf) => topology.id(qualified(topology, system, bdf)));
    const fresh = needs.filter((need) => (need.clear & ~(clear.get(need.id) ?? 0)) !== 0);
    if (fresh.length === 0) break;
    for (const need of fresh) clear.set(need.id, (clear.get(need.id) ?? 0) | need.clear);
    edited?.close();
    edited = editedTopology(topology, system, changesOf(topology, clear));
    verdicts = askEdited(peer, edited, topology, ways, direction);
  }
  return { changes: changesOf(topology, clear), edited };
}

function changesOf(topology: Topology, clear: ReadonlyMap<number, number>): ControlChange[] {
  return [...clear].map(([id, mask]) => {
    const why = `${acsNames(mask).join(" ")} ${mask === (mask & -mask) ? "keeps" : "keep"} the pair from being direct`;
    return changeOf(topology, id, { clear: mask, set: 0 }, why);
  });
}

function changeOf(
  topology: Topology,
  id: number,
  { clear, set }: { readonly clear: number; readonly set: number },
  why: string,
): ControlChange {
  const { bdf, acs } = topology.registers(id)!;
  const now = acs!.control;
  return {
    id,
    bdf,
    capability: acs!.capability,
    now,
    clear,
    set,
    wanted: withBits(now, { set, clear }),
    why,
  };
}

interface Goal {
  readonly ways: readonly Way[];
  readonly wanted: Exclude<ReturnType<typeof directComplex>, string>["wanted"];
}

function gb300(topology: Topology, a: number, b: number): Goal {
  const complex = directComplex(topology, a, b);
  if (typeof complex === "string") throw new RangeError(complex);
  const lacking = complex.wanted.filter(({ id }) => !topology.registers(id)!.acs);
  if (lacking.length > 0) {
    const names = lacking.map(({ id }) => topology.name(id)).join(", ");
    throw new RangeError(`the profile gb300 needs the ACS registers of ${names}, which the description does not show`);
  }
  return { ways: [{ provider: complex.gpu, client: complex.dma }], wanted: complex.wanted };
}

function wantedChanges(topology: Topology, wanted: Goal["wanted"]): Draft {
  const changes = wanted.flatMap(({ id, set, clear, why }) => {
    const { value, mask } = knownBits(topology.registers(id)!.acs!.control);
    const wrong = { clear: clear & (value | ~mask), set: set & ~(value & mask) };
    return (wrong.clear | wrong.set) === 0 ? [] : [changeOf(topology, id, wrong, why)];
  });
  return { changes, edited: null };
}

/** One system as a machine of its own. */
export function machineOf(topology: Topology, system: number): MachineDescription {
  return { peerlane: 1, systems: [topology.describeSystem(system)] };
}

function editedTopology(topology: Topology, system: number, changes: readonly ControlChange[]): Topology {
  const controls = new Map<string, RegisterWord>(changes.map(({ bdf, wanted }) => [bdf, wanted]));
  return Topology.of(withControls(machineOf(topology, system), 0, controls));
}

function askEdited(
  peer: PeerDma,
  edited: Topology,
  topology: Topology,
  ways: readonly Way[],
  direction: Direction,
): Verdict[] {
  const there = new PeerDma(edited, peer.policy);
  const idThere = (id: number): number => edited.id(topology.registers(id)!.bdf);
  return ways.map(({ provider, client }) =>
    pcieVerdict(there, { provider: idThere(provider), client: idThere(client) }, direction),
  );
}

function qualified(topology: Topology, system: number, bdf: string): string {
  const { name } = topology.systems[system]!;
  return topology.systems.length > 1 && name !== undefined && !bdf.includes("/") ? `${name}/${bdf}` : bdf;
}

/** What it is that can be made direct, by the worst answer now. */
const FIXABLE = { no: "acs", yes: "optional", unknown: "unknown" } as const;

function statusOf(before: readonly Verdict[], after: readonly Verdict[] | null): FixStatus {
  const worst = (verdicts: readonly Verdict[]) =>
    verdicts.some(({ answer }) => answer === "no")
      ? "no"
      : verdicts.some(({ answer, route }) => answer === "unknown" || route === "unknown")
        ? "unknown"
        : "yes";
  const now = worst(before);
  if (after !== null && after.every(isDirect)) return FIXABLE[now];
  if (now === "yes") return "nothing";
  const then = worst(after ?? before);
  return then === "no" ? "other" : "unknown";
}

function otherHints(verdicts: readonly Verdict[]): Hint[] {
  const hints = verdicts.flatMap((verdict) => [...verdict.hints, ...memoryHints(verdict)]);
  return [...new Map(hints.map((hint) => [hint.text, hint])).values()];
}

/** What Linux does not look at, and what would be lost if nobody did. */
function memoryHints({ memory, provider }: Verdict): Hint[] {
  switch (memory) {
    case "off":
      return [
        {
          text: `memory decode of ${provider}, or of a bridge above it, is off: bind a driver to it, or setpci -s ${provider} COMMAND=2:2`,
          parameter: null,
        },
      ];
    case "unassigned":
      return [
        {
          text: `no address is assigned to the memory BARs of ${provider}: look for "no space" in the kernel's log, and try pci=realloc`,
          parameter: null,
        },
      ];
    default:
      return [];
  }
}

function missingOf(verdicts: readonly Verdict[]): Missing[] {
  return distinct(verdicts.flatMap((verdict) => ("missing" in verdict ? verdict.missing : [])));
}

/** What the policy itself makes of a machine whose bits are as the profile `precise` wants them. */
function doubts({ name, kernel }: Policy, after: readonly Verdict[]): string[] {
  const worst = after.find((verdict) => !isDirect(verdict));
  if (worst === undefined) return [];
  const answer = worst.answer === "yes" ? "by way of the host bridge" : `${worst.answer}, ${worst.code}`;
  return [
    `${kernel === undefined ? name : `Linux ${kernel}`} looks at more bits than the profile precise: with these ` +
      `changes its own answer is still ${answer}; what it needs itself is said without --profile`,
  ];
}

function warningsFor(topology: Topology, id: number, profile: Profile): string[] {
  const system = topology.systemOf(id);
  const [direct] = dmaFunctions(topology, system);
  if (direct === undefined || profile === "gb300") return [];
  return [
    `${topology.name(direct)} is the DMA function of a ConnectX (Data Direct): such servers need ports that differ ` +
      "from each other, and with all redirects off their GPU driver refuses; see --profile gb300",
  ];
}
