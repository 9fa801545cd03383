// Every record and column of the core, drawn. All numbers are little-endian; all offsets derive from one another.
//
// A topology is one block of memory. Entry points take its address, `base`, where the header stands; the header
// holds the addresses of the columns:
//
//   base ──► header │ keys │ records │ minima │ hosts │ systems │ classes │ table
//                   │ tree │ leaves │ ranges │ owners │ terms │ staging
//
// Nodes are numbered depth first from 1. Node 0 stands above all of them, so that two nodes without any common
// bridge still have a common ancestor. Its children, at depth 0, are the host bridges; functions begin at depth 1.

// Header ─────────────────────────────────────────────────────────────────────────────────────────────────────────
//
//    0       4       8       12      16      20       24      28      32      36        40        44
//   ┌───────┬───────┬───────┬───────┬───────┬────────┬───────┬───────┬───────┬─────────┬─────────┬─────────┐
//   │ nodes │ wide  │ depth │ keys  │records│ minima │blocks │spans  │ hosts │ systems │ classes │ classes │
//   │ count │  0/1  │ bits  │   @   │   @   │   @    │ count │ count │   @   │    @    │    @    │  count  │
//   ├───────┼───────┼───────┼───────┼───────┼────────┼───────┼───────┼───────┼─────────┴─────────┴─────────┘
//   │ table │leaves │leaves │ unit  │ranges │ owners │ terms │levels │level 0│ … level 10 │ touched │ pair
//   │   @   │   @   │ count │ shift │   @   │   @    │   @   │ count │   @   │      @     │    -    │  -
//   ├───────┴─┬─────┴────┬──┴───────┼───────┴────────┴───────┴───────┴───────┴────────────┴─────────┴──────
//   │ precise │ requests │ unsettled│
//   │ 0/1/2   │    @     │  count   │
//   └─────────┴──────────┴──────────┘

export const HEADER_NODES: usize = 0;
export const HEADER_WIDE: usize = HEADER_NODES + 4;
export const HEADER_DEPTH_BITS: usize = HEADER_WIDE + 4;
export const HEADER_KEYS: usize = HEADER_DEPTH_BITS + 4;
export const HEADER_RECORDS: usize = HEADER_KEYS + 4;
export const HEADER_MINIMA: usize = HEADER_RECORDS + 4;
export const HEADER_BLOCKS: usize = HEADER_MINIMA + 4;
export const HEADER_SPANS: usize = HEADER_BLOCKS + 4;
export const HEADER_HOSTS: usize = HEADER_SPANS + 4;
export const HEADER_SYSTEMS: usize = HEADER_HOSTS + 4;
export const HEADER_CLASSES: usize = HEADER_SYSTEMS + 4;
export const HEADER_CLASS_COUNT: usize = HEADER_CLASSES + 4;
export const HEADER_TABLE: usize = HEADER_CLASS_COUNT + 4;
export const HEADER_LEAVES: usize = HEADER_TABLE + 4;
export const HEADER_LEAF_COUNT: usize = HEADER_LEAVES + 4;
export const HEADER_UNIT: usize = HEADER_LEAF_COUNT + 4;
export const HEADER_RANGES: usize = HEADER_UNIT + 4;
export const HEADER_OWNERS: usize = HEADER_RANGES + 4;
export const HEADER_TERMS: usize = HEADER_OWNERS + 4;
export const HEADER_LEVELS: usize = HEADER_TERMS + 4;
/** The levels of the search tree, the root first. Eleven hold more leaves than there is memory. */
export const HEADER_LEVEL: usize = HEADER_LEVELS + 4;
/** Written, never read (ranges.ts). */
export const HEADER_TOUCHED: usize = HEADER_LEVEL + 11 * 4;
/** Room for two ids and their common upstream. */
export const HEADER_PAIR: usize = HEADER_TOUCHED + 4;
/** Whose model of ACS decides about pairs: PRECISE_… (precise.ts). */
export const HEADER_PRECISE: usize = HEADER_PAIR + 12;
/** u8 per row or column: WAY_… that the request of a pair may take; EGRESS: its port's egress control vector tells. */
export const HEADER_REQUESTS: usize = HEADER_PRECISE + 4;
/** How many of these have EGRESS. */
export const HEADER_UNSETTLED: usize = HEADER_REQUESTS + 4;
export const HEADER_BYTES: usize = HEADER_UNSETTLED + 4;

/** Linux's: whatever redirects on the way (forest.ts). */
export const PRECISE_OFF: u32 = 0;
/** What the hardware does; the ways of requests are a result. */
export const PRECISE_FOUND: u32 = 1;
/** The same with ways of requests that are given. */
export const PRECISE_GIVEN: u32 = 2;

