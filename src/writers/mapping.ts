import type { PeerDma } from "../explain/peer-dma.js";
import type { Mapping } from "../explain/verdict.js";
import { formatHex, formatSize, type Hex, type Size } from "../topology/address.js";
import type { Ref } from "../topology/topology.js";
import { hopsText } from "./common.js";
import { formatBytes } from "./describe.js";
import { iovaDocument, iovaLines, type IovaDocument } from "./iova.js";
import { entryText, exportedLines, ownerEntry, type OwnerEntry } from "./owner.js";
import { linkText } from "./links.js";
import { isOutside, partiesPolicy, whatIs } from "./parties.js";
import { pathText } from "./path.js";
import { missingText, type PolicyDocument } from "./policy.js";
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

type Shared = Pick<VerdictDocument, "distance" | "common" | "culprits" | "hints" | "missing" | "link"> & {
  readonly initiator: string;
  readonly address: Hex;
  readonly size: Size;
  /** Where an IOMMU translates. */
  readonly iova?: IovaDocument;
  readonly owner: OwnerEntry | null;
  readonly policy: PolicyDocument;
  /** What PCIe alone would say, where a side link has a say; null: the answer is PCIe's own. */
  readonly pcie: PcieDocument | null;
};

/** `code` null: it would do. */
interface PcieDocument {
  readonly route: string;
  readonly code: string | null;
  readonly dmaAddress: Hex | null;
  readonly culprits: VerdictDocument["culprits"];
}

/** A mapping, as `map --json` prints it. */
export type MappingDocument =
  | (Shared & {
      readonly ok: true;
      readonly route: string;
      readonly dmaAddress: Hex | null;
      readonly translation: string;
      /** Over a side link the address of the first byte on the link; null: none is known. */
      readonly linkAddress: Hex | null;
    })
  | (Shared & { readonly ok: false; readonly route: string; readonly code: string; readonly message: string });

/**
 * A mapping as scripts read it.
 *
 * @param ref the initiator, where its name alone does not tell.
 */
export function mappingDocument(peer: PeerDma, mapping: Mapping, ref: Ref = mapping.initiator): MappingDocument {
  const { initiator, address, size, owner, distance, common, culprits, hints, missing, link, pcie } = mapping;
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
    policy: partiesPolicy(peer, [ref], mapping.owner?.kind === "platform"),
    link,
    pcie: pcie && pcieDocument(pcie),
  };
  if (!mapping.ok) return { ok: false, route: mapping.route, code: mapping.code, message: mapping.message, ...shared };
  const { route, dmaAddress, translation, linkAddress } = mapping;
  return {
    ok: true,
    route,
    dmaAddress: hexOf(dmaAddress),
    translation,
    linkAddress: hexOf(linkAddress),
    ...shared,
  };
}

function hexOf(address: bigint | null): Hex | null {
  return address === null ? null : formatHex(address);
}

function pcieDocument(pcie: Mapping): PcieDocument {
  const { route, culprits } = pcie;
  if (!pcie.ok) return { route, code: pcie.code, dmaAddress: null, culprits };
  return { route, code: null, dmaAddress: hexOf(pcie.dmaAddress), culprits };
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
  const client = isOutside(topology, ref) ? null : topology.id(ref);
  const provider = mapping.owner?.id ?? null;
  const range = `${sizeText(mapping.size)} at ${formatHex(mapping.address)}`;
  const initiator = `${mapping.initiator} (client, ${whatIs(topology, ref)})`;
  return [
    ...paragraph("", `${headword(mapping, style)}: DMA by ${initiator} to ${range}`, style, 0),
    ...paragraph("  route", routeText(mapping), style),
    ...(mapping.link === null ? [] : paragraph("  link", linkText(mapping.link), style)),
    ...(mapping.pcie === null ? [] : paragraph("  PCIe", pcieText(mapping.pcie), style)),
    ...(mapping.owner === null ? [] : paragraph("  owner", ownerLine(peer, mapping), style)),
    ...exportedLines(mapping.owner?.exported ?? null, style),
    ...(provider === null || client === null
      ? []
      : pathText(
          topology,
          provider,
          client,
          {
            marks: marksOf(peer, [provider, client], (mapping.pcie ?? mapping).culprits),
            ends: ["provider", "client"],
          },
          style,
        )),
    ...(mapping.ok ? paragraph("  address", addressText(mapping), style) : paragraph("  why", whyText(mapping), style)),
    ...iovaLines(topology, mapping, ref, style),
    ...missingLines(mapping.missing.map(missingText), style),
    ...hintLines(mapping.hints, style),
    ...policyLines(partiesPolicy(peer, [ref], mapping.owner?.kind === "platform"), style),
  ].join("\n");
}

function headword(mapping: Mapping, style: Style): string {
  if (!mapping.ok) return mapping.route === "unknown" ? style.doubtful("UNKNOWN") : style.bad("NO");
  if (mapping.route === "side-link") return style.good("YES, BY SIDE LINK");
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
  if (distance === null) return way;
  return way === "side-link" ? `${way}; on PCIe ${hopsText(distance)}` : `${way}, ${hopsText(distance)}`;
}

/** What PCIe would say beside a side link. */
function pcieText(pcie: Mapping): string {
  if (!pcie.ok) return whyText(pcie);
  return `${pcie.route}; ${addressText(pcie)}`;
}

function ownerLine({ topology }: PeerDma, { owner }: Mapping): string {
  const entry = ownerEntry(owner!);
  const role = entry.bdf === null ? "" : ", provider";
  return `${entryText(topology, entry)}${role}, at offset ${formatHex(owner!.offset)}`;
}

function addressText({ dmaAddress, translation, linkAddress }: Extract<Mapping, { ok: true }>): string {
  if (translation === "link") {
    const at =
      linkAddress === null ? "one that the driver of the link hands out" : `${formatHex(linkAddress)} on the link`;
    return `${at}; it is no PCI bus address`;
  }
  if (translation === "iommu") return "an IOVA that the kernel allots when it maps: the IOMMU translates";
  if (dmaAddress === null) return "unknown";
  const from =
    translation === "bus-offset"
      ? "the PCI bus address, which differs from the CPU's"
      : "same as the CPU physical address";
  return `${formatHex(dmaAddress)} (${from})`;
}
