import { areNested } from "../topology/cpu-list.js";
import type { Claims, Near } from "./claims.js";
import { UNDECIDED } from "./dialect.js";
import { matchDevices, type Matching } from "./match.js";

/** A pair of devices about which the two sides do not say the same. */
export interface Difference {
  /** Places in `matches`; in the kernel's dialect provider and client. */
  readonly row: number;
  readonly column: number;
  /** Null: nothing is said. */
  readonly theirs: string | null;
  readonly ours: string | null;
  /** Why, in a sentence without a full stop. */
  readonly reason: string;
}

/** A device that the two sides put near something else. */
export interface NearDifference {
  /** Place in `matches`. */
  readonly device: number;
  readonly what: keyof Near;
  /** Lists, as sysfs prints them. */
  readonly theirs: string;
  readonly ours: string;
}

/** What somebody claims of a machine, held against what we say. */
export interface Comparison extends Matching {
  readonly theirs: Claims;
  readonly ours: Claims;
  /** Places in `devices` of those that the other side lacks. */
  readonly unmatched: { readonly theirs: readonly number[]; readonly ours: readonly number[] };
  /** How many pairs say the same. */
  readonly equal: number;
  readonly different: readonly Difference[];
  /** Those that one side says nothing of, does not know, or hides. */
  readonly notComparable: readonly Difference[];
  /**
   * Devices whose NUMA nodes or CPUs nearby differ. One list may hold more than the other: a part of the CPUs may be
   * offline, or not for a container.
   */
  readonly nearElsewhere: readonly NearDifference[];
}

/**
 * Holds `theirs` against `ours`, which speak one dialect, pair by pair; each pair counts once, in the kernel's dialect
 * once in each direction.
 *
 * @param byHand places in `theirs` and in `ours` that the caller knows to be one device.
 * @throws RangeError where the dialects differ.
 */
export function compareClaims(theirs: Claims, ours: Claims, byHand?: ReadonlyMap<number, number>): Comparison {
  if (theirs.dialect !== ours.dialect) {
    throw new RangeError(`expected claims in one dialect, got ${theirs.dialect} and ${ours.dialect}`);
  }
  const matching = matchDevices(theirs, ours, byHand);
  const { matches } = matching;
  const different: Difference[] = [];
  const notComparable: Difference[] = [];
  let equal = 0;
  for (let row = 0; row < matches.length; row++) {
    for (let column = theirs.dialect === "kernel" ? 0 : row + 1; column < matches.length; column++) {
      if (row === column) continue;
      const [from, to] = [matches[row]!, matches[column]!];
      const found = comparePair(
        { claims: theirs, row: from.theirs, column: to.theirs },
        { claims: ours, row: from.ours, column: to.ours },
      );
      if (found.outcome === "equal") equal++;
      else {
        const { outcome, ...said } = found;
        (outcome === "different" ? different : notComparable).push({ row, column, ...said });
      }
    }
  }
  const lacking = (side: "theirs" | "ours", { devices }: Claims) => {
    const held = new Set(matches.map((match) => match[side]));
    return devices.flatMap((_, place) => (held.has(place) ? [] : [place]));
  };
  const unmatched = { theirs: lacking("theirs", theirs), ours: lacking("ours", ours) };
  const nearElsewhere = matches.flatMap((match, device) =>
    (["numaNodes", "cpus"] as const).flatMap((what) => {
      const [there, here] = [theirs.devices[match.theirs]!.near?.[what], ours.devices[match.ours]!.near?.[what]];
      if (there === undefined || here === undefined || areNested(there, here) !== false) return [];
      return [{ device, what, theirs: there, ours: here }];
    }),
  );
  return { ...matching, theirs, ours, unmatched, equal, different, notComparable, nearElsewhere };
}

/** A pair as one side has it. */
interface Pair {
  readonly claims: Claims;
  readonly row: number;
  readonly column: number;
}

type Found =
  | { readonly outcome: "equal" }
  | ({ readonly outcome: "different" | "not-comparable" } & Pick<Difference, "theirs" | "ours" | "reason">);

