import { reservedFromIova } from "../explain/reserved-iova.js";
import type { Mapping } from "../explain/verdict.js";
import { formatHex, type Hex } from "../topology/address.js";
import type { Ref, Topology } from "../topology/topology.js";
import { paragraph, type Style } from "./style.js";

/** What is known of an IOVA before the kernel allots it. */
export interface IovaDocument {
  /** The bus addresses that it is not in, `end` the last; null: not shown. */
  readonly reserved: readonly { readonly start: Hex; readonly end: Hex }[] | null;
}

/** A field for the document of a mapping, where it goes through an IOMMU that translates. */
export function iovaDocument(topology: Topology, mapping: Mapping, ref: Ref): { readonly iova?: IovaDocument } {
  if (!mapping.ok || mapping.translation !== "iommu") return {};
  const ranges = reservedFromIova(topology, ref);
  return {
    iova: { reserved: ranges && ranges.map(({ start, end }) => ({ start: formatHex(start), end: formatHex(end) })) },
  };
}

/** The same for people; nothing where nothing is reserved or shown. */
export function iovaLines(topology: Topology, mapping: Mapping, ref: Ref, style: Style): string[] {
  const reserved = iovaDocument(topology, mapping, ref).iova?.reserved ?? [];
  if (reserved.length === 0) return [];
  const ranges = reserved.map(({ start, end }) => `${start} to ${end}`).join(", ");
  return paragraph("", `outside the windows of the host bridge, ${ranges}`, style);
}
