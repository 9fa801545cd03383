import type { PeerDma } from "../explain/peer-dma.js";
import type { Mapping } from "../explain/verdict.js";
import { formatHex, formatSize, type Hex, type Size } from "../topology/address.js";
import type { Ref } from "../topology/topology.js";
import { hopsText } from "./common.js";
import { formatBytes, nameOf } from "./describe.js";
import { entryText, ownerEntry, type OwnerEntry } from "./owner.js";
import { iovaDocument, iovaLines, type IovaDocument } from "./iova.js";
import { pathText } from "./path.js";
import { missingText, policyDocument, type PolicyDocument } from "./policy.js";
import { paragraph, type Style } from "./style.js";
import {
  hintLines,
  marksOf,
  missingLines,
  policyLines,
  verdictWord,
  type VerdictDocument,
  type VerdictWord,
} from "./verdict.js";

type Shared = Pick<VerdictDocument, "distance" | "common" | "culprits" | "hints" | "missing"> & {
  readonly initiator: string;
  readonly address: Hex;
  readonly size: Size;
  /** Where an IOMMU translates. */
  readonly iova?: IovaDocument;
  readonly owner: OwnerEntry | null;
  readonly policy: PolicyDocument;
};

/** A mapping, as `map --json` prints it. */
export type MappingDocument =
  | (Shared & {
      readonly ok: true;
      readonly route: string;
      readonly dmaAddress: Hex | null;
      readonly translation: string;
    })
  | (Shared & { readonly ok: false; readonly route: string; readonly code: string; readonly message: string });

/**
 * A mapping as scripts read it.
 *
 * @param ref the initiator, where its name alone does not tell.
 */
export function mappingDocument(peer: PeerDma, mapping: Mapping, ref: Ref = mapping.initiator): MappingDocument {
  const { initiator, address, size, owner, distance, common, culprits, hints, missing } = mapping;
  const shared = {
    initiator,
    address: formatHex(address),
    size: formatSize(size),
    ...iovaDocument(peer.topology, mapping, ref),
    owner: owner && ownerEntry(owner),
    distance,
    common,
    culprits,
    hints,
    missing: missing.map(missingText),
    policy: policyDocument(peer, [peer.topology.id(ref)]),
  };
  if (!mapping.ok) return { ok: false, route: mapping.route, code: mapping.code, message: mapping.message, ...shared };
  const { route, dmaAddress, translation } = mapping;
  return { ok: true, route, dmaAddress: dmaAddress === null ? null : formatHex(dmaAddress), translation, ...shared };
}

/** A mapping in one word, of the same words as a verdict. */
export function mappingWord(mapping: Mapping): VerdictWord {
  if (mapping.ok) return verdictWord({ answer: "yes", route: mapping.route });
  return mapping.route === "unknown" ? "unknown" : "no";
}

/**
 * A mapping for people: the word, the DMA address, the owner, the way, why, and what to do.
 *
 * @param ref the initiator, where its name alone does not tell.
 */
export function mappingText(peer: PeerDma, mapping: Mapping, style: Style, ref: Ref = mapping.initiator): string {
  const { topology } = peer;
  const client = topology.id(ref);
  const provider = mapping.owner?.id ?? null;
  const range = `${sizeText(mapping.size)} at ${formatHex(mapping.address)}`;
  const initiator = `${mapping.initiator} (client, ${nameOf(topology.describe(client)!)})`;
  return [
    ...paragraph("", `${headword(mapping, style)}: DMA by ${initiator} to ${range}`, style, 0),
    ...paragraph("  route", routeText(mapping), style),
    ...(mapping.owner === null ? [] : paragraph("  owner", ownerLine(peer, mapping), style)),
    ...(provider === null
      ? []
      : pathText(
          topology,
          provider,
          client,
          { marks: marksOf(peer, [provider, client], mapping.culprits), ends: ["provider", "client"] },
          style,
        )),
    ...(mapping.ok ? paragraph("  address", addressText(mapping), style) : paragraph("  why", whyText(mapping), style)),
    ...iovaLines(topology, mapping, ref, style),
    ...missingLines(mapping.missing.map(missingText), style),
    ...hintLines(mapping.hints, style),
    ...policyLines(policyDocument(peer, [client]), style),
  ].join("\n");
}

function headword(mapping: Mapping, style: Style): string {
  if (!mapping.ok) return mapping.route === "unknown" ? style.doubtful("UNKNOWN") : style.bad("NO");
  return style.good(mapping.route === "through-host-bridge" ? "YES, THROUGH THE HOST BRIDGE" : "YES");
}

function sizeText(size: bigint): string {
  return size < 1024n ? `${size} byte${size === 1n ? "" : "s"}` : formatBytes(size);
}

function whyText({ code, message, culprits }: Extract<Mapping, { ok: false }>): string {
  const faults = culprits.map(({ bdf, what }) => `${bdf}: ${what}`);
  return [`${code}: ${message}`, ...faults].join("; ");
}

function routeText({ ok, route, distance }: Mapping): string {
  const way = ok || route === "unknown" ? route : "not supported";
  return distance === null ? way : `${way}, ${hopsText(distance)}`;
}

function ownerLine({ topology }: PeerDma, { owner }: Mapping): string {
  const entry = ownerEntry(owner!);
  const role = entry.bdf === null ? "" : ", provider";
  return `${entryText(topology, entry)}${role}, at offset ${formatHex(owner!.offset)}`;
}

function addressText({ dmaAddress, translation }: Extract<Mapping, { ok: true }>): string {
  if (translation === "iommu") return "an IOVA that the kernel allots when it maps: the IOMMU translates";
  if (dmaAddress === null) return "unknown";
  const from =
    translation === "bus-offset"
      ? "the PCI bus address, which differs from the CPU's"
      : "same as the CPU physical address";
  return `${formatHex(dmaAddress)} (${from})`;
}
