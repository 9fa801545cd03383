// The axes of the decision table, in the order of assembly/layout.ts.
export const RELATIONS = [
  "self",
  "common-bridge",
  "same-host-bridge",
  "across-host-bridges",
  "same-unknown",
  "across-unknown",
] as const;
export const PATHS = ["direct", "redirected", "maybe"] as const;
export const DIRECTIONS = ["read", "write", "both"] as const;
export type Relation = (typeof RELATIONS)[number];
export type Path = (typeof PATHS)[number];

/** One bit per outcome; a decision holds those of every completion of the description. */
export const OUTCOME_BITS = {
  "bus-address": 1,
  "through-host-bridge": 2,
  "redirect-refused": 4,
  "host-refused": 8,
  "policy-refused": 16,
  "systems-refused": 32,
} as const;

export const STATUSES = [
  "decided",
  "nobody",
  "hole",
  "ambiguous",
  "maybe",
  "open",
  "leaves-owner",
  "memory-off",
  "memory-unknown",
  "system-ram",
  "platform",
  "not-peer",
] as const;
export type Status = (typeof STATUSES)[number];

/** Where an address without owner may still have one that the description does not show. */
export const OPEN = ["nowhere", "outside-windows", "everywhere"] as const;
export type Open = (typeof OPEN)[number];

export const CLAIMS = ["nobody", "owned", "hole", "ambiguous", "maybe"] as const;
export type Claim = (typeof CLAIMS)[number];

export const RANGE_KINDS = ["bar", "not-peer", "window", "system-ram", "platform", "other"] as const;
export type RangeKind = (typeof RANGE_KINDS)[number];

/** Who wins where ranges overlap, the weakest first. */
export const RANKS = ["surrounding", "maybe", "aperture", "silent", "platform", "live", "unsized"] as const;
export type Rank = (typeof RANKS)[number];

/** In `offFrom` and `unknownFrom`: the owner itself, wherever the common bridge is. */
export const ALWAYS = 0xffffffff;
