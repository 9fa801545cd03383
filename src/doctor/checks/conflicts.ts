import { parseBdf } from "../../topology/bdf.js";
import type { FindingCode } from "../../topology/finding.js";
import type { Check } from "../check.js";
import type { DiagnosisId } from "../ids.js";

/** What the topology found to be odd about addresses, where it is a talker's that are concerned. */
export const conflicts: Check = {
  ids: ["BAR_CONTESTED", "BAR_NOT_FORWARDED"],
  *run({ topology, talkers, ordinal }) {
    const names = new Set(Array.from(talkers, (id) => topology.name(id)));
    for (const { code, message, functions } of topology.findings) {
      const fault = FAULTS[code];
      if (fault === undefined) continue;
      const ids = functions.map((name) => idOf(name));
      if (ids.includes(null) || topology.systemOf(ids[0]!) !== ordinal) continue;
      const named = ids.map((id) => topology.name(id!));
      if (!named.some((name) => names.has(name)) || isInDomain(functions)) continue;
      yield { ...fault, severity: "error", functions: named, evidence: [message] };
    }

    /** Findings of one system alone may be named without it. */
    function idOf(name: string): number | null {
      try {
        return topology.id(name);
      } catch {
        return null;
      }
    }
  },
};

/** Whether one of them is in a domain that Linux made for a controller (VMD), in whose BARs those of its devices lie. */
function isInDomain(functions: readonly string[]): boolean {
  const own = functions.map((name) => parseBdf(name)!.segment >= FIRST_MADE_UP);
  return own.includes(true) && own.includes(false);
}

/** Segments that no firmware hands out. */
const FIRST_MADE_UP = 0x1_0000;

interface Fault {
  readonly id: DiagnosisId;
  readonly consequence: string;
  readonly remedy: string;
}

const FAULTS: Partial<Record<FindingCode, Fault>> = {
  BAR_OVERLAP: {
    id: "BAR_CONTESTED",
    consequence: "requests to these addresses reach one of the two, or both answer and the data is garbage",
    remedy:
      "boot with `pci=realloc`, or have the firmware assign BARs again; a dump put together from two machines looks like this, too",
  },
  BAR_OUTSIDE_WINDOW: {
    id: "BAR_NOT_FORWARDED",
    consequence: "the bridge forwards no requests to the BAR: nobody above it, or below another bridge, reaches it",
    remedy: "boot with `pci=realloc`, or have the firmware assign windows again",
  },
};
