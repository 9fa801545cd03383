import { OUTCOME_BITS, type Request, type Status } from "../core.js";
import type { Direction, Missing } from "../policy/policy.js";
import { formatHex } from "../topology/address.js";
import type { Owner } from "../topology/topology.js";
import { CODES } from "./codes.js";
import { decodeCulprits } from "./culprits.js";
import { decodeHint } from "./hints.js";
import { turningDepths } from "./memory.js";
import { hopsOf, reasonsFor } from "./pair.js";
import { rule } from "./ruling.js";
import type { Context } from "./context.js";
import type { Culprit, Hint, Mapping, Route } from "./verdict.js";

interface Why {
  readonly culprits?: readonly Culprit[];
  readonly hints?: readonly Hint[];
  readonly missing?: readonly Missing[];
}

/** Turns the core's answer to a mapping request into one for people. */
export function mappingOf(
  context: Context,
  initiator: number,
  address: bigint,
  size: bigint,
  direction: Direction,
  request: Request,
): Mapping {
  const { topology } = context;
  const { status, translation, dmaAddress } = request;
  const { route, code } = rule(status, request);
  const owner = ownerOf(context, initiator, address);
  const provider = owner?.id ?? null;
  const asked = {
    initiator: topology.name(initiator),
    address,
    size,
    owner,
    ...(provider !== null && DECIDED.includes(status)
      ? hopsOf(topology, provider, initiator)
      : { distance: null, common: null }),
    culprits: [] as readonly Culprit[],
    hints: [] as readonly Hint[],
    missing: [] as readonly Missing[],
    ...why(),
  };
  if (code === null) return { ...asked, ok: true, route: route as Route, dmaAddress, translation };
  return {
    ...asked,
    ok: false,
    route: route as "not-supported" | "unknown",
    code,
    message: `${detail()}: ${CODES[code]}`,
  };

  function why(): Why {
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
          missing: [{ what: `where and how large the BARs of ${owner?.name} are`, where: "lspci -v or /sys" }],
        };
      case "platform":
        return {
          missing: [{ what: "whether the host bridge forwards requests to it", where: "the platform's manual" }],
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

  function reasons(): Why {
    const { culprits, hints, missing } = reasonsFor(context, provider!, initiator, request, direction);
    return { culprits, hints, missing: code === null ? missingAddress() : missing };
  }

  /** What keeps the DMA address from being known. */
  function missingAddress(): Missing[] {
    if (translation !== "unknown") return [];
    if (request.outcomes === OUTCOME_BITS["bus-address"]) {
      return [{ what: `the PCI bus address of ${owner?.name}`, where: "lspci -x, or /sys with config" }];
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
        return `${drives()}, the last DMA address is ${formatHex(firstDmaAddress() + size - 1n)}`;
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
    return `${asked.initiator} drives ${topology.describe(initiator)!.dmaMaskBits} address bits`;
  }

  function firstDmaAddress(): bigint {
    if (translation !== "bus-offset") return address;
    return address + topology.core.range(request.range!).terms.busOffset!;
  }
}

/** What has been looked at far enough to tell how far apart owner and initiator are. */
const DECIDED: readonly Status[] = ["decided", "memory-off", "memory-unknown", "dma-mask", "dma-mask-unknown"];

function ownerOf({ topology }: Context, initiator: number, address: bigint): Owner | null {
  const { answer, owners } = topology.owners(address, topology.systems[topology.systemOf(initiator)]!.name);
  return answer === "one" || answer === "unknown" ? (owners[0] ?? null) : null;
}

function describeOwner({ name, bar, kind }: Owner): string {
  return bar === null ? (kind === "pci" ? name : `${kind} ${name}`) : `${name} BAR ${bar}`;
}
