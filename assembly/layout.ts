// Every record and column of the core, drawn. All numbers are little-endian; all offsets derive from one another.
//
// A topology is one block of memory. Entry points take its address, `base`, where the header stands; the header
// holds the addresses of the columns:
//
//   base ──► header │ parents │ records │ hosts │ systems │ classes │ table │ tree │ values │ ranges │ staging
//
// Nodes are numbered depth first from 1. Node 0 stands above all of them, so that two nodes without any common
// bridge still have a common ancestor. Its children, at depth 0, are the host bridges; functions begin at depth 1.

// Header ─────────────────────────────────────────────────────────────────────────────────────────────────────────
//
//    0       4       8       12        16      20        24        28      32     36      40       44
//   ┌───────┬───────┬───────┬─────────┬───────┬─────────┬─────────┬───────┬──────┬───────┬────────┬────────┐
//   │parents│records│ hosts │ systems │classes│  table  │ classes │ keys  │levels│ values│ ranges │segments│
//   │   @   │   @   │   @   │    @    │   @   │    @    │  count  │   @   │ count│   @   │    @   │  count │
//   └───────┴───────┴───────┴─────────┴───────┴─────────┴─────────┴───────┴──────┴───────┴────────┴────────┘

export const HEADER_PARENTS: usize = 0;
export const HEADER_RECORDS: usize = HEADER_PARENTS + 4;
export const HEADER_HOSTS: usize = HEADER_RECORDS + 4;
export const HEADER_SYSTEMS: usize = HEADER_HOSTS + 4;
export const HEADER_CLASSES: usize = HEADER_SYSTEMS + 4;
export const HEADER_TABLE: usize = HEADER_CLASSES + 4;
export const HEADER_CLASS_COUNT: usize = HEADER_TABLE + 4;
export const HEADER_TREE: usize = HEADER_CLASS_COUNT + 4;
export const HEADER_LEVELS: usize = HEADER_TREE + 4;
/** The tree's lowest level: all keys in order. */
export const HEADER_KEYS: usize = HEADER_LEVELS + 4;
export const HEADER_VALUES: usize = HEADER_KEYS + 4;
export const HEADER_RANGES: usize = HEADER_VALUES + 4;
export const HEADER_SEGMENTS: usize = HEADER_RANGES + 4;
export const HEADER_BYTES: usize = HEADER_SEGMENTS + 4;

// Node record, one per node, beside the packed parent column (u32 per node) ──────────────────────────────────────
//
//    0        4          8            12
//   ┌────────┬──────────┬────────────┬────────┐   redirect    depth of the deepest function on this node's chain,
//   │ depth  │ redirect │ unreadable │  host  │                 itself included, that redirects; 0: none
//   └────────┴──────────┴────────────┴────────┘   unreadable  the same for functions whose ACS is not known
//                                                 host        ordinal of the host bridge above
//
// A path is direct exactly when both ends' redirect depths are less than the depth of the common bridge.

export const RECORD_DEPTH: usize = 0;
export const RECORD_REDIRECT: usize = RECORD_DEPTH + 4;
export const RECORD_UNREADABLE: usize = RECORD_REDIRECT + 4;
export const RECORD_HOST: usize = RECORD_UNREADABLE + 4;
export const RECORD_BYTES: usize = RECORD_HOST + 4;

export const MARK_REDIRECT: u32 = 1;
export const MARK_UNREADABLE: u32 = 2;

// Host bridge, one per tree of the forest ────────────────────────────────────────────────────────────────────────
//
//    0        4          8
//   ┌────────┬──────────┬───────┐   segment   PCI segment (domain)
//   │ system │ segment  │ known │   known     0: nothing shows where this bus hangs; it stands for a host bridge
//   └────────┴──────────┴───────┘                or a bridge that the description does not name

export const HOST_SYSTEM: usize = 0;
export const HOST_SEGMENT: usize = HOST_SYSTEM + 4;
export const HOST_KNOWN: usize = HOST_SEGMENT + 4;
export const HOST_BYTES: usize = HOST_KNOWN + 4;

// System: its CPU physical address space, displaced into the one space of the whole topology ──────────────────────
//
//    0              8        16      20
//   ┌──────────────┬────────┬───────┬───────┐   open   where an address without owner may still have one that the
//   │ displacement │  span  │ open  │   -   │          description does not show: OPEN_…
//   └──────────────┴────────┴───────┴───────┘

export const SYSTEM_DISPLACEMENT: usize = 0;
export const SYSTEM_SPAN: usize = SYSTEM_DISPLACEMENT + 8;
export const SYSTEM_OPEN: usize = SYSTEM_SPAN + 8;
export const SYSTEM_BYTES: usize = SYSTEM_OPEN + 8;

export const OPEN_NOWHERE: u32 = 0;
/** Outside PCI windows: RAM and platform devices are not described. */
export const OPEN_OUTSIDE: u32 = 1;
/** Inside windows as well: functions or BARs are not described. */
export const OPEN_EVERYWHERE: u32 = 2;

