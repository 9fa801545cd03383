import { CODES, type Code } from "../explain/codes.js";
import type { PeerDma } from "../explain/peer-dma.js";
import type { Culprit, Hint, Mapping, Route } from "../explain/verdict.js";
import type { Direction, Missing } from "../policy/policy.js";
import { functionId } from "../topology/arguments.js";
import type { Ref } from "../topology/topology.js";
import { ATTACH_CODES, ERRNOS, type AttachCode, type Errno } from "./codes.js";
import { exportFaults, isRevoked, type ExportFault } from "./export-rules.js";
import { expectPeerDma } from "./peer.js";
import type { Segment } from "./scatter-list.js";

/** Memory of one function, to be used by others. */
export interface Exported {
  /** The function whose memory it is. */
  readonly exporter: Ref;
  /** CPU physical, in the exporter's system. */
  readonly ranges: readonly Segment[];
}

/** Who is to use exported memory: a function, or a function with what its driver does. */
export type Importer =
  | Ref
  | {
      /** The function that does the DMA. */
      readonly importer: Ref;
      /** Whether its driver allows peer-to-peer (`allow_peer2peer`). Default: it does. */
      readonly peerToPeer?: boolean;
      /** Whether it is iommufd that imports, for the virtual machine that has the function. Default: false. */
      readonly iommufd?: boolean;
    };

/** How memory is handed out. */
export interface AttachOptions {
  /**
   * `vfio`: by the rules of VFIO's export of BARs as dma-bufs (Linux 6.19 and later). `none`: whatever can be mapped.
   * Default: `none`.
   */
  readonly rules?: "vfio" | "none";
  /** As the importers see it. Default: `both`. */
  readonly direction?: Direction;
  /** Bytes in a page of the CPU: a power of two. Default: 4096. */
  readonly pageSize?: number;
}

interface Answered {
  /** Name of the function, or of the device outside PCI. */
  readonly importer: string;
  /** Index of the range that decided; null: none in particular. */
  readonly range: number | null;
}

interface Reason extends Answered {
  readonly code: Code | AttachCode;
  /** For people. */
  readonly message: string;
  readonly culprits: readonly Culprit[];
  readonly hints: readonly Hint[];
  readonly missing: readonly Missing[];
}

/** Whether an importer may use the memory where it is. */
export type ImporterAnswer =
  | (Answered & { readonly answer: "yes"; readonly route: Route | "unknown" })
  | (Reason & {
      readonly answer: "no";
      /** What the kernel returns; null: it does not look at this, or no kernel's rules were asked for. */
      readonly errno: Errno | null;
    })
  | (Reason & { readonly answer: "unknown" });

/** Where a buffer is, once all who import it have attached. */
export interface Attachment {
  /** `device`: it may stay. `system`: somebody forces it into system memory, or where it has none the export fails. */
  readonly placement: "device" | "system" | "unknown";
  /** Names of those who force it: importers, or the exporter where nothing can be exported. */
  readonly forcedBy: readonly string[];
  /** What is wrong with the export, whoever imports it, and what is not known of it. */
  readonly faults: readonly ExportFault[];
  /** One for each importer, in their order. */
  readonly importers: readonly ImporterAnswer[];
}

/**
 * What comes of exporting memory of one function to others, as a dma-buf (docs/transfers.md, Sharing a buffer): each
 * importer may use it in place if every range can be mapped for it; one that may not forces it into system memory.
 *
 * @throws RangeError for an exporter or importer that names no function, options that cannot be, and an address or size
 *   that is no whole number; TypeError for what is exported or importers of the wrong kind, and for an address that is no
 *   bigint. Ranges that cannot be exported are answers.
 */
export function attach(
  peerDma: PeerDma,
  exported: Exported,
  importers: readonly Importer[],
  options: AttachOptions = {},
): Attachment {
  expectPeerDma(peerDma);
  expectShape(exported, importers);
  const { topology } = peerDma;
  const { rules = "none", pageSize = 4096 } = options;
  if (rules !== "vfio" && rules !== "none") throw new RangeError(`rules: expected vfio or none, got ${String(rules)}`);
  if (!(pageSize >= 1 && Number.isInteger(Math.log2(pageSize)))) {
    throw new RangeError(`pageSize: expected a power of two, got ${pageSize}`);
  }
  const exporter = functionId(topology, exported.exporter);
  const faults = exportFaults(topology, exporter, exported.ranges, rules === "vfio" ? pageSize : null);
  const ask = new Asking(peerDma, exporter, exported.ranges, faults, options);
  const answers = importers.map((importer) => ask.of(typeof importer === "object" ? importer : { importer }));
  const failed = faults.some(({ answer }) => answer === "no");
  const forcing = answers.flatMap(({ answer, importer }) => (answer === "no" ? [importer] : []));
  const doubtful = [...faults, ...answers].some(({ answer }) => answer === "unknown");
  return {
    placement: failed || forcing.length > 0 ? "system" : doubtful ? "unknown" : "device",
    forcedBy: failed ? [topology.name(exporter)] : forcing,
    faults,
    importers: answers,
  };
}

