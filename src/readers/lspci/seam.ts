import { isLastField, type LspciLine } from "./lines.js";

/** Fields of the header's registers, which lspci prints above all capabilities. */
const REGISTERS =
  /^(?:Control: I\/O|Status: Cap|Latency: \d|Interrupt: pin|Region \d: |Expansion ROM at |Bus: primary=|(?:I\/O|Memory|Prefetchable memory) behind bridge:|Secondary status:|BridgeCtl:)/;
const CAPABILITY = /^Capabilities: \[([0-9a-f]{2,3})[ \]]/i;
/** Of these a function has one, and of one offset one capability. */
const ONCE = /^(?:Control: I\/O|Status: Cap|Region \d(?=: )|Bus: primary=|LnkCap:|LnkSta:|ACSCap:|ACSCtl:|IOVCtl:)/;
const SRIOV = /^Capabilities: \[[0-9a-f]{2,3}[^\]]*\] Single Root I\/O/i;

/**
 * The line from which on the fields below a header are another function's, whose own header is lost: a field that is
 * there once comes again, registers come behind capabilities, or anything behind the last of all. Undefined where all
 * may be one function's.
 */
export function seamOf(fields: readonly LspciLine[]): LspciLine | undefined {
  const seen = new Set<string>();
  let capability: "none" | "SR-IOV" | "other" = "none";
  let isOver = false;
  for (const line of fields) {
    const { text } = line;
    const offset = CAPABILITY.exec(text)?.[1];
    const isRegister = REGISTERS.test(text);
    // The apertures of virtual functions look like BARs.
    if (capability === "SR-IOV" && text.startsWith("Region ")) continue;
    const once = offset ?? ONCE.exec(text)?.[0];
    if (isOver && (isRegister || once !== undefined)) return line;
    if (isRegister && capability !== "none") return line;
    if (once !== undefined && seen.has(once)) return line;
    if (once !== undefined) seen.add(once);
    if (offset !== undefined) capability = SRIOV.test(text) ? "SR-IOV" : "other";
    isOver ||= isLastField(line);
  }
  return undefined;
}
