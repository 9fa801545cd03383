import { OPEN, type Core, type RangeRow } from "../core.js";
import type { Owner, Ownership } from "./answers.js";
import type { SystemFacts } from "./fabric/columns.js";
import { isCertain } from "./range-rows.js";
import { surroundingAt } from "./surroundings.js";

/** What an address is looked up in. */
export interface AddressBook {
  readonly core: Core;
  readonly facts: readonly SystemFacts[];
  /** Per system the row in OPEN. */
  readonly open: Uint8Array;
  /** Name of a function of a system, as people write it. */
  nameOf(system: number, id: number): string;
}

/** Who owns an address of a system, or the range that begins there. */
export function ownersOf(book: AddressBook, system: number, address: bigint, size: bigint): Ownership {
  const { core } = book;
  const { claim, range } = core.claim(system, address, size);
  switch (claim) {
    case "owned":
      return { answer: "one", owners: [owner(book, core.rangeIn(system, range), address)], window: null };
    case "leaves":
      return { answer: "leaves-owner", owners: [owner(book, core.rangeIn(system, range), address)], window: null };
    case "ambiguous":
      return { answer: "several", owners: claimants(book, system, contested(core, system, address)), window: null };
    case "maybe": {
      const nearest = owner(book, core.rangeIn(system, range), address);
      const others = claimants(book, system, address).filter(({ id }) => id !== null && id !== nearest.id);
      return { answer: "unknown", owners: [nearest, ...others], window: null };
    }
    case "hole":
    case "nobody": {
      const hole = claim === "hole" ? core.rangeIn(system, range) : null;
      const open = OPEN[book.open[system]!]!;
      return {
        answer: open === "everywhere" || (open !== "nowhere" && hole === null) ? "unknown" : "none",
        owners: [],
        window: hole && { id: hole.owner, kind: hole.terms.window ?? "mem" },
      };
    }
  }
}

/** The first address that several claim of a range that begins at `address`. */
function contested(core: Core, system: number, address: bigint): bigint {
  const { claim } = core.claim(system, address);
  return claim === "owned" ? address + core.claimedAlike(system, address) : address;
}

/** Everyone but windows who claims an address: what is outside PCI, then functions in the order of their ids. */
function claimants(book: AddressBook, system: number, address: bigint): Owner[] {
  const ranges = Array.from(book.core.claimants(system, address), (range) => book.core.rangeIn(system, range));
  return ranges
    .filter(({ terms }) => terms.kind !== "window")
    .filter((range, at, all) => all.findIndex((other) => isSameBar(range, other)) === at)
    .map((range) => owner(book, range, address))
    .sort((a, b) => (a.id ?? 0) - (b.id ?? 0) || (a.bar ?? 0) - (b.bar ?? 0));
}

/** An aperture is a range for all of it, and one for the part that is not known. */
function isSameBar(range: RangeRow, other: RangeRow): boolean {
  if (range === other) return true;
  const { owner, start, terms } = range;
  return terms.rank === "aperture" && other.terms.rank === "aperture" && owner === other.owner && start === other.start;
}

function owner({ facts, nameOf }: AddressBook, range: RangeRow, address: bigint): Owner {
  const { system, owner: id, start, terms } = range;
  const { bar, exported } = terms;
  const size = isCertain(terms) ? range.size : null;
  const offset = address - start;
  // Field by field: a spread would take longer than everything else.
  if (terms.kind === "bar" || terms.kind === "not-peer") {
    return { kind: "pci", id, name: nameOf(system, id), bar, start, size, offset, exported };
  }
  const { kind, name } = surroundingAt(facts[system]!, id);
  return { kind, id: null, name: name ?? kind, bar: null, start, size, offset, exported };
}
