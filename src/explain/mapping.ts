import { OUTCOME_BITS, type Request } from "../core.js";
import type { Missing } from "../policy/policy.js";
import { formatHex } from "../topology/address.js";
import type { Owner } from "../topology/topology.js";
import { CODES, type Code } from "./codes.js";
import { decodeCulprits } from "./culprits.js";
import { decodeHint } from "./hints.js";
import { turningDepths } from "./memory.js";
import { answerOf, doubtOf, hopsOf, reasonsFor, refusalOf, routeOf } from "./pair.js";
import type { Context } from "./context.js";
import type { Culprit, Hint, Mapping, Translation } from "./verdict.js";

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
  request: Request,
): Mapping {
  const { topology } = context;
  const system = topology.systems[topology.systemOf(initiator)]!;
  const owner = ownerOf(context, initiator, address);
  const provider = owner?.id ?? null;
  const decided = provider !== null && (request.status === "decided" || request.status.startsWith("memory-"));
  const asked = {
    initiator: topology.name(initiator),
    address,
    size,
    owner,
    ...(decided ? hopsOf(topology, provider, initiator) : { distance: null, common: null }),
    culprits: [] as readonly Culprit[],
    hints: [] as readonly Hint[],
    missing: [] as readonly Missing[],
  };
  const refuse = (code: Code, detail: string, why: Why = {}): Mapping => {
    return { ...asked, ...why, ok: false, route: "not-supported", code, message: `${detail}: ${CODES[code]}` };
  };
  const doubt = (code: Code, detail: string, why: Why = {}): Mapping => {
    return { ...asked, ...why, ok: false, route: "unknown", code, message: `${detail}: ${CODES[code]}` };
  };
  const at = formatHex(address);
  const held = owner === null ? at : `${at} in ${describeOwner(owner)}`;

  switch (request.status) {
    case "nobody":
    case "hole":
      return topology.hasAddresses(system.name) ? refuse("NO_OWNER", at) : doubt("NO_ADDRESSES", at, noAddresses());
    case "open":
      return topology.hasAddresses(system.name)
        ? doubt("OWNER_UNKNOWN", at, {
            missing: [{ what: "what else takes up addresses", where: "/proc/iomem read as root" }],
          })
        : doubt("NO_ADDRESSES", at, noAddresses());
    case "maybe":
      return doubt("OWNER_UNKNOWN", at, {
        missing: [{ what: `where and how large the BARs of ${owner?.name} are`, where: "lspci -v or /sys" }],
      });
    case "ambiguous":
      return doubt("OWNER_AMBIGUOUS", at);
    case "leaves-owner": {
      const left = owner!.size! - owner!.offset;
      const range = `${formatHex(size)} bytes from ${held}`;
      // What ends before the owner does is claimed by others as well.
      if (size <= left) return doubt("OWNER_AMBIGUOUS", range);
      return refuse("LEAVES_OWNER", `${range}, which ends after ${formatHex(left)}`);
    }
    case "not-peer":
      return refuse(owner?.bar !== null && owner!.bar! >= 7 ? "VF_NOT_ENABLED" : "NOT_A_PROVIDER", held);
    case "platform":
      return doubt("PLATFORM_OWNER", held, {
        missing: [{ what: "whether the host bridge forwards requests to it", where: "the platform's manual" }],
      });
    case "system-ram":
      return withReach(translated(address));
    case "memory-off":
    case "memory-unknown": {
      const { least } = turningDepths(topology, provider!, request);
      const { off, missing } = decodeCulprits(topology, provider!, least);
      return request.status === "memory-off"
        ? refuse("MEMORY_DECODE_OFF", held, { culprits: off, hints: off.map(decodeHint) })
        : doubt("MEMORY_DECODE_UNKNOWN", held, { culprits: off, missing });
    }
    case "decided":
      return decision();
  }

  function decision(): Mapping {
    const why = reasonsFor(context, provider!, initiator, request);
    const pair = `${asked.initiator} to ${held}`;
    if (answerOf(request.outcomes) === "no") return refuse(refusalOf(request.outcomes), pair, why);
    const route = routeOf(request.outcomes, provider === initiator);
    // One DMA address is asked for: a yes by two routes with two addresses is no answer.
    if (answerOf(request.outcomes) === "unknown" || route === "unknown") return doubt(doubtOf(request), pair, why);
    const { culprits, hints } = why;
    if (request.outcomes === OUTCOME_BITS["bus-address"]) return withReach({ ...onTheBus(), culprits, hints, route });
    return withReach({ ...translated(address), culprits, hints, route });
  }

  /** docs/semantics.md, Addresses: below a common bridge the address is the bus address, and no IOMMU sees it. */
  function onTheBus(): Extract<Mapping, { ok: true }> {
    const { busAddress } = request;
    const missing = [{ what: `the PCI bus address of ${owner?.name}`, where: "lspci -x, or /sys with config" }];
    const translation: Translation = busAddress === null ? "unknown" : busAddress === address ? "none" : "bus-offset";
    return {
      ...asked,
      ok: true,
      route: "bus-address",
      dmaAddress: busAddress,
      translation,
      missing: busAddress === null ? missing : [],
    };
  }

  /** Through the host bridge a CPU physical address, or an IOVA that only the kernel knows. */
  function translated(physical: bigint): Extract<Mapping, { ok: true }> {
    const route = "system-memory";
    if (system.iommu === "translating") return { ...asked, ok: true, route, dmaAddress: null, translation: "iommu" };
    if (system.iommu !== undefined) return { ...asked, ok: true, route, dmaAddress: physical, translation: "none" };
    const missing = [{ what: "whether an IOMMU translates", where: "/sys/kernel/iommu_groups, or the kernel log" }];
    return { ...asked, ok: true, route, dmaAddress: null, translation: "unknown", missing };
  }

  /** docs/semantics.md, Addresses: the initiator must be able to drive the last address. An IOMMU sees to that. */
  function withReach(mapping: Extract<Mapping, { ok: true }>): Mapping {
    const bits = topology.describe(initiator)?.dmaMaskBits;
    if (bits === undefined || bits >= 64 || mapping.translation === "iommu") return mapping;
    const { dmaAddress, missing } = mapping;
    // Through the host bridge it is the CPU's address, should there be no IOMMU; on the bus it may be any.
    const first = dmaAddress ?? (request.outcomes === OUTCOME_BITS["bus-address"] ? null : address);
    if (first !== null && first + size <= 1n << BigInt(bits)) return mapping;
    const drives = `${asked.initiator} drives ${bits} address bits`;
    if (dmaAddress === null) return doubt("DMA_MASK_UNKNOWN", drives, { missing });
    return refuse("DMA_MASK", `${drives}, the last DMA address is ${formatHex(dmaAddress + size - 1n)}`);
  }
}

function noAddresses(): Why {
  return { missing: [{ what: "CPU physical addresses", where: "/proc/iomem read as root, lspci -v, or /sys" }] };
}

function ownerOf({ topology }: Context, initiator: number, address: bigint): Owner | null {
  const { answer, owners } = topology.owners(address, topology.systems[topology.systemOf(initiator)]!.name);
  return answer === "one" || answer === "unknown" ? (owners[0] ?? null) : null;
}

function describeOwner({ name, bar, kind }: Owner): string {
  return bar === null ? (kind === "pci" ? name : `${kind} ${name}`) : `${name} BAR ${bar}`;
}