function expectShape(exported: Exported, importers: readonly Importer[]): void {
  if (typeof exported !== "object" || exported === null) {
    throw new TypeError(`expected what is exported, an exporter and its ranges, got ${String(exported)}`);
  }
  if (!Array.isArray(importers)) throw new TypeError(`importers: expected a list, got ${String(importers)}`);
  const odd = importers.findIndex((each) => each === null || !["number", "string", "object"].includes(typeof each));
  if (odd === -1) return;
  throw new TypeError(
    `importers[${odd}]: expected a function, or an object with \`importer\`, got ${String(importers[odd])}`,
  );
}

/** One export, asked about importer by importer. */
class Asking {
  readonly #vfio: boolean;
  readonly #revoked: boolean;

  constructor(
    readonly peerDma: PeerDma,
    readonly exporter: number,
    readonly ranges: readonly Segment[],
    readonly faults: readonly ExportFault[],
    readonly options: AttachOptions,
  ) {
    this.#vfio = options.rules === "vfio";
    this.#revoked = this.#vfio && isRevoked(peerDma.topology, exporter);
  }

  of({ importer, peerToPeer = true, iommufd = false }: Exclude<Importer, Ref>): ImporterAnswer {
    const { topology } = this.peerDma;
    if (topology.isPlatformDevice(importer)) return this.#refusal(String(importer), "NOT_A_PCI_IMPORTER");
    const id = functionId(topology, importer);
    const name = topology.name(id);
    const failure = this.faults.find(({ answer }) => answer === "no");
    if (failure !== undefined) return this.#refusal(name, failure.code, failure.range);
    if (!peerToPeer) return this.#refusal(name, "PEER_TO_PEER_OFF");
    if (this.#revoked) return this.#refusal(name, "EXPORT_REVOKED");
    if (this.#vfio && iommufd && this.ranges.length > 1) return this.#refusal(name, "ONE_RANGE_ONLY");
    const mapped = this.#mapped(id, name, iommufd);
    const doubt = this.faults[0];
    return mapped.answer === "yes" && doubt !== undefined ? this.#doubtful(name, doubt) : mapped;
  }

  #mapped(importer: number, name: string, iommufd: boolean): ImporterAnswer {
    const { peerDma, exporter } = this;
    const { topology } = peerDma;
    // An address of one system is another function's in another.
    if (topology.systemOf(importer) !== topology.systemOf(exporter)) {
      const message = `${name} to ${topology.name(exporter)}: ${CODES.DIFFERENT_SYSTEM}`;
      const code = "DIFFERENT_SYSTEM";
      return {
        ...NOTHING,
        importer: name,
        range: null,
        answer: "no",
        code,
        message,
        errno: this.#errno(code, iommufd),
      };
    }
    let unknown: ImporterAnswer | null = null;
    const routes = new Set<Route | "unknown">();
    for (const [range, { address, size }] of this.ranges.entries()) {
      const whole = peerDma.map(importer, address, size, this.options.direction);
      // VFIO asks for the way on PCIe, whatever else leads there.
      const mapping = this.#vfio ? (whole.pcie ?? whole) : whole;
      if (mapping.ok) {
        routes.add(mapping.route);
        continue;
      }
      const reason = { importer: name, range, ...reasonOf(mapping) };
      if (mapping.route === "not-supported") {
        return { ...reason, answer: "no", errno: this.#errno(mapping.code, iommufd) };
      }
      unknown ??= { ...reason, answer: "unknown" };
    }
    return unknown ?? { importer: name, range: null, answer: "yes", route: worst(routes) };
  }

  #refusal(importer: string, code: AttachCode, range: number | null = null): ImporterAnswer {
    const message = `${importer}: ${ATTACH_CODES[code]}`;
    const errno = this.#vfio ? ERRNOS[code] : null;
    return { ...NOTHING, importer, range, answer: "no", code, message, errno };
  }

  #doubtful(importer: string, { code, range, missing }: ExportFault): ImporterAnswer {
    const message = `${importer}: ${ATTACH_CODES[code]}`;
    return { ...NOTHING, importer, range, answer: "unknown", code, message, missing };
  }

  /** iommufd maps the range without asking who may reach it. */
  #errno(code: Code, iommufd: boolean): Errno | null {
    return this.#vfio && !iommufd && DECIDED.includes(code) ? "EINVAL" : null;
  }
}

/** The route that counts for ranges of several: the one that says least, or costs most. */
function worst(routes: ReadonlySet<Route | "unknown">): Route | "unknown" {
  const [only = "unknown"] = routes;
  return (["unknown", "through-host-bridge"] as const).find((route) => routes.has(route)) ?? only;
}

const NOTHING = { culprits: [], hints: [], missing: [] } as const;

/** Refusals that are the kernel's decision on the pair; the others it does not look for. */
const DECIDED: readonly Code[] = [
  "ACS_REDIRECT",
  "EGRESS_BLOCKED",
  "HOST_BRIDGE_NOT_ALLOWED",
  "NOT_SUPPORTED",
  "DIFFERENT_SYSTEM",
  "P2PDMA_NOT_BUILT",
];

function reasonOf({ code, message, culprits, hints, missing }: Extract<Mapping, { ok: false }>) {
  return { code, message, culprits, hints, missing };
}