// Range: whatever claims addresses ───────────────────────────────────────────────────────────────────────────────
//
//    0         8        16           24       28      32         36
//   ┌─────────┬────────┬────────────┬────────┬──────┬──────────┬───────────┐   owner     node
//   │  start  │  size  │ bus offset │ owner  │ meta │ off from │ unknown   │   off from  deepest node on the owner's
//   │  u64    │  u64   │    i64     │        │      │          │ from      │             chain whose memory decode is
//   └─────────┴────────┴────────────┴────────┴──────┴──────────┴───────────┘             off (its depth; ALWAYS: the
//                                                                                        owner itself); 0: none
//   meta   7      0   10      8   16
//         ┌────────┬───────────┬──────────────┐
//         │  kind  │   rank    │ bus offset   │
//         │        │           │ known        │
//         └────────┴───────────┴──────────────┘

export const RANGE_START: usize = 0;
export const RANGE_SIZE: usize = RANGE_START + 8;
export const RANGE_BUS_OFFSET: usize = RANGE_SIZE + 8;
export const RANGE_OWNER: usize = RANGE_BUS_OFFSET + 8;
export const RANGE_META: usize = RANGE_OWNER + 4;
export const RANGE_OFF_FROM: usize = RANGE_META + 4;
export const RANGE_UNKNOWN_FROM: usize = RANGE_OFF_FROM + 4;
export const RANGE_BYTES: usize = RANGE_UNKNOWN_FROM + 4;

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
export const KIND_MASK: u32 = 0xff;

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
export const RANK_SHIFT: u32 = 8;
export const RANK_MASK: u32 = 7;

export const META_BUS_KNOWN: u32 = 1 << 16;

// Segments: disjoint, sorted, covering the whole space. Their starts are the keys of a static 9-way tree, root first,
// each node eight keys in one cache line; each level is padded with the greatest key. A value says whose it is:
//
//    31    29 28                      0
//   ┌────────┬─────────────────────────┐
//   │ claim  │ range                   │
//   └────────┴─────────────────────────┘

export const KEYS_PER_NODE: u32 = 8;
export const NODE_BYTES: usize = <usize>KEYS_PER_NODE * 8;
export const LAST_KEY: u64 = 0x7fffffffffffffff;

export const CLAIM_NOBODY: u32 = 0;
export const CLAIM_OWNED: u32 = 1;
export const CLAIM_HOLE: u32 = 2;
export const CLAIM_AMBIGUOUS: u32 = 3;
export const CLAIM_MAYBE: u32 = 4;
export const CLAIM_SHIFT: u32 = 29;
export const CLAIM_RANGE: u32 = (1 << CLAIM_SHIFT) - 1;

// Decision: the answer for one pair ──────────────────────────────────────────────────────────────────────────────
//
//    0        4          8          9          10     11
//   ┌────────┬──────────┬──────────┬──────────┬──────┬────────┐   outcomes  one bit for each outcome that some
//   │ common │ distance │ outcomes │ relation │ path │ status │               completion of the description has
//   └────────┴──────────┴──────────┴──────────┴──────┴────────┘   status      of a request only

export const DECISION_COMMON: usize = 0;
export const DECISION_DISTANCE: usize = DECISION_COMMON + 4;
export const DECISION_OUTCOMES: usize = DECISION_DISTANCE + 4;
export const DECISION_RELATION: usize = DECISION_OUTCOMES + 1;
export const DECISION_PATH: usize = DECISION_RELATION + 1;
export const DECISION_STATUS: usize = DECISION_PATH + 1;
export const DECISION_BYTES: usize = DECISION_STATUS + 1;

// Request: a decision, then what the address said
//
//    0           12      16       24
//   ┌───────────┬───────┬────────┬─────────────┐   bus address   meaningful where the range's bus offset is known
//   │ decision  │ range │ offset │ bus address │
//   └───────────┴───────┴────────┴─────────────┘

export const REQUEST_RANGE: usize = DECISION_BYTES;
export const REQUEST_OFFSET: usize = REQUEST_RANGE + 4;
export const REQUEST_BUS: usize = REQUEST_OFFSET + 8;
export const REQUEST_BYTES: usize = REQUEST_BUS + 8;
export const NO_RANGE: u32 = 0xffffffff;

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

export const PATH_DIRECT: u32 = 0;
export const PATH_REDIRECTED: u32 = 1;
export const PATH_MAYBE: u32 = 2;
export const PATHS: u32 = 3;

export const DIRECTIONS: u32 = 3;

export const OUTCOME_BUS_ADDRESS: u32 = 1;
export const OUTCOME_THROUGH_HOST: u32 = 2;
export const OUTCOME_REDIRECT_REFUSED: u32 = 4;
export const OUTCOME_HOST_REFUSED: u32 = 8;
export const OUTCOME_POLICY_REFUSED: u32 = 16;
export const OUTCOME_SYSTEMS_REFUSED: u32 = 32;
export const OUTCOMES_ALLOWED: u32 = OUTCOME_BUS_ADDRESS | OUTCOME_THROUGH_HOST;

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