function comparePair(their: Pair, our: Pair): Found {
  const [theirs, ours] = [letterOf(their), letterOf(our)];
  const found = (outcome: "different" | "not-comparable", reason: string): Found => ({ outcome, theirs, ours, reason });
  const contradiction = [their, our].find((pair) => contradictsItself(pair));
  if (contradiction !== undefined) return found("different", whyOf(contradiction));
  const unsaid = unsaidBy(their, theirs) ?? unsaidBy(our, ours);
  if (unsaid !== null) return found("not-comparable", unsaid);
  if (theirs === ours) return { outcome: "equal" };
  const [linked, other] = isLink(theirs!) ? [their, our] : [our, their];
  if (isLink(theirs!) === isLink(ours!) || other.claims.showsLinks) return found("different", reasonFor(their, our));
  // One side knows of links and the other of PCIe alone: that is what they can be compared by.
  const [theirPcie, ourPcie] = [onPcie(their), onPcie(our)];
  if (theirPcie === null || ourPcie === null) {
    const link = letterOf(linked)!;
    return found(
      "not-comparable",
      `${link} hides the distance on PCIe, and ${other.claims.origin} shows no such links`,
    );
  }
  const unknown = unsaidBy(their, theirPcie) ?? unsaidBy(our, ourPcie);
  if (unknown !== null) return found("not-comparable", unknown);
  if (theirPcie === ourPcie) return { outcome: "equal" };
  return { outcome: "different", theirs: theirPcie, ours: ourPcie, reason: reasonFor(their, our) };
}

function letterOf({ claims, row, column }: Pair): string | null {
  return claims.letter(row, column);
}

function onPcie({ claims, row, column }: Pair): string | null {
  return claims.onPcie(row, column);
}

function whyOf({ claims, row, column }: Pair): string {
  return claims.why(row, column);
}

function contradictsItself({ claims, row, column }: Pair): boolean {
  return claims.dialect !== "kernel" && claims.letter(row, column) !== claims.letter(column, row);
}

/** Why one side cannot be held to anything; null: it can. */
function unsaidBy(pair: Pair, letter: string | null): string | null {
  if (letter === null) return `${pair.claims.origin} says nothing of the two: ${whyOf(pair)}`;
  return letter === UNDECIDED ? `${pair.claims.origin} leaves it open: ${whyOf(pair)}` : null;
}

const LINKS = ["NVL", "NVB", "XGMI", "C2C"];

function isLink(letter: string): boolean {
  return /^NV\d/.test(letter) || LINKS.includes(letter);
}

/** What both rest on, and what is known to make such letters differ. */
function reasonFor(their: Pair, our: Pair): string {
  const known = knownCause(our.claims.dialect, new Set([letterOf(their)!, letterOf(our)!]));
  return [`${our.claims.origin}: ${whyOf(our)}`, `${their.claims.origin}: ${whyOf(their)}`, ...known].join("; ");
}

const BETWEEN_HOST_BRIDGES = ["PHB", "NODE", "SYS"];
const SWITCHED = ["PIX", "PXB"];

function knownCause(dialect: Claims["dialect"], letters: ReadonlySet<string>): string[] {
  const are = (some: readonly string[]) => [...letters].every((letter) => some.includes(letter));
  const hasSome = (some: readonly string[]) => some.some((letter) => letters.has(letter));
  if (dialect === "kernel") return [];
  if (are(BETWEEN_HOST_BRIDGES)) {
    return letters.has("SYS")
      ? ["how many NUMA nodes a socket has is a setting of the firmware, so that it may have changed between the two"]
      : [];
  }
  if (are(SWITCHED)) {
    return dialect === "nccl"
      ? ["a topology file may leave switches out, and NCCL takes the two levels of some of Broadcom's for one"]
      : ["some switches are made of two levels, each of which counts"];
  }
  if (letters.has("PHB") && hasSome(SWITCHED) && dialect === "nccl") {
    return [
      "NCCL sends what it cannot or must not send directly through the CPU, and calls it PHB whatever the wiring",
    ];
  }
  return [];
}
