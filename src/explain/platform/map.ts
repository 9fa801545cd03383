import { OUTCOME_BITS, type Request, type RangeRow, type Translation } from "../../core.js";
import type { Direction } from "../../policy/policy.js";
import { fromZero, spanFits, spanOf, type Span } from "../../topology/span.js";
import { surroundingAt } from "../../topology/surroundings.js";
import type { PlatformDevice, Topology } from "../../topology/topology.js";
import { claimAt } from "./claim.js";
import type { Context } from "../context.js";
import { inboundReasons, inboundState } from "./inbound.js";
import { mappingOf, type Outside } from "../mapping.js";
import { rulePlatform } from "./ruling.js";
import { rule } from "../ruling.js";
import type { Mapping } from "../verdict.js";

// Mappings that begin or end outside PCI (docs/semantics.md, Platform devices).

/** A request that has not been decided yet, or that nothing in PCI decides. */
const UNDECIDED = {
  common: 0,
  distance: null,
  // Whoever comes from outside PCI turns at the host bridge.
  outcomes: OUTCOME_BITS["through-host-bridge"],
  relation: "across-host-bridges",
  path: "direct",
} as const;

/** Maps [address, address + size) for a device outside PCI. */
export function mapFromPlatform(
  context: Context,
  device: PlatformDevice,
  address: bigint,
  size: bigint,
  direction: Direction,
): Mapping {
  const { topology, policy } = context;
  const { status, range, held, offset } = claimAt(topology.core, device.system, address, size);
  const request = { ...UNDECIDED, status, range, offset };
  const bits = device.description.dmaMaskBits ?? 0;
  const asked = { address, size, direction, bits };
  // Whatever the exporter has to say, the device need not ask for what is its own.
  if (held !== null && (status === "platform" || status === "withheld") && isOwn(topology, device, held)) {
    return finish(context, device, asked, request, "none", { ruling: { route: "local", code: null } });
  }
  if (status !== "platform" && status !== "decided" && status !== "system-ram") {
    return mappingOf(context, device, address, size, direction, { ...request, ...NOWHERE });
  }
  const ruling =
    status === "system-ram"
      ? rule(status, request)
      : rulePlatform(policy, { initiator: "platform", owner: OWNERS[status] }, direction, "open");
  const decode = status === "decided" && ruling.code === null ? decodeOf(held!) : null;
  if (decode !== null) {
    return mappingOf(context, device, address, size, direction, { ...request, status: decode, ...NOWHERE });
  }
  return finish(context, device, asked, request, translationIn(topology, device.system), { ruling });
}

const NOWHERE = { translation: "unknown", dmaAddress: null } as const;
const OWNERS = { platform: "platform", decided: "pci" } as const;

/** The request of a function to a device outside PCI, which the core has found to own the address. */
export function mapToPlatform(
  context: Context,
  client: number,
  address: bigint,
  size: bigint,
  direction: Direction,
  request: Request,
): Mapping {
  const { topology, policy } = context;
  const root = topology.rootOrdinal(client);
  const inbound = inboundState(topology, root, address, size);
  const ruling = rulePlatform(policy, { initiator: "pci", owner: "platform" }, direction, inbound);
  const bits = topology.core.dmaBits(client);
  const translation = translationIn(topology, topology.systemOf(client));
  return finish(context, client, { address, size, direction, bits }, request, translation, {
    ruling,
    ...inboundReasons(topology, root, ruling, [{ address, size }]),
  });
}

interface Asked {
  readonly address: bigint;
  readonly size: bigint;
  readonly direction: Direction;
  /** Address bits that the initiator drives; 0: all. */
  readonly bits: number;
}

/** Puts the DMA address of what is allowed into a request, unless the initiator cannot drive it. */
function finish(
  context: Context,
  initiator: number | PlatformDevice,
  { address, size, direction, bits }: Asked,
  request: Omit<Request, "translation" | "dmaAddress">,
  translation: Translation,
  outside: Partial<Outside> & Pick<Outside, "ruling">,
): Mapping {
  const reasons = { culprits: [], hints: [], missing: [], ...outside };
  if (outside.ruling.code !== null) {
    return mappingOf(context, initiator, address, size, direction, { ...request, ...NOWHERE }, reasons);
  }
  const reach = reachOf(translation, spanOf(address, size), bits);
  if (reach !== "yes") {
    const status = reach === "unknown" ? "dma-mask-unknown" : "dma-mask";
    return mappingOf(context, initiator, address, size, direction, {
      ...request,
      status,
      translation,
      dmaAddress: null,
    });
  }
  const dmaAddress = translation === "none" ? address : null;
  return mappingOf(context, initiator, address, size, direction, { ...request, translation, dmaAddress }, reasons);
}

/** The device itself is told by its name, which no other has that could be asked for by it. */
function isOwn(topology: Topology, { system, description }: PlatformDevice, { owner, terms }: RangeRow): boolean {
  if (terms.kind !== "platform") return false;
  return surroundingAt(topology.systems[system]!, owner).name === description.name;
}

/** From outside PCI a request passes every bridge above the owner, and the owner; null: all let it through. */
function decodeOf({ terms }: RangeRow): "memory-off" | "memory-unknown" | null {
  if (terms.offFrom > 0) return "memory-off";
  return terms.unknownFrom > 0 ? "memory-unknown" : null;
}

/** How DMA addresses of a system come about for whatever the host bridge, or the interconnect, takes. */
export function translationIn(topology: Topology, system: number): Translation {
  return TRANSLATION[topology.core.iommu(system)];
}

const TRANSLATION = { unknown: "unknown", identity: "none", translating: "iommu" } as const;

/** Whether an initiator drives the DMA addresses of a range; an IOVA is within reach if there is room for it at all. */
export function reachOf(translation: Translation, span: Span, bits: number): "yes" | "no" | "unknown" {
  const room = spanFits(fromZero(span), bits);
  if (translation === "iommu" || !room) return room ? "yes" : "no";
  return spanFits(span, bits) ? "yes" : translation === "unknown" ? "unknown" : "no";
}
