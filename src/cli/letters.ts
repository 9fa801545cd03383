import type { Claims, ClaimedDevice } from "../letters/claims.js";
import { claimsAmong } from "../letters/claims.js";
import { compareClaims, type Comparison } from "../letters/compare.js";
import type { Dialect } from "../letters/dialect.js";
import { claimsOf } from "../letters/letters.js";
import { dialectOf, viewClaims } from "../letters/views.js";
import type { Direction } from "../policy/policy.js";
import { listed } from "../topology/listed.js";
import type { ViewDescription } from "../topology/views.js";
import { UsageError } from "./exit.js";
import { findFunction } from "./functions.js";
import { openMachine, type Machine } from "./machine.js";
import type { SharedOptions } from "./options.js";
import { printFindings } from "./output.js";
import { select } from "./select.js";

/** Of which pairs. */
export interface Asked {
  readonly of: string;
  readonly direction: Direction;
}

/** What other tools say of the machine, in one dialect or in any. */
export function viewsOf({ topology }: Pick<Machine, "topology">, dialect?: Dialect): readonly ViewDescription[] {
  const views = topology.systems.flatMap(({ views = [] }) => views);
  return dialect === undefined ? views : views.filter((view) => dialectOf(view) === dialect);
}

/** Where the source shows no functions but what another tool says of them: a sentence that says so; null: it shows some. */
export function viewsAlone(machine: Pick<Machine, "topology">): string | null {
  const [view] = viewsOf(machine);
  if (view === undefined || machine.topology.functions().length > 0) return null;
  return `${view.tool} shows no functions: see \`peerlane matrix --legend ${dialectOf(view)}\``;
}

/**
 * The machine in the letters of a dialect: of its functions; where the source shows nothing of what they hang below, what
 * another tool says in its place.
 */
export function machineClaims(machine: Machine, dialect: Dialect, { of, direction }: Asked): Claims {
  const { topology } = machine;
  const [view] = viewsOf(machine, dialect);
  const isTreeless = topology.roots.every(({ root }) => !root.known);
  if (isTreeless && view !== undefined) return selectDevices(viewClaims(view), of);
  const ids = select(topology, of);
  const [other] = viewsOf(machine);
  if (ids.length === 0 && isTreeless && other !== undefined) {
    throw new UsageError(
      `--legend ${dialect}: the source holds what ${other.tool} says, whose letters are --legend ${dialectOf(other)}`,
    );
  }
  return claimsOf(machine.peerDma(ids), ids, dialect, direction);
}

const KINDS: Readonly<Record<string, (device: ClaimedDevice) => boolean>> = {
  all: () => true,
  endpoint: () => true,
  gpu: ({ kind }) => kind === "gpu",
  nic: ({ kind }) => kind === "nic",
};

/** The devices of a view that `--of` means, in the view's order. */
function selectDevices(claims: Claims, of: string): Claims {
  if (of === "all") return claims;
  const wanted = new Set(
    of.split(",").flatMap((part) => {
      const text = part.trim();
      const isMeant = Object.hasOwn(KINDS, text) ? KINDS[text]! : (device: ClaimedDevice) => isCalled(device, text);
      const places = claims.devices.flatMap((device, place) => (isMeant(device) ? [place] : []));
      if (places.length > 0) return places;
      throw new UsageError(
        `--of: ${claims.origin} has no "${text}"; it has ${namesIn(claims)}, and the groups all, gpu, nic`,
      );
    }),
  );
  return claimsAmong(
    claims,
    [...wanted].sort((a, b) => a - b),
  );
}

function isCalled({ name, names, bdf }: ClaimedDevice, text: string): boolean {
  return name === text || names.includes(text) || bdf === text;
}

const SHOWN_NAMES = 12;

function namesIn({ devices }: Claims): string {
  return listed(
    devices.map(({ name }) => name),
    SHOWN_NAMES,
  );
}

/** What `--compare` asks for. */
export interface CompareOptions extends Asked {
  readonly compare: string;
  readonly legend?: Dialect;
  /** `THEIRS=OURS`. */
  readonly name: readonly string[];
}

/**
 * What a file claims of the machine, against what its own description says.
 *
 * @throws UsageError, and ReadError as reading the machine does.
 */
export async function compareWith(machine: Machine, options: SharedOptions & CompareOptions): Promise<Comparison> {
  const { compare, direction } = options;
  if (compare === "-" && options.input.includes("-")) {
    throw new UsageError(
      "--compare -: standard input is the machine's description already; give one of them as a file",
    );
  }
  const { system: _, ...others } = options;
  const file = await openMachine({ ...others, input: [compare] });
  printFindings(file, options);
  const [view] = viewsOf(file, options.legend);
  // Either side may be the one that speaks in letters.
  const spoken = view ?? viewsOf(machine)[0];
  const dialect = options.legend ?? (spoken === undefined ? "nvidia" : dialectOf(spoken));
  // Of a machine's many functions bridges are no devices of any matrix, unless they are asked for.
  const of = options.of === "all" ? "endpoint" : options.of;
  oneSystem(machine, "--system NAME tells which machine it is about");
  const ours = machineClaims(machine, dialect, { of, direction });
  if (view === undefined) oneSystem(file, `--compare ${compare}: give a file of one machine`);
  const theirs =
    view === undefined
      ? { ...machineClaims(file, dialect, { of: "all", direction }), origin: compare }
      : viewClaims(view);
  return compareClaims(theirs, ours, pairsByHand(options.name, theirs, ours, machine));
}

function oneSystem({ topology }: Machine, advice: string): void {
  const count = topology.systems.length;
  if (count > 1) throw new UsageError(`a comparison is of one machine, these are ${count}: ${advice}`);
}

/** `--name THEIRS=OURS`, as places in both lists. */
function pairsByHand(
  pairs: readonly string[],
  theirs: Claims,
  ours: Claims,
  { topology }: Machine,
): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const [their, our] = [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
    if (their === "" || our === "") {
      throw new UsageError(`--name: expected a device there and a function here, as in GPU0=41:00.0, got "${pair}"`);
    }
    const place = theirs.devices.findIndex((device) => isCalled(device, their));
    if (place === -1) throw new UsageError(`--name: ${theirs.origin} has no "${their}"; it has ${namesIn(theirs)}`);
    const here = ourPlace(ours, our, topology);
    const other = [...places].find(([there, taken]) => (there === place) !== (taken === here));
    if (other !== undefined) {
      const [one, two] = [theirs.devices[other[0]]!.name, theirs.devices[place]!.name];
      const twice = other[1] === here ? `both ${one} and ${two} are ${our}` : `${two} is two of the functions here`;
      throw new UsageError(`--name ${pair}: a device is one there and one here, but ${twice}`);
    }
    places.set(place, here);
  }
  return places;
}

function ourPlace(ours: Claims, text: string, topology: Machine["topology"]): number {
  const named = ours.devices.findIndex((device) => isCalled(device, text));
  if (named !== -1) return named;
  const id = findFunction(topology, text, "--name");
  const place = ours.devices.findIndex((device) => device.id === id);
  if (place !== -1) return place;
  throw new UsageError(`--name: ${topology.name(id)} is none of the functions compared; --of chooses them`);
}
