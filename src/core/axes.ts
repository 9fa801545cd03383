// The axes of the decision table, in the order of assembly/layout.ts.
/**
 * How two functions hang together, by the number that stands for it in a column. `same-unknown`: on one bus of which
 * nothing shows what it hangs below; `across-unknown`: at least one below such a bus. Their number, 6: in different
 * systems.
 */
export const RELATIONS = [
  "self",
  "common-bridge",
  "same-host-bridge",
  "across-host-bridges",
  "same-unknown",
  "across-unknown",
] as const;
/**
 * What ACS does to requests between two functions, by the number that stands for it in a column; `maybe`: it redirects
 * them or not, the description does not show it. From `blocked` on under the precise model alone.
 */
export const PATHS = [
  "direct",
  "redirected",
  "maybe",
  "blocked",
  "direct-or-blocked",
  "redirected-or-blocked",
  "any",
] as const;
/** Directions, as the initiator sees them, by the number that stands for them in a column of requests. */
export const DIRECTIONS = ["read", "write", "both"] as const;
/** What the top of a tree is, by the number that stands for it: `anywhere` is a bus whose numbers are made up. */
export const PLACES = ["bus", "host-bridge", "anywhere"] as const;

export type Place = (typeof PLACES)[number];
export type Relation = (typeof RELATIONS)[number];
export type Path = (typeof PATHS)[number];
/** What one completion makes of a path. */
export type Way = "direct" | "redirected" | "blocked";
/** A path is the set of the ways that a request may take: its number, plus 1, has a bit for each. */
export const WAY_BITS: Readonly<Record<Way, number>> = { direct: 1, redirected: 2, blocked: 4 };

/** One bit per outcome; a decision holds those of every completion of the description. */
export const OUTCOME_BITS = {
  "bus-address": 1,
  "through-host-bridge": 2,
  "redirect-refused": 4,
  "host-refused": 8,
  "policy-refused": 16,
  "systems-refused": 32,
  "egress-blocked": 64,
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
  "aperture",
  "contested",
  "blank",
  "dma-mask",
  "dma-mask-unknown",
  "withheld",
] as const;
export type Status = (typeof STATUSES)[number];

/**
 * How a DMA address comes from the CPU physical address, by the number that stands for it in a column. `iommu`: the
 * kernel allots an IOVA, which nobody can know beforehand. `link`: it goes over a side link, which has addresses of its own;
 * the core itself never says so.
 */
export const TRANSLATIONS = ["none", "bus-offset", "iommu", "unknown", "link"] as const;
/** One of {@link TRANSLATIONS}. */
export type Translation = (typeof TRANSLATIONS)[number];

/** What happens to addresses at a host bridge. */
export const IOMMUS = ["unknown", "identity", "translating"] as const;
export type Iommu = (typeof IOMMUS)[number];

/**
 * Where an address without owner may still have one that the description does not show; `blank`: it holds no addresses.
 */
export const OPEN = ["nowhere", "outside-windows", "everywhere", "blank"] as const;
export type Open = (typeof OPEN)[number];

/**
 * What is said of an address, or of a range of addresses: then `ambiguous` also where others claim a later part of the
 * owner's range, and `leaves` where the range begins in its owner and leaves it.
 */
export const CLAIMS = ["nobody", "owned", "hole", "ambiguous", "maybe", "leaves"] as const;
export type Claim = (typeof CLAIMS)[number];

export const RANGE_KINDS = ["bar", "not-peer", "window", "system-ram", "platform", "other"] as const;
export type RangeKind = (typeof RANGE_KINDS)[number];

/**
 * What the exporter of a range lets others do with it, by the number that stands for it in a column; null: not stated.
 * `direct`: may be mapped to user space as it is; `driver`: handed out by its driver only; `none`: not handed out.
 */
export const EXPORTS = [null, "direct", "driver", "none"] as const;
/** One of {@link EXPORTS}. */
export type Exported = (typeof EXPORTS)[number];

/** Who wins where ranges overlap, the weakest first. */
export const RANKS = ["surrounding", "maybe", "aperture", "silent", "platform", "live", "unsized"] as const;
export type Rank = (typeof RANKS)[number];

/** After those of RELATIONS: the functions are in different systems. */
export const ACROSS_SYSTEMS = RELATIONS.length;
/** 0xff. In a column of BARs: not shown, or no BAR. */
export const NO_BAR = 0xff;
/** 0xffffffff. In a column of distances: not known, or in different systems. */
export const NO_DISTANCE = 0xffffffff;
/** 2^64 - 1. In a `BigUint64Array` of DMA addresses: not known beforehand, or none; a `Float64Array` has NaN there. */
export const NO_ADDRESS = 0xffffffffffffffffn;

/** In `offFrom` and `unknownFrom`: the owner itself, wherever the common bridge is. */
export const ALWAYS = 0xffffffff;
