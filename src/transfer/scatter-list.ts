import { TRANSLATIONS, type Addresses } from "../core.js";
import type { PeerDma } from "../explain/peer-dma.js";
import { CODE_NUMBERS, ROUTES } from "../explain/ruling.js";
import type { Mapping } from "../explain/verdict.js";
import type { Direction, Missing } from "../policy/policy.js";
import { checkedSize } from "../topology/batch.js";
import { expectRows } from "../topology/column.js";
import type { Ref } from "../topology/topology.js";
import { expectPeerDma } from "./peer.js";
import {
  LARGEST_SIZE,
  spanObjects,
  spansOf,
  type DmaSpan,
  type DmaSpanColumns,
  type MappedColumns,
  type SpanLimits,
} from "./spans.js";

/** A range of memory: of system RAM, or of a function. */
export interface Segment {
  /** CPU physical, in the initiator's own system. */
  readonly address: bigint;
  /** Bytes, 1 to 2^52. */
  readonly size: bigint | number;
}

/** Ranges of memory, one a row. */
export interface SegmentColumns {
  /** CPU physical, in the initiator's own system; as `Float64Array` whole numbers below 2^53. */
  readonly address: Addresses;
  /** Bytes, 1 to 2^52: one size for all rows, or one per row. */
  readonly size: Addresses | number | bigint;
}

/** How a scatter list is mapped. */
export interface ScatterOptions {
  /** As the initiator sees it. Default: `both`. */
  readonly direction?: Direction;
  /** Whether neighbours become one span where they can. Default: true. */
  readonly merge?: boolean;
  /**
   * Bytes of a span, 1 to 2^52. Default: 2^32 - 1, down to a whole page, as Linux cuts what it maps of a dma-buf
   * (`dma_buf_phys_vec_to_sgt()`, from 6.19).
   */
  readonly maxSegmentSize?: number | bigint;
  /**
   * No span that has an address crosses a multiple of this and 1: one less than a power of two, such as `0xffffffff`.
   * Default: any may.
   */
  readonly boundaryMask?: number | bigint;
  /** Bytes in a page of the IOMMU: a power of two, 1 to 2^31. Default: 4096. */
  readonly pageSize?: number;
}

/** A scatter list as the initiator sees it, or why there is none: one segment that cannot be mapped fails all. */
export type ScatterMapping<Spans> =
  | {
      readonly ok: true;
      readonly spans: Spans;
      /** Index in `ROUTES` of each segment's route. */
      readonly routes: Uint8Array;
      /** Facts that would show the addresses of spans whose translation is `unknown`; those of the first segment. */
      readonly missing: readonly Missing[];
    }
  | (Extract<Mapping, { ok: false }> & {
      /** Of the segment at fault: the first that is refused, or if none is the first that is not known. */
      readonly index: number;
    });

/**
 * What `dma_map_sgtable()` of a kernel that looked would return for a list of ranges of system RAM and peer memory
 * (docs/transfers.md, Scatter lists): each range is mapped as {@link PeerDma.map} does, all or none.
 *
 * @param initiator the function that issues the requests.
 * @param segments objects, answered in objects; or columns, answered in columns without making an object per row.
 * @throws TypeError for segments or columns of the wrong kind; RangeError with its row for an address or size that is
 *   none, for options that cannot be, and for more than 2^26 spans.
 */
export function mapScatterList(
  peerDma: PeerDma,
  initiator: Ref,
  segments: readonly Segment[],
  options?: ScatterOptions,
): ScatterMapping<readonly DmaSpan[]>;
export function mapScatterList(
  peerDma: PeerDma,
  initiator: Ref,
  segments: SegmentColumns,
  options?: ScatterOptions,
): ScatterMapping<DmaSpanColumns>;
export function mapScatterList(
  peerDma: PeerDma,
  initiator: Ref,
  segments: readonly Segment[] | SegmentColumns,
  options: ScatterOptions = {},
): ScatterMapping<readonly DmaSpan[] | DmaSpanColumns> {
  expectPeerDma(peerDma);
  const limits = limitsOf(options);
  const { direction = "both" } = options;
  if (isList(segments)) {
    const mapping = mapColumns(peerDma, initiator, columnsOf(segments), direction, limits);
    return mapping.ok ? { ...mapping, spans: spanObjects(mapping.spans) } : mapping;
  }
  return mapColumns(peerDma, initiator, segments, direction, limits);
}

