import { canonicalBdf } from "./bdf.js";
import type { SideLinkDescription } from "./description.js";
import type { SystemFacts } from "./fabric/columns.js";
import type { RangeRows } from "./range-rows.js";

/** A side link between two functions of a topology. */
export interface SideLink {
  /** Ids of both ends. */
  readonly from: number;
  readonly to: number;
  /** What the description holds of it. */
  readonly description: SideLinkDescription;
}

/** How a function of a topology is attached to the host beside PCIe. */
export interface HostAttachment {
  /** Its id. */
  readonly function: number;
  /** Such as `cxl`. */
  readonly kind: string;
}

/** Kinds that attach a device to the host (docs/semantics.md, Host attachments): none of them leads to another device. */
const ATTACHMENTS: readonly string[] = ["capi", "opencapi", "cxl", "c2c"];

/** The id of the function of that name in a system; undefined where there is none. */
type Find = (system: number, bdf: string) => number | undefined;

/** Side links and attachments that cannot be: ends that are no functions of the system, addresses that are none. */
export function checkLinks(systems: readonly SystemFacts[], find: Find, rows: RangeRows): void {
  systems.forEach(({ sideLinks, hostAttachments }, system) => {
    const isThere = (bdf: string, what: string) => {
      if (canonicalBdf(bdf) !== bdf) rows.problem("BAD_NAME", `${what}: expected dddd:bb:dd.f, got "${bdf}"`, what);
      else if (find(system, bdf) === undefined) {
        rows.problem("FUNCTION_MISSING", `${what} names ${bdf}: add that function, or leave it out`, what);
      }
    };
    for (const link of sideLinks ?? []) {
      const what = `the ${link.kind} link from ${link.from} to ${link.to}`;
      isThere(link.from, what);
      if (link.to !== link.from) isThere(link.to, what);
      else rows.problem("LINK_TO_ITSELF", `${what}: expected two functions, got one twice`, what);
      checkKind(link, what, rows);
      checkNumbers(link, what, rows);
    }
    for (const { kind, function: bdf } of hostAttachments ?? []) isThere(bdf, `the ${kind} attachment of ${bdf}`);
  });
}

/** To take one for a link would answer yes where nothing leads from device to device. */
function checkKind({ kind }: SideLinkDescription, what: string, rows: RangeRows): void {
  if (!ATTACHMENTS.includes(String(kind).toLowerCase())) return;
  const why = `${kind} attaches a device to the host, which leads to no other device: list it in hostAttachments`;
  rows.problem("LINK_IS_ATTACHMENT", `${what}: ${why}`, what);
}

function checkNumbers({ bandwidth, addresses }: SideLinkDescription, what: string, rows: RangeRows): void {
  if (bandwidth !== undefined && !(bandwidth >= 0)) {
    rows.problem("BAD_NUMBER", `${what}: expected a bandwidth of 0 or more bytes per second, got ${bandwidth}`, what);
  }
  for (const { start, size, link } of addresses ?? []) {
    const bytes = rows.number(size, what);
    for (const first of [rows.number(start, what), rows.number(link, what)]) {
      if (first === null || bytes === null || first + bytes <= 1n << 64n) continue;
      rows.problem("RANGE_WRAPS", `${what}: ${size} bytes at 0x${first.toString(16)} end beyond 2^64`, what);
    }
  }
}

/** The side links of all systems, in the order of the description. */
export function sideLinksOf(systems: readonly SystemFacts[], find: Find): SideLink[] {
  return systems.flatMap(({ sideLinks }, system) => {
    if (sideLinks === undefined) return [];
    const idOf = remembering((bdf) => find(system, bdf));
    return sideLinks.flatMap((description) => {
      const [from, to] = [idOf(description.from), idOf(description.to)];
      // Both are there, but in a buffer that was forged.
      return from === undefined || to === undefined ? [] : [{ from, to, description }];
    });
  });
}

/** The attachments of all systems, in the order of the description. */
export function hostAttachmentsOf(systems: readonly SystemFacts[], find: Find): HostAttachment[] {
  return systems.flatMap(({ hostAttachments = [] }, system) =>
    hostAttachments.flatMap(({ kind, function: bdf }) => {
      const id = find(system, bdf);
      return id === undefined ? [] : [{ function: id, kind }];
    }),
  );
}

/** A function has many links, and in columns looking a name up takes time. */
function remembering(find: (bdf: string) => number | undefined): (bdf: string) => number | undefined {
  const found = new Map<string, number | undefined>();
  return (bdf) => {
    if (!found.has(bdf)) found.set(bdf, find(bdf));
    return found.get(bdf);
  };
}
