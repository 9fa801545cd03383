import { parseFaultLine } from "../../src/readers/fault-line.js";
import { parseAddress } from "../../src/topology/address.js";
import type { Topology } from "../../src/topology/topology.js";
import { faultDocument, ownerDocument, ownerText, type OwnerDocument } from "../../src/writers/owner.js";
import { placeName } from "./pair.js";
import type { OwnerAnswer } from "./protocol.js";
import { linesOf, PAGE_STYLE } from "./styled.js";

/**
 * Whose an address is.
 *
 * @param text an address as people write it, or a line in which a kernel reports a fault of an IOMMU.
 * @throws RangeError for anything else, and where the line names a function that the system has not.
 */
export function ownerAt(topology: Topology, system: number, text: string): OwnerAnswer {
  const document = documentFor(topology, system, text.trim());
  const id = document.owner?.id ?? null;
  return {
    document,
    text: linesOf(ownerText(topology, document, PAGE_STYLE)),
    bdf: id === null || !topology.isFunction(id) ? null : placeName(topology, id),
  };
}

function documentFor(topology: Topology, system: number, text: string): OwnerDocument {
  const fault = parseFaultLine(text);
  if (fault !== null) {
    const requester = topology.functions(system).find((id) => topology.registers(id)!.bdf === fault.requester);
    if (requester !== undefined) return faultDocument(topology, requester, fault.address, null, true);
    throw new RangeError(`the line names ${fault.requester}, which this machine does not have`);
  }
  const address = parseAddress(text);
  if (address !== null) return ownerDocument(topology, address, null, system);
  const prefixed = /^[0-9a-f]+$/i.test(text) && parseAddress(`0x${text}`) !== null;
  throw new RangeError(
    prefixed
      ? `expected 0x… or decimal digits: for hexadecimal write 0x${text}`
      : "expected a CPU physical address such as 0x380000000000, or a line of the kernel's log that reports an IOMMU fault " +
          `(DMAR, AMD-Vi or SMMU), got ${JSON.stringify(text.slice(0, 60))}`,
  );
}