function mapColumns(
  peerDma: PeerDma,
  initiator: Ref,
  { address, size }: SegmentColumns,
  direction: Direction,
  limits: SpanLimits,
): ScatterMapping<DmaSpanColumns> {
  expectRows(
    "address",
    address,
    (address as Partial<Addresses> | undefined)?.length ?? 0,
    BigUint64Array,
    Float64Array,
  );
  const id = peerDma.topology.id(initiator);
  const rows = address.length;
  const answers = {
    route: new Uint8Array(rows),
    code: new Uint8Array(rows),
    dmaAddress: new BigUint64Array(rows),
    translation: new Uint8Array(rows),
  };
  peerDma.mapMany({ initiator: new Uint32Array(rows).fill(id), address, size, direction }, answers);
  const alone = (row: number) => peerDma.map(id, BigInt(address[row]!), sizeAt(size, row), direction);
  const index = firstFailure(answers);
  // The columns say that it fails; why, the same question says alone.
  if (index !== null) return { ...(alone(index) as Extract<Mapping, { ok: false }>), index };
  const unshown = answers.translation.indexOf(UNKNOWN_TRANSLATION);
  const mapped: MappedColumns = {
    source: address,
    size: typeof size === "bigint" ? Number(size) : size,
    dmaAddress: answers.dmaAddress,
    route: answers.route,
    translation: answers.translation,
  };
  return {
    ok: true,
    spans: spansOf(mapped, limits),
    routes: answers.route,
    missing: unshown === -1 ? [] : alone(unshown).missing,
  };
}

const UNKNOWN_TRANSLATION = TRANSLATIONS.indexOf("unknown");
const REFUSED = ROUTES.indexOf("not-supported");
const ALLOWED = CODE_NUMBERS.indexOf(null);

/** One refusal settles the list; without any, one unknown segment leaves it unknown. */
function firstFailure({ route, code }: { readonly route: Uint8Array; readonly code: Uint8Array }): number | null {
  const refused = route.indexOf(REFUSED);
  if (refused !== -1) return refused;
  const unknown = code.findIndex((number) => number !== ALLOWED);
  return unknown === -1 ? null : unknown;
}

function sizeAt(size: SegmentColumns["size"], row: number): number | bigint {
  return typeof size === "object" ? size[row]! : size;
}

function isList(segments: readonly Segment[] | SegmentColumns): segments is readonly Segment[] {
  if (typeof segments === "object" && segments !== null) return Array.isArray(segments);
  throw new TypeError(`expected segments as a list or as columns, got ${String(segments)}`);
}

/** @throws TypeError, RangeError with the row of what is no segment. */
function columnsOf(segments: readonly Segment[]): SegmentColumns {
  const address = new BigUint64Array(segments.length);
  const size = new BigUint64Array(segments.length);
  segments.forEach((segment, row) => {
    const { address: start, size: bytes } = expectSegment(`segments[${row}]`, segment);
    if (typeof start !== "bigint") {
      throw new TypeError(`segments[${row}].address: expected a bigint, got ${typeof start}`);
    }
    if (start < 0n || start >= 1n << 64n) {
      throw new RangeError(`segments[${row}].address: expected an address within [0, 2^64), got ${start}`);
    }
    address[row] = start;
    size[row] = checkedSize(bytes);
  });
  return { address, size };
}

/** @throws TypeError for what is no object, by its name. */
export function expectSegment(name: string, segment: Segment): Segment {
  if (typeof segment === "object" && segment !== null) return segment;
  throw new TypeError(`${name}: expected an address and a size, got ${String(segment)}`);
}

/** UINT_MAX. */
const LARGEST_ENTRY = 2 ** 32 - 1;

/** @throws RangeError for an option that cannot be, by its name. */
function limitsOf({ merge = true, maxSegmentSize, boundaryMask, pageSize = 4096 }: ScatterOptions): SpanLimits {
  if (!(pageSize >= 1 && pageSize <= 2 ** 31 && Number.isInteger(Math.log2(pageSize)))) {
    throw new RangeError(`pageSize: expected a power of two from 1 to 2^31, got ${pageSize}`);
  }
  const most = maxSegmentSize ?? LARGEST_ENTRY - (LARGEST_ENTRY % pageSize);
  if (!(most >= 1 && most <= LARGEST_SIZE) || (typeof most === "number" && !Number.isInteger(most))) {
    throw new RangeError(`maxSegmentSize: expected a whole number from 1 to 2^52, got ${most}`);
  }
  return { merge, most: Number(most), boundaryBits: boundaryMask === undefined ? 64 : bitsOf(boundaryMask), pageSize };
}

/** How many bits a mask has. */
function bitsOf(mask: number | bigint): number {
  if (typeof mask === "bigint" || Number.isSafeInteger(mask)) {
    const bits = BigInt(mask).toString(2);
    if (mask > 0 && bits.length <= 64 && !bits.includes("0")) return bits.length;
  }
  throw new RangeError(`boundaryMask: expected one less than a power of two up to 2^64, got ${mask}`);
}
