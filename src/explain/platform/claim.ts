import type { Core, RangeRow, Status, Terms } from "../../core.js";
import { FIRST_APERTURE } from "../../topology/claims.js";

/** Whose the addresses of a request are, before anybody decides about it. */
export interface Claimed {
  /** As the core has it for a function that owns none of them. */
  readonly status: Status;
  /** The range that owns or may own the first byte; null: none. */
  readonly range: number | null;
  /** The same in full, where it owns it. */
  readonly held: RangeRow | null;
  /** Of the address in the range that owns it; 0 where none does. */
  readonly offset: bigint;
}

/**
 * Looks up the owner of [address, address + size) for an initiator that is no function, as the core does for functions
 * (assembly/requests.ts, `requestMany`).
 */
export function claimAt(core: Core, system: number, address: bigint, size: bigint): Claimed {
  const { claim, range } = core.claim(system, address);
  const nothing = { held: null, offset: 0n };
  switch (claim) {
    case "ambiguous":
    case "maybe":
      return { status: claim, range, ...nothing };
    case "hole":
    case "nobody":
      return { status: statusOfNobody(core, system, claim), range: null, ...nothing };
    default: {
      const held = core.range(range);
      const offset = address - held.start;
      if (size <= core.claimedAlike(system, address)) return { status: statusOfTerms(held.terms), range, held, offset };
      return { status: size <= held.size - offset ? "contested" : "leaves-owner", range, held, offset };
    }
  }
}

function statusOfNobody(core: Core, system: number, claim: "hole" | "nobody"): Status {
  const open = core.open(system);
  if (open === "blank") return "blank";
  if (claim === "hole") return open === "everywhere" ? "open" : "hole";
  return open === "nowhere" ? "nobody" : "open";
}

function statusOfTerms({ kind, bar, exported }: Terms): Status {
  if (exported === "none") return "withheld";
  if (kind === "bar") return "decided";
  if (kind === "system-ram" || kind === "platform") return kind;
  return bar !== null && bar >= FIRST_APERTURE ? "aperture" : "not-peer";
}