// Keys: u32 per node, what it hangs below. They order like the ids of the parents, so that the least key among
// (a, b] names the common upstream of a < b; the depth of that comes with it.
//
//    31                depth bits                 0
//   ┌───────────────────────────┬──────────────────┐   depth bits  as many as the deepest node needs; 0 where id and
//   │ id of the node above      │ its depth        │                 depth do not fit into 32 bits (wide)
//   └───────────────────────────┴──────────────────┘
//
// Node record, one per node. The last four fields are bytes, or u32 where a byte does not hold every depth (wide):
// 16 bytes or 28.
//
//    0        4        8       12      13         14           15
//   ┌────────┬────────┬───────┬───────┬──────────┬────────────┬──────────┐
//   │ prefix │ suffix │ host  │ depth │ redirect │ unreadable │ own      │
//   └────────┴────────┴───────┴───────┴──────────┴────────────┴──────────┘
//
//   prefix      least key from the start of the node's block to the node
//   suffix      least key after the node to the end of its block; NO_KEY: the node is the last of it
//   host        ordinal of the host bridge above
//   redirect    depth of the deepest function on this node's chain, itself included, that redirects; 0: none
//   unreadable  the same for functions whose ACS is not known
//   own         what concerns the function alone:
//
//          7            6         5        0
//         ┌────────────┬─────────┬──────────┐   completion, request   its ACS redirects those: CR, RR
//         │ completion │ request │ DMA bits │   DMA bits              how many address bits it drives; 0: no limit
//         └────────────┴─────────┴──────────┘                         below 64 is known
//
// A path is direct exactly when both ends' redirect depths are less than the depth of the common bridge.
//
// A function at its own redirect depth redirects by itself, and at its own unreadable depth its ACS is not known. One
// that is at both has egress control: to Linux a redirect, and what it does is in a vector that the core does not have.

export const RECORD_PREFIX: usize = 0;
export const RECORD_SUFFIX: usize = RECORD_PREFIX + 4;
export const RECORD_HOST: usize = RECORD_SUFFIX + 4;
export const RECORD_DEPTH: usize = RECORD_HOST + 4;
// In units of the field's width, behind RECORD_DEPTH.
export const FIELD_REDIRECT: usize = 1;
export const FIELD_UNREADABLE: usize = 2;
export const FIELD_OWN: usize = 3;
export const FIELDS: usize = 4;

export const OWN_DMA_BITS: u32 = 63;
export const OWN_REQUEST: u32 = 64;
export const OWN_COMPLETION: u32 = 128;

/** The greatest depth that a byte holds. */
export const NARROW_DEPTH: u32 = 255;
export const NO_KEY: u32 = 0xffffffff;

// Minima: over blocks of 2^BLOCK_SHIFT nodes the least key of one, two, four, … blocks: u32 [span][block], as many
// spans as the largest tree needs. What is further apart is in different trees, and has node 0 in common.

export const BLOCK_SHIFT: u32 = 5;

export const MARK_REDIRECT: u32 = 1;
export const MARK_UNREADABLE: u32 = 2;
export const MARK_REQUEST: u32 = OWN_REQUEST;
export const MARK_COMPLETION: u32 = OWN_COMPLETION;

// Host bridge, one per tree of the forest ────────────────────────────────────────────────────────────────────────
//
//    0        4          8
//   ┌────────┬──────────┬───────┐   segment   PCI segment (domain)
//   │ system │ segment  │ place │   place     0: nothing shows where this bus hangs; it stands for a host bridge
//   └────────┴──────────┴───────┘                or a bridge that the description does not name, in its segment
//                                             1: this is a host bridge
//                                             2: like 0, and the segment tells nothing either

export const HOST_SYSTEM: usize = 0;
export const HOST_SEGMENT: usize = HOST_SYSTEM + 4;
export const HOST_PLACE: usize = HOST_SEGMENT + 4;
export const HOST_BYTES: usize = HOST_PLACE + 4;

export const PLACE_KNOWN: u32 = 1;
export const PLACE_ANYWHERE: u32 = 2;

// System: its CPU physical address space, displaced into the one space of the whole topology ──────────────────────
//
//    0              8        16      24      28
//   ┌──────────────┬────────┬───────┬───────┬───────┐   first  the lowest address that anything claims
//   │ displacement │ first  │ span  │ open  │ iommu │   span   from there to the end of the highest; from `first` on
//   └──────────────┴────────┴───────┴───────┴───────┘          address + displacement is its place in the one space
//
//   open    where an address without owner may still have one that the description does not show: OPEN_…
//   iommu   what happens to addresses at the host bridge: IOMMU_…

