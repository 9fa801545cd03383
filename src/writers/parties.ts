import type { PeerDma } from "../explain/peer-dma.js";
import type { Ref, Topology } from "../topology/topology.js";
import { nameOf } from "./describe.js";
import { policyDocument, type PolicyDocument } from "./policy.js";

// Those who take part in a transfer: functions, and devices outside PCI by their names.

/** Whether a reference stands for a device outside PCI. */
export function isOutside(topology: Topology, ref: Ref): boolean {
  return topology.platformDevice(ref) !== null;
}

/** What one is, in a word or two. */
export function whatIs(topology: Topology, ref: Ref): string {
  return isOutside(topology, ref) ? "platform device" : nameOf(topology.describe(ref)!);
}

/** Those that are functions, each once. */
export function functionsAmong(topology: Topology, refs: readonly Ref[]): number[] {
  return [...new Set(refs.flatMap((ref) => (isOutside(topology, ref) ? [] : [topology.id(ref)])))];
}

/**
 * Functions in whose systems the parties are: they themselves, or for a device outside PCI any function beside it. None
 * where its system has no functions.
 */
export function functionsBeside(topology: Topology, refs: readonly Ref[]): number[] {
  return refs.flatMap((ref) => {
    const device = topology.platformDevice(ref);
    return device === null ? [topology.id(ref)] : [...topology.functions(device.system).subarray(0, 1)];
  });
}

/**
 * By whose rules a question about them was answered.
 *
 * @param outside whether the memory, too, may be outside PCI, and is.
 */
export function partiesPolicy(peer: PeerDma, refs: readonly Ref[], outside = false): PolicyDocument {
  const { topology } = peer;
  const document = policyDocument(peer, functionsBeside(topology, refs));
  if (!outside && !refs.some((ref) => isOutside(topology, ref))) return document;
  // Nothing that Linux decides about PCI functions is asked for.
  return { ...document, assumed: [OWN_RULES] };
}

const OWN_RULES = "Linux's peer-to-peer DMA knows no devices outside PCI: these rules are peerlane's own";
