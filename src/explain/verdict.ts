import type { Translation } from "../core.js";
import type { Missing } from "../policy/policy.js";
import type { Owner } from "../topology/topology.js";
import type { Code } from "./codes.js";

export type { Translation };

/** The way of a request that is allowed. `interconnect`: it never touches PCI, from device to device on the chip. */
export type Route = "local" | "bus-address" | "through-host-bridge" | "side-link" | "system-memory" | "interconnect";

/** Something on the way that redirects or refuses. */
export interface Culprit {
  /** `dddd:bb:dd.f`, or `dddd:bb` for a host bridge without identity. */
  readonly bdf: string;
  /** A sentence without a full stop. */
  readonly what: string;
  /** The register bits at fault, as lspci abbreviates them: `RR`, `CR`, `EC`. Empty where no register is at fault. */
  readonly bits: readonly string[];
}

/** What would change the answer. */
export interface Hint {
  /** For people: what to do, and what it would change. */
  readonly text: string;
  /** Kernel parameter as the kernel reads it; a shell or boot loader needs quotes around its `;`. */
  readonly parameter: string | null;
}

/**
 * State of the provider's memory, which Linux's decision does not look at. `withheld`: its exporter hands none of it
 * out.
 */
export type Memory = "ok" | "off" | "unassigned" | "none" | "withheld" | "unknown";

/** Side links that lead from the initiator to the provider; null in a field: not shown. */
export interface Link {
  /** Such as `nvlink`. */
  readonly kind: string;
  /** Bytes per second in each direction, of the one with most. */
  readonly bandwidth: number | null;
  readonly read: boolean | null;
  readonly write: boolean | null;
  readonly atomics: boolean | null;
  readonly coherent: boolean | null;
  /** How many do for the request what this one does: carry it, may carry it, or not. */
  readonly count: number;
}

interface Judged {
  /** Names of the functions. */
  readonly provider: string;
  readonly client: string;
  /** Hops (docs/semantics.md, Distance), whether or not the pair is supported; null: unknown. */
  readonly distance: number | null;
  /** Name of the nearest common bridge; null: none; `"unknown"`: the description does not show it. */
  readonly common: string | null | "unknown";
  readonly memory: Memory;
  /** Null: no side link leads from the client to the provider. */
  readonly link: Link | null;
  /** What PCIe alone would say, where a side link has a say in the answer; null: it is PCIe's own. */
  readonly pcie: Verdict | null;
  /** In the kernel's order: the provider's side from below, the common bridge included, then the client's. */
  readonly culprits: readonly Culprit[];
  readonly hints: readonly Hint[];
}

/** May the client do DMA to the provider's memory? */
export type Verdict =
  | (Judged & { readonly answer: "yes"; readonly route: Route | "unknown"; readonly missing: readonly Missing[] })
  | (Judged & { readonly answer: "no"; readonly route: "not-supported"; readonly code: Code })
  | (Judged & {
      readonly answer: "unknown";
      readonly route: "unknown";
      readonly code: Code;
      readonly missing: readonly Missing[];
    });

interface Asked {
  readonly initiator: string;
  readonly address: bigint;
  readonly size: bigint;
  /** Who owns the first byte, where that is known. */
  readonly owner: Owner | null;
  /** Null: no side link leads from the initiator to the owner. */
  readonly link: Link | null;
  /** What PCIe alone would say, where a side link has a say in the answer; null: it is PCIe's own. */
  readonly pcie: Mapping | null;
  readonly distance: number | null;
  readonly common: string | null | "unknown";
  readonly culprits: readonly Culprit[];
  readonly hints: readonly Hint[];
}

/** What a `dma_map_resource()` that looked would return. */
export type Mapping =
  | (Asked & {
      readonly ok: true;
      readonly route: Route | "unknown";
      /** What the initiator has to put on the bus; null where that is not known, or no bus is on the way. */
      readonly dmaAddress: bigint | null;
      readonly translation: Translation;
      /** Over a side link the address of the first byte on the link, where the description gives it one. */
      readonly linkAddress: bigint | null;
      readonly missing: readonly Missing[];
    })
  | (Asked & {
      readonly ok: false;
      readonly route: "not-supported" | "unknown";
      readonly code: Code;
      readonly message: string;
      readonly missing: readonly Missing[];
    });