export const SYSTEM_DISPLACEMENT: usize = 0;
export const SYSTEM_FIRST: usize = SYSTEM_DISPLACEMENT + 8;
export const SYSTEM_SPAN: usize = SYSTEM_FIRST + 8;
export const SYSTEM_OPEN: usize = SYSTEM_SPAN + 8;
export const SYSTEM_IOMMU: usize = SYSTEM_OPEN + 4;
export const SYSTEM_BYTES: usize = SYSTEM_IOMMU + 4;

export const IOMMU_UNKNOWN: u32 = 0;
/** Off or passed through: devices use CPU physical addresses. */
export const IOMMU_IDENTITY: u32 = 1;
export const IOMMU_TRANSLATING: u32 = 2;

export const OPEN_NOWHERE: u32 = 0;
/** Outside PCI windows: RAM and platform devices are not described. */
export const OPEN_OUTSIDE: u32 = 1;
/** Inside windows as well: functions or BARs are not described. */
export const OPEN_EVERYWHERE: u32 = 2;
/** The description holds no addresses at all. */
export const OPEN_BLANK: u32 = 3;

// Range: whatever claims addresses ───────────────────────────────────────────────────────────────────────────────
//
// Sorted by start, the longer first, so that what surrounds a range precedes it.
//
//    0         8        16      20
//   ┌─────────┬────────┬───────┬────────┐   start   displaced
//   │  start  │  size  │ terms │ cover  │   cover   the nearest range before that ends later; NO_RANGE: none. Whoever
//   └─────────┴────────┴───────┴────────┘           looks for all ranges over an address goes from cover to cover
//
// Owners: u32 per range, in a column of its own because most questions need no more: the node, or for what is no PCI
// range OUTSIDE and a number that means nothing here.

export const RANGE_START: usize = 0;
export const RANGE_SIZE: usize = RANGE_START + 8;
export const RANGE_TERMS: usize = RANGE_SIZE + 8;
export const RANGE_COVER: usize = RANGE_TERMS + 4;
export const RANGE_BYTES: usize = RANGE_COVER + 4;

export const OUTSIDE: u32 = 0x80000000;
export const NO_RANGE: u32 = 0xffffffff;

// Terms: what many ranges have in common
//
//    0            8          12             16
//   ┌────────────┬──────────┬──────────────┬──────┐   off from  deepest node on the owner's chain whose memory decode
//   │ bus offset │ off from │ unknown from │ meta │             is off (its depth; ALWAYS: the owner itself); 0: none
//   └────────────┴──────────┴──────────────┴──────┘
//
//   meta   18       17          16     12      8       4       0
//         ┌──────────┬───────────┬──────┬───────┬───────┬──────┐   bar   index of the BAR, NO_BAR; of a window 1:
//         │ exported │ bus known │  -   │  bar  │ rank  │ kind │         prefetchable
//         └──────────┴───────────┴──────┴───────┴───────┴──────┘

export const TERMS_BUS_OFFSET: usize = 0;
export const TERMS_OFF_FROM: usize = TERMS_BUS_OFFSET + 8;
export const TERMS_UNKNOWN_FROM: usize = TERMS_OFF_FROM + 4;
export const TERMS_META: usize = TERMS_UNKNOWN_FROM + 4;
export const TERMS_BYTES: usize = TERMS_META + 8;

/** In `off from` and `unknown from`: wherever the common bridge is. */
export const ALWAYS: u32 = 0xffffffff;

export const KIND_BAR: u32 = 0;
/**
 * A PCI range that memory requests reach but that is no peer memory: expansion ROM, aperture of virtual functions that
 * are off.
 */
export const KIND_NOT_PEER: u32 = 1;
export const KIND_WINDOW: u32 = 2;
export const KIND_SYSTEM_RAM: u32 = 3;
export const KIND_PLATFORM: u32 = 4;
/** Configuration space, reserved, other: nobody's memory. */
export const KIND_OTHER: u32 = 5;
export const KIND_MASK: u32 = 15;

