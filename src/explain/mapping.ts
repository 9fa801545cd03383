import { OUTCOME_BITS, type Request, type Status } from "../core.js";
import type { Direction, Missing } from "../policy/policy.js";
import { formatHex } from "../topology/address.js";
import type { Owner, PlatformDevice } from "../topology/topology.js";
import { CODES } from "./codes.js";
import { decodeCulprits } from "./culprits.js";
import { decodeHint } from "./hints.js";
import { turningDepths } from "./memory.js";
import { hopsOf, reasonsFor } from "./pair.js";
import { rule, type Ruling } from "./ruling.js";
import type { Context } from "./context.js";
import type { Culprit, Hint, Mapping, Route } from "./verdict.js";

interface Why {
  readonly culprits?: readonly Culprit[];
  readonly hints?: readonly Hint[];
  readonly missing?: readonly Missing[];
}

/** What a request comes to that begins or ends outside PCI, on which the core has no say. */
export interface Outside extends Required<Why> {
  readonly ruling: Ruling;
}

/**
 * Turns the core's answer to a mapping request into one for people.
 *
 * @param initiator a function by its id, or a device outside PCI.
 * @param outside what a request that is `decided`, or to a `platform` device, comes to, where it is not up to PCI alone.
 */
export function mappingOf(
  context: Context,
  initiator: number | PlatformDevice,
  address: bigint,
  size: bigint,
  direction: Direction,
  request: Request,
  outside?: Outside,
): Mapping {
  const { topology } = context;
  const { status, translation, dmaAddress } = request;
  const { route, code } = outside?.ruling ?? rule(status, request);
  const owner = ownerOf(context, initiator, address);
  const provider = owner?.id ?? null;
  const asked = {
    initiator: typeof initiator === "number" ? topology.name(initiator) : initiator.name,
    address,
    size,
    owner,
    link: null,
    pcie: null,
    ...(provider !== null && typeof initiator === "number" && DECIDED.includes(status)
      ? hopsOf(topology, provider, initiator)
      : { distance: null, common: null }),
    culprits: [] as readonly Culprit[],
    hints: [] as readonly Hint[],
    missing: [] as readonly Missing[],
    ...why(),
  };
  if (code === null) return { ...asked, ok: true, route: route as Route, dmaAddress, translation, linkAddress: null };
  return {
    ...asked,
    ok: false,
    route: route as "not-supported" | "unknown",
    code,
    message: `${detail()}: ${CODES[code]}`,
  };

  function why(): Why {
    if (outside !== undefined) {
      const { culprits, hints, missing } = outside;
      return { culprits, hints, missing: code === null ? missingAddress() : missing };
    }
    switch (status) {
      case "decided":
        return reasons();
      case "blank":
        return {
          missing: [{ what: "CPU physical addresses", where: "/proc/iomem read as root, lspci -v, or /sys" }],
        };
      case "open":
        return { missing: [{ what: "what else takes up addresses", where: "/proc/iomem read as root" }] };
      case "maybe":
        return {
          missing: [{ what: `where and how large the BARs of ${hidden()} are`, where: "lspci -v or /sys" }],
        };
      case "memory-off":
      case "memory-unknown": {
        const { least } = turningDepths(topology, provider!, request);
        const { off, missing } = decodeCulprits(topology, provider!, least, topology.core.range(request.range!).terms);
        return status === "memory-off" ? { culprits: off, hints: off.map(decodeHint) } : { culprits: off, missing };
      }
      case "system-ram":
      case "dma-mask-unknown":
        return { missing: missingAddress() };
      default:
        return {};
    }
  }

  /** Whose BARs are not shown. */
  function hidden(): string {
    const inAperture = request.range !== null && topology.core.range(request.range).terms.rank === "aperture";
    return inAperture ? `the virtual functions of ${owner?.name}` : `${owner?.name}`;
  }

  function reasons(): Why {
    const { culprits, hints, missing } = reasonsFor(context, provider!, initiator as number, request, direction);
    return { culprits, hints, missing: code === null ? missingAddress() : missing };
  }

  /** What keeps the DMA address from being known. */
  function missingAddress(): Missing[] {
    if (translation !== "unknown") return [];
    if (request.outcomes === OUTCOME_BITS["bus-address"]) {
      return [{ what: `the PCI bus address of ${owner?.name}`, where: "lspci -x, or /sys with config" }];
    }
    const system = typeof initiator === "number" ? topology.systemOf(initiator) : initiator.system;
    if (topology.systems[system]!.iommu !== undefined) {
      return [{ what: "the offset that host bridges of POWER put to DMA addresses", where: "the platform's firmware" }];
    }
    return [{ what: "whether an IOMMU translates", where: "/sys/kernel/iommu_groups, or the kernel log" }];
  }

  function detail(): string {
    const at = formatHex(address);
    const held = owner === null ? at : `${at} in ${describeOwner(owner)}`;
    switch (status) {
      case "decided":
        return `${asked.initiator} to ${held}`;
      case "leaves-owner":
        return `${formatHex(size)} bytes from ${held}, which ends after ${formatHex(owner!.size! - owner!.offset)}`;
      case "contested":
        return `${formatHex(size)} bytes from ${held}`;
      case "dma-mask":
        return translation === "iommu" || translation === "unknown"
          ? `${drives()}, of which no ${formatHex(size)} bytes are within reach`
          : `${drives()}, the last DMA address is ${formatHex(firstDmaAddress() + size - 1n)}`;
      case "dma-mask-unknown":
        return drives();
      case "nobody":
      case "hole":
      case "open":
      case "blank":
      case "ambiguous":
        return at;
      default:
        return held;
    }
  }

  function drives(): string {
    const { dmaMaskBits } = typeof initiator === "number" ? topology.describe(initiator)! : initiator.description;
    return `${asked.initiator} drives ${dmaMaskBits} address bits`;
  }

  function firstDmaAddress(): bigint {
    if (translation !== "bus-offset") return address;
    return address + topology.core.range(request.range!).terms.busOffset!;
  }
}

/** What has been looked at far enough to tell how far apart owner and initiator are. */
const DECIDED: readonly Status[] = ["decided", "memory-off", "memory-unknown", "dma-mask", "dma-mask-unknown"];

function ownerOf({ topology }: Context, initiator: number | PlatformDevice, address: bigint): Owner | null {
  const system = typeof initiator === "number" ? topology.systemOf(initiator) : initiator.system;
  const { answer, owners } = topology.owners(address, system);
  return answer === "one" || answer === "unknown" ? (owners[0] ?? null) : null;
}

function describeOwner({ name, bar, kind }: Owner): string {
  return bar === null ? (kind === "pci" ? name : `${kind} ${name}`) : `${name} BAR ${bar}`;
}
