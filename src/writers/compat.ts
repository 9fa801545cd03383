import { linuxDmaMapResource } from "../explain/linux/dma-map-resource.js";
import { linuxDmaMapSg } from "../explain/linux/dma-map-sg.js";
import { differs, linuxInitiator, type LinuxMapping } from "../explain/linux/mapping.js";
import type { PeerDma } from "../explain/peer-dma.js";
import type { Mapping } from "../explain/verdict.js";
import { NEWEST_KERNEL } from "../policy/linux.js";
import { parseRelease } from "../policy/release.js";
import { formatHex, type Hex } from "../topology/address.js";
import type { Ref } from "../topology/topology.js";
import { paragraph, type Style } from "./style.js";

/** What one call of Linux itself returns, as `map --compat --json` prints it. */
export interface CompatEntry extends Omit<LinuxMapping, "dmaAddress"> {
  readonly dmaAddress: Hex | null;
  /** From the answer that looked; null: one of the two is not known. */
  readonly differs: boolean | null;
}

/** What Linux itself does with the request of a mapping. */
export interface CompatDocument {
  /** The release that was asked. */
  readonly kernel: string;
  /** Of `dma_map_resource()`, which looks at nothing. */
  readonly mapResource: CompatEntry;
  /** Of a list with peer-to-peer pages. */
  readonly mapSg: CompatEntry;
}

/**
 * What Linux's own calls return where {@link PeerDma.map} returns `mapping`: those of the policy's kernel, else of the
 * machine's, else of the newest that is known.
 *
 * @param ref the initiator, where its name alone does not tell.
 */
export function compatDocument(
  { topology, policy }: PeerDma,
  mapping: Mapping,
  ref: Ref = mapping.initiator,
): CompatDocument {
  const { address, size } = mapping;
  const own = topology.systems[linuxInitiator(topology, ref).system]!.kernel?.release;
  const kernel =
    [policy.kernel, own].find((each) => each !== undefined && parseRelease(each) !== null) ?? NEWEST_KERNEL;
  const entry = (found: LinuxMapping): CompatEntry => ({
    ...found,
    dmaAddress: found.dmaAddress === null ? null : formatHex(found.dmaAddress),
    differs: differs(mapping, found),
  });
  return {
    kernel,
    mapResource: entry(linuxDmaMapResource(topology, kernel, ref, address, size)),
    mapSg: entry(linuxDmaMapSg(topology, kernel, ref, address, size)),
  };
}

/** The same for people, to stand below a mapping. */
export function compatLines({ kernel, mapResource, mapSg }: CompatDocument, style: Style): string[] {
  return [mapResource, mapSg].flatMap((entry, index) => {
    const verdict = entry.differs === true ? ` (${style.doubtful("differs")})` : "";
    const text = `${entry.call}() of Linux ${kernel}: ${resultText(entry)}${verdict}: ${entry.note}`;
    return paragraph(index === 0 ? "  compat" : "", text, style);
  });
}

function resultText({ result, dmaAddress, error }: CompatEntry): string {
  if (dmaAddress !== null) return dmaAddress;
  switch (result) {
    case "iova":
      return "an IOVA";
    case "error":
      return error ?? "an error";
    case "absent":
      return "not to be had";
    default:
      return "unknown";
  }
}