// Who wins where ranges overlap: the highest rank; within a rank the innermost.
/** Windows and whatever surrounds them. */
export const RANK_SURROUNDING: u32 = 0;
/** Where BARs that the description does not show may be. */
export const RANK_MAYBE: u32 = 1;
/** The aperture that a physical function holds for its virtual functions. */
export const RANK_APERTURE: u32 = 2;
/** BARs whose memory decode is known to be off. */
export const RANK_SILENT: u32 = 3;
export const RANK_PLATFORM: u32 = 4;
/** BARs and RAM: two of these over one address are ambiguous. */
export const RANK_LIVE: u32 = 5;
/** Where a BAR of unknown size may reach: it may overlap whatever else claims the address. */
export const RANK_UNSIZED: u32 = 6;
export const RANKS: u32 = RANK_UNSIZED + 1;
export const RANK_SHIFT: u32 = 4;
export const RANK_MASK: u32 = 15;

export const BAR_SHIFT: u32 = 8;
export const BAR_MASK: u32 = 15;
export const NO_BAR: u32 = 15;
/** The first BAR of those that a physical function keeps for its virtual functions. */
export const FIRST_APERTURE: u32 = 7;
export const META_BUS_KNOWN: u32 = 1 << 16;

// What its exporter lets others do with a range: hand it to user space as it is, get it through the driver, nothing.

export const EXPORTED_SHIFT: u32 = 17;
export const EXPORTED_MASK: u32 = 3;
export const EXPORTED_NONE: u32 = 3;

// Segments: disjoint, sorted, covering the whole space. Seven of them, or fewer, in a leaf of one cache line:
//
//    0       8                             36                            64
//   ┌───────┬─────────────────────────────┬─────────────────────────────┐   base    where the first begins
//   │ base  │ 7 x end - base, in units    │ 7 x value                   │   end     u32 with its highest bit flipped;
//   └───────┴─────────────────────────────┴─────────────────────────────┘           NO_END: where the next leaf begins
//
//   value   31    29 28                      0
//          ┌────────┬─────────────────────────┐
//          │ claim  │ range                   │
//          └────────┴─────────────────────────┘
//
// All boundaries are multiples of the unit, a power of two. The bases are the keys of a static 9-way tree, each node
// eight keys in one cache line; each level is padded with the greatest key.

export const LEAF_BASE: usize = 0;
export const LEAF_ENDS: usize = LEAF_BASE + 8;
export const SEGMENTS_PER_LEAF: u32 = 7;
export const LEAF_VALUES: usize = LEAF_ENDS + <usize>SEGMENTS_PER_LEAF * 4;
export const LEAF_BYTES: usize = LEAF_VALUES + <usize>SEGMENTS_PER_LEAF * 4;
/** Turns the order of unsigned numbers into that of signed ones, which SIMD compares. */
export const END_BIAS: u32 = 0x80000000;
export const NO_END: u32 = 0xffffffff;

export const KEYS_PER_NODE: u32 = 8;
export const NODE_BYTES: usize = <usize>KEYS_PER_NODE * 8;
export const LAST_KEY: u64 = 0x7fffffffffffffff;

export const CLAIM_NOBODY: u32 = 0;
export const CLAIM_OWNED: u32 = 1;
export const CLAIM_HOLE: u32 = 2;
/** In answers also: others claim a later part of what was asked for. */
export const CLAIM_AMBIGUOUS: u32 = 3;
export const CLAIM_MAYBE: u32 = 4;
/** In answers only: the range that was asked for leaves its owner. */
export const CLAIM_LEAVES: u32 = 5;
export const CLAIM_SHIFT: u32 = 29;
export const CLAIM_RANGE: u32 = (1 << CLAIM_SHIFT) - 1;

// The question's axes in the decision table: [relation][path][direction][class of provider's host][of client's]

export const RELATION_SELF: u32 = 0;
export const RELATION_COMMON_BRIDGE: u32 = 1;
export const RELATION_SAME_HOST: u32 = 2;
export const RELATION_ACROSS_HOSTS: u32 = 3;
/** Both on one bus of which nothing shows what it hangs below. */
export const RELATION_SAME_UNKNOWN: u32 = 4;
/** One below a known root and one below an unknown, or below two unknown ones: they may share a bridge or not. */
export const RELATION_ACROSS_UNKNOWN: u32 = 5;
export const RELATIONS: u32 = 6;
/** Not in the table: no policy lets two systems reach each other. */
export const RELATION_ACROSS_SYSTEMS: u32 = 6;

// A path is the set of the ways that a request may take, less 1.

export const WAY_DIRECT: u32 = 1;
export const WAY_REDIRECTED: u32 = 2;
export const WAY_BLOCKED: u32 = 4;
export const WAYS_ALL: u32 = WAY_DIRECT | WAY_REDIRECTED | WAY_BLOCKED;
/** Beside the ways of a request: which of them it is, an egress control vector tells. */
export const EGRESS: u32 = 128;

