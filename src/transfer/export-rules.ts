import type { Missing } from "../policy/policy.js";
import { formatHex } from "../topology/address.js";
import type { Ownership } from "../topology/answers.js";
import { checkedSize } from "../topology/batch.js";
import { decodesMemory } from "../topology/register.js";
import type { Topology } from "../topology/topology.js";
import { ATTACH_CODES, ERRNOS, type AttachCode, type Errno } from "./codes.js";
import { expectSegment, type Segment } from "./scatter-list.js";

/** Something that is wrong with an export, or not known of it. */
export interface ExportFault {
  readonly answer: "no" | "unknown";
  readonly code: AttachCode;
  /** What the kernel returns; null: nothing is refused, or no kernel's rules were asked for. */
  readonly errno: Errno | null;
  /** For people. */
  readonly message: string;
  /** Index of the range; null: none in particular. */
  readonly range: number | null;
  readonly missing: readonly Missing[];
}

/** Whether Linux revokes the exports of a function: it does not decode memory, or is powered down. */
export function isRevoked(topology: Topology, exporter: number): boolean {
  return decodesMemory(topology.describe(exporter)!, topology.physicalFunction(exporter)) === "off";
}

/**
 * What is wrong with an export, whoever imports it: the first fault of each range. A range that is none, or that is not
 * the exporter's, cannot be exported at all; the rest are the rules of VFIO (docs/transfers.md, The rules of VFIO).
 *
 * @param pageSize where the rules of VFIO hold; null: they do not.
 * @throws TypeError for what is no list of ranges, or an address that is no bigint; RangeError for an address or size that
 *   is no whole number, or negative.
 */
export function exportFaults(
  topology: Topology,
  exporter: number,
  ranges: readonly Segment[],
  pageSize: number | null,
): ExportFault[] {
  const fault = (code: AttachCode, range: number | null, detail: string): ExportFault => {
    const answer = UNKNOWN.includes(code) ? "unknown" : "no";
    const errno = pageSize === null ? null : ERRNOS[code];
    const missing = answer === "unknown" ? [{ what: `the BARs of ${name}`, where: "lspci -v or /sys" }] : [];
    return { answer, code, errno, message: `${detail}: ${ATTACH_CODES[code]}`, range, missing };
  };
  const name = topology.name(exporter);
  if (!Array.isArray(ranges)) throw new TypeError(`ranges: expected a list of ranges, got ${String(ranges)}`);
  if (ranges.length === 0) return [fault("NO_RANGES", null, name)];
  const found: ExportFault[] = [];
  let bar: bigint | null = null;
  ranges.forEach((segment, range) => {
    const { address, bytes } = checked(segment, range);
    const place = ownership(topology, exporter, address, bytes);
    const code = faultOf(place, exporter, address, bytes, pageSize);
    if (code !== null) found.push(fault(code, range, `${formatHex(bytes)} bytes at ${formatHex(address)} of ${name}`));
    const start = ownStart(place, exporter);
    if (start === null) return;
    bar ??= start;
    if (pageSize !== null && code === null && start !== bar) {
      found.push(fault("RANGES_IN_SEVERAL_BARS", range, `${formatHex(address)} of ${name}`));
    }
  });
  // What refuses comes first: it settles the answer.
  return found.sort((a, b) => Number(a.answer === "unknown") - Number(b.answer === "unknown"));
}

const UNKNOWN: readonly AttachCode[] = ["BAR_NOT_SHOWN"];
const SPACE = 1n << 64n;

function checked(segment: Segment, range: number): { readonly address: bigint; readonly bytes: bigint } {
  const { address, size } = expectSegment(`ranges[${range}]`, segment);
  if (typeof address !== "bigint") {
    throw new TypeError(`ranges[${range}].address: expected a bigint, got ${typeof address}`);
  }
  if (address < 0n || address >= SPACE) {
    throw new RangeError(`ranges[${range}].address: expected an address within [0, 2^64), got ${address}`);
  }
  return { address, bytes: size === 0 || size === 0n ? 0n : checkedSize(size) };
}

/** Who owns a range; null for what is no range. */
function ownership(topology: Topology, exporter: number, address: bigint, bytes: bigint): Ownership | null {
  if (bytes === 0n || address + bytes > SPACE) return null;
  return topology.owners(address, topology.systemOf(exporter), bytes);
}

/** In the order in which the kernel looks. */
function faultOf(
  place: Ownership | null,
  exporter: number,
  address: bigint,
  bytes: bigint,
  pageSize: number | null,
): AttachCode | null {
  if (bytes === 0n) return "RANGE_EMPTY";
  if (pageSize !== null && (address | bytes) % BigInt(pageSize) !== 0n) return "RANGE_NOT_ALIGNED";
  if (place === null) return "RANGE_OVERFLOW";
  if (place.answer === "none") return "RANGE_NOT_OWNED";
  // Whether it is the exporter's nobody can tell here; mapping it says what is missing.
  if (place.answer === "several" || place.answer === "unknown") return null;
  const [owner] = place.owners;
  if (owner!.id !== exporter) return "RANGE_NOT_OWNED";
  if (pageSize === null) return null;
  if (owner!.bar !== null && owner!.bar >= ROM) return "NOT_A_MEMORY_BAR";
  if (place.answer === "leaves-owner") return "RANGE_LEAVES_BAR";
  return owner!.bar === null ? "BAR_NOT_SHOWN" : null;
}

/** Index of the expansion ROM, after those of the BARs. */
const ROM = 6;

/** Where the exporter's BAR that a range is in begins; null: it is not known to be in one. */
function ownStart(place: Ownership | null, exporter: number): bigint | null {
  const owner = place?.answer === "one" ? place.owners[0]! : null;
  return owner?.id === exporter ? owner.start : null;
}