export const PATH_DIRECT: u32 = WAY_DIRECT - 1;
export const PATH_REDIRECTED: u32 = WAY_REDIRECTED - 1;
export const PATH_MAYBE: u32 = (WAY_DIRECT | WAY_REDIRECTED) - 1;
export const PATH_BLOCKED: u32 = WAY_BLOCKED - 1;
export const PATH_ANY: u32 = WAYS_ALL - 1;
export const PATHS: u32 = WAYS_ALL;

export const DIRECTION_WRITE: u32 = 1;
export const DIRECTIONS: u32 = 3;

export const OUTCOME_BUS_ADDRESS: u32 = 1;
export const OUTCOME_THROUGH_HOST: u32 = 2;
export const OUTCOME_REDIRECT_REFUSED: u32 = 4;
export const OUTCOME_HOST_REFUSED: u32 = 8;
export const OUTCOME_POLICY_REFUSED: u32 = 16;
export const OUTCOME_SYSTEMS_REFUSED: u32 = 32;
export const OUTCOME_EGRESS_BLOCKED: u32 = 64;
export const OUTCOMES_ALLOWED: u32 = OUTCOME_BUS_ADDRESS | OUTCOME_THROUGH_HOST;

// Phrase: what a pair of outcomes and relation comes to, for people. One for each, at outcomes * RELATION_SLOTS +
// relation.
//
//    0      4     8       9        10
//   ┌──────┬─────┬───────┬────────┬───┐   distance = (hops & mask) + add
//   │ mask │ add │ route │ answer │ - │
//   └──────┴─────┴───────┴────────┴───┘

export const RELATION_SLOTS: u32 = 8;
export const PHRASE_MASK: usize = 0;
export const PHRASE_ADD: usize = PHRASE_MASK + 4;
export const PHRASE_ROUTE: usize = PHRASE_ADD + 4;
export const PHRASE_ANSWER: usize = PHRASE_ROUTE + 1;
export const PHRASE_BYTES: usize = PHRASE_ANSWER + 3;
/** As a distance: not known. */
export const PHRASE_UNKNOWN: u32 = 0x80000000;

// Status of a request

export const STATUS_DECIDED: u32 = 0;
export const STATUS_NOBODY: u32 = 1;
export const STATUS_HOLE: u32 = 2;
export const STATUS_AMBIGUOUS: u32 = 3;
export const STATUS_MAYBE: u32 = 4;
/** No owner is described, and the description does not show every BAR. */
export const STATUS_OPEN: u32 = 5;
export const STATUS_LEAVES_OWNER: u32 = 6;
export const STATUS_MEMORY_OFF: u32 = 7;
export const STATUS_MEMORY_UNKNOWN: u32 = 8;
export const STATUS_SYSTEM_RAM: u32 = 9;
export const STATUS_PLATFORM: u32 = 10;
export const STATUS_NOT_PEER: u32 = 11;
/** Kept for virtual functions that are not enabled. */
export const STATUS_APERTURE: u32 = 12;
/** Others claim a later part of the owner's range. */
export const STATUS_CONTESTED: u32 = 13;
/** The description holds no addresses. */
export const STATUS_BLANK: u32 = 14;
/** The initiator cannot drive the last DMA address. */
export const STATUS_DMA_MASK: u32 = 15;
export const STATUS_DMA_MASK_UNKNOWN: u32 = 16;
/** The owner hands the range out to nobody. */
export const STATUS_WITHHELD: u32 = 17;

// How the DMA address of a request comes about: the address itself, the bus address, an IOVA that only the kernel
// knows, or not known.

export const TRANSLATION_NONE: u32 = 0;
export const TRANSLATION_BUS_OFFSET: u32 = 1;
export const TRANSLATION_IOMMU: u32 = 2;
export const TRANSLATION_UNKNOWN: u32 = 3;

/** In a column of distances: not known, or in different systems. */
export const NO_DISTANCE: u32 = 0xffffffff;
/** In a column of DMA addresses: not known beforehand, or none. */
export const NO_ADDRESS: u64 = 0xffffffffffffffff;

// Ruling: what a request comes to, for people: route and code, a byte each. STATUS_SLOTS of them by status; then, for
// requests that were decided, one for each (outcomes * RELATION_SLOTS + relation) * PATH_SLOTS + path.

export const RULING_ROUTE: usize = 0;
export const RULING_CODE: usize = RULING_ROUTE + 1;
export const RULING_BYTES: usize = RULING_CODE + 1;
export const STATUS_SLOTS: u32 = 32;
export const PATH_SLOTS: u32 = 8;
